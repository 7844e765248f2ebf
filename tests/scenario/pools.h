// Worlds in which example.com. is forwarded to a pool of four servers.
#pragma once

#include "tests/scenario/zones.h"

#define EAST_1 "203.0.113.50"
#define EAST_2 "203.0.114.50" // another network, the same label
#define WEST   "203.0.113.51" // the same network, another label
#define SPARE  "198.51.100.50"

#define NAMES 20

// example.com. and what is needed to validate it, by pools in all of these tests.
static inline struct route *begin_pool(const char *zone, const char *servers)
{
	begin();
	add_example(w);
	add_plain(w);
	return world_route(w, zone, true, servers);
}

static inline void start_pool(void)
{
	static const char *const servers[] = {EAST_1, EAST_2, WEST, SPARE};

	world_start(w);
	for (size_t i = 0; i < 4; i++)
		world_serve_all(w, servers[i]);
	network_forget_log(&w->network);
}

static inline size_t sent_to(const char *server)
{
	return network_sent(&w->network, server, NULL, 0);
}

static inline bool is_forwarder(const char *server)
{
	return strcmp(server, EAST_1) == 0 || strcmp(server, EAST_2) == 0 ||
	       strcmp(server, WEST) == 0 || strcmp(server, SPARE) == 0;
}

// Questions about data of example.com.: the DS of the zone is its parent's, and where nobody
// answers, the root is asked whether our own path is lost.
static inline size_t sent_elsewhere(void)
{
	size_t count = 0;

	for (size_t i = 0; i < w->network.log_count; i++) {
		const struct log_line *line = &w->network.log[i];
		count += !is_forwarder(line->server) && line->type != TYPE_DS &&
			 name_within(line->name, text_name("example.com."));
	}
	return count;
}

static inline struct question *ask_nth(unsigned n)
{
	char name[40];

	snprintf(name, sizeof(name), "n%u.wild.example.com.", n);
	return world_ask(w, name, TYPE_A, ASK_DO);
}

static inline uint64_t took_ms(const struct question *q)
{
	return (q->done_us - q->asked_us) / 1000;
}

// A hundred names, so that the chain of trust is no part of what is counted.
static inline void warm(void)
{
	assert_answer(world_ask(w, "mx.example.com.", TYPE_MX, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	network_forget_log(&w->network);
}
