// What an entry costs, in bytes of the whole budget and in time to publish.
//
//   bench_cache names=N [signed=1]
//
// Prints one line of JSON. `bytes`: the smallest budget, found to within 1 %, in which all the
// names stand at once, divided by their number; everything is in it: index, slack of size classes,
// the UNPROVEN table's share, what eviction keeps free.
#include "bench/fill.h"
#include "bench/moment.h"
#include "bench/option.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct trial {
	size_t budget;
	uint64_t held; // of the names
	uint64_t ns;   // to publish one
};

static void try_budget(struct trial *trial, uint64_t names, bool is_signed)
{
	struct cache_counters counters;
	struct filling filling;
	char err[256];
	struct acl *acl;
	struct store *store = fill_store(trial->budget, false, &acl, err, sizeof(err));

	if (store == NULL)
		fail("store", err);
	filling_init(&filling, is_signed);
	uint64_t start_ns = thread_ns();
	filling_put_all(&filling, store_cache(store), 0, names);
	trial->ns = (thread_ns() - start_ns) / names;
	cache_counters(store_cache(store), &counters);
	trial->held = counters.entries;
	trial->budget = counters.bytes_budget;
	store_free(store);
	acl_free(acl);
}

int main(int argc, char **argv)
{
	uint64_t names = option_number(argc, argv, "names", 1000000);
	bool is_signed = option_number(argc, argv, "signed", 0) != 0;
	struct trial best = {.budget = names * 1024};
	size_t low = names * 64;

	try_budget(&best, names, is_signed);
	if (best.held != names)
		fail("names", "do not fit in 1024 bytes each");
	while (best.budget - low > best.budget / 100) {
		struct trial trial = {.budget = low + (best.budget - low) / 2};
		try_budget(&trial, names, is_signed);
		if (trial.held == names)
			best = trial;
		else
			low = trial.budget;
	}
	printf("{\"names\": %" PRIu64 ", \"budget\": %zu, \"bytes\": %.1f, \"publish_ns\": %" PRIu64
	       "}\n",
	       names, best.budget, (double)best.budget / (double)names, best.ns);
	return 0;
}
