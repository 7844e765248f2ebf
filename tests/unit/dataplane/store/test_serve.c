// One query from its first byte to its reply: hits, misses, failures, stale answers.
#include "tests/unit/dataplane/store/served.h"

static void hit_is_answered(void **state)
{
	(void)state;
	put(&(const struct given){.name = "a.",
				  .type = TYPE_A,
				  .kind = ENTRY_POSITIVE,
				  .ttl_s = 60,
				  .security = SECURITY_SECURE,
				  .data = {{NULL, TYPE_A, 60, "c0000201"}}});
	ask(FLAG_RD | FLAG_AD, "@A. %1 %1", NULL);
	assert_reply(OUTCOME_POSITIVE,
		     "beef 81a0 %1 %1 %0 %0 @A. %1 %1 c00c %1 %1 #60 %4 c0000201");
	serve.clock_trusted = false;
	ask(FLAG_RD | FLAG_AD, "@A. %1 %1", NULL);
	assert_reply(OUTCOME_POSITIVE,
		     "beef 8180 %1 %1 %0 %0 @A. %1 %1 c00c %1 %1 #60 %4 c0000201");
}

static void miss_is_controls_and_leaves_the_query_alone(void **state)
{
	(void)state;
	ask(FLAG_RD, "@a. %1 %1", OPT_DO);
	assert_int_equal(verdict, SERVE_MISS);
	assert_int_equal(serve.outcome, OUTCOME_NONE);
	assert_int_equal(serve.lookup.stale_count, 0);
	assert_ptr_equal(serve.query.question, asked.data + 12);
}

static void negative_answers_are_counted_by_kind(void **state)
{
	(void)state;
	struct given nx = given_nxdomain("n.c.");

	put(&nx);
	put(&(const struct given){.name = "a.c.",
				  .type = TYPE_AAAA,
				  .kind = ENTRY_NODATA,
				  .ttl_s = 60,
				  .security = SECURITY_INSECURE,
				  .data = {{"c.", TYPE_SOA, 60, SOA_RDATA}}});
	ask(FLAG_RD, "@n.c. %1 %1", NULL);
	assert_reply(OUTCOME_NXDOMAIN,
		     "beef 8183 %1 %0 %1 %0 @n.c. %1 %1 c00e %6 %1 #60 %35 " SOA_RDATA);
	ask(FLAG_RD, "@x.y.N.c. %28 %1", NULL); // RFC 8020
	assert_reply(OUTCOME_NXDOMAIN,
		     "beef 8183 %1 %0 %1 %0 @x.y.N.c. %28 %1 c012 %6 %1 #60 %35 " SOA_RDATA);
	ask(FLAG_RD, "@a.c. %28 %1", NULL);
	assert_reply(OUTCOME_NODATA,
		     "beef 8180 %1 %0 %1 %0 @a.c. %28 %1 c00e %6 %1 #60 %35 " SOA_RDATA);
}

// What is there of other types is older, and would be given after it.
static void b16_a_name_that_is_known_is_denied_from_above_by_control(void **state)
{
	(void)state;
	struct given a = given_address("a.n.c."), nx = given_nxdomain("n.c.");

	put(&a);
	put(&nx);
	ask(FLAG_RD, "@b.n.c. %28 %1", NULL);
	assert_int_equal(serve.outcome, OUTCOME_NXDOMAIN);
	ask(FLAG_RD, "@a.n.c. %28 %1", NULL);
	assert_int_equal(verdict, SERVE_MISS);
	ask(0, "@a.n.c. %28 %1", NULL);
	assert_int_equal(serve.outcome, OUTCOME_NXDOMAIN);
	ask(FLAG_RD, "@a.n.c. %1 %1", NULL);
	assert_int_equal(serve.outcome, OUTCOME_POSITIVE);
}

