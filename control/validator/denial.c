#include "control/validator/denial.h"

#include "dataplane/dns/types.h"

bool denial_eligible(const struct denial_question *q, size_t i, uint16_t type)
{
	const struct rrset *rrset = q->proofs[i];
	size_t labels = name_labels(rrset->owner) - (name_is_wildcard(rrset->owner) ? 1 : 0);

	if (q->excluded & 1u << i || rrset->type != type || rrset->count != 1 ||
	    !name_within(rrset->owner, q->zone))
		return false;
	for (size_t k = 0; k < rrset->rrsig_count; k++) {
		struct rdata_rrsig rrsig;
		if (rdata_rrsig(rrset->rrsigs[k].data, rrset->rrsigs[k].len, &rrsig) &&
		    name_equal(rrsig.signer, q->zone) && rrsig.labels == labels)
			return true;
	}
	return false;
}

bool denial_sound(const struct denial_question *q, size_t i)
{
	return nsec_sound(q, i) || nsec3_sound(q, i);
}

enum bitmap_says denial_bitmap(const uint8_t *bitmap, size_t len, uint16_t type, bool at_root)
{
	bool ns = rdata_bitmap_has(bitmap, len, TYPE_NS);
	bool soa = rdata_bitmap_has(bitmap, len, TYPE_SOA);

	// RFC 4035 §5.2, RFC 6840 §4.4: whether there is a DS is the parent's to say.
	if (type == TYPE_DS && soa && !at_root)
		return BITMAP_UNUSABLE;
	// RFC 6840 §4.1: of a delegated name's data the parent says nothing but DS.
	if (type != TYPE_DS && ns && !soa)
		return BITMAP_UNUSABLE;
	if (type == TYPE_ANY && !rdata_bitmap_has(bitmap, len, TYPE_NXNAME))
		return BITMAP_THERE;
	// RFC 6840 §4.3: with a CNAME there the answer would have been the CNAME.
	if (rdata_bitmap_has(bitmap, len, type) || rdata_bitmap_has(bitmap, len, TYPE_CNAME))
		return BITMAP_THERE;
	return BITMAP_ABSENT;
}

bool denial_stops_here(const uint8_t *bitmap, size_t len)
{
	return rdata_bitmap_has(bitmap, len, TYPE_DNAME) ||
	       (rdata_bitmap_has(bitmap, len, TYPE_NS) && !rdata_bitmap_has(bitmap, len, TYPE_SOA));
}

// While a zone moves from one to the other both may be there; either will do.
void denial_nodata(const struct denial_question *q, struct denial *out)
{
	nsec_nodata(q, out);
	if (out->verdict == DENIAL_NONE)
		nsec3_nodata(q, out);
}

void denial_nxdomain(const struct denial_question *q, struct denial *out)
{
	nsec_nxdomain(q, out);
	if (out->verdict == DENIAL_NONE)
		nsec3_nxdomain(q, out);
}

void denial_wildcard(const struct denial_question *q, size_t labels, struct denial *out)
{
	nsec_wildcard(q, labels, out);
	if (out->verdict == DENIAL_NONE)
		nsec3_wildcard(q, labels, out);
}
