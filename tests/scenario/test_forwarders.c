// Forward and stub zones on pools of servers (DESIGN §7): who is asked, whose fault a failure is,
// and how data are proven.
#include "tests/scenario/pools.h"

// ---- who is asked ----

static void a_standby_is_asked_only_while_the_others_are_out(void **state)
{
	unsigned n = 0;

	(void)state;
	begin_pool(".", EAST_1 " " SPARE ",priority=1");
	start_pool();
	warm();
	for (; n < NAMES; n++)
		assert_answer(ask_nth(n), RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(sent_to(SPARE), 0);
	with((struct fault){.kind = FAULT_DROP, .server = EAST_1});
	for (; n < 2 * NAMES; n++) {
		struct question *q = ask_nth(n);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		assert_true(took_ms(q) < 900);
	}
	assert_true(sent_to(SPARE) >= NAMES);
	network_heal(&w->network);
	world_advance(w, 4100);
	ask_nth(n++); // its probe
	network_forget_log(&w->network);
	for (; n < 3 * NAMES; n++)
		assert_answer(ask_nth(n), RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(sent_to(SPARE), 0);
	assert_int_equal(sent_elsewhere(), 0);
}

static void weights_share_the_questions_out(void **state)
{
	(void)state;
	begin_pool(".", EAST_1 ",weight=9 " WEST ",weight=1");
	start_pool();
	warm();
	for (unsigned n = 0; n < 400; n++)
		ask_nth(n);
	// Sigma is 6.
	assert_in_range(sent_to(WEST), 40 - 24, 40 + 24);
}

// Whichever of the two is asked first: they fail together.
static void after_a_failure_another_label_is_asked(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 2; kind++) {
		begin_pool(".", EAST_1 ",weight=500,domain=east " EAST_2
				       ",weight=500,domain=east " WEST ",weight=1,domain=west");
		start_pool();
		warm();
		enum fault_kind fault = kind == 0 ? FAULT_DROP : FAULT_SERVFAIL;
		with((struct fault){.kind = fault, .server = EAST_1});
		with((struct fault){.kind = fault, .server = EAST_2});
		assert_answer(ask_nth(0), RCODE_NOERROR, true, EDE_NONE);
		assert_int_equal(sent_to(EAST_1) + sent_to(EAST_2), 1);
		assert_int_equal(sent_to(WEST), 1);
		end_world(state);
	}
}

static void a_late_forwarder_is_joined_by_one_of_another_label(void **state)
{
	unsigned n = 0;

	(void)state;
	begin_pool(".", EAST_1 ",weight=500,domain=east " EAST_2 ",weight=500,domain=east " WEST
			       ",weight=1,domain=west " SPARE ",priority=1,domain=spare");
	start_pool();
	warm();
	for (; n < 100; n++) // which earns three hedges
		ask_nth(n);
	with((struct fault){.kind = FAULT_DELAY, .delay_ms = 300, .server = EAST_1});
	with((struct fault){.kind = FAULT_DELAY, .delay_ms = 300, .server = EAST_2});
	network_forget_log(&w->network);
	struct question *q = ask_nth(n);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_true(took_ms(q) < 150);
	assert_int_equal(sent_to(EAST_1) + sent_to(EAST_2), 1);
	assert_int_equal(sent_to(WEST), 1);
	assert_int_equal(sent_to(SPARE), 0);
}

static void a_server_of_a_pool_may_want_tcp(void **state)
{
	(void)state;
	begin_pool(".", EAST_1 ",tcp");
	start_pool();
	assert_answer(ask_nth(0), RCODE_NOERROR, true, EDE_NONE);
	for (size_t i = 0; i < w->network.log_count; i++)
		assert_true(w->network.log[i].tcp);
	assert_int_equal(sent_elsewhere(), 0);
}

// Whatever its answers are like, or whether any come.
static void a_server_that_must_prove_itself_is_never_asked_in_clear(void **state)
{
	static const enum fault_kind kinds[] = {
		FAULT_NONE,      FAULT_DROP,     FAULT_TRUNCATE_ALWAYS, FAULT_RESET,
		FAULT_MALFORMED, FAULT_SERVFAIL, FAULT_FORMERR,         FAULT_NO_EDNS,
		FAULT_WRONG_ID,  FAULT_STRIP,    FAULT_WRONG_QUESTION,
	};

	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		begin_pool(".", EAST_1 ",tls=dns.example " SPARE ",priority=1");
		start_pool();
		warm();
		with((struct fault){.kind = kinds[k], .server = EAST_1});
		for (unsigned n = 0; n < 5; n++)
			assert_answer(ask_nth(n), RCODE_NOERROR, true, EDE_NONE);
		assert_true(sent_to(EAST_1) > 0 || kinds[k] == FAULT_DROP ||
			    kinds[k] == FAULT_RESET);
		for (size_t i = 0; i < w->network.log_count; i++) {
			const struct log_line *line = &w->network.log[i];
			bool proven =
				line->tls != NULL && strcmp(line->tls->name, "dns.example") == 0;
			assert_int_equal(proven, strcmp(line->server, EAST_1) == 0);
		}
		end_world(state);
	}
	(void)state;
}

