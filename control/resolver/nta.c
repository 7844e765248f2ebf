// Negative trust anchors (RFC 7646): what the operator says, when it ends, and whether the zone has
// come to validate without it.

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A zone validates again when its apex does, a denial of a type, and that of a name.
enum check { CHECK_SOA, CHECK_NODATA, CHECK_NXDOMAIN, CHECK_COUNT };
#define ABSENT_LABEL "\x09nta-check"
#define CHECKS_MAX   8 // that begin in a turn, however many are due

struct nta {
	struct nta *next;
	struct resolver *resolver;
	uint8_t name[NAME_MAX_LEN]; // lower case
	uint64_t since_ms, until_ms, check_ms;
	unsigned checks;
	bool checking; // a question of ours is under way, which holds on to this
	bool ended;    // to be freed when that is over
	enum check check;
	char reason[NTA_REASON_MAX + 1], finding[TROUBLE_MAX];
};

static_assert(TROUBLE_MAX == NTA_FINDING_MAX + 1, "what operators see of it");

static struct nta **find(struct resolver *resolver, const uint8_t *name)
{
	struct nta **at = &resolver->ntas;

	while (*at != NULL && !name_equal((*at)->name, name))
		at = &(*at)->next;
	return at;
}

static void forget(struct resolver *resolver, const uint8_t *name)
{
	struct cache_flush flush;

	resolver_forget(resolver, name);
	cache_flush_zone(resolver->cache, name, &flush);
}

static void set_due(struct resolver *resolver)
{
	resolver->nta_due_ms = UINT64_MAX;
	for (const struct nta *nta = resolver->ntas; nta != NULL; nta = nta->next) {
		uint64_t due_ms = nta->until_ms;
		if (!nta->checking && nta->check_ms < due_ms)
			due_ms = nta->check_ms;
		if (due_ms < resolver->nta_due_ms)
			resolver->nta_due_ms = due_ms;
	}
}

static void end(struct nta **at, enum nta_end why)
{
	struct nta *nta = *at;
	struct resolver *resolver = nta->resolver;

	*at = nta->next;
	trust_insecure_remove(resolver->parts.trust, nta->name);
	cache_denial_unbar(resolver->cache, nta->name);
	forget(resolver, nta->name);
	resolver->counters.nta.removed += why == NTA_REMOVED;
	resolver->counters.nta.expired += why == NTA_EXPIRED;
	resolver->counters.nta.recovered += why == NTA_RECOVERED;
	if (resolver->nta_tell != NULL)
		resolver->nta_tell(resolver->nta_tell_arg, nta->name, why);
	nta->ended = true;
	if (!nta->checking)
		free(nta);
}

// ---- does it validate? ----

static void ask(struct nta *nta);

// Proven, be it secure or without DS, and by nothing that is only tolerated or past its time.
static bool is_proven(const struct store_result *result, char finding[TROUBLE_MAX])
{
	struct entry_facts facts;

	if (result->count == 0) {
		snprintf(finding, TROUBLE_MAX, "%.160s", result->ede_text);
		return false;
	}
	for (size_t i = 0; i < result->count; i++) {
		entry_facts(result->links[i], &facts);
		if (facts.kind == ENTRY_FAILURE) {
			snprintf(finding, TROUBLE_MAX, "%.160s", facts.ede_text);
			return false;
		}
		if (facts.ede == EDE_STALE_ANSWER || facts.ede == EDE_SIGNATURE_EXPIRED) {
			snprintf(finding, TROUBLE_MAX, "its signatures are past their time");
			return false;
		}
	}
	return true;
}

static void checked(void *arg, struct store_result *result)
{
	struct nta *nta = arg;
	struct resolver *resolver = nta->resolver;
	bool proven = is_proven(result, nta->finding);

	store_result_unref(resolver->parts.store, result);
	nta->checking = false;
	if (nta->ended) {
		free(nta);
	} else if (!proven || resolver->closing) {
		nta->check_ms = resolver->clock.now_ms + NTA_RECHECK_S * 1000ull;
		set_due(resolver);
	} else if (++nta->check < CHECK_COUNT) {
		ask(nta);
	} else {
		end(find(resolver, nta->name), NTA_RECOVERED);
		set_due(resolver);
	}
}

// A name that is not there, unless the zone's own is too long for one.
static const uint8_t *absent_name(const struct nta *nta, uint8_t out[NAME_MAX_LEN])
{
	size_t len = name_len(nta->name), label = sizeof(ABSENT_LABEL) - 1;

	if (len + label > NAME_MAX_LEN)
		return nta->name;
	memcpy(out, ABSENT_LABEL, label);
	memcpy(out + label, nta->name, len);
	return out;
}

static void ask(struct nta *nta)
{
	uint8_t buffer[NAME_MAX_LEN];
	const uint8_t *name = nta->name;
	uint16_t type = TYPE_SOA;

	if (nta->check == CHECK_NODATA)
		type = TYPE_NULL;
	if (nta->check == CHECK_NXDOMAIN) {
		type = TYPE_A;
		name = absent_name(nta, buffer);
	}
	nta->checking = client_ask_past_nta(nta->resolver, name, type, checked, nta);
	if (!nta->checking) // too much is under way: later
		nta->check_ms = nta->resolver->clock.now_ms + NTA_RECHECK_S * 1000ull;
}

