// Tickets that come back: results, their pins and references, replies made from them; clocks.
#include "tests/unit/dataplane/store/served.h"

static struct ticket_question question;
static struct store_clock now;

static void ticket(unsigned flags, const char *text, const char *opt)
{
	ask(flags, text, opt);
	assert_int_equal(verdict, SERVE_MISS);
	store_question_of(&serve, &question);
	memset(asked.data, 0xee, asked.len); // its packet is gone
	memset(&serve.query, 0xee, sizeof(serve.query));
}

static void assert_rendered(const struct store_result *result, const char *golden)
{
	size_t cap = question.tcp ? 65535 : 1232;
	size_t len = store_render(store, &question, result, &now, 0, reply, cap);

	assert_golden(reply, len, golden);
}

static int start(void **state)
{
	now = (struct store_clock){NOW_MS, NOW_S, true};
	return served_start(state);
}
#define result_test(f) cmocka_unit_test_setup_teardown(f, start, served_end)

static uint64_t one_shot_bytes(void)
{
	struct cache_counters counters;

	cache_counters(store_cache(store), &counters);
	return counters.bytes_one_shot;
}

static struct store_result *result_of(const struct given *given)
{
	const struct entry *link = publish(given);
	struct store_result *result = store_result_new(store, &link, 1);

	cache_unpin(store_cache(store), link); // the result holds it now
	assert_non_null(result);
	return result;
}

static void ticket_remembers_the_question_as_it_was_asked(void **state)
{
	(void)state;
	struct given a = given_address("www.example.");

	ticket(FLAG_RD | FLAG_CD, "@WwW.eXample. %1 %1", OPT_DO);
	assert_int_equal(question.id, 0xbeef);
	assert_int_equal(question.arrival_ms, NOW_MS);
	assert_int_equal(question.name_len, 13);
	assert_memory_equal(question.client.bytes, client.bytes, 16);
	struct store_result *result = result_of(&a);
	assert_rendered(result, "beef 81b0 %1 %1 %0 %1 @WwW.eXample. %1 %1 "
				"c00c %1 %1 #60 %4 c0000201 00 %41 %1232 #32768 %0");
	store_result_unref(store, result);
}

static void flush_two(void)
{
	struct cache *cache = store_cache(store);
	struct cache_flush flush;
	size_t count;

	cache_flush_zone(cache, (const uint8_t *)"", &flush);
	while (!cache_flush_over(cache, &flush, &count))
		(void)cache_maintain(cache, 0);
	assert_int_equal(count, 2);
}

static void reply_of_a_ticket_is_that_of_a_hit(void **state)
{
	(void)state;
	struct given list[] = {given_cname("a.", "@b."), given_address("b.")};
	const struct entry *links[2];
	static const char *const opts[] = {NULL, OPT_PLAIN, OPT_DO,
		"00 %41 %512 #32768 %12 %10 %8 0102030405060708"};

	for (int tcp = 0; tcp < 2; tcp++) {
		for (size_t i = 0; i < 4; i++) {
			static uint8_t rendered[1232];

			serve.tcp = tcp;
			ticket(FLAG_RD | FLAG_AD, "@a. %1 %1", opts[i]);
			links[0] = publish(&list[0]);
			links[1] = publish(&list[1]);
			struct store_result *result = store_result_new(store, links, 2);
			size_t len = store_render(store, &question, result, &now, 0, rendered,
						  sizeof(rendered));
			ask(FLAG_RD | FLAG_AD, "@a. %1 %1", opts[i]);
			assert_int_equal(verdict, SERVE_REPLY);
			assert_int_equal(len, serve.reply_len);
			assert_memory_equal(rendered, reply, len);
			store_result_unref(store, result);
			cache_unpin(store_cache(store), links[0]);
			cache_unpin(store_cache(store), links[1]);
			flush_two();
		}
	}
}

static void what_was_flushed_or_never_kept_is_still_answered(void **state)
{
	(void)state;
	struct given kept = given_address("a."), once = given_address("a.");

	once.ttl_s = 0;
	ticket(FLAG_RD, "@a. %1 %1", NULL);
	struct store_result *of_kept = result_of(&kept);
	assert_int_equal(cache_flush_name(store_cache(store), (const uint8_t *)"\1a"), 1);
	assert_rendered(of_kept, "beef 8180 %1 %1 %0 %0 @a. %1 %1 c00c %1 %1 #60 %4 c0000201");
	struct store_result *of_once = result_of(&once);
	assert_false(of_once->stale);
	now.now_ms += 700; // TTL 0 is no stale answer when it comes late
	assert_rendered(of_once, "beef 8180 %1 %1 %0 %0 @a. %1 %1 c00c %1 %1 #0 %4 c0000201");
	store_result_unref(store, of_kept);
	store_result_unref(store, of_once);
}

