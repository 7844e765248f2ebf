// The readers' side: what the chains say of a name (RFC 8198). Names are compared by their keys.
#include "dataplane/cache/shard.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"

#include <string.h>

#define HASH_LEN     20
#define RECORD_FIXED 10 // type, class, TTL, RDLENGTH

// A question while it is looked into.
struct search {
	struct cache *cache;
	const struct lookup *lookup;
	const struct denial_store *store;
	const struct denial_zone *zone;
	struct denial_answer *out;
	uint64_t expires_ms; // the earliest of what is used
};

static bool never_said(uint16_t type)
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

// The zone of the question before, in which the next one often is.
static inline bool is_zone(const struct denial_zone *zone, size_t labels, const uint8_t *name,
			   size_t len)
{
	return zone != NULL && zone->labels == labels && zone->name_len == len &&
	       memcmp(zone->name, name, len) == 0;
}

static inline bool any_zone(const struct cache *cache, size_t labels)
{
	return atomic_load_explicit(&cache->denial_counts.zones[labels], memory_order_relaxed) != 0;
}

static inline bool barred(const struct denial_zone *zone)
{
	return atomic_load_explicit(&zone->bars, memory_order_relaxed) != 0;
}

// From the name upwards to the first that is known; a barred one ends it. The DS of a name is its
// parent's to deny (RFC 4035 §3.1.4.1).
static void search_zone(struct search *search, size_t labels, const struct denial_memo *last)
{
	const struct cache *cache = search->cache;
	const struct lookup *lookup = search->lookup;
	const uint8_t *name = lookup->name;
	size_t len = lookup->name_len;
	bool own = true;

	if (lookup->type == TYPE_DS) {
		if (labels == 0)
			return;
		own = false;
		labels--;
		len -= (size_t)*name + 1;
		name += (size_t)*name + 1;
	}
	for (;; own = false, labels--) {
		if (any_zone(cache, labels)) {
			if (is_zone(last->zone, labels, name, len)) {
				search->store = last->store;
				search->zone = last->zone;
				return;
			}
			uint64_t hash = own ? lookup->hash : cache_hash(cache, name, len);
			search->store = &cache_shard_of(cache, hash)->denial;
			search->zone = denial_find_zone(search->store, hash, name, len);
			if (search->zone != NULL)
				return;
		}
		if (labels == 0)
			return;
		len -= (size_t)*name + 1;
		name += (size_t)*name + 1;
	}
}

static inline bool find_zone(struct search *search, struct denial_memo *memo)
{
	const struct lookup *lookup = search->lookup;
	const bool sibling = lookup->sibling && memo->labels != 0;
	const size_t labels = sibling ? memo->labels : name_labels(lookup->name);

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
	return search->zone != NULL && !barred(search->zone);
}

// ---- what may be used ----

static bool fresh(const struct search *search, uint64_t expires_ms, int64_t signature_expires_s)
{
	return search->lookup->now_ms < expires_ms && search->lookup->now_s < signature_expires_s;
}

static inline void bound(struct search *search, uint64_t expires_ms, int64_t signature_expires_s)
{
	struct denial_answer *out = search->out;

	if (expires_ms < search->expires_ms)
		search->expires_ms = expires_ms;
	if (signature_expires_s < out->signature_expires_s)
		out->signature_expires_s = signature_expires_s;
}

// All that is used is, and is fresh.
static inline void say(struct search *search, enum denied kind)
{
	const struct lookup *lookup = search->lookup;
	struct denial_answer *out = search->out;
	const uint64_t kept_s = (search->expires_ms - lookup->now_ms) / 1000;
	// Not negative: the signatures are valid. Some are valid for longer than any TTL.
	const uint64_t signed_s = (uint64_t)out->signature_expires_s - (uint64_t)lookup->now_s;
	const uint64_t left_s = kept_s < signed_s ? kept_s : signed_s;

	out->left_s = left_s < UINT32_MAX ? (uint32_t)left_s : UINT32_MAX;
	out->kind = kind;
}

static bool usable(const struct search *search, const struct denial_item *item)
{
	return item != NULL && fresh(search, item->expires_ms, item->signature_expires_s);
}

