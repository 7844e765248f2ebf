// Denial by NSEC (RFC 4035 §5.4, RFC 6840 §4, RFC 9824).
#include "control/validator/denial.h"
#include "dataplane/dns/types.h"

struct nsec {
	const uint8_t *owner;
	struct rdata_nsec rdata;
};

static bool read_nsec(const struct denial_question *q, size_t i, struct nsec *out)
{
	if (!denial_eligible(q, i, TYPE_NSEC))
		return false;
	const struct rrset *rrset = q->proofs[i];
	out->owner = rrset->owner;
	// ATTACKS B2: the chain of a zone does not lead out of it.
	return rdata_nsec(rrset->rdatas[0].data, rrset->rdatas[0].len, &out->rdata) &&
	       name_within(out->rdata.next, q->zone);
}

bool nsec_sound(const struct denial_question *q, size_t i)
{
	struct nsec nsec;

	return read_nsec(q, i, &nsec);
}

static size_t proof_count(const struct denial_question *q)
{
	return q->count < DENIAL_PROOFS_MAX ? q->count : DENIAL_PROOFS_MAX;
}

static bool has(const struct nsec *nsec, uint16_t type)
{
	return rdata_bitmap_has(nsec->rdata.bitmap, nsec->rdata.bitmap_len, type);
}

static bool strictly_below(const uint8_t *name, const uint8_t *ancestor)
{
	return name_within(name, ancestor) && name_labels(name) > name_labels(ancestor);
}

// No record is at name: it lies between owner and next. It may still be an empty non-terminal.
static bool covers(const struct denial_question *q, const struct nsec *nsec, const uint8_t *name)
{
	if (!name_within(name, q->zone) || name_compare(nsec->owner, name) >= 0)
		return false;
	if (strictly_below(name, nsec->owner) &&
	    denial_stops_here(nsec->rdata.bitmap, nsec->rdata.bitmap_len))
		return false;
	// The last record of the zone leads back to the apex.
	return name_equal(nsec->rdata.next, q->zone) || name_compare(name, nsec->rdata.next) < 0;
}

// Name exists, without records, because something below it does.
static bool is_empty_non_terminal(const struct nsec *nsec, const uint8_t *name)
{
	return strictly_below(nsec->rdata.next, name);
}

// Shows that neither name nor anything below it exists.
static bool shows_absent(const struct denial_question *q, size_t i, const uint8_t *name,
			 struct nsec *out)
{
	return read_nsec(q, i, out) && covers(q, out, name) && !is_empty_non_terminal(out, name);
}

// The index of the first record that does, or -1.
static int find_absent(const struct denial_question *q, const uint8_t *name, struct nsec *out)
{
	for (size_t i = 0; i < proof_count(q); i++) {
		if (shows_absent(q, i, name, out))
			return (int)i;
	}
	return -1;
}

static int find_owner(const struct denial_question *q, const uint8_t *name, struct nsec *out)
{
	for (size_t i = 0; i < proof_count(q); i++) {
		if (read_nsec(q, i, out) && name_equal(out->owner, name))
			return (int)i;
	}
	return -1;
}

// Labels of the closest encloser of a name that nsec covers: what it shares with the names on
// both sides, which exist (RFC 4592 §3.3.1).
static size_t encloser_labels(const struct nsec *nsec, const uint8_t *name)
{
	size_t before = name_common_labels(nsec->owner, name);
	size_t after = name_common_labels(nsec->rdata.next, name);

	return before > after ? before : after;
}

static bool wildcard_at(const uint8_t *name, size_t labels, uint8_t out[NAME_MAX_LEN])
{
	return name_wildcard_of(name_ancestor(name, labels), out) > 0;
}

static void nodata_at_owner(const struct denial_question *q, size_t i, const struct nsec *nsec,
			    struct denial *out)
{
	if (denial_bitmap(nsec->rdata.bitmap, nsec->rdata.bitmap_len, q->type,
			  name_is_root(q->name)) != BITMAP_ABSENT)
		return;
	*out = (struct denial){
		.verdict = DENIAL_PROVEN,
		.used = 1u << i,
		.nxname = has(nsec, TYPE_NXNAME),
		.cut = has(nsec, TYPE_NS) ? CUT_INSECURE : CUT_NONE,
	};
}