static void last_reference_lets_the_links_go(void **state)
{
	(void)state;
	struct given once = given_address("a.");

	once.one_shot = true;
	assert_int_equal(one_shot_bytes(), 0);
	struct store_result *result = result_of(&once);
	assert_true(one_shot_bytes() > 0);
	store_result_ref(result);
	store_result_ref(result);
	store_result_unref(store, result);
	store_result_unref(store, result);
	assert_true(one_shot_bytes() > 0);
	assert_int_equal(result->refs, 1);
	store_result_unref(store, result);
	assert_int_equal(one_shot_bytes(), 0);
}

static void results_without_links_or_with_too_many_are_none(void **state)
{
	(void)state;
	const struct entry *links[RESULT_LINKS_MAX + 1];
	struct given a = given_address("a.");
	const struct entry *link = publish(&a);

	for (size_t i = 0; i <= RESULT_LINKS_MAX; i++)
		links[i] = link;
	assert_null(store_result_new(store, links, 0));
	assert_null(store_result_new(store, links, RESULT_LINKS_MAX + 1));
	assert_null(store_result_stale(store, links, 0, EDE_NONE));
	cache_unpin(store_cache(store), link);
}

static void error_result_is_rendered_with_its_ede_and_text(void **state)
{
	(void)state;
	char long_text[400];
	struct store_result *result =
		store_result_error(store, RCODE_SERVFAIL, EDE_NETWORK_ERROR, "no route");

	ticket(FLAG_RD, "@a. %1 %1", OPT_PLAIN);
	assert_rendered(result, "beef 8182 %1 %0 %0 %1 @a. %1 %1 "
				"00 %41 %1232 #0 %14 %15 %10 %23 \"no 20 \"route");
	store_result_unref(store, result);
	result = store_result_error(store, RCODE_REFUSED, EDE_NONE, NULL);
	assert_rendered(result, "beef 8185 %1 %0 %0 %1 @a. %1 %1 00 %41 %1232 #0 %0");
	store_result_unref(store, result);
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	result = store_result_error(store, RCODE_SERVFAIL, EDE_OTHER, long_text);
	assert_int_equal(strlen(result->ede_text), 160);
	assert_rendered(result, "beef 8182 %1 %0 %0 %1 @a. %1 %1 "
				"00 %41 %1232 #0 %166 %15 %162 %0 *160:78");
	store_result_unref(store, result);
}

static void stale_result_says_so_and_why(void **state)
{
	(void)state;
	struct given a = given_address("a.");

	a.now_ms = NOW_MS - 68000;
	a.stale_s = 3600;
	ticket(FLAG_RD | FLAG_AD, "@a. %1 %1", OPT_PLAIN);
	const struct entry *link = publish(&a);
	struct store_result *result = store_result_stale(store, &link, 1, EDE_NETWORK_ERROR);
	assert_rendered(result, "beef 8180 %1 %1 %0 %1 @a. %1 %1 c00c %1 %1 #30 %4 c0000201 "
				"00 %41 %1232 #0 %12 %15 %2 %3 %15 %2 %23");
	store_result_unref(store, result);
	// The store's clock says the same of a link that is past its time for longer than a question
	// takes.
	result = store_result_new(store, &link, 1);
	assert_true(result->stale);
	assert_rendered(result, "beef 8180 %1 %1 %0 %1 @a. %1 %1 c00c %1 %1 #30 %4 c0000201 "
				"00 %41 %1232 #0 %6 %15 %2 %3");
	store_result_unref(store, result);
	cache_unpin(store_cache(store), link);
}

// It was good when it was taken, and the rest of the chain took its time.
static void what_ran_out_on_the_way_has_ttl_0_and_is_not_stale(void **state)
{
	(void)state;
	struct given a = given_address("a.");

	a.now_ms = NOW_MS - 61000;
	a.stale_s = 3600;
	ticket(FLAG_RD | FLAG_AD, "@a. %1 %1", OPT_PLAIN);
	const struct entry *link = publish(&a);
	struct store_result *result = store_result_new(store, &link, 1);
	assert_false(result->stale);
	assert_rendered(result, "beef 81a0 %1 %1 %0 %1 @a. %1 %1 c00c %1 %1 #0 %4 c0000201 "
				"00 %41 %1232 #0 %0");
	store_result_unref(store, result);
	cache_unpin(store_cache(store), link);
}

