// Which entries are in use, for a writer that renews those before they end.
#include "dataplane/cache/shard.h"

struct search {
	uint64_t hash;
	uint32_t what;
	const struct entry *found;
};

static void look(const struct position *position, struct entry *entry, void *arg)
{
	struct search *search = arg;

	(void)position;
	if (entry->hash == search->hash && entry_what(entry) == search->what)
		search->found = entry;
}

const struct entry *cache_find_hash(struct cache *cache, uint64_t hash, uint16_t type)
{
	struct table *table = &cache_shard(cache, hash)->answers.table;
	struct search search = {.hash = hash, .what = table_what(type, false)};

	table_each(table, table_bucket(table, hash), look, &search);
	if (search.found != NULL && flushes_walking(&cache->flushes) &&
	    flushes_cover(cache, search.found))
		return NULL;
	return search.found;
}

bool cache_mark_visited(struct cache *cache, const struct entry *entry, bool visited)
{
	struct position position;

	if (!table_locate(&cache_shard(cache, entry->hash)->answers.table, entry, &position))
		return false;
	bool was = position_visited(&position);
	position_set_visited(&position, visited);
	return was;
}
