// Servers that make nothing of a minimised name, and answer for the full one (RFC 9156 §2.3, §3).
#include "tests/scenario/zones.h"

#define ENT      "ent.example.com."
#define FULL     "a.ent.example.com."
#define SAME_NET "192.0.2.11" // as PROVIDER_A

static void add(struct builder *b, enum section section, const char *line)
{
	struct text_record record;

	text_record(line, &record);
	builder_record(b, section, record.owner, record.type, CLASS_IN, record.ttl_s, record.rdata,
		       record.rdlen);
}

static void own_servers(const struct network_query *query, enum section section, struct builder *b,
			void *arg)
{
	(void)query, (void)arg;
	if (section != SECTION_AUTHORITY)
		return;
	add(b, section, "example.com. 300 IN NS ns1.example.com.");
	add(b, section, "example.com. 300 IN NS ns2.example.com.");
}

static void foreign_soa(const struct network_query *query, enum section section, struct builder *b,
			void *arg)
{
	(void)query, (void)arg;
	if (section == SECTION_AUTHORITY)
		add(b, section, "com. 300 IN SOA a. b. 1 2 3 4 5");
}

static void nothing(const struct network_query *query, enum section section, struct builder *b,
		    void *arg)
{
	(void)query, (void)section, (void)b, (void)arg;
}

static const struct {
	const char *what;
	struct fault fault;
} useless[] = {
	{"upward referral", {.kind = FAULT_LAME}},
	{"own NS set", {.replace = own_servers}},
	{"another zone's SOA", {.replace = foreign_soa, .flags = FLAG_AA}},
	{"SERVFAIL", {.kind = FAULT_SERVFAIL}},
	{"REFUSED", {.kind = FAULT_REFUSED}},
	{"FORMERR", {.kind = FAULT_FORMERR}},
	{"NOTIMP", {.replace = nothing, .flags = 4}},
	{"YXDOMAIN", {.replace = nothing, .flags = 6}},
	{"NOTAUTH", {.replace = nothing, .flags = 9}},
	{"a cache's NODATA", {.replace = nothing, .flags = FLAG_RA}},
	{"malformed", {.kind = FAULT_MALFORMED}},
	{"TC over TCP as well", {.kind = FAULT_TRUNCATE_ALWAYS}},
};
#define USELESS (sizeof(useless) / sizeof(useless[0]))

static void warm(void)
{
	world_ask(w, "www.example.com.", TYPE_MX, 0);
	network_forget_log(&w->network);
}

// What is known of a server after the question; its failures in a row.
static unsigned fails(const char *server)
{
	struct server_facts facts;
	struct address address = {.family = 4};
	unsigned b[4];

	assert_int_equal(sscanf(server, "%u.%u.%u.%u", &b[0], &b[1], &b[2], &b[3]), 4);
	for (int i = 0; i < 4; i++)
		address.bytes[i] = (uint8_t)b[i];
	upstream_server_facts(w->upstream, text_name("example.com."), &address, &facts);
	return facts.fails;
}

static void at_both(struct fault fault)
{
	fault.name = ENT;
	fault.server = PROVIDER_A;
	with(fault);
	fault.server = PROVIDER_B;
	with(fault);
}

static void a_useless_reply_to_a_minimised_name_is_followed_by_the_full_name(void **state)
{
	for (size_t i = 0; i < USELESS; i++) {
		start_common(state);
		warm();
		at_both(useless[i].fault);
		struct question *q = world_ask(w, FULL, TYPE_A, ASK_DO);
		if (q->reply->rcode != RCODE_NOERROR)
			print_message("%s\n", useless[i].what);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		assert_address(q, "192.0.2.82");
		assert_int_equal(network_sent(&w->network, NULL, FULL, TYPE_A), 1);
		end_world(state);
	}
}

static void the_server_that_gave_it_is_held_to_be_good(void **state)
{
	for (size_t i = 0; i < USELESS; i++) {
		start_common(state);
		warm();
		at_both(useless[i].fault);
		world_ask(w, FULL, TYPE_A, ASK_DO);
		if (fails(PROVIDER_A) + fails(PROVIDER_B) > 0)
			print_message("%s\n", useless[i].what);
		assert_int_equal(fails(PROVIDER_A), 0);
		assert_int_equal(fails(PROVIDER_B), 0);
		end_world(state);
	}
}

