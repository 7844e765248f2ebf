// The journal of failed resolutions: what failed first, at which servers, and how often since. It
// is read by operators who ask why a name fails; nothing is decided by it.
//
// One record a question, as long as it goes on failing. Bounded: JOURNAL_RECORDS in one block; a
// zone has at most JOURNAL_ZONE_MAX of them, all zones that one parent has delegated at most
// JOURNAL_PARENT_MAX, so that a flood of names that fail displaces its own kind. What has failed
// once goes before what fails again and again. Holds no address of a client.
//
// Thread: control.
#pragma once

#include "control/explain/tried.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOURNAL_RECORDS    1024
#define JOURNAL_ZONE_MAX   32
#define JOURNAL_PARENT_MAX 256
#define JOURNAL_TEXT_MAX   161    // of an EDE, NUL included
#define JOURNAL_EPISODE_MS 600000 // a failure so long after the last one is another one
#define JOURNAL_CHANGE_MS  10000  // and so is one of another kind so long after the first one

// The first argument is the symbol, then the word for programs and what it means.
#define FAILED_KINDS(X)                                                                            \
	X(UNREACHABLE, "unreachable", "no server of its zone gave an answer")                      \
	X(BOGUS, "bogus", "what was answered did not validate")                                    \
	X(UNJUDGED, "unjudged", "it could not be validated")                                       \
	X(ALIAS, "alias", "its aliases lead in a circle, or too far")                              \
	X(OWN, "own", "a limit or a fault of our own, held against nobody")

enum failed_kind {
#define X(symbol, word, words) FAILED_##symbol,
	FAILED_KINDS(X)
#undef X
};

// The link of the chain of trust that broke. Zones are so many labels of the question's name.
struct failed_step {
	bool known;
	uint8_t signer_labels; // of the zone that has to sign
	uint16_t type;         // of the RRset that did not validate; 0: none
	uint16_t need_type;    // DS or DNSKEY that could not be had; 0: none
	uint8_t need_labels;   // whose
	bool signature;        // these are known:
	uint16_t key_tag;
	uint8_t algorithm;                 // 0: not known
	int64_t inception_s, expiration_s; // wall; 0: not known
};

// What a resolution came to.
struct failure {
	const uint8_t *name; // lower case
	uint16_t type;
	uint8_t zone_labels; // of the zone that was asked last
	bool zone_known;
	enum failed_kind kind;
	int ede;
	const char *text; // as in the EDE
	struct failed_step step;
	const struct tried *tried; // or NULL
	uint32_t stale;            // client questions answered with stale data before it failed
	uint64_t started_ms, now_ms;
	int64_t now_s;
	uint64_t question_hash, zone_hash, parent_hash; // keyed; of the zones, or 0
};

struct failed { // a record
	uint16_t type;
	uint8_t zone_labels;
	bool zone_known;
	enum failed_kind kind;
	int ede, last_ede;
	struct failed_step step;
	uint64_t first_ms, last_ms, over_ms; // monotonic; over_ms: answered again, 0: not yet
	int64_t first_s, last_s;             // wall
	uint32_t took_ms;                    // the first time
	uint32_t times;                      // that it was resolved in vain
	uint64_t failed, stale;              // client questions answered SERVFAIL, with stale data
	uint64_t needed;                     // resolutions that failed because of it
	uint8_t name[NAME_MAX_LEN];
	char text[JOURNAL_TEXT_MAX];      // the first cause
	char last_text[JOURNAL_TEXT_MAX]; // of the last time
	struct tried tried;               // the first time
};

#define JOURNAL_COUNTERS(X)                                                                        \
	X(recorded, "failed resolutions recorded")                                                 \
	X(repeated, "failures of a question that had failed before")                               \
	X(displaced, "records that gave way to others")                                            \
	X(displaced_zone, "those of them whose own zone had too many")

struct journal_counters {
#define X(field, words) uint64_t field;
	JOURNAL_COUNTERS(X)
#undef X
};

struct journal;
struct journal *journal_new(void) __attribute__((warn_unused_result));
void journal_free(struct journal *journal);
void journal_add(struct journal *journal, const struct failure *failure) __attribute__((nonnull));
// A client's question was answered with that failure, or with stale data in its place.
void journal_client(struct journal *journal, uint64_t question_hash, bool stale)
	__attribute__((nonnull));
// A resolution failed because that one had.
void journal_needed(struct journal *journal, uint64_t question_hash) __attribute__((nonnull));
// An operator has had all forgotten at and below the zone (lower case): what fails then fails anew.
void journal_flush(struct journal *journal, const uint8_t *zone) __attribute__((nonnull));
// The question has a good answer.
void journal_over(struct journal *journal, uint64_t question_hash, uint64_t now_ms)
	__attribute__((nonnull));
// Newest first, until visit says no more. A record lives until the next journal_add().
void journal_each(const struct journal *journal,
		  bool (*visit)(const struct failed *failed, void *arg), void *arg)
	__attribute__((nonnull(1, 2)));
// The same as places; how many. A place may be another record's after the next journal_add().
size_t journal_order(const struct journal *journal, uint16_t places[JOURNAL_RECORDS])
	__attribute__((nonnull));
const struct failed *journal_at(const struct journal *journal, uint16_t place)
	__attribute__((nonnull));
// The newest of a question; of a zone, of those whose servers were asked. NULL: there is none.
const struct failed *journal_of_question(const struct journal *journal, uint64_t question_hash)
	__attribute__((nonnull));
const struct failed *journal_of_zone(const struct journal *journal, uint64_t zone_hash)
	__attribute__((nonnull));
size_t journal_count(const struct journal *journal) __attribute__((nonnull, pure));
const struct journal_counters *journal_counted(const struct journal *journal)
	__attribute__((nonnull, pure));

const char *failed_kind_word(enum failed_kind kind);
const char *failed_kind_words(enum failed_kind kind);
// The zone that was asked last; points into the record.
const uint8_t *failed_zone(const struct failed *failed) __attribute__((nonnull, pure));
