#include "control/validator/hashes.h"

#include "dataplane/dns/edns.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/name.h"

#include <openssl/rand.h>

#include <stdlib.h>
#include <string.h>

// Name, salt and iterations stand as 128 bits of keyed hash: nobody can choose two that
// collide, and chance needs 2^64 entries.
struct print {
	uint64_t a, b;
};

struct entry {
	struct print print; // all zero: free
	uint8_t hash[NSEC3_HASH_LEN];
};

struct hashes {
	uint8_t secrets[2][16];
	size_t mask;
	struct entry entries[];
};

struct hashes *hashes_new(size_t entries_max)
{
	size_t count = 1;

	while (count * 2 <= entries_max)
		count *= 2;
	struct hashes *hashes = calloc(1, sizeof(*hashes) + count * sizeof(hashes->entries[0]));
	if (hashes == NULL)
		return NULL;
	hashes->mask = count - 1;
	if (RAND_bytes(hashes->secrets[0], sizeof(hashes->secrets)) != 1) {
		free(hashes);
		return NULL;
	}
	return hashes;
}

void hashes_free(struct hashes *hashes)
{
	free(hashes);
}

static struct print print_of(const struct hashes *hashes, const uint8_t *name,
			     const struct rdata_nsec3 *params)
{
	uint8_t data[NAME_MAX_LEN + 2 + UINT8_MAX];
	size_t len = name_len(name);

	name_lower(data, name, len);
	wire_put16(data + len, params->iterations);
	memcpy(data + len + 2, params->salt, params->salt_len);
	len += 2 + params->salt_len;
	return (struct print){siphash_2_4(hashes->secrets[0], data, len),
			      siphash_2_4(hashes->secrets[1], data, len)};
}

bool hashes_find(const struct hashes *hashes, const uint8_t *name, const struct rdata_nsec3 *params,
		 uint8_t out[NSEC3_HASH_LEN])
{
	struct print print = print_of(hashes, name, params);
	const struct entry *entry = &hashes->entries[print.a & hashes->mask];

	if (entry->print.a != print.a || entry->print.b != print.b)
		return false;
	memcpy(out, entry->hash, NSEC3_HASH_LEN);
	return true;
}

void hashes_add(struct hashes *hashes, const uint8_t *name, const struct rdata_nsec3 *params,
		const uint8_t hash[NSEC3_HASH_LEN])
{
	struct print print = print_of(hashes, name, params);
	struct entry *entry = &hashes->entries[print.a & hashes->mask];

	entry->print = print;
	memcpy(entry->hash, hash, NSEC3_HASH_LEN);
}
