// Denial by NSEC3 (RFC 5155 §8, RFC 9276).
#include "control/validator/denial.h"
#include "crypto/digest.h"
#include "dataplane/dns/types.h"

#include <string.h>

#define NSEC3_SHA1    1
#define HASH_TEXT_LEN 32 // base32hex of 20 octets

struct nsec3 {
	size_t index; // in the proofs
	uint8_t hash[NSEC3_HASH_LEN];
	struct rdata_nsec3 rdata;
};

struct nsec3_set {
	const struct denial_question *question;
	size_t count;
	struct nsec3 items[DENIAL_PROOFS_MAX]; // all with the parameters of the first
	bool out_of_budget;
};

static bool read_nsec3(const struct denial_question *q, size_t i, struct nsec3 *out)
{
	if (!denial_eligible(q, i, TYPE_NSEC3))
		return false;
	const struct rrset *rrset = q->proofs[i];
	out->index = i;
	// ATTACKS B3: the owner is one hash in front of the signer's very name.
	if (name_labels(rrset->owner) != name_labels(q->zone) + 1 ||
	    rrset->owner[0] != HASH_TEXT_LEN ||
	    base32hex_decode(rrset->owner + 1, HASH_TEXT_LEN, out->hash, NSEC3_HASH_LEN) !=
		    NSEC3_HASH_LEN)
		return false;
	// RFC 5155 §8.1, §8.2: unknown hash algorithms and flags are ignored.
	return rdata_nsec3(rrset->rdatas[0].data, rrset->rdatas[0].len, &out->rdata) &&
	       out->rdata.algorithm == NSEC3_SHA1 && (out->rdata.flags & ~NSEC3_OPTOUT) == 0 &&
	       out->rdata.next_len == NSEC3_HASH_LEN;
}

bool nsec3_sound(const struct denial_question *q, size_t i)
{
	struct nsec3 nsec3;

	return read_nsec3(q, i, &nsec3);
}

static bool same_parameters(const struct rdata_nsec3 *a, const struct rdata_nsec3 *b)
{
	return a->iterations == b->iterations && a->salt_len == b->salt_len &&
	       memcmp(a->salt, b->salt, a->salt_len) == 0;
}

// False: nothing to work with, or too many iterations, which *out says then.
static bool collect(const struct denial_question *q, struct nsec3_set *set, struct denial *out)
{
	*out = (struct denial){0};
	set->question = q;
	set->count = 0;
	set->out_of_budget = false;
	for (size_t i = 0; i < q->count && i < DENIAL_PROOFS_MAX; i++) {
		struct nsec3 *item = &set->items[set->count];
		if (!read_nsec3(q, i, item))
			continue;
		if (item->rdata.iterations > q->iterations_max) {
			*out = (struct denial){DENIAL_ITERATIONS, 1u << i, false, CUT_INSECURE};
			return false;
		}
		if (set->count == 0 || same_parameters(&item->rdata, &set->items[0].rdata))
			set->count++;
	}
	return set->count > 0;
}

static bool hash_of(struct nsec3_set *set, const uint8_t *name, uint8_t hash[NSEC3_HASH_LEN])
{
	const struct denial_question *q = set->question;

	if (!q->hash(q->arg, name, &set->items[0].rdata, hash))
		set->out_of_budget = true;
	return !set->out_of_budget;
}

static const struct nsec3 *matching(const struct nsec3_set *set, const uint8_t hash[])
{
	for (size_t i = 0; i < set->count; i++) {
		if (memcmp(set->items[i].hash, hash, NSEC3_HASH_LEN) == 0)
			return &set->items[i];
	}
	return NULL;
}

static const struct nsec3 *covering(const struct nsec3_set *set, const uint8_t hash[])
{
	for (size_t i = 0; i < set->count; i++) {
		const struct nsec3 *n = &set->items[i];
		bool after = memcmp(n->hash, hash, NSEC3_HASH_LEN) < 0;
		bool before = memcmp(hash, n->rdata.next, NSEC3_HASH_LEN) < 0;
		// The last one of the zone leads back to the first.
		bool last = memcmp(n->hash, n->rdata.next, NSEC3_HASH_LEN) >= 0;
		if (memcmp(n->hash, hash, NSEC3_HASH_LEN) != 0 &&
		    (last ? after || before : after && before))
			return n;
	}
	return NULL;
}

static uint32_t bit(const struct nsec3 *n)
{
	return 1u << n->index;
}

// RFC 5155 §8.3, from the apex down: the ancestor that exists and whose next longer name does not.
struct encloser {
	const uint8_t *name;
	const struct nsec3 *match; // of the closest encloser
	const struct nsec3 *cover; // of the next closer name
};

static bool find_encloser(struct nsec3_set *set, const uint8_t *name, struct encloser *out)
{
	const struct denial_question *q = set->question;
	size_t labels = name_labels(q->zone), name_count = name_labels(name);
	const struct nsec3 *match = NULL;
	uint8_t hash[NSEC3_HASH_LEN];

	if (!name_within(name, q->zone))
		return false;
	for (; labels <= name_count; labels++) {
		const uint8_t *at = name_ancestor(name, labels);
		if (!hash_of(set, at, hash))
			return false;
		if (match != NULL && (out->cover = covering(set, hash)) != NULL) {
			out->match = match;
			out->name = name_skip(at, 1);
			// RFC 5155 §8.3: not the record of a delegation or a DNAME.
			return !denial_stops_here(match->rdata.bitmap, match->rdata.bitmap_len);
		}
		match = matching(set, hash);
	}
	return false;
}

