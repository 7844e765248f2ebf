// A question while the chains are looked into: its zone, what may be used, what is said. Of the
// readers' side; nsec.c and nsec3.c find the records.
#pragma once

#include "dataplane/cache/shard.h"
#include "dataplane/dns/types.h"

#include <string.h>

struct search {
	struct cache *cache;
	const struct lookup *lookup;
	const struct denial_store *store;
	const struct denial_zone *zone;
	struct denial_answer *out;
	uint64_t expires_ms; // the earliest of what is used
};

static inline void search_start(struct search *search)
{
	search->expires_ms = UINT64_MAX;
	*search->out = (struct denial_answer){.kind = DENIED_NOT,
					      .left_s = UINT32_MAX,
					      .signature_expires_s = SIGNATURE_NEVER_EXPIRES};
}

static inline bool search_never_said(uint16_t type)
{
	switch (type) {
	case 0:
	case TYPE_ANY:
	case TYPE_RRSIG:
	case TYPE_NSEC:
	case TYPE_NSEC3:
		return true;
	default:
		return false;
	}
}

// ---- the zone ----

// From the name upwards to the first that is known. The DS of a name is its parent's to deny
// (RFC 4035 §3.1.4.1).
void search_zone(struct search *search, size_t labels, const struct denial_memo *last)
	__attribute__((nonnull));

static inline bool any_zone(const struct cache *cache, size_t labels)
{
	return atomic_load_explicit(&cache->denial_counts.zones[labels], memory_order_relaxed) != 0;
}

static inline bool barred(const struct denial_zone *zone)
{
	return atomic_load_explicit(&zone->bars, memory_order_relaxed) != 0;
}

// False: there is none, or it is barred.
static inline bool search_find_zone(struct search *search, struct denial_memo *memo)
{
	const struct lookup *lookup = search->lookup;
	const bool sibling = memo->labels != 0 && lookup->sibling;
	const size_t labels = sibling ? memo->labels : name_labels(lookup->name);
	const bool walking = flushes_denials_walking(&search->cache->flushes);

	// Where neither is a zone of its own, both are in the zone of their parent.
	if (sibling && !any_zone(search->cache, labels)) {
		search->store = memo->store;
		search->zone = memo->zone;
	} else {
		search_zone(search, labels, memo);
		memo->store = search->store;
		memo->zone = search->zone;
		memo->labels = labels;
	}
	// Nothing is said in place of what was forgotten.
	if (walking && search->zone != NULL && flushes_cover_denial(search->cache, search->zone))
		search->zone = memo->zone = NULL;
	return search->zone != NULL && !barred(search->zone);
}

// ---- what may be used ----

static inline bool search_fresh(const struct search *search, uint64_t expires_ms,
				int64_t signature_expires_s)
{
	return search->lookup->now_ms < expires_ms && search->lookup->now_s < signature_expires_s;
}

static inline void search_bound(struct search *search, uint64_t expires_ms,
				int64_t signature_expires_s)
{
	struct denial_answer *out = search->out;

	if (expires_ms < search->expires_ms)
		search->expires_ms = expires_ms;
	if (signature_expires_s < out->signature_expires_s)
		out->signature_expires_s = signature_expires_s;
}

// All that is used is, and is fresh.
static inline void search_say(struct search *search, enum denied kind)
{
	const struct lookup *lookup = search->lookup;
	struct denial_answer *out = search->out;
	const uint64_t kept_s = (search->expires_ms - lookup->now_ms) / 1000;
	// Not negative: the signatures are valid. Some are valid for longer than any TTL.
	const uint64_t signed_s = (uint64_t)out->signature_expires_s - (uint64_t)lookup->now_s;
	const uint64_t left_s = kept_s < signed_s ? kept_s : signed_s;

	out->left_s = left_s < UINT32_MAX ? (uint32_t)left_s : UINT32_MAX;
	out->kind = kind;
	out->zone = search->zone->name;
	out->zone_len = search->zone->name_len;
}

static inline bool search_usable(const struct search *search, const struct denial_item *item)
{
	return item != NULL && search_fresh(search, item->expires_ms, item->signature_expires_s);
}

static inline void search_use(struct search *search, const struct denial_item *item)
{
	struct denial_answer *out = search->out;

	for (unsigned i = 0; i < out->proof_count; i++) {
		if (out->proofs[i] == item)
			return;
	}
	out->proofs[out->proof_count++] = item;
	search_bound(search, item->expires_ms, item->signature_expires_s);
}

// RFC 8198 §5.4, RFC 9077: no denial without the SOA, and none that outlives it.
static inline bool search_take_soa(struct search *search)
{
	// Acquire: partner of the release in replace_soa().
	denial_ref ref = atomic_load_explicit(&search->zone->soa, memory_order_acquire);

	if (ref == 0)
		return false;
	const struct entry *soa =
		&((const struct denial_soa *)denial_at(search->store, ref))->entry;
	if (!search_fresh(search, soa->expires_ms, soa->signature_expires_s))
		return false;
	search->out->soa = soa;
	search_bound(search, soa->expires_ms, soa->signature_expires_s);
	return true;
}

enum says { SAYS_NOTHING, SAYS_THERE, SAYS_ABSENT };

static inline enum says bitmap_says(const struct search *search, const struct denial_item *item)
{
	uint16_t type = search->lookup->type;
	bool soa = item_has(item, TYPE_SOA);

	// RFC 6840 §4.4: a DS is denied by the zone above. §4.1: of a delegated name that zone says
	// nothing but its DS.
	if (type == TYPE_DS ? soa : !soa && item_has(item, TYPE_NS))
		return SAYS_NOTHING;
	// RFC 6840 §4.3
	return item_has(item, type) || item_has(item, TYPE_CNAME) ? SAYS_THERE : SAYS_ABSENT;
}

static inline void search_deny(struct search *search, enum denied kind)
{
	if (search_take_soa(search))
		search_say(search, kind);
}

// ---- a wildcard ----

// The name does not exist, as `proof` shows; its closest encloser (the ancestor of so many labels)
// does. False: no RRset of that one's wildcard is cached that answers (RFC 8198 §5.3).
bool search_expand(struct search *search, const struct denial_item *proof, size_t encloser_labels)
	__attribute__((nonnull));
// The same, and item says which types the wildcard has: NODATA, or its RRset.
void search_at_wildcard(struct search *search, const struct denial_item *item,
			const struct denial_item *proof, size_t encloser_labels)
	__attribute__((nonnull));