// Once: what is useless about the full name as well is the server's fault.
static void a_useless_reply_to_the_full_name_is_held_against_its_server(void **state)
{
	for (size_t i = 0; i < USELESS; i++) {
		start_common(state);
		warm();
		at_both(useless[i].fault);
		struct fault again = useless[i].fault;
		again.name = FULL;
		with(again);
		struct question *q = world_ask(w, FULL, TYPE_A, ASK_DO);
		assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
		assert_true(fails(PROVIDER_A) > 0);
		assert_true(fails(PROVIDER_B) > 0);
		end_world(state);
	}
}

static void a_zone_is_asked_a_minimised_name_that_is_useless_once_per_question(void **state)
{
	for (size_t i = 0; i < USELESS; i++) {
		if (useless[i].fault.kind == FAULT_TRUNCATE_ALWAYS)
			continue; // asks that again over TCP
		start_common(state);
		warm();
		struct fault fault = useless[i].fault;
		fault.below = ENT;
		with(fault);
		world_ask(w, FULL, TYPE_A, ASK_DO);
		size_t asked = network_sent(&w->network, NULL, ENT, TYPE_A);
		if (asked != 1)
			print_message("%s\n", useless[i].what);
		assert_int_equal(asked, 1);
		end_world(state);
	}
}

// Once per cut: the zone below has servers of its own.
static void a_zone_below_is_asked_minimised_names_again(void **state)
{
	(void)state;
	begin();
	add_example(w);
	world_add(w, &(struct world_zone){
			     .apex = "sub.example.com.",
			     .servers = "ns.sub.example.com.=" PROVIDER_C,
			     .text = "a.b.sub.example.com. 300 IN A 192.0.2.85\n",
		     });
	world_start(w);
	warm();
	with((struct fault){.kind = FAULT_SERVFAIL, .name = "sub.example.com.", .type = TYPE_A});
	struct question *q = world_ask(w, "a.b.sub.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(network_sent(&w->network, PROVIDER_C, "b.sub.example.com.", TYPE_A), 1);
	assert_int_equal(network_sent(&w->network, PROVIDER_C, "a.b.sub.example.com.", TYPE_A), 1);
}

static void what_was_useless_is_passed_by_when_the_full_name_has_an_answer(void **state)
{
	(void)state;
	start_common(state);
	warm();
	at_both((struct fault){.kind = FAULT_LAME});
	world_ask(w, FULL, TYPE_A, ASK_DO);
	network_forget_log(&w->network);
	assert_answer(world_ask(w, FULL, TYPE_TXT, ASK_DO), RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(network_sent(&w->network, NULL, ENT, TYPE_A), 0);
	assert_sent(w, 1);
}

// What nobody knows in full either is asked on its way down each time.
static void what_was_useless_is_asked_again_when_there_is_no_such_name(void **state)
{
	(void)state;
	begin();
	add_plain(w);
	world_start(w);
	with((struct fault){.kind = FAULT_LAME, .name = "no.plain.org."});
	for (int i = 0; i < 2; i++) {
		char name[40];
		snprintf(name, sizeof(name), "n%d.no.plain.org.", i);
		assert_answer(world_ask(w, name, TYPE_A, 0), RCODE_NXDOMAIN, false, EDE_NONE);
	}
	assert_int_equal(network_sent(&w->network, NULL, "no.plain.org.", TYPE_A), 2);
}

// A name above what is asked for, in a zone that is not signed: nothing proves its denial.
static void an_unproven_nxdomain_for_a_minimised_name_is_followed_by_the_full_name(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){
			     .apex = "plain.org.",
			     .servers = "ns1.plain.org.=192.0.2.20 ns2.plain.org.=198.51.100.20",
			     .text = "a.ent.plain.org. 300 IN A 192.0.2.93\n",
			     .options = {.unsigned_ = true},
		     });
	world_start(w);
	with((struct fault){.kind = FAULT_NXDOMAIN, .name = "ent.plain.org."});
	assert_address(world_ask(w, "a.ent.plain.org.", TYPE_A, 0), "192.0.2.93");
	network_forget_log(&w->network);
	assert_answer(world_ask(w, "a.ent.plain.org.", TYPE_AAAA, 0), RCODE_NOERROR, false,
		      EDE_NONE);
	assert_sent(w, 1);
}