static void use(struct search *search, const struct denial_item *item)
{
	struct denial_answer *out = search->out;

	for (unsigned i = 0; i < out->proof_count; i++) {
		if (out->proofs[i] == item)
			return;
	}
	out->proofs[out->proof_count++] = item;
	bound(search, item->expires_ms, item->signature_expires_s);
}

// RFC 8198 §5.4, RFC 9077: no denial without the SOA, and none that outlives it.
static bool take_soa(struct search *search)
{
	// Acquire: partner of the release in replace_soa().
	denial_ref ref = atomic_load_explicit(&search->zone->soa, memory_order_acquire);

	if (ref == 0)
		return false;
	const struct entry *soa =
		&((const struct denial_soa *)denial_at(search->store, ref))->entry;
	if (!fresh(search, soa->expires_ms, soa->signature_expires_s))
		return false;
	search->out->soa = soa;
	bound(search, soa->expires_ms, soa->signature_expires_s);
	return true;
}

enum says { SAYS_NOTHING, SAYS_THERE, SAYS_ABSENT };

static enum says bitmap_says(const struct search *search, const struct denial_item *item)
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

static void deny(struct search *search, enum denied kind)
{
	if (take_soa(search))
		say(search, kind);
}

// ---- a wildcard ----

// RFC 8198 §5.3. The name does not exist, its closest encloser (the ancestor of so many labels) has
// a wildcard with an RRset of the type: if that is cached, it answers.
static void expand(struct search *search, size_t labels)
{
	const struct lookup *lookup = search->lookup;
	uint8_t name[NAME_MAX_LEN];
	struct node node;

	if (lookup->type == TYPE_CNAME ||
	    name_wildcard_of(name_ancestor(lookup->name, labels), name) < 0)
		return;
	size_t len = name_len(name);
	uint64_t hash = cache_hash(search->cache, name, len);
	table_node(&cache_shard_of(search->cache, hash)->answers.table, hash, name, len,
		   lookup->type, &node);
	const struct entry *entry = node.exact.entry;
	if (entry == NULL || entry->kind != ENTRY_POSITIVE || entry->security != SECURITY_SECURE ||
	    !fresh(search, entry->expires_ms, entry->signature_expires_s) || !take_soa(search))
		return;
	candidate_visit(&node.exact);
	search->out->wildcard = entry;
	bound(search, entry->expires_ms, entry->signature_expires_s);
	say(search, DENIED_WILDCARD);
}

static void at_wildcard(struct search *search, const struct denial_item *item,
			size_t encloser_labels)
{
	enum says says = bitmap_says(search, item);

	if (says == SAYS_ABSENT) {
		use(search, item);
		deny(search, DENIED_NODATA);
	} else if (says == SAYS_THERE && !item_has(item, TYPE_CNAME)) {
		expand(search, encloser_labels);
	}
}

// ---- NSEC ----

struct key {
	size_t len;
	const uint8_t *bytes; // padded
};

// Nothing stands at the key, for item leads past it, and may say so (RFC 6840 §4.1).
static bool covers(const struct denial_item *item, const struct key *key)
{
	if (item->next_len > 0 &&
	    denial_key_compare(key->bytes, key->len, item_next(item), item->next_len) >= 0)
		return false;
	return (item->flags & DENIAL_STOPS) == 0 ||
	       !denial_key_within(key->bytes, key->len, item_key(item), item->key_len);
}

static bool matches(const struct denial_item *item, const struct key *key)
{
	return denial_key_same(item_key(item), item->key_len, key->bytes, key->len);
}

// Something stands below it: an empty non-terminal (RFC 4592 §2.2.2).
static bool leads_below(const struct denial_item *item, const struct key *key)
{
	return item->next_len > key->len && memcmp(item_next(item), key->bytes, key->len) == 0;
}

// RFC 4592 §3.3.1: what the name shares with the names on both sides, which exist.
static size_t encloser_len(const struct denial_item *item, const struct key *key)
{
	size_t before = denial_key_common(item_key(item), item->key_len, key->bytes, key->len);
	size_t after = denial_key_common(item_next(item), item->next_len, key->bytes, key->len);

	return before > after ? before : after;
}

static size_t labels_of_key(const uint8_t *key, size_t len)
{
	size_t labels = 0;

	for (size_t i = 0; i < len; i++)
		labels += key[i] == 0;
	return labels;
}

