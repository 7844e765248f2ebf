// Servers that answer with a header alone: FORMERR, NOTIMP, REFUSED or SERVFAIL without the
// question. Over UDP anybody who guesses ID and port can send that; two such, to two questions, are
// an answer.
#include "tests/scenario/zones.h"

#define PLAIN_A "192.0.2.20"
#define PLAIN_B "198.51.100.20"

static const char *const plain_servers[] = {PLAIN_A, PLAIN_B};
static const char *const example_servers[] = {PROVIDER_A, PROVIDER_B};
static const unsigned rcodes[] = {RCODE_FORMERR, RCODE_NOTIMP, RCODE_REFUSED, RCODE_SERVFAIL};

enum tcp { TCP_OPEN, TCP_CLOSED, TCP_DROPPED };

struct habit {
	unsigned rcode;
	bool edns_only; // in answer to EDNS
	enum tcp tcp;
	bool signed_zone;
	size_t servers; // that do it
};

static void set(const struct habit *habit)
{
	const char *const *at = habit->signed_zone ? example_servers : plain_servers;

	for (size_t i = 0; i < habit->servers; i++) {
		with((struct fault){.kind = FAULT_BARE,
				    .server = at[i],
				    .flags = (uint16_t)habit->rcode,
				    .udp_only = !habit->edns_only,
				    .edns_only = habit->edns_only});
		if (habit->tcp != TCP_OPEN)
			with((struct fault){.kind = habit->tcp == TCP_CLOSED ? FAULT_RESET
									     : FAULT_DROP,
					    .server = at[i],
					    .tcp_only = true});
	}
}

static const char *name_in(const struct habit *habit)
{
	return habit->signed_zone ? "www.example.com." : "www.plain.org.";
}

static uint64_t ask_ms(const struct habit *habit, unsigned *rcode)
{
	struct question *q = world_ask(w, name_in(habit), TYPE_A, ASK_DO);

	*rcode = q->reply->rcode;
	return (q->done_us - q->asked_us) / 1000;
}

// Nobody answers a signed zone's question without EDNS, nor is there any other way than TCP for the
// rest.
static bool is_answered(const struct habit *habit)
{
	if (habit->servers == 1)
		return true;
	if (habit->edns_only)
		return !habit->signed_zone;
	return habit->tcp == TCP_OPEN;
}

static void each_habit(void (*test)(const struct habit *habit))
{
	for (unsigned n = 0; n < 4 * 2 * 3 * 2 * 2; n++) {
		const struct habit habit = {rcodes[n / 24], n / 12 % 2, n / 4 % 3, n / 2 % 2,
					    1 + n % 2};
		start_common(NULL);
		set(&habit);
		test(&habit);
		end_world(NULL);
	}
}

static void look(const struct habit *habit)
{
	unsigned rcode;
	const uint64_t ms = ask_ms(habit, &rcode);
	const bool answered = is_answered(habit);

	if (rcode != (answered ? RCODE_NOERROR : RCODE_SERVFAIL) || ms > (answered ? 300 : 4000))
		print_message("rcode %u%s, TCP %d, %s, at %zu: rcode %u after %u ms\n",
			      habit->rcode, habit->edns_only ? " to EDNS" : "", habit->tcp,
			      habit->signed_zone ? "signed" : "unsigned", habit->servers, rcode,
			      (unsigned)ms);
	assert_int_equal(rcode, answered ? RCODE_NOERROR : RCODE_SERVFAIL);
	assert_true(ms <= (answered ? 300 : 4000));
}

// Whether TCP is open, closed or dropped: nobody waits for what is a header alone.
static void o8_headers_alone_delay_nobody_who_can_be_answered(void **state)
{
	(void)state;
	each_habit(look);
}

// One that is forged changes nothing: neither the answer, nor what is remembered.
static void a10_one_header_alone_is_no_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < 8; i++) {
		const bool signed_zone = i % 2;
		const char *const *at = signed_zone ? example_servers : plain_servers;
		start_common(NULL);
		for (size_t s = 0; s < 2; s++)
			with((struct fault){.kind = FAULT_BARE,
					    .server = at[s],
					    .flags = (uint16_t)rcodes[i / 2],
					    .times = 1,
					    .then_good = true});
		const struct habit habit = {.signed_zone = signed_zone};
		unsigned rcode;
		assert_true(ask_ms(&habit, &rcode) < 300);
		assert_int_equal(rcode, RCODE_NOERROR);
		assert_int_equal(world_counter(w, "upstream.twice_bare"), 0);
		assert_int_equal(w->network.connections, 0);
		end_world(NULL);
	}
}

