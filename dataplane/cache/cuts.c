// What rules over the names below its own: NXDOMAINs (RFC 8020) and DNAMEs of ancestors.
#include "dataplane/cache/shard.h"
#include "dataplane/dns/name.h"
#include "dataplane/dns/types.h"

static struct space *space_of(struct cache *cache, uint64_t hash, bool unproven)
{
	struct shard *shard = cache_shard(cache, hash);

	return unproven ? &shard->unproven : &shard->answers;
}

static size_t remove_at(struct cache *cache, const uint8_t *name, bool unproven, cut_chooser chosen,
			void *arg, enum removal why)
{
	static const uint16_t types[] = {0, TYPE_DNAME}; // 0: NXDOMAIN
	size_t len = name_len(name), count = 0;
	uint64_t hash = cache_hash(cache, name, len);
	struct space *space = space_of(cache, hash, unproven);

	for (size_t i = 0; i < 2; i++) {
		struct position position;
		if (!table_find(&space->table, hash, name, len, types[i], &position))
			continue;
		const struct entry *cut = table_at(&space->table, &position);
		if (!entry_is_cut(cut) || !chosen(cut, arg))
			continue;
		space_remove(space, &position, why);
		count++;
	}
	return count;
}

size_t cuts_remove(struct cache *cache, const struct subject *subject, bool unproven,
		   cut_chooser chosen, void *arg, enum removal why)
{
	const struct cuts *cuts = unproven ? &cache->unproven_cuts : &cache->cuts;
	size_t labels = name_labels(subject->name), count = 0;

	for (size_t i = 0; i <= CUT_LABELS_MAX && i < labels; i++) {
		if (atomic_load_explicit(&cuts->count[i], memory_order_relaxed) != 0)
			count += remove_at(cache, name_ancestor(subject->name, i), unproven, chosen,
					   arg, why);
	}
	return count;
}
