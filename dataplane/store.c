#include "dataplane/store.h"

#include "dataplane/serving.h"

#include <stdlib.h>
#include <string.h>

struct store *store_new(const struct store_config *config, char *err, size_t err_len)
{
	struct store *store = aligned_alloc(_Alignof(struct store), sizeof(*store));

	if (!store) {
		if (err_len > 0)
			err[0] = '\0';
		strncat(err, "no memory for the store", err_len > 0 ? err_len - 1 : 0);
		return NULL;
	}
	memset(store, 0, sizeof(*store));
	store->acl = config->acl;
	store->rotate = config->rotate;
	memcpy(store->cookie_secret, config->cookie_secret, sizeof(store->cookie_secret));
	store->stale_ttl_s = config->stale_ttl_s;
	memcpy(store->identity, config->identity, sizeof(store->identity) - 1);
	memcpy(store->version, config->version, sizeof(store->version) - 1);
	store->cache = cache_new(&config->cache, err, err_len);
	if (!store->cache) {
		free(store);
		return NULL;
	}
	return store;
}

void store_free(struct store *store)
{
	if (!store)
		return;
	cache_free(store->cache);
	explicit_bzero(store->cookie_secret, sizeof(store->cookie_secret));
	free(store);
}

bool store_allows(const struct store *store, const struct address *client)
{
	return acl_lookup(store->acl, client) == ACL_ALLOW;
}

struct cache *store_cache(struct store *store)
{
	return store->cache;
}

void store_set_clock(struct store *store, const struct store_clock *clock)
{
	atomic_store_explicit(&store->now_ms, clock->now_ms, memory_order_relaxed);
	atomic_store_explicit(&store->wall, clock->now_s * 2 + clock->trusted,
			      memory_order_relaxed);
}

void store_get_clock(const struct store *store, struct store_clock *out)
{
	int64_t wall = atomic_load_explicit(&store->wall, memory_order_relaxed);

	out->now_ms = atomic_load_explicit(&store->now_ms, memory_order_relaxed);
	out->trusted = wall & 1;
	out->now_s = (wall - (wall & 1)) / 2;
}

// A reader may see some tags of before and some of after: each word by itself is right.
void store_set_root_tags(struct store *store, const uint16_t *tags, size_t count)
{
	struct answer_root_tags *root = &store->root_tags;
	uint64_t words[sizeof(root->words) / sizeof(root->words[0])] = {0};

	for (size_t i = 0; i < count; i++)
		words[tags[i] / 64] |= 1ull << tags[i] % 64;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		atomic_store_explicit(&root->words[i], words[i], memory_order_relaxed);
	// Release: partner of the acquire in sentinel_denies(); the first tags are there.
	atomic_store_explicit(&root->known, true, memory_order_release);
}

struct answer_context serving_context(const struct store *store, const struct query *query,
				      const struct moment *moment)
{
	struct answer_context context = {
		.now_ms = moment->now_ms,
		.now_s = moment->now_s,
		.clock_trusted = moment->clock_trusted,
		.rotation = moment->rotation,
		.rotate = store->rotate,
		.limit = moment->tcp ? UINT16_MAX : query_udp_limit(query),
		.tcp = moment->tcp,
		.client_addr = moment->client->bytes,
		.client_addr_len = moment->client->family == 4 ? 4 : 16,
		.stale_ttl_s = store->stale_ttl_s,
		.root_tags = &store->root_tags,
	};

	memcpy(context.cookie_secret, store->cookie_secret, sizeof(context.cookie_secret));
	return context;
}
