#include "tests/oracle/rrsets.h"

bool rrset_same_data(const struct rrset *a, const struct rrset *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		bool found = false;
		for (size_t k = 0; k < b->count && !found; k++)
			found = a->rdatas[i].len == b->rdatas[k].len &&
				memcmp(a->rdatas[i].data, b->rdatas[k].data, a->rdatas[i].len) == 0;
		if (!found)
			return false;
	}
	return true;
}

bool rrset_signed_among(const struct said *said, size_t count, const struct rrset *rrset,
			const struct rdata *rrsig)
{
	for (size_t i = 0; i < count; i++) {
		const struct rrset *of = said[i].rrset;
		for (size_t k = 0; of != NULL && of->type == rrset->type && k < of->rrsig_count;
		     k++) {
			if (of->rrsigs[k].len == rrsig->len &&
			    memcmp(of->rrsigs[k].data, rrsig->data, rrsig->len) == 0)
				return true;
		}
	}
	return false;
}

// RFC 4035 §5.3.4: fewer labels were signed than the owner has; an asterisk in front is not counted
// (RFC 4034 §3.1.3).
bool rrset_signed_as_wildcard(const struct rrset *rrset)
{
	const uint8_t *owner = rrset->owner;
	unsigned labels = name_labels(owner) - (owner[0] == 1 && owner[1] == '*');

	for (size_t i = 0; i < rrset->rrsig_count; i++) {
		if (rrset->rrsigs[i].len > 3 && rrset->rrsigs[i].data[3] < labels)
			return true;
	}
	return false;
}
