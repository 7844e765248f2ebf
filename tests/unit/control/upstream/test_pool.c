// Priorities, weights and failure domains of a pool (DESIGN §7).
#include "control/upstream/domain.h"
#include "control/upstream/pool.h"
#include "control/upstream/rating.h"
#include "tests/unit/control/upstream/script.h"

#include <stdio.h>
#include <string.h>

#define ROUNDS 10000

struct fixture {
	struct script s;
	const uint8_t *zone;
	struct pool pool;
	struct candidate list[POOL_SERVERS_MAX];
	struct address failed; // family 0: none
	unsigned use;
};

static void start(struct fixture *f)
{
	*f = (struct fixture){0};
	script_start(&f->s, &script_config);
	f->zone = script_name("example.");
}

static size_t add(struct fixture *f, const char *address, uint16_t priority, uint16_t weight,
		  const char *domain)
{
	size_t i = f->pool.count++;
	struct pool_server *server = &f->pool.servers[i];

	*server = (struct pool_server){
		.address = script_address(address), .priority = priority, .weight = weight};
	snprintf(server->domain, sizeof(server->domain), "%s", domain);
	f->list[i] = (struct candidate){.address = server->address, .pool = server};
	return i;
}

static void report(struct fixture *f, size_t which, enum server_failure failure, uint64_t rtt_ms)
{
	upstream_report(f->s.upstream, f->zone, &f->list[which].address, failure, rtt_ms * 1000);
}

// As the resolver does it.
static void failed_at(struct fixture *f, size_t which, enum server_failure failure)
{
	report(f, which, failure, 0);
	f->list[which].tries++;
	f->list[which].failed++;
	f->failed = f->list[which].address;
}

static int choose(struct fixture *f, uint32_t *timeout_ms)
{
	return upstream_select_pool(f->s.upstream, f->zone, f->list, f->pool.count, 3, f->use,
				    f->failed.family ? &f->failed : NULL, timeout_ms);
}

static int next(struct fixture *f)
{
	uint32_t timeout_ms;

	return choose(f, &timeout_ms);
}

static unsigned share(struct fixture *f, int which)
{
	unsigned hits = 0;

	for (unsigned i = 0; i < ROUNDS; i++)
		hits += next(f) == which;
	return hits;
}

static void assert_share(struct fixture *f, int which, double expected)
{
	double got = (double)share(f, which) / ROUNDS;

	if (got < expected - 0.03 || got > expected + 0.03)
		fail_msg("server %d has a share of %.3f, not %.3f", which, got, expected);
}

// Somebody answers all the while, or our own path would be lost.
static void put_out(struct fixture *f, size_t which)
{
	const struct address other = script_address("192.88.1.1");

	for (unsigned i = 0; i < 3; i++) {
		upstream_report(f->s.upstream, f->zone, &other, SERVER_GOOD, 10000);
		report(f, which, SERVER_TIMEOUT, 0);
		script_advance_ms(&f->s, 60);
	}
}

static void questions_are_shared_out_by_weight(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	add(&f, "192.0.2.1", 0, 1, "");
	add(&f, "198.51.100.1", 0, 3, "");
	add(&f, "203.0.113.1", 0, 0, ""); // 1
	assert_share(&f, 0, 0.2);
	assert_share(&f, 1, 0.6);
	assert_share(&f, 2, 0.2);
	script_stop(&f.s);
}

static void slower_servers_get_less_and_still_some(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	add(&f, "192.0.2.1", 0, 1, "");
	add(&f, "198.51.100.1", 0, 1, "");
	for (unsigned i = 0; i < 100; i++) {
		report(&f, 0, SERVER_GOOD, 40);
		report(&f, 1, SERVER_GOOD, 80);
	}
	assert_share(&f, 1, 0.2);
	for (unsigned i = 0; i < 100; i++)
		report(&f, 1, SERVER_GOOD, 44);
	assert_share(&f, 1, 0.5);
	for (unsigned i = 0; i < 100; i++)
		report(&f, 1, SERVER_GOOD, 4000);
	assert_in_range(share(&f, 1), ROUNDS / 128, ROUNDS / 32);
	script_stop(&f.s);
}

