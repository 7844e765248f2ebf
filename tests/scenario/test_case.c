// Servers that compare names letter by letter, so that a name in mixed case (0x20) is another one
// to them: what they say of it is settled without giving away what the case guards.
#include "tests/scenario/lines.h"
#include "tests/scenario/zones.h"

#define PLAIN_A "192.0.2.20"
#define PLAIN_B "198.51.100.20"

static const char *const plain_servers[] = {PLAIN_A, PLAIN_B};
static const char *const example_servers[] = {PROVIDER_A, PROVIDER_B};

enum says {
	NXDOMAIN,
	NXDOMAIN_BARE,
	NODATA,
	SAYS_REFUSED,
	SAYS_SERVFAIL,
	SAYS_NOTIMP,
	SILENCE,
	SAYS_COUNT
};

enum tcp { TCP_OPEN, TCP_CLOSED, TCP_DROPPED, TCP_COUNT };

static struct fault fault_of(enum says says, bool signed_zone)
{
	const char *soa =
		signed_zone
			? "ns example.com. 300 IN SOA ns.example.com. h.example.com. 1 1 1 1 300"
			: "ns plain.org. 300 IN SOA ns.plain.org. h.plain.org. 1 1 1 1 300";
	struct fault fault = {.mixed_only = true, .flags = FLAG_AA};

	switch (says) {
	case NXDOMAIN:
	case NXDOMAIN_BARE:
		fault.flags |= RCODE_NXDOMAIN;
		break;
	case SAYS_REFUSED:
		fault.kind = FAULT_REFUSED;
		return fault;
	case SAYS_SERVFAIL:
		fault.kind = FAULT_SERVFAIL;
		return fault;
	case SAYS_NOTIMP:
		fault.flags |= RCODE_NOTIMP;
		break;
	case SILENCE:
		fault.kind = FAULT_DROP;
		return fault;
	default:
		break;
	}
	fault.replace = say;
	fault.hook_arg = says == NXDOMAIN || says == NODATA ? LINES(soa, NULL) : LINES(NULL);
	return fault;
}

static void set(enum says says, enum tcp tcp, bool signed_zone, size_t servers)
{
	const char *const *at = signed_zone ? example_servers : plain_servers;

	for (size_t i = 0; i < servers; i++) {
		struct fault fault = fault_of(says, signed_zone);
		fault.server = at[i];
		with(fault);
		if (tcp != TCP_OPEN)
			with((struct fault){.kind = tcp == TCP_CLOSED ? FAULT_RESET : FAULT_DROP,
					    .server = at[i],
					    .tcp_only = true});
	}
}

static void assert_found(const char *name, bool signed_zone, const char *address)
{
	struct question *q = world_ask(w, name, TYPE_A, ASK_DO);

	if (q->reply->rcode != RCODE_NOERROR || (q->done_us - q->asked_us) / 1000 > 4000)
		network_print_log(&w->network);
	assert_answer(q, RCODE_NOERROR, signed_zone, EDE_NONE);
	assert_address(q, address);
	assert_true((q->done_us - q->asked_us) / 1000 <= 4000);
}

static void names_exist_in_any_case(void **state)
{
	for (unsigned n = 0; n < SAYS_COUNT * TCP_COUNT * 2 * 2; n++) {
		const enum says says = n / 12;
		const enum tcp tcp = n / 4 % 3;
		const bool signed_zone = n & 1;
		const size_t servers = n & 2 ? 2 : 1;
		start_common(state);
		set(says, tcp, signed_zone, servers);
		if (signed_zone) {
			assert_found("www.example.com.", true, "192.0.2.80");
			assert_found("a.ent.example.com.", true, "192.0.2.82");
		} else {
			assert_found("www.plain.org.", false, "192.0.2.90");
			assert_found("x.new.plain.org.", false, "192.0.2.91");
		}
		end_world(state);
	}
}

