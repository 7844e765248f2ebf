// The short lane gives what the slow one gives, or leaves the frame as it came.
#include "tests/unit/dataplane/store/lanes.h"
#include "tests/unit/dataplane/store/random_frame.h"

#define FRAMES     200000
#define ROOM       1600
#define LONG_LABEL "abcdefghijklmnopqrstuvwxyz01" // two and .x.: 61 bytes

static struct lanes lanes;
static size_t kind;

#define RRSIG_P256 "%1 0d 02 #60 #1700100000 #1699990000 %7 @x. *64:5a"
#define RRSIG_ODD  "%1 08 02 #60 #1700100000 #1699990000 %9 @xy. *129:c3"

static void fill_cache(void)
{
	struct given list[] = {given_address("a.x."),
			       given_address("signed.x."),
			       given_address("many.x."),
			       given_address("two-signatures.x."),
			       given_address("soon.x."),
			       given_address("insecure.x."),
			       given_address("proved.x."),
			       given_address("ede.x."),
			       given_address(LONG_LABEL ".x."),
			       given_address(LONG_LABEL "." LONG_LABEL ".x."),
			       given_address(LONG_LABEL "." LONG_LABEL "." LONG_LABEL ".x."),
			       given_address("old.x."),
			       given_address("ttls.x."),
			       given_address("."),
			       given_address("1234567890.x."),
			       given_address("opt-out.x."),
			       given_address("uneven.x."),
			       given_address("centuries.x."),
			       given_cname("alias.x.", "@A.x."),
			       given_nxdomain("none.c."),
			       given_failure("failed.x.", EDE_DNSSEC_BOGUS)};

	list[1].rrsigs[0] = (struct given_record){NULL, TYPE_RRSIG, 60, RRSIG_P256};
	list[2].rrsigs[0] = (struct given_record){NULL, TYPE_RRSIG, 60, RRSIG_ODD};
	list[2].data[1] = (struct given_record){NULL, TYPE_A, 60, "c0000202"};
	list[2].data[2] = (struct given_record){NULL, TYPE_A, 60, "c0000203"};
	list[3].rrsigs[0] = (struct given_record){NULL, TYPE_RRSIG, 60, RRSIG_ODD};
	list[3].rrsigs[1] = (struct given_record){NULL, TYPE_RRSIG, 60, RRSIG_P256};
	list[4].signature_expires_s = NOW_S + 7;
	list[5].security = SECURITY_INSECURE;
	list[6].proofs[0] = (struct given_record){"y.x.", TYPE_NSEC, 60, "@z.x. 000140"};
	list[7].ede = 9;
	list[11].ttl_s = 5;
	list[11].stale_s = 3600;
	list[12].data[1] = (struct given_record){NULL, TYPE_A, 30, "c0000202"};
	list[15].opt_out = true;
	list[16].rrsigs[0] = (struct given_record){NULL, TYPE_RRSIG, 50, RRSIG_P256};
	list[17].signature_expires_s = (int64_t)UINT32_MAX + 5;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		put(&list[i]);
	put(&(const struct given){
		.name = "a.x.",
		.type = TYPE_AAAA,
		.kind = ENTRY_POSITIVE,
		.ttl_s = 70000,
		.security = SECURITY_SECURE,
		.data = {{NULL, TYPE_AAAA, 70000, "*16:20"}, {NULL, TYPE_AAAA, 70000, "*16:ff"}}});
	put(&(const struct given){.name = "a.x.",
				  .type = TYPE_TXT,
				  .kind = ENTRY_POSITIVE,
				  .ttl_s = 4000000,
				  .security = SECURITY_SECURE,
				  .data = {{NULL, TYPE_TXT, 4000000, "06 \"abcdef"},
					   {NULL, TYPE_TXT, 4000000, "05 \"odd.."}},
				  .rrsigs = {{NULL, TYPE_RRSIG, 4000000, RRSIG_ODD}}});
	put(&(const struct given){.name = "t.x.",
				  .type = TYPE_TXT,
				  .kind = ENTRY_POSITIVE,
				  .ttl_s = 60,
				  .data = {{NULL, TYPE_TXT, 60, "*700:01"}}});
	put(&(const struct given){.name = "a.x.",
				  .type = TYPE_MX,
				  .kind = ENTRY_NODATA,
				  .ttl_s = 60,
				  .data = {{"c.", TYPE_SOA, 60, SOA_RDATA}}});
	// Data shorter than a block.
	put(&(const struct given){.name = "a.x.",
				  .type = 65280,
				  .kind = ENTRY_POSITIVE,
				  .ttl_s = 60,
				  .data = {{NULL, 65280, 60, "01"}}});
}