static void O11_chain_of_mixed_expiry_keeps_its_order(void **state)
{
	(void)state;
	struct given a = given_cname("a.", "@b."), b = given_cname("b.", "@c."),
		     c = given_address("c.");

	b.ttl_s = 10;
	b.data[0].ttl_s = 10;
	b.stale_s = 3600;
	put(&a);
	put(&b);
	put(&c);
	ask(FLAG_RD | FLAG_AD, "@a. %1 %1", NULL);
	assert_reply(OUTCOME_POSITIVE, "beef 81a0 %1 %3 %0 %0 @a. %1 %1 c00c %5 %1 #60 %3 @b. "
				       "c01f %5 %1 #10 %3 @c. c02e %1 %1 #60 %4 c0000201");
	serve.now_ms = NOW_MS + 20000;
	ask(FLAG_RD | FLAG_AD, "@a. %1 %1", OPT_PLAIN);
	assert_int_equal(verdict, SERVE_MISS);
	assert_int_equal(serve.lookup.stale_count, 3);
	size_t len = store_render_stale(store, &serve, reply, 1232);
	assert_golden(reply, len,
		      "beef 8180 %1 %3 %0 %1 @a. %1 %1 c00c %5 %1 #40 %3 @b. "
		      "c01f %5 %1 #30 %3 @c. c02e %1 %1 #40 %4 c0000201 "
		      "00 %41 %1232 #0 %6 %15 %2 %3");
	// All of it past its time, less than one link within its stale time: nothing to serve.
	serve.now_ms = NOW_MS + 61000;
	ask(FLAG_RD, "@a. %1 %1", NULL);
	assert_int_equal(verdict, SERVE_MISS);
	assert_int_equal(serve.lookup.stale_count, 0);
}

static void dname_is_followed_with_its_cname(void **state)
{
	(void)state;
	struct given target = given_address("x.new.");

	put(&(const struct given){.name = "old.",
				  .kind = ENTRY_DNAME,
				  .ttl_s = 50,
				  .security = SECURITY_SECURE,
				  .data = {{NULL, TYPE_DNAME, 50, "@new."}}});
	put(&target);
	ask(FLAG_RD, "@X.old. %1 %1", NULL);
	assert_reply(OUTCOME_POSITIVE,
		     "beef 8180 %1 %3 %0 %0 @X.old. %1 %1 c00e %39 %1 #50 %5 @new. "
		     "c00c %5 %1 #50 %7 @X.new. c034 %1 %1 #60 %4 c0000201");
}

static void failure_is_answered_with_its_ede(void **state)
{
	(void)state;
	struct given failure = given_failure("a.", EDE_DNSSEC_BOGUS);

	failure.ede_text = "bad";
	put(&failure);
	ask(FLAG_RD | FLAG_AD, "@a. %1 %1", OPT_DO);
	assert_reply(OUTCOME_FAILURE, "beef 8182 %1 %0 %0 %1 @a. %1 %1 "
				      "00 %41 %1232 #32768 %9 %15 %5 %6 \"bad");
	serve.now_ms = NOW_MS + 5000;
	ask(FLAG_RD, "@a. %1 %1", NULL);
	assert_int_equal(verdict, SERVE_MISS);
}

static void stale_answer_goes_before_a_failure(void **state)
{
	(void)state;
	struct given a = given_address("a."), failure = given_failure("a.", 22);

	a.stale_s = 3600;
	failure.now_ms = NOW_MS + 60000;
	put(&a);
	put(&failure);
	serve.now_ms = NOW_MS + 61000;
	ask(FLAG_RD | FLAG_AD, "@a. %1 %1", OPT_PLAIN);
	assert_reply(OUTCOME_STALE, "beef 8180 %1 %1 %0 %1 @a. %1 %1 c00c %1 %1 #30 %4 c0000201 "
				    "00 %41 %1232 #0 %12 %15 %2 %3 %15 %2 %22");
}

static void stale_answer_after_a_bogus_refresh_ends_with_its_signatures(void **state)
{
	(void)state;
	struct given a = given_address("a."), failure = given_failure("a.", EDE_DNSSEC_BOGUS);

	a.stale_s = 3600;
	a.signature_expires_s = NOW_S + 100;
	failure.now_ms = NOW_MS + 60000;
	failure.ttl_s = 300;
	put(&a);
	put(&failure);
	serve.now_ms = NOW_MS + 61000;
	serve.now_s = NOW_S + 61;
	ask(FLAG_RD, "@a. %1 %1", OPT_PLAIN);
	assert_reply(OUTCOME_STALE, "beef 8180 %1 %1 %0 %1 @a. %1 %1 c00c %1 %1 #30 %4 c0000201 "
				    "00 %41 %1232 #0 %12 %15 %2 %3 %15 %2 %6");
	serve.now_ms = NOW_MS + 100000;
	serve.now_s = NOW_S + 100;
	ask(FLAG_RD, "@a. %1 %1", OPT_PLAIN);
	assert_reply(OUTCOME_FAILURE,
		     "beef 8182 %1 %0 %0 %1 @a. %1 %1 00 %41 %1232 #0 %6 %15 %2 %6");
}

