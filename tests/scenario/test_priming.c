// Which replies are believed without signatures: those that cannot be forged blindly. And where the
// root is.
#include "tests/scenario/zones.h"

#define ROOT_A    "192.88.0.1" // a.root.
#define ROOT_B    "198.41.0.4" // b.root.
#define ROOT_A2   "192.88.0.2" // a.root.
#define FORWARDER "203.0.113.50"
#define ELSEWHERE "203.0.113.66"

// ---- ATTACKS A15 ----

static void ask_through_dname(bool cookies, enum fault_cookie cookie)
{
	begin();
	add_example(w);
	add_plain(w);
	w->upstream_config.cookies = cookies;
	world_start(w);
	with((struct fault){.cookie = cookie});
	struct question *q = world_ask(w, "x.old.plain.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_address(q, "192.0.2.91");
	assert_cached(w, "old.plain.org.", TYPE_DNAME, ENTRY_DNAME, SECURITY_INSECURE);
}

static void a15_a_cookie_that_nobody_asked_for_proves_nothing(void **state)
{
	ask_through_dname(false, COOKIE_MADE_UP);
	assert_int_equal(w->network.connections, 1);
	end_world(state);
}

static void a15_a_cookie_of_another_question_proves_nothing(void **state)
{
	ask_through_dname(true, COOKIE_MADE_UP);
	assert_true(w->network.connections >= 1);
	assert_true(world_counter(w, "upstream.ignored_cookie") >= 1);
	end_world(state);
}

static void a15_our_own_cookie_proves_where_a_reply_came_from(void **state)
{
	ask_through_dname(true, COOKIE_RIGHT);
	assert_int_equal(w->network.connections, 0);
	end_world(state);
}

// ---- ATTACKS A16 ----

static const struct rrset *say_elsewhere(const struct network_query *query, enum section section,
					 const struct rrset *rrset, void *arg)
{
	static struct rrset *forged;

	(void)query, (void)arg;
	if (section != SECTION_ADDITIONAL || rrset->type != TYPE_A ||
	    !name_equal(rrset->owner, text_name("a.root.")))
		return rrset;
	if (forged == NULL)
		forged = signer_rrset("a.root. 300 IN A " ELSEWHERE);
	return forged;
}

static void moved(const char *server, enum fault_cookie cookie, bool udp_only)
{
	with((struct fault){.server = server,
			    .name = ".",
			    .type = TYPE_NS,
			    .rewrite = say_elsewhere,
			    .cookie = cookie,
			    .udp_only = udp_only});
}

static void start_moved(void)
{
	world_start(w);
	network_serve(&w->network, ELSEWHERE, world_zone(w, ".")->zone);
}

static void look_for(const char *text, void *arg)
{
	*(bool *)arg = *(bool *)arg || strstr(text, ELSEWHERE) != NULL;
}

// Whether questions for the root would go there.
static bool root_is_elsewhere(void)
{
	bool found = false;

	resolver_servers(w->resolver, text_name("."), NULL, look_for, &found);
	return found;
}

static void a16_the_roots_addresses_are_not_taken_from_one_reply_over_udp(void **state)
{
	(void)state;
	begin();
	moved(ROOT_A, COOKIE_NOT_SENT, true);
	moved(ROOT_B, COOKIE_NOT_SENT, true);
	with((struct fault){.kind = FAULT_DROP, .server = ROOT_B});
	start_moved();
	assert_int_equal(world_counter(w, "resolver.prime_doubts"), 1);
	assert_false(root_is_elsewhere());
	// Asked over TCP, it does not say so; what was known stays.
	network_forget_log(&w->network);
	world_advance(w, 15000);
	assert_true(w->network.connections >= 1);
	assert_int_equal(world_counter(w, "resolver.prime_doubts"), 1);
	assert_false(root_is_elsewhere());
}

static void a16_nor_where_tcp_is_closed_however_often_one_server_says_so(void **state)
{
	(void)state;
	begin();
	with((struct fault){.kind = FAULT_DROP, .server = ROOT_B});
	with((struct fault){.kind = FAULT_RESET, .server = ROOT_A});
	moved(ROOT_A, COOKIE_NOT_SENT, true);
	start_moved();
	world_advance(w, 600000);
	assert_true(world_counter(w, "resolver.prime_doubts") >= 2);
	assert_true(w->network.connections >= 1);
	assert_false(root_is_elsewhere());
	// No more often than once in ten seconds, then less and less.
	assert_sent_at_most(w, 60);
}

static const struct rrset *say_the_other(const struct network_query *query, enum section section,
					 const struct rrset *rrset, void *arg)
{
	static struct rrset *swapped;

	(void)query;
	(void)arg;
	if (section != SECTION_ADDITIONAL || rrset->type != TYPE_A ||
	    !name_equal(rrset->owner, text_name("a.root.")))
		return rrset;
	if (swapped == NULL)
		swapped = signer_rrset("a.root. 300 IN A " ROOT_B);
	return swapped;
}

// The hints say which server is where.
static void a16_the_hint_of_one_server_vouches_for_no_other(void **state)
{
	(void)state;
	begin();
	with((struct fault){.kind = FAULT_DROP, .server = ROOT_B});
	with((struct fault){.server = ROOT_A,
			    .name = ".",
			    .type = TYPE_NS,
			    .rewrite = say_the_other,
			    .udp_only = true});
	world_start(w);
	assert_int_equal(world_counter(w, "resolver.prime_doubts"), 1);
}

static void a16_over_tcp_they_are_taken(void **state)
{
	(void)state;
	begin();
	moved(ROOT_A, COOKIE_NOT_SENT, false);
	with((struct fault){.kind = FAULT_DROP, .server = ROOT_B});
	start_moved();
	assert_false(root_is_elsewhere());
	world_advance(w, 15000);
	assert_true(root_is_elsewhere());
}

static void a16_with_our_cookie_they_are_taken_at_once(void **state)
{
	(void)state;
	begin();
	w->upstream_config.cookies = true;
	moved(ROOT_A, COOKIE_RIGHT, false);
	moved(ROOT_B, COOKIE_RIGHT, false);
	start_moved();
	assert_int_equal(w->network.connections, 0);
	assert_int_equal(world_counter(w, "resolver.prime_doubts"), 0);
	assert_true(root_is_elsewhere());
}

static void a16_with_a_made_up_cookie_they_are_not(void **state)
{
	(void)state;
	begin();
	moved(ROOT_A, COOKIE_MADE_UP, true);
	moved(ROOT_B, COOKIE_MADE_UP, true);
	start_moved();
	assert_int_equal(world_counter(w, "resolver.prime_doubts"), 1);
	assert_false(root_is_elsewhere());
}

static void a16_two_servers_that_agree_are_enough(void **state)
{
	(void)state;
	begin();
	with((struct fault){.kind = FAULT_RESET, .server = ROOT_A});
	with((struct fault){.kind = FAULT_RESET, .server = ROOT_B});
	moved(ROOT_A, COOKIE_NOT_SENT, true);
	moved(ROOT_B, COOKIE_NOT_SENT, true);
	start_moved();
	assert_int_equal(world_counter(w, "resolver.prime_doubts"), 1);
	assert_false(root_is_elsewhere());
	world_advance(w, 120000);
	assert_true(root_is_elsewhere());
	assert_int_equal(world_counter(w, "resolver.prime_doubts"), 1);
}

// Two addresses of one server are one witness.
static void a16_one_server_by_two_addresses_does_not_agree_with_itself(void **state)
{
	(void)state;
	w = world_new();
	world_add(w, &(struct world_zone){.apex = ".",
					  .servers = "a.root.=" ROOT_A " a.root.=" ROOT_A2});
	with((struct fault){.kind = FAULT_RESET, .server = ROOT_A});
	with((struct fault){.kind = FAULT_RESET, .server = ROOT_A2});
	moved(ROOT_A, COOKIE_NOT_SENT, true);
	moved(ROOT_A2, COOKIE_NOT_SENT, true);
	start_moved();
	world_advance(w, 600000);
	assert_true(network_sent(&w->network, ROOT_A, ".", TYPE_NS) >= 1);
	assert_true(network_sent(&w->network, ROOT_A2, ".", TYPE_NS) >= 1);
	assert_true(world_counter(w, "resolver.prime_doubts") >= 2);
	assert_false(root_is_elsewhere());
}

// ATTACKS A9: whom recursion asks is not for a forwarder to say.
static void a16_a_forwarder_does_not_move_the_root(void **state)
{
	(void)state;
	begin();
	world_route(w, ".", true, FORWARDER);
	start_moved();
	world_serve_all(w, FORWARDER);
	moved(FORWARDER, COOKIE_RIGHT, false);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(world_ask(w, ".", TYPE_NS, ASK_DO | ASK_TCP)->reply->rcode,
				 RCODE_NOERROR);
		world_advance(w, 86400000);
	}
	assert_true(network_sent(&w->network, FORWARDER, ".", TYPE_NS) >= 3);
	assert_false(root_is_elsewhere());
	assert_int_equal(world_counter(w, "resolver.primed"), 0);
}

