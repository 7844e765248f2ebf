// Writes a pcap file of queries for names that bench_fill() caches.
//
//   bench_queries out=FILE names=N count=N [zipf=S] [dnssec=1] [miss_every=N] [denied=1] [seed=N]
//
// Names are drawn uniformly from [0, names), or with Zipf's popularity of exponent S. With
// miss_every=N every Nth query asks for a name that is not cached, a different one each time.
// denied: names at random that do not exist in the zone of bench_fill_denial().
#include "bench/denial.h"
#include "bench/frames.h"
#include "bench/names.h"
#include "bench/option.h"
#include "bench/random.h"
#include "dataplane/dns/types.h"

#include <string.h>

struct draw {
	uint64_t names, miss_every, missed;
	uint64_t state;
	struct zipf *zipf;
	bool denied;
};

static uint64_t draw_name(struct draw *draw, uint64_t number)
{
	if (draw->miss_every != 0 && number % draw->miss_every == draw->miss_every - 1)
		return BENCH_NAMES_MAX - 1 - draw->missed++;
	if (draw->zipf != NULL)
		return zipf_draw(draw->zipf, &draw->state);
	return random_below(&draw->state, draw->names);
}

int main(int argc, char **argv)
{
	const char *path = option_text(argc, argv, "out", NULL);
	uint64_t count = option_number(argc, argv, "count", 1000000);
	double exponent = option_real(argc, argv, "zipf", 0);
	struct draw draw = {
		.names = option_number(argc, argv, "names", 1000000),
		.miss_every = option_number(argc, argv, "miss_every", 0),
		.state = option_number(argc, argv, "seed", 1),
		.denied = option_number(argc, argv, "denied", 0) != 0,
	};
	uint8_t name[NAME_MAX_LEN], frame[FRAME_QUERY_MAX];
	struct frame_query query = {.name = name, .type = TYPE_A};

	if (path == NULL)
		fail("out", "which file?");
	if (exponent > 0 && (draw.zipf = zipf_new(draw.names, exponent)) == NULL)
		fail("zipf", "no memory");
	query.dnssec = option_number(argc, argv, "dnssec", 0) != 0;
	FILE *file = fopen(path, "we");
	if (file == NULL || pcap_begin(file) < 0)
		fail(path, "cannot be written");
	for (uint64_t i = 0; i < count; i++) {
		query.name_len = draw.denied ? bench_denied_name(random_next(&draw.state), name)
					     : bench_name(draw_name(&draw, i), name);
		query.random = random_next(&draw.state);
		if (pcap_add(file, frame, frame_query(&query, frame)) < 0)
			fail(path, "cannot be written");
	}
	if (fclose(file) != 0)
		fail(path, "cannot be written");
	zipf_free(draw.zipf);
	return 0;
}
