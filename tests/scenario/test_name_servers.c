// Names of servers whose addresses are dead, or that are aliases: what is tried last, and what it
// may cost.
#include "tests/scenario/zones.h"

#define HOST  "192.0.2.30" // where the parent's glue says that it is
#define DEAD  "192.0.2.99" // where its own zone says that it is
#define OTHER "198.51.100.30"

static void put(const struct network_query *query, enum section section, struct builder *b,
		const char *line)
{
	struct text_record record;

	(void)query;
	text_record(line, &record);
	builder_record(b, section, record.owner, record.type, CLASS_IN, record.ttl_s, record.rdata,
		       record.rdlen);
}

static void dead_address(const struct network_query *query, enum section section, struct builder *b,
			 void *arg)
{
	(void)arg;
	if (section == SECTION_ANSWER)
		put(query, section, b, "ns.host.org. 3600 IN A " DEAD);
}

// host.org. is served by the host that shop.com. is on, and names an address that it no longer has.
static void begin_moved(const char *servers)
{
	begin();
	world_add(w, &(struct world_zone){.apex = "host.org.",
					  .servers = "ns.host.org.=" HOST,
					  .options = {.unsigned_ = true}});
	world_add(w, &(struct world_zone){.apex = "shop.com.",
					  .servers = servers,
					  .text = "www.shop.com. 300 IN A 192.0.2.91\n",
					  .ghosts = true,
					  .options = {.unsigned_ = true}});
	world_start(w);
	with((struct fault){.name = "ns.host.org.",
			    .type = TYPE_A,
			    .server = HOST,
			    .replace = dead_address,
			    .flags = FLAG_AA});
}

static void when_the_own_address_is_dead_the_glue_from_above_is_tried(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_DROP, FAULT_REFUSED, FAULT_UNREACHABLE,
						FAULT_LAME, FAULT_SERVFAIL};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		begin_moved("ns.host.org.=" HOST);
		with((struct fault){.kind = kinds[i], .server = DEAD});
		struct question *q = world_ask(w, "www.shop.com.", TYPE_A, 0);
		assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
		assert_address(q, "192.0.2.91");
		assert_true(q->done_us - q->asked_us < 3500000);
		end_world(state);
	}
}

static void glue_from_above_is_tried_after_every_other_server(void **state)
{
	(void)state;
	begin_moved("ns.host.org.=" HOST " ns.other.org.=" OTHER);
	network_serve(&w->network, DEAD, world_zone(w, "shop.com.")->zone);
	assert_address(world_ask(w, "www.shop.com.", TYPE_A, 0), "192.0.2.91");
	assert_int_equal(network_sent(&w->network, HOST, "www.shop.com.", 0), 0);
	with((struct fault){.kind = FAULT_DROP, .server = DEAD});
	network_forget_log(&w->network);
	assert_answer(world_ask(w, "nope.shop.com.", TYPE_A, 0), RCODE_NXDOMAIN, false, EDE_NONE);
}

static void begin_pair(void)
{
	begin();
	world_add(w, &(struct world_zone){.apex = "host.org.",
					  .servers = "ns.host.org.=" HOST,
					  .options = {.unsigned_ = true}});
	world_add(w, &(struct world_zone){.apex = "other.org.",
					  .servers = "ns.other.org.=" OTHER,
					  .options = {.unsigned_ = true}});
	world_add(w, &(struct world_zone){.apex = "shop.com.",
					  .servers = "ns.host.org.=" HOST " ns.other.org.=" OTHER,
					  .text = "*.shop.com. 300 IN A 192.0.2.91\n",
					  .options = {.unsigned_ = true}});
	world_start(w);
	with((struct fault){.name = "ns.host.org.",
			    .type = TYPE_A,
			    .server = HOST,
			    .replace = dead_address,
			    .flags = FLAG_AA});
	with((struct fault){.kind = FAULT_REFUSED, .server = DEAD});
}

