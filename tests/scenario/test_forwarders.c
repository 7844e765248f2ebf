// Forward and stub zones on pools of servers (DESIGN §7): who is asked, what is believed, and what
// happens when they fail.
#include "tests/scenario/zones.h"

#define EAST_1 "203.0.113.50"
#define EAST_2 "203.0.114.50" // another network, the same label
#define WEST   "203.0.113.51" // the same network, another label
#define SPARE  "198.51.100.50"

#define NAMES 20

// example.com. and what is needed to validate it, by pools in all of these tests.
static struct route *begin_pool(const char *zone, const char *servers)
{
	begin();
	add_example(w);
	add_plain(w);
	return world_route(w, zone, true, servers);
}

static void start_pool(void)
{
	static const char *const servers[] = {EAST_1, EAST_2, WEST, SPARE};

	world_start(w);
	for (size_t i = 0; i < 4; i++)
		world_serve_all(w, servers[i]);
	network_forget_log(&w->network);
}

static size_t sent_to(const char *server)
{
	return network_sent(&w->network, server, NULL, 0);
}

static bool is_forwarder(const char *server)
{
	return strcmp(server, EAST_1) == 0 || strcmp(server, EAST_2) == 0 ||
	       strcmp(server, WEST) == 0 || strcmp(server, SPARE) == 0;
}

// Questions about data of example.com.: the DS of the zone is its parent's, and where nobody
// answers, the root is asked whether our own path is lost.
static size_t sent_elsewhere(void)
{
	size_t count = 0;

	for (size_t i = 0; i < w->network.log_count; i++) {
		const struct log_line *line = &w->network.log[i];
		count += !is_forwarder(line->server) && line->type != TYPE_DS &&
			 name_within(line->name, text_name("example.com."));
	}
	return count;
}

static struct question *ask_nth(unsigned n)
{
	char name[40];

	snprintf(name, sizeof(name), "n%u.wild.example.com.", n);
	return world_ask(w, name, TYPE_A, ASK_DO);
}

static uint64_t took_ms(const struct question *q)
{
	return (q->done_us - q->asked_us) / 1000;
}