// Its answer is late, and two forged errors come before it: another server is asked, no worse.
static void a10_two_forged_ones_cost_one_server_its_turn(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_BARE,
			    .server = plain_servers[0],
			    .flags = RCODE_REFUSED,
			    .udp_only = true});
	const struct habit habit = {.signed_zone = false};
	unsigned rcode;
	assert_true(ask_ms(&habit, &rcode) < 300);
	assert_int_equal(rcode, RCODE_NOERROR);
	assert_int_equal(w->network.connections, 0);
}

// The other server has data that do not validate: TCP is the way that is left, to the one alone.
static void beside_a_bogus_server_tcp_is_tried(void **state)
{
	(void)state;
	for (size_t bare = 0; bare < 2; bare++) {
		start_common(NULL);
		with((struct fault){.kind = FAULT_BARE,
				    .server = example_servers[bare],
				    .flags = RCODE_REFUSED,
				    .udp_only = true});
		with((struct fault){.kind = FAULT_BOGUS, .server = example_servers[!bare]});
		const struct habit habit = {.signed_zone = true};
		unsigned rcode;
		assert_true(ask_ms(&habit, &rcode) < 1000);
		assert_int_equal(rcode, RCODE_NOERROR);
		end_world(NULL);
	}
}

// Whoever sends them, they do not say that a server wants to be asked without EDNS.
static void o8_after_headers_alone_servers_are_asked_with_edns(void **state)
{
	static const char *const names[] = {"www.plain.org.", "x.new.plain.org.", "zero.plain.org."};

	(void)state;
	for (size_t i = 0; i < sizeof(rcodes) / sizeof(rcodes[0]); i++) {
		const struct habit habit = {.rcode = rcodes[i], .tcp = TCP_CLOSED, .servers = 2};
		const struct fault *heard[2];
		start_common(NULL);
		set(&habit);
		for (size_t n = 0; n < 3; n++)
			world_ask(w, names[n], TYPE_A, ASK_DO);
		network_heal(&w->network);
		world_advance(w, 30000);
		network_forget_log(&w->network);
		for (size_t s = 0; s < 2; s++)
			heard[s] = network_fault(
				&w->network,
				&(struct fault){.server = plain_servers[s], .edns_only = true});
		for (size_t n = 0; n < 3; n++)
			assert_answer(world_ask(w, names[n], TYPE_A, ASK_DO), RCODE_NOERROR, false,
				      EDE_NONE);
		for (size_t s = 0; s < 2; s++)
			assert_int_equal(heard[s]->hits,
					 network_sent(&w->network, plain_servers[s], NULL, 0));
		assert_true(heard[0]->hits + heard[1]->hits >= 3);
		end_world(NULL);
	}
}

// They do so to names in mixed case, or to a cookie, and not to the last try without either.
static void o8_headers_alone_in_answer_to_mixed_case_leave_the_last_try(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rcodes) / sizeof(rcodes[0]); i++) {
		start_common(NULL);
		for (size_t s = 0; s < 2; s++) {
			with((struct fault){.kind = FAULT_BARE,
					    .server = plain_servers[s],
					    .flags = (uint16_t)rcodes[i],
					    .mixed_only = true});
			with((struct fault){.kind = FAULT_RESET,
					    .server = plain_servers[s],
					    .tcp_only = true});
		}
		const struct habit habit = {.servers = 2};
		unsigned rcode;
		assert_true(ask_ms(&habit, &rcode) < 1000);
		assert_int_equal(rcode, RCODE_NOERROR);
		end_world(NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(o8_headers_alone_delay_nobody_who_can_be_answered),
		cmocka_unit_test(a10_one_header_alone_is_no_answer),
		cmocka_unit_test(beside_a_bogus_server_tcp_is_tried),
		cmocka_unit_test(o8_after_headers_alone_servers_are_asked_with_edns),
		cmocka_unit_test(o8_headers_alone_in_answer_to_mixed_case_leave_the_last_try),
		scenario_common(a10_two_forged_ones_cost_one_server_its_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
