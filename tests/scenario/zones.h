// Zones that many scenarios use, over three providers (192.0.2.0/24, 198.51.100.0/24,
// 203.0.113.0/24).
#pragma once

#include "tests/scenario/scenario.h"

#define PROVIDER_A "192.0.2.10"
#define PROVIDER_B "198.51.100.10"
#define PROVIDER_C "203.0.113.10"

// A signed zone at two providers.
static inline void add_example(struct world *world)
{
	world_add(world,
		  &(struct world_zone){
			  .apex = "example.com.",
			  .servers = "ns1.example.com.=" PROVIDER_A " ns2.example.com.=" PROVIDER_B,
			  .text = "www.example.com. 300 IN A 192.0.2.80\n"
				  "www.example.com. 300 IN AAAA 2001:db8::80\n"
				  "*.wild.example.com. 300 IN A 192.0.2.81\n"
				  "a.ent.example.com. 300 IN A 192.0.2.82\n"
				  "alias.example.com. 300 IN CNAME www.example.com.\n"
				  "away.example.com. 60 IN CNAME www.plain.org.\n"
				  "old.example.com. 300 IN DNAME new.example.com.\n"
				  "x.new.example.com. 300 IN A 192.0.2.83\n"
				  "zero.example.com. 0 IN A 192.0.2.84\n"
				  "mx.example.com. 300 IN MX 10 www.example.com.\n",
		  });
}

// An unsigned zone at two providers.
static inline void add_plain(struct world *world)
{
	world_add(world,
		  &(struct world_zone){
			  .apex = "plain.org.",
			  .servers = "ns1.plain.org.=192.0.2.20 ns2.plain.org.=198.51.100.20",
			  .text = "www.plain.org. 300 IN A 192.0.2.90\n"
				  "back.plain.org. 300 IN CNAME www.example.com.\n"
				  "old.plain.org. 300 IN DNAME new.plain.org.\n"
				  "x.new.plain.org. 300 IN A 192.0.2.91\n"
				  "zero.plain.org. 0 IN A 192.0.2.92\n",
			  .options = {.unsigned_ = true},
		  });
}

static struct world *w;

static inline int end_world(void **state)
{
	(void)state;
	world_free(w);
	w = NULL;
	return 0;
}

// The root, the TLDs and these two.
static inline int start_common(void **state)
{
	(void)state;
	w = world_new();
	world_add_tlds(w);
	add_example(w);
	add_plain(w);
	world_start(w);
	return 0;
}

#define scenario(f)        cmocka_unit_test_setup_teardown(f, NULL, end_world)
#define scenario_common(f) cmocka_unit_test_setup_teardown(f, start_common, end_world)

// Begins a world of its own: root and TLDs.
static inline void begin(void)
{
	w = world_new();
	world_add_tlds(w);
}

static inline void with(const struct fault fault)
{
	network_fault(&w->network, &fault);
}