// Browsers ask several questions at once for a zone that nobody has asked before: who comes to the
// last try when another has it waits for what that teaches.
static void first_questions_at_once_are_all_answered(void **state)
{
	static const struct {
		const char *name;
		uint16_t type;
		unsigned rcode;
	} rows[] = {{"www.plain.org.", TYPE_A, RCODE_NOERROR},
		    {"www.plain.org.", TYPE_AAAA, RCODE_NOERROR},
		    {"www.plain.org.", TYPE_HTTPS, RCODE_NOERROR},
		    {"x.new.plain.org.", TYPE_A, RCODE_NOERROR},
		    {"zero.plain.org.", TYPE_A, RCODE_NOERROR},
		    {"averylongnamethatnobodyhas.plain.org.", TYPE_A, RCODE_NXDOMAIN}};
	static const enum says kinds[] = {SAYS_REFUSED, SAYS_SERVFAIL, SAYS_NOTIMP, SILENCE,
					  NXDOMAIN};
	unsigned wrong = 0;

	for (unsigned n = 0; n < 5 * TCP_COUNT * 2; n++) {
		struct question *asked[6];
		start_common(state);
		set(kinds[n / 6], n / 2 % 3, false, 1 + n % 2);
		for (size_t i = 0; i < 6; i++)
			asked[i] = world_ask_later(w, rows[i].name, rows[i].type, 0);
		world_run(w);
		for (size_t i = 0; i < 6; i++) {
			const uint64_t ms = (asked[i]->done_us - asked[i]->asked_us) / 1000;
			if (asked[i]->reply->rcode == rows[i].rcode && ms <= 4000)
				continue;
			print_message("says %u, TCP %u, at %u, %s: rcode %u after %u ms\n", n / 6,
				      n / 2 % 3, 1 + n % 2, rows[i].name, asked[i]->reply->rcode,
				      (unsigned)ms);
			wrong++;
		}
		end_world(state);
	}
	assert_int_equal(wrong, 0);
}

// Servers that find the zone itself in any case, and names in it in one.
static void what_is_known_of_the_zone_says_nothing_of_its_names(void **state)
{
	(void)state;
	set(NXDOMAIN, TCP_OPEN, false, 2);
	for (size_t i = 0; i < 2; i++)
		with((struct fault){.server = plain_servers[i], .name = "plain.org."});
	assert_answer(world_ask(w, "plain.org.", TYPE_NS, 0), RCODE_NOERROR, false, EDE_NONE);
	assert_found("www.plain.org.", false, "192.0.2.90");
}

static void one_question_shows_nothing(void **state)
{
	(void)state;
	set(NXDOMAIN, TCP_CLOSED, false, 2);
	assert_found("www.plain.org.", false, "192.0.2.90");
	const uint64_t before = world_counter(w, "upstream.letters");
	assert_true(before > 0);
	assert_found("x.new.plain.org.", false, "192.0.2.91");
	assert_true(world_counter(w, "upstream.letters") > before);
}

static void two_questions_show_that_a_server_knows_one_case(void **state)
{
	(void)state;
	set(NXDOMAIN, TCP_CLOSED, false, 2);
	assert_found("www.plain.org.", false, "192.0.2.90");
	assert_found("x.new.plain.org.", false, "192.0.2.91");
	for (int i = 0; i < 4; i++) { // whichever of the two it is put to
		char name[30];
		snprintf(name, sizeof(name), "n%d.plain.org.", i);
		world_ask(w, name, TYPE_A, 0);
	}
	network_forget_log(&w->network);
	world_ask(w, "zero.plain.org.", TYPE_A, 0);
	assert_sent_at_most(w, 3);
}

// The part of a name that is asked for on the way down is followed by the whole of it anyway.
static void a_true_denial_costs_one_question_more(void **state)
{
	(void)state;
	world_ask(w, "plain.org.", TYPE_NS, 0);
	network_forget_log(&w->network);
	for (int i = 0; i < 2; i++) {
		char name[60];
		snprintf(name, sizeof(name), "averylongnamethatnobodyhas%d.plain.org.", i);
		assert_answer(world_ask(w, name, TYPE_A, 0), RCODE_NXDOMAIN, false, EDE_NONE);
		assert_sent(w, 2 * (i + 1));
	}
	assert_int_equal(world_counter(w, "upstream.letters"), 2);
	network_forget_log(&w->network);
	world_ask(w, "a.longpartofanamethatnobodyhas.plain.org.", TYPE_A, 0);
	assert_sent(w, 3);
	assert_int_equal(world_counter(w, "upstream.letters"), 3);
	assert_int_equal(world_counter(w, "upstream.letters_found"), 0);
}

