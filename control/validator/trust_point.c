#include "control/validator/trust_point.h"

#include "dataplane/dns/types.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_S 3600
#define DAY_S  86400
// How far the clocks may come apart over a hold-down before that is taken for a step.
#define CLOCK_DRIFT_MS (2 * 86400000ull)

struct trust_point {
	uint8_t zone[NAME_MAX_LEN]; // lower case
	struct digester *digester;
	struct trust_record configured[TRUST_POINT_CONFIGURED_MAX];
	size_t configured_count;
	struct observation *history[TRUST_POINT_HISTORY_MAX + 1]; // oldest first
	size_t history_count;
	struct trust_ledger ledger; // points into the history
};

struct trust_point *trust_point_new(const uint8_t *zone, struct digester *digester)
{
	struct trust_point *point = calloc(1, sizeof(*point));

	if (point == NULL)
		return NULL;
	name_lower(point->zone, zone, name_len(zone));
	point->digester = digester;
	return point;
}

void trust_point_free(struct trust_point *point)
{
	if (point == NULL)
		return;
	for (size_t i = 0; i < point->configured_count; i++)
		free(point->configured[i].rdata);
	for (size_t i = 0; i < point->history_count; i++)
		observation_free(point->history[i]);
	free(point);
}

// ---- what observations come to ----

static void ledger_start(const struct trust_point *point, struct trust_ledger *ledger)
{
	*ledger = (struct trust_ledger){.count = point->configured_count};
	for (size_t i = 0; i < point->configured_count; i++) {
		const struct trust_record *record = &point->configured[i];
		struct trust_key *key = &ledger->keys[i];
		struct rdata_dnskey dnskey;
		struct rdata_ds ds;

		*key = (struct trust_key){.state = TRUST_KEY_VALID, .configured = record};
		if (record->type == TYPE_DS && rdata_ds(record->rdata, record->len, &ds)) {
			key->tag = ds.key_tag;
			key->algorithm = ds.algorithm;
		} else if (rdata_dnskey(record->rdata, record->len, &dnskey)) {
			key->rdata = record->rdata;
			key->len = record->len;
			key->tag = rdata_dnskey_tag(record->rdata, record->len);
			key->algorithm = dnskey.algorithm;
		}
	}
}

static bool same_key(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	return a_len == b_len && a[0] == b[0] && ((a[1] ^ b[1]) & ~DNSKEY_REVOKE) == 0 &&
	       memcmp(a + 2, b + 2, a_len - 2) == 0;
}

// The digest is that of the key before it was revoked.
static bool is_of_ds(const struct trust_point *point, const struct trust_record *record,
		     const struct observed_key *seen)
{
	uint8_t plain[OBSERVATION_KEY_BYTES_MAX];
	struct rdata_ds ds;

	memcpy(plain, seen->rdata, seen->len);
	plain[1] &= (uint8_t)~DNSKEY_REVOKE;
	return rdata_ds(record->rdata, record->len, &ds) &&
	       digester_ds_matches(point->digester, point->zone, plain, seen->len, &ds);
}

static bool is_key(const struct trust_point *point, const struct trust_key *key,
		   const struct observed_key *seen)
{
	if (key->tag != seen->tag || key->algorithm != seen->algorithm)
		return false;
	if (key->rdata != NULL)
		return same_key(key->rdata, key->len, seen->rdata, seen->len);
	return key->configured != NULL && is_of_ds(point, key->configured, seen);
}

// One observation that is being taken in.
struct intake {
	const struct trust_point *point;
	struct trust_ledger *ledger;
	const struct observation *observation;
	bool present[TRUST_POINT_KEYS_MAX]; // of the ledger's keys, not revoked
	bool signer[TRUST_POINT_KEYS_MAX];
	bool trusted; // signed by a key that is trusted
	bool revoked; // a trusted key has revoked itself
};

static void move(struct trust_key *key, enum trust_key_state state, int64_t now_s)
{
	if (key->state == state)
		return;
	key->state = state;
	key->since_s = now_s;
}

// RFC 5011 §2.1: only what has signed its own revocation is revoked; at once, and for good.
static void take_revocation(struct intake *in, struct trust_key *key,
			    const struct observed_key *seen)
{
	if (!seen->signer || !trust_key_trusted(key))
		return;
	move(key, TRUST_KEY_REVOKED, in->observation->at_s);
	in->revoked = true;
}

