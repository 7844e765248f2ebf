// The short lane denies what the slow one denies, from cached NSEC records (RFC 8198), in the same
// bytes.
#include "tests/unit/dataplane/store/lanes.h"
#include "tests/unit/dataplane/store/random_frame.h"

#define FRAMES     200000
#define ROOM       1600
#define DENIAL_TTL 40
#define SIGNED_S   25 // from now

static struct lanes lanes;
static size_t kind;

// ---- a zone ----

static size_t name_of(const char *text, uint8_t *out)
{
	int len = name_from_text(text, out);

	assert_true(len > 0);
	return (size_t)len;
}

static struct rrset *signed_of(const char *zone, const char *owner, uint16_t type,
			       const uint8_t *rdata, size_t rdlen, unsigned signature_len)
{
	uint8_t name[NAME_MAX_LEN], rrsig[18 + NAME_MAX_LEN + 200] = {0};

	name_of(owner, name);
	wire_put16(rrsig, type);
	rrsig[2] = 13;
	rrsig[3] = (uint8_t)name_labels(name);
	size_t len = 18 + name_of(zone, rrsig + 18);
	memset(rrsig + len, 0x5a + (int)(signature_len % 7), signature_len);
	const struct record record = {.owner = name,
				      .rdata = rdata,
				      .ttl_s = DENIAL_TTL,
				      .type = type,
				      .class_ = CLASS_IN,
				      .rdlen = (uint16_t)rdlen};
	const struct record covering = {.owner = name,
					.rdata = rrsig,
					.ttl_s = DENIAL_TTL,
					.type = TYPE_RRSIG,
					.class_ = CLASS_IN,
					.rdlen = (uint16_t)(len + signature_len)};
	struct rrset *rrset = rrset_new(&record, 1, &covering, 1);
	assert_non_null(rrset);
	return rrset;
}

static void put_soa(const char *zone, uint32_t ttl_s)
{
	uint8_t rdata[2 * NAME_MAX_LEN + 20] = {0};
	size_t len = name_of("ns.x.", rdata);

	len += name_of("Admin.x.", rdata + len);
	struct rrset *soa = signed_of(zone, zone, TYPE_SOA, rdata, len + 20, 65);
	assert_true(cache_denial_soa(store_cache(store), soa, ttl_s, NOW_S + 86400, NOW_MS));
	rrset_free(soa);
}

static void put_nsec(const char *zone, const char *owner, const char *next, const uint16_t *types,
		     unsigned signature_len)
{
	uint8_t rdata[NAME_MAX_LEN + 34] = {0}, of[NAME_MAX_LEN];
	size_t len = name_of(next, rdata);
	uint8_t *window = rdata + len;

	window[1] = 8;
	for (; *types != 0; types++)
		window[2 + *types / 8] |= (uint8_t)(0x80 >> *types % 8);
	window[2 + TYPE_NSEC / 8] |= 0x80 >> TYPE_NSEC % 8;
	window[2 + TYPE_RRSIG / 8] |= 0x80 >> TYPE_RRSIG % 8;
	struct rrset *nsec = signed_of(zone, owner, TYPE_NSEC, rdata, len + 10, signature_len);
	name_of(zone, of);
	assert_int_equal(cache_denial_put(store_cache(store), of, nsec, DENIAL_TTL,
					  NOW_S + SIGNED_S + signature_len % 3, NOW_MS),
			 DENIAL_KEPT);
	rrset_free(nsec);
}

#define TYPES(...) ((const uint16_t[]){__VA_ARGS__, 0})

// Apex, alias, delegation, DNAME, empty non-terminals, wildcards, a hole between t. and v., a
// barred zone.
static void fill_zone(void)
{
	uint8_t barred[NAME_MAX_LEN];

	put_soa("x.", 35);
	put_nsec("x.", "x.", "alias.x.", TYPES(TYPE_NS, TYPE_SOA), 64);
	put_nsec("x.", "alias.x.", "cut.x.", TYPES(TYPE_CNAME), 63);
	put_nsec("x.", "cut.x.", "dname.x.", TYPES(TYPE_NS), 64);
	put_nsec("x.", "dname.x.", "y.ent.x.", TYPES(TYPE_A, TYPE_DNAME), 129);
	put_nsec("x.", "y.ent.x.", "m.x.", TYPES(TYPE_A, TYPE_TXT), 64);
	put_nsec("x.", "m.x.", "t.x.", TYPES(TYPE_A), 20);
	put_nsec("x.", "v.x.", "*.wild.x.", TYPES(TYPE_MX), 65);
	put_nsec("x.", "*.wild.x.", "www.x.", TYPES(TYPE_A), 64);
	put_nsec("x.", "www.x.", "x.", TYPES(TYPE_A, TYPE_AAAA), 64);
	put_soa("sub.m.x.", 35);
	put_nsec("sub.m.x.", "sub.m.x.", "sub.m.x.", TYPES(TYPE_NS, TYPE_SOA), 64);
	name_of("barred.x.", barred);
	assert_true(cache_denial_bar(store_cache(store), barred));
}

