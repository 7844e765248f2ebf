// Why a name fails: what operators are told, and clients in the text of the EDE. The rows of
// test_ede.c look at each cause of the validator's.
#include "tests/scenario/explained.h"

#define WWW "www.example.com."

static struct question *ask(const char *name)
{
	return world_ask(w, name, TYPE_A, ASK_DO);
}

static void fault_at(const char *server, enum fault_kind kind)
{
	with((struct fault){.kind = kind, .server = server, .below = "example.com."});
}

static void fault_at_both(enum fault_kind kind)
{
	fault_at(PROVIDER_A, kind);
	fault_at(PROVIDER_B, kind);
}

static void success_leaves_nothing(void **state)
{
	(void)state;
	ask(WWW);
	ask("nope.example.com.");
	ask("back.plain.org.");
	assert_int_equal(resolver_explained(w->resolver), 0);
	assert_int_equal(world_counter(w, "explain.recorded"), 0);
	assert_int_equal(explain(WWW, 0)->count, 0);
}

// Nor does a server that fails while another one answers.
static void a_failure_that_another_server_makes_good_leaves_nothing(void **state)
{
	(void)state;
	fault_at(PROVIDER_A, FAULT_SERVFAIL);
	assert_answer(ask(WWW), RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(resolver_explained(w->resolver), 0);
}

static void each_server_is_named_with_its_first_cause(void **state)
{
	static const struct {
		enum fault_kind a, b;
		const char *words[2], *verdicts[2];
	} rows[] = {
		{FAULT_DROP,
		 FAULT_REFUSED,
		 {PROVIDER_A " timeout", PROVIDER_B " REFUSED"},
		 {"did not answer in time", "REFUSED"}},
		{FAULT_SERVFAIL,
		 FAULT_LAME,
		 {PROVIDER_A " SERVFAIL", PROVIDER_B " lame"},
		 {"SERVFAIL", "not authoritative"}},
		{FAULT_FORMERR,
		 FAULT_UNREACHABLE,
		 {PROVIDER_A " FORMERR", PROVIDER_B " unreachable"},
		 {"FORMERR", "network or port unreachable"}},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start_common(state);
		fault_at(PROVIDER_A, rows[i].a);
		fault_at(PROVIDER_B, rows[i].b);
		struct question *q = ask(WWW);
		assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
		const struct explained *e = explain(WWW, TYPE_A);
		assert_int_equal(e->count, 1);
		assert_int_equal(e->failed.kind, FAILED_UNREACHABLE);
		// One text for clients and operators.
		assert_string_equal(e->failed.text, ede_text_of(q));
		assert_int_equal(strncmp(e->failed.text, "example.com.: ", 14), 0);
		for (size_t k = 0; k < 2; k++) {
			assert_non_null(strstr(e->failed.text, rows[i].words[k]));
			assert_explained(e, rows[i].verdicts[k]);
		}
		assert_explained(e, PROVIDER_A " ns1.example.com. (192.0.2.0/24) over UDP, ");
		assert_explained(e, PROVIDER_B " ns2.example.com. (198.51.100.0/24) over UDP, ");
		end_world(state);
	}
}

static void what_servers_cost_in_time_is_told(void **state)
{
	(void)state;
	world_ask(w, WWW, TYPE_MX, 0); // their RTT is known
	fault_at_both(FAULT_DROP);
	struct question *q = ask(WWW);
	const struct explained *e = explain(WWW, TYPE_A);

	assert_int_equal(e->failed.tried.count, 2);
	assert_true(e->failed.tried.servers[0].ms >= 40);
	assert_true(e->failed.tried.servers[0].ms <= 1000);
	assert_in_range(e->failed.took_ms, (q->done_us - q->asked_us) / 1000 - 1,
			(q->done_us - q->asked_us) / 1000 + 1);
}

static void repeats_of_a_held_failure_are_counted_and_no_more(void **state)
{
	(void)state;
	fault_at_both(FAULT_REFUSED);
	ask(WWW);
	struct question *q[10];
	for (size_t i = 0; i < 10; i++)
		q[i] = world_ask_later(w, WWW, TYPE_A, 0);
	world_run(w);
	assert_int_equal(q[0]->reply->rcode, RCODE_SERVFAIL);
	const struct explained *e = explain(WWW, TYPE_A);
	assert_int_equal(e->count, 1);
	assert_int_equal(e->failed.times, 1);
	assert_int_equal(world_counter(w, "explain.recorded"), resolver_explained(w->resolver));
	// The cache answers them; of those that came to the resolver each one counts.
	assert_true(e->failed.failed >= 1 && e->failed.failed <= 11);
	assert_true(e->view.held_until_ms > 0);
	assert_explained(e, "  held for ");
	// It is over, and fails again: the same failure, once more.
	world_advance(w, 1500);
	ask(WWW);
	e = explain(WWW, TYPE_A);
	assert_int_equal(e->count, 1);
	assert_int_equal(e->failed.times, 2);
	assert_explained(e, ", 2 times until ");
}

static void a_good_answer_ends_it(void **state)
{
	(void)state;
	fault_at_both(FAULT_REFUSED);
	ask(WWW);
	network_heal(&w->network);
	world_advance(w, 3000);
	assert_answer(ask(WWW), RCODE_NOERROR, true, EDE_NONE);
	assert_explained(explain(WWW, TYPE_A), "  over: answered again 0 s ago\n");
}

static void a_crowd_is_counted(void **state)
{
	(void)state;
	fault_at_both(FAULT_DROP);
	for (size_t i = 0; i < 20; i++)
		assert_non_null(world_ask_later(w, WWW, TYPE_A, 0));
	world_run(w);
	const struct explained *e = explain(WWW, TYPE_A);
	assert_int_equal(e->failed.times, 1);
	assert_int_equal(e->failed.failed, 20);
	assert_explained(e, "told to clients: 20 SERVFAIL, 0 stale data");
}

static void stale_data_are_told_apart(void **state)
{
	(void)state;
	ask(WWW);
	world_advance(w, 400000);
	fault_at_both(FAULT_REFUSED);
	assert_answer(ask(WWW), RCODE_NOERROR, false, EDE_STALE_ANSWER);
	const struct explained *e = explain(WWW, TYPE_A);
	assert_int_equal(e->failed.failed, 0);
	assert_int_equal(e->failed.stale, 1);
	assert_true(e->view.stale);
	assert_explained(e, ", stale data are served instead");
}

// Whoever has waited long enough gets them before the failure is known.
static void stale_data_that_go_out_early_are_counted_too(void **state)
{
	(void)state;
	ask(WWW);
	world_advance(w, 400000);
	fault_at_both(FAULT_DROP);
	for (size_t i = 0; i < 5; i++)
		world_ask_later(w, WWW, TYPE_A, 0);
	world_run(w);
	world_advance(w, 10000);
	const struct explained *e = explain(WWW, TYPE_A);
	assert_int_equal(e->failed.failed, 0);
	assert_int_equal(e->failed.stale, 5);
}

static void a_zone_that_was_silent_lately_leads_to_its_servers(void **state)
{
	(void)state;
	fault_at_both(FAULT_DROP);
	ask("a.wild.example.com.");
	ask("b.wild.example.com.");
	struct question *q = ask("c.wild.example.com.");
	assert_memory_equal(ede_text_of(q), "no answer lately from example.com.: ", 36);
	assert_non_null(strstr(ede_text_of(q), PROVIDER_A " timeout"));
	assert_non_null(strstr(ede_text_of(q), PROVIDER_B " timeout"));
	const struct explained *e = explain("c.wild.example.com.", TYPE_A);
	assert_explained(e, "the servers of its zone were asked last for: b.wild.example.com. A");
	assert_explained(e, PROVIDER_A " ns1.example.com.");
}

static void the_end_of_an_alias_is_what_fails(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_REFUSED, .below = "plain.org."});
	ask("away.example.com.");
	assert_int_equal(explain("away.example.com.", 0)->count, 0);
	const struct explained *e = explain("www.plain.org.", TYPE_A);
	assert_int_equal(e->count, 1);
	assert_int_equal(e->failed.failed, 1);
}

