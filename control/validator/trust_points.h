// All trust points of this daemon: which anchors hold now (trust.h is told), which zone's keys are
// to be looked at next, and what was said about them. Anchors are automatic (RFC 5011,
// trust_point.h) or static: these hold for as long as the operator says so. Never fetches, writes
// or logs.
//
// Thread: control.
#pragma once

#include "control/validator/trust.h"
#include "control/validator/trust_point.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRUST_POINTS_MAX 64
#define TRUST_WORDS_MAX  160

struct trust_points;

struct trust_points_config {
	uint32_t inception_skew_s;
	// For operators: a key has come to another state. alarm: something is wrong.
	void (*say)(void *arg, bool alarm, const char *text); // NULL: nobody listens
	void *arg;
};

// NULL: no memory.
struct trust_points *trust_points_new(struct trust *trust, const struct trust_points_config *config)
	__attribute__((nonnull, warn_unused_result));
void trust_points_free(struct trust_points *points);

// An anchor out of the configuration. As trust_anchor_add(), and -ENOSPC.
int trust_points_add(struct trust_points *points, const uint8_t *owner, uint16_t type,
		     const uint8_t *rdata, size_t rdlen, bool automatic)
	__attribute__((nonnull, warn_unused_result));
// A DNSKEY RRset that an earlier process saw at at_s; oldest first. False: it does not count,
// because it is not signed by what is trusted, or of a zone that has no automatic anchor.
bool trust_points_restore(struct trust_points *points, const struct rrset *rrset, int64_t at_s)
	__attribute__((nonnull));
// After all of these: from now on the anchors hold.
void trust_points_begin(struct trust_points *points, uint64_t now_ms, int64_t now_s)
	__attribute__((nonnull));

// The zone whose keys are to be fetched now, or NULL and when to ask again (UINT64_MAX: never).
// Until one of the two below is called, the zone is not named again for an hour.
const uint8_t *trust_points_due(struct trust_points *points, uint64_t now_ms, uint64_t *next_ms)
	__attribute__((nonnull));
// What a server said, whether it validates or not: it is verified here.
enum trust_observed trust_points_observe(struct trust_points *points, const struct rrset *rrset,
					 uint64_t now_ms, int64_t now_s) __attribute__((nonnull));
void trust_points_failed(struct trust_points *points, const uint8_t *zone, const char *why,
			 uint64_t now_ms) __attribute__((nonnull));

// Ask for the keys of all zones now: the clock has been stepped.
void trust_points_ask_now(struct trust_points *points, uint64_t now_ms) __attribute__((nonnull));

// A question of somebody's has brought the zone's DNSKEY RRset: when none could be had at the last
// look, the next one is now, however long RFC 5011 §2.3 would have us wait while nothing answers.
void trust_points_heard(struct trust_points *points, const uint8_t *zone, uint64_t now_ms)
	__attribute__((nonnull));
// By how many seconds the clock is outside of the time for which the root's own keys were signed,
// as they were received last: above 0 it is ahead, below 0 behind; 0: within, or nothing is known.
int64_t trust_points_clock_off_s(const struct trust_points *points) __attribute__((nonnull, pure));

// True once after each change to what the state file has to hold or to which anchors hold.
bool trust_points_changed(struct trust_points *points) __attribute__((nonnull));

// Key tags of the anchors of a zone that hold now, in ascending order, each once.
size_t trust_points_tags(const struct trust_points *points, const uint8_t *zone, uint16_t *tags,
			 size_t max) __attribute__((nonnull));

#define TRUST_POINTS_COUNTERS(X)                                                                   \
	X(anchors, "trust anchors that hold")                                                      \
	X(pending, "keys that wait to become trust anchors (RFC 5011)")                            \
	X(probes, "DNSKEY RRsets of trust points asked for")                                       \
	X(probe_failures, "of them, without an answer")                                            \
	X(untrusted, "of them, signed by no key that is trusted")                                  \
	X(accepted, "keys that became trust anchors")                                              \
	X(revoked, "trust anchors that were revoked")                                              \
	X(alarms, "what is wrong with trust anchors now")
struct trust_points_counters {
#define X(field, words) uint64_t field;
	TRUST_POINTS_COUNTERS(X)
#undef X
};
void trust_points_counters(const struct trust_points *points, struct trust_points_counters *out)
	__attribute__((nonnull));

// ---- for operators and the state file ----

struct trust_zone {
	const struct trust_point *point;    // NULL: all its anchors are static
	const struct trust_record *statics; // trusted whatever happens
	size_t static_count;
	const uint8_t *name;
	uint64_t due_ms;              // when it is looked at next; UINT64_MAX: never
	char result[TRUST_WORDS_MAX]; // of the last time, "" when there was none
	bool failing;                 // the last time brought nothing
};
size_t trust_points_count(const struct trust_points *points) __attribute__((nonnull, pure));
const struct trust_zone *trust_points_zone(const struct trust_points *points, size_t i)
	__attribute__((nonnull, pure));
// A line for each thing that somebody should look at.
void trust_points_alarms(const struct trust_points *points,
			 void (*line)(const char *text, void *arg), void *arg)
	__attribute__((nonnull(1, 2)));
const char *trust_key_state_words(enum trust_key_state state);
