// The poll loop. A packet received ends in one of four ways, each counted once: answered at
// once (hit), a ticket for control (ticketed), handed to the host's stack (exception), or
// dropped for a reason.
#include "dataplane/worker.h"

#include "dataplane/worker_rest.h"
#include "dataplane/worker_send.h"

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_prefetch.h>
#include <urcu/urcu-qsbr.h>

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

static_assert(CYCLE_match - CYCLE_read == SHORT_MATCH && CYCLE_take - CYCLE_read == SHORT_TAKE &&
		      CYCLE_answer - CYCLE_read == SHORT_ANSWER,
	      "the short lane counts into its stages");

#define PREFETCH_AHEAD 4

// ---- where the time goes ----

static inline void lap_start(struct lcore *lcore)
{
	if (__builtin_expect(lcore->measuring, false))
		lcore->lap_tsc = rte_rdtsc();
}

// What passed since the last lap went to this stage.
static inline void lap(struct lcore *lcore, enum cycle_stage stage)
{
	if (__builtin_expect(!lcore->measuring, true))
		return;
	uint64_t now = rte_rdtsc();
	COUNT(lcore->cycles.ticks[stage], now - lcore->lap_tsc);
	lcore->lap_tsc = now;
}

static inline void lap_received(struct lcore *lcore, unsigned count)
{
	lap(lcore, count > 0 ? CYCLE_receive : CYCLE_idle);
	if (__builtin_expect(!lcore->measuring, true) || count == 0)
		return;
	COUNT(lcore->cycles.packets, count);
	COUNT(lcore->cycles.bursts[31 - __builtin_clz(count)], 1);
}
static_assert(BURST < 2 << (CYCLE_SIZES - 1), "every size of a burst has its place");

// ---- ends of packets ----

static void drop(struct lcore *lcore, struct rte_mbuf *mbuf, enum drop_reason reason)
{
	COUNT(lcore->counters.drops[reason], 1);
	rte_pktmbuf_free(mbuf);
}

// ---- packets for the host's stack ----

static struct packet_offload offload_of(const struct queue *queue, const struct rte_mbuf *mbuf)
{
	const uint64_t ip = mbuf->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;
	const uint64_t l4 = mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;

	// NONE is more than not to know: what it covers is intact, though the field is not right.
	return (struct packet_offload){
		.ip_checksum_good =
			ip == RTE_MBUF_F_RX_IP_CKSUM_GOOD || ip == RTE_MBUF_F_RX_IP_CKSUM_NONE,
		.udp_checksum_good = l4 == RTE_MBUF_F_RX_L4_CKSUM_GOOD,
		.unfinished = l4 == RTE_MBUF_F_RX_L4_CKSUM_NONE,
		.local = queue->local,
	};
}

static void exception(struct lcore *lcore, const struct queue *queue, struct rte_mbuf *mbuf,
		      const struct packet *packet)
{
	const enum exception_class class = packet->exception;

	if (lcore->host != NULL && !limit_take(&lcore->limit, class)) {
		COUNT(lcore->counters.limited[class], 1);
		drop(lcore, mbuf, DROP_exception_limited);
		return;
	}
	packet_finish(rte_pktmbuf_mtod(mbuf, uint8_t *), rte_pktmbuf_data_len(mbuf), packet,
		      offload_of(queue, mbuf));
	if (lcore->host == NULL ||
	    !host_offer(lcore->host, lcore->index, class, queue->port,
			rte_pktmbuf_mtod(mbuf, uint8_t *), rte_pktmbuf_data_len(mbuf))) {
		COUNT(lcore->counters.crowded[class], 1);
		drop(lcore, mbuf, DROP_exception_full);
		return;
	}
	COUNT(lcore->counters.exception, 1);
	COUNT(lcore->counters.exceptions[class], 1);
	lcore->host_has_work = true;
	rte_pktmbuf_free(mbuf);
}

// ---- questions ----

static void hit(struct lcore *lcore, struct queue *queue, unsigned i, size_t len)
{
	struct burst *burst = &lcore->burst;
	struct rte_mbuf *mbuf = burst->mbufs[i];

	len = packet_reply(rte_pktmbuf_mtod(mbuf, uint8_t *), &burst->packets[i], len);
	COUNT(lcore->counters.hit, 1);
	COUNT(lcore->counters.hits[burst->serves[i].outcome], 1);
	if (burst->serves[i].truncated)
		COUNT(lcore->counters.truncated, 1);
	if (burst->serves[i].synthesised)
		COUNT(lcore->counters.synthesised, 1);
	send_later(lcore, queue, mbuf, len);
}

// False when there is no stale answer that could be given instead of asking control.
static bool hit_stale(struct lcore *lcore, struct queue *queue, unsigned i)
{
	struct burst *burst = &lcore->burst;
	struct serve *serve = &burst->serves[i];
	size_t len;

	if (serve->lookup.stale_count == 0)
		return false;
	len = store_render_stale(lcore->store, serve, burst->messages[i], burst->caps[i]);
	if (len == 0)
		return false;
	serve->outcome = OUTCOME_STALE;
	hit(lcore, queue, i, len);
	return true;
}