static void a_denial_that_is_signed_proves_itself(void **state)
{
	(void)state;
	assert_answer(world_ask(w, "averylongnamethatnobodyhas.example.com.", TYPE_A, ASK_DO),
		      RCODE_NXDOMAIN, true, EDE_NONE);
	assert_int_equal(world_counter(w, "upstream.letters"), 0);
}

static void and_none_where_names_are_found_in_mixed_case(void **state)
{
	(void)state;
	for (int i = 0; i < 40; i++) { // at both
		char name[60];
		snprintf(name, sizeof(name), "x%d.new.plain.org.", i);
		world_ask(w, name, TYPE_A, 0);
		world_ask(w, "zero.plain.org.", TYPE_A, 0);
	}
	const uint64_t before = world_counter(w, "upstream.letters");
	network_forget_log(&w->network);
	for (int i = 0; i < 20; i++) {
		char name[60];
		snprintf(name, sizeof(name), "averylongnamethatnobodyhas%d.plain.org.", i);
		assert_answer(world_ask(w, name, TYPE_A, 0), RCODE_NXDOMAIN, false, EDE_NONE);
	}
	assert_sent(w, 20);
	assert_int_equal(world_counter(w, "upstream.letters"), before);
}

// D: names that nobody has make no more than a question more, and not without end.
static void d_random_names_are_looked_into_at_a_bounded_rate(void **state)
{
	(void)state;
	world_ask(w, "plain.org.", TYPE_NS, 0);
	network_forget_log(&w->network);
	const uint64_t start_us = w->network.now_us;
	for (int i = 0; i < 400; i++) {
		char name[60];
		snprintf(name, sizeof(name), "averylongnamethatnobodyhas%d.plain.org.", i);
		world_ask_later(w, name, TYPE_A, 0);
	}
	world_run(w);
	const uint64_t seconds = (w->network.now_us - start_us) / 1000000 + 1;
	assert_true(world_counter(w, "upstream.letters") <= 2 * (16 + 4 * seconds));
	assert_sent_at_most(w, 400 + 2 * (16 + 4 * seconds));
}

// A1: whoever answers the second question has to be right twice, or stands against TCP.
static void a1_data_for_the_name_in_one_case_have_to_prove_themselves(void **state)
{
	for (int tcp = 0; tcp < 2; tcp++) {
		start_common(state);
		set(NXDOMAIN, tcp ? TCP_OPEN : TCP_CLOSED, false, 2);
		with((struct fault){.kind = FAULT_FORGED,
				    .name = "www.plain.org.",
				    .one_case_only = true,
				    .udp_only = true,
				    .times = 1});
		struct question *q = world_ask(w, "www.plain.org.", TYPE_A, ASK_DO);
		if (tcp)
			assert_address(q, "192.0.2.90");
		else
			assert_answer(q, RCODE_NXDOMAIN, false, EDE_NONE);
		end_world(state);
	}
}

static const struct rrset *leave_out(const struct network_query *query, enum section section,
				     const struct rrset *rrset, void *arg)
{
	(void)query;
	(void)section;
	(void)rrset;
	(void)arg;
	return NULL;
}

// Nobody verifies the signatures of a zone that is proven insecure.
static void a1_signatures_that_nobody_verifies_prove_nothing(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "island.com.",
					  .servers = "ns.island.com.=" PROVIDER_A,
					  .text = "www.island.com. 300 IN A 192.0.2.80\n",
					  .no_ds = true});
	world_start(w);
	world_ask(w, "island.com.", TYPE_NS, 0);
	with((struct fault){.kind = FAULT_RESET, .server = PROVIDER_A, .tcp_only = true});
	with((struct fault){.server = PROVIDER_A,
			    .mixed_only = true,
			    .kind = FAULT_OTHER_RCODE,
			    .rewrite = leave_out});
	with((struct fault){
		.server = PROVIDER_A,
		.name = "www.island.com.",
		.one_case_only = true,
		.times = 1,
		.flags = FLAG_AA,
		.replace = say,
		.hook_arg = LINES("an www.island.com. 300 IN A 198.51.100.66",
				  "an www.island.com. 300 IN RRSIG A 13 3 300 "
				  "20380119031407 20200101000000 1 island.com. "
				  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
				  "AAAAAAAAAAAAAAAAAAAAAAAAAA==",
				  NULL)});
	struct question *q = world_ask(w, "www.island.com.", TYPE_A, ASK_DO);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_A), 0);
	assert_true(world_counter(w, "upstream.letters") > 0);
}

