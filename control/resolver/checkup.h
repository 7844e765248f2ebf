// Checkups: questions of our own to a server that has given no good answers for a signed zone, in
// the place of clients' (DESIGN §7). Each is for a name that nobody has asked for before, below the
// zone: so it reaches the zone's data (a forwarder's cache cannot hold it), comes with RRSIGs
// (DO=1, of forwarders CD=1, too), and its answer, mostly a denial, must validate; in time. While
// checkups go on no client's question sees whether the server is back. Two good ones in a row let
// it in again, one that fails counts as a client's would.
//
// When no other server of the zone is good either, it is the zone that is broken: ailing.h looks
// after that, and the checkups end.
//
// None are sent in calm. Bounded: CHECKUPS_MAX servers, a question per second and server at first
// and every four later, CHECKUP_PER_S in all. A server that is only silent is found by the probes
// of the selector. Servers of pools over TCP and TLS have no checkups. Nothing of an answer is
// kept.
//
// Thread: control.
#pragma once

#include "control/resolver/resolver.h"

#include <stdbool.h>
#include <stdint.h>

#define CHECKUPS_MAX       64
#define CHECKUP_PER_S      4
#define CHECKUP_FIRST_MS   1000 // doubles with each that fails, thrice at most
#define CHECKUP_STEPS      2
#define CHECKUP_TIMEOUT_MS 1000
#define CHECKUP_GOOD       2
#define CHECKUP_END_MS     600000 // clients' questions do it then

struct checkups;
struct task;
struct checkups *checkups_new(void) __attribute__((warn_unused_result));
void checkups_free(struct checkups *checkups); // before upstream is: cancels what is under way
// A server has failed the task's question for the zone; reported to upstream already.
void checkup_watch(struct task *task, const uint8_t *zone, const struct address *server,
		   enum server_failure failure) __attribute__((nonnull));
uint64_t checkup_run(struct resolver *resolver) __attribute__((nonnull)); // when to be called again