static void one_that_has_not_answered_yet_gets_its_share(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	add(&f, "192.0.2.1", 0, 1, "");
	add(&f, "198.51.100.1", 0, 1, "");
	report(&f, 0, SERVER_GOOD, 1);
	assert_share(&f, 1, 0.5);
	script_stop(&f.s);
}

static void a_higher_number_is_asked_only_when_the_lower_is_out(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	add(&f, "192.0.2.1", 2, 100, "");
	add(&f, "198.51.100.1", 1, 1, "");
	add(&f, "203.0.113.1", 1, 1, "");
	report(&f, 0, SERVER_GOOD, 1);
	report(&f, 1, SERVER_GOOD, 900);
	assert_int_equal(share(&f, 0), 0);
	put_out(&f, 1);
	assert_int_equal(share(&f, 0), 0);
	assert_int_equal(share(&f, 2), ROUNDS);
	put_out(&f, 2);
	assert_int_equal(share(&f, 0), ROUNDS);
	script_stop(&f.s);
}

static void a_lower_number_returns_with_its_first_good_probe(void **state)
{
	struct fixture f;
	unsigned probes = 0;

	(void)state;
	start(&f);
	add(&f, "192.0.2.1", 1, 1, "");
	add(&f, "198.51.100.1", 2, 1, "");
	put_out(&f, 0);
	assert_int_equal(share(&f, 1), ROUNDS);
	script_advance_ms(&f.s, 1100);
	for (unsigned i = 0; i < 100; i++)
		probes += next(&f) == 0;
	assert_int_equal(probes, 1);
	report(&f, 0, SERVER_TIMEOUT, 0);
	assert_int_equal(share(&f, 1), ROUNDS);
	script_advance_ms(&f.s, 4100);
	assert_int_equal(next(&f), 0);
	report(&f, 0, SERVER_GOOD, 10);
	assert_int_equal(share(&f, 0), ROUNDS);
	script_stop(&f.s);
}

// A standby may cost money: nobody looks whether it has come back while it is not needed.
static void a_standby_that_is_not_needed_is_not_probed(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	add(&f, "192.0.2.1", 1, 1, "");
	add(&f, "198.51.100.1", 2, 1, "");
	put_out(&f, 1);
	script_advance_ms(&f.s, 5000);
	assert_int_equal(share(&f, 0), ROUNDS);
	script_stop(&f.s);
}

static void a_question_that_failed_at_all_of_a_class_goes_to_the_next(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	add(&f, "192.0.2.1", 1, 1, "");
	add(&f, "198.51.100.1", 2, 1, "");
	report(&f, 0, SERVER_GOOD, 10);
	failed_at(&f, 0, SERVER_SERVFAIL); // which takes no server out
	assert_int_equal(next(&f), 1);
	failed_at(&f, 1, SERVER_SERVFAIL);
	assert_int_equal(next(&f), 0);
	script_stop(&f.s);
}

static void after_a_failure_another_label_comes_first(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	add(&f, "192.0.2.1", 0, 1, "a");
	add(&f, "198.51.100.1", 0, 1000, "a"); // another network
	add(&f, "192.0.2.2", 0, 1, "b");       // the same one
	failed_at(&f, 0, SERVER_SERVFAIL);
	assert_int_equal(share(&f, 2), ROUNDS);
	failed_at(&f, 2, SERVER_SERVFAIL);
	assert_int_equal(next(&f), 1);
	script_stop(&f.s);
}

static void without_labels_another_network_comes_first(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	add(&f, "192.0.2.1", 0, 1, "a");
	add(&f, "192.0.2.2", 0, 1000, "");
	add(&f, "198.51.100.1", 0, 1, "");
	failed_at(&f, 0, SERVER_TIMEOUT);
	assert_int_equal(share(&f, 2), ROUNDS);
	script_stop(&f.s);
}

static void labels_count_for_the_least_cut(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	add(&f, "192.0.2.1", 0, 1, "a");
	add(&f, "198.51.100.1", 0, 1, "a");
	assert_int_equal(domain_cut(f.list, 2, f.zone), 1);
	add(&f, "192.0.2.2", 0, 1, "b");
	assert_int_equal(domain_cut(f.list, 3, f.zone), 2);
	script_stop(&f.s);
}