static void a16_the_hints_and_what_is_known_need_no_proof(void **state)
{
	(void)state;
	assert_int_equal(world_counter(w, "resolver.primed"), 1);
	assert_int_equal(world_counter(w, "resolver.prime_doubts"), 0);
	world_advance(w, 86400000);
	assert_true(world_counter(w, "resolver.primed") >= 2);
	assert_int_equal(world_counter(w, "resolver.prime_doubts"), 0);
	assert_int_equal(w->network.connections, 0);
}

// The zone of their names is not signed: whoever forges a reply about one of them would have the
// root.
static void a16_what_is_cached_of_the_servers_names_does_not_move_the_root(void **state)
{
	(void)state;
	w = world_new();
	world_add(w, &(struct world_zone){.apex = ".",
					  .servers = "a.servers.rs.=" ROOT_A
						     " b.servers.rs.=" ROOT_B});
	world_add(w, &(struct world_zone){.apex = "rs.",
					  .servers = "ns.rs.=" PROVIDER_A,
					  .text = "a.servers.rs. 300 IN A " ELSEWHERE "\n",
					  .options = {.unsigned_ = true}});
	start_moved();
	struct question *q = world_ask(w, "a.servers.rs.", TYPE_A, 0);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_A), 2);
	assert_cached(w, "a.servers.rs.", TYPE_A, ENTRY_POSITIVE, SECURITY_INSECURE);
	assert_false(root_is_elsewhere());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a15_a_cookie_that_nobody_asked_for_proves_nothing),
		cmocka_unit_test(a15_a_cookie_of_another_question_proves_nothing),
		cmocka_unit_test(a15_our_own_cookie_proves_where_a_reply_came_from),
		scenario(a16_the_roots_addresses_are_not_taken_from_one_reply_over_udp),
		scenario(a16_nor_where_tcp_is_closed_however_often_one_server_says_so),
		scenario(a16_over_tcp_they_are_taken),
		scenario(a16_with_our_cookie_they_are_taken_at_once),
		scenario(a16_with_a_made_up_cookie_they_are_not),
		scenario(a16_two_servers_that_agree_are_enough),
		scenario(a16_one_server_by_two_addresses_does_not_agree_with_itself),
		scenario_common(a16_the_hints_and_what_is_known_need_no_proof),
		scenario(a16_a_forwarder_does_not_move_the_root),
		scenario(a16_what_is_cached_of_the_servers_names_does_not_move_the_root),
		scenario(a16_the_hint_of_one_server_vouches_for_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