// A hundred names, so that the chain of trust is no part of what is counted.
static void warm(void)
{
	assert_answer(world_ask(w, "mx.example.com.", TYPE_MX, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	network_forget_log(&w->network);
}

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

// ---- when all of them fail ----

static const enum fault_kind all_faults[] = {
	FAULT_DROP,      FAULT_SERVFAIL, FAULT_REFUSED,     FAULT_FORMERR,
	FAULT_MALFORMED, FAULT_STRIP,    FAULT_UNREACHABLE, FAULT_BOGUS,
};
#define ALL_FAULTS (sizeof(all_faults) / sizeof(all_faults[0]))

static void break_forwarders(enum fault_kind kind)
{
	with((struct fault){.kind = kind, .server = EAST_1});
	with((struct fault){.kind = kind, .server = WEST});
}

static void only_fails_with_a_cause_and_asks_nobody_else(void **state)
{
	for (size_t i = 0; i < ALL_FAULTS; i++) {
		begin_pool("example.com.", EAST_1 " " WEST);
		start_pool();
		warm();
		break_forwarders(all_faults[i]);
		struct question *q = ask_nth(0);
		assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
		assert_int_equal(q->reply->edns.ede,
				 all_faults[i] == FAULT_STRIP   ? EDE_RRSIGS_MISSING
				 : all_faults[i] == FAULT_BOGUS ? EDE_DNSSEC_BOGUS
								: EDE_NO_REACHABLE_AUTHORITY);
		assert_not_cached(w, "n0.wild.example.com.", TYPE_A);
		assert_failure_cached(w, "n0.wild.example.com.", TYPE_A, q->reply->edns.ede);
		assert_int_equal(sent_elsewhere(), 0);
		network_forget_log(&w->network);
		assert_int_equal(ask_nth(0)->reply->rcode, RCODE_SERVFAIL); // RFC 9520
		assert_sent(w, 0);
		network_heal(&w->network);
		world_advance(w, 10000);
		assert_answer(ask_nth(0), RCODE_NOERROR, true, EDE_NONE);
		end_world(state);
	}
	(void)state;
}

static void first_resolves_from_the_root_and_validates(void **state)
{
	for (size_t i = 0; i < ALL_FAULTS; i++) {
		begin_pool("example.com.", EAST_1 " " WEST)->first = true;
		start_pool();
		break_forwarders(all_faults[i]);
		for (unsigned n = 0; n < 5; n++) {
			struct question *q = ask_nth(n);
			assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
			assert_address(q, "192.0.2.81");
		}
		assert_true(world_counter(w, "resolver.fallbacks") > 0);
		assert_true(network_sent(&w->network, PROVIDER_A, NULL, 0) +
				    network_sent(&w->network, PROVIDER_B, NULL, 0) >
			    0);
		assert_cached(w, "n0.wild.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
		end_world(state);
	}
	(void)state;
}

static void after_first_has_failed_recursion_is_validated_too(void **state)
{
	(void)state;
	begin_pool("example.com.", EAST_1 " " WEST)->first = true;
	start_pool();
	with((struct fault){.kind = FAULT_BOGUS, .below = "wild.example.com."});
	assert_answer(ask_nth(0), RCODE_SERVFAIL, false, EDE_DNSSEC_BOGUS);
	assert_true(network_sent(&w->network, PROVIDER_A, "n0.wild.example.com.", 0) +
			    network_sent(&w->network, PROVIDER_B, "n0.wild.example.com.", 0) >
		    0);
	assert_not_cached(w, "n0.wild.example.com.", TYPE_A);
}

// Nobody waits for them again and again, and they come back.
static void first_passes_by_forwarders_that_are_out(void **state)
{
	unsigned n = 0;

	(void)state;
	begin_pool("example.com.", EAST_1 " " WEST)->first = true;
	start_pool();
	warm();
	break_forwarders(FAULT_DROP);
	for (; n < 6; n++)
		assert_answer(ask_nth(n), RCODE_NOERROR, true, EDE_NONE);
	network_forget_log(&w->network);
	for (; n < NAMES; n++) {
		struct question *q = ask_nth(n);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		assert_true(took_ms(q) < 1100); // one probe of each
	}
	assert_true(sent_to(EAST_1) + sent_to(WEST) <= 4);
	network_heal(&w->network);
	world_advance(w, 4100);
	ask_nth(n++);
	ask_nth(n++);
	network_forget_log(&w->network);
	assert_answer(ask_nth(n), RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(sent_elsewhere(), 0);
}

// The largest pool, and nobody there: as for a zone with as many servers.
static void c4_a_dead_pool_costs_a_question_no_more_than_dead_servers(void **state)
{
	char servers[512] = "";

	(void)state;
	for (unsigned i = 0; i < POOL_SERVERS_MAX; i++)
		snprintf(servers + strlen(servers), sizeof(servers) - strlen(servers),
			 "203.0.%u.99 ", 120 + i);
	begin_pool("example.com.", servers);
	start_pool();
	world_ask(w, "www.plain.org.", TYPE_A, 0); // our own path is well
	network_forget_log(&w->network);
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_true(took_ms(q) <= 7000);
	assert_sent_at_most(w, 32);
}

static unsigned told_down, told_up;

static void tell(void *arg, const uint8_t *zone, bool down)
{
	(void)arg;
	(void)zone;
	told_down += down;
	told_up += !down;
}

static void watch(void)
{
	told_down = told_up = 0;
	resolver_pool_watch(w->resolver, tell, NULL);
}

// Which one question may find out the slow way, the others are told at once.
static void a_dead_pool_is_known_to_be_dead(void **state)
{
	(void)state;
	begin_pool("example.com.", EAST_1 " " WEST);
	start_pool();
	warm();
	world_ask(w, "www.plain.org.", TYPE_A, 0);
	watch();
	break_forwarders(FAULT_DROP);
	assert_int_equal(ask_nth(100)->reply->rcode, RCODE_SERVFAIL);
	world_advance(w, 4000);
	for (unsigned n = 0; n < NAMES; n++) {
		struct question *q = ask_nth(200 + n);
		assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
		assert_true(took_ms(q) <= 50);
		world_advance(w, 500); // longer than one verdict holds
	}
	assert_int_equal(told_down, 1);
	assert_int_equal(told_up, 0);
	network_heal(&w->network);
	world_advance(w, 3000);
	for (unsigned n = 0; n < NAMES; n++) {
		struct question *q = ask_nth(300 + n);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		assert_true(took_ms(q) <= 400);
	}
	assert_int_equal(told_down, 1);
	assert_int_equal(told_up, 1);
	assert_int_equal(sent_elsewhere(), 0);
}

// A forwarder that waits for others' servers is silent itself, for those names.
static void names_that_nobody_answers_take_no_pool_away(void **state)
{
	(void)state;
	begin_pool(".", EAST_1 " " WEST);
	start_pool();
	watch();
	warm();
	with((struct fault){.kind = FAULT_DROP, .below = "wild.example.com."});
	for (unsigned n = 0; n < NAMES; n++) {
		char name[40];
		ask_nth(n);
		snprintf(name, sizeof(name), "n%u.example.com.", n);
		struct question *q = world_ask(w, name, TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NXDOMAIN, true, EDE_NONE);
		world_advance(w, n % 4 * 700);
	}
	assert_int_equal(told_down, 0);
}

// Whoever looks after a pool asks all of its servers before it says that nobody is there.
static void a_dead_pool_of_four_is_known_to_be_dead(void **state)
{
	static const char *const servers[] = {EAST_1, EAST_2, WEST, SPARE};

	(void)state;
	begin_pool("example.com.", EAST_1 " " EAST_2 " " WEST " " SPARE);
	start_pool();
	warm();
	world_ask(w, "www.plain.org.", TYPE_A, 0);
	watch();
	for (unsigned i = 0; i < 4; i++)
		with((struct fault){.kind = FAULT_DROP, .server = servers[i]});
	assert_int_equal(ask_nth(100)->reply->rcode, RCODE_SERVFAIL);
	world_advance(w, 10000);
	assert_int_equal(told_down, 1);
	assert_true(took_ms(ask_nth(101)) <= 50);
}

// Farther away than a probe of a zone's own servers would wait, and silent about the names that are
// asked for.
static void a_pool_far_away_is_not_taken_for_dead(void **state)
{
	(void)state;
	begin_pool("example.com.", EAST_1 " " WEST);
	start_pool();
	watch();
	with((struct fault){.kind = FAULT_DELAY, .server = EAST_1, .delay_ms = 700});
	with((struct fault){.kind = FAULT_DELAY, .server = WEST, .delay_ms = 700});
	with((struct fault){.kind = FAULT_DROP, .below = "wild.example.com."});
	warm();
	world_advance(w, 3000); // the last good answer is a while ago
	for (unsigned n = 0; n < 5; n++) {
		char name[40];
		assert_int_equal(ask_nth(n)->reply->rcode, RCODE_SERVFAIL);
		snprintf(name, sizeof(name), "r%u.plain.org.", n); // our own path is well
		world_ask(w, name, TYPE_A, 0);
	}
	assert_true(world_counter(w, "resolver.recovery_probes") > 0);
	assert_int_equal(told_down, 0);
	assert_answer(world_ask(w, "nope.example.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
}

static void all_forwarders_silent_serves_stale(void **state)
{
	(void)state;
	begin_pool("example.com.", EAST_1 " " WEST);
	start_pool();
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	break_forwarders(FAULT_DROP);
	world_advance(w, 301000);
	for (unsigned i = 0; i < 2; i++) {
		struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, false, EDE_STALE_ANSWER);
		assert_address(q, "192.0.2.80");
		assert_true(took_ms(q) <= 1900);
	}
	assert_int_equal(sent_elsewhere(), 0);
	network_heal(&w->network);
	world_advance(w, 10000);
	world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	world_advance(w, 2000);
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
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
		cmocka_unit_test(only_fails_with_a_cause_and_asks_nobody_else),
		cmocka_unit_test(first_resolves_from_the_root_and_validates),
		scenario(after_first_has_failed_recursion_is_validated_too),
		scenario(first_passes_by_forwarders_that_are_out),
		scenario(c4_a_dead_pool_costs_a_question_no_more_than_dead_servers),
		scenario(a_dead_pool_is_known_to_be_dead),
		scenario(a_dead_pool_of_four_is_known_to_be_dead),
		scenario(names_that_nobody_answers_take_no_pool_away),
		scenario(a_pool_far_away_is_not_taken_for_dead),
		scenario(all_forwarders_silent_serves_stale),
		cmocka_unit_test(an_anchor_of_its_own_proves_a_zone),
		scenario(an_insecure_exception_goes_without_ad),
		scenario(operators_see_which_zones_are_forwarded_and_how),
		scenario(with_everything_forwarded_the_chain_is_too),
		scenario(the_ds_of_a_forwarded_zone_is_its_parents),
		scenario(a_forwarder_whose_answer_is_good_in_the_end_is_blamed_for_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
