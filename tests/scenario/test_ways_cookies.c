// Servers that drop or refuse cookies, or names in mixed case: what is left out for them, and when.
#include "tests/scenario/ways.h"

static void start_with_cookies(void)
{
	begin();
	add_example(w);
	add_plain(w);
	w->upstream_config.cookies = true;
	world_start(w);
}

static void servers_that_drop_cookies_are_asked_without(void **state)
{
	for (int tcp = 0; tcp < 2; tcp++) {
		start_with_cookies();
		if (!tcp)
			close_tcp(plain_servers);
		at_both(plain_servers, (struct fault){.kind = FAULT_DROP, .cookie_only = true});
		assert_answered("www.plain.org.", false, "192.0.2.90", 4000);
		world_ask(w, "x.new.plain.org.", TYPE_A, 0);
		// Two different questions later it is known.
		if (!tcp)
			assert_answered("back.plain.org.", false, "192.0.2.80", 1500);
		end_world(state);
	}
}

static void servers_that_drop_mixed_case_are_asked_in_one_case(void **state)
{
	for (int tcp = 0; tcp < 2; tcp++) {
		start_common(state);
		if (!tcp)
			close_tcp(plain_servers);
		at_both(plain_servers, (struct fault){.kind = FAULT_DROP, .mixed_only = true});
		assert_answered("www.plain.org.", false, "192.0.2.90", 4000);
		end_world(state);
	}
}

static void servers_that_refuse_mixed_case_are_asked_over_tcp_in_one_case(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_REFUSED, FAULT_SERVFAIL};

	for (size_t i = 0; i < 2; i++) {
		start_common(state);
		at_both(plain_servers, (struct fault){.kind = kinds[i], .mixed_only = true});
		assert_answered("www.plain.org.", false, "192.0.2.90", 1000);
		assert_int_equal(w->network.connections, 1);
		end_world(state);
	}
}

// with, without, with: an error, an answer, an error.
static void and_where_tcp_is_closed_over_udp(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_REFUSED, FAULT_SERVFAIL, FAULT_FORMERR,
						FAULT_BARE};

	// A header alone leads to TCP by itself, and there is no time for that twice.
	for (size_t i = 0; i < 2 * sizeof(kinds) / sizeof(kinds[0]) - 1; i++) {
		start_common(state);
		at_both(plain_servers, (struct fault){.kind = i % 2 == 0 ? FAULT_RESET : FAULT_DROP,
						      .tcp_only = true});
		at_both(plain_servers, (struct fault){.kind = kinds[i / 2],
						      .flags = RCODE_REFUSED,
						      .mixed_only = true});
		assert_answered("www.plain.org.", false, "192.0.2.90", 4000);
		assert_answered("x.new.plain.org.", false, "192.0.2.91", 4000);
		// Two different questions later it is known.
		network_forget_log(&w->network);
		assert_answer(world_ask(w, "nope.plain.org.", TYPE_A, ASK_DO), RCODE_NXDOMAIN,
			      false, EDE_NONE);
		assert_sent_at_most(w, 2);
		assert_int_equal(w->network.connections, 0);
		end_world(state);
	}
}

static void a_server_that_refuses_mixed_case_is_found_out_once(void **state)
{
	(void)state;
	at_both(plain_servers, (struct fault){.kind = FAULT_REFUSED, .mixed_only = true});
	assert_answered("www.plain.org.", false, "192.0.2.90", 1000);
	for (int i = 0; i < 20; i++) {
		char name[30];
		snprintf(name, sizeof(name), "n%d.plain.org.", i);
		assert_answer(world_ask(w, name, TYPE_A, ASK_DO), RCODE_NXDOMAIN, false, EDE_NONE);
	}
	assert_in_range(w->network.connections, 1, 6);
}

// A server that says no in either case, and answers over TCP, is asked over TCP each time.
static void servers_that_answer_over_tcp_alone_are_not_lost(void **state)
{
	(void)state;
	at_both(plain_servers, (struct fault){.kind = FAULT_REFUSED, .udp_only = true});
	for (int i = 0; i < 8; i++) {
		char name[30];
		snprintf(name, sizeof(name), "n%d.plain.org.", i);
		assert_answer(world_ask(w, name, TYPE_A, ASK_DO), RCODE_NXDOMAIN, false, EDE_NONE);
	}
}

// Signed zones lose nothing: the answer is proven as any other.
static void signed_zones_on_them_are_validated(void **state)
{
	(void)state;
	start_with_cookies();
	close_tcp(example_servers);
	at_both(example_servers, (struct fault){.kind = FAULT_DROP, .cookie_only = true});
	// The keys are a question of their own, which does not wait as long as the first.
	assert_answered("www.example.com.", true, "192.0.2.80", 4000);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
}

// A8: what was asked in one way less is the last that should redirect a subtree.
static void a8_a_dname_of_the_last_try_is_asked_for_over_tcp(void **state)
{
	(void)state;
	start_with_cookies();
	close_tcp(plain_servers);
	at_both(plain_servers, (struct fault){.kind = FAULT_DROP, .cookie_only = true});
	assert_int_equal(world_ask(w, "x.old.plain.org.", TYPE_A, ASK_DO)->reply->rcode,
			 RCODE_SERVFAIL);
	assert_not_cached(w, "old.plain.org.", TYPE_DNAME);
	end_world(state);
	start_common(state);
	close_tcp(plain_servers);
	at_both(plain_servers, (struct fault){.kind = FAULT_REFUSED, .mixed_only = true});
	assert_int_equal(world_ask(w, "x.old.plain.org.", TYPE_A, ASK_DO)->reply->rcode,
			 RCODE_SERVFAIL);
	assert_not_cached(w, "old.plain.org.", TYPE_DNAME);
}