static void a_circle_of_aliases_is_one(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "loop.com.",
					  .servers = "ns.loop.com.=" PROVIDER_A,
					  .text = "a.loop.com. 300 IN CNAME b.loop.com.\n"
						  "b.loop.com. 300 IN CNAME a.loop.com.\n"});
	world_start(w);
	ask("a.loop.com.");
	const struct explained *e = explain(NULL, 0);
	assert_true(e->count >= 1);
	assert_int_equal(e->failed.kind, FAILED_ALIAS);
	assert_explained(e, "CNAME loop");
}

static void servers_without_addresses_are_named(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "lost.com.",
					  .servers = "ns1.gone.org.=203.0.113.1 "
						     "ns2.gone.org.=203.0.113.2",
					  .ghosts = true});
	world_start(w);
	struct question *q = ask("www.lost.com.");
	assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
	const struct explained *e = explain("www.lost.com.", TYPE_A);
	assert_non_null(strstr(e->failed.text, "ns1.gone.org. no address"));
	assert_explained(e, "    ns1.gone.org.: no address of it can be had");
}

static void the_chain_of_trust_leads_to_what_is_broken(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_DROP, .name = "example.com.", .type = TYPE_DNSKEY});
	struct question *q = ask(WWW);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
	const struct explained *e = explain(WWW, TYPE_A);
	assert_int_equal(e->failed.kind, FAILED_UNJUDGED);
	assert_explained(e, "  chain of trust: it needs the DNSKEY of example.com., which failed\n");
	assert_explained(e, "  because of: example.com. DNSKEY, which failed ");
	assert_explained(e, PROVIDER_A " ns1.example.com. (192.0.2.0/24) over UDP");
	// With it the question that saw whether anybody is there.
	assert_int_equal(explain("example.com.", TYPE_DNSKEY)->failed.needed, 2);
	assert_explained(explain("example.com.", TYPE_DNSKEY),
			 "  2 resolutions that needed it failed with it\n");
}