// The index of the first record that shows that a wildcard exists and does not have the type, or
// -1. One that exists only for what is below it holds nothing (RFC 4592 §2.2.2).
static int find_wildcard_without(const struct denial_question *q, const uint8_t *wildcard)
{
	struct nsec nsec;

	for (size_t i = 0; i < proof_count(q); i++) {
		if (!read_nsec(q, i, &nsec))
			continue;
		if (name_equal(nsec.owner, wildcard)
			    ? denial_bitmap(nsec.rdata.bitmap, nsec.rdata.bitmap_len, q->type,
					    false) == BITMAP_ABSENT
			    : covers(q, &nsec, wildcard) && is_empty_non_terminal(&nsec, wildcard))
			return (int)i;
	}
	return -1;
}

// RFC 4035 §3.1.3.4: the name does not exist, a wildcard matches it, the type is not there.
static void nodata_at_wildcard(const struct denial_question *q, struct denial *out)
{
	uint8_t wildcard[NAME_MAX_LEN];
	struct nsec cover;
	int i = find_absent(q, q->name, &cover);

	if (i < 0 || !wildcard_at(q->name, encloser_labels(&cover, q->name), wildcard))
		return;
	int j = find_wildcard_without(q, wildcard);
	if (j < 0)
		return;
	*out = (struct denial){
		.verdict = DENIAL_PROVEN,
		.used = 1u << i | 1u << j,
		.cut = CUT_NONE,
	};
}

void nsec_nodata(const struct denial_question *q, struct denial *out)
{
	struct nsec nsec;

	*out = (struct denial){0};
	for (size_t i = 0; i < proof_count(q) && out->verdict == DENIAL_NONE; i++) {
		if (!read_nsec(q, i, &nsec))
			continue;
		if (name_equal(nsec.owner, q->name))
			nodata_at_owner(q, i, &nsec, out);
		else if (covers(q, &nsec, q->name) && is_empty_non_terminal(&nsec, q->name))
			*out = (struct denial){DENIAL_PROVEN, 1u << i, false, CUT_NONE};
	}
	if (out->verdict == DENIAL_NONE)
		nodata_at_wildcard(q, out);
}

void nsec_nxdomain(const struct denial_question *q, struct denial *out)
{
	uint8_t wildcard[NAME_MAX_LEN];
	struct nsec nsec, cover;

	*out = (struct denial){0};
	// RFC 9824 §5: NXDOMAIN as the RCODE of a compact denial.
	int i = find_owner(q, q->name, &nsec);
	if (i >= 0) {
		if (has(&nsec, TYPE_NXNAME))
			*out = (struct denial){DENIAL_PROVEN, 1u << i, true, CUT_NONE};
		return;
	}
	i = find_absent(q, q->name, &nsec);
	if (i < 0 || !wildcard_at(q->name, encloser_labels(&nsec, q->name), wildcard))
		return;
	// RFC 4035 §5.4: nor could a wildcard have answered.
	int j = find_absent(q, wildcard, &cover);
	if (j >= 0)
		*out = (struct denial){DENIAL_PROVEN, 1u << i | 1u << j, false, CUT_NOTHING_BELOW};
}

void nsec_wildcard(const struct denial_question *q, size_t labels, struct denial *out)
{
	struct nsec nsec;

	*out = (struct denial){0};
	for (size_t i = 0; i < proof_count(q); i++) {
		// RFC 4035 §5.3.4: the wildcard is the one next to the closest encloser.
		if (shows_absent(q, i, q->name, &nsec) &&
		    encloser_labels(&nsec, q->name) == labels) {
			*out = (struct denial){DENIAL_PROVEN, 1u << i, false, CUT_NONE};
			return;
		}
	}
}
