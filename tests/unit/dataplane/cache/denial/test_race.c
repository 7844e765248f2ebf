// ATTACKS B15: what a reader compares and what it uses are one load. Denial index, directories,
// leaves and SOAs, under a writer that acts between any two loads
// (tests/unit/dataplane/cache/race.h).
#include "dataplane/cache/denial/place.h"
#include "tests/unit/dataplane/cache/denial/hashed.h"
#include "tests/unit/dataplane/cache/race.h"

static int new_cache(void **state)
{
	(void)state;
	cache = denial_cache(8, DENIAL_BYTES, 1);
	return 0;
}

static int free_cache(void **state)
{
	(void)state;
	race_end();
	settle(cache, NOW_MS);
	cache_free(cache);
	return 0;
}

// ---- whether an answer is true ----

static void next_of(const struct denial_item *item, const uint8_t *zone,
		    uint8_t owner[NAME_MAX_LEN], struct rdata_nsec *out)
{
	struct record record;
	size_t offset = 0;

	assert_true(denial_item_whole(item));
	assert_true(denial_item_next(item, zone, &offset, owner, &record));
	assert_int_equal(record.type, TYPE_NSEC);
	assert_true(rdata_nsec(record.rdata, record.rdlen, out));
	assert_true(name_within(owner, zone));
	assert_true(name_within(out->next, zone));
}

static bool covered(const uint8_t *owner, const struct rdata_nsec *nsec, const uint8_t *zone,
		    const uint8_t *name)
{
	return name_compare(owner, name) < 0 &&
	       (name_equal(nsec->next, zone) || name_compare(name, nsec->next) < 0);
}

// By its records alone: they are the zone's, and one of them denies the name, or its type.
static void assert_true_of(const struct denial_answer *answer, const uint8_t *name, uint16_t type,
			   const uint8_t *zone)
{
	bool denied = false;

	if (answer->kind == DENIED_NOT)
		return;
	assert_true(name_equal(entry_name(answer->soa), zone));
	for (unsigned i = 0; i < answer->proof_count; i++) {
		uint8_t owner[NAME_MAX_LEN];
		struct rdata_nsec nsec;
		next_of(answer->proofs[i], zone, owner, &nsec);
		if (covered(owner, &nsec, zone, name))
			denied = true;
		if (name_equal(owner, name) && answer->kind == DENIED_NODATA)
			denied = !rdata_bitmap_has(nsec.bitmap, nsec.bitmap_len, type);
	}
	assert_true(denied);
	if (answer->kind == DENIED_WILDCARD)
		assert_true(name_within(entry_name(answer->wildcard), zone));
}

// ---- questions ----

#define QUESTIONS_MAX 8

struct question {
	uint8_t name[NAME_MAX_LEN];
	uint16_t type;
	uint8_t zone[NAME_MAX_LEN]; // that may deny it
};

static struct {
	struct question questions[QUESTIONS_MAX];
	size_t count;
	bool burst;
	unsigned step;
	_Atomic unsigned said; // answers that denied
} world;

static void will_ask(const char *name, uint16_t type, const char *zone)
{
	struct question *question = &world.questions[world.count++];

	assert_true(world.count <= QUESTIONS_MAX);
	name_copy(question->name, wire(name));
	name_copy(question->zone, wire(zone));
	question->type = type;
}

static void ask_all(void *arg)
{
	struct lookup lookups[QUESTIONS_MAX];
	const struct lookup *asked[QUESTIONS_MAX];
	struct denial_answer answers[QUESTIONS_MAX];
	struct denial_memo memo = {.labels = 0};

	(void)arg;
	for (size_t i = 0; i < world.count; i++) {
		const struct question *question = &world.questions[i];
		lookups[i] = (struct lookup){.name = question->name,
					     .name_len = (uint16_t)name_len(question->name),
					     .type = question->type,
					     .now_ms = NOW_MS,
					     .now_s = NOW_S};
		lookups[i].hash = cache_hash(cache, question->name, lookups[i].name_len);
		asked[i] = &lookups[i];
		if (!world.burst)
			cache_deny(cache, asked[i], &answers[i]);
	}
	if (world.burst)
		cache_deny_burst(cache, asked, answers, world.count, &memo);
	for (size_t i = 0; i < world.count; i++) {
		assert_true_of(&answers[i], world.questions[i].name, world.questions[i].type,
			       world.questions[i].zone);
		if (answers[i].kind != DENIED_NOT)
			atomic_fetch_add_explicit(&world.said, 1, memory_order_relaxed);
	}
}