static void look_at_keys(struct intake *in)
{
	struct trust_ledger *ledger = in->ledger;

	for (size_t i = 0; i < in->observation->count; i++) {
		const struct observed_key *seen = &in->observation->keys[i];
		for (size_t k = 0; k < ledger->count; k++) {
			struct trust_key *key = &ledger->keys[k];
			if (!is_key(in->point, key, seen))
				continue;
			// As an anchor it goes without the REVOKE bit.
			if (key->rdata == NULL || !seen->revoked) {
				key->rdata = seen->rdata;
				key->len = seen->len;
			}
			if (seen->revoked) {
				take_revocation(in, key, seen);
				continue;
			}
			in->present[k] = seen->zone_key;
			in->signer[k] = seen->signer;
		}
	}
	for (size_t k = 0; k < ledger->count; k++)
		in->trusted |= in->signer[k] && trust_key_trusted(&ledger->keys[k]);
}

int64_t trust_key_hold_until_s(const struct trust_key *key)
{
	int64_t hold_s = TRUST_ADD_HOLD_DOWN_S;

	if (key->first == NULL)
		return 0;
	if (key->first->original_ttl_s > hold_s)
		hold_s = key->first->original_ttl_s;
	return key->first->at_s + hold_s;
}

enum hold_down { HOLD_ON, HOLD_OVER, HOLD_ANEW };

// By both clocks, where both are known: a step of the wall clock is no time that passed. After one
// of days the hold-down begins anew, so that what is written down holds no gap that never was.
static enum hold_down hold_down(const struct trust_key *key, const struct observation *now)
{
	int64_t until_s = trust_key_hold_until_s(key);
	uint64_t hold_ms = (uint64_t)(until_s - key->first->at_s) * 1000;

	if (now->at_s < until_s)
		return HOLD_ON;
	if (key->first->at_ms == 0 || now->at_ms == 0)
		return HOLD_OVER;
	uint64_t passed_ms = now->at_ms - key->first->at_ms;
	if (passed_ms >= hold_ms)
		return HOLD_OVER;
	return hold_ms - passed_ms > CLOCK_DRIFT_MS ? HOLD_ANEW : HOLD_ON;
}

// RFC 5011 §2.2: the keys that had validated the first RRset with it.
static bool vouchers_revoked(const struct intake *in, const struct trust_key *pending)
{
	for (size_t i = 0; i < pending->first->count; i++) {
		const struct observed_key *seen = &pending->first->keys[i];
		if (!seen->signer || seen->revoked)
			continue;
		for (size_t k = 0; k < in->ledger->count; k++) {
			const struct trust_key *key = &in->ledger->keys[k];
			// Trusted then as well: nothing becomes so earlier than it is seen.
			if (trust_key_trusted(key) && key->trusted_s <= pending->first->at_s &&
			    is_key(in->point, key, seen))
				return false;
		}
	}
	return true;
}

static bool others_trusted(const struct trust_ledger *ledger, const struct trust_key *except)
{
	for (size_t k = 0; k < ledger->count; k++) {
		if (&ledger->keys[k] != except && ledger->keys[k].state == TRUST_KEY_VALID)
			return true;
	}
	return false;
}

// The table of RFC 5011 §4.1. False: back to Start.
static bool step(struct intake *in, struct trust_key *key, bool present)
{
	const struct observation *now = in->observation;

	switch (key->state) {
	case TRUST_KEY_PENDING:
		if (!present || vouchers_revoked(in, key) || hold_down(key, now) == HOLD_ANEW)
			return false;                   // KeyRem
		if (hold_down(key, now) == HOLD_OVER) { // AddTime
			move(key, TRUST_KEY_VALID, now->at_s);
			key->trusted_s = now->at_s;
			key->first = NULL;
		}
		break;
	case TRUST_KEY_VALID:
		if (!present)
			move(key, TRUST_KEY_MISSING, now->at_s); // KeyRem
		break;
	case TRUST_KEY_MISSING:
		if (present) { // KeyPres
			key->state = TRUST_KEY_VALID;
			key->since_s = key->trusted_s;
		} else if (key->configured == NULL &&
			   now->at_s - key->since_s >= TRUST_KEEP_MISSING_S) {
			return !others_trusted(in->ledger, key);
		}
		break;
	case TRUST_KEY_REVOKED:
		if (now->at_s - key->since_s >= TRUST_REMOVE_HOLD_DOWN_S)
			move(key, TRUST_KEY_REMOVED, now->at_s); // RemTime
		break;
	case TRUST_KEY_REMOVED:
		break;
	}
	return true;
}

