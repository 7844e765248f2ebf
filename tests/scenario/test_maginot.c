// ATTACKS A9, MaginotDNS: a forwarder for one zone says what it likes, and neither the cache
// outside that zone nor recursion notices.
#include "tests/scenario/zones.h"

#define FORWARDER "203.0.113.50"
#define EVIL      "203.0.113.66"

static void add(struct builder *b, enum section section, const char *line)
{
	struct text_record record;

	text_record(line, &record);
	builder_record(b, section, record.owner, record.type, CLASS_IN, record.ttl_s, record.rdata,
		       record.rdlen);
}

// Lines "an RECORD", "ns RECORD", "ar RECORD", ended by NULL, whatever is asked.
static void say(const struct network_query *query, enum section section, struct builder *b,
		void *arg)
{
	static const char *const marks[] = {[SECTION_ANSWER] = "an ",
					    [SECTION_AUTHORITY] = "ns ",
					    [SECTION_ADDITIONAL] = "ar "};
	const char *const *lines = arg;

	(void)query;
	for (size_t i = 0; lines[i] != NULL; i++) {
		if (strncmp(lines[i], marks[section], 3) == 0)
			add(b, section, lines[i] + 3);
	}
}

static void forwarder_says(const char *name, uint16_t flags, const char *const *lines)
{
	with((struct fault){.server = FORWARDER,
			    .name = name,
			    .replace = say,
			    .hook_arg = (void *)(uintptr_t)lines,
			    .flags = FLAG_RA | flags});
}

// corp.com. is unsigned, so that nothing but the rules about zones stands in the way.
static struct route *begin_corp(void)
{
	begin();
	add_example(w);
	add_plain(w);
	world_add(w, &(struct world_zone){.apex = "corp.com.",
					  .servers = "ns.corp.com.=" PROVIDER_C,
					  .text = "www.corp.com. 300 IN A 192.0.2.60\n",
					  .options = {.unsigned_ = true}});
	return world_route(w, "corp.com.", true, FORWARDER);
}

static void start_corp(void)
{
	network_serve(&w->network, FORWARDER, NULL);
	network_serve(&w->network, EVIL, NULL);
	world_start(w);
}