// One by one and as a burst. Both have to say something at times, or nothing was tested.
static void race_with(void (*write)(void *arg), unsigned loads)
{
	const struct race race = {
		.read = ask_all, .write = write, .cache = cache, .told = &world.said};

	for (int burst = 0; burst < 2; burst++) {
		world.burst = burst;
		world.said = 0;
		race_all(&race, loads);
		assert_true(world.said > 0);
	}
}

// ---- the index ----

// Zones that stand in one line of the index: two by two with names of the same length.
#define NEIGHBOURS 4
static char neighbours[NEIGHBOURS][80];

static void find_neighbours(void)
{
	const struct denial_store *store = &cache->shards[0].denial;
	unsigned found = 0;

	for (unsigned n = 0; found < NEIGHBOURS; n++) {
		struct denial_place place;
		snprintf(neighbours[found], sizeof(neighbours[found]),
			 found < 2 ? "z%06u.example."
				   : "zone%06u.with.a.very.long.name.indeed.example.",
			 n);
		denial_place(cache, wire(neighbours[found]), &place);
		found += (place.hash & UINT32_MAX) * store->line_count >> 32 == 0;
	}
}

static void put_zone(const char *zone)
{
	assert_true(put_soa(zone, TTL_S));
	assert_int_equal(put_nsec_once(zone, zone, zone, "NS SOA RRSIG NSEC"), DENIAL_KEPT);
}

// The zone's word of the index goes to its neighbour, as when a line is full.
static void put_the_next_zone(void *arg)
{
	const struct denial_store *store = &cache->shards[0].denial;

	(void)arg;
	cache_denial_forget(cache, wire(neighbours[world.step % NEIGHBOURS]));
	while (flushes_run(cache, NOW_MS))
		;
	assert_int_equal(store->zones, 0);
	put_zone(neighbours[++world.step % NEIGHBOURS]);
}

static void b15_name_is_denied_by_its_own_zone_alone(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	find_neighbours();
	for (unsigned i = 0; i < NEIGHBOURS; i++) {
		char name[160];
		snprintf(name, sizeof(name), "q.%s", neighbours[i]);
		will_ask(name, TYPE_A, neighbours[i]);
	}
	put_zone(neighbours[0]);
	race_with(put_the_next_zone, 8);
}

// ---- directory and leaves ----

#define ROWS (3 * DENIAL_LEAF_MAX) // three leaves and more

static void put_name(unsigned n, unsigned next)
{
	char owner[40], next_owner[40];

	snprintf(owner, sizeof(owner), "n%04u.example.", n);
	snprintf(next_owner, sizeof(next_owner), next < ROWS ? "n%04u.example." : "example.", next);
	(void)put_nsec_once("example.", owner, next_owner, "A RRSIG NSEC");
}

static void put_rows(void)
{
	put_zone("example.");
	assert_int_equal(put_nsec("example.", "example.", "n0000.example.", "NS SOA RRSIG NSEC"),
			 DENIAL_KEPT);
	for (unsigned n = 0; n < ROWS; n += 2) {
		put_name(n, n + 2);
		if (n % 32 == 0)
			settle(cache, NOW_MS);
	}
}

// A name comes to be between two, and ends again.
static void come_and_go(void *arg)
{
	const unsigned n = ROWS / 2 + 1;
	char owner[40];

	(void)arg;
	if (world.step++ % 2 == 0) {
		put_name(n - 1, n);
		put_name(n, n + 1);
		return;
	}
	snprintf(owner, sizeof(owner), "n%04u.example.", n);
	cache_denial_refute(cache, wire(owner), TYPE_MX, NULL, NULL, NULL);
	put_name(n - 1, n + 1);
}

// Leaves are split and go, so that the directory is another one.
static void grow_and_shrink(void *arg)
{
	(void)arg;
	if (world.step++ % 2 == 0) {
		for (unsigned n = 0; n < ROWS; n++)
			put_name(n, n + 1);
		return;
	}
	for (unsigned n = 1; n < ROWS; n += 2) {
		char owner[40];
		snprintf(owner, sizeof(owner), "n%04u.example.", n);
		cache_denial_refute(cache, wire(owner), TYPE_MX, NULL, NULL, NULL);
	}
}