static void step_all(struct intake *in)
{
	struct trust_ledger *ledger = in->ledger;
	size_t kept = 0;

	for (size_t k = 0; k < ledger->count; k++) {
		if (!step(in, &ledger->keys[k], in->present[k]))
			continue;
		in->present[kept] = in->present[k];
		if (kept != k)
			ledger->keys[kept] = ledger->keys[k];
		kept++;
	}
	ledger->count = kept;
}

static const struct trust_key *find(const struct intake *in, const struct observed_key *seen)
{
	for (size_t k = 0; k < in->ledger->count; k++) {
		if (is_key(in->point, &in->ledger->keys[k], seen))
			return &in->ledger->keys[k];
	}
	return NULL;
}

// NewKey
static void add_new(struct intake *in)
{
	const struct observation *now = in->observation;
	struct trust_ledger *ledger = in->ledger;

	for (size_t i = 0; i < now->count; i++) {
		const struct observed_key *seen = &now->keys[i];
		if (!seen->zone_key || !seen->sep || seen->revoked || find(in, seen) != NULL)
			continue;
		if (ledger->count == TRUST_POINT_KEYS_MAX) {
			ledger->overflow = true;
			return;
		}
		ledger->keys[ledger->count++] = (struct trust_key){
			.state = TRUST_KEY_PENDING,
			.rdata = seen->rdata,
			.len = seen->len,
			.tag = seen->tag,
			.algorithm = seen->algorithm,
			.since_s = now->at_s,
			.first = now,
		};
	}
}

// False: it does not count.
static bool take_in(const struct trust_point *point, struct trust_ledger *ledger,
		    const struct observation *observation)
{
	struct intake in = {.point = point, .ledger = ledger, .observation = observation};

	look_at_keys(&in);
	if (!in.trusted && !in.revoked)
		return false;
	ledger->last = observation;
	// Signed by nothing but what is revoked with it: no word on any other key.
	if (!in.trusted)
		return true;
	ledger->overflow = false;
	step_all(&in);
	add_new(&in);
	return true;
}

static void replay(const struct trust_point *point, struct trust_ledger *ledger)
{
	ledger_start(point, ledger);
	for (size_t i = 0; i < point->history_count; i++)
		take_in(point, ledger, point->history[i]);
}

// ---- how much of the past has to be kept ----

// How much may be forgotten about learned keys: nothing; those that are removed; all but
// whether they are trusted.
enum strictness { STRICT, FORGET_REMOVED, FORGET_TIMES, STRICTNESS_COUNT };

static bool counts(const struct trust_key *key, enum strictness strictness)
{
	return strictness == STRICT || key->configured != NULL || key->state != TRUST_KEY_REMOVED;
}

static bool same_state(const struct trust_key *a, const struct trust_key *b,
		       enum strictness strictness)
{
	if (strictness == FORGET_TIMES)
		return trust_key_trusted(a) == trust_key_trusted(b);
	return a->state == b->state && a->trusted_s == b->trusted_s &&
	       (a->since_s == b->since_s || a->state == TRUST_KEY_REMOVED) &&
	       trust_key_hold_until_s(a) == trust_key_hold_until_s(b);
}

// Every key of a that counts is in b.
static bool covered(const struct trust_ledger *a, const struct trust_ledger *b,
		    enum strictness strictness)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct trust_key *x = &a->keys[i], *found = NULL;
		if (!counts(x, strictness))
			continue;
		for (size_t k = 0; k < b->count && found == NULL; k++) {
			const struct trust_key *y = &b->keys[k];
			bool same = x->configured != NULL || y->configured != NULL
					    ? x->configured == y->configured
					    : same_key(x->rdata, x->len, y->rdata, y->len);
			if (same)
				found = y;
		}
		if (found == NULL || !same_state(x, found, strictness))
			return false;
	}
	return true;
}