static const char *const names[] = {"a.x.",
				    "A.X.",
				    "a.x.",
				    "Signed.x.",
				    "many.x.",
				    "maNY.X.",
				    "two-signatures.x.",
				    "soon.x.",
				    "insecure.x.",
				    "proved.x.",
				    "ede.x.",
				    LONG_LABEL ".x.",
				    LONG_LABEL "." LONG_LABEL ".x.",
				    LONG_LABEL "." LONG_LABEL "." LONG_LABEL ".x.",
				    "old.x.",
				    "ttls.x.",
				    ".",
				    "1234567890.x.",
				    "opt-out.x.",
				    "uneven.x.",
				    "centuries.x.",
				    "alias.x.",
				    "none.c.",
				    "failed.x.",
				    "t.x.",
				    "miss.x.",
				    "id.server."};
static const struct random_names all_names = {names, sizeof(names) / sizeof(names[0])};

static void lanes_start(void)
{
	lanes.store = store;
	lanes.service = frame_services();
	// The frames' own and another: what a byte of it is changed in is for others.
	memcpy(lanes.service.stations[0], "\x02\0\0\0\0\x63", 6);
	memcpy(lanes.service.stations[1], "\x02\0\0\0\0\1", 6);
	lanes.service.station_count = 2;
	plain_service_make(&lanes.service, &lanes.plain);
	lanes.offload = (struct packet_offload){false, false};
	lanes.turn = (struct short_turn){NOW_MS, NOW_S, true, 0, NULL, NULL};
	lanes.serve = short_kinds[kind].serve;
}

static void random_turn(unsigned *random)
{
	// A core may be a little behind the writer.
	lanes.turn.now_ms = NOW_MS - 3000 + below(random, 23000);
	lanes.turn.now_s = NOW_S + below(random, 20);
	if (below(random, 50) == 0)
		lanes.turn.now_s = below(random, 2) ? -5 : (int64_t)UINT32_MAX + 1;
	lanes.turn.clock_trusted = below(random, 10) != 0;
	lanes.turn.rotation = (uint32_t)rand_r(random);
}

static void lanes_agree_over_a_fuzzed_corpus(void **state)
{
	(void)state;
	unsigned ends[5] = {0}, random = 20;
	const char *why = "";

	fill_cache();
	lanes_start();
	for (unsigned n = 0; n < FRAMES; n++) {
		static struct frame f;
		unsigned before = random;

		random_frame(&random, &all_names, &f);
		random_turn(&random);
		size_t room = f.len + below(&random, 30) < ROOM ? ROOM : f.len;
		if (below(&random, 30) == 0)
			room = f.len + below(&random, 200);
		enum lanes_end end = lanes_compare(&lanes, f.bytes, f.len, room, &why);
		if (end == LANES_DIFFER)
			fail_msg("frame %u (random %u): %s differ", n, before, why);
		ends[end]++;
	}
	// The corpus reaches every end many times.
	assert_true(ends[LANES_ANSWERED] > FRAMES / 20);
	assert_true(ends[LANES_LEFT] > FRAMES / 20);
	assert_true(ends[LANES_MISSED] > FRAMES / 100);
	assert_true(ends[LANES_OTHER] > FRAMES / 20);
}

