// What is remembered of zones (control/posture), and all that is known of one at this moment.

#include "control/resolver/task.h"
#include "control/upstream/domain.h"
#include "dataplane/dns/types.h"

#include <stdio.h>
#include <string.h>

static struct dossiers_now now_of(const struct resolver *resolver)
{
	return (struct dossiers_now){.ms = resolver->clock.now_ms, .s = resolver->clock.now_s};
}

// ---- learning ----

// By somebody, as against our own look-ups on the way.
static bool is_asked(const struct task *task)
{
	return task->hint == NULL && !task->past_nta &&
	       (task_wants(task, WAIT_CLIENT) || task_wants(task, WAIT_TARGET));
}

void posture_learn(struct task *task, const struct validation_result *result)
{
	struct resolver *resolver = task->resolver;
	const struct dossiers_now now = now_of(resolver);

	dossiers_learn(resolver->dossiers, &task->step, result, is_asked(task), &now);
}

void posture_bogus(struct task *task, const struct validation_result *result)
{
	const struct dossiers_now now = now_of(task->resolver);
	const uint8_t *zone = result->looked_at != NULL    ? result->looked_at
			      : result->fault_zone != NULL ? result->fault_zone
							   : task->step.zone;

	// What could not be judged is not the zone's doing.
	if (result->verdict == VERDICT_BOGUS)
		dossiers_bogus(task->resolver->dossiers, zone, result->ede, result->reason, &now);
}

// Our own limits say nothing of a zone.
void posture_failed(struct task *task, int ede, const char *text, uint32_t ttl_s)
{
	const struct dossiers_now now = now_of(task->resolver);

	if (task->cut == NULL || task->past_nta || ede == EDE_OTHER || ttl_s == 0)
		return;
	dossiers_failed(task->resolver->dossiers, task->cut->zone, ede, text, ttl_s, is_asked(task),
			&now);
}

// ---- looking ----

static bool cut_is_known(struct resolver *resolver, const uint8_t *name, struct trust_link *link)
{
	trust_link(resolver->parts.trust, name, resolver->clock.now_ms, resolver->clock.now_s,
		   link);
	return link->word != TRUST_UNKNOWN && link->word != TRUST_NO_CUT;
}

static bool has_route(const struct resolver *resolver, const uint8_t *zone)
{
	for (size_t i = 0; i < resolver->config.route_count; i++) {
		if (name_equal(resolver->routes[i].zone, zone))
			return true;
	}
	return false;
}

static bool zone_is_known(struct resolver *resolver, const uint8_t *zone)
{
	struct trust_link link;

	return name_is_root(zone) || cut_is_known(resolver, zone, &link) ||
	       dossiers_find(resolver->dossiers, zone) != NULL || has_route(resolver, zone) ||
	       delegation_last(resolver->delegations, zone) != NULL;
}

static void find_zone(struct resolver *resolver, const uint8_t *zone, struct posture_facts *facts)
{
	const uint8_t *at = facts->zone;

	name_lower(facts->zone, zone, name_len(zone));
	facts->known = zone_is_known(resolver, at);
	while (!zone_is_known(resolver, at))
		at = name_skip(at, 1);
	name_copy(facts->closest, at);
}

// Of what lies between, only where a zone begins is a link. The zone itself always has the last
// place.
static void collect_links(struct resolver *resolver, struct posture_facts *facts)
{
	size_t labels = name_labels(facts->zone);

	for (size_t i = 0; i < labels && facts->link_count < POSTURE_LINKS_MAX - 1; i++) {
		struct posture_link *link = &facts->links[facts->link_count];
		link->zone = name_ancestor(facts->zone, i);
		facts->link_count += cut_is_known(resolver, link->zone, &link->trust) || i == 0;
	}
	struct posture_link *own = &facts->links[facts->link_count++];
	own->zone = facts->zone;
	(void)cut_is_known(resolver, own->zone, &own->trust);
}

static unsigned count_networks(const struct candidate *servers, size_t count)
{
	unsigned networks = 0;

	for (size_t i = 0; i < count; i++) {
		bool first = true;
		for (size_t k = 0; k < i; k++)
			first = first &&
				!domain_same_network(&servers[i].address, &servers[k].address);
		networks += first;
	}
	return networks;
}

static unsigned count_names(const struct candidate *servers, size_t count)
{
	unsigned names = 0;

	for (size_t i = 0; i < count; i++) {
		bool first = true;
		for (size_t k = 0; k < i && servers[i].ns_name != NULL; k++)
			first = first && (servers[k].ns_name == NULL ||
					  !name_equal(servers[i].ns_name, servers[k].ns_name));
		names += first;
	}
	return names;
}