static void bogus_says_which_signature_and_which_servers(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_BOGUS, .name = WWW});
	struct question *q = ask(WWW);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_DNSSEC_BOGUS);
	const struct explained *e = explain(WWW, TYPE_A);
	assert_int_equal(e->failed.kind, FAILED_BOGUS);
	assert_string_equal(e->failed.text, ede_text_of(q));
	assert_explained(e,
			 "  chain of trust: A of www.example.com., to be signed by example.com.: "
			 "key tag ");
	assert_explained(e, ", algorithm 13 (ECDSAP256SHA256)\n");
	assert_explained(e, PROVIDER_A " ns1.example.com.");
	assert_explained(e, PROVIDER_B " ns2.example.com.");
	assert_explained(e, ": data that did not validate");
}

// The first cause, though a server that says nothing comes after it.
static void bogus_stays_the_cause_before_silence(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_BOGUS, .name = WWW});
	with((struct fault){.kind = FAULT_DROP, .server = PROVIDER_B, .name = WWW});
	assert_answer(ask(WWW), RCODE_SERVFAIL, false, EDE_DNSSEC_BOGUS);
	const struct explained *e = explain(WWW, TYPE_A);
	assert_int_equal(e->failed.ede, EDE_DNSSEC_BOGUS);
	assert_explained(e, "data that did not validate");
	assert_explained(e, "did not answer in time");
}

static void limits_of_our_own_are_recorded_as_such(void **state)
{
	(void)state;
	begin();
	add_example(w);
	w->config.tasks_max = 3;
	world_start(w);
	for (int i = 0; i < 6; i++) {
		char name[40];
		snprintf(name, sizeof(name), "n%d.wild.example.com.", i);
		world_ask_later(w, name, TYPE_A, 0);
	}
	world_run(w);
	const struct explained *e = explain("n3.wild.example.com.", TYPE_A);
	assert_int_equal(e->count, 1);
	assert_int_equal(e->failed.kind, FAILED_OWN);
	assert_explained(e, "a limit or a fault of our own, held against nobody");
	assert_explained(e, "first cause: too many questions (EDE 0, Other Error)");
}

