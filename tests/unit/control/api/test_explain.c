// The verb `explain`.
#include "tests/unit/control/api/operator.h"

static struct failed failed[2];

// www.example. A, told by its servers; b.example. AAAA, bogus.
static void record_two(void)
{
	static const char *const names[] = {"www.example.", "b.example."};

	memset(failed, 0, sizeof(failed));
	for (size_t i = 0; i < 2; i++) {
		failed[i] = (struct failed){.type = i == 0 ? TYPE_A : TYPE_AAAA,
					    .zone_labels = 1,
					    .zone_known = true,
					    .kind = FAILED_UNREACHABLE,
					    .ede = EDE_NO_REACHABLE_AUTHORITY,
					    .last_ede = EDE_NO_REACHABLE_AUTHORITY,
					    .first_ms = NOW_MS - 5000,
					    .last_ms = NOW_MS - 1000,
					    .first_s = NOW_S - 5,
					    .last_s = NOW_S - 1,
					    .took_ms = 800,
					    .times = 3,
					    .failed = 7,
					    .stale = 2,
					    .text = "example.: 192.0.2.1 timeout"};
		assert_true(name_from_text(names[i], failed[i].name) > 0);
		name_copy(failed[i].tried.question, failed[i].name);
		failed[i].tried.type = failed[i].type;
		explained[i] = (struct failed_view){
			.failed = &failed[i], .now_ms = NOW_MS, .held_until_ms = NOW_MS + 2500};
	}
	struct tried_server server = {.address = {4, {192, 0, 2, 1}},
				      .zone_labels = 1,
				      .cause = SERVER_TIMEOUT,
				      .ede = EDE_NONE,
				      .over = POOL_TCP,
				      .ms = 400};
	uint8_t ns_name[NAME_MAX_LEN];
	assert_true(name_from_text("ns1.hoster.net.", ns_name) > 0);
	tried_add(&failed[0].tried, &server, ns_name, NULL);
	failed[1].kind = FAILED_BOGUS;
	failed[1].step = (struct failed_step){.known = true,
					      .signer_labels = 1,
					      .type = TYPE_AAAA,
					      .signature = true,
					      .key_tag = 4711,
					      .algorithm = 13,
					      .inception_s = NOW_S - 100,
					      .expiration_s = NOW_S - 10};
	explained_count = 2;
}

static json_t *failure(size_t i)
{
	json_t *item = json_array_get(json_object_get(data, "failures"), i);

	assert_non_null(item);
	return item;
}

static void assert_field(json_t *item, const char *field, const char *value)
{
	const char *got = json_string_value(json_object_get(item, field));

	assert_non_null(got);
	assert_string_equal(got, value);
}

static json_int_t number(json_t *item, const char *field)
{
	assert_true(json_is_integer(json_object_get(item, field)));
	return json_integer_value(json_object_get(item, field));
}

static void a_name_is_explained_in_words_and_as_data(void **state)
{
	(void)state;
	record_two();
	ask("explain", "\"WWW.example\", \"a\"");
	assert_true(name_equal(explain_name, failed[0].name));
	assert_int_equal(explain_asked.type, TYPE_A);
	assert_says("www.example. A failed at ");
	assert_says(
		"  first cause: example.: 192.0.2.1 timeout (EDE 22, No Reachable Authority)\n");
	assert_says("    192.0.2.1 ns1.hoster.net. (192.0.2.0/24, hoster.net.) over TCP, 400 ms: ");
	assert_says_nothing_of("b.example.");
	assert_int_equal(json_array_size(json_object_get(data, "failures")), 1);
	assert_field(failure(0), "name", "www.example.");
	assert_field(failure(0), "kind", "unreachable");
	assert_field(failure(0), "cause", "example.: 192.0.2.1 timeout");
	assert_field(failure(0), "zone", "example.");
	assert_int_equal(number(failure(0), "ede"), EDE_NO_REACHABLE_AUTHORITY);
	assert_int_equal(number(failure(0), "times"), 3);
	assert_int_equal(number(failure(0), "told_servfail"), 7);
	assert_int_equal(number(failure(0), "told_stale"), 2);
	assert_int_equal(number(failure(0), "held_ms"), 2500);
	json_t *server = json_array_get(json_object_get(failure(0), "servers"), 0);
	assert_field(server, "address", "192.0.2.1");
	assert_field(server, "name", "ns1.hoster.net.");
	assert_field(server, "domain", "192.0.2.0/24, hoster.net.");
	assert_field(server, "over", "TCP");
	assert_field(server, "cause", "timeout");
	assert_int_equal(number(server, "ms"), 400);
}