static void collect_servers(struct resolver *resolver, const struct route *route,
			    const struct delegation *cut, struct posture_facts *facts)
{
	uint64_t now_ms = resolver->clock.now_ms;
	// Asks nothing, and changes nothing of the delegation.
	struct task asking = {
		.resolver = resolver, .route = route, .cut = (struct delegation *)(uintptr_t)cut};

	address_collect(&asking);
	facts->delegated = true;
	facts->ended = cut->expires_ms <= now_ms;
	uint64_t down_ms = evidence_down_until_ms(resolver->evidence,
						  observe_key(resolver, cut->zone, route != NULL),
						  EVIDENCE_A, now_ms);
	facts->down_ms = down_ms > now_ms ? down_ms - now_ms : 0;
	facts->networks = count_networks(asking.servers, asking.server_count);
	facts->cut = domain_cut(asking.servers, asking.server_count, cut->zone);
	facts->names = count_names(asking.servers, asking.server_count);
	for (size_t i = 0; i < asking.server_count && i < POSTURE_SERVERS_MAX; i++) {
		struct posture_server *server = &facts->servers[facts->server_count++];
		server->address = asking.servers[i].address;
		if (asking.servers[i].pool != NULL)
			server->port = asking.servers[i].pool->port;
		server->label = candidate_label(&asking.servers[i]);
		server->name = asking.servers[i].ns_name;
		upstream_server_facts(resolver->parts.upstream, cut->zone, &server->address,
				      &server->facts);
	}
}

// A zone that lives on the servers of one above has no delegation of its own that is known.
static const struct delegation *delegation_of(struct resolver *resolver,
					      struct posture_facts *facts)
{
	const struct delegation *own = delegation_last(resolver->delegations, facts->zone);

	facts->served = facts->zone;
	if (own != NULL || facts->dossier == NULL ||
	    facts->dossier->above >= name_labels(facts->zone))
		return own;
	facts->served = name_ancestor(facts->zone, facts->dossier->above);
	return delegation_last(resolver->delegations, facts->served);
}

static void find_servers(struct resolver *resolver, struct posture_facts *facts)
{
	struct delegation *cut = NULL;
	const struct route *route = route_find(resolver, facts->zone, 0, &cut);
	const struct delegation *own = delegation_of(resolver, facts);

	if (route != NULL) {
		facts->route = route->forward ? ROUTE_FORWARD : ROUTE_STUB;
		collect_servers(resolver, route, cut, facts);
	} else if (own != NULL) {
		collect_servers(resolver, NULL, own, facts);
	}
	delegation_unref(cut);
}

void resolver_posture(struct resolver *resolver, const uint8_t *zone, struct posture_facts *facts)
{
	memset(facts, 0, sizeof(*facts));
	facts->now = now_of(resolver);
	find_zone(resolver, zone, facts);
	facts->dossier = dossiers_find(resolver->dossiers, facts->zone);
	collect_links(resolver, facts);
	find_servers(resolver, facts);
}

bool resolver_hottest_some(struct resolver *resolver, struct hottest *hottest)
{
	return hottest_some(hottest, resolver->dossiers, resolver->clock.now_ms);
}

void resolver_exceptions(const struct resolver *resolver,
			 void (*visit)(const uint8_t *name, bool nta, uint64_t left_ms, void *arg),
			 void *arg)
{
	trust_exceptions(resolver->parts.trust, resolver->clock.now_ms, visit, arg);
}

// ---- overdue ----

struct overdue_lines {
	int64_t now_s;
	void (*line)(const char *text, void *arg);
	void *arg;
};

static void describe_overdue(const struct dossier *dossier, void *arg)
{
	char text[FINDING_TEXT_MAX], name[NAME_TEXT_MAX], line[NAME_TEXT_MAX + FINDING_TEXT_MAX];
	const struct overdue_lines *lines = arg;
	struct rhythm_facts rhythm;
	unsigned class = (unsigned)__builtin_ctz(dossier->classes_overdue);

	dossier_rhythm(dossier, class, lines->now_s, &rhythm);
	posture_rhythm_text(class, &rhythm, text, sizeof(text));
	snprintf(line, sizeof(line), "%s %s", name_to_text(dossier->zone, name), text);
	lines->line(line, lines->arg);
}

size_t resolver_overdue(struct resolver *resolver, size_t max,
			void (*line)(const char *text, void *arg), void *arg)
{
	struct overdue_lines lines = {resolver->clock.now_s, line, arg};

	return dossiers_overdue(resolver->dossiers, resolver->clock.now_s, max, describe_overdue,
				&lines);
}

static void on_event(void *arg, const struct dossier *dossier, enum signed_class class,
		     const struct rhythm_facts *rhythm, bool over)
{
	struct resolver *resolver = arg;
	char text[FINDING_TEXT_MAX];

	if (over)
		snprintf(text, sizeof(text), "%s signatures have been renewed",
			 signed_class_words(class));
	else
		posture_rhythm_text(class, rhythm, text, sizeof(text));
	resolver->posture_tell(resolver->posture_tell_arg, dossier->zone, text, over);
}

void resolver_posture_watch(struct resolver *resolver, posture_event event, void *arg)
{
	resolver->posture_tell = event;
	resolver->posture_tell_arg = arg;
	dossiers_watch(resolver->dossiers, on_event, resolver);
}
