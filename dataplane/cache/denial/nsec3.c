// What NSEC3 records say of a name (RFC 5155 §8), for control: their hashes cost more than
// poll-mode cores have.
#include "dataplane/cache/denial/search.h"
#include "dataplane/dns/name.h"

#define HASH_LEN 20

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

	return search_usable(search, item) && memcmp(item_key(item), hash, HASH_LEN) == 0 ? item
											  : NULL;
}

static const struct denial_item *covering(const struct search *search, const uint8_t hash[HASH_LEN])
{
	const struct denial_item *item = floor_of(search, hash);

	if (item == NULL) // before the first: the last one leads past it
		item = denial_last(search->store, search->zone, TREE_NSEC3);
	if (!search_usable(search, item))
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

// Of what a record that matches, or a wildcard's RRset, shows to be there a newer record can have
// denied a name above, which ends neither: by its hash nobody sees what is below a name.
static bool is_denied_above(const struct hashing *hashing, size_t labels)
{
	const struct search *search = hashing->search;
	uint8_t hash[HASH_LEN];

	while (labels-- > search->zone->labels + 1u) {
		if (!hash_of(hashing, name_ancestor(search->lookup->name, labels), hash) ||
		    covering(search, hash) != NULL)
			return true;
	}
	return false;
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
		search_use(search, next_closer);
		// RFC 5155 §7.2.5: a denial shows the closest encloser; §7.2.6: an answer need not.
		if (bitmap_says(search, wildcard) == SAYS_ABSENT)
			search_use(search, encloser);
		search_at_wildcard(search, wildcard, next_closer, labels);
		return;
	}
	wildcard = covering(search, hash);
	if (wildcard == NULL) {
		(void)search_expand(search, next_closer, labels);
		return;
	}
	search_use(search, encloser);
	search_use(search, next_closer);
	search_use(search, wildcard);
	search_deny(search, DENIED_NXDOMAIN);
}

static void search_hashes(const struct hashing *hashing)
{
	struct search *search = hashing->search;
	const struct lookup *lookup = search->lookup;
	const size_t most = search->zone->labels + (size_t)DENIAL_HASHED_LABELS;
	size_t labels = name_labels(lookup->name);
	uint8_t hash[HASH_LEN];

	// RFC 8020 §2: of a longer name a name above it may be denied, and it is with that.
	const bool whole = labels <= most;
	labels = whole ? labels : most;
	if (!hash_of(hashing, name_ancestor(lookup->name, labels), hash))
		return;
	const struct denial_item *match = matching(search, hash);
	if (match != NULL) {
		if (!whole || bitmap_says(search, match) != SAYS_ABSENT ||
		    is_denied_above(hashing, labels))
			return;
		search_use(search, match);
		search_deny(search, DENIED_NODATA);
		return;
	}
	const struct denial_item *next_closer = covering(search, hash);
	while (labels-- > search->zone->labels) {
		if (!hash_of(hashing, name_ancestor(lookup->name, labels), hash))
			return;
		match = matching(search, hash);
		if (match != NULL) {
			if (next_closer != NULL && !is_denied_above(hashing, labels))
				below_encloser(hashing, match, next_closer, labels);
			return;
		}
		const struct denial_item *covers = covering(search, hash);
		// RFC 5155 §8.8: a wildcard's RRset shows its encloser.
		if (covers == NULL && next_closer != NULL && !is_denied_above(hashing, labels) &&
		    search_expand(search, next_closer, labels))
			return;
		next_closer = covers;
	}
}

void cache_deny_hashed(struct cache *cache, const struct lookup *lookup, denial_hash hash,
		       void *arg, struct denial_answer *out)
{
	struct search search = {.cache = cache, .lookup = lookup, .out = out};
	struct denial_memo memo = {.labels = 0};

	search_start(&search);
	if (search_never_said(lookup->type) || !search_find_zone(&search, &memo))
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
