// What is learnt of each zone while its data are resolved and validated anyway: how it signs, how
// it denies, what failed last, and how much it is asked for. Nothing is fetched for it, and nothing
// that was not verified says anything of signatures.
//
// Bounded. A zone that is new stands on probation, where what was not asked for again goes first:
// a flood of zones that are asked for once takes nobody's place. Not kept over a restart.
//
// Thread: control.
#pragma once

#include "control/posture/rhythm.h"
#include "control/validator/validator.h"
#include "crypto/list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DOSSIERS_MAX      16384  // of about 700 bytes
#define DOSSIER_WINDOW_MS 600000 // questions are counted in windows of this length
#define DOSSIER_HOT       3      // questions in the last two of them
#define DOSSIER_KEYS_MAX  6
#define DOSSIER_FORGET_S  172800 // an RRset unseen for so long is no longer the one that is watched
#define DOSSIER_OVERDUE_S 86400  // unseen for so long, a zone is no longer said to be overdue
#define TROUBLE_TEXT_MAX  160

enum signed_class { SIGNED_DNSKEY, SIGNED_SOA, SIGNED_DATA, SIGNED_CLASS_COUNT };
const char *signed_class_words(enum signed_class class);

struct dossier_key { // that made signatures
	uint16_t tag;
	uint8_t algorithm;
	int64_t seen_s; // wall; 0: free
};

struct trouble {
	uint32_t count;
	int16_t ede;
	int64_t at_s;      // the last time; 0: never
	uint64_t at_ms;    // the same, monotonic
	uint64_t until_ms; // monotonic; the failure is held until then
	char *text;        // or NULL
};

enum denial_kind { DENIES_UNKNOWN, DENIES_NSEC, DENIES_NSEC3, DENIES_COMPACT };

struct dossier {
	struct rhythm rhythms[SIGNED_CLASS_COUNT];
	uint64_t watched; // SIGNED_DATA: of all the zone's RRsets one is watched
	struct {          // the signature over data that ends first
		uint64_t rrset;
		int64_t expiration_s, seen_s; // 0: none
	} soonest;
	struct dossier_key keys[DOSSIER_KEYS_MAX];
	enum denial_kind denies;
	uint16_t iterations;
	uint8_t salt_len;
	int64_t denial_s, opt_out_s;   // last sight of a record, and of one with the opt-out flag
	int64_t secure_s, insecure_s;  // last data that were proven to be so; 0: never
	uint64_t answered_ms;          // monotonic: last data but keys that were proven either way
	struct trouble bogus, failure; // an answer that did not validate; a question that failed
	int64_t since_s;

	// How much it is asked for.
	uint64_t window;
	uint32_t asked, asked_before;

	// The table's.
	struct dossier *next;
	uint64_t hash;
	struct list order; // of the new or of the old ones
	struct list overdue;
	unsigned classes_overdue; // bits
	bool old;
	uint8_t above;  // labels of a zone above it whose servers answered for it; its own: none
	uint8_t zone[]; // lower case
};

struct dossiers_now {
	uint64_t ms; // monotonic
	int64_t s;   // wall
};

#define POSTURE_COUNTERS(X)                                                                        \
	X(warnings, "hot zones that began to be overdue with the renewal of signatures")           \
	X(recovered, "overdue zones that have renewed their signatures")                           \
	X(forgotten, "zones whose record gave way to others")

struct dossiers;
struct dossiers *dossiers_new(size_t max, const uint8_t key[16])
	__attribute__((nonnull, warn_unused_result));
void dossiers_free(struct dossiers *dossiers);

// A hot zone begins to be overdue with the renewal of signatures of that class, or is no longer.
typedef void (*dossier_event)(void *arg, const struct dossier *dossier, enum signed_class class,
			      const struct rhythm_facts *facts, bool over);
void dossiers_watch(struct dossiers *dossiers, dossier_event event, void *arg)
	__attribute__((nonnull(1, 2)));

// A validation ended well. asked: somebody's question, as against our own look-ups for it.
void dossiers_learn(struct dossiers *dossiers, const struct step *step,
		    const struct validation_result *result, bool asked,
		    const struct dossiers_now *now) __attribute__((nonnull));
void dossiers_bogus(struct dossiers *dossiers, const uint8_t *zone, int ede, const char *text,
		    const struct dossiers_now *now) __attribute__((nonnull));
void dossiers_failed(struct dossiers *dossiers, const uint8_t *zone, int ede, const char *text,
		     uint32_t ttl_s, bool asked, const struct dossiers_now *now)
	__attribute__((nonnull(1, 2, 7)));

const struct dossier *dossiers_find(const struct dossiers *dossiers, const uint8_t *zone)
	__attribute__((nonnull));
// Questions in the window that is on and the one before: the last ten to twenty minutes.
uint32_t dossier_heat(const struct dossier *dossier, uint64_t now_ms) __attribute__((nonnull));
void dossier_rhythm(const struct dossier *dossier, enum signed_class class, int64_t now_s,
		    struct rhythm_facts *out) __attribute__((nonnull));
// All of them, over several calls: *at begins with 0. About `share` are looked at, places included;
// true: there are more. Those that come in between may be missed.
bool dossiers_some(const struct dossiers *dossiers, size_t *at, size_t share,
		   void (*visit)(const struct dossier *dossier, void *arg), void *arg)
	__attribute__((nonnull(1, 2, 4)));
// At most `max` of the overdue ones. Returns how many there are.
size_t dossiers_overdue(struct dossiers *dossiers, int64_t now_s, size_t max,
			void (*visit)(const struct dossier *dossier, void *arg), void *arg)
	__attribute__((nonnull(1, 4)));
void dossiers_counters(struct dossiers *dossiers, int64_t now_s,
		       void (*visit)(const char *name, const char *words, uint64_t value,
				     void *arg),
		       void *arg) __attribute__((nonnull(1, 3)));
