#include "dataplane/dataplane_parts.h"

int dataplane_wake_fd(const struct dataplane *dataplane)
{
	return dataplane->wake.fd;
}

bool dataplane_may_sleep(struct dataplane *dataplane)
{
	wake_announce(&dataplane->wake);
	for (size_t i = 0; i < dataplane->lcore_count; i++) {
		if (ticket_waiting(&dataplane->lcores[i]->tickets)) {
			wake_done(&dataplane->wake);
			return false;
		}
	}
	return true;
}

void dataplane_awake(struct dataplane *dataplane)
{
	wake_done(&dataplane->wake);
}

size_t dataplane_misses(struct dataplane *dataplane, struct ticket **out, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < dataplane->lcore_count; i++) {
		struct ticket_pool *pool = &dataplane->lcores[i]->tickets;

		// In this order: see ticket_collect().
		count += ticket_misses(pool, out + count, max - count);
		results_drop(dataplane, pool);
	}
	return count;
}

const struct ticket_question *ticket_question(const struct ticket *ticket)
{
	return &ticket->question;
}

void dataplane_return(struct dataplane *dataplane, struct ticket *ticket,
		      struct store_result *result)
{
	(void)dataplane;
	if (result != NULL)
		store_result_ref(result);
	ticket_return(ticket, result);
}

void dataplane_heartbeat(struct dataplane *dataplane, const struct store_clock *clock)
{
	if (clock->now_ms >= dataplane->measure_until_ms)
		atomic_store_explicit(&dataplane->orders.measuring, false, memory_order_relaxed);
	store_set_clock(dataplane->store, clock);
	beat_publish(&dataplane->beat, clock, worker_counter_ms());
}