static enum lanes_end short_end(const char *question, unsigned flags, const char *opt,
				unsigned family)
{
	static struct frame f;
	struct frame_spec spec = frame_default((uint8_t)family);
	const char *why = "";

	given_query(&asked, flags, question, opt);
	spec.dns = asked.data;
	spec.dns_len = asked.len;
	frame_make(&f, &spec);
	enum lanes_end end = lanes_compare(&lanes, f.bytes, f.len, ROOM, &why);
	if (end == LANES_DIFFER)
		fail_msg("%s: %s differ", question, why);
	return end;
}

static bool short_answers(const char *question, unsigned flags, const char *opt, unsigned family)
{
	return short_end(question, flags, opt, family) == LANES_ANSWERED;
}

static bool short_misses(const char *question, unsigned flags, const char *opt, unsigned family)
{
	return short_end(question, flags, opt, family) == LANES_MISSED;
}

static void common_questions_take_the_short_lane(void **state)
{
	(void)state;
	fill_cache();
	lanes_start();
	for (unsigned family = 4; family <= 6; family += 2) {
		assert_true(short_answers("@a.x. %1 %1", FLAG_RD, NULL, family));
		assert_true(short_answers("@A.x. %1 %1", FLAG_RD, OPT_PLAIN, family));
		assert_true(short_answers("@a.X. %28 %1", FLAG_RD | FLAG_AD, OPT_PLAIN, family));
		assert_true(short_answers("@a.x. %16 %1", FLAG_RD, OPT_DO, family));
		assert_true(short_answers("@signed.x. %1 %1", FLAG_RD, OPT_DO, family));
		assert_true(short_answers("@many.x. %1 %1", FLAG_RD, OPT_DO, family));
		assert_true(short_answers("@two-signatures.x. %1 %1", FLAG_RD, OPT_DO, family));
		assert_true(short_answers("@signed.x. %1 %1", FLAG_RD | FLAG_CD, OPT_DO, family));
		assert_true(short_answers("@" LONG_LABEL "." LONG_LABEL ".x. %1 %1", FLAG_RD,
					  OPT_DO, family));
	}
}

static void others_are_left_to_the_slow_lane(void **state)
{
	(void)state;
	fill_cache();
	lanes_start();
	assert_false(short_answers("@alias.x. %1 %1", FLAG_RD, NULL, 4));
	assert_false(short_answers("@a.x. %15 %1", FLAG_RD, NULL, 4));   // NODATA
	assert_false(short_answers("@none.c. %0 %1", FLAG_RD, NULL, 4)); // NXDOMAIN's own type
	assert_false(short_answers("@proved.x. %1 %1", FLAG_RD, OPT_DO, 4));
	assert_false(short_answers("@ede.x. %1 %1", FLAG_RD, OPT_PLAIN, 4));
	// Where every TTL is another: more to look at than the short lane does.
	assert_false(short_answers("@ttls.x. %1 %1", FLAG_RD, OPT_DO, 4));
	assert_false(short_answers("@uneven.x. %1 %1", FLAG_RD, OPT_DO, 4));
	assert_false(short_answers("@centuries.x. %1 %1", FLAG_RD, OPT_DO, 4));
	assert_false(short_answers("@t.x. %16 %1", FLAG_RD, NULL, 4)); // TC
	assert_false(short_answers("@a.x. %1 %1", FLAG_RD,
				   "00 %41 %1232 #0 %12 %10 %8 0102030405060708", 4));
}

