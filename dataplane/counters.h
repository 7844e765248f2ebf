// Counters of the packet path. Each struct has one writer and its own cache lines; readers sum.
// These hold whenever no packet is on its way:
//
//   received = hit + ticketed + exception + the sum of drops by reason
//   ticketed = answered + failed + dropped + outstanding
//   sent     = hit + answered + from the host - tx dropped
#pragma once

#include "dataplane/dataplane.h"

#include <stdint.h>

// Field, the operator's name, words.
#define LCORE_COUNTERS(X)                                                                          \
	X(received, "dataplane.received", "packets received")                                      \
	X(hit, "dataplane.hit", "queries answered by the poll-mode cores at once")                 \
	X(ticketed, "dataplane.ticketed", "queries handed to control as tickets")                  \
	X(exception, "dataplane.exception", "packets handed to the host's stack")                  \
	X(answered, "dataplane.ticket.answered", "tickets that came back and were answered")       \
	X(failed, "dataplane.ticket.failed", "tickets that came back with nothing to send")        \
	X(ticket_dropped, "dataplane.ticket.dropped", "tickets answered by no packet buffer")      \
	X(from_host, "dataplane.from_host", "packets of the host's stack taken for sending")       \
	X(from_host_dropped, "dataplane.from_host_dropped",                                        \
	  "packets of the host's stack for which there was no packet buffer")                      \
	X(sent, "dataplane.sent", "packets sent")                                                  \
	X(tx_dropped, "dataplane.tx_dropped", "packets not sent: transmit queue full")             \
	X(truncated, "dataplane.truncated", "answers by poll-mode cores with TC=1")                \
	X(synthesised, "dataplane.synthesised",                                                    \
	  "answers by poll-mode cores from cached denial (RFC 8198)")                              \
	X(stale_late, "dataplane.stale.control_late",                                              \
	  "stale answers because control's heartbeat is late")                                     \
	X(stale_full, "dataplane.stale.miss_full", "stale answers because no ticket was left")     \
	X(polls, "dataplane.polls", "turns of the poll loop")                                      \
	X(sleeps, "dataplane.sleeps", "times an idle poll-mode core slept")                        \
	X(woken, "dataplane.woken",                                                                \
	  "times a sleeping poll-mode core was woken by a packet or another thread")               \
	X(slept_us, "dataplane.slept_us", "microseconds slept by idle poll-mode cores")

struct lcore_counters {
#define X(field, name, words) uint64_t field;
	LCORE_COUNTERS(X)
#undef X
	uint64_t hits[OUTCOME_COUNT];
	uint64_t drops[DROP_REASON_COUNT]; // of packets received: no tx_full
	// Of each class: given to the host's stack, over its rate, and without room in its ring.
	uint64_t exceptions[EXCEPTION_CLASS_COUNT];
	uint64_t limited[EXCEPTION_CLASS_COUNT], crowded[EXCEPTION_CLASS_COUNT];
} __attribute__((aligned(64)));

#define HOST_COUNTERS(X)                                                                           \
	X(to_tap, "host.to_tap", "packets given to the host's stack")                              \
	X(to_tap_failed, "host.to_tap_failed", "packets the tap did not take")                     \
	X(from_tap, "host.from_tap", "packets taken from the host's stack")                        \
	X(from_tap_dropped, "host.from_tap_dropped",                                               \
	  "packets of the host's stack dropped: ring to the poll-mode core full, or too long")     \
	X(wakeups, "host.wakeups", "times the host thread was woken")                              \
	X(cpu_us, "host.cpu_us", "microseconds of CPU time that the host thread has taken")        \
	X(rests, "host.rests",                                                                     \
	  "times the host thread rested: its share of control's CPU was used up")

struct host_counters {
#define X(field, name, words) uint64_t field;
	HOST_COUNTERS(X)
#undef X
} __attribute__((aligned(64)));

// The one writer adds; a reader on another thread sees a whole number, at worst an old one.
#define COUNT(counter, n) __atomic_store_n(&(counter), (counter) + (n), __ATOMIC_RELAXED)
#define COUNTED(counter)  __atomic_load_n(&(counter), __ATOMIC_RELAXED)

// Adds one lcore's counters to a sum.
void lcore_counters_add(struct lcore_counters *sum, const struct lcore_counters *one)
	__attribute__((nonnull));
// Visits a sum: every line of it, outstanding tickets included.
void lcore_counters_visit(const struct lcore_counters *sum, counter_visit visit, void *arg)
	__attribute__((nonnull(1, 2)));
void host_counters_visit(const struct host_counters *counters, counter_visit visit, void *arg)
	__attribute__((nonnull(1, 2)));