// Drops every observation without which the others come to the same. The last one stays.
static void compact(struct trust_point *point, enum strictness strictness)
{
	struct observation *dropped[TRUST_POINT_HISTORY_MAX + 1];
	size_t dropped_count = 0;
	struct trust_ledger without;

	for (size_t i = 0; i + 1 < point->history_count;) {
		struct observation *candidate = point->history[i];
		struct observation **slot = &point->history[i];
		size_t behind = point->history_count - i - 1;

		memmove(slot, slot + 1, behind * sizeof(*slot));
		point->history_count--;
		replay(point, &without);
		if (without.last == point->ledger.last &&
		    covered(&point->ledger, &without, strictness) &&
		    covered(&without, &point->ledger, strictness)) {
			dropped[dropped_count++] = candidate;
			continue;
		}
		memmove(slot + 1, slot, behind * sizeof(*slot));
		*slot = candidate;
		point->history_count++;
		i++;
	}
	replay(point, &point->ledger);
	while (dropped_count > 0)
		observation_free(dropped[--dropped_count]);
}

// ---- from outside ----

int trust_point_configure(struct trust_point *point, uint16_t type, const uint8_t *rdata,
			  uint16_t len)
{
	struct trust_record *record = &point->configured[point->configured_count];

	if (point->configured_count == TRUST_POINT_CONFIGURED_MAX)
		return -ENOSPC;
	*record = (struct trust_record){.type = type, .len = len, .rdata = malloc(len)};
	if (record->rdata == NULL)
		return -ENOMEM;
	memcpy(record->rdata, rdata, len);
	point->configured_count++;
	ledger_start(point, &point->ledger);
	return 0;
}

static enum trust_observed judge(struct trust_point *point, struct observation *observation)
{
	const struct observation *last = point->ledger.last;

	if (!name_equal(observation->rrset->owner, point->zone))
		return TRUST_UNTRUSTED;
	if (last != NULL && observation->at_s < last->at_s)
		return TRUST_CLOCK_BEHIND;
	if (take_in(point, &point->ledger, observation))
		return TRUST_OBSERVED;
	replay(point, &point->ledger); // without what it had looked at
	return TRUST_UNTRUSTED;
}

enum trust_observed trust_point_restore(struct trust_point *point, struct observation *observation)
{
	enum trust_observed seen = judge(point, observation);

	if (seen == TRUST_OBSERVED && point->history_count == TRUST_POINT_HISTORY_MAX) {
		replay(point, &point->ledger);
		seen = TRUST_FULL;
	}
	if (seen == TRUST_OBSERVED)
		point->history[point->history_count++] = observation;
	else
		observation_free(observation);
	return seen;
}

enum trust_observed trust_point_observe(struct trust_point *point, struct observation *observation)
{
	enum trust_observed seen = judge(point, observation);

	if (seen != TRUST_OBSERVED) {
		observation_free(observation);
		return seen;
	}
	point->history[point->history_count++] = observation;
	for (enum strictness s = STRICT; s < STRICTNESS_COUNT; s++) {
		compact(point, s);
		if (point->history_count <= TRUST_POINT_HISTORY_MAX)
			return TRUST_OBSERVED;
	}
	// XXX: what is known stays as it is, with an alarm: after some twenty rolls over which
	// nobody has touched the configuration, or when whoever holds a trusted key means harm.
	point->history_count--;
	replay(point, &point->ledger);
	observation_free(observation);
	return TRUST_FULL;
}

const uint8_t *trust_point_zone(const struct trust_point *point)
{
	return point->zone;
}

const struct trust_ledger *trust_point_ledger(const struct trust_point *point)
{
	return &point->ledger;
}

bool trust_point_deleted(const struct trust_point *point)
{
	for (size_t k = 0; k < point->ledger.count; k++) {
		if (trust_key_trusted(&point->ledger.keys[k]))
			return false;
	}
	return point->ledger.last != NULL;
}

size_t trust_point_history(const struct trust_point *point,
			   const struct observation *const **observations)
{
	*observations = (const struct observation *const *)point->history;
	return point->history_count;
}

// RFC 5011 §2.3: a part of the TTL and of the time that signatures were still good for.
static uint32_t interval_s(const struct trust_point *point, uint32_t part, uint32_t most_s)
{
	const struct observation *last = point->ledger.last;
	int64_t interval = most_s;

	if (last == NULL)
		return HOUR_S;
	if (last->original_ttl_s / part < interval)
		interval = last->original_ttl_s / part;
	if ((last->expires_s - last->at_s) / part < interval)
		interval = (last->expires_s - last->at_s) / part;
	return interval < HOUR_S ? HOUR_S : (uint32_t)interval;
}

uint32_t trust_point_refresh_s(const struct trust_point *point)
{
	return interval_s(point, 2, 15 * DAY_S);
}

uint32_t trust_point_retry_s(const struct trust_point *point)
{
	return interval_s(point, 10, DAY_S);
}