static void the_chain_is_data_too(void **state)
{
	(void)state;
	record_two();
	ask("explain", "\"b.example.\"");
	assert_int_equal(explain_asked.type, 0);
	assert_says("key tag 4711, algorithm 13 (ECDSAP256SHA256), expired since ");
	json_t *chain = json_object_get(failure(0), "chain");
	assert_field(chain, "signer", "example.");
	assert_field(chain, "type", "AAAA");
	assert_int_equal(number(chain, "key_tag"), 4711);
	assert_int_equal(number(chain, "expiration_s"), NOW_S - 10);
}

static void without_a_record_it_says_so_and_what_is_near(void **state)
{
	(void)state;
	record_two();
	requests_under_way = 1; // a server is known
	ask("explain", "\"good.example.\", \"A\"");
	assert_says("no failure of good.example. A is recorded (2 others are)\n");
	assert_says("what the cache holds: lookup good.example.; its zone's servers:\n"
		    "192.0.2.1 rtt 10.0 ms");
	assert_int_equal(json_array_size(json_object_get(data, "failures")), 0);
	ask("explain", "\"a.good.example.\"");
	assert_says_nothing_of("--zone");
	ask("explain", "\"x.example.\"");
	assert_says("2 at and below example. are: explain --zone example.\n");
}

static void what_is_under_way_is_no_lack_of_a_failure(void **state)
{
	(void)state;
	record_two();
	under_way = "good.example. A: under way for 900 ms, waits for a reply of 192.0.2.1";
	ask("explain", "\"good.example.\", \"A\"");
	assert_says(under_way);
	assert_says_nothing_of("no failure");
	assert_int_equal(json_array_size(json_object_get(data, "under_way")), 1);
	ask("explain", "\"www.example.\", \"A\"");
	assert_says("www.example. A failed at ");
	assert_says(under_way);
	under_way = NULL;
}

static void an_alias_is_followed_to_what_fails(void **state)
{
	(void)state;
	struct given alias = {
		.name = "alias.test.",
		.type = TYPE_CNAME,
		.kind = ENTRY_CNAME,
		.security = SECURITY_SECURE,
		.ttl_s = 300,
		.now_ms = NOW_MS,
		.signature_expires_s = NOW_S + 86400,
		.data = {
			{.type = TYPE_CNAME, .ttl_s = 300, .rdata = "03777777076578616d706c6500"}}};

	record_two();
	publish(&alias);
	ask("explain", "\"alias.test.\", \"A\"");
	assert_says("alias.test. is an alias of www.example.\nwww.example. A failed at ");
	assert_int_equal(json_array_size(json_object_get(data, "failures")), 1);
}

static void the_last_ones_and_those_of_a_zone_are_a_line_each(void **state)
{
	(void)state;
	record_two();
	ask("explain", "\"--last\", \"1\"");
	assert_int_equal(explain_asked.max, 1);
	assert_null(explain_asked.zone);
	assert_says("Z www.example. A unreachable, 3 times: example.: 192.0.2.1 timeout\n");
	assert_says_nothing_of("b.example.");
	ask("explain", "\"--last\", \"10\", \"B.example\"");
	assert_true(name_equal(explain_zone, failed[1].name));
	assert_says("b.example. AAAA bogus, 3 times");
	assert_says_nothing_of("www");
	ask("explain", "\"--zone\", \"example.\"");
	assert_int_equal(json_array_size(json_object_get(data, "failures")), 2);
	ask("explain", "\"--zone\", \"test.\"");
	assert_says("no failure is recorded\n");
}

static void nonsense_is_refused(void **state)
{
	(void)state;
	assert_refused("explain", "", "usage: explain NAME [TYPE]");
	assert_refused("explain", "\"--last\"", "usage: explain NAME");
	assert_refused("explain", "\"--last\", \"0\"", "\"0\" is no number from 1 to 1024");
	assert_refused("explain", "\"--last\", \"-1\"", "is no number");
	assert_refused("explain", "\"--last\", \"9x\"", "is no number");
	assert_refused("explain", "\"--last\", \"1025\"", "is no number");
	assert_refused("explain", "\"--zone\", \"a..b\"", "is no domain name");
	assert_refused("explain", "\"--all\"", "usage: explain NAME");
	assert_refused("explain", "\"a.\", \"NOTYPE\"", "is no type");
	assert_refused("explain", "\"a.\", \"A\", \"B\"", "usage: explain NAME");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, drop_answer)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_name_is_explained_in_words_and_as_data),
		TEST(the_chain_is_data_too),
		TEST(without_a_record_it_says_so_and_what_is_near),
		TEST(what_is_under_way_is_no_lack_of_a_failure),
		TEST(an_alias_is_followed_to_what_fails),
		TEST(the_last_ones_and_those_of_a_zone_are_a_line_each),
		TEST(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
