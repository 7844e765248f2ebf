// Data that say otherwise: what denies a name that is there, or is to be asked for anew, goes.
#include "dataplane/cache/denial/denial.h"
#include "dataplane/cache/denial/place.h"
#include "dataplane/dns/types.h"

#include <string.h>

#define HASH_LEN 20

// Whether a record that matches a name says what data of the type show to be wrong. Type 0: any.
static bool denies_type(const struct denial_item *item, uint16_t type)
{
	bool delegation = item_has(item, TYPE_NS) && !item_has(item, TYPE_SOA);

	return type == 0 || !(item_has(item, type) || (delegation && type != TYPE_DS));
}

// ---- NSEC ----

void denial_refute_nsec(struct denial_store *store, struct denial_zone *zone,
			const struct denial_place *place, uint16_t type)
{
	uint8_t key[DENIAL_KEY_MAX + DENIAL_KEY_PAD];
	size_t len;

	if (!denial_key(place->name, place->len, zone->name_len, key, sizeof(key), &len))
		return;
	const struct denial_item *item = denial_floor(store, zone, TREE_NSEC, key, len);
	if (item == NULL)
		return;
	if (denial_key_compare(item_key(item), item->key_len, key, len) == 0) {
		if (!denies_type(item, type))
			return;
	} else if (item->next_len > 0 &&
		   denial_key_compare(key, len, item_next(item), item->next_len) >= 0) {
		return;
	} else if ((item->flags & DENIAL_STOPS) != 0 &&
		   denial_key_within(key, len, item_key(item), item->key_len)) {
		return;
	}
	denial_remove_one(store, zone, TREE_NSEC, item);
}

// ---- NSEC3 ----

// A chain's parameters. They are copied: a removal may give the record's memory back.
struct hasher {
	denial_hash hash;
	void *arg;
	struct rdata_nsec3 params;
	uint8_t salt[UINT8_MAX];
};

static bool hasher_start(struct hasher *hasher, const struct denial_store *store,
			 const struct denial_zone *zone)
{
	const struct denial_item *any = denial_last(store, zone, TREE_NSEC3);

	if (any == NULL)
		return false;
	memcpy(hasher->salt, item_salt(any), any->salt_len);
	hasher->params = (struct rdata_nsec3){.algorithm = 1,
					      .iterations = any->iterations,
					      .salt = hasher->salt,
					      .salt_len = any->salt_len};
	return true;
}

// The record at the hash, or else the one whose span it is in. NULL: neither.
static const struct denial_item *about(const struct denial_store *store,
				       const struct denial_zone *zone, const uint8_t hash[HASH_LEN],
				       bool *matches)
{
	uint8_t key[HASH_LEN + DENIAL_KEY_PAD] = {0};

	memcpy(key, hash, HASH_LEN);
	const struct denial_item *item = denial_floor(store, zone, TREE_NSEC3, key, HASH_LEN);
	if (item == NULL) // before the first: the last one leads past it
		item = denial_last(store, zone, TREE_NSEC3);
	*matches = item != NULL && memcmp(item_key(item), hash, HASH_LEN) == 0;
	if (item == NULL || *matches)
		return item;
	bool after = memcmp(item_key(item), hash, HASH_LEN) < 0;
	bool before = memcmp(hash, item_next(item), HASH_LEN) < 0;
	bool last = memcmp(item_key(item), item_next(item), HASH_LEN) >= 0;
	return (last ? after || before : after && before) ? item : NULL;
}

// The name is there, and so is every name between it and the zone: nothing may cover one of them.
// What matches the name goes if it denies the type; otherwise the chain knows the name already.
static void refute_nsec3(struct denial_store *store, struct denial_zone *zone, const uint8_t *name,
			 uint16_t type, struct hasher *hasher)
{
	const size_t labels = name_labels(name);
	uint8_t hash[HASH_LEN];

	if (!hasher_start(hasher, store, zone))
		return;
	for (size_t n = labels; n > zone->labels || n == labels; n--) {
		bool matches;
		// No name so deep is denied by its hash.
		if (n > zone->labels + (size_t)DENIAL_HASHED_LABELS)
			continue;
		if (!hasher->hash(hasher->arg, name_ancestor(name, n), &hasher->params, hash))
			return;
		const struct denial_item *item = about(store, zone, hash, &matches);
		if (item != NULL && matches) {
			if (n == labels && denies_type(item, type))
				denial_remove_one(store, zone, TREE_NSEC3, item);
			else if (type != 0)
				return;
		} else if (item != NULL) {
			denial_remove_one(store, zone, TREE_NSEC3, item);
		}
		if (n == 0)
			return;
	}
}

// ---- a name ----

// The deepest zone with at most so many of the name's labels of which anything is kept.
static struct denial_zone *zone_above(struct cache *cache, const uint8_t *name, size_t labels,
				      struct denial_place *out)
{
	for (size_t n = labels + 1; n-- > 0;) {
		denial_place(cache, name_ancestor(name, n), out);
		struct denial_zone *zone = denial_place_zone(out);
		if (zone != NULL)
			return zone;
	}
	return NULL;
}

void cache_denial_refute(struct cache *cache, const uint8_t *name, uint16_t type,
			 const uint8_t *signer, denial_hash hash, void *arg)
{
	const size_t labels = name_labels(name);
	struct hasher hasher = {.hash = hash, .arg = arg};
	struct denial_place place, above;

	denial_place(cache, name, &place);
	if (place.store->bytes == 0 || (type == TYPE_DS && labels == 0))
		return;
	struct denial_zone *zone = zone_above(cache, name, labels - (type == TYPE_DS), &above);
	if (zone == NULL)
		return;
	denial_refute_nsec(above.store, zone, &place, type);
	if (hash == NULL)
		return;
	// Where the signer is a zone further down, it is its delegation that is there.
	const bool below = signer != NULL && name_labels(signer) > zone->labels;
	if (below && name_within(name, signer))
		refute_nsec3(above.store, zone, name_ancestor(place.name, name_labels(signer)),
			     TYPE_NS, &hasher);
	else
		refute_nsec3(above.store, zone, place.name, type, &hasher);
}

void cache_denial_flush(struct cache *cache, const uint8_t *name, denial_hash hash, void *arg)
{
	struct hasher hasher = {.hash = hash, .arg = arg};
	size_t labels = name_labels(name);
	struct denial_place place, above;

	denial_place(cache, name, &place);
	if (place.store->bytes == 0)
		return;
	for (bool own = true; own; labels--) {
		struct denial_zone *zone = zone_above(cache, name, labels, &above);
		if (zone == NULL)
			return;
		denial_refute_nsec(above.store, zone, &place, 0);
		if (hash != NULL)
			refute_nsec3(above.store, zone, place.name, 0, &hasher);
		// The DS of a zone is denied above it.
		own = zone->labels == labels && labels == name_labels(name) && labels > 0;
	}
}
