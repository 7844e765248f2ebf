// Parents that prove nothing: all of their servers are silent, fail validation or give errors to
// our own question for the DS of a zone whose last proof has ended. What is said about it here is
// found out by such questions alone; the rule and what speaks for it are in docs/architecture.md,
// "When a parent proves nothing".
//
// While such a parent is in use one question a second, for the DS of the zone that failed last,
// sees whether it is over. Bounded; the one that has not been in use for the longest gives way.
//
// Thread: control.
#pragma once

#include "control/resolver/resolver.h"

#include <stdbool.h>
#include <stdint.h>

#define BROKEN_MAX       64
#define BROKEN_LATELY_MS 1000 // after our own question, nobody waits for the next one
#define BROKEN_SHORT_MS  2000 // what holds on before its own question has been answered
#define BROKEN_ENOUGH_MS 1000
#define BROKEN_PROBE_MS  500
#define BROKEN_HOT_MS    60000 // in use since
#define BROKEN_LAST_MS   10000 // by which our last question has ended
#define BROKEN_DOMAINS   6     // failure domains, more are not asked

enum broken_kind {
	BROKEN_NOT,
	BROKEN_SILENT, // every server
	BROKEN_ERRORS, // all that say anything give errors
	BROKEN_BOGUS,  // some say what does not validate, none what does
};

// What a question for a DS or DNSKEY RRset found of the servers that it went to.
struct broken_finding {
	enum broken_kind kind;
	int16_t ede;
	uint16_t key_tag; // has_tag: of the RRSIG that did not validate
	bool has_tag;
	// Of the zone whose servers it speaks of, at or above the name asked; one more where it
	// speaks of one further down that they have as well.
	uint8_t labels;
};

// What went wrong at a server, in one task.
#define TROUBLE_SILENT 1
#define TROUBLE_ERROR  2
#define TROUBLE_BOGUS  4
#define TROUBLE_OURS   8  // by a drill, or we cannot judge it
#define TROUBLE_BELOW  16 // bogus data of a zone further down, which it has as well
uint8_t broken_trouble(enum server_failure failure) __attribute__((const)); // 0: none

struct broken;
struct task;
struct broken *broken_new(void) __attribute__((warn_unused_result));
void broken_free(struct broken *broken);

// A server has failed the task.
void broken_server(struct task *task, const struct address *server, enum server_failure failure,
		   bool ours) __attribute__((nonnull));
// The same by bogus data of a zone that is proven to begin further down.
void broken_below(struct task *task, const struct address *server) __attribute__((nonnull));
// The task ends without an answer, of no fault of ours: what that says of the servers it asked.
struct broken_finding broken_find(const struct task *task) __attribute__((nonnull));
// False: of a zone below this one, of which it says nothing.
bool broken_speaks_of(const struct broken_finding *finding, const uint8_t *zone)
	__attribute__((nonnull));
// Whether that would not be worth waiting for more: what was proven before will do instead.
bool broken_suffices(const struct task *task) __attribute__((nonnull));

// The same, before every server has been asked: none is waited for longer than it takes to see
// whether it is there. Nor is one that has been silent to others while another one is bogus.
bool broken_hurries(const struct task *task, size_t server) __attribute__((nonnull));
// Where nothing was proven before: some servers are bogus and all others have failed, and there has
// been time for one that is slow.
bool broken_is_enough(const struct task *task) __attribute__((nonnull));
// Our own question for the DS of `zone` has found that of its parent.
void broken_found(struct resolver *resolver, const uint8_t *parent, const uint8_t *zone,
		  const struct broken_finding *finding) __attribute__((nonnull));
// The same of what a validation needed and the task `child` could not give, perhaps because it has
// just been found.
struct broken_finding broken_of_need(struct resolver *resolver, const struct task *child)
	__attribute__((nonnull));
// Its failure is remembered for no longer than it has to be.
bool broken_keeps_asking(const struct task *task) __attribute__((nonnull));
// Whether, after so many servers whose answer did not validate, there is another one to ask: of a
// failure domain that has not failed, or while there have been few of them.
bool broken_another_domain(struct task *task, unsigned count) __attribute__((nonnull));
// The parent has proven what it says about the DS of `zone`.
void broken_proven(struct resolver *resolver, const uint8_t *parent, const uint8_t *zone)
	__attribute__((nonnull));
// Our own question has found so within BROKEN_LATELY_MS. In use, if it is a client's task: our own
// questions, of which one found so, keep nothing in the list.
bool broken_lately(struct task *task, const uint8_t *parent, struct broken_finding *finding)
	__attribute__((nonnull));
// Of the deepest such parent above a name, for an EDE: "com.: RRSIG with key tag 4711 does not
// validate". False: there is none, or it is silent.
bool broken_text(const struct resolver *resolver, const uint8_t *name, char *text, size_t size)
	__attribute__((nonnull));
// Asks for the DS of a zone, whatever is remembered of it.
bool broken_ask(struct resolver *resolver, const uint8_t *zone) __attribute__((nonnull));
uint64_t broken_run(struct resolver *resolver) __attribute__((nonnull)); // when to be called again
