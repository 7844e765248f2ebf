// Flushes and negative trust anchors beside a cache that takes many turns to go through: they hold
// from the first moment, whatever comes while the walk goes on.
#include "control/resolver/task.h"
#include "tests/scenario/zones.h"

#define BROKEN "broken.com."
#define HOUR_S 3600
#define LARGE  ((size_t)64 << 20) // of index and entries: more than a hundred slices
#define MANY   300

static bool walking(void)
{
	return cache_flushing(store_cache(w->store));
}

static struct cache_flush flush(const char *zone)
{
	struct cache_flush out;

	resolver_forget(w->resolver, text_name(zone)); // as the verb does
	cache_flush_zone(store_cache(w->store), text_name(zone), &out);
	assert_true(walking());
	return out;
}

static void walk_to_the_end(void)
{
	for (int i = 0; walking(); i++) {
		assert_true(i < 100000);
		world_advance(w, 1);
	}
}

static void open_large(void)
{
	begin();
	w->denial = true;
	w->cache_bytes = LARGE;
	add_example(w);
	add_plain(w);
	world_add(w, &(struct world_zone){.apex = BROKEN,
					  .servers = "ns1.broken.com.=" PROVIDER_A,
					  .text = "www.broken.com. 300 IN A 192.0.2.66\n",
					  .options = {.signatures = {
							      .inception_s = SIGNER_NOW - 864000,
							      .expiration_s = SIGNER_NOW - 172800,
						      }}});
	world_start(w);
}

static size_t sent(void)
{
	size_t count = network_sent(&w->network, NULL, NULL, 0);

	network_forget_log(&w->network);
	return count;
}

static void what_was_flushed_is_asked_for_anew_and_kept_again(void **state)
{
	(void)state;
	open_large();
	assert_address(world_ask(w, "www.example.com.", TYPE_A, 0), "192.0.2.80");
	assert_address(world_ask(w, "www.plain.org.", TYPE_A, 0), "192.0.2.90");
	(void)sent();
	(void)flush("example.com.");
	assert_not_cached(w, "www.example.com.", TYPE_A);
	assert_address(world_ask(w, "www.plain.org.", TYPE_A, 0), "192.0.2.90");
	assert_int_equal(sent(), 0);
	assert_address(world_ask(w, "www.example.com.", TYPE_A, 0), "192.0.2.80");
	assert_true(sent() > 0);
	assert_true(walking());
	assert_address(world_ask(w, "www.example.com.", TYPE_A, 0), "192.0.2.80");
	assert_int_equal(sent(), 0);
	walk_to_the_end();
	assert_address(world_ask(w, "www.example.com.", TYPE_A, 0), "192.0.2.80");
	assert_int_equal(sent(), 0);
}

// The referral that brought it would answer without a question.
static void a_flush_of_a_ds_asks_the_parent(void **state)
{
	static const uint16_t ds = TYPE_DS, a = TYPE_A;
	const uint16_t *const types[] = {NULL, &ds, &a};

	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(start_common(state), 0);
		assert_address(world_ask(w, "www.example.com.", TYPE_A, 0), "192.0.2.80");
		(void)sent();
		resolver_flush_name(w->resolver, text_name("example.com."), types[i]);
		assert_answer(world_ask(w, "example.com.", TYPE_DS, ASK_DO), RCODE_NOERROR, true,
			      EDE_NONE);
		assert_int_equal(network_sent(&w->network, NULL, "example.com.", TYPE_DS),
				 types[i] == &a ? 0 : 1);
		assert_int_equal(end_world(state), 0);
	}
}

static void a_second_flush_ends_what_came_since_the_first(void **state)
{
	(void)state;
	open_large();
	world_ask(w, "www.example.com.", TYPE_A, 0);
	(void)flush("example.com.");
	world_ask(w, "www.example.com.", TYPE_A, 0);
	(void)flush("com.");
	assert_not_cached(w, "www.example.com.", TYPE_A);
	(void)sent();
	assert_address(world_ask(w, "www.example.com.", TYPE_A, 0), "192.0.2.80");
	assert_true(sent() > 0);
	walk_to_the_end();
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
}

static void nothing_of_it_is_served_as_stale_or_denied(void **state)
{
	(void)state;
	open_large();
	world_ask(w, "www.example.com.", TYPE_A, 0);
	assert_answer(world_ask(w, "nope.example.com.", TYPE_A, 0), RCODE_NXDOMAIN, false,
		      EDE_NONE);
	world_advance(w, 301000); // past its TTL
	(void)flush("example.com.");
	with((struct fault){.kind = FAULT_DROP, .below = "example.com."});
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, 0);
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	q = world_ask(w, "nopf.example.com.", TYPE_A, 0);
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
}

static void an_answer_that_was_asked_for_before_is_not_kept(void **state)
{
	(void)state;
	open_large();
	world_ask(w, "mx.example.com.", TYPE_MX, 0);
	struct question *q = world_ask_later(w, "www.example.com.", TYPE_A, 0);
	world_advance(w, 5); // it is under way
	assert_false(q->done);
	(void)flush("example.com.");
	world_run(w);
	assert_address(q, "192.0.2.80");
	assert_not_cached(w, "www.example.com.", TYPE_A);
	assert_address(world_ask(w, "www.example.com.", TYPE_A, 0), "192.0.2.80");
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
}