static void names_of_which_nothing_is_cached_are_known_to_miss(void **state)
{
	(void)state;
	fill_cache();
	lanes_start();
	for (unsigned family = 4; family <= 6; family += 2) {
		assert_true(short_misses("@miss.x. %1 %1", FLAG_RD, NULL, family));
		assert_true(short_misses("@Miss.X. %28 %1", FLAG_RD | FLAG_AD, OPT_DO, family));
		assert_true(short_misses("@miss.a.x. %1 %1", FLAG_RD, OPT_PLAIN, family));
	}
	assert_false(short_misses("@miss.x. %1 %1", 0, NULL, 4));                 // REFUSED
	assert_false(short_misses("@miss.x. %1 %1", FLAG_RD | FLAG_CD, NULL, 4)); // or unproven
	assert_false(short_misses("@miss.x. %43 %1", FLAG_RD, NULL, 4)); // DS: the parent's
	assert_false(short_misses("@miss.x. %255 %1", FLAG_RD, NULL, 4));
	assert_false(short_misses("@a.x. %33 %1", FLAG_RD, NULL, 4)); // the name is there
	assert_false(short_misses("@failed.x. %1 %1", FLAG_RD, NULL, 4));
	assert_false(short_misses("03 616263 %1 %1", FLAG_RD, NULL, 4));
	lanes.turn.now_ms = NOW_MS + 6000;
	assert_false(short_misses("@old.x. %1 %1", FLAG_RD, NULL, 4)); // stale
}

static void burst_of_any_size_is_answered_in_any_order(void **state)
{
	(void)state;
	static struct frame frames[STORE_BURST_MAX], alone[STORE_BURST_MAX];
	struct short_frame list[STORE_BURST_MAX];
	bool missed[STORE_BURST_MAX];
	unsigned random = 5;

	fill_cache();
	lanes_start();
	for (unsigned count = 0; count <= STORE_BURST_MAX; count++) {
		size_t answered = 0;

		for (unsigned i = 0; i < count; i++) {
			random_frame(&random, &all_names, &frames[i]);
			// Checksums are verified together: a bad one is taken out of their midst.
			if (below(&random, 8) == 0)
				frames[i].bytes[frames[i].udp + 7] ^= 1;
			if (frames[i].family == 4 && below(&random, 8) == 0)
				frames[i].bytes[frames[i].ip + 11] ^= 1;
			alone[i] = frames[i];
			struct plain_frame plain = {.bytes = frames[i].bytes,
						    .len = (uint16_t)frames[i].len,
						    .room = ROOM};
			list[i] = (struct short_frame){.frame = plain};
		}
		for (unsigned i = 0; i < count; i++) {
			struct short_frame one = list[i];
			struct short_turn turn = lanes.turn;

			one.frame.bytes = alone[i].bytes;
			turn.rotation += i;
			answered += lanes.serve(store, &lanes.plain, &turn, &one, 1);
			alone[i].len = one.answered ? one.frame.len : 0;
			missed[i] = one.missed;
		}
		assert_int_equal(lanes.serve(store, &lanes.plain, &lanes.turn, list, count),
				 answered);
		for (unsigned i = 0; i < count; i++) {
			assert_int_equal(list[i].answered, alone[i].len > 0);
			assert_int_equal(list[i].missed, missed[i]);
			if (list[i].answered)
				assert_int_equal(list[i].frame.len, alone[i].len);
			assert_memory_equal(frames[i].bytes, alone[i].bytes, alone[i].len);
		}
	}
}

static void answer_marks_the_entry_as_asked_for(void **state)
{
	(void)state;
	struct given given = given_address("a.x.");
	const struct entry *entry = publish(&given);

	lanes_start();
	assert_false(cache_mark_visited(store_cache(store), entry, false));
	assert_true(short_answers("@a.x. %1 %1", FLAG_RD, NULL, 4));
	assert_true(cache_mark_visited(store_cache(store), entry, false));
	cache_unpin(store_cache(store), entry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		served_test(lanes_agree_over_a_fuzzed_corpus),
		served_test(common_questions_take_the_short_lane),
		served_test(others_are_left_to_the_slow_lane),
		served_test(names_of_which_nothing_is_cached_are_known_to_miss),
		served_test(burst_of_any_size_is_answered_in_any_order),
		served_test(answer_marks_the_entry_as_asked_for),
	};

	int failed = 0;

	for (kind = 0; kind < SHORT_KINDS; kind++) {
		if (short_runs(kind))
			failed += cmocka_run_group_tests_name(short_kinds[kind].name, tests, NULL,
							      NULL);
		else
			fprintf(stderr, "this processor is no %s\n", short_kinds[kind].name);
	}
	return failed;
}