static void time_that_servers_used_up_is_told(void **state)
{
	(void)state;
	begin();
	static char servers[2000];
	char *p = servers;
	for (int i = 0; i < 20; i++)
		p += sprintf(p, "ns%d.slow.com.=203.0.113.%d ", i, i + 1);
	world_add(w, &(struct world_zone){.apex = "slow.com.", .servers = servers});
	world_start(w);
	with((struct fault){.kind = FAULT_DROP, .below = "slow.com.", .type = TYPE_TXT});
	struct question *q = world_ask(w, "www.slow.com.", TYPE_TXT, ASK_DO);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
	const struct explained *e = explain("www.slow.com.", TYPE_TXT);
	assert_int_equal(e->failed.kind, FAILED_UNREACHABLE);
	assert_int_equal(e->failed.tried.count, TRIED_MAX);
	assert_int_equal(strncmp(e->failed.text, "slow.com.: 203.0.113.", 21), 0);
	assert_string_equal(e->failed.text + strlen(e->failed.text) - 12, "; and others");
	assert_string_equal(e->failed.text, ede_text_of(q));
}

static void our_own_path_is_no_servers_fault(void **state)
{
	(void)state;
	begin();
	static char names[24][20], servers[24][40];
	char name[40];
	for (int i = 0; i < 24; i++) {
		snprintf(names[i], sizeof(names[i]), "zone%d.com.", i);
		snprintf(servers[i], sizeof(servers[i]), "ns.%s=10.%d.0.1", names[i], i + 1);
		world_add(w, &(struct world_zone){.apex = names[i], .servers = servers[i]});
	}
	world_start(w);
	for (int i = 0; i < 24; i++) {
		snprintf(name, sizeof(name), "www.zone%d.com.", i);
		ask(name);
	}
	with((struct fault){.kind = FAULT_DROP});
	for (int i = 0; i < 24; i++) {
		snprintf(name, sizeof(name), "mail.zone%d.com.", i);
		world_ask_later(w, name, TYPE_A, 0);
	}
	world_run(w);
	assert_int_equal(world_counter(w, "upstream.uplink_lost"), 1);
	struct question *q = ask("late.zone3.com.");
	assert_answer(q, RCODE_SERVFAIL, false, EDE_NETWORK_ERROR);
	const struct explained *e = explain("late.zone3.com.", TYPE_A);
	assert_int_equal(e->failed.kind, FAILED_OWN);
	assert_int_equal(e->failed.ede, EDE_NETWORK_ERROR);
	assert_string_equal(e->failed.text, ede_text_of(q));
	assert_non_null(strstr(e->failed.text, "zone3.com.: 10.4.0.1 timeout"));
}

// A random-subdomain flood on a broken zone.
static void a_flood_of_names_displaces_its_own_zone_only(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_REFUSED, .below = "plain.org."});
	ask("www.plain.org.");
	fault_at_both(FAULT_REFUSED);
	for (int i = 0; i < 500; i++) {
		char name[40];
		snprintf(name, sizeof(name), "n%d.wild.example.com.", i);
		world_ask_later(w, name, TYPE_A, 0);
		if (i % 50 == 49)
			world_run(w);
	}
	assert_int_equal(explain("www.plain.org.", TYPE_A)->count, 1);
	assert_true(resolver_explained(w->resolver) < 2 * JOURNAL_ZONE_MAX + 10);
	assert_true(world_counter(w, "explain.displaced_zone") > 400);
}

// What we ask for ourselves, to see how things stand.
static void probes_and_checks_are_not_recorded(void **state)
{
	(void)state;
	world_ask(w, WWW, TYPE_MX, 0);
	world_advance(w, 3000);
	fault_at_both(FAULT_DROP);
	for (int i = 0; i < 10; i++) {
		ask(WWW);
		world_advance(w, 1000);
	}
	assert_true(world_counter(w, "resolver.recovery_probes") > 0);
	assert_int_equal(explain("example.com.", TYPE_SOA)->count, 0);
	assert_true(explain(WWW, TYPE_A)->view.probed);
	assert_explained(explain(WWW, TYPE_A), "is probed all the time");
}