// Whoever asks after the flush is not told what was asked for before it.
static void a_question_after_a_flush_joins_none_from_before(void **state)
{
	(void)state;
	open_large();
	world_ask(w, "mx.example.com.", TYPE_MX, 0);
	uint64_t joined = world_counter(w, "resolver.joined");
	struct question *before = world_ask_later(w, "www.example.com.", TYPE_A, 0);
	world_advance(w, 5);
	assert_false(before->done);
	(void)flush("example.com.");
	(void)sent();
	struct question *after = world_ask_later(w, "www.example.com.", TYPE_A, 0);
	struct question *beside = world_ask_later(w, "www.example.com.", TYPE_A, 0);
	world_run(w);
	assert_address(before, "192.0.2.80");
	assert_address(after, "192.0.2.80");
	assert_address(beside, "192.0.2.80");
	assert_true(network_sent(&w->network, NULL, "www.example.com.", TYPE_A) > 0);
	// Those after it are one; a flush of another zone changes nothing.
	assert_int_equal(world_counter(w, "resolver.joined"), joined + 1);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	(void)world_ask_later(w, "other.plain.org.", TYPE_A, 0);
	world_advance(w, 2);
	(void)flush("example.com.");
	(void)world_ask_later(w, "other.plain.org.", TYPE_A, 0);
	assert_int_equal(world_counter(w, "resolver.joined"), joined + 2);
	world_run(w);
}

static void what_was_asked_for_before_teaches_nothing_of_the_zone(void **state)
{
	(void)state;
	open_large();
	struct question *q = world_ask_later(w, "www.plain.org.", TYPE_A, 0);
	for (unsigned i = 0; network_sent(&w->network, NULL, "plain.org.", 0) == 0; i++) {
		assert_true(i < 10000);
		world_advance(w, 1);
	}
	world_advance(w, 2);
	assert_null(delegation_last(w->resolver->delegations, text_name("plain.org.")));
	(void)flush("org.");
	world_run(w);
	assert_address(q, "192.0.2.90");
	assert_null(delegation_last(w->resolver->delegations, text_name("plain.org.")));
	world_ask(w, "www.plain.org.", TYPE_TXT, 0);
	assert_non_null(delegation_last(w->resolver->delegations, text_name("plain.org.")));
}

static void is_bogus(void)
{
	struct question *q = world_ask(w, "www.broken.com.", TYPE_A, ASK_DO);

	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_int_equal(q->reply->edns.ede, EDE_SIGNATURE_EXPIRED);
}

static void is_let_pass(void)
{
	assert_answer(world_ask(w, "www.broken.com.", TYPE_A, ASK_DO), RCODE_NOERROR, false,
		      EDE_NEGATIVE_TRUST_ANCHOR);
}

static void an_nta_holds_and_ends_at_once_while_walks_go_on(void **state)
{
	(void)state;
	open_large();
	is_bogus();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(resolver_nta_add(w->resolver, text_name(BROKEN), HOUR_S, "a test"),
				 0);
		assert_true(walking());
		is_let_pass();
		is_let_pass(); // from the cache
		assert_true(walking());
		assert_true(resolver_nta_remove(w->resolver, text_name(BROKEN)));
		assert_not_cached(w, "www.broken.com.", TYPE_A);
		is_bogus();
		assert_true(walking());
	}
	walk_to_the_end();
	is_bogus();
}

static unsigned ends;

static void on_end(void *arg, const uint8_t *name, enum nta_end end)
{
	(void)arg, (void)name;
	ends += end == NTA_EXPIRED;
}

static void o31_many_ntas_that_end_at_once_are_put_away_one_in_a_turn(void **state)
{
	struct store_clock clock;
	char name[32];

	(void)state;
	open_large();
	resolver_nta_watch(w->resolver, on_end, NULL);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "z%u.com.", i);
		assert_int_equal(resolver_nta_add(w->resolver, text_name(name), 60, "a test"), 0);
	}
	walk_to_the_end();
	clock = world_clock(w);
	clock.now_ms += 61000;
	clock.now_s += 61;
	ends = 0;
	for (unsigned i = 1; i <= MANY; i++) {
		assert_true(resolver_run(w->resolver, &clock) <= clock.now_ms || i == MANY);
		assert_int_equal(ends, i);
	}
	w->network.now_us += 61000000; // the clock goes on from there
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(what_was_flushed_is_asked_for_anew_and_kept_again),
		cmocka_unit_test(a_flush_of_a_ds_asks_the_parent),
		scenario(a_second_flush_ends_what_came_since_the_first),
		scenario(nothing_of_it_is_served_as_stale_or_denied),
		scenario(an_answer_that_was_asked_for_before_is_not_kept),
		scenario(a_question_after_a_flush_joins_none_from_before),
		scenario(what_was_asked_for_before_teaches_nothing_of_the_zone),
		scenario(an_nta_holds_and_ends_at_once_while_walks_go_on),
		scenario(o31_many_ntas_that_end_at_once_are_put_away_one_in_a_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
