#include "dataplane/miss/ticket.h"

#include "dataplane/miss/wake.h"

#include <rte_ring.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

// A ring in plain memory: it needs neither EAL nor a name known to it.
static struct rte_ring *ring_new(unsigned count)
{
	const unsigned flags = RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ;
	// With RING_F_EXACT_SZ the ring's size is the next power of two above count.
	ssize_t bytes = rte_ring_get_memsize(count * 2);
	struct rte_ring *ring;

	if (bytes < 0)
		return NULL;
	ring = aligned_alloc(RTE_CACHE_LINE_SIZE,
			     RTE_ALIGN_CEIL((size_t)bytes, (size_t)RTE_CACHE_LINE_SIZE));
	if (ring == NULL)
		return NULL;
	if (rte_ring_init(ring, "ticket", count, flags) != 0) {
		free(ring);
		return NULL;
	}
	return ring;
}

int ticket_pool_init(struct ticket_pool *pool, unsigned count)
{
	*pool = (struct ticket_pool){.count = count};
	if (count == 0 || (count & (count - 1)) != 0 || count > RTE_RING_SZ_MASK / 4)
		return -EINVAL;
	pool->misses = ring_new(count);
	pool->retries = ring_new(count);
	pool->done = ring_new(count);
	pool->tickets = calloc(count, sizeof *pool->tickets);
	pool->free = calloc(count, sizeof *pool->free);
	if (pool->misses == NULL || pool->retries == NULL || pool->done == NULL ||
	    pool->tickets == NULL || pool->free == NULL) {
		ticket_pool_fini(pool);
		return -ENOMEM;
	}
	// The last one on the list is taken first; writing to all of them maps their pages now.
	for (unsigned i = 0; i < count; i++) {
		pool->tickets[i].pool = pool;
		pool->free[i] = count - 1 - i;
	}
	pool->free_count = count;
	return 0;
}

void ticket_pool_fini(struct ticket_pool *pool)
{
	free(pool->misses);
	free(pool->retries);
	free(pool->done);
	free(pool->tickets);
	free(pool->free);
	*pool = (struct ticket_pool){0};
}

struct ticket *ticket_take(struct ticket_pool *pool)
{
	if (pool->free_count == 0)
		return NULL;
	return &pool->tickets[pool->free[--pool->free_count]];
}

void ticket_queue(struct ticket_pool *pool, struct ticket *ticket)
{
	int full = rte_ring_sp_enqueue(pool->misses, ticket);

	assert(full == 0);
	(void)full;
}

bool ticket_back(const struct ticket_pool *pool)
{
	return !rte_ring_empty(pool->retries);
}

size_t ticket_retries(struct ticket_pool *pool, struct ticket **out, size_t max)
{
	return rte_ring_sc_dequeue_burst(pool->retries, (void **)out, (unsigned)max, NULL);
}

void ticket_free(struct ticket_pool *pool, struct ticket *ticket)
{
	int full = rte_ring_sp_enqueue(pool->done, ticket->result);

	assert(full == 0 && pool->free_count < pool->count);
	(void)full;
	ticket->result = NULL;
	pool->free[pool->free_count++] = (uint32_t)(ticket - pool->tickets);
}

bool ticket_waiting(const struct ticket_pool *pool)
{
	return !rte_ring_empty(pool->misses) || !rte_ring_empty(pool->done);
}

size_t ticket_misses(struct ticket_pool *pool, struct ticket **out, size_t max)
{
	return rte_ring_sc_dequeue_burst(pool->misses, (void **)out, (unsigned)max, NULL);
}

void ticket_return(struct ticket *ticket, struct store_result *result)
{
	int full;

	assert(ticket->result == NULL);
	ticket->result = result;
	struct wake *wake = ticket->pool->wake;
	full = rte_ring_sp_enqueue(ticket->pool->retries, ticket);
	assert(full == 0);
	(void)full;
	if (wake != NULL)
		wake_signal(wake);
}

size_t ticket_collect(struct ticket_pool *pool, struct store_result **out, size_t max)
{
	return rte_ring_sc_dequeue_burst(pool->done, (void **)out, (unsigned)max, NULL);
}