static void stale_chain_of_a_lookup_can_be_served(void **state)
{
	(void)state;
	struct given n = given_nxdomain("n.c.");

	n.stale_s = 3600;
	put(&n);
	serve.now_ms = NOW_MS + 61000;
	ask(FLAG_RD, "@n.c. %1 %1", OPT_PLAIN);
	assert_int_equal(verdict, SERVE_MISS);
	assert_int_equal(serve.lookup.stale_count, 1);
	size_t len = store_render_stale(store, &serve, reply, 1232);
	assert_golden(reply, len, "beef 8183 %1 %0 %1 %1 @n.c. %1 %1 c00e %6 %1 #30 %35 " SOA_RDATA
				  " 00 %41 %1232 #0 %6 %15 %2 %19");
}

static void clock_comes_back_as_it_was_set(void **state)
{
	(void)state;
	static const struct store_clock clocks[] = {{0, 0, false}, {1, 0, true},
		{NOW_MS, NOW_S, true}, {NOW_MS, NOW_S, false}, {UINT64_MAX, -1, true},
		{5, -1000000, false}, {6, INT64_C(1) << 40, true}};

	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		struct store_clock got;

		store_set_clock(store, &clocks[i]);
		store_get_clock(store, &got);
		assert_int_equal(got.now_ms, clocks[i].now_ms);
		assert_true(got.now_s == clocks[i].now_s);
		assert_int_equal(got.trusted, clocks[i].trusted);
	}
}

static void store_that_cannot_be_says_why(void **state)
{
	(void)state;
	struct store_config config = served_config();
	char err[200] = "";

	config.acl = acl;
	config.cache.memory_bytes = 1;
	assert_null(store_new(&config, err, sizeof(err)));
	assert_true(strlen(err) > 10);
	store_free(NULL);
}

#define UNRENDERED                                                                                 \
	"beef 8182 %1 %0 %0 %1 @a. %1 %1 00 %41 %1232 #0 %42 %15 %38 %0 "                          \
	"\"the 20 \"answer 20 \"could 20 \"not 20 \"be 20 \"put 20 \"together"

static uint64_t unrendered(void)
{
	struct store_counters counters;

	store_counters(store, &counters);
	return counters.unrendered;
}

// Never silence: whatever is wrong with a result, its client is told, and it is counted.
static void results_that_make_no_answer_are_servfail(void **state)
{
	(void)state;
	const struct given wrong[] = {
		given_address("longer.a."), // of a name below the question's
		{.name = "a.", .type = TYPE_AAAA, .kind = ENTRY_POSITIVE, .ttl_s = 60,
		 .security = SECURITY_SECURE, .data = {{NULL, TYPE_AAAA, 60, "*16:01"}}},
		{.name = ".", .type = TYPE_A, .kind = ENTRY_NODATA, .ttl_s = 60,
		 .security = SECURITY_SECURE}, // of a name above
	};

	ticket(FLAG_RD, "@a. %1 %1", OPT_PLAIN);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct store_result *result = result_of(&wrong[i]);
		assert_rendered(result, UNRENDERED);
		assert_int_equal(unrendered(), 2 * i + 1);
		result->stale = true;
		assert_rendered(result, UNRENDERED);
		store_result_unref(store, result);
	}
}

// There was no memory for a result.
static void no_result_is_servfail(void **state)
{
	(void)state;
	ticket(FLAG_RD, "@a. %1 %1", OPT_PLAIN);
	assert_rendered(NULL, UNRENDERED);
	assert_int_equal(unrendered(), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		result_test(ticket_remembers_the_question_as_it_was_asked),
		result_test(reply_of_a_ticket_is_that_of_a_hit),
		result_test(what_was_flushed_or_never_kept_is_still_answered),
		result_test(last_reference_lets_the_links_go),
		result_test(results_without_links_or_with_too_many_are_none),
		result_test(error_result_is_rendered_with_its_ede_and_text),
		result_test(stale_result_says_so_and_why),
		result_test(what_ran_out_on_the_way_has_ttl_0_and_is_not_stale),
		result_test(stale_chain_of_a_lookup_can_be_served),
		result_test(results_that_make_no_answer_are_servfail),
		result_test(no_result_is_servfail),
		result_test(clock_comes_back_as_it_was_set),
		result_test(store_that_cannot_be_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
