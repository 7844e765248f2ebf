#include "control/validator/signature.h"

#include "control/validator/time.h"
#include "crypto/algorithm.h"
#include "dataplane/dns/types.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TOLERATED_TTL_S 30
#define ZONE_PROTOCOL   3

// POSIX seconds of what an RRSIG says (RFC 4034 §3.1.5).
static int64_t seconds_of(uint32_t serial, int64_t now_s)
{
	return now_s + (int32_t)(serial - (uint32_t)now_s);
}

// The first cause stands, unless it only says that a key is missing.
__attribute__((format(printf, 3, 4))) static void blame(struct signature *s, int ede,
							const char *format, ...)
{
	va_list args;

	if (s->ede != EDE_NONE && !s->key_missing)
		return;
	s->ede = ede;
	s->key_missing = false;
	s->fault = (struct signature_fault){
		.known = s->trying.covered == s->rrset->type,
		.key_tag = s->trying.key_tag,
		.algorithm = s->trying.algorithm,
		.inception_s = seconds_of(s->trying.inception, s->context->now_s),
		.expiration_s = seconds_of(s->trying.expiration, s->context->now_s),
	};
	va_start(args, format);
	vsnprintf(s->cause, sizeof(s->cause), format, args);
	va_end(args);
}

static void blame_missing_key(struct signature *s, const struct rdata_rrsig *rrsig)
{
	if (s->ede != EDE_NONE)
		return;
	blame(s, EDE_DNSKEY_MISSING, "no DNSKEY with the RRSIG's key tag %u and algorithm %u",
	      rrsig->key_tag, rrsig->algorithm);
	s->key_missing = true;
}

void signature_start(struct signature *s, struct signature_context *context,
		     const struct rrset *rrset)
{
	*s = (struct signature){.rrset = rrset, .context = context, .ede = EDE_NONE};
}

void signature_again(struct signature *s)
{
	signature_cancel(s);
	s->state = SIGNATURE_UNTRIED;
	s->rrsig = s->key = 0;
	s->same_tag = 0;
	s->ede = EDE_NONE;
	s->key_missing = s->unknown_key = s->unverified = s->unsupported = false;
}

void signature_cancel(struct signature *s)
{
	if (s->room.state == ROOM_WAITED_FOR)
		s->context->pending--;
	if (s->room.state != ROOM_NONE)
		batch_leave(s->context->batch, &s->room);
	if (s->ticket == NULL)
		return;
	batch_cancel(s->context->batch, s->ticket);
	s->ticket = NULL;
	s->context->pending--;
}

// ---- may this RRSIG be used at all (RFC 4035 §5.3.1) ----

static bool labels_fit(const struct signature *s, const struct rdata_rrsig *rrsig)
{
	const uint8_t *owner = s->rrset->owner;
	uint16_t type = s->rrset->type;
	// RFC 4034 §3.1.3: a first "*" does not count.
	size_t labels = name_labels(owner) - (name_is_wildcard(owner) ? 1 : 0);

	// ATTACKS B1: a wildcard lies inside its zone.
	if (rrsig->labels > labels || rrsig->labels < name_labels(s->context->signer))
		return false;
	// These are never answered from a wildcard.
	return rrsig->labels == labels ||
	       (type != TYPE_NSEC && type != TYPE_NSEC3 && type != TYPE_DS && type != TYPE_DNSKEY &&
		type != TYPE_SOA);
}

#define SPAN_MAX 32

// From two days on in days, below in seconds.
static const char *span(int64_t seconds, char out[SPAN_MAX])
{
	bool days = seconds >= 2 * 86400;

	snprintf(out, SPAN_MAX, "%lld %s", (long long)(days ? seconds / 86400 : seconds),
		 days ? "days" : "s");
	return out;
}

static bool fits_at(struct signature *s, const struct rdata_rrsig *rrsig, int64_t at_s)
{
	const struct signature_context *c = s->context;
	const char *drill = at_s != c->now_s ? " (by the clock of a drill)" : "";
	char text[SPAN_MAX];
	int64_t expires_s = 0;

	switch (signature_time(rrsig, at_s, c->inception_skew_s, c->expiration_skew_s,
			       &expires_s)) {
	case TIME_TOLERATED:
		s->trying_tolerated = true;
		__attribute__((fallthrough));
	case TIME_VALID:
		if (expires_s < s->trying_expires_s)
			s->trying_expires_s = expires_s;
		return true;
	case TIME_EXPIRED:
		blame(s, EDE_SIGNATURE_EXPIRED, "RRSIG with key tag %u expired %s ago%s",
		      rrsig->key_tag, span(at_s - expires_s, text), drill);
		return false;
	case TIME_NOT_YET:
		blame(s, EDE_SIGNATURE_NOT_YET_VALID,
		      "RRSIG with key tag %u is valid only in %s: check this host's clock%s",
		      rrsig->key_tag, span((int32_t)(rrsig->inception - (uint32_t)at_s), text),
		      drill);
		return false;
	default:
		blame(s, EDE_SIGNATURE_EXPIRED_BEFORE_VALID,
		      "RRSIG with key tag %u expires before it becomes valid", rrsig->key_tag);
		return false;
	}
}

