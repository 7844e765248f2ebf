// Stale answers (RFC 8767): in the place of a failure, and to clients who have waited long enough
// while the resolution goes on.

#include "control/resolver/task.h"
#include "dataplane/dns/rdata.h"
#include "dataplane/dns/types.h"

#include <stdlib.h>

#define GIVEN_MAX 64 // clients, in a turn

// The parent of a zone above has denied that zone since, or a name above was proven not to exist.
// Where that is remembered no longer, because newer ones have taken its place, it counts of all
// that it may have been said of: zones right below the one that said it and all in them, or names
// below others.
static bool is_revoked(const struct resolver *resolver, const struct entry *entry)
{
	const struct revoked_table *zones = resolver->revoked, *names = resolver->denied_by_value;
	struct entry_facts facts;
	unsigned above = 0; // labels from the entry's name up

	if (!revoked_any(zones) && !revoked_any(names))
		return false;
	entry_facts(entry, &facts);
	const struct route *route = route_of(resolver, facts.name);
	for (const uint8_t *name = facts.name;; name = name_skip(name, 1), above++) {
		if (route != NULL && name_equal(name, route->zone))
			return false;
		uint64_t hash = resolver_hash(resolver, name);
		if (facts.created_ms < revoked_ms(zones, hash) ||
		    facts.created_ms < revoked_ms(names, hash))
			return true;
		if ((above >= 1 && facts.created_ms < revoked_lost_ms(zones, hash)) ||
		    (above >= 2 && facts.created_ms < revoked_lost_ms(names, hash)))
			return true;
		if (name_is_root(name))
			return false;
	}
}

// So do validated records that deny it, or a name above it, also those that have ended since: any
// data that came after them would have ended them.
static bool is_denied(struct resolver *resolver, const struct entry *entry)
{
	struct entry_facts facts;

	entry_facts(entry, &facts);
	if (facts.kind == ENTRY_NODATA || facts.kind == ENTRY_NXDOMAIN ||
	    resolver->clock.now_ms < facts.expires_ms || !resolver->clock.trusted)
		return false;
	struct lookup lookup = {
		.name = facts.name,
		.name_len = (uint16_t)name_len(facts.name),
		.type = facts.type,
		.now_ms = facts.created_ms, // whenever they hold until
		.now_s = 0,
	};
	lookup.hash = cache_hash(resolver->cache, lookup.name, lookup.name_len);
	return denied_since(resolver, &lookup);
}

// The zone that signed it. False: it is not signed.
static bool read_signer(const struct entry *entry, const struct entry_facts *facts,
			struct rdata_rrsig *rrsig)
{
	const bool denial = facts->kind == ENTRY_NODATA || facts->kind == ENTRY_NXDOMAIN;
	struct entry_reader reader;
	enum entry_part part;
	struct record record;

	if (denial ? !entry_denial(entry, SECURITY_UNPROVEN, NULL, &reader)
		   : !entry_rrset(entry, facts->type, SECURITY_UNPROVEN, NULL, &reader))
		return false;
	while (entry_next(&reader, &part, &record)) {
		if (record.type == TYPE_RRSIG && rdata_rrsig(record.rdata, record.rdlen, rrsig))
			return true;
	}
	return false;
}

// A zone was proven since to begin between the one that signed it and its name, which is that one's
// no longer. The DS at a cut stays the parent's (RFC 4035 §3.1.4.1).
static bool is_handed_on(const struct resolver *resolver, const struct entry *entry)
{
	struct entry_facts facts;
	struct rdata_rrsig rrsig;

	entry_facts(entry, &facts);
	if (name_is_root(facts.name) || !read_signer(entry, &facts, &rrsig))
		return false;
	const uint8_t *name = facts.type == TYPE_DS ? name_skip(facts.name, 1) : facts.name;
	return name_within(name, rrsig.signer) &&
	       trust_cut_since(resolver->parts.trust, name, rrsig.signer, facts.created_ms);
}

static bool is_over(struct resolver *resolver, const struct entry *entry)
{
	return is_revoked(resolver, entry) || is_denied(resolver, entry) ||
	       is_handed_on(resolver, entry);
}

