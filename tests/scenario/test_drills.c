// Drills: whole resolutions while an operator's fault happens to questions at our own way to
// servers.
#include "control/upstream/labels.h"
#include "tests/scenario/zones.h"

#include "tests/scenario/explained.h"

#define AT_A "--scope upstream:" PROVIDER_A " "

// A zone that provider A alone serves, and one more at both.
static int start_drills(void **state)
{
	(void)state;
	begin();
	add_example(w);
	add_plain(w);
	world_add(w, &(struct world_zone){.apex = "alone.com.",
					  .servers = "ns.alone.com.=" PROVIDER_A,
					  .text = "www.alone.com. 60 IN A 192.0.2.70\n"
						  "*.wild.alone.com. 60 IN A 192.0.2.71\n"});
	world_add(w, &(struct world_zone){.apex = "other.com.",
					  .servers = "ns1.other.com.=" PROVIDER_A
						     " ns2.other.com.=" PROVIDER_B,
					  .text = "*.wild.other.com. 300 IN A 192.0.2.72\n"});
	world_start(w);
	world_ask(w, "www.example.com.", TYPE_MX, 0);
	world_ask(w, "www.alone.com.", TYPE_A, 0);
	world_ask(w, "a.wild.other.com.", TYPE_MX, 0);
	network_forget_log(&w->network);
	return 0;
}

static struct question *ask_number(const char *format, int number)
{
	char name[64];

	snprintf(name, sizeof(name), format, number);
	return world_ask(w, name, TYPE_A, ASK_DO);
}

static void a_zone_with_other_servers_is_answered_under_every_fault(void **state)
{
	static const char *const faults[] = {"drop",     "delay=1500",  "servfail", "refuse",
					     "truncate", "strip-rrsig", "bogus"};

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		char words[128];
		start_drills(state);
		snprintf(words, sizeof(words), AT_A "--for 600 --fault %s", faults[i]);
		assert_true(world_drill(w, words));
		for (int k = 0; k < 30; k++)
			assert_answer(ask_number("n%d.wild.example.com.", k), RCODE_NOERROR, true,
				      EDE_NONE);
		world_advance(w, 200);
		if (world_drilled(w)->affected == 0)
			fail_msg("%s affected nothing", faults[i]);
		assert_int_equal(world_drilled(w)->tally.fresh, 30);
		assert_int_equal(world_drilled(w)->tally.secure, 30);
		assert_int_equal(world_drilled(w)->tally.servfail, 0);
		assert_int_equal(world_drilled(w)->end, DRILL_UNENDED);
		end_world(state);
	}
}

static void start_with_pool(bool first)
{
	begin();
	add_example(w);
	world_add(w, &(struct world_zone){.apex = "alone.com.",
					  .servers = "ns.alone.com.=" PROVIDER_A,
					  .text = "*.wild.alone.com. 60 IN A 192.0.2.71\n"});
	struct route *route = world_route(w, "alone.com.", false, PROVIDER_A ",domain=north");
	assert_ptr_equal(route->pool, &w->pools[0]);
	snprintf(w->pools[0].name, sizeof(w->pools[0].name), "work");
	route->first = first;
	world_start(w);
	world_ask(w, "a.wild.alone.com.", TYPE_A, 0);
	network_forget_log(&w->network);
}

