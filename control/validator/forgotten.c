#include "control/validator/forgotten.h"

#include "dataplane/dns/edns.h" // siphash

#include <string.h>

void forgotten_init(struct forgotten *forgotten, const uint8_t key[16])
{
	memset(forgotten, 0, sizeof(*forgotten));
	memcpy(forgotten->key, key, sizeof(forgotten->key));
}

// 0 says that a place is free.
static uint64_t hash_of(const struct forgotten *forgotten, const uint8_t *name)
{
	uint64_t hash = siphash_1_3(forgotten->key, name, name_len(name));

	return hash != 0 ? hash : 1;
}

// The name's place, or the free one that it would have; NULL: neither is near.
static struct forgotten_name *find(const struct forgotten *forgotten, uint64_t hash)
{
	for (size_t i = 0; i < FORGOTTEN_PROBED; i++) {
		const struct forgotten_name *place =
			&forgotten->places[(hash + i) & (FORGOTTEN_MAX - 1)];
		if (place->hash == hash || place->hash == 0)
			return (struct forgotten_name *)(uintptr_t)place;
	}
	return NULL;
}

void forgotten_add(struct forgotten *forgotten, const uint8_t *name, size_t buckets)
{
	uint64_t hash = hash_of(forgotten, name);
	struct forgotten_name *place = find(forgotten, hash);
	bool is_new = place != NULL && place->hash == 0;

	forgotten->moment++;
	forgotten->ends = forgotten->passed + buckets;
	// XXX: with so many names before the hand is through, a second's worth, all that is known
	// goes with them, and is asked for again.
	if (name_is_root(name) || place == NULL || (is_new && forgotten->count == FORGOTTEN_USED)) {
		forgotten->root = forgotten->moment;
		return;
	}
	if (is_new) {
		forgotten->count++;
		forgotten->labels[name_labels(name)]++;
	}
	*place = (struct forgotten_name){hash, forgotten->moment};
}

void forgotten_passed(struct forgotten *forgotten, size_t buckets)
{
	forgotten->passed += buckets;
	if (forgotten_any(forgotten) || forgotten->count == 0)
		return;
	memset(forgotten->places, 0, sizeof(forgotten->places));
	memset(forgotten->labels, 0, sizeof(forgotten->labels));
	forgotten->count = 0;
}

bool forgotten_has(const struct forgotten *forgotten, const uint8_t *name, uint64_t made)
{
	if (made < forgotten->root)
		return true;
	for (size_t labels = name_labels(name); labels > 0; labels--) {
		if (forgotten->labels[labels] > 0) {
			const struct forgotten_name *place =
				find(forgotten, hash_of(forgotten, name));
			if (place != NULL && place->hash != 0 && made < place->moment)
				return true;
		}
		name = name_skip(name, 1);
	}
	return false;
}