// DESIGN §7: it needs a proof that its zone is insecure still, which control knows.
static void after_a_bogus_refresh_insecure_stale_data_are_for_control_to_give(void **state)
{
	(void)state;
	struct given a = given_address("a."), failure = given_failure("a.", EDE_DNSSEC_BOGUS);

	a.security = SECURITY_INSECURE;
	a.stale_s = 3600;
	failure.now_ms = NOW_MS + 60000;
	failure.ttl_s = 300;
	put(&a);
	put(&failure);
	serve.now_ms = NOW_MS + 61000;
	ask(FLAG_RD, "@a. %1 %1", OPT_PLAIN);
	assert_int_equal(verdict, SERVE_MISS);
	assert_int_equal(serve.lookup.stale_count, 0); // not if control has no room, either
	ask(0, "@a. %1 %1", OPT_PLAIN);
	assert_reply(OUTCOME_FAILURE,
		     "beef 8082 %1 %0 %0 %1 @a. %1 %1 00 %41 %1232 #0 %6 %15 %2 %6");
	// Silence says nothing against them.
	failure = given_failure("a.", 22);
	failure.now_ms = NOW_MS + 61000;
	put(&failure);
	ask(FLAG_RD, "@a. %1 %1", OPT_PLAIN);
	assert_int_equal(serve.outcome, OUTCOME_STALE);
}

// RFC 4035 §3.2.2: CD=1 asks for what did not validate, and only CD=1 gets it.
static void unproven_data_reaches_clients_with_cd_only(void **state)
{
	(void)state;
	struct given failure = given_failure("a.", EDE_SIGNATURE_EXPIRED), a = given_address("a.");

	put(&failure);
	ask(FLAG_RD | FLAG_CD, "@a. %1 %1", NULL);
	assert_int_equal(verdict, SERVE_MISS);
	a.security = SECURITY_UNPROVEN;
	a.ttl_s = 20;
	put(&a);
	ask(FLAG_RD | FLAG_CD | FLAG_AD, "@a. %1 %1", OPT_DO);
	assert_reply(OUTCOME_POSITIVE, "beef 8190 %1 %1 %0 %1 @a. %1 %1 "
				       "c00c %1 %1 #20 %4 c0000201 00 %41 %1232 #32768 %0");
	ask(FLAG_RD, "@a. %1 %1", OPT_DO);
	assert_reply(OUTCOME_FAILURE,
		     "beef 8182 %1 %0 %0 %1 @a. %1 %1 00 %41 %1232 #32768 %6 %15 %2 %7");
}

static void cd_gets_no_further_than_others_where_nothing_was_reached(void **state)
{
	(void)state;
	struct given failure = given_failure("a.", EDE_NO_REACHABLE_AUTHORITY);

	put(&failure);
	ask(FLAG_RD | FLAG_CD, "@a. %1 %1", NULL);
	assert_reply(OUTCOME_FAILURE, "beef 8192 %1 %0 %0 %0 @a. %1 %1");
}

static void rd_0_is_answered_from_the_cache_and_never_recurses(void **state)
{
	(void)state;
	struct given a = given_address("a.");

	a.stale_s = 3600;
	put(&a);
	ask(0, "@a. %1 %1", NULL);
	assert_reply(OUTCOME_POSITIVE,
		     "beef 8080 %1 %1 %0 %0 @a. %1 %1 c00c %1 %1 #60 %4 c0000201");
	ask(0, "@b. %1 %1", OPT_PLAIN);
	assert_reply(OUTCOME_REFUSED,
		     "beef 8085 %1 %0 %0 %1 @b. %1 %1 00 %41 %1232 #0 %6 %15 %2 %20");
	serve.now_ms = NOW_MS + 61000;
	ask(0, "@a. %1 %1", NULL);
	assert_reply(OUTCOME_REFUSED, "beef 8085 %1 %0 %0 %0 @a. %1 %1");
}

