#include "dataplane/worker_rest.h"

#include <rte_cycles.h>
#include <rte_pause.h>
#include <urcu/urcu-qsbr.h>

#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#define IDLE_SPINS     512 // empty turns before the first sleep
#define SLEEP_FIRST_US 10
#define SLEEP_MAX_US   40    // the kernel adds some 45 in a virtual machine: below 100
#define MOMENTS        16    // such sleeps before a longer one
#define BLIND_US       500   // without descriptors; a NIC's 1024 packet buffers hold 2 M packets/s
#define WAITING_US     10000 // with them: nothing is awaited from it, all has a wake-up of its own
#define USELESS_MAX    8     // descriptors that woke it for nothing, as one with an error does

static void sleep_for(unsigned us)
{
	const struct timespec time = {.tv_nsec = (long)us * 1000};

	clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}

static bool something_waits(const struct lcore *lcore)
{
	if (!atomic_load_explicit(&lcore->orders->running, memory_order_relaxed) ||
	    ticket_back(&lcore->tickets))
		return true;
	for (unsigned i = 0; i < lcore->queue_count && lcore->host != NULL; i++) {
		const struct queue *queue = &lcore->queues[i];

		for (enum sent_lane lane = 0; queue->from_host && lane < SENT_LANE_COUNT; lane++) {
			if (host_front(lcore->host, queue->port, lane) != NULL)
				return true;
		}
	}
	return false;
}

// An interface that was down leaves an error at its sockets, which would wake the core for ever.
static void errors_take(struct lcore *lcore)
{
	for (nfds_t i = 1; i < lcore->wait_count; i++) {
		int error;
		socklen_t len = sizeof error;

		if ((lcore->waits[i].revents & POLLERR) != 0)
			(void)getsockopt(lcore->waits[i].fd, SOL_SOCKET, SO_ERROR, &error, &len);
	}
}

// Until something comes, or us have passed.
static void wait_for(struct lcore *lcore, unsigned count, unsigned us)
{
	const struct timespec time = {.tv_nsec = (long)us * 1000};

	wake_announce(lcore->wake);
	if (!something_waits(lcore)) {
		int ready = ppoll(lcore->waits, count, &time, NULL);

		if (ready > 0) {
			COUNT(lcore->counters.woken, 1);
			lcore->useless += (lcore->waits[0].revents & POLLIN) == 0;
			if (count > 1)
				errors_take(lcore);
		}
	}
	wake_done(lcore->wake);
}

static void sleep_offline(struct lcore *lcore)
{
	// The first descriptor is that of the wake-up by other threads.
	const bool descriptors = lcore->wait_count > 1 && lcore->useless <= USELESS_MAX;

	if (lcore->moments < MOMENTS) {
		lcore->moments++;
		sleep_for(lcore->sleep_us);
		if (lcore->sleep_us < SLEEP_MAX_US)
			lcore->sleep_us += SLEEP_FIRST_US;
	} else if (descriptors) {
		wait_for(lcore, lcore->wait_count, WAITING_US);
	} else {
		wait_for(lcore, 1, BLIND_US);
	}
}

void worker_rest(struct lcore *lcore, unsigned work)
{
	if (work > 0) {
		lcore->idle_turns = 0;
		lcore->moments = 0;
		lcore->useless = 0;
		lcore->sleep_us = SLEEP_FIRST_US;
		return;
	}
	if (lcore->poll == POLL_BUSY || ++lcore->idle_turns < IDLE_SPINS) {
		rte_pause();
		return;
	}
	uint64_t before = rte_get_tsc_cycles();
	// Whoever may sleep goes offline first, or grace periods wait for it.
	urcu_qsbr_thread_offline();
	sleep_offline(lcore);
	urcu_qsbr_thread_online();
	COUNT(lcore->counters.sleeps, 1);
	COUNT(lcore->counters.slept_us,
	      (rte_get_tsc_cycles() - before) * 1000000 / rte_get_tsc_hz());
}