// A drill of the clock takes validity away and gives none: what has really expired has expired.
static bool time_fits(struct signature *s, const struct rdata_rrsig *rrsig)
{
	const struct signature_context *c = s->context;

	s->trying_tolerated = false;
	s->trying_expires_s = INT64_MAX;
	return fits_at(s, rrsig, c->now_s) &&
	       (c->drill_skew_s == 0 || fits_at(s, rrsig, c->now_s + c->drill_skew_s));
}

static bool usable(struct signature *s, const struct rdata *rdata)
{
	struct rdata_rrsig *rrsig = &s->trying;

	if (!rdata_rrsig(rdata->data, rdata->len, rrsig) || rrsig->covered != s->rrset->type)
		return false;
	if (!name_equal(rrsig->signer, s->context->signer)) {
		blame(s, EDE_DNSSEC_BOGUS, "RRSIG with key tag %u is by another zone",
		      rrsig->key_tag);
		return false;
	}
	if (!labels_fit(s, rrsig)) {
		blame(s, EDE_DNSSEC_BOGUS, "RRSIG with key tag %u has %u labels, which cannot be",
		      rrsig->key_tag, rrsig->labels);
		return false;
	}
	// RFC 6840 §5.11, RFC 4035 §5.2: any one supported algorithm suffices, others are ignored.
	if (!algorithm_supported(rrsig->algorithm)) {
		s->unsupported = true;
		blame(s, EDE_RRSIGS_MISSING, "RRSIG only of unsupported algorithm %u",
		      rrsig->algorithm);
		return false;
	}
	return time_fits(s, rrsig);
}

// RFC 4034 §2.1.1: only zone keys; RFC 5011 §2.1: revoked ones are good for nothing.
static bool key_fits(struct signature *s, const struct record_item *item)
{
	struct rdata_dnskey key;

	if (item->tag != s->trying.key_tag ||
	    !rdata_dnskey(item->rdata.data, item->rdata.len, &key) ||
	    key.algorithm != s->trying.algorithm)
		return false;
	if (!(key.flags & DNSKEY_ZONE) || key.protocol != ZONE_PROTOCOL) {
		blame(s, EDE_NO_ZONE_KEY_BIT, "DNSKEY %u is no zone key", item->tag);
		return false;
	}
	if (key.flags & DNSKEY_REVOKE) {
		blame(s, EDE_DNSSEC_BOGUS, "DNSKEY %u is revoked", item->tag);
		return false;
	}
	return true;
}

// ---- trying ----

static bool charge(void *arg)
{
	struct signature *s = arg;

	return budget_charge(s->context->budget, BUDGET_signatures, 1);
}

static void accept(struct signature *s)
{
	int64_t left = s->trying_expires_s - s->context->now_s;
	uint32_t now = (uint32_t)s->context->now_s;

	s->state = SIGNATURE_GOOD;
	s->labels = s->trying.labels;
	s->tolerated = s->trying_tolerated;
	s->expires_s = s->trying_expires_s;
	// RFC 1982: both lie within 68 years of now.
	s->verified = (struct verified){
		.inception_s = s->context->now_s + (int32_t)(s->trying.inception - now),
		.expiration_s = s->context->now_s + (int32_t)(s->trying.expiration - now),
		.tag = s->trying.key_tag,
		.algorithm = s->trying.algorithm,
	};
	// RFC 4035 §5.3.3. The RRSIGs' own TTL counts as well: whoever passes on what is left of an
	// RRset counts that down, and what says less than the data's TTL is the nearer to the
	// truth.
	s->ttl_s = s->trying.original_ttl;
	if (s->rrset->rrsig_ttl_s > INT32_MAX) // RFC 2181 §8
		s->ttl_s = 0;
	else if (s->rrset->rrsig_ttl_s < s->ttl_s)
		s->ttl_s = s->rrset->rrsig_ttl_s;
	if (left < (int64_t)s->ttl_s)
		s->ttl_s = left > 0 ? (uint32_t)left : 0;
	if (s->tolerated && s->ttl_s > TOLERATED_TTL_S)
		s->ttl_s = TOLERATED_TTL_S;
}