// The deepest one counts, however many there are, and a zone's DS is its parent's.
static void each_of_a_thousand_zones_goes_to_its_own_servers(void **state)
{
	static struct route many[1024];

	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "corp.com.",
					  .servers = "ns.corp.com.=" PROVIDER_C,
					  .text = "*.corp.com. 300 IN A 192.0.2.60\n",
					  .options = {.unsigned_ = true}});
	many[0] = *world_route(w, "corp.com.", true, WEST);
	const struct pool *pool = world_route(w, "z1.corp.com.", true, EAST_1)->pool;
	for (unsigned i = 1; i < 1024; i++) {
		char zone[40];
		snprintf(zone, sizeof(zone), "Z%u.corp.com.", i);
		many[i] = (struct route){.forward = true, .pool = pool};
		name_copy(many[i].zone, text_name(zone));
	}
	w->config.routes = many;
	w->config.route_count = 1024;
	start_pool();
	for (unsigned i = 1; i < 1024; i += 93) {
		char name[40];
		snprintf(name, sizeof(name), "a.z%u.corp.com.", i);
		assert_address(world_ask(w, name, TYPE_A, 0), "192.0.2.60");
		assert_int_equal(network_sent(&w->network, EAST_1, name, TYPE_A), 1);
	}
	assert_int_equal(sent_to(WEST), 0);
	assert_address(world_ask(w, "a.z1024.corp.com.", TYPE_A, 0), "192.0.2.60");
	world_ask(w, "z93.corp.com.", TYPE_DS, 0);
	assert_int_equal(network_sent(&w->network, WEST, "a.z1024.corp.com.", TYPE_A), 1);
	assert_int_equal(network_sent(&w->network, WEST, "z93.corp.com.", TYPE_DS), 1);
}

// ---- whose fault ----

static void assert_good(const char *server)
{
	struct candidate candidate = {0};

	assert_int_equal(address_from_text(server, &candidate.address), 0);
	if (!upstream_good_left(w->upstream, text_name("."), &candidate, 1))
		fail_msg("something speaks against %s", server);
}

// A broken name in every other question, at all forwarders alike: nothing is held against them.
static void names_that_are_broken_everywhere_take_no_forwarder_away(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_SERVFAIL, FAULT_REFUSED, FAULT_BOGUS,
						FAULT_STRIP};

	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		begin_pool(".", EAST_1 ",domain=east " WEST ",domain=west");
		start_pool();
		warm();
		with((struct fault){.kind = kinds[k], .below = "wild.example.com."});
		for (unsigned n = 0; n < NAMES; n++) {
			char name[40];
			assert_int_equal(ask_nth(n)->reply->rcode, RCODE_SERVFAIL);
			snprintf(name, sizeof(name), "n%u.example.com.", n);
			assert_answer(world_ask(w, name, TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
				      EDE_NONE);
			for (unsigned i = 0; i < n % 3; i++) // broken ones in a row
				ask_nth(1000 + 3 * n + i);
			assert_good(EAST_1);
			assert_good(WEST);
		}
		assert_int_equal(sent_elsewhere(), 0);
		end_world(state);
	}
	(void)state;
}

