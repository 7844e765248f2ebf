// What everybody sees of the servers of a zone cut, by kind of question (ATTACKS D14). Silence to
// one question says nothing about another: some servers drop a type that they do not know, a name
// that is none, or what has no EDNS. So an answer of a kind, to anybody, since a question of that
// kind began outweighs the silence to that question, and silence to one kind is held against that
// kind alone. Only type A is a measure for the others: a zone without an answer to questions for
// addresses gives none at all, until one is heard.
//
//   well   nothing speaks against the cut. Questions wait with full patience.
//   doubt  every server has been silent to a question, once, and nothing of its kind has been heard
//          since that began. EVIDENCE_DOUBT_MAX questions of the kind go on asking, all others wait
//          for what comes of those. A question of our own sees whether anybody is there: whoever
//          asks for what the servers drop does not choose that one.
//   down   two different questions have been silent to their end. For 1, 2, 4, then 5 s nobody asks
//          but that question of our own, once a second (ailing.h).
//
// One answer, whatever it says, ends doubt and down of its kind and of type A. A table of facts: it
// knows neither tasks nor servers, asks nobody and has no timer. Bounded; what was used the longest
// ago gives way, and a question that began before its record did is evidence of nothing.
//
// For the parents of zones (parent.c): evidence_silent_ms() tells since when a cut has been silent
// to what a delegation or its DS is learnt by.
//
// Thread: control. Times: monotonic, in ms, never 0.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVIDENCE_DOUBT_MAX 16
#define EVIDENCE_DOWN_MS   1000 // doubles
#define EVIDENCE_DOWN_MAX  5000
#define EVIDENCE_ERRORS    16

// Of a question, as it is sent.
enum evidence_type {
	EVIDENCE_A,
	EVIDENCE_STEP, // A, for the part of a name that minimising leaves
	EVIDENCE_AAAA,
	EVIDENCE_CLASSIC, // what RFC 1035 and DNSSEC have brought
	EVIDENCE_KEYS,    // DNSKEY: some drop that alone, for its size
	EVIDENCE_SERVICE, // SVCB, HTTPS
	EVIDENCE_OTHER,
	EVIDENCE_TYPES,
};
// A kind: an evidence_type, or'ed with how the question is sent. Whether with EDNS is no part of
// it: no question chooses that, it is the server's habit, for everybody's
// (control/upstream/server.h), and never given up on silence.
#define EVIDENCE_TCP 0x08 // and never over UDP

struct evidence;
struct evidence *evidence_new(void) __attribute__((warn_unused_result)); // NULL: no memory
void evidence_free(struct evidence *evidence);
uint8_t evidence_kind(uint16_t type, bool minimised) __attribute__((const));

// cut: keyed hash of the zone, and of what tells the servers of a route from those of a delegation.
// A question of that kind begins: from now on its silence can be told from others' answers.
void evidence_asked(struct evidence *evidence, uint64_t cut, uint8_t kind, uint64_t now_ms)
	__attribute__((nonnull));
// A server of the cut has sent a reply. What that ends, for the kind or for type A, or'ed.
enum evidence_end { EVIDENCE_DOUBT_ENDS = 1, EVIDENCE_DOWN_ENDS = 2 };
unsigned evidence_heard(struct evidence *evidence, uint64_t cut, uint8_t kind, uint64_t now_ms)
	__attribute__((nonnull));

// Every server has been silent, once, to a question that began then. True: it goes on asking.
// *place: whether it is one of those that do so in doubt; false at first, and after
// evidence_left().
bool evidence_doubted(struct evidence *evidence, uint64_t cut, uint8_t kind, uint64_t began_ms,
		      uint64_t now_ms, bool *place) __attribute__((nonnull));
void evidence_left(struct evidence *evidence, uint64_t cut, uint8_t kind, bool *place)
	__attribute__((nonnull));
// A question (a hash of name and type) that began then has been silent to its end. True: the cut is
// down now.
bool evidence_unanswered(struct evidence *evidence, uint64_t cut, uint8_t kind, uint64_t question,
			 uint64_t began_ms, uint64_t now_ms) __attribute__((nonnull));
// What somebody knows by other means: down at once, unless something has been heard since then.
// True: it was not before.
bool evidence_take_down(struct evidence *evidence, uint64_t cut, uint8_t kind, uint64_t began_ms,
			uint64_t now_ms) __attribute__((nonnull));

// Whether it has gone down since something was heard, if only for a while.
bool evidence_was_down(const struct evidence *evidence, uint64_t cut, uint8_t kind)
	__attribute__((nonnull));
// Until when nobody asks; 0: the cut is not down for the kind.
uint64_t evidence_down_until_ms(const struct evidence *evidence, uint64_t cut, uint8_t kind,
				uint64_t now_ms) __attribute__((nonnull));
// Whether a question of the kind that began then has been outweighed.
bool evidence_outweighed(const struct evidence *evidence, uint64_t cut, uint8_t kind,
			 uint64_t began_ms) __attribute__((nonnull));
// When the first question began that every server was silent to, of those kinds by which
// delegations and their DS are learnt; 0: one of them has been answered since. What was heard last
// of them: evidence_heard_ms(), 0: nothing that is remembered.
uint64_t evidence_silent_ms(const struct evidence *evidence, uint64_t cut) __attribute__((nonnull));
uint64_t evidence_heard_ms(const struct evidence *evidence, uint64_t cut) __attribute__((nonnull));

// No server is left that might give a good answer to a question of the kind (a hash of name and
// type), which began then; and a good answer has come. Stale data serve at once while a cut is
// failing: two different questions have come to that since the last good answer.
void evidence_no_good(struct evidence *evidence, uint64_t cut, uint8_t kind, uint64_t question,
		      uint64_t began_ms, uint64_t now_ms) __attribute__((nonnull));
void evidence_good(struct evidence *evidence, uint64_t cut, uint8_t kind, uint64_t now_ms)
	__attribute__((nonnull));
bool evidence_failing(const struct evidence *evidence, uint64_t cut, uint8_t kind)
	__attribute__((nonnull));
// A server of the cut has sent an error. Whether the last EVIDENCE_ERRORS replies to anybody's
// questions of the kind were that, and none was good.
void evidence_erred(struct evidence *evidence, uint64_t cut, uint8_t kind, uint64_t now_ms)
	__attribute__((nonnull));
bool evidence_only_errs(const struct evidence *evidence, uint64_t cut, uint8_t kind)
	__attribute__((nonnull));
// The last good answer to a question of the kind, and of any kind; 0: nothing that is remembered.
uint64_t evidence_good_ms(const struct evidence *evidence, uint64_t cut, uint8_t kind)
	__attribute__((nonnull));
uint64_t evidence_any_good_ms(const struct evidence *evidence, uint64_t cut)
	__attribute__((nonnull));

void evidence_forget(struct evidence *evidence) __attribute__((nonnull)); // all of it