static void find_wildcard(const struct search *search, const uint8_t *encloser, size_t len,
			  struct denial_wildcard *out)
{
	uint8_t bytes[DENIAL_KEY_MAX + DENIAL_KEY_PAD];
	const struct key key = {len + 2, bytes};

	memcpy(bytes, encloser, len);
	bytes[len] = '*';
	memset(bytes + len + 1, 0, 1 + DENIAL_KEY_PAD);
	const struct denial_item *item =
		denial_floor(search->store, search->zone, TREE_NSEC, key.bytes, key.len);
	*out = (struct denial_wildcard){search->zone, usable(search, item) ? item : NULL,
					WILDCARD_UNKNOWN};
	if (out->item == NULL)
		return;
	if (matches(item, &key))
		out->is = WILDCARD_THERE;
	else if (covers(item, &key) && !leads_below(item, &key))
		out->is = WILDCARD_ABSENT;
}

// The wildcard of a burst's names is mostly one, that of the apex.
static void look_for_wildcard(struct search *search, const struct denial_item *item,
			      const struct key *key, struct denial_wildcard *apex)
{
	const size_t len = encloser_len(item, key);
	const struct denial_wildcard *wildcard = apex;
	struct denial_wildcard deeper;

	if (len > 0) {
		find_wildcard(search, key->bytes, len, &deeper);
		wildcard = &deeper;
	} else if (apex->zone != search->zone) {
		find_wildcard(search, key->bytes, 0, apex);
	}
	if (wildcard->is == WILDCARD_UNKNOWN)
		return;
	use(search, item);
	if (wildcard->is == WILDCARD_THERE) {
		at_wildcard(search, wildcard->item,
			    search->zone->labels + labels_of_key(key->bytes, len));
	} else {
		use(search, wildcard->item);
		deny(search, DENIED_NXDOMAIN);
	}
}

// What the greatest that is not greater than the name says.
static void conclude(struct search *search, const struct denial_item *item, const struct key *key,
		     struct denial_wildcard *apex)
{
	if (!usable(search, item))
		return;
	if (matches(item, key)) {
		if (bitmap_says(search, item) != SAYS_ABSENT)
			return;
		use(search, item);
		deny(search, DENIED_NODATA);
	} else if (covers(item, key)) {
		if (!leads_below(item, key)) {
			look_for_wildcard(search, item, key, apex);
			return;
		}
		use(search, item);
		deny(search, DENIED_NODATA);
	}
}

static void start(struct search *search)
{
	search->expires_ms = UINT64_MAX;
	*search->out = (struct denial_answer){.kind = DENIED_NOT,
					      .left_s = UINT32_MAX,
					      .signature_expires_s = SIGNATURE_NEVER_EXPIRES};
}

void cache_deny(struct cache *cache, const struct lookup *lookup, struct denial_answer *out)
{
	struct search search = {.cache = cache, .lookup = lookup, .out = out};
	struct denial_memo memo = {.labels = 0};
	uint8_t bytes[DENIAL_KEY_MAX + DENIAL_KEY_PAD];

	start(&search);
	if (never_said(lookup->type) || !find_zone(&search, &memo))
		return;
	const struct key key = {
		denial_key(lookup->name, lookup->name_len, search.zone->name_len, bytes), bytes};
	conclude(&search, denial_floor(search.store, search.zone, TREE_NSEC, key.bytes, key.len),
		 &key, &memo.apex);
}

// ---- bursts ----

// A question between its stages. Keys that are longer are rare, and looked for at once.
#define KEY_KEPT 64

struct stage {
	struct search search;
	struct denial_spot spot;
	uint8_t key[KEY_KEPT];
};

static inline void prefetch_lines(const void *from, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += 64)
		__builtin_prefetch((const uint8_t *)from + at);
}

#define LEAF_PREFETCHED 448 // numbers and references of a full one
#define ITEM_PREFETCHED 128