static void class_chaos_tells_who_answers(void **state)
{
	(void)state;
	static const struct {
		const char *question, *text;
	} rows[] = {{"@id.server. %16 %3", "node-7"},
		    {"@HostName.bind. %16 %3", "node-7"},
		    {"@version.server. %255 %3", "assay"},
		    {"@version.BIND. %16 %3", "assay"}};
	char golden[200];

	for (size_t i = 0; i < 4; i++) {
		ask(0, rows[i].question, NULL);
		snprintf(golden, sizeof(golden),
			 "beef 8080 %%1 %%1 %%0 %%0 %s c00c %%16 %%3 #0 %%%zu %02zx \"%s",
			 rows[i].question, strlen(rows[i].text) + 1, strlen(rows[i].text),
			 rows[i].text);
		assert_reply(OUTCOME_POSITIVE, golden);
	}
	static const char *const refused[] = {"@id.server. %1 %3", "@other.server. %16 %3",
					      "@x.id.server. %16 %3", "00 %16 %3",
					      "@id.server. %16 %4"};
	for (size_t i = 0; i < 5; i++) {
		ask(FLAG_RD, refused[i], NULL);
		snprintf(golden, sizeof(golden), "beef 8185 %%1 %%0 %%0 %%0 %s", refused[i]);
		assert_reply(OUTCOME_REFUSED, golden);
	}
	ask(FLAG_RD, "@id.server. %16 %1", NULL); // in class IN it is a name like others
	assert_int_equal(verdict, SERVE_MISS);
	ask(FLAG_RD, "@id.server. %16 %255", NULL);
	assert_int_equal(verdict, SERVE_MISS);
}

static void class_chaos_is_refused_without_texts(void **state)
{
	(void)state;
	struct store_config config = served_config();

	store_free(store);
	config.identity[0] = config.version[0] = '\0';
	served_store(&config);
	ask(0, "@id.server. %16 %3", NULL);
	assert_reply(OUTCOME_REFUSED, "beef 8085 %1 %0 %0 %0 @id.server. %16 %3");
	ask(0, "@version.bind. %16 %3", NULL);
	assert_reply(OUTCOME_REFUSED, "beef 8085 %1 %0 %0 %0 @version.bind. %16 %3");
}

static void answer_over_the_udp_limit_is_whole_over_tcp(void **state)
{
	(void)state;
	put(&(const struct given){.name = "a.",
				  .type = TYPE_TXT,
				  .kind = ENTRY_POSITIVE,
				  .ttl_s = 60,
				  .security = SECURITY_SECURE,
				  .data = {{NULL, TYPE_TXT, 60, "*2000:01"}}});
	ask(FLAG_RD | FLAG_AD, "@a. %16 %1", NULL);
	assert_reply(OUTCOME_POSITIVE, "beef 8380 %1 %0 %0 %0 @a. %16 %1");
	ask(FLAG_RD, "@a. %16 %1", "00 %41 %65535 #32768 %0");
	assert_reply(OUTCOME_POSITIVE, "beef 8380 %1 %0 %0 %1 @a. %16 %1 00 %41 %1232 #32768 %0");
	serve.tcp = true;
	ask(FLAG_RD, "@a. %16 %1", "00 %41 %512 #0 %4 %11 %0");
	assert_reply(OUTCOME_POSITIVE, "beef 8180 %1 %1 %0 %1 @a. %16 %1 c00c %16 %1 #60 %2000 "
				       "*2000:01 00 %41 %1232 #0 %6 %11 %2 %100");
}

static uint64_t unrendered(void)
{
	struct store_counters counters;

	store_counters(store, &counters);
	return counters.unrendered;
}

// A bare header says SERVFAIL; what has no room even for that is a counted drop.
static void reply_without_room_is_servfail_or_a_counted_drop(void **state)
{
	(void)state;
	given_query(&asked, FLAG_RD, "@a. %1 %4", OPT_PLAIN);
	verdict = store_serve_query(store, asked.data, asked.len, &serve, reply, HEADER_LEN - 1);
	assert_dropped(DROP_render);
	assert_int_equal(unrendered(), 1);
	assert_int_equal(store_serve_query(store, asked.data, asked.len, &serve, reply, 29),
			 SERVE_REPLY);
	assert_int_equal(serve.reply_len, HEADER_LEN);
	assert_int_equal(header_flags(reply) & 0xf, RCODE_SERVFAIL);
	assert_int_equal(serve.outcome, OUTCOME_FAILURE);
	assert_int_equal(unrendered(), 2);
	assert_int_equal(store_serve_query(store, asked.data, asked.len, &serve, reply, 30),
			 SERVE_REPLY);
	assert_int_equal(unrendered(), 2);
}