static const struct nsec3 *at_wildcard(struct nsec3_set *set, const struct encloser *encloser,
				       bool covered)
{
	uint8_t wildcard[NAME_MAX_LEN], hash[NSEC3_HASH_LEN];

	if (name_wildcard_of(encloser->name, wildcard) < 0 || !hash_of(set, wildcard, hash))
		return NULL;
	return covered ? covering(set, hash) : matching(set, hash);
}

static bool opts_out(const struct nsec3 *n)
{
	return n->rdata.flags & NSEC3_OPTOUT;
}

// RFC 5155 §8.5, §8.6.
static void nodata_at_name(const struct denial_question *q, const struct nsec3 *match,
			   struct denial *out)
{
	const struct rdata_nsec3 *rdata = &match->rdata;

	if (denial_bitmap(rdata->bitmap, rdata->bitmap_len, q->type, name_is_root(q->name)) !=
	    BITMAP_ABSENT)
		return;
	bool ns = rdata_bitmap_has(rdata->bitmap, rdata->bitmap_len, TYPE_NS);
	*out = (struct denial){
		.verdict = DENIAL_PROVEN,
		.used = bit(match),
		.cut = ns ? CUT_INSECURE : CUT_NONE,
	};
}

// RFC 5155 §8.7, and §8.6 for an insecure delegation, or an empty non-terminal above one, inside
// an opt-out span.
static void nodata_without_match(struct nsec3_set *set, struct denial *out)
{
	const struct denial_question *q = set->question;
	struct encloser encloser;

	if (!find_encloser(set, q->name, &encloser))
		return;
	uint32_t used = bit(encloser.match) | bit(encloser.cover);
	// No DS comes from a wildcard: that the record of one is there, because its span is the
	// one that covers, says nothing about it.
	const struct nsec3 *wildcard = q->type == TYPE_DS && opts_out(encloser.cover)
					       ? NULL
					       : at_wildcard(set, &encloser, false);
	if (wildcard != NULL && denial_bitmap(wildcard->rdata.bitmap, wildcard->rdata.bitmap_len,
					      q->type, false) != BITMAP_ABSENT)
		return;
	if (set->out_of_budget)
		return;
	// RFC 5155 §9.2: what an opt-out span covers is not secure.
	if (opts_out(encloser.cover))
		*out = (struct denial){DENIAL_OPT_OUT, used | (wildcard ? bit(wildcard) : 0), false,
				       CUT_INSECURE};
	else if (wildcard != NULL)
		*out = (struct denial){DENIAL_PROVEN, used | bit(wildcard), false, CUT_NONE};
}

static void note_budget(const struct nsec3_set *set, struct denial *out)
{
	if (set->out_of_budget)
		*out = (struct denial){.verdict = DENIAL_BUDGET};
}

void nsec3_nodata(const struct denial_question *q, struct denial *out)
{
	struct nsec3_set set;
	uint8_t hash[NSEC3_HASH_LEN];

	if (!collect(q, &set, out))
		return;
	if (hash_of(&set, q->name, hash)) {
		const struct nsec3 *match = matching(&set, hash);
		if (match != NULL)
			nodata_at_name(q, match, out);
		else
			nodata_without_match(&set, out);
	}
	note_budget(&set, out);
}

// RFC 5155 §8.4.
void nsec3_nxdomain(const struct denial_question *q, struct denial *out)
{
	struct nsec3_set set;
	struct encloser encloser;

	if (!collect(q, &set, out))
		return;
	if (find_encloser(&set, q->name, &encloser)) {
		const struct nsec3 *wildcard = at_wildcard(&set, &encloser, true);
		uint32_t used = bit(encloser.match) | bit(encloser.cover);
		bool opt_out = opts_out(encloser.cover);
		if (wildcard != NULL)
			*out = (struct denial){
				.verdict = opt_out ? DENIAL_OPT_OUT : DENIAL_PROVEN,
				.used = used | bit(wildcard),
				.cut = opt_out ? CUT_INSECURE : CUT_NOTHING_BELOW,
			};
	}
	note_budget(&set, out);
}

// RFC 5155 §8.8: the closest encloser is known by the RRSIG's labels.
void nsec3_wildcard(const struct denial_question *q, size_t labels, struct denial *out)
{
	struct nsec3_set set;
	uint8_t hash[NSEC3_HASH_LEN];

	if (!collect(q, &set, out))
		return;
	if (hash_of(&set, name_ancestor(q->name, labels + 1), hash)) {
		const struct nsec3 *cover = covering(&set, hash);
		if (cover != NULL)
			*out = (struct denial){
				.verdict = opts_out(cover) ? DENIAL_OPT_OUT : DENIAL_PROVEN,
				.used = bit(cover),
				.cut = CUT_NONE,
			};
	}
	note_budget(&set, out);
}
