#include "crypto/key.h"
#include "crypto/key_parse.h"
#include "dataplane/dns/edns.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 4096

struct keys {
	struct key **buckets;
	size_t bucket_mask;
	size_t count, max;
	struct list used;
	uint64_t last_id;
	uint64_t parsed;
	uint8_t secret[16];
};

struct keys *keys_new(size_t keys_max)
{
	struct keys *keys = calloc(1, sizeof(*keys));
	size_t buckets = 64;

	if (keys == NULL)
		return NULL;
	keys->max = keys_max != 0 ? keys_max : KEYS_MAX;
	while (buckets < keys->max)
		buckets *= 2;
	keys->bucket_mask = buckets - 1;
	keys->buckets = calloc(buckets, sizeof(keys->buckets[0]));
	list_init(&keys->used);
	if (keys->buckets == NULL || RAND_bytes(keys->secret, sizeof(keys->secret)) != 1) {
		free(keys->buckets);
		free(keys);
		return NULL;
	}
	return keys;
}

static void drop(struct keys *keys, struct key *key)
{
	struct key **p = &keys->buckets[key->hash & keys->bucket_mask];

	while (*p != key)
		p = &(*p)->next;
	*p = key->next;
	list_remove(&key->used);
	keys->count--;
	key->cached = false;
	key_unref(key);
}

void keys_free(struct keys *keys)
{
	if (keys == NULL)
		return;
	while (!list_empty(&keys->used)) {
		struct key *key = LIST_OF(keys->used.next, struct key, used);
		assert(key->refs == 1);
		drop(keys, key);
	}
	free(keys->buckets);
	free(keys);
}

void key_unref(struct key *key)
{
	if (--key->refs > 0)
		return;
	key_unparse(key);
	free(key);
}

static struct key *in_bucket(struct keys *keys, uint64_t hash, const uint8_t *dnskey, size_t len)
{
	for (struct key *key = keys->buckets[hash & keys->bucket_mask]; key; key = key->next) {
		if (key->hash == hash && key->rdlen == len && memcmp(key->rdata, dnskey, len) == 0)
			return key;
	}
	return NULL;
}

static struct key *parse(struct keys *keys, uint64_t hash, const uint8_t *dnskey, size_t len)
{
	struct key *key = calloc(1, sizeof(*key) + len);

	if (key == NULL)
		return NULL;
	key->id = ++keys->last_id;
	key->hash = hash;
	key->rdlen = len;
	memcpy(key->rdata, dnskey, len);
	list_init(&key->pending);
	list_init(&key->ready);
	list_init(&key->used);
	keys->parsed++;
	key_parse(key);
	// Keys in use outlive their place in the cache.
	while (keys->count >= keys->max)
		drop(keys, LIST_OF(keys->used.next, struct key, used));
	key->refs = 1;
	key->cached = true;
	key->next = keys->buckets[hash & keys->bucket_mask];
	keys->buckets[hash & keys->bucket_mask] = key;
	keys->count++;
	return key;
}

static struct key *use(struct keys *keys, struct key *key)
{
	if (key == NULL)
		return NULL;
	list_remove(&key->used);
	list_push(&keys->used, &key->used);
	key->refs++;
	return key;
}

struct key *keys_find(struct keys *keys, const uint8_t *dnskey, size_t len)
{
	return use(keys, in_bucket(keys, siphash_1_3(keys->secret, dnskey, len), dnskey, len));
}

struct key *keys_add(struct keys *keys, const uint8_t *dnskey, size_t len)
{
	return use(keys, parse(keys, siphash_1_3(keys->secret, dnskey, len), dnskey, len));
}

uint64_t keys_parsed(const struct keys *keys)
{
	return keys->parsed;
}
