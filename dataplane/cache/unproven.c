// The UNPROVEN table: data that did not validate, for clients that set CD=1 and do it
// themselves (RFC 4035 §3.2.2). It has memory of its own, so that it can crowd nothing out.
#include "dataplane/cache/shard.h"

struct entry_spec unproven_spec(const struct entry_spec *spec)
{
	struct entry_spec kept = *spec;

	if (kept.ttl_s > UNPROVEN_TTL_MAX_S)
		kept.ttl_s = UNPROVEN_TTL_MAX_S;
	kept.stale_s = 0;
	return kept;
}

static bool superseded(const struct entry *held, const void *arg)
{
	const struct entry *news = arg;

	return held->type == news->type || publish_voids(news, held);
}

void unproven_supersede(struct shard *shard, const struct entry *entry)
{
	// A failure says nothing about data; it is even why somebody asks with CD=1.
	if (entry->kind == ENTRY_FAILURE || shard->unproven.table.entries == 0)
		return;
	(void)space_remove_of_name(&shard->unproven, entry->hash, entry_name(entry),
				   entry->name_len, superseded, entry, REMOVAL_VOIDED);
}
