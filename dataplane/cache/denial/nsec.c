// What NSEC records say of a name (RFC 8198), one by one and by the burst. Names are compared by
// their keys.
#include "dataplane/cache/denial/search.h"

struct key {
	size_t len;
	const uint8_t *bytes; // padded
};

// Item leads past the key.
static bool spans(const struct denial_item *item, const struct key *key)
{
	return item->next_len == 0 ||
	       denial_key_compare(key->bytes, key->len, item_next(item), item->next_len) < 0;
}

// Nothing stands at the key, for item leads past it, and may say so (RFC 6840 §4.1).
static bool covers(const struct denial_item *item, const struct key *key)
{
	if (!spans(item, key))
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
	*out = (struct denial_wildcard){search->zone, search_usable(search, item) ? item : NULL,
					WILDCARD_UNKNOWN};
	if (out->item == NULL)
		return;
	if (matches(item, &key))
		out->is = WILDCARD_THERE;
	else if (spans(item, &key))
		out->is = covers(item, &key) && !leads_below(item, &key) ? WILDCARD_ABSENT
									 : WILDCARD_SILENT;
}

// The name's encloser is a delegation or has a DNAME: what stands below is not the zone's to say.
static bool encloser_stops(const struct search *search, const uint8_t *bytes, size_t len)
{
	uint8_t padded[DENIAL_KEY_MAX + DENIAL_KEY_PAD];
	const struct key key = {len, padded};

	memcpy(padded, bytes, len);
	memset(padded + len, 0, DENIAL_KEY_PAD);
	const struct denial_item *item =
		denial_floor(search->store, search->zone, TREE_NSEC, key.bytes, key.len);
	return item != NULL && matches(item, &key) && (item->flags & DENIAL_STOPS) != 0;
}

// item shows that nothing stands at the key, whose encloser's key has so many bytes.
static void at_wildcard(struct search *search, const struct denial_wildcard *wildcard,
			const struct denial_item *item, const struct key *key, size_t len)
{
	const size_t labels = search->zone->labels + labels_of_key(key->bytes, len);

	if (wildcard->is == WILDCARD_ABSENT) {
		search_use(search, item);
		search_use(search, wildcard->item);
		search_deny(search, DENIED_NXDOMAIN);
	} else if (wildcard->is == WILDCARD_SILENT || encloser_stops(search, key->bytes, len)) {
		return;
	} else if (wildcard->is == WILDCARD_THERE) {
		search_use(search, item);
		search_at_wildcard(search, wildcard->item, item, labels);
	} else {
		// That there is one its RRset shows as well.
		(void)search_expand(search, item, labels);
	}
}

// The wildcard of a burst's names is mostly one, that of the apex.
static void look_for_wildcard(struct search *search, const struct denial_item *item,
			      const struct key *key, struct denial_wildcard *apex)
{
	const size_t len = encloser_len(item, key);
	struct denial_wildcard deeper;

	if (len > 0) {
		find_wildcard(search, key->bytes, len, &deeper);
		at_wildcard(search, &deeper, item, key, len);
		return;
	}
	if (apex->zone != search->zone)
		find_wildcard(search, key->bytes, 0, apex);
	at_wildcard(search, apex, item, key, 0);
}

// What the greatest that is not greater than the name says.
static void conclude(struct search *search, const struct denial_item *item, const struct key *key,
		     struct denial_wildcard *apex)
{
	if (!search_usable(search, item))
		return;
	if (matches(item, key)) {
		if (bitmap_says(search, item) != SAYS_ABSENT)
			return;
		search_use(search, item);
		search_deny(search, DENIED_NODATA);
	} else if (covers(item, key)) {
		if (!leads_below(item, key)) {
			look_for_wildcard(search, item, key, apex);
			return;
		}
		search_use(search, item);
		search_deny(search, DENIED_NODATA);
	}
}

void cache_deny(struct cache *cache, const struct lookup *lookup, struct denial_answer *out)
{
	struct search search = {.cache = cache, .lookup = lookup, .out = out};
	struct denial_memo memo = {.labels = 0};
	uint8_t bytes[DENIAL_KEY_MAX + DENIAL_KEY_PAD];

	search_start(&search);
	if (search_never_said(lookup->type) || !search_find_zone(&search, &memo))
		return;
	struct key key = {.bytes = bytes};
	if (!denial_key(lookup->name, lookup->name_len, search.zone->name_len, bytes, sizeof(bytes),
			&key.len))
		return;
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
	return denial_key(lookup->name, lookup->name_len, zone_len, stage->key, sizeof(stage->key),
			  &stage->spot.len);
}

// Whether the chain is to be searched.
static bool begin(struct stage *stage, struct cache *cache, const struct lookup *lookup,
		  struct denial_answer *out, struct denial_memo *memo)
{
	struct search *search = &stage->search;

	*search = (struct search){.cache = cache, .lookup = lookup, .out = out};
	search_start(search);
	if (search_never_said(lookup->type)) {
		memo->labels = 0;
		return false;
	}
	if (!search_find_zone(search, memo))
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
