// Plain questions for names of which nothing at all is cached, answered from the chains of
// validated NSEC records (dataplane/cache/denial/denial.h): what serving_denied() would say to them.
// Inside the short lane (short_lane.h) only.
//
// Left to the slow lane: CD=1, which may be answered with what is not proven; questions for DS,
// which are the parent's; what a wildcard answers; names of which the cache holds anything, fresh
// or not; and names below one that an NXDOMAIN or a DNAME in the cache may answer for.
#pragma once

#include "dataplane/answer/plain_denied.h"
#include "dataplane/cache/glance.h"
#include "dataplane/dns/name.h"
#include "dataplane/short.h"

// What was found out of the parent of the last name, under which the next one mostly stands too.
struct denied_parent {
	// Lower case, well formed, zeros behind.
	_Alignas(64) uint8_t name[PLAIN_NAME_ROOM];
	uint8_t len;                                // 0: of none yet
	bool cut;                                   // something at or above it answers for it
};

static inline bool denied_type(uint16_t type)
{
	return type == TYPE_A || type == TYPE_AAAA ||
	       (type != 0 && type != TYPE_DS && !type_is_meta(type));
}

// RFC 8509: the slow lane knows what to say to them.
static inline bool denied_sentinel(const struct plain_query *query)
{
	static const char words[] = "root-key-sentinel-";

	return query->name_len > sizeof(words) &&
	       memcmp(query->name + 1, words, sizeof(words) - 1) == 0;
}

static inline bool denied_same_parent(const struct denied_parent *parent,
				      const struct plain_query *query)
{
	const size_t skip = (size_t)query->name[0] + 1;

	return parent->len > 0 && query->name[0] > 0 && skip + parent->len == query->name_len &&
	       block_is(parent->name, query->name + skip, parent->len);
}

// False: the name is not well formed, or the root.
static inline bool denied_new_parent(struct cache *cache, const struct lookup *lookup,
				     struct denied_parent *parent)
{
	if (name_check(lookup->name, lookup->name_len) != lookup->name_len ||
	    name_is_root(lookup->name))
		return false;
	const size_t skip = (size_t)lookup->name[0] + 1;
	parent->len = (uint8_t)(lookup->name_len - skip);
	memset(parent->name, 0, sizeof(parent->name));
	memcpy(parent->name, lookup->name + skip, parent->len);
	parent->cut = cache_below_cut(cache, lookup);
	return true;
}

// Whether the chains may be asked, as the slow lane would ask them: the cache has no other answer.
static inline bool denied_open(struct cache *cache, const struct plain_query *query,
			       const struct glance *glance, size_t i, struct lookup *lookup,
			       struct denied_parent *parent)
{
	if ((query->flags & FLAG_CD) != 0 || !denied_type(query->type) ||
	    !glance_absent(glance_table(cache, glance->hashes[i]), glance->lines[i],
			   glance->hashes[i]) ||
	    denied_sentinel(query))
		return false;
	lookup->name = query->name;
	lookup->name_len = query->name_len;
	lookup->type = query->type;
	lookup->hash = glance->hashes[i];
	lookup->dnssec = query->dnssec;
	lookup->sibling = denied_same_parent(parent, query);
	return (lookup->sibling || denied_new_parent(cache, lookup, parent)) && !parent->cut;
}

static inline void denied_count(struct short_tally *tally, enum denied kind)
{
	if (kind == DENIED_NXDOMAIN)
		tally->nxdomain++;
	else
		tally->nodata++;
}

struct denied_lane {
	struct cache *cache;
	const struct short_turn *turn;
	struct denied_parent parent;
	struct denial_memo memo;
	struct plain_soa soa;
};

// Questions of a group, those whose bit is set in `missed`: finds what denies them. Returns how
// many were asked; which, `places` says.
static inline unsigned denied_find(struct denied_lane *denied, const struct plain_query *queries,
				   const struct glance *glance, unsigned missed,
				   struct denial_answer *answers, uint8_t *places)
{
	struct lookup lookups[GLANCE_MAX];
	const struct lookup *asked[GLANCE_MAX];
	unsigned count = 0;

	for (; missed != 0; missed &= missed - 1) {
		const unsigned i = (unsigned)__builtin_ctz(missed);
		struct lookup *lookup = &lookups[count];

		lookup->now_ms = denied->turn->now_ms;
		lookup->now_s = denied->turn->now_s;
		if (!denied_open(denied->cache, &queries[i], glance, i, lookup, &denied->parent))
			continue;
		places[count] = (uint8_t)i;
		asked[count++] = lookup;
	}
	if (count > 0)
		cache_deny_burst(denied->cache, asked, answers, count, &denied->memo);
	return count;
}

// Of those whose bit is set in `missed`: the bits of those that are answered, whose queries hold
// the reply, and of those that only control can answer, if recursion is desired.
struct denied_bits {
	unsigned answered, absent;
};

static inline struct denied_bits denied_answer(struct denied_lane *denied,
					       struct plain_query *queries,
					       const struct glance *glance, unsigned missed)
{
	struct denial_answer answers[GLANCE_MAX];
	uint8_t places[GLANCE_MAX];
	const unsigned count = denied_find(denied, queries, glance, missed, answers, places);
	struct denied_bits bits = {0, 0};

	for (unsigned n = 0; n < count; n++) {
		const enum denied kind = answers[n].kind;

		if (kind == DENIED_NOT)
			bits.absent |= 1u << places[n];
		if ((kind != DENIED_NXDOMAIN && kind != DENIED_NODATA) ||
		    !plain_deny(&queries[places[n]], &answers[n], denied->turn->clock_trusted,
				&denied->soa))
			continue;
		if (denied->turn->tally != NULL)
			denied_count(denied->turn->tally, kind);
		bits.answered |= 1u << places[n];
	}
	return bits;
}