static void reject(struct signature *s)
{
	s->failures++;
	s->context->unpaid++;
	blame(s, EDE_DNSSEC_BOGUS, "RRSIG with key tag %u does not verify", s->trying.key_tag);
}

static void done(void *arg, bool good)
{
	struct signature *s = arg;
	struct signature_context *c = s->context;

	s->ticket = NULL;
	s->state = SIGNATURE_UNTRIED;
	if (good)
		accept(s);
	else
		reject(s);
	if (--c->pending == 0)
		c->settled(c->arg);
}

static void has_room(void *arg)
{
	struct signature *s = arg;
	struct signature_context *c = s->context;

	s->state = SIGNATURE_UNTRIED;
	if (--c->pending == 0)
		c->settled(c->arg);
}

// Others have filled the queue: that says nothing of this signature.
static enum signature_state wait_for_room(struct signature *s)
{
	struct signature_context *c = s->context;

	s->room.ready = has_room;
	s->room.arg = s;
	c->pending++;
	batch_wait(c->batch, &s->room, s->trying.signer);
	return SIGNATURE_PENDING;
}

// PENDING, GOOD, UNJUDGED, or UNTRIED when it did not verify.
static enum signature_state try_key(struct signature *s, const struct record_item *item)
{
	struct signature_context *c = s->context;
	struct batch_request request = {
		.dnskey = item->rdata.data,
		.dnskey_len = item->rdata.len,
		.rrset = s->rrset,
		.rrsig = s->rrset->rrsigs[s->rrsig],
		.charge = charge,
		.done = done,
		.arg = s,
		.room = &s->room,
	};

	// Whatever is under way may turn out wrong: it must fit as well.
	if (c->budget->left[BUDGET_failed_signatures] <= c->pending + c->unpaid) {
		if (c->pending > 0)
			return SIGNATURE_PENDING;
		// Says no, and that this is what ran out.
		budget_charge(c->budget, BUDGET_failed_signatures, 1);
		return SIGNATURE_UNJUDGED;
	}
	s->key++;
	s->same_tag++;
	enum batch_answer answer = batch_submit(c->batch, &request, &s->ticket);
	switch (answer) {
	case BATCH_QUEUED:
		c->pending++;
		return SIGNATURE_PENDING;
	case BATCH_GOOD:
		accept(s);
		return SIGNATURE_GOOD;
	case BATCH_BAD:
		reject(s);
		return SIGNATURE_UNTRIED;
	default:
		s->key--;
		s->same_tag--;
		return answer == BATCH_FULL ? wait_for_room(s) : SIGNATURE_UNJUDGED;
	}
}

bool signature_pay(struct signature_context *c)
{
	for (; c->unpaid > 0; c->unpaid--) {
		if (!budget_charge(c->budget, BUDGET_failed_signatures, 1))
			return false;
	}
	return true;
}

// Goes through the keys that fit the RRSIG at hand. UNTRIED: none of them did it.
static enum signature_state try_rrsig(struct signature *s)
{
	const struct records *keys = s->context->keys;

	while (s->key < keys->count && s->same_tag < KEYS_SAME_TAG_MAX &&
	       s->failures < SIGNATURE_FAILED_MAX) {
		if (!key_fits(s, &keys->items[s->key])) {
			s->key++;
			continue;
		}
		enum signature_state state = try_key(s, &keys->items[s->key]);
		if (state != SIGNATURE_UNTRIED)
			return state;
		if (!signature_pay(s->context))
			return SIGNATURE_UNJUDGED;
	}
	s->unverified = s->failures == 1;
	if (s->same_tag == 0) {
		s->unknown_key = true;
		blame_missing_key(s, &s->trying);
	}
	return SIGNATURE_UNTRIED;
}

enum signature_state signature_run(struct signature *s)
{
	if (s->ticket != NULL || s->room.state == ROOM_WAITED_FOR || s->state == SIGNATURE_GOOD ||
	    s->state == SIGNATURE_BAD)
		return s->state;
	s->state = SIGNATURE_UNTRIED;
	while (s->rrsig < s->rrset->rrsig_count && s->rrsig < RRSET_RRSIGS_MAX &&
	       s->failures < SIGNATURE_FAILED_MAX) {
		if (usable(s, &s->rrset->rrsigs[s->rrsig])) {
			enum signature_state state = try_rrsig(s);
			if (state != SIGNATURE_UNTRIED)
				return s->state = state;
		}
		s->rrsig++;
		s->key = 0;
		s->same_tag = 0;
	}
	if (s->ede == EDE_NONE)
		blame(s, EDE_RRSIGS_MISSING, "no RRSIG");
	return s->state = SIGNATURE_BAD;
}