static void a_forwarder_that_strips_signatures_is_out_within_three_answers(void **state)
{
	unsigned asked = 0;

	(void)state;
	begin_pool(".", EAST_1 ",weight=1000 " WEST);
	start_pool();
	warm();
	with((struct fault){.kind = FAULT_STRIP, .server = EAST_1});
	for (unsigned n = 0; n < NAMES; n++) {
		size_t before = sent_to(EAST_1);
		assert_answer(ask_nth(n), RCODE_NOERROR, true, EDE_NONE);
		asked += sent_to(EAST_1) > before;
	}
	assert_true(asked <= 3);
}

struct cd_count {
	unsigned cd, plain;
};

static void count_cd(const struct network_query *query, enum section section, struct builder *b,
		     void *arg)
{
	struct cd_count *count = arg;

	(void)b;
	if (section != SECTION_ANSWER)
		return;
	count->cd += query->cd && query->rd;
	count->plain += !query->cd && query->rd;
}

static void questions_have_cd_set_but_for_one_after_bogus_data(void **state)
{
	struct cd_count count = {0};

	(void)state;
	begin_pool(".", EAST_1 " " WEST " " SPARE);
	start_pool();
	warm();
	with((struct fault){.kind = FAULT_BOGUS,
			    .name = "n0.wild.example.com.",
			    .decorate = count_cd,
			    .hook_arg = &count});
	assert_int_equal(ask_nth(0)->reply->rcode, RCODE_SERVFAIL);
	assert_int_equal(count.plain, 1);
	assert_int_equal(count.cd, 3 - 1);
	assert_failure_cached(w, "n0.wild.example.com.", TYPE_A, EDE_DNSSEC_BOGUS);
}

// Asked without CD it knows better: what it handed through before was not its own.
static void a_forwarder_whose_answer_is_good_in_the_end_is_blamed_for_nothing(void **state)
{
	(void)state;
	begin_pool(".", EAST_1);
	start_pool();
	warm();
	for (unsigned n = 0; n < 3; n++) {
		with((struct fault){.kind = FAULT_BOGUS, .below = "wild.example.com.", .times = 1});
		assert_answer(ask_nth(n), RCODE_NOERROR, true, EDE_NONE);
	}
	assert_int_equal(world_counter(w, "resolver.bogus"), 3);
	assert_int_equal(world_counter(w, "upstream.server.bogus"), 0);
}

// ---- how it is proven ----

// A zone that its parent does not know.
static struct route *begin_island(bool forward)
{
	begin();
	add_example(w);
	world_add(w, &(struct world_zone){.apex = "island.com.",
					  .servers = "ns.island.com.=" PROVIDER_C,
					  .text = "www.island.com. 300 IN A 192.0.2.70\n"
						  "a.sub.island.com. 300 IN A 192.0.2.71\n",
					  .no_ds = true});
	return world_route(w, "island.com.", forward, forward ? EAST_1 " " WEST : PROVIDER_C);
}

static void start_island(void)
{
	world_start(w);
	network_serve(&w->network, EAST_1, world_zone(w, "island.com.")->zone);
	network_serve(&w->network, WEST, world_zone(w, "island.com.")->zone);
}

