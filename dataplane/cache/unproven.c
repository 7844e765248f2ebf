// The UNPROVEN table: data that did not validate, for clients that set CD=1 and do it
// themselves (RFC 4035 §3.2.2). It has memory of its own, so that it can crowd nothing out.
#include "dataplane/cache/shard.h"
#include "dataplane/dns/types.h"

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

bool failure_of_validation(const struct entry *failure)
{
	switch (failure->ede) {
	case EDE_UNSUPPORTED_DNSKEY_ALGORITHM:
	case EDE_UNSUPPORTED_DS_DIGEST:
	case EDE_DNSSEC_INDETERMINATE:
	case EDE_DNSSEC_BOGUS:
	case EDE_SIGNATURE_EXPIRED:
	case EDE_SIGNATURE_NOT_YET_VALID:
	case EDE_DNSKEY_MISSING:
	case EDE_RRSIGS_MISSING:
	case EDE_NO_ZONE_KEY_BIT:
	case EDE_NSEC_MISSING:
	case EDE_SIGNATURE_EXPIRED_BEFORE_VALID:
	case EDE_UNSUPPORTED_NSEC3_ITERATIONS:
		return true;
	default:
		return false;
	}
}
