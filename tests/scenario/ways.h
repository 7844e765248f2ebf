// Servers that know less than we ask for, in the common zones: what the programs about them share.
#pragma once

#include "tests/scenario/zones.h"

#define PLAIN_A "192.0.2.20"
#define PLAIN_B "198.51.100.20"

static const char *const plain_servers[] = {PLAIN_A, PLAIN_B};
static const char *const example_servers[] = {PROVIDER_A, PROVIDER_B};

static inline void close_tcp(const char *const servers[2])
{
	for (size_t i = 0; i < 2; i++)
		with((struct fault){.kind = FAULT_RESET, .server = servers[i]});
}

static inline void at_both(const char *const servers[2], struct fault fault)
{
	for (size_t i = 0; i < 2; i++) {
		fault.server = servers[i];
		with(fault);
	}
}

static inline void assert_answered(const char *name, bool ad, const char *address,
				   uint64_t within_ms)
{
	struct question *q = world_ask(w, name, TYPE_A, ASK_DO);

	assert_answer(q, RCODE_NOERROR, ad, EDE_NONE);
	assert_address(q, address);
	assert_true(q->done_us - q->asked_us < within_ms * 1000);
}
