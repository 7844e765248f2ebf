// What the files of this folder share. Thread: control.
#pragma once

#include "control/upstream/counters.h"
#include "control/upstream/family.h"
#include "control/upstream/rating.h"
#include "control/upstream/server.h"
#include "control/upstream/timer.h"
#include "control/upstream/uplink.h"
#include "control/upstream/upstream.h"

#define OWN_ADDRESSES_MAX 256

// Whoever forges replies shall not make a TCP connection of every question.
#define SETTLERS_MAX        128
#define SETTLERS_PER_SERVER 4

// Hedges may be three of a hundred packets, thirty at once after a calm while.
#define HEDGE_EARNED 3
#define HEDGE_COST   100
#define HEDGE_MAX    (30 * HEDGE_COST)

struct upstream {
	struct upstream_config config;
	struct transport transport;
	struct servers servers;
	struct ratings ratings;
	struct timers timers;
	uint64_t timer_at_us;       // what the transport's timer is set to
	struct exchange *exchanges; // list of all under way
	size_t exchange_count;
	struct exchange *listeners[LISTENERS_MAX]; // of these, those given up; oldest first
	size_t listener_count;
	struct exchange
		*settlers[SETTLERS_MAX]; // of these, those over TCP for what may be forgeries
	size_t settler_count;
	uint8_t cookie_secret[16];
	struct address own[OWN_ADDRESSES_MAX];
	size_t own_count;
	bool allow_loopback;
	uint32_t hedge_credit;
	upstream_heard heard; // NULL: nobody wants to know
	void *heard_arg;
	upstream_late_fn take_late; // NULL: the same
	void *take_late_arg;
	uint64_t stall_us;                // by so much the timers come too late, in this turn
	struct interference interference; // choose is NULL when there is none
	struct uplink uplink;
	struct families families;
	struct upstream_counters counters;
	uint64_t outcomes[UPSTREAM_OUTCOME_COUNT];
	uint64_t reports[SERVER_FAILURE_COUNT];
	char outcome_names[UPSTREAM_OUTCOME_COUNT][48];
};

static inline uint64_t upstream_now_us(const struct upstream *upstream)
{
	return upstream->transport.now_us(upstream->transport.ctx);
}

// A server that had been silent has answered, after rtt_us: what it was asked so long before that
// it must have been lost is asked again at once, not when its time is over.
void upstream_server_returned(struct upstream *upstream, const struct address *server,
			      uint64_t rtt_us)
	__attribute__((nonnull));

// After a deadline was set or removed: moves the transport's timer.
void upstream_rearm(struct upstream *upstream) __attribute__((nonnull));