static void an_anchor_of_its_own_proves_a_zone(void **state)
{
	for (unsigned forward = 0; forward < 2; forward++) {
		begin_island(forward)->dnssec = ROUTE_ANCHORED;
		start_island();
		assert_answer(world_ask(w, "www.island.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
			      EDE_NONE);
		assert_answer(world_ask(w, "nope.island.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN,
			      true, EDE_NONE);
		assert_int_equal(network_sent(&w->network, NULL, "island.com.", TYPE_DS), 0);
		with((struct fault){.kind = FAULT_BOGUS, .name = "a.sub.island.com."});
		assert_answer(world_ask(w, "a.sub.island.com.", TYPE_A, ASK_DO), RCODE_SERVFAIL,
			      false, EDE_DNSSEC_BOGUS);
		assert_not_cached(w, "a.sub.island.com.", TYPE_A);
		end_world(state);
	}
	(void)state;
}

// Not an NTA: no EDE says so, it does not end, and nothing looks whether it is needed.
static void an_insecure_exception_goes_without_ad(void **state)
{
	(void)state;
	begin_island(true)->dnssec = ROUTE_INSECURE;
	start_island();
	with((struct fault){.kind = FAULT_BOGUS, .below = "island.com."});
	for (unsigned i = 0; i < 2; i++) {
		assert_answer(world_ask(w, "www.island.com.", TYPE_A, ASK_DO | ASK_AD),
			      RCODE_NOERROR, false, EDE_NONE);
		assert_cached(w, "www.island.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_INSECURE);
		world_advance(w, 700000);
	}
	assert_int_equal(world_counter(w, "nta.active"), 0);
	assert_int_equal(world_counter(w, "nta.links"), 0);
	// Beside it everything is as ever.
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
}

struct listed {
	unsigned count, insecure;
	char pool[POOL_NAME_MAX];
};

static void list(const struct route *route, void *arg)
{
	struct listed *listed = arg;

	listed->count++;
	listed->insecure += route->dnssec == ROUTE_INSECURE &&
			    name_equal(route->zone, text_name("island.com."));
	snprintf(listed->pool, sizeof(listed->pool), "%s", route->pool->name);
}

static void collect(const char *text, void *arg)
{
	char *all = arg;

	strncat(all, text, 2000 - strlen(all) - 1);
}

static void operators_see_which_zones_are_forwarded_and_how(void **state)
{
	struct listed listed = {0};
	char lines[2000] = "";

	(void)state;
	begin_island(true)->dnssec = ROUTE_INSECURE;
	snprintf(w->pools[0].name, sizeof(w->pools[0].name), "work");
	start_island();
	world_ask(w, "www.island.com.", TYPE_A, 0);
	resolver_routes(w->resolver, list, &listed);
	assert_int_equal(listed.count, 1);
	assert_int_equal(listed.insecure, 1);
	assert_string_equal(listed.pool, "work");
	resolver_servers(w->resolver, text_name("www.island.com."), NULL, collect, lines);
	assert_non_null(
		strstr(lines, "island.com. is a forward zone, pool work, only, not validated"));
	assert_non_null(strstr(lines, EAST_1));
	assert_non_null(strstr(lines, WEST));
}

// Everything that the chain of trust needs comes by the forwarders as well.
static void with_everything_forwarded_the_chain_is_too(void **state)
{
	(void)state;
	begin_pool(".", EAST_1 " " WEST);
	start_pool();
	assert_answer(world_ask(w, "away.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, false,
		      EDE_NONE);
	assert_true(network_sent(&w->network, NULL, "example.com.", TYPE_DS) > 0);
	assert_true(network_sent(&w->network, NULL, "plain.org.", TYPE_DS) > 0);
	assert_true(network_sent(&w->network, NULL, ".", TYPE_DNSKEY) > 0);
	assert_int_equal(sent_to(EAST_1) + sent_to(WEST), sent_to(NULL));
}

// Its parent's servers say how it is signed.
static void the_ds_of_a_forwarded_zone_is_its_parents(void **state)
{
	(void)state;
	begin_pool("example.com.", EAST_1);
	start_pool();
	assert_answer(ask_nth(0), RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(network_sent(&w->network, EAST_1, "example.com.", TYPE_DS), 0);
	assert_int_equal(network_sent(&w->network, EAST_1, "example.com.", TYPE_DNSKEY), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(a_standby_is_asked_only_while_the_others_are_out),
		scenario(weights_share_the_questions_out),
		cmocka_unit_test(after_a_failure_another_label_is_asked),
		scenario(a_late_forwarder_is_joined_by_one_of_another_label),
		scenario(a_server_of_a_pool_may_want_tcp),
		scenario(each_of_a_thousand_zones_goes_to_its_own_servers),
		cmocka_unit_test(a_server_that_must_prove_itself_is_never_asked_in_clear),
		cmocka_unit_test(names_that_are_broken_everywhere_take_no_forwarder_away),
		scenario(a_forwarder_that_strips_signatures_is_out_within_three_answers),
		scenario(questions_have_cd_set_but_for_one_after_bogus_data),
		cmocka_unit_test(an_anchor_of_its_own_proves_a_zone),
		scenario(an_insecure_exception_goes_without_ad),
		scenario(operators_see_which_zones_are_forwarded_and_how),
		scenario(with_everything_forwarded_the_chain_is_too),
		scenario(the_ds_of_a_forwarded_zone_is_its_parents),
		scenario(a_forwarder_whose_answer_is_good_in_the_end_is_blamed_for_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
