// What a poll-mode core sends: answers at once, answers of tickets that came back, and the
// host's frames. In bursts, at the end of a turn or when one is full.
#pragma once

#include "dataplane/worker.h"

void send_now(struct lcore *lcore, struct queue *queue) __attribute__((nonnull));
// The packet's first len bytes go out; takes the buffer.
static inline void send_later(struct lcore *lcore, struct queue *queue, struct rte_mbuf *mbuf,
			      size_t len)
{
	mbuf->data_len = (uint16_t)len;
	mbuf->pkt_len = (uint32_t)len;
	// Receive flags mean nothing, or something else, to a driver that sends.
	mbuf->ol_flags = 0;
	queue->out[queue->waiting++] = mbuf;
	if (queue->waiting == BURST)
		send_now(lcore, queue);
}
// Each returns how much there was to do.
unsigned send_results(struct lcore *lcore) __attribute__((nonnull));
unsigned send_from_host(struct lcore *lcore) __attribute__((nonnull));
// Control and the host thread, where they sleep and this turn left them something.
void send_wake_ups(struct lcore *lcore) __attribute__((nonnull));