static int hedge(struct fixture *f, size_t first)
{
	uint32_t timeout_ms;

	return upstream_hedge(f->s.upstream, f->zone, f->list, f->pool.count,
			      &f->list[first].address, &timeout_ms);
}

// HEDGE_COST in hundredths of a packet.
static void earn_hedges(struct fixture *f)
{
	for (unsigned i = 0; i < 40; i++) {
		struct exchange_request request = script_request(&f->s);
		script_ask(&f->s, &request);
		script_answer(&f->s, (struct script_reply){0});
	}
}

static void a_hedge_goes_to_another_label_of_the_same_class(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	add(&f, "192.0.2.1", 1, 1, "a");
	add(&f, "198.51.100.1", 1, 1, "a");
	add(&f, "203.0.113.1", 2, 1, "c");
	earn_hedges(&f);
	f.list[0].tries = 1;
	assert_int_equal(hedge(&f, 0), -1);
	add(&f, "192.0.2.2", 1, 1, "b");
	assert_int_equal(hedge(&f, 0), 3);
	script_stop(&f.s);
}

// It may have to ask others itself: short round trips for what it knew say nothing about that.
static void a_forwarder_has_time_to_resolve(void **state)
{
	struct fixture f;
	uint32_t timeout_ms;

	(void)state;
	start(&f);
	add(&f, "192.0.2.1", 0, 1, "");
	for (unsigned i = 0; i < 20; i++)
		report(&f, 0, SERVER_GOOD, 1);
	assert_int_equal(choose(&f, &timeout_ms), 0);
	assert_int_equal(timeout_ms, 50); // a stub zone's server has nobody to ask
	f.use = POOL_RECURSIVE;
	assert_int_equal(choose(&f, &timeout_ms), 0);
	assert_int_equal(timeout_ms, 400);
	put_out(&f, 0);
	for (unsigned i = 0; i < 4; i++) {
		report(&f, 0, SERVER_TIMEOUT, 0);
		script_advance_ms(&f.s, 500);
	}
	assert_int_equal(choose(&f, &timeout_ms), 0);
	assert_in_range(timeout_ms, 400, 1000);
	script_stop(&f.s);
}

static void who_has_somebody_else_to_ask_asks_none_that_is_out(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	f.use = POOL_INSTEAD;
	add(&f, "192.0.2.1", 0, 1, "");
	add(&f, "198.51.100.1", 1, 1, "");
	assert_int_equal(next(&f), 0);
	put_out(&f, 0);
	assert_int_equal(next(&f), 1);
	put_out(&f, 1);
	assert_int_equal(next(&f), -1);
	script_advance_ms(&f.s, 1100);
	assert_int_equal(next(&f), 0); // a probe of each
	assert_int_equal(next(&f), 1);
	assert_int_equal(next(&f), -1);
	report(&f, 1, SERVER_GOOD, 10);
	assert_int_equal(next(&f), 1);
	failed_at(&f, 1, SERVER_SERVFAIL);
	assert_int_equal(next(&f), -1); // nobody twice
	script_stop(&f.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions_are_shared_out_by_weight),
		cmocka_unit_test(slower_servers_get_less_and_still_some),
		cmocka_unit_test(one_that_has_not_answered_yet_gets_its_share),
		cmocka_unit_test(a_higher_number_is_asked_only_when_the_lower_is_out),
		cmocka_unit_test(a_lower_number_returns_with_its_first_good_probe),
		cmocka_unit_test(a_standby_that_is_not_needed_is_not_probed),
		cmocka_unit_test(a_question_that_failed_at_all_of_a_class_goes_to_the_next),
		cmocka_unit_test(after_a_failure_another_label_comes_first),
		cmocka_unit_test(without_labels_another_network_comes_first),
		cmocka_unit_test(labels_count_for_the_least_cut),
		cmocka_unit_test(a_hedge_goes_to_another_label_of_the_same_class),
		cmocka_unit_test(a_forwarder_has_time_to_resolve),
		cmocka_unit_test(who_has_somebody_else_to_ask_asks_none_that_is_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