static void miss(struct lcore *lcore, struct queue *queue, unsigned i)
{
	struct burst *burst = &lcore->burst;
	struct ticket *ticket = NULL;

	if (lcore->now.control_late && hit_stale(lcore, queue, i)) {
		COUNT(lcore->counters.stale_late, 1);
		return;
	}
	if (!atomic_load_explicit(&lcore->orders->draining, memory_order_relaxed))
		ticket = ticket_take(&lcore->tickets);
	if (ticket == NULL) {
		if (hit_stale(lcore, queue, i))
			COUNT(lcore->counters.stale_full, 1);
		else
			drop(lcore, burst->mbufs[i], DROP_miss_full);
		return;
	}
	store_question_of(&burst->serves[i], &ticket->question);
	packet_path(rte_pktmbuf_mtod(burst->mbufs[i], uint8_t *), &burst->packets[i],
		    &ticket->path);
	ticket->queue = (uint16_t)(queue - lcore->queues);
	// Before control can see it, so that nobody ever reads more tickets ended than begun.
	COUNT(lcore->counters.ticketed, 1);
	ticket_queue(&lcore->tickets, ticket);
	lcore->control_has_work = true;
	rte_pktmbuf_free(burst->mbufs[i]);
}

static void conclude(struct lcore *lcore, struct queue *queue, unsigned i)
{
	struct burst *burst = &lcore->burst;

	switch (burst->verdicts[i]) {
	case SERVE_REPLY:
		hit(lcore, queue, i, burst->serves[i].reply_len);
		return;
	case SERVE_DROP:
		drop(lcore, burst->mbufs[i], burst->serves[i].reason);
		return;
	case SERVE_MISS:
		miss(lcore, queue, i);
		return;
	}
}

static void question(struct lcore *lcore, struct rte_mbuf *mbuf, unsigned i)
{
	struct burst *burst = &lcore->burst;
	const struct packet *packet = &burst->packets[i];
	const uint8_t *end = (uint8_t *)mbuf->buf_addr + mbuf->buf_len;

	burst->mbufs[i] = mbuf;
	burst->messages[i] = packet->payload;
	burst->lens[i] = packet->payload_len;
	burst->caps[i] = (uint16_t)(end - packet->payload);
	burst->serves[i] = (struct serve){
		.client = &packet->source,
		.now_ms = lcore->now.clock.now_ms,
		.now_s = lcore->now.clock.now_s,
		.clock_trusted = lcore->now.clock.trusted,
		.rotation = lcore->rotation++,
	};
}

// ---- the loop ----

// Sorts the packet at once, unless it is a question: true, and it is number i of the slow lane.
static bool sort(struct lcore *lcore, struct queue *queue, struct rte_mbuf *mbuf, unsigned i)
{
	struct packet *packet = &lcore->burst.packets[i];

	if (mbuf->nb_segs > 1 && rte_pktmbuf_linearize(mbuf) != 0) {
		drop(lcore, mbuf, DROP_no_mbuf);
		return false;
	}
	switch (packet_parse(rte_pktmbuf_mtod(mbuf, uint8_t *), rte_pktmbuf_data_len(mbuf),
			     lcore->service, offload_of(queue, mbuf), packet)) {
	case PACKET_DNS:
		question(lcore, mbuf, i);
		return true;
	case PACKET_EXCEPTION:
		exception(lcore, queue, mbuf, packet);
		return false;
	case PACKET_DROP:
		break;
	}
	drop(lcore, mbuf, packet->reason);
	return false;
}

// Whether a question that misses can be handed to control at all.
static bool tickets_left(const struct lcore *lcore)
{
	return lcore->tickets.free_count > 0 &&
	       !atomic_load_explicit(&lcore->orders->draining, memory_order_relaxed);
}

// Sends what the short lane answered. What it knows to miss ends here when there is no ticket for
// it: the slow lane would look for the same again, and take hits' time for it. Returns how many
// are left, in burst->received.
static unsigned end_short(struct lcore *lcore, struct queue *queue, unsigned count)
{
	struct burst *burst = &lcore->burst;
	const bool room = tickets_left(lcore);
	unsigned left = 0, lost = 0;

	for (unsigned i = 0; i < count; i++) {
		struct rte_mbuf *mbuf = burst->received[i];

		if (burst->frames[i].answered)
			send_later(lcore, queue, mbuf, burst->frames[i].frame.len);
		else if (burst->frames[i].missed && !room)
			burst->mbufs[lost++] = mbuf;
		else
			burst->received[left++] = mbuf;
	}
	if (lost > 0) {
		COUNT(lcore->counters.drops[DROP_miss_full], lost);
		rte_pktmbuf_free_bulk(burst->mbufs, lost);
	}
	return left;
}