// False: too long to be kept.
static bool keep_key(struct stage *stage, const struct lookup *lookup, size_t zone_len)
{
	uint8_t bytes[DENIAL_KEY_MAX + DENIAL_KEY_PAD];

	// Every byte may be written as two.
	if (2 * (lookup->name_len - zone_len) + DENIAL_KEY_PAD <= KEY_KEPT) {
		stage->spot.len = denial_key(lookup->name, lookup->name_len, zone_len, stage->key);
		return true;
	}
	const size_t len = denial_key(lookup->name, lookup->name_len, zone_len, bytes);
	if (len + DENIAL_KEY_PAD > KEY_KEPT)
		return false;
	memcpy(stage->key, bytes, len + DENIAL_KEY_PAD);
	stage->spot.len = len;
	return true;
}

// Whether the chain is to be searched.
static bool begin(struct stage *stage, struct cache *cache, const struct lookup *lookup,
		  struct denial_answer *out, struct denial_memo *memo)
{
	struct search *search = &stage->search;

	*search = (struct search){.cache = cache, .lookup = lookup, .out = out};
	start(search);
	if (never_said(lookup->type)) {
		memo->labels = 0;
		return false;
	}
	if (!find_zone(search, memo))
		return false;
	if (!keep_key(stage, lookup, search->zone->name_len)) {
		cache_deny(cache, lookup, out);
		return false;
	}
	stage->spot.key = stage->key;
	return denial_begin(search->store, search->zone, TREE_NSEC, &stage->spot);
}

static void conclude_all(struct stage *const *stages, size_t count, struct denial_memo *memo)
{
	for (size_t i = 0; i < count; i++) {
		const struct denial_spot *spot = &stages[i]->spot;
		const struct key key = {spot->len, spot->key};

		conclude(&stages[i]->search, spot->item, &key, &memo->apex);
	}
}

void cache_deny_burst(struct cache *cache, const struct lookup *const *lookups,
		      struct denial_answer *answers, size_t count, struct denial_memo *memo)
{
	struct stage stages[DENIAL_BURST_MAX], *going[DENIAL_BURST_MAX];
	struct denial_spot *spots[DENIAL_BURST_MAX];
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (!begin(&stages[i], cache, lookups[i], &answers[i], memo))
			continue;
		spots[n] = &stages[i].spot;
		going[n++] = &stages[i];
	}
	if (n == 0)
		return;
	const struct denial_store *store = going[0]->search.store;
	denial_find_leaves(store, spots, n);
	for (size_t i = 0; i < n; i++)
		prefetch_lines(spots[i]->leaf, LEAF_PREFETCHED);
	denial_find_items(store, spots, n);
	for (size_t i = 0; i < n; i++) {
		if (spots[i]->item != NULL)
			prefetch_lines(spots[i]->item,
				       going[i]->search.lookup->dnssec ? 6 * 64 : ITEM_PREFETCHED);
	}
	conclude_all(going, n, memo);
}

// ---- NSEC3 (RFC 5155 §8) ----

struct hashing {
	struct search *search;
	denial_hash hash;
	void *arg;
	struct rdata_nsec3 params;
};

static const struct denial_item *floor_of(const struct search *search, const uint8_t hash[HASH_LEN])
{
	uint8_t key[HASH_LEN + DENIAL_KEY_PAD] = {0};

	memcpy(key, hash, HASH_LEN);
	return denial_floor(search->store, search->zone, TREE_NSEC3, key, HASH_LEN);
}

static const struct denial_item *matching(const struct search *search, const uint8_t hash[HASH_LEN])
{
	const struct denial_item *item = floor_of(search, hash);

	return usable(search, item) && memcmp(item_key(item), hash, HASH_LEN) == 0 ? item : NULL;
}

static const struct denial_item *covering(const struct search *search, const uint8_t hash[HASH_LEN])
{
	const struct denial_item *item = floor_of(search, hash);

	if (item == NULL) // before the first: the last one leads past it
		item = denial_last(search->store, search->zone, TREE_NSEC3);
	if (!usable(search, item))
		return NULL;
	bool after = memcmp(item_key(item), hash, HASH_LEN) < 0;
	bool before = memcmp(hash, item_next(item), HASH_LEN) < 0;
	bool last = memcmp(item_key(item), item_next(item), HASH_LEN) >= 0;
	if (memcmp(item_key(item), hash, HASH_LEN) == 0)
		return NULL;
	return (last ? after || before : after && before) ? item : NULL;
}