// A server that has kept our case and echoed our cookie has no need of it, whatever a forger does
// to make it look silent.
static void what_servers_can_do_is_never_left_out_when_they_fall_silent(void **state)
{
	(void)state;
	start_with_cookies();
	at_both(plain_servers, (struct fault){.cookie = COOKIE_RIGHT});
	assert_answered("www.plain.org.", false, "192.0.2.90", 500);
	for (int i = 0; i < 200; i++) {
		char name[30];
		snprintf(name, sizeof(name), "w%d.plain.org.", i);
		world_ask(w, name, TYPE_A, 0);
	}
	for (int i = 0; i < 2; i++) // some of them explore
		assert_true(network_sent(&w->network, plain_servers[i], NULL, 0) > 0);
	at_both(plain_servers, (struct fault){.kind = FAULT_DROP});
	for (int i = 0; i < 3; i++) {
		char name[30];
		snprintf(name, sizeof(name), "n%d.plain.org.", i);
		world_ask(w, name, TYPE_A, 0);
		world_advance(w, 11000);
	}
	assert_int_equal(world_counter(w, "upstream.last_tries"), 0);
}

#define FORWARDER "203.0.113.50"

// A forwarder of one's own is a server like others.
static void forwarders_that_drop_cookies_are_asked_without(void **state)
{
	(void)state;
	begin();
	add_example(w);
	add_plain(w);
	w->upstream_config.cookies = true;
	world_route(w, ".", true, FORWARDER);
	world_start(w);
	world_serve_all(w, FORWARDER);
	with((struct fault){.kind = FAULT_RESET, .server = FORWARDER});
	with((struct fault){.kind = FAULT_DROP, .server = FORWARDER, .cookie_only = true});
	for (int i = 0; i < 4; i++) { // its keys are questions of their own
		world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
		world_advance(w, 11000);
	}
	assert_answered("www.example.com.", true, "192.0.2.80", 4000);
}

static void a_dead_zone_costs_few_last_tries(void **state)
{
	(void)state;
	start_common(state);
	at_both(plain_servers, (struct fault){.kind = FAULT_DROP});
	for (int i = 0; i < 50; i++) {
		char name[30];
		snprintf(name, sizeof(name), "n%d.plain.org.", i);
		assert_int_equal(world_ask(w, name, TYPE_A, 0)->reply->rcode, RCODE_SERVFAIL);
	}
	assert_in_range(world_counter(w, "upstream.last_tries"), 1, 8);
}

static void nothing_of_the_kind(const struct network_query *query, enum section section,
				struct builder *b, void *arg)
{
	(void)query;
	(void)section;
	(void)b;
	(void)arg;
}

// What stands before them now likes no cookie, another one each time, or no mixed case. Over TCP,
// where neither guards anything, they are asked without; over UDP never.
static void servers_that_echoed_cookies_and_refuse_them_now_are_not_lost(void **state)
{
	static const struct fault changes[] = {
		{.kind = FAULT_REFUSED, .cookie_only = true},
		{.kind = FAULT_DROP, .cookie_only = true},
		{.kind = FAULT_REFUSED, .mixed_only = true},
		{.kind = FAULT_DROP, .mixed_only = true},
		{.replace = nothing_of_the_kind,
		 .flags = RCODE_BADCOOKIE & 15,
		 .rcode_high = RCODE_BADCOOKIE >> 4,
		 .cookie = COOKIE_RIGHT,
		 .cookie_only = true},
	};

	for (size_t i = 0; i < 2 * sizeof(changes) / sizeof(changes[0]); i++) {
		const bool signed_zone = i % 2;
		const char *const *servers = signed_zone ? example_servers : plain_servers;
		const char *zone = signed_zone ? "example.com." : "plain.org.";
		char name[40];

		start_with_cookies();
		at_both(servers, (struct fault){.cookie = COOKIE_RIGHT});
		for (int n = 0; n < 16; n++) {
			snprintf(name, sizeof(name), "w%d.%s", n, zone);
			assert_int_equal(world_ask(w, name, TYPE_A, ASK_DO)->reply->rcode,
					 RCODE_NXDOMAIN);
		}
		at_both(servers, changes[i / 2]);
		for (int n = 0; n < 12; n++) {
			snprintf(name, sizeof(name), "n%d.%s", n, zone);
			struct question *q = world_ask(w, name, TYPE_A, ASK_DO);
			assert_answer(q, RCODE_NXDOMAIN, signed_zone, EDE_NONE);
			assert_true(q->done_us - q->asked_us < 4000000);
		}
		end_world(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_that_echoed_cookies_and_refuse_them_now_are_not_lost),
		cmocka_unit_test(servers_that_drop_cookies_are_asked_without),
		cmocka_unit_test(servers_that_drop_mixed_case_are_asked_in_one_case),
		cmocka_unit_test(servers_that_refuse_mixed_case_are_asked_over_tcp_in_one_case),
		cmocka_unit_test(and_where_tcp_is_closed_over_udp),
		scenario_common(a_server_that_refuses_mixed_case_is_found_out_once),
		scenario_common(servers_that_answer_over_tcp_alone_are_not_lost),
		scenario(signed_zones_on_them_are_validated),
		scenario(a8_a_dname_of_the_last_try_is_asked_for_over_tcp),
		scenario(what_servers_can_do_is_never_left_out_when_they_fall_silent),
		scenario(forwarders_that_drop_cookies_are_asked_without),
		scenario(a_dead_zone_costs_few_last_tries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
