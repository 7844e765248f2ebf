// Both servers of plain.org. (zones.h) say or do the same.
#pragma once

#include "tests/scenario/lines.h"
#include "tests/scenario/zones.h"

#define NS1 "192.0.2.20" // of plain.org.
#define NS2 "198.51.100.20"

// Both servers of plain.org. say this of a name.
static inline void both_say(const char *name, uint16_t type, uint16_t flags, void *lines)
{
	static const char *const servers[] = {NS1, NS2};

	for (size_t i = 0; i < 2; i++)
		with((struct fault){.server = servers[i],
				    .name = name,
				    .type = type,
				    .replace = say,
				    .hook_arg = lines,
				    .flags = flags});
}

static inline void both(enum fault_kind kind)
{
	with((struct fault){.kind = kind, .server = NS1});
	with((struct fault){.kind = kind, .server = NS2});
}

static inline void warm(void)
{
	world_ask(w, "www.plain.org.", TYPE_MX, 0);
	network_forget_log(&w->network);
}

static inline void assert_refused(const char *name, uint16_t type)
{
	assert_int_equal(world_ask(w, name, type, 0)->reply->rcode, RCODE_SERVFAIL);
}

// Questions for a name over TCP.
static inline size_t sent_over_tcp(const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < w->network.log_count; i++) {
		const struct log_line *line = &w->network.log[i];
		count += line->tcp && name_equal(line->name, text_name(name));
	}
	return count;
}
