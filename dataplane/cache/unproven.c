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

static bool superseded(const struct entry *held, const void *news)
{
	return publish_replaces(news, held);
}

void unproven_supersede(const struct subject *subject, const struct news *news)
{
	struct space *unproven = &subject->shard->unproven;

	// A failure says nothing about data; it is even why somebody asks with CD=1.
	if (news->kind == ENTRY_FAILURE || unproven->table.entries == 0)
		return;
	(void)space_remove_of_name(unproven, subject->hash, subject->name, subject->len, superseded,
				   news, REMOVAL_VOIDED);
}