// Nobody whom the forwarder has named was asked, and what it named is as it was.
static void assert_untouched(void)
{
	static const char *const zones[] = {"corp.com.", "example.com.", "com.", ".", NULL};

	world_advance(w, 1000);
	network_forget_log(&w->network);
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_address(q, "192.0.2.80");
	assert_answer(world_ask(w, "nope.example.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
	assert_answer(world_ask(w, "nope.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true, EDE_NONE);
	assert_int_equal(network_sent(&w->network, EVIL, NULL, 0), 0);
	assert_int_equal(network_sent(&w->network, FORWARDER, NULL, 0), 0);
	assert_int_equal(network_sent(&w->network, "nobody", NULL, 0), 0);
	assert_cached_only_below(w, zones);
	assert_not_cached(w, "ns.evil.org.", TYPE_A);
	assert_not_cached(w, "com.", TYPE_NS);
	assert_not_cached(w, "corp.com.", TYPE_NS);
	q = world_ask(w, "www.plain.org.", TYPE_A, ASK_DO);
	assert_address(q, "192.0.2.90");
}

// The row of the table: com. NS, beside an answer and instead of one.
static void a9_name_servers_and_glue_are_taken_from_no_forwarder(void **state)
{
	static const char *const beside[] = {
		"an www.corp.com. 300 IN A 192.0.2.61",
		"ns com. 300 IN NS ns.evil.org.",
		"ns . 300 IN NS ns.evil.org.",
		"ns example.com. 300 IN NS ns.evil.org.",
		"ns corp.com. 300 IN NS ns.evil.org.",
		"ns www.corp.com. 300 IN NS ns.evil.org.",
		"ar ns.evil.org. 300 IN A " EVIL,
		"ar ns1.example.com. 300 IN A " EVIL,
		"ar a.root. 300 IN A " EVIL,
		"ar www.example.com. 300 IN A " EVIL,
		NULL,
	};
	static const char *const instead[] = {
		"ns sub.corp.com. 300 IN NS ns.evil.org.",
		"ar ns.evil.org. 300 IN A " EVIL,
		NULL,
	};
	static const char *const upwards[] = {
		"ns com. 300 IN NS ns.evil.org.",
		"ar ns.evil.org. 300 IN A " EVIL,
		NULL,
	};

	(void)state;
	begin_corp();
	start_corp();
	forwarder_says("www.corp.com.", 0, beside);
	forwarder_says("a.sub.corp.com.", 0, instead);
	forwarder_says("b.corp.com.", FLAG_AA, upwards);
	struct question *q = world_ask(w, "www.corp.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_address(q, "192.0.2.61");
	assert_int_equal(q->reply->sections[SECTION_ANSWER].count, 1);
	assert_int_equal(q->reply->sections[SECTION_AUTHORITY].count, 0);
	assert_int_equal(world_ask(w, "a.sub.corp.com.", TYPE_A, 0)->reply->rcode, RCODE_SERVFAIL);
	assert_int_equal(world_ask(w, "b.corp.com.", TYPE_A, 0)->reply->rcode, RCODE_SERVFAIL);
	assert_untouched();
}

static void a9_answers_about_other_zones_are_dropped(void **state)
{
	static const char *const lines[] = {
		"an www.corp.com. 300 IN CNAME www.example.com.",
		"an www.example.com. 300 IN A " EVIL,
		"an example.com. 300 IN DNAME evil.org.",
		"an com. 300 IN DNAME evil.org.",
		NULL,
	};
	static const char *const dname[] = {
		"an com. 300 IN DNAME evil.org.",
		"an a.corp.com. 300 IN CNAME a.corp.evil.org.",
		"an a.corp.evil.org. 300 IN A " EVIL,
		NULL,
	};
	static const char *const own_dname[] = {
		"an d.corp.com. 300 IN DNAME example.com.",
		"an www.example.com. 300 IN A " EVIL,
		NULL,
	};

	(void)state;
	begin_corp();
	start_corp();
	forwarder_says("www.corp.com.", 0, lines);
	forwarder_says("a.corp.com.", 0, dname);
	forwarder_says("www.d.corp.com.", 0, own_dname);
	struct question *q = world_ask(w, "www.corp.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_order(q);
	assert_address(q, "192.0.2.80"); // as its own zone's servers say
	q = world_ask(w, "www.d.corp.com.", TYPE_A, ASK_DO);
	assert_order(q);
	assert_address(q, "192.0.2.80");
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	// The alias is in its zone, where it leads is not its business.
	q = world_ask(w, "a.corp.com.", TYPE_A, ASK_DO);
	assert_int_equal(q->reply->rcode, RCODE_NXDOMAIN);
	assert_string_equal(question_data(q, TYPE_A, 0), "nothing");
	assert_not_cached(w, "com.", TYPE_DNAME);
	assert_not_cached(w, "example.com.", TYPE_DNAME);
	assert_not_cached(w, "a.corp.evil.org.", TYPE_A);
	q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(network_sent(&w->network, EVIL, NULL, 0), 0);
	assert_int_equal(network_sent(&w->network, FORWARDER, "www.example.com.", 0), 0);
}

// Negative and denial data, unsigned and with signatures that are those of the zone denied.
static void a9_denials_of_other_zones_are_dropped(void **state)
{
	static const char *const above[] = {
		"ns com. 300 IN SOA a.com. b.com. 1 2 3 4 300",
		"ns com. 300 IN NSEC zzz.com. NS SOA RRSIG NSEC DNSKEY",
		"ns a.com. 300 IN NSEC zzz.com. A RRSIG NSEC",
		NULL,
	};
	static const char *const beside[] = {
		"ns corp.com. 300 IN SOA a.corp.com. b.corp.com. 1 2 3 4 300",
		"ns example.com. 300 IN SOA a.example.com. b.example.com. 1 2 3 4 300",
		"ns example.com. 300 IN NSEC zzz.example.com. NS SOA RRSIG NSEC DNSKEY",
		"ns a.com. 300 IN NSEC zzz.com. A RRSIG NSEC",
		NULL,
	};

	(void)state;
	w = NULL;
	begin_corp();
	w->denial = true;
	start_corp();
	forwarder_says("a.corp.com.", RCODE_NXDOMAIN, above);
	forwarder_says("b.corp.com.", 0, above);
	forwarder_says("c.corp.com.", RCODE_NXDOMAIN, beside);
	assert_int_equal(world_ask(w, "a.corp.com.", TYPE_A, 0)->reply->rcode, RCODE_SERVFAIL);
	assert_int_equal(world_ask(w, "b.corp.com.", TYPE_A, 0)->reply->rcode, RCODE_SERVFAIL);
	struct question *q = world_ask(w, "c.corp.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NXDOMAIN, false, EDE_NONE);
	assert_int_equal(question_count_of(q, SECTION_AUTHORITY, TYPE_NSEC), 0);
	assert_not_cached(w, "com.", 0);
	assert_not_cached(w, "com.", TYPE_SOA);
	assert_not_cached(w, "example.com.", TYPE_SOA);
	assert_untouched();
}

// A forwarder that holds the signed zone itself, and sends what is true of it: its denials stand
// for the names that were asked, and for no other.
static void a9_denial_chains_are_fed_by_no_forwarder(void **state)
{
	(void)state;
	begin();
	w->denial = true;
	add_example(w);
	world_route(w, "example.com.", true, FORWARDER);
	world_start(w);
	network_serve(&w->network, FORWARDER, world_zone(w, "example.com.")->zone);
	assert_answer(world_ask(w, "nope.example.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
	network_forget_log(&w->network);
	assert_answer(world_ask(w, "nopf.example.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
	assert_int_equal(network_sent(&w->network, FORWARDER, "nopf.example.com.", TYPE_A), 1);
}

// What is signed about the root's servers is their names; where they are is not, and a forwarder
// for everything must not send recursion elsewhere.
static void a9_a_forwarder_for_everything_does_not_move_the_root(void **state)
{
	struct fault moved = {.server = FORWARDER, .name = ".", .type = TYPE_NS};
	static const char *const lines[] = {"ar a.root. 300 IN A " EVIL,
					    "ar b.root. 300 IN A " EVIL, NULL};

	(void)state;
	begin();
	add_example(w);
	world_route(w, ".", true, FORWARDER)->first = true;
	world_start(w);
	world_serve_all(w, FORWARDER);
	network_serve(&w->network, EVIL, NULL);
	moved.decorate = say;
	moved.hook_arg = (void *)(uintptr_t)lines;
	with(moved);
	assert_answer(world_ask(w, ".", TYPE_NS, ASK_DO), RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(world_counter(w, "resolver.primed"), 0);
	network_heal(&w->network);
	with((struct fault){.server = FORWARDER, .kind = FAULT_SERVFAIL});
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	assert_int_equal(network_sent(&w->network, EVIL, NULL, 0), 0);
	assert_true(network_sent(&w->network, "192.88.0.1", NULL, 0) +
			    network_sent(&w->network, "198.41.0.4", NULL, 0) >
		    0);
}

// Neither does one forwarder speak for another's zone, nor recursion for one that is forwarded.
static void a9_each_zone_is_asked_of_its_own_servers(void **state)
{
	static const char *const to_lab[] = {
		"an a.corp.com. 300 IN CNAME www.lab.corp.com.",
		"an www.lab.corp.com. 300 IN A " EVIL,
		NULL,
	};
	static const char *const lab[] = {"an www.lab.corp.com. 300 IN A 192.0.2.62", NULL};
	static const char *const www[] = {"an www.corp.com. 300 IN A 192.0.2.61", NULL};
	static const char *const to_corp[] = {"an www.corp.com. 300 IN A " EVIL, NULL};

	(void)state;
	begin_corp();
	world_add(w, &(struct world_zone){.apex = "other.com.",
					  .servers = "ns.other.com.=192.0.2.30",
					  .text = "a.other.com. 300 IN CNAME www.corp.com.\n",
					  .options = {.unsigned_ = true}});
	world_route(w, "lab.corp.com.", true, "198.51.100.50");
	start_corp();
	network_serve(&w->network, "198.51.100.50", NULL);
	forwarder_says("a.corp.com.", 0, to_lab);
	forwarder_says("www.corp.com.", 0, www);
	with((struct fault){.server = "198.51.100.50",
			    .replace = say,
			    .hook_arg = (void *)(uintptr_t)lab,
			    .flags = FLAG_RA});
	with((struct fault){.server = "192.0.2.30",
			    .name = "a.other.com.",
			    .decorate = say,
			    .hook_arg = (void *)(uintptr_t)to_corp});
	struct question *q = world_ask(w, "a.corp.com.", TYPE_A, 0);
	assert_order(q);
	assert_address(q, "192.0.2.62");
	q = world_ask(w, "a.other.com.", TYPE_A, 0);
	assert_order(q);
	assert_address(q, "192.0.2.61");
	assert_int_equal(network_sent(&w->network, FORWARDER, "www.lab.corp.com.", 0), 0);
	assert_int_equal(network_sent(&w->network, "198.51.100.50", "a.corp.com.", 0), 0);
}

// Fallen back to recursion and back again, what the forwarder said about other zones is as little
// believed as before.
static void a9_falling_back_mixes_nothing(void **state)
{
	static const char *const lines[] = {
		"an a.corp.com. 300 IN A 192.0.2.61",  "ns com. 300 IN NS ns.evil.org.",
		"ns corp.com. 300 IN NS ns.evil.org.", "ar ns.evil.org. 300 IN A " EVIL,
		"ar ns.corp.com. 300 IN A " EVIL,      NULL,
	};

	(void)state;
	begin_corp()->first = true;
	start_corp();
	forwarder_says("a.corp.com.", 0, lines);
	assert_address(world_ask(w, "a.corp.com.", TYPE_A, 0), "192.0.2.61");
	with((struct fault){.server = FORWARDER, .kind = FAULT_REFUSED});
	assert_address(world_ask(w, "www.corp.com.", TYPE_A, 0), "192.0.2.60");
	assert_int_equal(world_counter(w, "resolver.fallbacks"), 1);
	assert_int_equal(network_sent(&w->network, PROVIDER_C, "www.corp.com.", TYPE_A), 1);
	assert_untouched();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(a9_name_servers_and_glue_are_taken_from_no_forwarder),
		scenario(a9_answers_about_other_zones_are_dropped),
		scenario(a9_denials_of_other_zones_are_dropped),
		scenario(a9_denial_chains_are_fed_by_no_forwarder),
		scenario(a9_a_forwarder_for_everything_does_not_move_the_root),
		scenario(a9_each_zone_is_asked_of_its_own_servers),
		scenario(a9_falling_back_mixes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
