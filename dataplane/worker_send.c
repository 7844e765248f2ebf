#include "dataplane/worker_send.h"

#include <rte_ethdev.h>

#include <string.h>

void send_now(struct lcore *lcore, struct queue *queue)
{
	unsigned sent;

	if (queue->waiting == 0)
		return;
	sent = rte_eth_tx_burst(queue->port_id, queue->queue_id, queue->out,
				(uint16_t)queue->waiting);
	COUNT(lcore->counters.sent, sent);
	if (sent < queue->waiting) {
		COUNT(lcore->counters.tx_dropped, queue->waiting - sent);
		rte_pktmbuf_free_bulk(queue->out + sent, queue->waiting - sent);
	}
	queue->waiting = 0;
}

// ---- tickets ----

static void send_result(struct lcore *lcore, struct ticket *ticket)
{
	struct queue *queue = &lcore->queues[ticket->queue];
	size_t headers = packet_path_headers(&ticket->path);
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(queue->pool);
	uint8_t *frame;
	size_t len;

	if (mbuf == NULL) {
		COUNT(lcore->counters.ticket_dropped, 1);
		return;
	}
	frame = rte_pktmbuf_mtod(mbuf, uint8_t *);
	len = store_render(lcore->store, &ticket->question, ticket->result, &lcore->now.clock,
			   lcore->rotation++, frame + headers,
			   rte_pktmbuf_tailroom(mbuf) - headers);
	if (len == 0) {
		COUNT(lcore->counters.failed, 1);
		rte_pktmbuf_free(mbuf);
		return;
	}
	COUNT(lcore->counters.answered, 1);
	send_later(lcore, queue, mbuf, packet_path_reply(&ticket->path, frame, len));
}

unsigned send_results(struct lcore *lcore)
{
	struct ticket *tickets[BURST];
	size_t count = ticket_retries(&lcore->tickets, tickets, BURST);

	for (size_t i = 0; i < count; i++) {
		send_result(lcore, tickets[i]);
		ticket_free(&lcore->tickets, tickets[i]);
	}
	if (count > 0)
		lcore->control_has_work = true;
	return (unsigned)count;
}

// ---- the host's frames ----

static void send_frame(struct lcore *lcore, struct queue *queue, const struct frame *frame)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(queue->pool);

	if (mbuf == NULL || rte_pktmbuf_tailroom(mbuf) < frame->len) {
		COUNT(lcore->counters.from_host_dropped, 1);
		rte_pktmbuf_free(mbuf);
		return;
	}
	memcpy(rte_pktmbuf_mtod(mbuf, void *), frame->bytes, frame->len);
	COUNT(lcore->counters.from_host, 1);
	send_later(lcore, queue, mbuf, frame->len);
}

static unsigned send_by_port(struct lcore *lcore, struct queue *queue)
{
	const struct frame *frame;
	unsigned count = 0;

	for (enum sent_lane lane = 0; lane < SENT_LANE_COUNT; lane++) {
		while (count < BURST &&
		       (frame = host_front(lcore->host, queue->port, lane)) != NULL) {
			send_frame(lcore, queue, frame);
			host_pop(lcore->host, queue->port, lane);
			count++;
		}
	}
	return count;
}

unsigned send_from_host(struct lcore *lcore)
{
	unsigned count = 0;

	if (lcore->host == NULL)
		return 0;
	for (unsigned i = 0; i < lcore->queue_count; i++) {
		if (lcore->queues[i].from_host)
			count += send_by_port(lcore, &lcore->queues[i]);
	}
	return count;
}

void send_wake_ups(struct lcore *lcore)
{
	if (lcore->control_has_work)
		wake_signal(lcore->control);
	if (lcore->host_has_work)
		host_signal(lcore->host);
	lcore->control_has_work = false;
	lcore->host_has_work = false;
}
