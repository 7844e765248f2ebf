// Answers from validated NSEC and NSEC3 records that the cache holds (RFC 8198), before a server is
// asked: for TCP clients and sub-questions, and, since their hashes are made here, all that NSEC3
// says. They are given by value: a flood of names that do not exist takes no answer's place. What
// NSEC3 says of a name that is asked for again soon is kept, so that its hashes are not made anew;
// so is a wildcard's alias.

#include "control/resolver/denied.h"

#include "control/resolver/task.h"
#include "control/validator/trust_lookup.h"
#include "dataplane/dns/types.h"

#include <stdlib.h>

#define SEEN_SLOTS  65536 // power of two; a newer name takes an older one's place
#define RECORDS_MAX 64

struct denied_names {
	uint32_t seen[SEEN_SLOTS]; // of the names' keyed hashes
};

struct denied_names *denied_names_new(void)
{
	return calloc(1, sizeof(struct denied_names));
}

void denied_names_free(struct denied_names *names)
{
	free(names);
}

bool denied_names_seen(struct denied_names *names, uint64_t hash)
{
	uint32_t *slot = &names->seen[hash & (SEEN_SLOTS - 1)];
	bool seen = *slot == (uint32_t)(hash >> 32);

	*slot = (uint32_t)(hash >> 32);
	return seen;
}

// ---- barred names ----

int denied_bar(struct resolver *resolver)
{
	for (size_t i = 0; i < resolver->config.route_count; i++) {
		const struct route *route = &resolver->routes[i];
		// A forwarder may know names that the zone itself does not. Servers of a stub zone
		// are its own: what they say and prove denies names in it, but nothing said above.
		bool done = route->forward ? cache_denial_bar(resolver->cache, route->zone)
					   : cache_denial_fence(resolver->cache, route->zone);
		if (!done)
			return -1;
	}
	return local_bar(resolver);
}

// ---- entries ----

struct draft {
	struct record records[RECORDS_MAX];
	uint8_t owners[DENIAL_PROOFS * (1 + RRSET_RRSIGS_MAX)][NAME_MAX_LEN];
	size_t count, owner_count;
	struct entry_spec spec;
};

// reader: by value, since the entry is gone through once for each part.
static void add_part(struct draft *draft, struct entry_reader reader, const uint8_t *owner,
		     enum entry_part part, uint32_t ttl_s)
{
	struct record record;
	enum entry_part of;

	while (entry_next(&reader, &of, &record)) {
		if (of != part || draft->count == RECORDS_MAX)
			continue;
		record.owner = owner;
		record.ttl_s = ttl_s;
		draft->records[draft->count++] = record;
	}
}

static void add_proofs(struct draft *draft, const struct denial_answer *answer, const uint8_t *zone)
{
	const size_t owners_max = sizeof(draft->owners) / sizeof(draft->owners[0]);

	for (unsigned i = 0; i < answer->proof_count; i++) {
		struct record record;
		size_t offset = 0;
		while (draft->count < RECORDS_MAX && draft->owner_count < owners_max &&
		       denial_item_next(answer->proofs[i], zone, &offset,
					draft->owners[draft->owner_count], &record)) {
			draft->owner_count++;
			record.ttl_s = answer->left_s;
			draft->records[draft->count++] = record;
		}
	}
}

static enum entry_kind kind_of(const struct denial_answer *answer)
{
	struct entry_facts facts;

	switch (answer->kind) {
	case DENIED_NXDOMAIN:
		return ENTRY_NXDOMAIN;
	case DENIED_NODATA:
		return ENTRY_NODATA;
	default:
		entry_facts(answer->wildcard, &facts);
		return facts.kind;
	}
}

static bool read_main(const struct task *task, const struct denial_answer *answer,
		      struct entry_reader *reader)
{
	const struct entry_moment now = resolver_moment(task->resolver);

	if (answer->kind == DENIED_WILDCARD)
		return entry_rrset(answer->wildcard, task->type, SECURITY_SECURE, &now, reader) ||
		       (!type_beside_cname(task->type) &&
			entry_rrset(answer->wildcard, TYPE_CNAME, SECURITY_SECURE, &now, reader));
	return entry_denial(answer->soa, SECURITY_SECURE, &now, reader);
}

// False: the answer's entries are not what it says.
static bool compose(struct draft *draft, const struct task *task,
		    const struct denial_answer *answer)
{
	struct entry_spec *spec = &draft->spec;
	const uint8_t *owner = answer->kind == DENIED_WILDCARD ? task->name : answer->zone;
	struct entry_reader reader;

	if (!read_main(task, answer, &reader))
		return false;
	add_part(draft, reader, owner, ENTRY_DATA, answer->left_s);
	spec->data_count = draft->count;
	add_part(draft, reader, owner, ENTRY_RRSIGS, answer->left_s);
	spec->rrsig_count = draft->count - spec->data_count;
	add_proofs(draft, answer, answer->zone);
	spec->proof_count = draft->count - spec->data_count - spec->rrsig_count;
	spec->data = draft->records;
	spec->rrsigs = spec->data + spec->data_count;
	spec->proofs = spec->rrsigs + spec->rrsig_count;
	spec->kind = kind_of(answer);
	return true;
}