static void any_and_rrsig_are_never_answered_from_the_cache(void **state)
{
	(void)state;
	struct given a = given_address("a.");

	put(&a);
	ask(FLAG_RD, "@a. %255 %1", NULL);
	assert_int_equal(verdict, SERVE_MISS);
	ask(FLAG_RD, "@a. %46 %1", NULL);
	assert_int_equal(verdict, SERVE_MISS);
}

// RFC 8509, for what is cached.
static void the_sentinel_answers_from_the_cache(void **state)
{
	static const uint16_t tags[] = {20326, 38696};
	struct given is = given_address("root-key-sentinel-is-ta-00001.c."),
		     not = given_address("root-key-sentinel-not-ta-38696.c.");

	(void)state;
	put(&is);
	put(&not );
	ask(FLAG_RD, "@root-key-sentinel-is-ta-00001.c. %1 %1", NULL);
	assert_int_equal(serve.outcome, OUTCOME_POSITIVE); // control has not said what is trusted
	assert_int_equal(FLAGS_RCODE(header_flags(reply)), RCODE_NOERROR);
	store_set_root_tags(store, tags, 2);
	ask(FLAG_RD, "@root-key-sentinel-is-ta-00001.c. %1 %1", NULL);
	assert_int_equal(verdict, SERVE_REPLY);
	assert_int_equal(FLAGS_RCODE(header_flags(reply)), RCODE_SERVFAIL);
	assert_int_equal(header_ancount(reply), 0);
	ask(FLAG_RD, "@Root-Key-Sentinel-not-ta-38696.c. %1 %1", NULL);
	assert_int_equal(FLAGS_RCODE(header_flags(reply)), RCODE_SERVFAIL);
	// In a burst as well.
	static uint8_t place[1232];
	uint8_t *messages[] = {place};
	uint16_t lens[] = {(uint16_t)asked.len}, caps[] = {sizeof(place)};
	memcpy(place, asked.data, asked.len);
	store_serve_burst(store, messages, lens, caps, &serve, &verdict, 1);
	assert_int_equal(verdict, SERVE_REPLY);
	assert_int_equal(FLAGS_RCODE(header_flags(place)), RCODE_SERVFAIL);
	assert_int_equal(header_ancount(place), 0);
	// A key that is trusted no more.
	store_set_root_tags(store, tags, 1);
	ask(FLAG_RD, "@root-key-sentinel-not-ta-38696.c. %1 %1", NULL);
	assert_int_equal(FLAGS_RCODE(header_flags(reply)), RCODE_NOERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		served_test(the_sentinel_answers_from_the_cache),
		served_test(hit_is_answered),
		served_test(miss_is_controls_and_leaves_the_query_alone),
		served_test(negative_answers_are_counted_by_kind),
		served_test(b16_a_name_that_is_known_is_denied_from_above_by_control),
		served_test(O11_chain_of_mixed_expiry_keeps_its_order),
		served_test(dname_is_followed_with_its_cname),
		served_test(failure_is_answered_with_its_ede),
		served_test(stale_answer_goes_before_a_failure),
		served_test(stale_answer_after_a_bogus_refresh_ends_with_its_signatures),
		served_test(after_a_bogus_refresh_insecure_stale_data_are_for_control_to_give),
		served_test(unproven_data_reaches_clients_with_cd_only),
		served_test(cd_gets_no_further_than_others_where_nothing_was_reached),
		served_test(rd_0_is_answered_from_the_cache_and_never_recurses),
		served_test(class_chaos_tells_who_answers),
		served_test(class_chaos_is_refused_without_texts),
		served_test(answer_over_the_udp_limit_is_whole_over_tcp),
		served_test(reply_without_room_is_servfail_or_a_counted_drop),
		served_test(any_and_rrsig_are_never_answered_from_the_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