// What is not signed is as good as the proof that its zone has no DS: the zone's parent may prove
// nothing at the moment, which the last proof outlives.
static bool holds_on_insecure(const struct resolver *resolver, const uint8_t *name)
{
	const struct trust_past past = parent_past(resolver, 0);

	return resolver->clock.trusted && trust_past_insecure(resolver->parts.trust, name, &past);
}

static bool is_need(const struct waiter *wait)
{
	return wait->purpose == WAIT_NEED || wait->purpose == WAIT_NEED_ANEW;
}

// A server's answer has not validated, or what it takes to validate one.
static bool was_bogus(const struct task *task)
{
	const struct waiter *wait;
	bool bogus = task->bogus_answer;

	cds_list_for_each_entry(wait, &task->waits, in_parent) bogus =
		bogus || (is_need(wait) && was_bogus(wait->task));
	return bogus;
}

// And nothing says that its zone is insecure still.
static bool is_spoilt(const struct task *task, const struct entry *entry)
{
	struct entry_facts facts;

	if (task->past_nta || !was_bogus(task))
		return false;
	entry_facts(entry, &facts);
	return facts.security != SECURITY_SECURE && !holds_on_insecure(task->resolver, facts.name);
}

// Beside a failure the poll-mode cores would find it without asking us, and so would whoever asks
// again when the failure is over.
void stale_drop(const struct task *task, const uint8_t *name)
{
	struct resolver *resolver = task->resolver;
	const uint16_t types[] = {task->type, TYPE_CNAME, 0}; // 0: NXDOMAIN

	for (size_t i = 0; i < 3; i++) {
		const struct entry *entry = cache_find(resolver->cache, name, types[i]);
		if (entry != NULL && !entry_usable(resolver, entry) &&
		    (is_over(resolver, entry) || is_spoilt(task, entry)))
			cache_drop_type(resolver->cache, name, types[i]);
	}
}

const struct entry *stale_entry(struct resolver *resolver, const uint8_t *name, uint16_t type)
{
	const struct entry *entry = cache_find(resolver->cache, name, type);
	struct entry_facts facts;

	if (entry == NULL || resolver->config.stale_s == 0)
		return NULL;
	entry_facts(entry, &facts);
	if (resolver->clock.now_ms >= facts.stale_until_ms ||
	    resolver->clock.now_s >= facts.signature_expires_s || is_over(resolver, entry))
		return NULL;
	return entry;
}

// Formerly validated data in the place of a failure (RFC 8767). After a bogus answer only
// what was secure, within its signatures (DESIGN §7), or is insecure by a proof that holds on.
struct store_result *stale_result(struct resolver *resolver, const struct client *client, int why)
{
	struct lookup lookup = {
		.name = client->name,
		.name_len = client->question.name_len,
		.type = client->question.qtype,
		.now_ms = resolver->clock.now_ms,
		.now_s = resolver->clock.now_s,
	};

	if (resolver->config.stale_s == 0 || client->fresh)
		return NULL;
	cache_lookup(resolver->cache, &lookup);
	if (lookup.status == LOOKUP_HIT || lookup.stale_count == 0)
		return NULL;
	for (size_t i = 0; i < lookup.stale_count; i++) {
		struct entry_facts facts;
		entry_facts(lookup.stale_links[i], &facts);
		if (ede_is_of_validation(why) && facts.security != SECURITY_SECURE &&
		    !holds_on_insecure(resolver, facts.name))
			return NULL;
		if (is_over(resolver, lookup.stale_links[i]))
			return NULL;
	}
	return store_result_stale(resolver->parts.store, lookup.stale_links, lookup.stale_count,
				  why);
}

// What would be asked for: where aliases lead that are good still.
static void name_to_ask(const struct resolver *resolver, const struct client *client,
			uint8_t name[NAME_MAX_LEN])
{
	struct lookup lookup = {
		.name = client->name,
		.name_len = client->question.name_len,
		.type = client->question.qtype,
		.now_ms = resolver->clock.now_ms,
		.now_s = resolver->clock.now_s,
	};
	uint8_t target[NAME_MAX_LEN];

	name_copy(name, client->name);
	cache_lookup(resolver->cache, &lookup);
	for (size_t i = 0; i < lookup.stale_count; i++) {
		const struct entry *entry = lookup.stale_links[i];
		if (!entry_usable(resolver, entry) ||
		    !entry_alias(entry, name, lookup.type, SECURITY_UNPROVEN, NULL, target))
			return;
		name_copy(name, target);
	}
}

