// Tickets: misses on their way to control and back. One pool per lcore, in its memory.
//
//   free list (lcore) -> ticket_take -> ticket_queue -> misses ring -> ticket_misses (control)
//   control -> ticket_return -> retries ring -> ticket_retries (lcore) -> ticket_free
//   ticket_free -> done ring -> ticket_collect (control, which drops the reference)
//
// Every ring has one producer and one consumer and cannot fill: misses and retries hold as
// many as there are tickets; for the done ring see ticket_misses().
#pragma once

#include "dataplane/parse/packet.h"
#include "dataplane/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rte_ring;
struct wake;

// The rings order the two sides: enqueue releases, dequeue acquires.
struct ticket {
	struct ticket_question question; // lcore: wo, control: ro
	struct packet_path path;         // lcore: rw
	struct store_result *result;     // control: wo, lcore: ro; a reference of the ticket's
	struct ticket_pool *pool;
	uint16_t queue; // of its lcore, the one it came in by
};

struct ticket_pool {
	struct rte_ring *misses, *retries, *done;
	struct wake
		*wake; // of the lcore, signalled when a ticket comes back; NULL: it never sleeps
	struct ticket *tickets;
	unsigned count;
	// lcore: rw
	uint32_t *free;
	unsigned free_count;
};

// count: a power of two. 0 or -errno.
int ticket_pool_init(struct ticket_pool *pool, unsigned count)
	__attribute__((nonnull, warn_unused_result));
void ticket_pool_fini(struct ticket_pool *pool) __attribute__((nonnull));

// ---- lcore ----
// NULL: none left. A ticket taken must be queued.
struct ticket *ticket_take(struct ticket_pool *pool) __attribute__((nonnull));
void ticket_queue(struct ticket_pool *pool, struct ticket *ticket) __attribute__((nonnull));
// Whether one has come back.
bool ticket_back(const struct ticket_pool *pool) __attribute__((nonnull));
size_t ticket_retries(struct ticket_pool *pool, struct ticket **out, size_t max)
	__attribute__((nonnull));
// The ticket may be taken again; its result goes to control.
void ticket_free(struct ticket_pool *pool, struct ticket *ticket) __attribute__((nonnull));

// ---- control ----
bool ticket_waiting(const struct ticket_pool *pool) __attribute__((nonnull));
size_t ticket_misses(struct ticket_pool *pool, struct ticket **out, size_t max)
	__attribute__((nonnull));
// result NULL: nothing will be sent, the ticket has failed.
void ticket_return(struct ticket *ticket, struct store_result *result) __attribute__((nonnull(1)));
// Results given back. Must follow every ticket_misses() until it returns 0 and before
// the next ticket_return(): then each ticket was returned at most once since the last
// collection, and the done ring, as large as the pool, cannot fill.
size_t ticket_collect(struct ticket_pool *pool, struct store_result **out, size_t max)
	__attribute__((nonnull));