static void filters_are_by_name_type_zone_and_number(void **state)
{
	(void)state;
	static struct explained e;

	fault_at_both(FAULT_REFUSED);
	with((struct fault){.kind = FAULT_REFUSED, .below = "plain.org."});
	ask(WWW);
	world_ask(w, WWW, TYPE_AAAA, 0);
	ask("www.plain.org.");
	assert_int_equal(explain(WWW, 0)->count, 2);
	assert_int_equal(explain(WWW, TYPE_AAAA)->count, 1);
	assert_int_equal(explain(WWW, TYPE_MX)->count, 0);
	struct explain_filter zone = {.zone = text_name("org."), .max = 10};
	assert_int_equal(resolver_explain(w->resolver, &zone, explained_one, &e), 1);
	assert_true(name_equal(e.failed.name, text_name("www.plain.org.")));
	struct explain_filter last = {.max = 1};
	memset(&e, 0, sizeof(e));
	assert_int_equal(resolver_explain(w->resolver, &last, explained_one, &e), 1);
	assert_true(name_equal(e.failed.name, text_name("www.plain.org.")));
}

struct in_shares {
	size_t shown, in_share;
	uint64_t last_ms;
};

static void count_shown(const struct failed_view *view, void *arg)
{
	struct in_shares *shares = arg;

	if (shares->shown++ > 0)
		assert_true(view->failed->last_ms <= shares->last_ms);
	shares->last_ms = view->failed->last_ms;
	shares->in_share++;
}

// However many have failed, a turn shows a share of them; new ones in between change no place.
static void many_failures_are_shown_in_shares(void **state)
{
	struct explain_filter filter = {.max = 1000};
	struct in_shares shares = {0};
	struct explain_walk walk;
	char name[64];

	(void)state;
	fault_at_both(FAULT_REFUSED);
	with((struct fault){.kind = FAULT_REFUSED, .below = "plain.org."});
	for (unsigned i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "n%u.%s", i, i % 2 ? "plain.org." : "example.com.");
		ask(name);
	}
	assert_int_equal(resolver_explained(w->resolver), 40);
	assert_int_equal(resolver_explained_below(w->resolver, text_name("org.")), 20);
	resolver_explain_begin(w->resolver, &walk);
	for (bool more = true; more;) {
		shares.in_share = 0;
		more = resolver_explain_some(w->resolver, &walk, &filter, 7, count_shown, &shares);
		assert_true(shares.in_share <= 7);
		snprintf(name, sizeof(name), "later%zu.plain.org.", shares.shown);
		if (shares.shown < 30)
			ask(name);
	}
	assert_int_equal(shares.shown, 40);
	filter.max = 9;
	filter.zone = text_name("org.");
	resolver_explain_begin(w->resolver, &walk);
	assert_true(resolver_explain_some(w->resolver, &walk, &filter, 7, count_shown,
					  &(struct in_shares){0}));
	assert_false(resolver_explain_some(w->resolver, &walk, &filter, 7, count_shown,
					   &(struct in_shares){0}));
	assert_int_equal(walk.shown, 9);
}

static void forwarders_are_told_apart_from_what_comes_after_them(void **state)
{
	(void)state;
	begin();
	add_example(w);
	struct route *route =
		world_route(w, "example.com.", true, "203.0.113.50,domain=east,tls=dns.example 198.51.100.50");
	route->first = true;
	world_start(w);
	world_serve_all(w, "203.0.113.50");
	world_serve_all(w, "198.51.100.50");
	with((struct fault){.kind = FAULT_SERVFAIL, .server = "203.0.113.50"});
	with((struct fault){.kind = FAULT_DROP, .server = "198.51.100.50"});
	fault_at_both(FAULT_REFUSED);
	struct question *q = ask(WWW);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
	const struct explained *e = explain(WWW, TYPE_A);
	assert_explained(e, "forwarder 203.0.113.50 (203.0.113.0/24, label east) over TLS");
	assert_explained(e, "forwarder 198.51.100.50 (198.51.100.0/24) over UDP");
	assert_explained(e, "    " PROVIDER_A " ns1.example.com. (192.0.2.0/24) over UDP");
}

// Its text is the server's and goes nowhere.
static void an_ede_of_a_server_is_told_by_its_number(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_SERVFAIL,
			    .server = PROVIDER_A,
			    .below = "example.com.",
			    .ede = EDE_SIGNATURE_EXPIRED});
	fault_at(PROVIDER_B, FAULT_REFUSED);
	struct question *q = ask(WWW);
	assert_explained(explain(WWW, TYPE_A), ": SERVFAIL, with EDE 7 (Signature Expired)");
	assert_null(strstr(ede_text_of(q), "[2J"));
}

// ---- while it is under way ----