// All is gone and something else of it is there.
static void begin_anew(void *arg)
{
	(void)arg;
	cache_denial_forget(cache, wire("example."));
	put_zone("example.");
	for (unsigned n = world.step++ % 2; n < 8; n += 2)
		put_name(n, n + 2);
}

static void ask_for_rows(void)
{
	memset(&world, 0, sizeof(world));
	will_ask("n0049.example.", TYPE_A, "example.");
	will_ask("n0049.example.", TYPE_MX, "example.");
	will_ask("n0048.example.", TYPE_MX, "example.");
	will_ask("n0031x.example.", TYPE_A, "example.");
	will_ask("a.example.", TYPE_A, "example.");
	will_ask("z.example.", TYPE_A, "example.");
}

static void b15_leaf_that_is_replaced_denies_what_its_records_do(void **state)
{
	(void)state;
	put_rows();
	ask_for_rows();
	race_with(come_and_go, 20);
}

static void b15_directory_that_is_replaced_leads_to_records_that_deny(void **state)
{
	(void)state;
	put_rows();
	ask_for_rows();
	world.count = 3; // each step of the writer is long
	race_with(grow_and_shrink, 10);
}

static void b15_zone_that_begins_anew_denies_what_its_records_do(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	will_ask("n0004.example.", TYPE_MX, "example.");
	will_ask("n0005.example.", TYPE_A, "example.");
	will_ask("a.example.", TYPE_A, "example.");
	begin_anew(NULL);
	race_with(begin_anew, 10);
}

// Its records are hashed, in one order or another, or plain: what poll-mode cores find of the zone
// may be any of them.
static void change_the_kind_of_records(void *arg)
{
	static const struct zone_name names[] = {{"example.", "NS SOA RRSIG DNSKEY NSEC3PARAM"},
						 {"n0004.example.", "A RRSIG"}};
	static unsigned step;

	if (step++ % 3 == 0) {
		begin_anew(arg);
		return;
	}
	cache_denial_forget(cache, wire("example."));
	salt[0] = (uint8_t)step;
	assert_int_equal(put_hashed_zone("example.", names, 2, 0), 2);
}

static void b15_zone_that_is_hashed_anew_or_not_at_all_denies_what_its_records_do(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	will_ask("n0004.example.", TYPE_MX, "example.");
	will_ask("n0005.example.", TYPE_A, "example.");
	will_ask("a.example.", TYPE_A, "example.");
	begin_anew(NULL);
	race_with(change_the_kind_of_records, 10);
}

// ---- wildcards, whose RRsets are answers ----

static void change_wildcards(void *arg)
{
	(void)arg;
	switch (world.step++ % 3) {
	case 0:
		assert_int_equal(
			put(cache, signed_by(spec_a("*.example.", world.step), "example.")),
			PUBLISHED);
		break;
	case 1:
		cache_flush_name(cache, wire("*.example."));
		assert_int_equal(put(cache, spec_a("www.other.", 7)), PUBLISHED);
		put_zone("example.");
		assert_int_equal(
			put_nsec_once("example.", "*.example.", "w.example.", "A RRSIG NSEC"),
			DENIAL_KEPT);
		assert_int_equal(
			put_nsec_once("example.", "w.example.", "example.", "A RRSIG NSEC"),
			DENIAL_KEPT);
		break;
	case 2:
		assert_int_equal(put(cache, spec_nodata("*.example.", TYPE_A)), PUBLISHED);
		break;
	}
}

static void b15_wildcard_that_is_replaced_answers_by_its_own_name(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	will_ask("x.example.", TYPE_A, "example.");
	will_ask("y.y.example.", TYPE_A, "example.");
	world.step = 1;
	change_wildcards(NULL);
	assert_int_equal(put(cache, signed_by(spec_a("*.example.", 1), "example.")), PUBLISHED);
	race_with(change_wildcards, 10);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, new_cache, free_cache)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(b15_name_is_denied_by_its_own_zone_alone),
		TEST(b15_leaf_that_is_replaced_denies_what_its_records_do),
		TEST(b15_directory_that_is_replaced_leads_to_records_that_deny),
		TEST(b15_zone_that_begins_anew_denies_what_its_records_do),
		TEST(b15_zone_that_is_hashed_anew_or_not_at_all_denies_what_its_records_do),
		TEST(b15_wildcard_that_is_replaced_answers_by_its_own_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