// With no other server to go to, the fault is what the client gets: so it did happen.
static void every_fault_of_every_scope_is_what_clients_get(void **state)
{
	static const char *const scopes[] = {
		"upstream:" PROVIDER_A,
		"domain:192.0.2.0/24",
		"domain:alone.com",
		"zone:alone.com",
		"uplink",
		"pool:work",
		"domain:north",
	};
	static const struct {
		const char *fault;
		unsigned rcode;
		int ede;
	} faults[] = {
		{"drop", RCODE_SERVFAIL, EDE_NO_REACHABLE_AUTHORITY},
		{"delay=200", RCODE_NOERROR, EDE_NONE},
		{"delay=700", RCODE_NOERROR, EDE_NONE},
		{"delay=1500", RCODE_NOERROR, EDE_NONE},
		{"servfail", RCODE_SERVFAIL, EDE_NO_REACHABLE_AUTHORITY},
		{"refuse", RCODE_SERVFAIL, EDE_NO_REACHABLE_AUTHORITY},
		{"truncate", RCODE_NOERROR, EDE_NONE}, // over TCP
		{"strip-rrsig", RCODE_SERVFAIL, EDE_RRSIGS_MISSING},
		{"bogus", RCODE_SERVFAIL, EDE_DNSSEC_BOGUS},
	};

	for (size_t s = 0; s < sizeof(scopes) / sizeof(scopes[0]); s++) {
		for (size_t f = 0; f < sizeof(faults) / sizeof(faults[0]); f++) {
			char words[160];
			if (s < 5)
				start_drills(state);
			else
				start_with_pool(false);
			snprintf(words, sizeof(words), "--scope %s --for 600 --fault %s", scopes[s],
				 faults[f].fault);
			assert_true(world_drill(w, words));
			struct question *q = world_ask(w, "x.wild.alone.com.", TYPE_A, ASK_DO);
			if (q->reply->rcode != faults[f].rcode ||
			    q->reply->edns.ede != faults[f].ede)
				fail_msg("%s: rcode %u, EDE %d", words, q->reply->rcode,
					 q->reply->edns.ede);
			if (world_drilled(w)->affected == 0)
				fail_msg("%s affected nothing", words);
			if (faults[f].rcode == RCODE_SERVFAIL)
				assert_not_cached(w, "x.wild.alone.com.", TYPE_A);
			else
				assert_true(q->reply->flags & FLAG_AD);
			end_world(state);
		}
	}
}

static void a_pool_that_may_be_passed_over_is_no_single_carrier(void **state)
{
	static const struct {
		bool first;
		unsigned rcode;
	} cases[] = {{false, RCODE_SERVFAIL}, {true, RCODE_NOERROR}};

	for (size_t i = 0; i < 2; i++) {
		start_with_pool(cases[i].first);
		assert_true(world_drill(w, "--scope pool:work --fault drop --for 600"));
		assert_int_equal(world_drilled(w)->zones_touched, 1);
		assert_int_equal(world_drilled(w)->zones_alone, !cases[i].first);
		assert_int_equal(world_ask(w, "x.wild.alone.com.", TYPE_A, ASK_DO)->reply->rcode,
				 cases[i].rcode);
		end_world(state);
	}
}

static void a_pool_that_is_not_there_is_refused(void **state)
{
	(void)state;
	start_with_pool(false);
	assert_false(world_drill(w, "--scope pool:play --fault drop"));
	assert_int_equal(drill_report_count(drill_host_drill(w->drills)), 0);
}

