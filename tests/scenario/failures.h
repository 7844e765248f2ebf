// example.com. (zones.h) in use, and what becomes of its two servers.
#pragma once

#include "tests/scenario/zones.h"

// The two servers of example.com.
static inline void break_example(enum fault_kind kind)
{
	with((struct fault){.kind = kind, .server = PROVIDER_A});
	with((struct fault){.kind = kind, .server = PROVIDER_B});
}

static inline void warm(void)
{
	world_ask(w, "www.example.com.", TYPE_MX, 0);
	network_forget_log(&w->network);
}
