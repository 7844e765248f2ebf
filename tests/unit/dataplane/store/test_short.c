// The short lane gives what the slow one gives, or leaves the frame as it came.
#include "tests/unit/dataplane/store/lanes.h"
#include "tests/unit/dataplane/store/served.h"

#define FRAMES     200000
#define ROOM       1600
#define LONG_LABEL "abcdefghijklmnopqrstuvwxyz01" // two and .x.: 61 bytes

static struct lanes lanes;
static size_t kind;

static unsigned below(unsigned *random, unsigned limit)
{
	return (unsigned)rand_r(random) % limit;
}

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
#define NAMES (sizeof(names) / sizeof(names[0]))

static size_t random_message(unsigned *random, uint8_t *out)
{
	static const unsigned types[] = {1,  1,  1,  1,  1,     1, 1,  1,   28,
					 28, 16, 16, 15, 65280, 0, 46, 255, 41};
	static const unsigned classes[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 4};
	static const unsigned flags[] = {FLAG_RD,
					 FLAG_RD,
					 FLAG_RD,
					 0,
					 FLAG_RD | FLAG_CD,
					 FLAG_RD | FLAG_AD,
					 FLAG_RD | FLAG_Z | FLAG_AA | FLAG_TC | 5,
					 FLAG_RD,
					 FLAG_RD,
					 FLAG_QR,
					 0x2000};
	static const char *const opts[] = {NULL,
					   NULL,
					   OPT_PLAIN,
					   OPT_PLAIN,
					   OPT_DO,
					   OPT_DO,
					   OPT_DO,
					   "00 %41 %100 #0 %0",
					   "00 %41 %800 #4278206208 %0",
					   "00 %41 %65535 #32895 %0",
					   "00 %41 %512 #32768 %12 %10 %8 0102030405060708",
					   "00 %41 %1232 00010000 %0",
					   "00 %41 %1232 #0 %4 %11 %0",
					   "01 61 00 %41 %800 #0 %0",
					   "00 %1 %1 #0 %0"};
	static struct bytes b;
	char question[160];

	snprintf(question, sizeof(question), "@%s %%%u %%%u", names[below(random, NAMES)],
		 types[below(random, 18)], classes[below(random, 12)]);
	given_query(&b, flags[below(random, 11)], question, opts[below(random, 15)]);
	b.data[0] = (uint8_t)rand_r(random);
	b.data[1] = (uint8_t)rand_r(random);
	if (below(random, 5) == 0) { // mutated
		for (unsigned n = 1 + below(random, 3); n > 0; n--)
			b.data[below(random, (unsigned)b.len)] = (uint8_t)rand_r(random);
		if (below(random, 4) == 0)
			b.len = below(random, (unsigned)b.len + 1);
		else if (below(random, 4) == 0)
			b.data[b.len++] = (uint8_t)rand_r(random);
	}
	memcpy(out, b.data, b.len);
	return b.len;
}

static void random_frame(unsigned *random, struct frame *f)
{
	static const uint8_t options[8] = {1, 1, 1, 1, 1, 1, 1, 1};
	static const uint8_t hop_by_hop[8] = {17, 0, 1, 4};
	uint8_t message[1024];
	struct frame_spec spec = frame_default(below(random, 2) ? 4 : 6);
	const bool options_too = below(random, 20) == 0;

	spec.vlan_count = below(random, 8) == 0 ? 1 + below(random, 2) : 0;
	if (options_too) {
		spec.options = spec.family == 4 ? options : hop_by_hop;
		spec.options_len = 8;
	}
	spec.source_port = (uint16_t)(below(random, 50) == 0 ? 0 : rand_r(random));
	if (below(random, 50) == 0)
		spec.destination_port = 54;
	spec.dns = message;
	spec.dns_len = random_message(random, message);
	frame_make(f, &spec);
	if (below(random, 10) == 0) { // in the headers, mostly healed
		f->bytes[below(random, (unsigned)f->dns)] = (uint8_t)rand_r(random);
		if (f->family == 4 && (f->bytes[f->ip] & 15) == 5 && below(random, 4) != 0)
			frame_fix_ip_checksum(f);
		if (below(random, 4) != 0 && f->bytes[f->udp + 4] == 0)
			frame_fix_udp_checksum(f);
	}
	if (below(random, 40) == 0)
		frame_put16(f->bytes + f->udp + 6, 0);
	if (below(random, 40) == 0) // padded, or cut
		f->len += below(random, 30);
	else if (below(random, 40) == 0)
		f->len = below(random, (unsigned)f->len + 1);
}

static void lanes_start(void)
{
	lanes.store = store;
	lanes.service = frame_services();
	plain_service_make(&lanes.service, &lanes.plain);
	lanes.offload = (struct packet_offload){false, false};
	lanes.turn = (struct short_turn){NOW_MS, NOW_S, true, 0, NULL};
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
	unsigned ends[4] = {0}, random = 20;
	const char *why = "";

	fill_cache();
	lanes_start();
	for (unsigned n = 0; n < FRAMES; n++) {
		static struct frame f;
		unsigned before = random;

		random_frame(&random, &f);
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
	assert_true(ends[LANES_OTHER] > FRAMES / 20);
}

static bool short_answers(const char *question, unsigned flags, const char *opt, unsigned family)
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
	return end == LANES_ANSWERED;
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

static void burst_of_any_size_is_answered_in_any_order(void **state)
{
	(void)state;
	static struct frame frames[STORE_BURST_MAX], alone[STORE_BURST_MAX];
	struct short_frame list[STORE_BURST_MAX];
	unsigned random = 5;

	fill_cache();
	lanes_start();
	for (unsigned count = 0; count <= STORE_BURST_MAX; count++) {
		size_t answered = 0;

		for (unsigned i = 0; i < count; i++) {
			random_frame(&random, &frames[i]);
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
		}
		assert_int_equal(lanes.serve(store, &lanes.plain, &lanes.turn, list, count),
				 answered);
		for (unsigned i = 0; i < count; i++) {
			assert_int_equal(list[i].answered, alone[i].len > 0);
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
