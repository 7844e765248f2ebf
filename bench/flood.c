// Names in use while a signed zone is flooded with questions for names that do not exist: how many
// of them are lost. Store, resolver and validator as they are, over scripted servers and a scripted
// clock; every question goes to the store first, as on a poll-mode core, then to the resolver.
//
//   bench_flood [hashed=1] [denial=0] [names=N] [benign=N] [flood=N] [seed=N]
//
// The cache (8 MiB) is filled with names (for a day); then `benign` questions for them by Zipf's
// popularity of exponent 1, with `flood` questions for random names of one zone to each. What is
// missing is fetched again. Prints one line of JSON.
#include "bench/fill.h"
#include "bench/moment.h"
#include "bench/names.h"
#include "bench/option.h"
#include "bench/random.h"
#include "dataplane/dns/builder.h"
#include "tests/scenario/scenario.h"

#include <inttypes.h>
#include <stdlib.h>

#define ZONE        "flooded.com."
#define HOSTS       1000 // in the zone: as many proofs deny all else
#define WAITING_MAX 200
#define WARM_LAPS   3
#define LOST_MAX    100000

static struct world *w;
static size_t waiting;

struct tally {
	uint64_t benign, lost;          // asked, and not there
	uint64_t flood, at_once, asked; // answered by the store; by the resolver
	uint64_t refused;
};

// ---- the world ----

static char *zone_text(void)
{
	static char text[HOSTS * 64];
	size_t used = 0;

	for (unsigned i = 0; i < HOSTS; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%c%04x%u." ZONE " 300 IN A 192.0.2.80\n",
					 'a' + (char)(i % 26), (unsigned)random_mix(i) & 0xffff, i);
	return text;
}

static void make_world(bool hashed, bool denial)
{
	w = world_new();
	w->denial = denial;
	world_add_tlds(w);
	world_add(w, &(struct world_zone){.apex = ZONE,
					  .servers = "ns." ZONE "=192.0.2.10",
					  .text = zone_text(),
					  .negative_ttl_s = 3600,
					  .options = {.nsec3 = hashed}});
	world_start(w);
}

// ---- asking ----

static void done(void *arg, struct store_result *result)
{
	(void)arg;
	waiting--;
	store_result_unref(w->store, result);
}

static void question_of(const uint8_t *name, size_t len, struct ticket_question *out)
{
	*out = (struct ticket_question){
		.flags = FLAG_RD,
		.qtype = TYPE_A,
		.qclass = CLASS_IN,
		.name_len = (uint8_t)len,
		.edns = {.present = true, .udp_size = 1232, .ede = EDE_NONE},
		.client = {.family = 4, .bytes = {127, 0, 0, 1}},
		.arrival_ms = w->network.now_us / 1000,
	};
	memcpy(out->name, name, len);
}

// True: the store had an answer.
static bool served(const uint8_t *name)
{
	static const struct address client = {.family = 4, .bytes = {127, 0, 0, 1}};
	const struct store_clock clock = world_clock(w);
	struct serve serve = {.client = &client,
			      .now_ms = clock.now_ms,
			      .now_s = clock.now_s,
			      .clock_trusted = true};
	const struct edns edns = {.present = true, .udp_size = 1232, .ede = EDE_NONE};
	static uint8_t wire[4096];
	int len = query_build(wire, sizeof(wire), 1, FLAG_RD, name, TYPE_A, &edns);

	return store_serve_query(w->store, wire, (size_t)len, &serve, wire, sizeof(wire)) ==
	       SERVE_REPLY;
}

static void turn(void)
{
	world_advance(w, 1);
	network_forget_log(&w->network);
}

static void flood_one(struct tally *tally, uint64_t *random)
{
	uint8_t name[NAME_MAX_LEN];
	struct ticket_question question;
	char text[64];

	snprintf(text, sizeof(text), "%c%012" PRIx64 "." ZONE, 'a' + (char)random_below(random, 26),
		 random_next(random) >> 16);
	int len = name_from_text(text, name);
	tally->flood++;
	if (served(name)) {
		tally->at_once++;
		return;
	}
	tally->asked++;
	question_of(name, (size_t)len, &question);
	if (resolver_ask(w->resolver, &question, done, NULL) == 0)
		waiting++;
	else
		tally->refused++;
	while (waiting >= WAITING_MAX)
		turn();
}

static void benign_one(struct tally *tally, struct filling *filling, uint64_t number)
{
	uint8_t name[NAME_MAX_LEN];

	tally->benign++;
	bench_name(number, name);
	if (served(name))
		return;
	tally->lost++;
	filling->clock = world_clock(w);
	filling_put(filling, store_cache(w->store), number);
}

// ---- the run ----

static uint64_t present(uint64_t names)
{
	uint64_t count = 0;

	for (uint64_t i = 0; i < names; i++) {
		uint8_t name[NAME_MAX_LEN];
		bench_name(i, name);
		count += cache_find(store_cache(w->store), name, TYPE_A) != NULL;
	}
	return count;
}

static void run(uint64_t names, uint64_t benign, uint64_t flood, uint64_t seed)
{
	struct zipf *zipf = zipf_new(names, 1.0);
	struct tally tally = {0}, warm = {0};
	struct filling filling;
	uint64_t random = seed;

	if (zipf == NULL)
		(fail)("zipf", "no memory"); // cmocka has a macro of that name
	filling_init(&filling, false);
	filling.clock = world_clock(w);
	filling_put_all(&filling, store_cache(w->store), 0, names);
	// Those in use are known to be in use, before the flood begins.
	for (uint64_t i = 0; i < WARM_LAPS * names; i++)
		benign_one(&warm, &filling, zipf_draw(zipf, &random));
	uint64_t held = present(names);
	struct cache_counters before, after;
	cache_counters(store_cache(w->store), &before);
	uint64_t start_ns = wall_ns();
	for (uint64_t i = 0; i < benign; i++) {
		for (uint64_t k = 0; k < flood; k++)
			flood_one(&tally, &random);
		benign_one(&tally, &filling, zipf_draw(zipf, &random));
		if (i % 32 == 0)
			turn();
	}
	while (waiting > 0)
		turn();
	uint64_t elapsed_ns = wall_ns() - start_ns;
	cache_counters(store_cache(w->store), &after);
	printf("{\"names\": %" PRIu64 ", \"held\": %" PRIu64 ", \"held_after\": %" PRIu64
	       ", \"benign\": %" PRIu64 ", \"lost\": %" PRIu64 ", \"flood\": %" PRIu64
	       ", \"at_once\": %" PRIu64 ", \"asked\": %" PRIu64 ", \"refused\": %" PRIu64
	       ", \"sent\": %" PRIu64 ", \"evicted\": %" PRIu64 ", \"denial_records\": %" PRIu64
	       ", \"ns\": %.0f}\n",
	       names, held, present(names), tally.benign, tally.lost, tally.flood, tally.at_once,
	       tally.asked, tally.refused, world_counter(w, "resolver.sent"),
	       after.evicted - before.evicted, after.denial_records,
	       (double)elapsed_ns / (double)(tally.flood + tally.benign));
	zipf_free(zipf);
}

int main(int argc, char **argv)
{
	make_world(option_number(argc, argv, "hashed", 0) != 0,
		   option_number(argc, argv, "denial", 1) != 0);
	run(option_number(argc, argv, "names", 30000), option_number(argc, argv, "benign", 20000),
	    option_number(argc, argv, "flood", 20), option_number(argc, argv, "seed", 1));
	world_free(w);
	return 0;
}
