#include "dataplane/cache/shard.h"
#include "dataplane/dns/name.h"

void subject_find(struct cache *cache, const uint8_t *name, struct subject *out)
{
	out->len = name_len(name);
	name_lower(out->name, name, out->len);
	out->hash = cache_hash(cache, out->name, out->len);
	out->shard = cache_shard(cache, out->hash);
}

static size_t flush_subject(const struct subject *subject, space_chooser chosen, const void *arg)
{
	struct shard *shard = subject->shard;

	return space_remove_of_name(&shard->answers, subject->hash, subject->name, subject->len,
				    chosen, arg, REMOVAL_FLUSHED) +
	       space_remove_of_name(&shard->unproven, subject->hash, subject->name, subject->len,
				    chosen, arg, REMOVAL_FLUSHED);
}

size_t cache_flush_name(struct cache *cache, const uint8_t *name)
{
	struct subject subject;

	subject_find(cache, name, &subject);
	cache_denial_flush(cache, subject.name, NULL, NULL);
	return flush_subject(&subject, NULL, NULL);
}

// An NXDOMAIN answers for the type as well: left in place, the flush would have no effect.
static bool of_type(const struct entry *entry, const void *arg)
{
	const uint16_t *type = arg;

	return entry->type == *type || entry->kind == ENTRY_NXDOMAIN;
}

size_t cache_flush_type(struct cache *cache, const uint8_t *name, uint16_t type)
{
	struct subject subject;

	subject_find(cache, name, &subject);
	cache_denial_flush(cache, subject.name, NULL, NULL);
	return flush_subject(&subject, of_type, &type);
}

static bool failure_of_type(const struct entry *entry, const void *arg)
{
	const uint16_t *type = arg;

	return entry->kind == ENTRY_FAILURE && entry->type == *type;
}

bool cache_flush_failure(struct cache *cache, const uint8_t *name, uint16_t type)
{
	struct subject subject;

	subject_find(cache, name, &subject);
	return flush_subject(&subject, failure_of_type, &type) > 0;
}

static bool in_zone(const struct entry *entry, const void *zone)
{
	return name_within(entry_name(entry), zone);
}

static size_t flush_everywhere(struct cache *cache, space_chooser chosen, const void *arg)
{
	size_t count = 0;

	for (unsigned i = 0; i < cache->shard_count; i++) {
		struct shard *shard = &cache->shards[i];
		count += space_remove_all(&shard->answers, chosen, arg, REMOVAL_FLUSHED);
		count += space_remove_all(&shard->unproven, chosen, arg, REMOVAL_FLUSHED);
	}
	return count;
}

size_t cache_flush_zone(struct cache *cache, const uint8_t *zone)
{
	cache_denial_forget(cache, zone);
	return flush_everywhere(cache, in_zone, zone);
}

size_t cache_flush_all(struct cache *cache)
{
	cache_denial_forget(cache, NULL);
	return flush_everywhere(cache, NULL, NULL);
}