// A server's address is being looked up when another's answer comes, which does not validate.
static void an_address_is_looked_up_whatever_comes_meanwhile(void **state)
{
	begin();
	world_add(w, &(struct world_zone){.apex = "slow.org.",
					  .servers = "ns.slow.org.=203.0.113.30",
					  .text = "late.slow.org. 1 IN A " OTHER "\n",
					  .options = {.unsigned_ = true}});
	world_add(w, &(struct world_zone){.apex = "shop.com.",
					  .servers = "ns.shop.com.=" HOST " late.slow.org.=" OTHER,
					  .text = "*.shop.com. 300 IN A 192.0.2.91\n",
					  .ghosts = true});
	world_start(w);
	with((struct fault){.kind = FAULT_BOGUS, .server = HOST});
	assert_address(world_ask(w, "a.shop.com.", TYPE_A, ASK_DO), "192.0.2.91");
	with((struct fault){.kind = FAULT_DELAY, .delay_ms = 100, .server = "203.0.113.30"});
	for (unsigned n = 0; n < 8; n++) {
		char name[40];
		world_advance(w, 2000);
		snprintf(name, sizeof(name), "n%u.shop.com.", n);
		struct question *q = world_ask(w, name, TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		assert_true(q->done_us - q->asked_us < 1000000);
	}
	end_world(state);
}

// While another server of the zone answers, nobody goes by what a parent said once.
static void glue_from_above_is_left_alone_while_another_server_answers(void **state)
{
	(void)state;
	begin_pair();
	for (int i = 0; i < 30; i++) {
		char name[40];
		snprintf(name, sizeof(name), "n%d.shop.com.", i);
		assert_address(world_ask(w, name, TYPE_A, 0), "192.0.2.91");
		assert_int_equal(network_sent(&w->network, HOST, name, 0), 0);
	}
}

static void with_the_other_server_dead_it_is_tried(void **state)
{
	(void)state;
	begin_pair();
	with((struct fault){.kind = FAULT_DROP, .server = OTHER, .below = "shop.com."});
	struct question *q = world_ask(w, "n.shop.com.", TYPE_A, 0);
	assert_address(q, "192.0.2.91");
	assert_int_equal(network_sent(&w->network, OTHER, "n.shop.com.", TYPE_A), 2);
	assert_int_equal(network_sent(&w->network, HOST, "n.shop.com.", TYPE_A), 1);
}

// What failed there as well has failed: nothing is asked for ever.
static void glue_from_above_that_is_dead_too_costs_few_packets(void **state)
{
	(void)state;
	begin_moved("ns.host.org.=" HOST);
	with((struct fault){.kind = FAULT_DROP, .server = DEAD});
	with((struct fault){.kind = FAULT_DROP, .server = HOST, .below = "shop.com."});
	struct question *q = world_ask(w, "www.shop.com.", TYPE_A, 0);
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_true(network_sent(&w->network, NULL, "www.shop.com.", TYPE_A) <= 6);
	assert_sent_at_most(w, 20);
}

// ---- aliases ----

#define ALIAS_ZONE(first, text_)                                                                   \
	&(struct world_zone)                                                                       \
	{                                                                                          \
		.apex = "host.org.", .servers = "ns.host.org.=" HOST, .text = text_,               \
		.options = {.unsigned_ = first},                                                   \
	}

static void begin_alias(bool is_unsigned, const char *text)
{
	begin();
	world_add(w, ALIAS_ZONE(is_unsigned, text));
	world_add(w, &(struct world_zone){.apex = "shop.com.",
					  .servers = "alias.host.org.=" OTHER,
					  .text = "*.shop.com. 300 IN A 192.0.2.91\n",
					  .ghosts = true,
					  .options = {.unsigned_ = true}});
	world_start(w);
}

static void a_server_name_that_is_an_alias_is_followed_for_one_link(void **state)
{
	for (int is_unsigned = 0; is_unsigned < 2; is_unsigned++) {
		begin_alias(is_unsigned, "alias.host.org. 300 IN CNAME real.host.org.\n"
					 "real.host.org. 300 IN A " OTHER "\n");
		assert_address(world_ask(w, "www.shop.com.", TYPE_A, 0), "192.0.2.91");
		end_world(state);
	}
}

static void an_alias_of_an_alias_is_not_followed(void **state)
{
	(void)state;
	begin_alias(true, "alias.host.org. 300 IN CNAME more.host.org.\n"
			  "more.host.org. 300 IN CNAME real.host.org.\n"
			  "real.host.org. 300 IN A " OTHER "\n");
	assert_answer(world_ask(w, "www.shop.com.", TYPE_A, 0), RCODE_SERVFAIL, false,
		      EDE_NO_REACHABLE_AUTHORITY);
	assert_int_equal(network_sent(&w->network, OTHER, NULL, 0), 0);
}

static void an_alias_without_an_address_is_nothing(void **state)
{
	(void)state;
	begin_alias(true, "alias.host.org. 300 IN CNAME gone.host.org.\n");
	assert_answer(world_ask(w, "www.shop.com.", TYPE_A, 0), RCODE_SERVFAIL, false,
		      EDE_NO_REACHABLE_AUTHORITY);
	assert_sent_at_most(w, 16);
}

static void an_alias_that_does_not_validate_is_not_followed(void **state)
{
	(void)state;
	begin_alias(false, "alias.host.org. 300 IN CNAME real.host.org.\n"
			   "real.host.org. 300 IN A " OTHER "\n");
	with((struct fault){.kind = FAULT_BOGUS, .name = "alias.host.org."});
	assert_int_equal(world_ask(w, "www.shop.com.", TYPE_A, 0)->reply->rcode, RCODE_SERVFAIL);
	assert_int_equal(network_sent(&w->network, OTHER, NULL, 0), 0);
}

static void begin_alias_and(const char *servers)
{
	begin();
	world_add(w, ALIAS_ZONE(true, "alias.host.org. 300 IN CNAME real.host.org.\n"
				      "real.host.org. 300 IN A " OTHER "\n"));
	world_add(w, &(struct world_zone){.apex = "good.org.",
					  .servers = "ns.good.org.=" PROVIDER_C,
					  .options = {.unsigned_ = true}});
	world_add(w, &(struct world_zone){.apex = "shop.com.",
					  .servers = servers,
					  .text = "*.shop.com. 300 IN A 192.0.2.91\n",
					  .ghosts = true,
					  .options = {.unsigned_ = true}});
	world_start(w);
}

static void an_alias_is_asked_after_every_other_server(void **state)
{
	(void)state;
	begin_alias_and("alias.host.org.=" OTHER " ns.good.org.=" PROVIDER_C);
	for (int i = 0; i < 30; i++) {
		char name[40];
		snprintf(name, sizeof(name), "n%d.shop.com.", i);
		assert_address(world_ask(w, name, TYPE_A, 0), "192.0.2.91");
	}
	assert_int_equal(network_sent(&w->network, OTHER, NULL, 0), 0);
	with((struct fault){.kind = FAULT_DROP, .server = PROVIDER_C, .below = "shop.com."});
	assert_address(world_ask(w, "last.shop.com.", TYPE_A, 0), "192.0.2.91");
	assert_int_equal(network_sent(&w->network, PROVIDER_C, "last.shop.com.", TYPE_A), 2);
	assert_int_equal(network_sent(&w->network, OTHER, "last.shop.com.", TYPE_A), 1);
}

// Not even while the other one is slow.
static void an_alias_is_not_asked_while_another_server_is_waited_for(void **state)
{
	(void)state;
	begin_alias_and("alias.host.org.=" OTHER " ns.good.org.=" PROVIDER_C);
	assert_address(world_ask(w, "a.shop.com.", TYPE_A, 0), "192.0.2.91");
	with((struct fault){
		.kind = FAULT_DELAY, .server = PROVIDER_C, .below = "shop.com.", .delay_ms = 60});
	with((struct fault){
		.kind = FAULT_DROP, .server = PROVIDER_C, .below = "shop.com.", .times = 1});
	assert_address(world_ask(w, "b.shop.com.", TYPE_A, 0), "192.0.2.91");
	assert_int_equal(network_sent(&w->network, PROVIDER_C, "b.shop.com.", TYPE_A), 2);
	assert_true(network_sent(&w->network, NULL, "alias.host.org.", 0) > 0);
	assert_int_equal(network_sent(&w->network, OTHER, NULL, 0), 0);
}

// Nor while the address of another one is looked up.
static void an_alias_is_not_asked_while_another_server_is_looked_up(void **state)
{
	(void)state;
	begin_alias_and("alias.host.org.=" OTHER " ns.good.org.=" PROVIDER_C);
	with((struct fault){.kind = FAULT_DELAY, .name = "ns.good.org.", .delay_ms = 200});
	assert_address(world_ask(w, "a.shop.com.", TYPE_A, 0), "192.0.2.91");
	assert_int_equal(network_sent(&w->network, PROVIDER_C, "a.shop.com.", TYPE_A), 1);
	assert_int_equal(network_sent(&w->network, OTHER, NULL, 0), 0);
}

// The same address under a name that has it itself, which is looked up later: that name counts.
static void an_address_that_a_name_has_itself_is_not_held_back(void **state)
{
	(void)state;
	begin();
	world_add(w, ALIAS_ZONE(true, "alias.host.org. 300 IN CNAME real.host.org.\n"
				      "real.host.org. 300 IN A " OTHER "\n"));
	world_add(w,
		  &(struct world_zone){.apex = "shop.com.",
				       .servers = "alias.host.org.=" OTHER " bare.host.org.=" DEAD
						  " real.host.org.=" OTHER,
				       .text = "*.shop.com. 300 IN A 192.0.2.91\n",
				       .ghosts = true,
				       .options = {.unsigned_ = true}});
	world_start(w);
	assert_address(world_ask(w, "a.shop.com.", TYPE_A, 0), "192.0.2.91");
	network_forget_log(&w->network);
	with((struct fault){.kind = FAULT_SERVFAIL, .server = OTHER, .name = "b.shop.com."});
	assert_int_equal(world_ask(w, "b.shop.com.", TYPE_A, 0)->reply->rcode, RCODE_SERVFAIL);
	// Once, and after a pause because it has erred: not at once under the other name.
	assert_sent(w, 5);
	assert_true(w->network.log[1].at_us >= w->network.log[0].at_us + NETWORK_RTT_US + 15000);
}

// At most five names are looked up, whatever they turn out to be (ATTACKS D1).
static void thirteen_aliases_cost_no_more_than_thirteen_names(void **state)
{
	char servers[1000] = "", text[2000] = "";

	(void)state;
	for (int i = 0; i < 13; i++) {
		size_t at = strlen(servers);
		snprintf(servers + at, sizeof(servers) - at, "a%d.host.org.=203.0.113.%d ", i,
			 100 + i);
		at = strlen(text);
		snprintf(text + at, sizeof(text) - at,
			 "a%d.host.org. 300 IN CNAME r%d.host.org.\n"
			 "r%d.host.org. 300 IN A 203.0.113.%d\n",
			 i, i, i, 100 + i);
	}
	servers[strlen(servers) - 1] = '\0';
	begin();
	world_add(w, ALIAS_ZONE(true, text));
	world_add(w, &(struct world_zone){.apex = "shop.com.",
					  .servers = servers,
					  .text = "*.shop.com. 300 IN A 192.0.2.91\n",
					  .ghosts = true,
					  .options = {.unsigned_ = true}});
	world_start(w);
	with((struct fault){.kind = FAULT_REFUSED, .below = "shop.com."});
	for (size_t i = 0; i < 2; i++) {
		static const char *const com_servers[] = {"192.5.6.30", "198.51.101.30"};
		with((struct fault){.server = com_servers[i], .below = "shop.com."});
	}
	assert_int_equal(world_ask(w, "www.shop.com.", TYPE_A, 0)->reply->rcode, RCODE_SERVFAIL);
	unsigned asked = 0;
	for (int i = 0; i < 13; i++) {
		char address[20];
		snprintf(address, sizeof(address), "203.0.113.%d", 100 + i);
		asked += network_sent(&w->network, address, NULL, 0) > 0;
	}
	assert_int_equal(asked, 5);
	assert_sent_at_most(w, 40);
}

// Two names at a time (ATTACKS D1), however many a referral has and however slow they are.
static void names_of_servers_are_looked_up_two_at_a_time(void **state)
{
	char servers[400] = "";
	unsigned asked = 0;

	(void)state;
	for (int i = 0; i < 6; i++) {
		size_t at = strlen(servers);
		snprintf(servers + at, sizeof(servers) - at, "%sn%d.host.org.=203.0.113.%d",
			 i > 0 ? " " : "", i, 100 + i);
	}
	begin();
	world_add(w, ALIAS_ZONE(true, NULL));
	world_add(w, &(struct world_zone){.apex = "shop.com.",
					  .servers = servers,
					  .text = "www.shop.com. 300 IN A 192.0.2.91\n",
					  .options = {.unsigned_ = true}});
	world_start(w);
	with((struct fault){.kind = FAULT_DELAY, .server = HOST, .delay_ms = 300});
	struct question *q = world_ask_later(w, "www.shop.com.", TYPE_A, 0);
	world_advance(w, 250);
	for (int i = 0; i < 6; i++) {
		char name[40];
		snprintf(name, sizeof(name), "n%d.host.org.", i);
		asked += network_sent(&w->network, NULL, name, TYPE_A) > 0;
	}
	world_run(w);
	assert_address(q, "192.0.2.91");
	assert_int_equal(asked, 2);
}

// However many are dead, and wherever in the RRset the one stands that is not.
static void servers_beyond_the_thirteenth_are_asked_too(void **state)
{
	char servers[30 * 40], name[30];
	unsigned answered = 0;
	size_t len = 0;

	(void)state;
	for (int i = 0; i < 30; i++)
		len += (size_t)snprintf(servers + len, sizeof(servers) - len,
					"%sns%02d.many.org.=192.0.2.%d", i > 0 ? " " : "", i,
					100 + i);
	begin();
	world_add(w, &(struct world_zone){.apex = "many.org.",
					  .servers = servers,
					  .text = "*.many.org. 300 IN A 192.0.2.91\n",
					  .options = {.unsigned_ = true}});
	world_start(w);
	for (int i = 0; i < 30; i++) {
		static char dead[30][20];
		snprintf(dead[i], sizeof(dead[i]), "192.0.2.%d", 100 + i);
		if (i != 14 && i != 20 && i != 29)
			with((struct fault){.kind = FAULT_REFUSED, .server = dead[i]});
	}
	for (int i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "n%d.many.org.", i);
		answered += world_ask(w, name, TYPE_A, 0)->reply->rcode == RCODE_NOERROR;
		world_advance(w, 11000);
	}
	assert_true(answered >= 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(when_the_own_address_is_dead_the_glue_from_above_is_tried),
		scenario(glue_from_above_is_tried_after_every_other_server),
		scenario(an_address_is_looked_up_whatever_comes_meanwhile),
		scenario(glue_from_above_is_left_alone_while_another_server_answers),
		scenario(with_the_other_server_dead_it_is_tried),
		scenario(glue_from_above_that_is_dead_too_costs_few_packets),
		cmocka_unit_test(a_server_name_that_is_an_alias_is_followed_for_one_link),
		scenario(an_alias_of_an_alias_is_not_followed),
		scenario(an_alias_without_an_address_is_nothing),
		scenario(an_alias_that_does_not_validate_is_not_followed),
		scenario(an_alias_is_asked_after_every_other_server),
		scenario(an_alias_is_not_asked_while_another_server_is_waited_for),
		scenario(an_alias_is_not_asked_while_another_server_is_looked_up),
		scenario(an_address_that_a_name_has_itself_is_not_held_back),
		scenario(names_of_servers_are_looked_up_two_at_a_time),
		scenario(thirteen_aliases_cost_no_more_than_thirteen_names),
		scenario(servers_beyond_the_thirteenth_are_asked_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