// ---- silence ----

static void begin_silent(const char *servers)
{
	begin();
	world_add(w, &(struct world_zone){.apex = "example.com.",
					  .servers = servers,
					  .text = "www.example.com. 300 IN A 192.0.2.80\n"
						  "a.ent.example.com. 300 IN A 192.0.2.82\n"});
	world_start(w);
	warm();
}

static void out(const char *server)
{
	struct address address = {.family = 4};
	unsigned b[4];

	assert_int_equal(sscanf(server, "%u.%u.%u.%u", &b[0], &b[1], &b[2], &b[3]), 4);
	for (int i = 0; i < 4; i++)
		address.bytes[i] = (uint8_t)b[i];
	upstream_report(w->upstream, text_name("example.com."), &address, SERVER_REFUSED, 0);
}

static void silence_of_two_failure_domains_is_followed_by_the_full_name(void **state)
{
	(void)state;
	begin_silent("ns1.example.com.=" PROVIDER_A " ns2.example.com.=" PROVIDER_B
		     " ns3.example.com.=" PROVIDER_C);
	with((struct fault){.kind = FAULT_DROP, .name = ENT});
	assert_answer(world_ask(w, FULL, TYPE_A, ASK_DO), RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(network_sent(&w->network, NULL, ENT, TYPE_A), 2);
}

static void silence_of_one_failure_domain_is_not(void **state)
{
	(void)state;
	begin_silent("ns1.example.com.=" PROVIDER_A " ns2.example.com.=" SAME_NET
		     " ns3.example.com.=" PROVIDER_B);
	out(PROVIDER_B); // so that it comes last
	with((struct fault){.kind = FAULT_DROP, .server = PROVIDER_A});
	with((struct fault){.kind = FAULT_DROP, .server = SAME_NET});
	assert_answer(world_ask(w, FULL, TYPE_A, ASK_DO), RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(network_sent(&w->network, PROVIDER_B, ENT, TYPE_A), 1);
	assert_int_equal(network_sent(&w->network, PROVIDER_A, FULL, TYPE_A), 0);
	assert_int_equal(network_sent(&w->network, SAME_NET, FULL, TYPE_A), 0);
}

static void where_there_is_one_domain_only_it_is_followed_after_two_tries(void **state)
{
	static const char *const servers[] = {
		"ns1.example.com.=" PROVIDER_A,
		"ns1.example.com.=" PROVIDER_A " ns2.example.com.=" SAME_NET,
	};

	for (size_t i = 0; i < 2; i++) {
		begin_silent(servers[i]);
		with((struct fault){.kind = FAULT_DROP, .name = ENT});
		assert_answer(world_ask(w, FULL, TYPE_A, ASK_DO), RCODE_NOERROR, true, EDE_NONE);
		assert_int_equal(network_sent(&w->network, NULL, ENT, TYPE_A), 2);
		end_world(state);
	}
}

static void unreachable_servers_are_silent_ones(void **state)
{
	(void)state;
	begin_silent("ns1.example.com.=" PROVIDER_A " ns2.example.com.=" PROVIDER_B
		     " ns3.example.com.=" PROVIDER_C);
	with((struct fault){.kind = FAULT_UNREACHABLE, .name = ENT});
	assert_answer(world_ask(w, FULL, TYPE_A, ASK_DO), RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(network_sent(&w->network, NULL, ENT, TYPE_A), 2);
}

// ---- empty non-terminals (RFC 4592 §2.2.2) ----

// Who has answered for the first one has those below it, as a rule; the name tells nobody else.
static void the_first_empty_non_terminal_of_a_zone_is_followed_by_the_full_name(void **state)
{
	(void)state;
	for (int signing = 0; signing < 3; signing++) {
		w = world_new();
		world_add_tlds(w);
		world_add(w,
			  &(struct world_zone){
				  .apex = "deep.org.",
				  .servers = "ns.deep.org.=" PROVIDER_A,
				  .text = "a.b.c.d.e.deep.org. 300 IN A 192.0.2.81\n"
					  "b.b.c.d.e.deep.org. 300 IN A 192.0.2.82\n",
				  .options = {.nsec3 = signing == 1, .unsigned_ = signing == 2}});
		world_start(w);
		world_ask(w, "deep.org.", TYPE_SOA, 0);
		network_forget_log(&w->network);
		assert_address(world_ask(w, "b.b.c.d.e.deep.org.", TYPE_A, ASK_DO), "192.0.2.82");
		assert_int_equal(network_sent(&w->network, PROVIDER_A, NULL, TYPE_A), 2);
		network_forget_log(&w->network);
		assert_address(world_ask(w, "a.b.c.d.e.deep.org.", TYPE_A, ASK_DO), "192.0.2.81");
		assert_int_equal(network_sent(&w->network, PROVIDER_A, NULL, TYPE_A), 1);
		end_world(NULL);
	}
}

// What a registry says of one label tells nothing of whose the next one is: it sees no more of the
// name than it takes. The NSEC that denies the first one tells of those below it.
static void a_registry_is_shown_one_label_after_the_other(void **state)
{
	static const char *const apexes[] = {"dev.", "in-addr.arpa."};

	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		const bool nsec3 = kind & 1;
		const char *apex = apexes[kind / 2];
		char text[128], name[64];
		w = world_new();
		world_add_tlds(w);
		world_add(w,
			  &(struct world_zone){.apex = "arpa.", .servers = "ns.arpa.=" PROVIDER_B});
		snprintf(text, sizeof(text), "a.b.c.d.%s 300 IN A 192.0.2.81\n", apex);
		snprintf(name, sizeof(name), "ns.%s=" PROVIDER_A, apex);
		world_add(w, &(struct world_zone){.apex = apex,
						  .servers = name,
						  .text = text,
						  .options = {.nsec3 = nsec3}});
		world_start(w);
		world_ask(w, apex, TYPE_SOA, 0);
		network_forget_log(&w->network);
		snprintf(name, sizeof(name), "a.b.c.d.%s", apex);
		assert_address(world_ask(w, name, TYPE_A, ASK_DO), "192.0.2.81");
		assert_int_equal(network_sent(&w->network, PROVIDER_A, NULL, TYPE_A),
				 nsec3 ? 4 : 2);
		end_world(NULL);
	}
}

// A zone that begins between them is found all the same, and is shown no more than it takes.
static void a_cut_below_empty_non_terminals_is_found(void **state)
{
	(void)state;
	w = world_new();
	world_add_tlds(w);
	world_add(w,
		  &(struct world_zone){.apex = "deep.org.", .servers = "ns.deep.org.=" PROVIDER_A});
	world_add(w, &(struct world_zone){.apex = "c.d.e.deep.org.",
					  .servers = "ns.c.d.e.deep.org.=" PROVIDER_B,
					  .text = "a.b.c.d.e.deep.org. 300 IN A 192.0.2.81\n"});
	world_start(w);
	struct question *q = world_ask(w, "a.b.c.d.e.deep.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_address(q, "192.0.2.81");
	assert_int_equal(network_sent(&w->network, PROVIDER_A, NULL, TYPE_A), 2);
	assert_int_equal(network_sent(&w->network, PROVIDER_B, "b.c.d.e.deep.org.", TYPE_A), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_useless_reply_to_a_minimised_name_is_followed_by_the_full_name),
		cmocka_unit_test(the_server_that_gave_it_is_held_to_be_good),
		cmocka_unit_test(a_useless_reply_to_the_full_name_is_held_against_its_server),
		cmocka_unit_test(
			a_zone_is_asked_a_minimised_name_that_is_useless_once_per_question),
		scenario(a_zone_below_is_asked_minimised_names_again),
		scenario(what_was_useless_is_passed_by_when_the_full_name_has_an_answer),
		scenario(what_was_useless_is_asked_again_when_there_is_no_such_name),
		scenario(an_unproven_nxdomain_for_a_minimised_name_is_followed_by_the_full_name),
		scenario(silence_of_two_failure_domains_is_followed_by_the_full_name),
		scenario(silence_of_one_failure_domain_is_not),
		cmocka_unit_test(where_there_is_one_domain_only_it_is_followed_after_two_tries),
		scenario(unreachable_servers_are_silent_ones),
		cmocka_unit_test(
			the_first_empty_non_terminal_of_a_zone_is_followed_by_the_full_name),
		cmocka_unit_test(a_registry_is_shown_one_label_after_the_other),
		scenario(a_cut_below_empty_non_terminals_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