static void fill_answers(void)
{
	struct given list[] = {given_address("m.x."),
			       given_address("www.x."),
			       given_address("old.x."),
			       given_nxdomain("gone.c."),
			       given_nxdomain("none.ent.x."),
			       given_failure("failed.x.", EDE_DNSSEC_BOGUS),
			       given_cname("alias.x.", "@nowhere.x."),
			       given_address("*.wild.x.")};

	list[2].ttl_s = 5;
	list[2].stale_s = 3600;
	list[7].signature_expires_s = NOW_S + 1000;
	list[7].rrsigs[0] = (struct given_record){
		NULL, TYPE_RRSIG, 300, "%1 0d02 #300 #1900000000 #1600000000 %1 @x. 5a5a5a5a"};
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		put(&list[i]);
	put(&(const struct given){.name = "dname.m.x.",
				  .type = TYPE_DNAME,
				  .kind = ENTRY_DNAME,
				  .ttl_s = 60,
				  .security = SECURITY_SECURE,
				  .data = {{NULL, TYPE_DNAME, 60, "@elsewhere.x."}}});
}

static const char *const names[] = {
	"x.",
	"a.x.",
	"b.x.",
	"A.X.",
	"Bogus.x.",
	"alias.x.",
	"a.alias.x.",
	"cut.x.",
	"a.cut.x.",
	"d.x.",
	"dname.x.",
	"a.dname.x.",
	"ent.x.",
	"Y.ent.x.",
	"a.ent.x.",
	"b.a.ent.x.",
	"none.ent.x.",
	"a.none.ent.x.",
	"m.x.",
	"a.m.x.",
	"dname.m.x.",
	"a.dname.m.x.",
	"sub.m.x.",
	"a.sub.m.x.",
	"A.b.sub.m.x.",
	"n.x.",
	"old.x.",
	"failed.x.",
	"t.x.",
	"u.x.",
	"v.x.",
	"va.x.",
	"wild.x.",
	"a.wild.x.",
	"b.a.wild.x.",
	"*.wild.x.",
	"www.x.",
	"z.x.",
	"barred.x.",
	"a.barred.x.",
	"a.gone.c.",
	"c.",
	".",
	"nowhere.x.",
	"\\000.x.",
	"\\001a.x.",
	"\\255.x.",
	"xx.",
	"ax.",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaa.x.",
	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.x.",
	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.x.",
	"root-key-sentinel-is-ta-20326.x.",
	"root-key-sentinel-not-ta-20326.x."};
static const struct random_names all_names = {names, sizeof(names) / sizeof(names[0])};

static int start(void **state)
{
	struct store_config config = served_config();

	(void)state;
	acl = served_acl();
	assert_non_null(acl);
	config.cache.denial_bytes = 1 << 20;
	served_store(&config);
	fill_zone();
	fill_answers();
	lanes.store = store;
	lanes.service = frame_services();
	plain_service_make(&lanes.service, &lanes.plain);
	lanes.offload = (struct packet_offload){false, false};
	lanes.turn = (struct short_turn){NOW_MS, NOW_S, true, 0, NULL, NULL};
	lanes.serve = short_kinds[kind].serve;
	return 0;
}

// ---- tests ----

static void random_turn(unsigned *random)
{
	// Past the records, the signatures, the SOA, what may be stale.
	lanes.turn.now_ms = NOW_MS - 3000 + below(random, below(random, 4) == 0 ? 45000 : 15000);
	lanes.turn.now_s = NOW_S + below(random, below(random, 4) == 0 ? SIGNED_S + 5 : SIGNED_S);
	if (below(random, 50) == 0)
		lanes.turn.now_s = below(random, 2) ? -5 : (int64_t)UINT32_MAX + 1;
	lanes.turn.clock_trusted = below(random, 10) != 0;
	lanes.turn.rotation = (uint32_t)rand_r(random);
}