// ---- time ----

uint64_t nta_run(struct resolver *resolver)
{
	uint64_t now_ms = resolver->clock.now_ms;
	struct nta **at = &resolver->ntas;
	unsigned checks = 0;

	if (now_ms < resolver->nta_due_ms || resolver->closing)
		return resolver->nta_due_ms;
	while (*at != NULL) {
		struct nta *nta = *at;
		// Past its time it is without effect already: one in a turn is put away, however
		// many end at once.
		if (now_ms >= nta->until_ms) {
			end(at, NTA_EXPIRED);
			break;
		}
		if (!nta->checking && now_ms >= nta->check_ms && checks++ < CHECKS_MAX) {
			resolver->counters.nta.checks++;
			nta->checks++;
			nta->check = CHECK_SOA;
			ask(nta);
		}
		at = &nta->next;
	}
	set_due(resolver);
	return resolver->nta_due_ms;
}

// ---- what the operator says ----

static size_t count(const struct resolver *resolver)
{
	size_t n = 0;

	for (const struct nta *nta = resolver->ntas; nta != NULL; nta = nta->next)
		n++;
	return n;
}

static struct nta *get(struct resolver *resolver, const uint8_t *name, int *error)
{
	struct nta **at = find(resolver, name);

	if (*at != NULL)
		return *at;
	*error = count(resolver) < NTA_COUNT_MAX ? -ENOMEM : -ENOSPC;
	struct nta *nta = *error == -ENOMEM ? calloc(1, sizeof(*nta)) : NULL;
	if (nta == NULL)
		return NULL;
	nta->resolver = resolver;
	name_copy(nta->name, name);
	*at = nta;
	return nta;
}

int resolver_nta_add(struct resolver *resolver, const uint8_t *name, uint32_t lifetime_s,
		     const char *reason)
{
	uint64_t now_ms = resolver->clock.now_ms, until_ms = now_ms + lifetime_s * 1000ull;
	uint8_t lower[NAME_MAX_LEN];
	int error = 0;

	if (lifetime_s == 0 || lifetime_s > NTA_LIFETIME_MAX_S || name_is_root(name))
		return -EINVAL;
	name_lower(lower, name, name_len(name));
	struct nta *nta = get(resolver, lower, &error);
	if (nta == NULL)
		return error;
	bool new = nta->until_ms == 0;
	// Nothing that was proven before may deny what is now taken without proof.
	error = new && !cache_denial_bar(resolver->cache, lower) ? -ENOMEM : 0;
	if (error == 0) {
		error = trust_insecure_add(resolver->parts.trust, lower, until_ms, true);
		if (error != 0 && new)
			cache_denial_unbar(resolver->cache, lower);
	}
	if (error != 0 && new) {
		*find(resolver, lower) = nta->next;
		free(nta);
	}
	if (error != 0)
		return error;
	nta->since_ms = now_ms;
	nta->until_ms = until_ms;
	nta->check_ms = now_ms + NTA_RECHECK_S * 1000ull;
	snprintf(nta->reason, sizeof(nta->reason), "%s", reason);
	resolver->counters.nta.added++;
	forget(resolver, lower);
	set_due(resolver);
	return 0;
}

bool resolver_nta_remove(struct resolver *resolver, const uint8_t *name)
{
	struct nta **at = find(resolver, name);

	if (*at == NULL)
		return false;
	end(at, NTA_REMOVED);
	set_due(resolver);
	return true;
}

void resolver_nta_each(const struct resolver *resolver,
		       void (*visit)(const struct nta_facts *facts, void *arg), void *arg)
{
	uint64_t now_ms = resolver->clock.now_ms;

	for (const struct nta *nta = resolver->ntas; nta != NULL; nta = nta->next) {
		const struct nta_facts facts = {
			.name = nta->name,
			.reason = nta->reason,
			.finding = nta->finding,
			.left_s = nta->until_ms > now_ms ? (nta->until_ms - now_ms) / 1000 : 0,
			.lifetime_s = (nta->until_ms - nta->since_ms) / 1000,
			.checks = nta->checks,
			.checking = nta->checking,
		};
		visit(&facts, arg);
	}
}

void resolver_nta_watch(struct resolver *resolver, nta_event event, void *arg)
{
	resolver->nta_tell = event;
	resolver->nta_tell_arg = arg;
}

void nta_counters(const struct resolver *resolver, upstream_counter_visit visit, void *arg)
{
#define X(field, words) visit("nta." #field, words, resolver->counters.nta.field, arg);
	NTA_COUNTERS(X)
#undef X
	visit("nta.active", "negative trust anchors in force", count(resolver), arg);
}

void nta_free_all(struct resolver *resolver)
{
	while (resolver->ntas != NULL) {
		struct nta *nta = resolver->ntas;
		resolver->ntas = nta->next;
		free(nta);
	}
}