static bool hash_of(const struct hashing *hashing, const uint8_t *name, uint8_t out[HASH_LEN])
{
	return hashing->hash(hashing->arg, name, &hashing->params, out);
}

// RFC 5155 §8.4, §8.7: the name is not there, the ancestor of so many labels is.
static void below_encloser(const struct hashing *hashing, const struct denial_item *encloser,
			   const struct denial_item *next_closer, size_t labels)
{
	struct search *search = hashing->search;
	uint8_t name[NAME_MAX_LEN], hash[HASH_LEN];

	if ((encloser->flags & DENIAL_STOPS) != 0 ||
	    name_wildcard_of(name_ancestor(search->lookup->name, labels), name) < 0 ||
	    !hash_of(hashing, name, hash))
		return;
	const struct denial_item *wildcard = matching(search, hash);
	if (wildcard != NULL) {
		use(search, next_closer);
		// RFC 5155 §7.2.5: a denial shows the closest encloser; §7.2.6: an answer need not.
		if (bitmap_says(search, wildcard) == SAYS_ABSENT)
			use(search, encloser);
		at_wildcard(search, wildcard, labels);
		return;
	}
	wildcard = covering(search, hash);
	if (wildcard == NULL)
		return;
	use(search, encloser);
	use(search, next_closer);
	use(search, wildcard);
	deny(search, DENIED_NXDOMAIN);
}

static void search_hashes(const struct hashing *hashing)
{
	struct search *search = hashing->search;
	const struct lookup *lookup = search->lookup;
	size_t labels = name_labels(lookup->name);
	uint8_t hash[HASH_LEN];

	if (labels - search->zone->labels > DENIAL_HASHED_LABELS ||
	    !hash_of(hashing, lookup->name, hash))
		return;
	const struct denial_item *match = matching(search, hash);
	if (match != NULL) {
		if (bitmap_says(search, match) != SAYS_ABSENT)
			return;
		use(search, match);
		deny(search, DENIED_NODATA);
		return;
	}
	const struct denial_item *next_closer = covering(search, hash);
	while (labels-- > search->zone->labels) {
		if (!hash_of(hashing, name_ancestor(lookup->name, labels), hash))
			return;
		match = matching(search, hash);
		if (match != NULL) {
			if (next_closer != NULL)
				below_encloser(hashing, match, next_closer, labels);
			return;
		}
		next_closer = covering(search, hash);
	}
}

void cache_deny_hashed(struct cache *cache, const struct lookup *lookup, denial_hash hash,
		       void *arg, struct denial_answer *out)
{
	struct search search = {.cache = cache, .lookup = lookup, .out = out};
	struct denial_memo memo = {.labels = 0};

	start(&search);
	if (never_said(lookup->type) || !find_zone(&search, &memo))
		return;
	const struct denial_item *any = denial_last(search.store, search.zone, TREE_NSEC3);
	if (any == NULL)
		return;
	const struct hashing hashing = {
		.search = &search,
		.hash = hash,
		.arg = arg,
		.params = {.algorithm = 1,
			   .iterations = any->iterations,
			   .salt = item_salt(any),
			   .salt_len = any->salt_len},
	};
	search_hashes(&hashing);
}

// ---- reading ----

const uint8_t *denial_item_records(const struct denial_item *item, size_t *len, uint16_t *count)
{
	*len = item->records_len;
	*count = item->record_count;
	return item_records(item);
}

bool denial_item_next(const struct denial_item *item, const uint8_t *zone, size_t *offset,
		      uint8_t owner[NAME_MAX_LEN], struct record *out)
{
	const uint8_t *p = item_records(item) + *offset;
	size_t len = 0;

	if (*offset >= item->records_len)
		return false;
	while (*p < 0xc0) {
		memcpy(owner + len, p, (size_t)*p + 1);
		len += (size_t)*p + 1;
		p += (size_t)*p + 1;
	}
	name_copy(owner + len, zone);
	p += 2;
	*out = (struct record){
		.owner = owner,
		.type = wire_get16(p),
		.class_ = wire_get16(p + 2),
		.ttl_s = wire_get32(p + 4),
		.rdlen = wire_get16(p + 8),
		.rdata = p + RECORD_FIXED,
	};
	*offset = (size_t)(out->rdata + out->rdlen - item_records(item));
	return true;
}
