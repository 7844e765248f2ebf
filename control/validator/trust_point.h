// The keys of one trust point over the years (RFC 5011): a pure state machine. What it knows is
// what a list of observations comes to, one after the other, beginning with what the operator
// configured: signed DNSKEY RRsets and the time of each. The same rules make it anew from
// the list in the state file, so that nothing becomes trusted by standing there.
//
// Thread: control.
#pragma once

#include "control/validator/observation.h"
#include "crypto/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// RFC 5011 §2.4
#define TRUST_ADD_HOLD_DOWN_S    (30 * 86400)
#define TRUST_REMOVE_HOLD_DOWN_S (30 * 86400)
#define TRUST_KEEP_MISSING_S     (366 * 86400)

#define TRUST_POINT_CONFIGURED_MAX 64
#define TRUST_POINT_KEYS_MAX       (TRUST_POINT_CONFIGURED_MAX + 32)
#define TRUST_POINT_HISTORY_MAX    64

enum trust_key_state {     // RFC 5011 §4.2; Start is a key that is not there
	TRUST_KEY_PENDING, // AddPend
	TRUST_KEY_VALID,
	TRUST_KEY_MISSING, // trusted on
	TRUST_KEY_REVOKED,
	TRUST_KEY_REMOVED,
};

struct trust_record { // DS or DNSKEY, as configured
	uint16_t type, len;
	uint8_t *rdata;
};

struct trust_key {
	enum trust_key_state state;
	const struct trust_record *configured; // NULL: learned
	const uint8_t *rdata; // DNSKEY RDATA; only the REVOKE bit may differ. NULL: never seen
	uint16_t len;
	uint16_t tag;
	uint8_t algorithm;
	int64_t since_s;                 // of the state; 0: from the start
	int64_t trusted_s;               // trusted since; 0: from the start
	const struct observation *first; // PENDING: it began with this one
};

// What observations come to.
struct trust_ledger {
	struct trust_key keys[TRUST_POINT_KEYS_MAX]; // configured ones first
	size_t count;
	const struct observation *last; // that counted
	bool overflow;                  // keys were left out: too many
};

struct trust_point;
struct trust_point *trust_point_new(const uint8_t *zone, struct digester *digester)
	__attribute__((nonnull, warn_unused_result));
void trust_point_free(struct trust_point *point);

// Before anything is observed. rdata: DS or DNSKEY that may be an anchor. 0, -ENOSPC, -ENOMEM.
int trust_point_configure(struct trust_point *point, uint16_t type, const uint8_t *rdata,
			  uint16_t len) __attribute__((nonnull, warn_unused_result));

enum trust_observed {
	TRUST_OBSERVED,
	TRUST_UNTRUSTED,    // not signed by any key that is trusted: changes nothing
	TRUST_CLOCK_BEHIND, // the clock is before the last observation: changes nothing
	TRUST_FULL,         // what is known cannot be written down any shorter: changes nothing
};
// Takes the observation over.
enum trust_observed trust_point_observe(struct trust_point *point, struct observation *observation)
	__attribute__((nonnull, warn_unused_result));

// The same for what an earlier process had written down; oldest first, before anything else.
enum trust_observed trust_point_restore(struct trust_point *point, struct observation *observation)
	__attribute__((nonnull, warn_unused_result));

const uint8_t *trust_point_zone(const struct trust_point *point) __attribute__((nonnull, pure));
const struct trust_ledger *trust_point_ledger(const struct trust_point *point)
	__attribute__((nonnull, pure));
// When a PENDING key's hold-down ends: 30 days, or the TTL of the first RRset with it.
int64_t trust_key_hold_until_s(const struct trust_key *key) __attribute__((nonnull, pure));
static inline bool trust_key_trusted(const struct trust_key *key)
{
	return key->state == TRUST_KEY_VALID || key->state == TRUST_KEY_MISSING;
}
// RFC 5011 §5: all keys revoked. It counts as never configured.
bool trust_point_deleted(const struct trust_point *point) __attribute__((nonnull, pure));

// RFC 5011 §2.3, after success and after failure.
uint32_t trust_point_refresh_s(const struct trust_point *point) __attribute__((nonnull, pure));
uint32_t trust_point_retry_s(const struct trust_point *point) __attribute__((nonnull, pure));

// What the state file has to hold, oldest first: without any of these it would come to something
// else.
size_t trust_point_history(const struct trust_point *point,
			   const struct observation *const **observations) __attribute__((nonnull));
