// Whether two replies to one question say the same. Both came over UDP, to IDs and ports of their
// own: whoever forges them has to be right twice.
#include "control/upstream/exchange.h"

#include <string.h>

#define AGREE_RRSETS_MAX  64 // with more, or more records in one, they are held to differ
#define AGREE_RECORDS_MAX 64

static bool has_rdata(const struct rrset *rrset, const struct rdata *rdata)
{
	for (size_t i = 0; i < rrset->count; i++) {
		if (rrset->rdatas[i].len == rdata->len &&
		    memcmp(rrset->rdatas[i].data, rdata->data, rdata->len) == 0)
			return true;
	}
	return false;
}

// Records of an RRset are distinct: as many, and each of one in the other.
static bool rrsets_agree(const struct rrset *a, const struct rrset *b)
{
	if (b == NULL || a->count != b->count || a->count > AGREE_RECORDS_MAX)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (!has_rdata(b, &a->rdatas[i]))
			return false;
	}
	return true;
}

bool messages_agree(const struct message *a, const struct message *b)
{
	if (a->rcode != b->rcode || a->flags != b->flags)
		return false;
	// What cannot be read of them cannot be compared.
	if (a->lost_count > 0 || b->lost_count > 0 || a->trailing || b->trailing)
		return false;
	for (enum section section = 0; section < SECTION_COUNT; section++) {
		const struct section_rrsets *rrsets = &a->sections[section];

		if (rrsets->count != b->sections[section].count || rrsets->count > AGREE_RRSETS_MAX)
			return false;
		for (size_t i = 0; i < rrsets->count; i++) {
			const struct rrset *rrset = rrsets->rrsets[i];

			if (!rrsets_agree(rrset,
					  message_find(b, section, rrset->owner, rrset->type)))
				return false;
		}
	}
	return true;
}
