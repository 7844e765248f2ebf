// Choices among a few servers of one zone.
#pragma once

#include "control/upstream/state.h"
#include "tests/unit/control/upstream/script.h"

#include <stdio.h>
#include <string.h>

struct fixture {
	struct script s;
	const uint8_t *zone;
	struct candidate list[8];
	size_t count;
};

static inline void start(struct fixture *f, size_t count, ...)
{
	va_list args;

	script_start(&f->s, &script_config);
	f->zone = script_name("example.");
	memset(f->list, 0, sizeof(f->list));
	f->count = count;
	va_start(args, count);
	for (size_t i = 0; i < count; i++)
		f->list[i].address = script_address(va_arg(args, const char *));
	va_end(args);
}

static inline void report(struct fixture *f, size_t which, enum server_failure failure,
			  uint64_t rtt_ms)
{
	if (failure == SERVER_SLOW) // is told after the timeout
		upstream_report(f->s.upstream, f->zone, &f->list[which].address, SERVER_TIMEOUT, 0);
	upstream_report(f->s.upstream, f->zone, &f->list[which].address, failure, rtt_ms * 1000);
}

static inline int choose(struct fixture *f, uint32_t *timeout_ms)
{
	return upstream_select(f->s.upstream, f->zone, f->list, f->count, 3, NULL, timeout_ms);
}

static inline unsigned share(struct fixture *f, size_t which, unsigned rounds)
{
	unsigned hits = 0;
	uint32_t timeout_ms;

	for (unsigned i = 0; i < rounds; i++)
		hits += choose(f, &timeout_ms) == (int)which;
	return hits;
}

static inline uint32_t timeout_of(struct fixture *f)
{
	uint32_t timeout_ms = 0;

	assert_int_equal(choose(f, &timeout_ms), 0);
	return timeout_ms;
}
