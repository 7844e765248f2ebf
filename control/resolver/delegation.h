// Zone cuts: which servers a zone has been delegated to, as its parent says. Never answered to
// clients. Bounded; the least recently used end first.
//
// Only a parent's referral makes or renews a delegation, for at most its TTL and never past
// the end of the delegation that it was found through: what a child says cannot keep it
// alive (ghost and phoenix domains, ATTACKS E1).
//
// Thread: control.
#pragma once

#include "control/resolver/response.h"
#include "dataplane/dns/rrset.h"
#include "dataplane/store.h" // struct address

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DELEGATION_NEVER_EXPIRES UINT64_MAX
#define DELEGATION_TTL_MAX_S     86400
#define DELEGATION_PROOFS_MAX    4

struct delegation_ns {
	const uint8_t *name;             // lower case; NULL: servers known by address only
	const struct address *addresses; // glue
	uint8_t address_count;
};

// Immutable but for `silence`, `good_ms`, `probed_ms`, `late_ms`, `drilled_ms`, an early end, and
// how far it is proven. Held by reference. Whether its servers answer: evidence.h.
struct delegation {
	const uint8_t *zone; // lower case
	uint64_t expires_ms;
	// What the parent said about its DS, not validated yet: saves asking for it. NULL, 0.
	struct rrset *ds;
	struct rrset *proofs[DELEGATION_PROOFS_MAX];
	uint8_t proof_count;
	uint64_t ds_ms;        // as of when their TTLs are
	uint64_t made_ms;      // when the referral came
	const uint8_t *parent; // zone whose servers sent the referral
	char *silence;         // since it went down: what became of its servers, in words; or NULL
	uint64_t good_ms;      // last answer that was proven
	uint64_t probed_ms;    // last time that it was asked whether it is still silent
	uint64_t late_ms;      // last time that it had kept a question waiting for too long
	uint64_t drilled_ms;   // a question to its servers was part of a drill, last; 0: never
	bool outdated;     // past its end while the parent is silent, or found through such a one
	uint64_t ended_ms; // revived: when it ended; else 0
	// A signed parent's referral counts as proven once the DS, or that there is none, is. What
	// it names until then may come from anybody.
	bool unproven;
	bool doubtful;             // what came with it about the DS did not validate
	bool ds_flushed;           // by an operator: who asks for the DS is not answered with it
	struct delegation *before; // the last one that was proven, while this one is not; or NULL
	uint64_t before_ms;        // or the end of it, where that named no other servers; or 0
	uint32_t refs;
	bool stored;
	struct delegation *next;          // in its bucket
	struct delegation *older, *newer; // in the order they came, or were passed over
	bool used_lately;                 // to be passed over once
	uint64_t hash;
	uint64_t made; // put: see forgotten.h
	size_t bytes;
	uint8_t ns_count;
	struct delegation_ns ns[];
};

// What makes a delegation. Names and addresses are copied.
struct delegation_spec {
	const uint8_t *zone, *parent;
	uint64_t expires_ms;
	size_t ns_count;
	struct {
		const uint8_t *name;
		struct address addresses[REFERRAL_GLUE_MAX];
		size_t address_count;
	} ns[REFERRAL_NS_MAX];
};
// Whether what the parent said about the DS may still be used. Takes the time that has passed off
// its TTLs: a referral says nothing for longer than an answer would.
bool delegation_ds_lasts(struct delegation *delegation, uint64_t now_ms)
	__attribute__((nonnull, warn_unused_result));
// One reference for the caller. NULL: no memory.
struct delegation *delegation_new(const struct delegation_spec *spec)
	__attribute__((nonnull, warn_unused_result));
// From a parent's referral, found through `parent`.
struct delegation *delegation_of_referral(const struct response *response,
					  const struct delegation *parent, uint64_t now_ms)
	__attribute__((nonnull, warn_unused_result));
void delegation_ref(struct delegation *delegation) __attribute__((nonnull));
void delegation_unref(struct delegation *delegation);

struct delegation_table;
struct delegation_table *delegation_table_new(size_t bytes_max, const uint8_t key[16])
	__attribute__((nonnull, warn_unused_result));
void delegation_table_free(struct delegation_table *table);
// Takes a reference of its own; replaces what stood there.
void delegation_put(struct delegation_table *table, struct delegation *delegation)
	__attribute__((nonnull));
// The deepest one at or above name that has not expired; a reference for the caller. NULL when not
// even the root is there.
struct delegation *delegation_find(struct delegation_table *table, const uint8_t *name,
				   uint64_t now_ms) __attribute__((nonnull, warn_unused_result));
// That of exactly this zone, or NULL; no reference.
struct delegation *delegation_at(struct delegation_table *table, const uint8_t *zone,
				 uint64_t now_ms) __attribute__((nonnull));
// The same, also when it has ended.
const struct delegation *delegation_last(const struct delegation_table *table, const uint8_t *zone)
	__attribute__((nonnull));
// The first one below `above` on the way down to name, which has ended no longer than stale_ms ago:
// fit for use while the servers of `above` are silent.
const struct delegation *delegation_ended(const struct delegation_table *table, const uint8_t *name,
					  const uint8_t *above, uint64_t stale_ms, uint64_t now_ms)
	__attribute__((nonnull)); // no reference
// The same, or the last one that was proven where this one is not, put back for
// DELEGATION_REVIVED_MS; a reference for the caller. Or NULL.
#define DELEGATION_REVIVED_MS 5000 // until a parent that has returned is asked again
struct delegation *delegation_revive(struct delegation_table *table, const uint8_t *name,
				     const uint8_t *above, uint64_t stale_ms, uint64_t now_ms)
	__attribute__((nonnull, warn_unused_result));
// What the parent says about the DS of the zone has been proven, and with it the delegation;
// by_referral: it came with that. If not, and what came with it did not validate, it is taken out:
// the parent is asked for it again.
void delegation_prove(struct delegation_table *table, const uint8_t *zone, bool by_referral)
	__attribute__((nonnull));
// That of exactly this zone ends now: its parent is asked for it again. False: it has ended.
bool delegation_end(struct delegation_table *table, const uint8_t *zone, uint64_t now_ms)
	__attribute__((nonnull));
// Takes out that of exactly this zone, ended or not: its parent says that it is no more. False: it
// was not there.
bool delegation_revoke(struct delegation_table *table, const uint8_t *zone)
	__attribute__((nonnull));
// At and below a lower-case name, with the call; the root's stays. Their memory comes back with
// delegation_run().
void delegation_forget(struct delegation_table *table, const uint8_t *name)
	__attribute__((nonnull));
// A slice of what is left to do; true: there is more.
bool delegation_run(struct delegation_table *table) __attribute__((nonnull));
// Those that have not ended, or ended less than ended_ms ago, over several calls: *at begins with
// 0. About `share` are visited in a call; true: there are more. Those that come in between may be
// missed. visit() may change nothing.
bool delegation_some(const struct delegation_table *table, size_t *at, size_t share,
		     uint64_t ended_ms, uint64_t now_ms,
		     void (*visit)(struct delegation *delegation, void *arg), void *arg)
	__attribute__((nonnull(1, 2, 6)));
size_t delegation_count(const struct delegation_table *table) __attribute__((nonnull, pure));