static bool give(struct task *task, const struct denial_answer *answer, bool keep)
{
	struct resolver *resolver = task->resolver;
	const struct entry *entry;
	struct draft draft = {.spec = {
				      .name = task->name,
				      .type = task->type,
				      .security = SECURITY_SECURE,
				      .provenance = FROM_RECURSION,
				      .ede = EDE_SYNTHESIZED,
				      .now_ms = resolver->clock.now_ms,
				      // Out of memory: older than what anybody says now.
				      .asked_ms = 1,
				      .aside = true,
				      .ttl_s = answer->left_s,
				      .signature_expires_s = answer->signature_expires_s,
				      .one_shot = !keep,
				      // The chain says more of the names below than a single name.
				      .this_name_only = true,
			      }};

	if (!compose(&draft, task, answer) || draft.count == RECORDS_MAX ||
	    cache_publish(resolver->cache, &draft.spec, &entry) == PUBLISH_FAILED)
		return false;
	return chain_add(resolver, &task->chain, entry);
}

// ---- asking ----

static bool hash(void *arg, const uint8_t *name, const struct rdata_nsec3 *params, uint8_t out[20])
{
	struct task *task = arg;
	struct client *payer = task_payer(task);

	return payer != NULL &&
	       trust_nsec3_hash(task->resolver->parts.trust, &payer->budget, name, params, out);
}

// For data that are published: few hashes for each signature that was verified, charged as far as
// something is left. What the data refute must not stay because their client has asked for much.
static bool hash_of_data(void *arg, const uint8_t *name, const struct rdata_nsec3 *params,
			 uint8_t out[20])
{
	struct task *task = arg;

	return hash(arg, name, params, out) ||
	       trust_nsec3_hash(task->resolver->parts.trust, NULL, name, params, out);
}

void denied_hash(struct task *task, struct publication *publication)
{
	publication->hash = hash_of_data;
	publication->hash_arg = task;
}

static bool hash_uncharged(void *arg, const uint8_t *name, const struct rdata_nsec3 *params,
			   uint8_t out[20])
{
	struct resolver *resolver = arg;

	return trust_nsec3_hash(resolver->parts.trust, NULL, name, params, out);
}

size_t resolver_flush_name(struct resolver *resolver, const uint8_t *name, const uint16_t *type)
{
	struct delegation *cut = delegation_at(resolver->delegations, name, resolver->clock.now_ms);

	if (cut != NULL && (type == NULL || *type == TYPE_DS))
		cut->ds_flushed = true;
	cache_denial_flush(resolver->cache, name, hash_uncharged, resolver);
	return type != NULL ? cache_flush_type(resolver->cache, name, *type)
			    : cache_flush_name(resolver->cache, name);
}

// A wildcard's CNAME leads on to its target.
static bool leads_on(struct task *task, const struct denial_answer *answer)
{
	const struct entry_moment now = resolver_moment(task->resolver);
	struct entry_facts facts;

	if (answer->kind != DENIED_WILDCARD)
		return false;
	entry_facts(answer->wildcard, &facts);
	return entry_alias(answer->wildcard, facts.name, task->type, SECURITY_SECURE, &now,
			   task->open_name);
}

// For what is older than the records: few hashes for each answer that would be stale, and none that
// is known.
bool denied_since(struct resolver *resolver, const struct lookup *lookup)
{
	struct denial_answer answer;

	cache_deny(resolver->cache, lookup, &answer);
	if (answer.kind == DENIED_NOT)
		cache_deny_hashed(resolver->cache, lookup, hash_uncharged, resolver, &answer);
	return answer.kind == DENIED_NXDOMAIN || answer.kind == DENIED_NODATA;
}

bool denied_answer(struct task *task)
{
	struct resolver *resolver = task->resolver;
	struct denial_answer answer;
	bool keep = false;

	if (!resolver->clock.trusted)
		return false;
	const struct lookup lookup = task_look_up(task, false);
	// Data that were there a while ago may be newer than their denial.
	if (lookup.status != LOOKUP_MISS || lookup.stale_count > 0)
		return false;
	cache_deny(resolver->cache, &lookup, &answer);
	if (answer.kind == DENIED_NOT) {
		cache_deny_hashed(resolver->cache, &lookup, hash, task, &answer);
		if (answer.kind == DENIED_NOT)
			return false;
		resolver->counters.denied_hashed++;
		keep = true;
	}
	// Poll-mode cores follow no alias of a wildcard: they find one that is asked for again.
	const bool alias = leads_on(task, &answer);
	keep = (keep || alias) && denied_names_seen(resolver->denied_names, lookup.hash);
	// ATTACKS B16: data that had come after the records would have ended them, so what is there
	// of other types is older, and must not come back once they have ended.
	// ATTACKS A12: of a configured zone's name who is above says the DS, and nothing of the
	// rest.
	const bool of_ds_alone = task->type == TYPE_DS && route_is_apex(resolver, task->name);
	if (answer.kind == DENIED_NXDOMAIN && !of_ds_alone)
		cache_end_name(resolver->cache, task->name, resolver->clock.now_ms);
	if (!give(task, &answer, keep && !of_ds_alone && answer.left_s > 0))
		return false;
	resolver->counters.denied++;
	if (alias)
		task->state = TASK_TARGET;
	return true;
}