// The servers that a question would go to have been failing, all of them.
static bool known_to_fail(const struct resolver *resolver, const struct client *client)
{
	uint16_t type = client->question.qtype;
	struct delegation *cut = NULL;
	uint8_t name[NAME_MAX_LEN];

	if (upstream_uplink_lost(resolver->parts.upstream))
		return true;
	name_to_ask(resolver, client, name);
	bool routed = route_find(resolver, name, type, &cut) != NULL;
	if (!routed)
		cut = delegation_find(resolver->delegations, name, resolver->clock.now_ms);
	const struct delegation *asked = cut;
	// While that one's servers are silent, those of a zone below go on.
	const struct delegation *ended =
		cut != NULL ? parent_ended(resolver, name, type, cut) : NULL;
	if (ended != NULL)
		asked = ended;
	routed = routed && ended == NULL;
	uint8_t kind = routed ? EVIDENCE_A : evidence_kind(type, false);
	uint64_t key = asked != NULL ? observe_key(resolver, asked->zone, routed) : 0;
	bool failing = asked != NULL && (evidence_failing(resolver->evidence, key, kind) ||
					 evidence_down_until_ms(resolver->evidence, key, kind,
								resolver->clock.now_ms) != 0);
	delegation_unref(cut);
	return failing;
}

static uint64_t due_ms(const struct client *client)
{
	return client->budget.deadline_ms - BUDGET_TIME_MS + STALE_TIMER_MS;
}

void stale_start(struct resolver *resolver, struct client *client)
{
	struct cds_list_head *after = resolver->patient.prev;

	if (resolver->config.stale_s == 0 || client->fresh)
		return;
	if (known_to_fail(resolver, client)) {
		cds_list_add_tail(&client->in_patience, &resolver->impatient);
		return;
	}
	while (after != &resolver->patient &&
	       due_ms(cds_list_entry(after, struct client, in_patience)) > due_ms(client))
		after = after->prev;
	cds_list_add(&client->in_patience, after);
}

bool stale_instead(struct resolver *resolver, struct client *client)
{
	client->stale = stale_result(resolver, client, EDE_NONE);
	if (client->stale == NULL)
		return false;
	cds_list_add_tail(&client->in_patience, &resolver->impatient);
	return true;
}

const struct task *stale_doubt(const struct task *task)
{
	const struct task *doubted = NULL;
	struct waiter *wait;

	if (task == NULL || task->bogus_ede != EDE_NONE)
		return task;
	cds_list_for_each_entry(wait, &task->waits, in_parent)
	{
		if (doubted == NULL && (wait->purpose == WAIT_TARGET || is_need(wait)))
			doubted = stale_doubt(wait->task);
	}
	return doubted;
}

static void give(struct resolver *resolver, struct client *client)
{
	struct store_result *result = client->stale;
	const struct task *doubted = stale_doubt(client->waiter.task);

	cds_list_del_init(&client->in_patience);
	if (result == NULL)
		result = stale_result(resolver, client,
				      doubted != NULL ? doubted->bogus_ede : EDE_NONE);
	if (result == NULL)
		return;
	resolver->counters.stale_early++;
	client->early = client->waiter.task != NULL;
	client_answer_early(resolver, client, result);
}

uint64_t stale_run(struct resolver *resolver)
{
	size_t left = resolver->closing ? SIZE_MAX : GIVEN_MAX;

	for (; left > 0 && !cds_list_empty(&resolver->impatient); left--)
		give(resolver,
		     cds_list_entry(resolver->impatient.next, struct client, in_patience));
	for (; left > 0 && !cds_list_empty(&resolver->patient); left--) {
		struct client *client =
			cds_list_entry(resolver->patient.next, struct client, in_patience);
		if (due_ms(client) > resolver->clock.now_ms)
			return due_ms(client);
		give(resolver, client);
	}
	return left > 0 ? UINT64_MAX : resolver->clock.now_ms;
}