static void lanes_agree_over_a_fuzzed_corpus(void **state)
{
	(void)state;
	unsigned ends[5] = {0}, random = 21;
	const char *why = "";

	for (unsigned n = 0; n < FRAMES; n++) {
		static struct frame f;
		unsigned before = random;

		random_frame(&random, &all_names, &f);
		random_turn(&random);
		if (n % 20000 == 0) {
			const uint16_t tags[] = {20326};
			store_set_root_tags(store, tags, n / 20000 % 2);
		}
		size_t room = f.len + below(&random, 30) < ROOM ? ROOM : f.len;
		if (below(&random, 30) == 0)
			room = f.len + below(&random, 200);
		enum lanes_end end = lanes_compare(&lanes, f.bytes, f.len, room, &why);
		if (end == LANES_DIFFER)
			fail_msg("frame %u (random %u): %s differ", n, before, why);
		ends[end]++;
	}
	assert_true(ends[LANES_ANSWERED] > FRAMES / 15);
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

static void names_and_types_that_are_denied_take_the_short_lane(void **state)
{
	(void)state;
	for (unsigned family = 4; family <= 6; family += 2) {
		assert_true(short_answers("@Bogus.x. %1 %1", FLAG_RD, NULL, family));
		assert_true(short_answers("@a.x. %28 %1", FLAG_RD | FLAG_AD, OPT_PLAIN, family));
		assert_true(short_answers("@a.x. %15 %1", 0, OPT_PLAIN, family));
		assert_true(short_answers("@b.a.z.x. %1 %1", FLAG_RD, OPT_DO, family));
		assert_true(short_answers("@a.sub.m.x. %1 %1", FLAG_RD, OPT_DO, family));
		// NODATA: of a name, of an empty non-terminal, of a wildcard.
		assert_true(short_answers("@v.x. %1 %1", FLAG_RD, OPT_PLAIN, family));
		assert_true(short_answers("@ent.x. %1 %1", FLAG_RD, OPT_DO, family));
		assert_true(short_answers("@a.wild.x. %16 %1", FLAG_RD, OPT_DO, family));
	}
}

static void what_the_chains_do_not_deny_is_left(void **state)
{
	(void)state;
	assert_true(short_misses("@u.x. %1 %1", FLAG_RD, NULL, 4));       // in the hole
	assert_true(short_misses("@a.cut.x. %1 %1", FLAG_RD, NULL, 4));   // delegated
	assert_true(short_misses("@a.dname.x. %1 %1", FLAG_RD, NULL, 4)); // redirected
	assert_true(short_misses("@barred.x. %1 %1", FLAG_RD, NULL, 4));
	assert_true(short_misses("@a.barred.x. %1 %1", FLAG_RD, NULL, 4));
	// A wildcard answers.
	assert_int_equal(short_end("@a.wild.x. %1 %1", FLAG_RD, NULL, 4), LANES_LEFT);
	assert_false(short_answers("@a.x. %255 %1", FLAG_RD, NULL, 4)); // ANY
	assert_false(short_answers("@a.x. %47 %1", FLAG_RD, NULL, 4));  // NSEC
	assert_false(short_answers("@a.x. %41 %1", FLAG_RD, NULL, 4));  // OPT: no type to ask for
}

// Nobody has looked at the labels before.
static void name_that_is_malformed_is_left(void **state)
{
	(void)state;
	assert_false(short_answers("03 616263 %1 %1", FLAG_RD, NULL, 4)); // ends without a root
	assert_false(short_answers("02 616263 %1 %1", FLAG_RD, NULL, 4));
	assert_false(short_answers("04 61626300 %1 %1", FLAG_RD, NULL, 4));
	assert_false(short_answers("04 61c00c @x. %1 %1", FLAG_RD, NULL, 4));
	assert_false(short_answers("c00c %1 %1", FLAG_RD, NULL, 4));
	assert_false(short_answers("00 0178 00 %1 %1", FLAG_RD, NULL, 4));
	assert_false(short_answers("40 *40:61 @x. %1 %1", FLAG_RD, NULL, 4));
}

// What is there is older than its denial, and has to be taken out.
static void b16_a_name_that_is_known_is_denied_by_control(void **state)
{
	(void)state;
	assert_int_equal(short_end("@old.x. %15 %1", FLAG_RD, NULL, 4), LANES_OTHER);
	assert_int_equal(short_end("@failed.x. %15 %1", FLAG_RD, NULL, 4), LANES_LEFT);
	lanes.turn.now_ms = NOW_MS + 10000; // stale
	assert_int_equal(short_end("@old.x. %15 %1", FLAG_RD, NULL, 4), LANES_OTHER);
	assert_true(short_answers("@nold.x. %15 %1", FLAG_RD, NULL, 4));
}

static void what_the_cache_holds_itself_goes_before_the_chains(void **state)
{
	(void)state;
	// Leads to a name that is not there.
	assert_int_equal(short_end("@alias.x. %1 %1", FLAG_RD, NULL, 4), LANES_OTHER);
	assert_int_equal(short_end("@failed.x. %1 %1", FLAG_RD, NULL, 4), LANES_LEFT);
	// NXDOMAIN and DNAME above.
	assert_int_equal(short_end("@a.none.ent.x. %1 %1", FLAG_RD, NULL, 4), LANES_LEFT);
	assert_int_equal(short_end("@a.dname.m.x. %1 %1", FLAG_RD, NULL, 4), LANES_LEFT);
	assert_false(short_answers("@a.x. %1 %1", FLAG_RD | FLAG_CD, NULL, 4));
	// Stale data may be newer than their denial.
	lanes.turn.now_ms = NOW_MS + 6000;
	assert_int_equal(short_end("@old.x. %1 %1", FLAG_RD, NULL, 4), LANES_OTHER);
}

// They may be newer than the records that deny their type, or would expand a wildcard in their
// place.
static void data_that_were_there_are_asked_for_before_they_are_denied(void **state)
{
	struct given late = given_address("v.x.");

	(void)state;
	late.ttl_s = 5;
	late.stale_s = 3600;
	put(&late);
	late.name = "late.wild.x.";
	put(&late);
	lanes.turn.now_ms = NOW_MS + 6000; // stale
	assert_int_equal(short_end("@v.x. %1 %1", FLAG_RD, NULL, 4), LANES_OTHER);
	assert_int_equal(short_end("@late.wild.x. %1 %1", FLAG_RD, NULL, 4), LANES_OTHER);
	// Of another type, and beside them, nothing was there.
	assert_int_equal(short_end("@v.x. %28 %1", FLAG_RD, NULL, 4), LANES_LEFT);
	assert_int_equal(short_end("@later.wild.x. %1 %1", FLAG_RD, NULL, 4), LANES_LEFT);
}

static void burst_with_many_parents_is_answered_one_by_one_alike(void **state)
{
	(void)state;
	static struct frame frames[STORE_BURST_MAX], alone[STORE_BURST_MAX];
	struct short_frame list[STORE_BURST_MAX];
	struct short_tally tally = {0}, sum = {0};
	unsigned random = 5;

	for (unsigned round = 0; round < 50; round++) {
		const unsigned count = 1 + below(&random, STORE_BURST_MAX);

		for (unsigned i = 0; i < count; i++) {
			random_frame(&random, &all_names, &frames[i]);
			alone[i] = frames[i];
			list[i] = (struct short_frame){.frame = {.bytes = frames[i].bytes,
								 .len = (uint16_t)frames[i].len,
								 .room = ROOM}};
		}
		for (unsigned i = 0; i < count; i++) {
			struct short_frame one = list[i];
			struct short_turn turn = lanes.turn;

			one.frame.bytes = alone[i].bytes;
			turn.rotation += i;
			turn.tally = &sum;
			lanes.serve(store, &lanes.plain, &turn, &one, 1);
			alone[i].len = one.answered ? one.frame.len : 0;
		}
		struct short_turn turn = lanes.turn;
		turn.tally = &tally;
		lanes.serve(store, &lanes.plain, &turn, list, count);
		for (unsigned i = 0; i < count; i++) {
			assert_int_equal(list[i].answered, alone[i].len > 0);
			if (list[i].answered)
				assert_int_equal(list[i].frame.len, alone[i].len);
			assert_memory_equal(frames[i].bytes, alone[i].bytes, alone[i].len);
		}
		assert_int_equal(tally.nxdomain, sum.nxdomain);
		assert_int_equal(tally.nodata, sum.nodata);
	}
	assert_true(tally.nxdomain > 50 && tally.nodata > 20);
}

#define denied_test(f) cmocka_unit_test_setup_teardown(f, start, served_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		denied_test(lanes_agree_over_a_fuzzed_corpus),
		denied_test(names_and_types_that_are_denied_take_the_short_lane),
		denied_test(what_the_chains_do_not_deny_is_left),
		denied_test(name_that_is_malformed_is_left),
		denied_test(b16_a_name_that_is_known_is_denied_by_control),
		denied_test(what_the_cache_holds_itself_goes_before_the_chains),
		denied_test(data_that_were_there_are_asked_for_before_they_are_denied),
		denied_test(burst_with_many_parents_is_answered_one_by_one_alike),
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
