#include "dataplane/cache/shard.h"
#include "dataplane/dns/name.h"
#include "dataplane/dns/types.h"

#include <stdlib.h>

bool publish_voids(const struct entry *news, const struct entry *held)
{
	if (news == held || news->kind == ENTRY_FAILURE)
		return false;
	// RFC 2308 §5: it stands for all types; and it came from servers that answered.
	if (news->kind == ENTRY_NXDOMAIN)
		return true;
	if (held->kind == ENTRY_NXDOMAIN)
		return true;
	if (news->kind == ENTRY_CNAME)
		return !type_beside_cname(held->type);
	if (held->kind == ENTRY_FAILURE)
		return held->type == news->type;
	// RFC 1034 §3.6.2: other data, or word that a type is absent, and the CNAME is gone.
	return held->kind == ENTRY_CNAME && !type_beside_cname(news->type);
}

static bool voided_by(const struct entry *held, const void *news)
{
	return publish_voids(news, held);
}

static enum publish_status publish_by_value(struct shard *shard, const struct entry_spec *spec,
					    size_t bytes, uint64_t hash, const struct entry **out)
{
	if (bytes > shard->one_shot_max - shard->one_shot_bytes)
		return PUBLISH_FAILED;
	struct entry *entry = malloc(bytes);
	if (entry == NULL)
		return PUBLISH_FAILED;
	entry_build(spec, hash, entry);
	entry->flags |= ENTRY_ONE_SHOT;
	entry->pins = 1;
	shard->one_shot_bytes += bytes;
	shard->one_shot++;
	*out = entry;
	return ONE_SHOT;
}

// What no look-up would find is not kept: ANY and RRSIG are questions about whatever
// happens to be there (RFC 8482, RFC 4035 §3.1).
static bool by_value_only(const struct entry_spec *spec)
{
	uint16_t type = entry_type_of(spec);

	return spec->one_shot || spec->ttl_s == 0 || type == TYPE_ANY || type == TYPE_RRSIG;
}

static enum publish_status publish_in(struct space *space, const struct entry_spec *spec,
				      size_t bytes, uint64_t hash, const struct entry **out)
{
	if (spec->now_ms > space->now_ms)
		space->now_ms = spec->now_ms;
	struct entry *entry = space_alloc(space, bytes);
	if (entry == NULL)
		return ONE_SHOT;
	entry_build(spec, hash, entry);
	entry->pins = 1;
	// First the new, then the void: no reader finds neither.
	space_put(space, entry);
	(void)space_remove_of_name(space, hash, entry_name(entry), entry->name_len, voided_by,
				   entry, REMOVAL_VOIDED);
	*out = entry;
	return PUBLISHED;
}

enum publish_status cache_publish(struct cache *cache, const struct entry_spec *spec,
				  const struct entry **out)
{
	uint8_t name[NAME_MAX_LEN];
	size_t len = name_len(spec->name);
	long bytes = entry_size(spec);

	*out = NULL;
	if (bytes < 0)
		return PUBLISH_FAILED;
	name_lower(name, spec->name, len);
	uint64_t hash = cache_hash(cache, name, len);
	struct shard *shard = cache_shard(cache, hash);

	bool proven = spec->security != SECURITY_UNPROVEN || spec->kind == ENTRY_FAILURE;
	struct space *space = proven ? &shard->answers : &shard->unproven;
	if (by_value_only(spec) || (size_t)bytes > memory_largest(&space->memory))
		return publish_by_value(shard, spec, (size_t)bytes, hash, out);

	struct entry_spec kept = proven ? *spec : unproven_spec(spec);
	if (publish_in(space, &kept, (size_t)bytes, hash, out) != PUBLISHED)
		return publish_by_value(shard, spec, (size_t)bytes, hash, out);
	if (proven)
		unproven_supersede(shard, *out);
	return PUBLISHED;
}

void cache_pin(struct cache *cache, const struct entry *entry)
{
	(void)cache;
	// The writer's own field in memory that it owns; readers get it as const.
	((struct entry *)(uintptr_t)entry)->pins++;
}

void cache_unpin(struct cache *cache, const struct entry *pinned)
{
	struct entry *entry = (struct entry *)(uintptr_t)pinned;
	struct shard *shard = cache_shard(cache, entry->hash);

	if (--entry->pins > 0)
		return;
	if ((entry->flags & ENTRY_ONE_SHOT) != 0) {
		shard->one_shot_bytes -= entry->bytes;
		free(entry);
	} else if (entry->reserved == ENTRY_HELD) {
		struct space *space = entry->security == SECURITY_UNPROVEN ? &shard->unproven
									   : &shard->answers;
		space_release_held(space, entry);
	}
}