static const char *under_way(const char *name, uint16_t type, size_t count)
{
	static struct explained e;
	uint8_t wire[NAME_MAX_LEN];

	memset(&e, 0, sizeof(e));
	name_copy(wire, text_name(name));
	assert_int_equal(resolver_under_way(w->resolver, wire, type, explained_line, &e), count);
	return e.text;
}

static void assert_waits(const char *name, uint16_t type, const char *for_what)
{
	const char *text = under_way(name, type, 1);

	if (strstr(text, for_what) == NULL)
		fail_msg("\"%s\" is not in:\n%s", for_what, text);
}

static void a_question_that_is_under_way_says_what_it_waits_for(void **state)
{
	(void)state;
	fault_at_both(FAULT_DROP);
	assert_string_equal(under_way(WWW, 0, 0), "");
	struct question *q = world_ask_later(w, WWW, TYPE_A, 0);
	world_advance(w, 100);
	assert_waits(WWW, TYPE_A, "www.example.com. A: under way for 100 ms, waits for a reply of ");
	assert_waits(WWW, 0, "zone example.com.");
	assert_string_equal(under_way(WWW, TYPE_AAAA, 0), "");
	world_advance(w, 900);
	assert_waits(WWW, TYPE_A, "so far ");
	world_run(w);
	assert_true(q->done);
	assert_string_equal(under_way(WWW, 0, 0), "");
	assert_int_equal(explain(WWW, TYPE_A)->count, 1);
}

// It is said of what it waits for, too: keys, and where an alias leads.
static void what_it_waits_for_is_followed(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_DROP, .type = TYPE_DNSKEY, .below = "example.com."});
	with((struct fault){.kind = FAULT_DROP, .below = "plain.org."});
	world_ask_later(w, WWW, TYPE_A, 0);
	world_ask_later(w, "away.example.com.", TYPE_A, ASK_CD);
	world_advance(w, 300);
	assert_waits(WWW, TYPE_A, "waits for what its validation needs");
	assert_waits(WWW, TYPE_A, "  example.com. DNSKEY: under way for ");
	assert_int_equal(resolver_explained(w->resolver), 0);
	world_run(w);
	network_heal(&w->network);
	world_advance(w, 10000);
	with((struct fault){.kind = FAULT_DROP, .below = "plain.org."});
	world_ask_later(w, "away.example.com.", TYPE_A, 0);
	world_advance(w, 100);
	assert_waits("away.example.com.", TYPE_A, "waits for what its alias leads to");
	assert_waits("away.example.com.", TYPE_A, "  www.plain.org. A: under way for ");
	world_run(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario_common(a_question_that_is_under_way_says_what_it_waits_for),
		scenario_common(what_it_waits_for_is_followed),
		scenario_common(success_leaves_nothing),
		scenario_common(a_failure_that_another_server_makes_good_leaves_nothing),
		cmocka_unit_test(each_server_is_named_with_its_first_cause),
		scenario_common(what_servers_cost_in_time_is_told),
		scenario_common(repeats_of_a_held_failure_are_counted_and_no_more),
		scenario_common(a_good_answer_ends_it),
		scenario_common(a_crowd_is_counted),
		scenario_common(stale_data_are_told_apart),
		scenario_common(stale_data_that_go_out_early_are_counted_too),
		scenario_common(a_zone_that_was_silent_lately_leads_to_its_servers),
		scenario_common(the_end_of_an_alias_is_what_fails),
		scenario(a_circle_of_aliases_is_one),
		scenario(servers_without_addresses_are_named),
		scenario_common(the_chain_of_trust_leads_to_what_is_broken),
		scenario_common(bogus_says_which_signature_and_which_servers),
		scenario_common(bogus_stays_the_cause_before_silence),
		scenario(limits_of_our_own_are_recorded_as_such),
		scenario(time_that_servers_used_up_is_told),
		scenario(our_own_path_is_no_servers_fault),
		scenario_common(a_flood_of_names_displaces_its_own_zone_only),
		scenario_common(probes_and_checks_are_not_recorded),
		scenario_common(filters_are_by_name_type_zone_and_number),
		scenario_common(many_failures_are_shown_in_shares),
		scenario(forwarders_are_told_apart_from_what_comes_after_them),
		scenario_common(an_ede_of_a_server_is_told_by_its_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