// The short lane: most of the packets. Returns how many it left, in burst->received.
static unsigned answer_short(struct lcore *lcore, struct queue *queue, unsigned count)
{
	struct burst *burst = &lcore->burst;
	struct short_tally tally = {0};
	const struct short_turn turn = {
		.now_ms = lcore->now.clock.now_ms,
		.now_s = lcore->now.clock.now_s,
		.clock_trusted = lcore->now.clock.trusted,
		.rotation = lcore->rotation,
		.ticks = lcore->measuring ? &lcore->cycles.ticks[CYCLE_read] : NULL,
		.tally = &tally,
	};

	for (unsigned i = 0; i < count; i++) {
		struct rte_mbuf *mbuf = burst->received[i];

		if (i + PREFETCH_AHEAD < count)
			rte_prefetch0(
				rte_pktmbuf_mtod(burst->received[i + PREFETCH_AHEAD], void *));
		burst->frames[i].frame = (struct plain_frame){
			.bytes = rte_pktmbuf_mtod(mbuf, uint8_t *),
			.len = rte_pktmbuf_data_len(mbuf),
			.room = (uint16_t)(mbuf->buf_len - mbuf->data_off),
			.offload = offload_of(queue, mbuf),
		};
		// A packet in several pieces ends where its first one ends: it is none of these.
		if (mbuf->nb_segs > 1)
			burst->frames[i].frame.len = 0;
	}
	lcore->rotation += count;
	lap(lcore, CYCLE_queue);
	size_t hits =
		lcore->serve_short(lcore->store, lcore->plain_service, &turn, burst->frames, count);
	lap_start(lcore);
	COUNT(lcore->counters.hit, hits);
	const size_t denied = tally.nxdomain + tally.nodata;
	COUNT(lcore->counters.hits[OUTCOME_POSITIVE], hits - denied);
	if (denied > 0) {
		COUNT(lcore->counters.hits[OUTCOME_NXDOMAIN], tally.nxdomain);
		COUNT(lcore->counters.hits[OUTCOME_NODATA], tally.nodata);
		COUNT(lcore->counters.synthesised, denied);
	}
	const unsigned left = end_short(lcore, queue, count);
	lap(lcore, CYCLE_queue);
	return left;
}

static void answer_slow(struct lcore *lcore, struct queue *queue, unsigned count)
{
	struct burst *burst = &lcore->burst;
	unsigned questions = 0;

	for (unsigned i = 0; i < count; i++)
		questions += sort(lcore, queue, burst->received[i], questions);
	store_serve_burst(lcore->store, burst->messages, burst->lens, burst->caps, burst->serves,
			  burst->verdicts, questions);
	for (unsigned i = 0; i < questions; i++)
		conclude(lcore, queue, i);
	lap(lcore, CYCLE_slow);
}

static unsigned receive(struct lcore *lcore, struct queue *queue)
{
	unsigned count =
		rte_eth_rx_burst(queue->port_id, queue->queue_id, lcore->burst.received, BURST);

	lap_received(lcore, count);
	if (count == 0)
		return 0;
	COUNT(lcore->counters.received, count);
	unsigned left = answer_short(lcore, queue, count);
	if (left > 0)
		answer_slow(lcore, queue, left);
	return count;
}

uint64_t worker_counter_ms(void)
{
	return rte_get_tsc_cycles() / (rte_get_tsc_hz() / 1000);
}

static void begin(struct lcore *lcore)
{
	char name[16];

	snprintf(name, sizeof name, "assay-poll-%u", lcore->index);
	pthread_setname_np(pthread_self(), name);
	// The kernel rounds sleeps up by this, 50 µs unless told.
	prctl(PR_SET_TIMERSLACK, 1UL);
	urcu_qsbr_register_thread();
	beat_read(lcore->beat, worker_counter_ms(), &lcore->now);
	limit_init(&lcore->limit, lcore->syn_per_s, lcore->now.clock.now_ms);
}

int worker_run(void *arg)
{
	struct lcore *lcore = arg;

	begin(lcore);
	atomic_store_explicit(&lcore->tid, gettid(), memory_order_relaxed);
	lcore->serve_short = short_best();
	while (atomic_load_explicit(&lcore->orders->running, memory_order_relaxed)) {
		unsigned work = 0;

		// Relaxed: it may begin a turn later.
		lcore->measuring =
			atomic_load_explicit(&lcore->orders->measuring, memory_order_relaxed);
		lap_start(lcore);
		beat_read(lcore->beat, worker_counter_ms(), &lcore->now);
		limit_tick(&lcore->limit, lcore->now.clock.now_ms);
		for (unsigned i = 0; i < lcore->queue_count; i++)
			work += receive(lcore, &lcore->queues[i]);
		work += send_results(lcore);
		work += send_from_host(lcore);
		lap(lcore, work > 0 ? CYCLE_back : CYCLE_idle);
		for (unsigned i = 0; i < lcore->queue_count; i++)
			send_now(lcore, &lcore->queues[i]);
		lap(lcore, work > 0 ? CYCLE_send : CYCLE_idle);
		send_wake_ups(lcore);
		urcu_qsbr_quiescent_state();
		COUNT(lcore->counters.polls, 1);
		worker_rest(lcore, work);
	}
	urcu_qsbr_unregister_thread();
	return 0;
}
