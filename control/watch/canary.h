// Questions that the daemon asks itself, by the way that clients' go: the access list and the
// look-up that poll-mode cores use, tickets' place in the resolver, servers, validation, the reply.
// When none of several is answered well, it is we who do not answer: another host should be asked
// (ATTACKS O27). One zone, or all of the Internet while stale answers are allowed, is no reason.
//
// Thread: control.
#pragma once

#include "control/alarms/alarms.h"
#include "dataplane/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CANARY_NAMES_MAX 16
#define CANARY_WAIT_MS   5000 // for an answer; the resolver gives up before
#define CANARY_FAILURES  2    // rounds in which none is answered, before it is said

struct canary_name {
	uint8_t name[NAME_MAX_LEN];
	uint16_t type;
};

struct canary_config {
	struct canary_name names[CANARY_NAMES_MAX];
	size_t count; // 0: nothing is asked
	uint32_t interval_ms;
	bool stale_is_good;
	struct address client; // one that the access list allows; family 0: there is none
};

// As resolver_ask().
typedef int (*canary_ask)(void *arg, const struct ticket_question *question,
			  void (*done)(void *done_arg, struct store_result *result),
			  void *done_arg);

struct canary;
// The store is borrowed. NULL: no memory.
struct canary *canary_new(const struct canary_config *config, struct store *store, canary_ask ask,
			  void *ask_arg) __attribute__((nonnull(1, 2, 3), warn_unused_result));
// Once everything that was asked is answered.
void canary_free(struct canary *canary);
// An alarms_ask of a struct canary: begins and judges the rounds.
void canary_alarms(void *canary, struct alarms *alarms) __attribute__((nonnull));
// "canaries: 3 of 4 answered; com. NS: SERVFAIL"; nothing without any.
void canary_describe(const struct canary *canary, void (*line)(const char *text, void *arg),
		     void *arg) __attribute__((nonnull(1, 2)));
// Rounds, and those in which none was answered.
uint64_t canary_rounds(const struct canary *canary) __attribute__((nonnull, pure));
uint64_t canary_failures(const struct canary *canary) __attribute__((nonnull, pure));