static void truncated_replies_are_asked_for_over_tcp(void **state)
{
	(void)state;
	assert_true(world_drill(w, AT_A "--fault truncate"));
	assert_answer(world_ask(w, "x.wild.alone.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	assert_true(w->network.connections > 0);
}

// Once longer at most: the first one to be late is given up.
static void a_delay_is_what_the_client_waits(void **state)
{
	(void)state;
	assert_true(world_drill(w, AT_A "--fault delay=250"));
	struct question *q = world_ask(w, "x.wild.alone.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_in_range(q->done_us - q->asked_us, 250000, 600000);
	world_advance(w, 200);
	assert_in_range(world_drilled(w)->slowest_ms, 250, 600);
}

// What an operator reads of a zone is what the zone did.
static void data_that_a_drill_spoils_are_not_held_against_the_zone(void **state)
{
	static const char *const faults[] = {"bogus", "strip-rrsig"};

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct posture_facts facts;
		char words[128];
		if (i > 0)
			start_drills(state);
		snprintf(words, sizeof(words), AT_A "--fault %s", faults[i]);
		assert_true(world_drill(w, words));
		struct question *q = world_ask(w, "x.wild.alone.com.", TYPE_A, ASK_DO);
		assert_int_equal(q->reply->flags & 15, RCODE_SERVFAIL);
		assert_non_null(strstr(ede_text_of(q), "in a drill"));
		resolver_posture(w->resolver, text_name("alone.com."), &facts);
		assert_true(facts.dossier == NULL || facts.dossier->bogus.count == 0);
		// Nor where it is the keys that are spoilt.
		resolver_forget(w->resolver, text_name("alone.com."));
		q = world_ask(w, "y.wild.alone.com.", TYPE_A, ASK_DO);
		assert_int_equal(q->reply->flags & 15, RCODE_SERVFAIL);
		assert_non_null(strstr(ede_text_of(q), "in a drill"));
		resolver_posture(w->resolver, text_name("alone.com."), &facts);
		assert_true(facts.dossier == NULL || facts.dossier->bogus.count == 0);
		if (i == 0)
			end_world(state);
	}
}

// A drill that alters no signature is no excuse for those that do not verify.
static void bogus_data_beside_a_drill_are_the_zones(void **state)
{
	struct posture_facts facts;

	(void)state;
	with((struct fault){.kind = FAULT_BOGUS, .below = "alone.com."});
	assert_true(world_drill(w, AT_A "--fault truncate"));
	struct question *q = world_ask(w, "x.wild.alone.com.", TYPE_A, ASK_DO);
	assert_int_equal(q->reply->flags & 15, RCODE_SERVFAIL);
	assert_true(world_drilled(w)->affected > 0);
	assert_null(strstr(ede_text_of(q), "in a drill"));
	resolver_posture(w->resolver, text_name("alone.com."), &facts);
	assert_true(facts.dossier->bogus.count > 0);
}

static void a_dropped_question_does_not_leave(void **state)
{
	(void)state;
	assert_true(world_drill(w, AT_A "--fault drop --for 60"));
	world_ask(w, "x.wild.alone.com.", TYPE_A, ASK_DO);
	assert_int_equal(network_sent(&w->network, PROVIDER_A, NULL, 0), 0);
	assert_true(world_drilled(w)->affected > 0);
}

static void it_ends_by_itself_and_all_is_as_before(void **state)
{
	(void)state;
	assert_true(world_drill(w, AT_A "--fault drop --for 20 --abort-if servfail>100%"));
	assert_answer(world_ask(w, "x.wild.alone.com.", TYPE_A, 0), RCODE_SERVFAIL, false,
		      EDE_NO_REACHABLE_AUTHORITY);
	world_advance(w, 20000);
	assert_int_equal(world_drilled(w)->end, DRILL_OVER);
	assert_int_equal(world_drilled(w)->lasted_ms, 20000);
	assert_true(world_drilled(w)->tally.servfail >= 1);
	world_advance(w, 31000);
	assert_true(world_drilled(w)->closed);
	uint64_t affected = world_drilled(w)->affected;
	assert_answer(world_ask(w, "y.wild.alone.com.", TYPE_A, 0), RCODE_NOERROR, false, EDE_NONE);
	assert_int_equal(world_drilled(w)->affected, affected);
}

static void it_gives_up_when_clients_get_servfail(void **state)
{
	int failed = 0;

	(void)state;
	assert_true(world_drill(w, AT_A "--fault drop --for 600 --abort-if servfail>20%"));
	for (int i = 0; i < 40 && world_drilled(w)->end == DRILL_UNENDED; i++) {
		failed += ask_number("n%d.wild.alone.com.", i)->reply->rcode == RCODE_SERVFAIL;
		world_advance(w, 150);
	}
	assert_int_equal(world_drilled(w)->end, DRILL_ABORTED);
	assert_in_range(failed, DRILL_ABORT_LEAST, DRILL_ABORT_LEAST + 1);
	assert_true(world_drilled(w)->lasted_ms < 60000);
	world_advance(w, 5000);
	assert_answer(world_ask(w, "again.wild.alone.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
}

static void a_second_one_is_refused(void **state)
{
	(void)state;
	assert_true(world_drill(w, AT_A "--fault servfail --for 60"));
	assert_false(world_drill(w, "--scope uplink --fault drop --for 60"));
	// The first one goes on, and it alone.
	assert_answer(world_ask(w, "www.plain.org.", TYPE_A, 0), RCODE_NOERROR, false, EDE_NONE);
	assert_string_equal(world_drilled(w)->fault, "servfail");
	world_advance(w, 61000);
	assert_true(world_drill(w, "--scope uplink --fault drop --for 1"));
}

static void a_zone_is_harmed_and_its_servers_other_zones_are_not(void **state)
{
	(void)state;
	assert_true(world_drill(w, "--scope zone:example.com --fault drop --for 600"));
	assert_answer(world_ask(w, "x.wild.example.com.", TYPE_A, 0), RCODE_SERVFAIL, false,
		      EDE_NO_REACHABLE_AUTHORITY);
	for (int i = 0; i < 10; i++)
		assert_answer(ask_number("n%d.wild.other.com.", i), RCODE_NOERROR, true, EDE_NONE);
	assert_answer(world_ask(w, "x.wild.alone.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
}

static void a_prefix_is_all_its_servers(void **state)
{
	(void)state;
	assert_true(world_drill(w, "--scope domain:192.0.2.0/24 --fault drop --for 600"));
	for (int i = 0; i < 5; i++)
		assert_answer(ask_number("n%d.wild.example.com.", i), RCODE_NOERROR, true,
			      EDE_NONE);
	assert_answer(world_ask(w, "www.plain.org.", TYPE_AAAA, 0), RCODE_NOERROR, false, EDE_NONE);
	assert_int_equal(network_sent(&w->network, PROVIDER_A, NULL, 0), 0);
	assert_int_equal(network_sent(&w->network, "192.0.2.20", NULL, 0), 0);
}

static struct drill_plan plan_of(const char *scope);

static void a_label_of_the_operators_file_is_all_its_servers(void **state)
{
	const struct address a = {.family = 4, .bytes = {192, 0, 2, 0}},
			     b = {.family = 4, .bytes = {198, 51, 0, 0}};
	struct labels *labels = labels_new();

	assert_int_equal(labels_add(labels, &a, 24, "house.one", 1), 0);
	assert_int_equal(labels_add(labels, &b, 16, "house.two", 2), 0);
	assert_int_equal(labels_settle(labels), 0);
	begin();
	w->upstream_config.labels = labels;
	add_example(w);
	world_start(w);
	world_ask(w, "www.example.com.", TYPE_MX, 0);
	network_forget_log(&w->network);
	assert_int_equal(plan_of("domain:house.one").zones.touched, 1);
	assert_int_equal(plan_of("domain:house.one").zones.alone, 0);
	assert_true(world_drill(w, "--scope domain:house.one --fault drop --for 600"));
	for (int i = 0; i < 10; i++)
		assert_answer(ask_number("n%d.wild.example.com.", i), RCODE_NOERROR, true,
			      EDE_NONE);
	assert_int_equal(network_sent(&w->network, PROVIDER_A, NULL, 0), 0);
	assert_true(network_sent(&w->network, PROVIDER_B, NULL, 0) > 0);
	end_world(state);
	labels_free(labels);
}

static void with_the_uplink_away_what_was_cached_is_answered_stale(void **state)
{
	(void)state;
	world_advance(w, 61000); // www.alone.com. has ended
	assert_true(world_drill(w, "--scope uplink --fault drop --for 60"));
	struct question *q = world_ask(w, "www.alone.com.", TYPE_A, ASK_DO);
	assert_int_equal(q->reply->rcode, RCODE_NOERROR);
	assert_int_equal(q->reply->edns.ede, EDE_STALE_ANSWER);
	assert_false(q->reply->flags & FLAG_AD);
	world_advance(w, 200);
	assert_int_equal(world_drilled(w)->tally.stale, 1);
	assert_int_equal(world_drilled(w)->tally.fresh, 0);
	assert_sent(w, 0);
}

// ---- the clock ----

static void a_clock_ahead_makes_signatures_expire(void **state)
{
	(void)state;
	assert_true(world_drill(w, "--scope clock --fault skew=31536000 --for 60"));
	struct question *q = world_ask(w, "x.wild.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_SIGNATURE_EXPIRED);
	assert_not_cached(w, "x.wild.example.com.", TYPE_A);
	world_advance(w, 61000);
	world_advance(w, 30000);
	assert_answer(world_ask(w, "y.wild.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
}

static void a_clock_behind_makes_signatures_premature(void **state)
{
	(void)state;
	assert_true(world_drill(w, "--scope clock --fault skew=-31536000 --for 60"));
	assert_answer(world_ask(w, "x.wild.example.com.", TYPE_A, ASK_DO), RCODE_SERVFAIL, false,
		      EDE_SIGNATURE_NOT_YET_VALID);
}

// By a clock that is two hours behind it would still be good.
static void a_clock_behind_revives_nothing_that_has_expired(void **state)
{
	(void)state;
	begin();
	world_add(w,
		  &(struct world_zone){.apex = "lapsed.com.",
				       .servers = "ns.lapsed.com.=" PROVIDER_C,
				       .text = "*.lapsed.com. 60 IN A 192.0.2.70\n",
				       .options.signatures = {.inception_s = SIGNER_NOW - 864000,
							      .expiration_s = SIGNER_NOW - 3600}});
	world_start(w);
	assert_answer(world_ask(w, "a.lapsed.com.", TYPE_A, ASK_DO), RCODE_SERVFAIL, false,
		      EDE_SIGNATURE_EXPIRED);
	world_advance(w, 600000);
	assert_true(world_drill(w, "--scope clock --fault skew=-7200 --for 600"));
	struct question *q = world_ask(w, "b.lapsed.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_SIGNATURE_EXPIRED);
	assert_not_cached(w, "b.lapsed.com.", TYPE_A);
}

static void the_clock_is_right_again_though_nobody_ends_the_drill(void **state)
{
	(void)state;
	assert_true(world_drill(w, "--scope clock --fault skew=31536000 --for 10"));
	drill_host_free(w->drills); // control is stalled: nothing of it runs any more
	w->drills = NULL;
	world_advance(w, 10001);
	assert_answer(world_ask(w, "x.wild.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
}

// TTLs go on as they were.
static void a_wrong_clock_ends_nothing_that_is_cached(void **state)
{
	(void)state;
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	network_forget_log(&w->network);
	assert_true(world_drill(w, "--scope clock --fault skew=31536000 --for 60"));
	world_advance(w, 5000);
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	assert_sent(w, 0);
}

// ---- plan and report ----

static struct drill_plan plan_of(const char *scope)
{
	const char *words[] = {"--scope", scope};
	char err[DRILL_ERROR_MAX];
	struct drill_spec spec;
	struct drill_plan plan = {0};

	if (w->drills == NULL) { // a drill opens them
		assert_true(world_drill(w, "--scope zone:nowhere.invalid --fault drop"));
		assert_true(drill_host_stop(w->drills));
	}
	assert_int_equal(drill_spec_read(words, 2, false, &spec, err), 0);
	while (drill_host_plan(w->drills, &spec, &plan))
		;
	return plan;
}

static void a_plan_names_what_would_be_lost(void **state)
{
	(void)state;
	struct drill_plan plan = plan_of("upstream:" PROVIDER_A);
	assert_int_equal(plan.zones.touched, 3);
	assert_int_equal(plan.zones.alone, 1);
	assert_int_equal(plan.named, 1);
	assert_true(name_equal(plan.alone[0], text_name("alone.com.")));
	plan = plan_of("upstream:" PROVIDER_B);
	assert_int_equal(plan.zones.touched, 2);
	assert_int_equal(plan.zones.alone, 0);
	plan = plan_of("zone:example.com");
	assert_int_equal(plan.zones.alone, 1);
	plan = plan_of("uplink");
	assert_int_equal(plan.zones.alone, plan.zones.known);
	assert_true(plan.zones.known >= 5); // root, com. and three below
	assert_sent(w, 0);
}

// Servers of zones with short TTLs are known again as soon as somebody asks.
static void a_plan_counts_zones_that_ended_a_moment_ago(void **state)
{
	(void)state;
	struct drill_plan before = plan_of("upstream:" PROVIDER_A);
	world_advance(w, 3600000 + 1000); // their TTL
	struct drill_plan plan = plan_of("upstream:" PROVIDER_A);
	assert_int_equal(plan.zones.touched, before.zones.touched);
	assert_int_equal(plan.zones.alone, 1);
	world_advance(w, RESOLVER_ZONES_ENDED_MS);
	plan = plan_of("upstream:" PROVIDER_A);
	assert_int_equal(plan.zones.touched, 0);
}

// Two of three zones have a name server called after provider B; one of them only such.
static void an_operator_is_all_servers_that_it_names(void **state)
{
	(void)state;
	begin();
	add_example(w);
	world_add(w, &(struct world_zone){.apex = "provider.org.",
					  .servers = "ns.provider.org.=" PROVIDER_B,
					  .text = "ns1.provider.org. 3600 IN A " PROVIDER_A "\n"
						  "ns2.provider.org. 3600 IN A " PROVIDER_B "\n"});
	world_add(w, &(struct world_zone){.apex = "hosted.com.",
					  .servers = "ns1.provider.org.=" PROVIDER_A
						     " ns2.provider.org.=" PROVIDER_B,
					  .text = "*.wild.hosted.com. 300 IN A 192.0.2.72\n"});
	world_start(w);
	world_ask(w, "www.example.com.", TYPE_MX, 0);
	world_ask(w, "a.wild.hosted.com.", TYPE_MX, 0);
	struct drill_plan plan = plan_of("domain:provider.org");
	assert_int_equal(plan.zones.alone, 2);
	assert_int_equal(plan.zones.touched, 2);
	assert_true(world_drill(w, "--scope domain:provider.org --fault drop --for 60 "
				   "--abort-if servfail>100%"));
	assert_answer(world_ask(w, "b.wild.hosted.com.", TYPE_A, 0), RCODE_SERVFAIL, false,
		      EDE_NO_REACHABLE_AUTHORITY);
	// The same addresses under other names are others' servers.
	assert_answer(world_ask(w, "x.wild.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
}

static void the_report_agrees_with_what_was_sent(void **state)
{
	size_t to_a = 0, all = 0;

	(void)state;
	assert_true(world_drill(w, AT_A "--fault servfail --for 60"));
	for (int i = 0; i < 700; i++)
		ask_number(i % 2 ? "n%d.wild.example.com." : "n%d.wild.other.com.", i);
	world_advance(w, 200);
	const struct drill_report *report = world_drilled(w);
	for (size_t i = 0; i < w->network.log_count; i++) {
		all++;
		to_a += strcmp(w->network.log[i].server, PROVIDER_A) == 0;
	}
	assert_int_equal(report->asked, all);
	assert_int_equal(report->in_scope, to_a);
	assert_int_equal(report->affected, to_a);
	assert_true(to_a > 0 && to_a < all / 10);
	// No zone is left without a server, and nobody has noticed.
	char verdict[DRILL_VERDICT_MAX];
	assert_non_null(strstr(drill_verdict(report, verdict), "no failover exists for it"));
	assert_int_equal(report->tally.servfail, 0);
	assert_int_equal(report->tally.secure, report->tally.fresh);
}

#define drills(f) cmocka_unit_test_setup_teardown(f, start_drills, end_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(a_zone_with_other_servers_is_answered_under_every_fault),
		scenario(every_fault_of_every_scope_is_what_clients_get),
		scenario(a_pool_that_may_be_passed_over_is_no_single_carrier),
		scenario(a_pool_that_is_not_there_is_refused),
		drills(truncated_replies_are_asked_for_over_tcp),
		drills(a_delay_is_what_the_client_waits),
		drills(data_that_a_drill_spoils_are_not_held_against_the_zone),
		drills(bogus_data_beside_a_drill_are_the_zones),
		drills(a_dropped_question_does_not_leave),
		drills(it_ends_by_itself_and_all_is_as_before),
		drills(it_gives_up_when_clients_get_servfail),
		drills(a_second_one_is_refused),
		drills(a_zone_is_harmed_and_its_servers_other_zones_are_not),
		drills(a_prefix_is_all_its_servers),
		cmocka_unit_test(a_label_of_the_operators_file_is_all_its_servers),
		drills(with_the_uplink_away_what_was_cached_is_answered_stale),
		drills(a_clock_ahead_makes_signatures_expire),
		drills(a_clock_behind_makes_signatures_premature),
		scenario(a_clock_behind_revives_nothing_that_has_expired),
		drills(the_clock_is_right_again_though_nobody_ends_the_drill),
		drills(a_wrong_clock_ends_nothing_that_is_cached),
		drills(a_plan_names_what_would_be_lost),
		drills(a_plan_counts_zones_that_ended_a_moment_ago),
		scenario(an_operator_is_all_servers_that_it_names),
		drills(the_report_agrees_with_what_was_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