// One that answers no other question, or says that it is another server's, leaves the denial.
static void anything_else_leaves_the_denial(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_DROP,  FAULT_REFUSED,   FAULT_SERVFAIL,
						FAULT_BARE,  FAULT_MALFORMED, FAULT_TRUNCATE_ALWAYS,
						FAULT_RESET, FAULT_WRONG_ID};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		start_common(state);
		set(NXDOMAIN, TCP_CLOSED, false, 2);
		for (size_t s = 0; s < 2; s++)
			with((struct fault){.kind = kinds[i],
					    .server = plain_servers[s],
					    .flags = RCODE_REFUSED,
					    .one_case_only = true});
		struct question *q = world_ask(w, "nope.plain.org.", TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NXDOMAIN, false, EDE_NONE);
		assert_true(q->done_us - q->asked_us < 1000000);
		end_world(state);
	}
}

// A8: not even two that agree redirect a whole subtree.
static void a8_a_dname_in_one_case_alone_is_asked_for_over_tcp(void **state)
{
	for (int tcp = 0; tcp < 2; tcp++) {
		start_common(state);
		set(NXDOMAIN, tcp ? TCP_OPEN : TCP_CLOSED, false, 2);
		struct question *q = world_ask(w, "x.old.plain.org.", TYPE_A, ASK_DO);
		if (tcp)
			assert_address(q, "192.0.2.91");
		else
			assert_not_cached(w, "old.plain.org.", TYPE_DNAME);
		end_world(state);
	}
}

// Nothing of a zone that is signed is believed without its signatures, in whatever case.
static void unsigned_data_in_one_case_stay_bogus_in_signed_zones(void **state)
{
	(void)state;
	set(NXDOMAIN, TCP_OPEN, true, 2);
	for (size_t i = 0; i < 2; i++)
		with((struct fault){.kind = FAULT_STRIP,
				    .server = example_servers[i],
				    .name = "www.example.com.",
				    .one_case_only = true});
	assert_int_equal(world_ask(w, "www.example.com.", TYPE_A, ASK_DO)->reply->rcode,
			 RCODE_SERVFAIL);
	assert_not_cached(w, "www.example.com.", TYPE_A);
}

// What the other server says does not validate: this one is still asked in the other way.
static void a_server_that_refuses_mixed_case_is_not_lost_beside_a_bogus_one(void **state)
{
	for (int tcp = TCP_OPEN; tcp < TCP_COUNT; tcp++) {
		start_common(state);
		with((struct fault){.kind = FAULT_BOGUS, .server = PROVIDER_A});
		with((struct fault){
			.kind = FAULT_REFUSED, .server = PROVIDER_B, .mixed_only = true});
		if (tcp != TCP_OPEN)
			with((struct fault){.kind = tcp == TCP_CLOSED ? FAULT_RESET : FAULT_DROP,
					    .server = PROVIDER_B,
					    .tcp_only = true});
		for (int i = 0; i < 6; i++) {
			char name[40];
			snprintf(name, sizeof(name), "n%d.example.com.", i);
			assert_answer(world_ask(w, name, TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
				      EDE_NONE);
		}
		end_world(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_that_refuses_mixed_case_is_not_lost_beside_a_bogus_one),
		cmocka_unit_test(names_exist_in_any_case),
		cmocka_unit_test(first_questions_at_once_are_all_answered),
		scenario_common(what_is_known_of_the_zone_says_nothing_of_its_names),
		scenario_common(one_question_shows_nothing),
		scenario_common(two_questions_show_that_a_server_knows_one_case),
		scenario_common(a_true_denial_costs_one_question_more),
		scenario_common(a_denial_that_is_signed_proves_itself),
		scenario_common(and_none_where_names_are_found_in_mixed_case),
		scenario_common(d_random_names_are_looked_into_at_a_bounded_rate),
		cmocka_unit_test(a1_data_for_the_name_in_one_case_have_to_prove_themselves),
		scenario(a1_signatures_that_nobody_verifies_prove_nothing),
		cmocka_unit_test(anything_else_leaves_the_denial),
		cmocka_unit_test(a8_a_dname_in_one_case_alone_is_asked_for_over_tcp),
		scenario_common(unsigned_data_in_one_case_stay_bogus_in_signed_zones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
