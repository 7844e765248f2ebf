// Data past their TTL, while nobody answers (RFC 8767): when they serve, and when not.
#include "dataplane/dns/ede.h"
#include "tests/scenario/failures.h"

static struct question *ask_for_stale(const char *name)
{
	struct question *q = world_ask(w, name, TYPE_A, ASK_DO);

	assert_answer(q, RCODE_NOERROR, false, EDE_STALE_ANSWER);
	assert_true(q->result->stale);
	assert_int_equal(q->reply->sections[SECTION_ANSWER].rrsets[0]->ttl_s, 30);
	return q;
}

// RFC 8767, ATTACKS O1
static void formerly_validated_data_serve_while_nobody_answers(void **state)
{
	(void)state;
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	world_ask(w, "alias.example.com.", TYPE_A, ASK_DO);
	world_advance(w, 301000);
	break_example(FAULT_DROP);
	network_forget_log(&w->network);
	struct question *q = ask_for_stale("www.example.com.");
	assert_address(q, "192.0.2.80");
	assert_true(q->done_us - q->asked_us <= 1810000);
	// From now on nobody waits for servers that are known to be down.
	for (int i = 0; i < 40; i++) {
		q = ask_for_stale(i % 2 == 0 ? "www.example.com." : "alias.example.com.");
		assert_true(q->done_us - q->asked_us <= 100000);
		world_advance(w, 500);
	}
	assert_sent_at_most(w, 60);
	ask_for_stale("www.example.com.");
	assert_failure_cached(w, "www.example.com.", TYPE_A, EDE_NO_REACHABLE_AUTHORITY);
}

// The alias is good still; where it leads nobody has failed.
static void what_an_alias_leads_to_is_asked_for_though_its_own_zone_is_down(void **state)
{
	(void)state;
	w = world_new();
	world_add_tlds(w);
	add_example(w);
	add_plain(w);
	world_add(w,
		  &(struct world_zone){.apex = "alias.org.",
				       .servers = "ns.alias.org.=192.0.2.77",
				       .text = "to.alias.org. 3600 IN CNAME www.example.com.\n"});
	world_start(w);
	assert_address(world_ask(w, "to.alias.org.", TYPE_A, ASK_DO), "192.0.2.80");
	world_advance(w, 301000);
	with((struct fault){.kind = FAULT_DROP, .server = "192.0.2.77"});
	for (int i = 0; i < 3; i++) {
		char name[40];
		snprintf(name, sizeof(name), "n%d.alias.org.", i);
		assert_int_equal(world_ask(w, name, TYPE_A, ASK_DO)->reply->rcode, RCODE_SERVFAIL);
	}
	struct question *q = world_ask(w, "to.alias.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_address(q, "192.0.2.80");
}

// RFC 8767 §5: the resolution that the client did not wait for renews the cache.
static void resolution_goes_on_behind_a_stale_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < w->network.server_count; i++)
		w->network.servers[i].rtt_us = 300000;
	world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	world_advance(w, 301000);
	break_example(FAULT_DROP);
	struct question *first = world_ask_later(w, "www.example.com.", TYPE_A, ASK_DO);
	world_advance(w, 100);
	struct question *second = world_ask_later(w, "www.example.com.", TYPE_A, ASK_DO);
	world_run(w);
	assert_answer(first, RCODE_NOERROR, false, EDE_STALE_ANSWER);
	assert_answer(second, RCODE_NOERROR, false, EDE_STALE_ANSWER);
	assert_int_equal((first->done_us - first->asked_us) / 10000, 180);
	assert_int_equal((second->done_us - second->asked_us) / 10000, 180);
	assert_int_equal(world_counter(w, "resolver.stale_early"), 2);
	assert_true(world_counter(w, "resolver.under_way") >= 1);
	network_heal(&w->network);
	assert_not_cached(w, "www.example.com.", TYPE_A);
	world_advance(w, 5000);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	assert_int_equal(first->times_done, 1);
	assert_int_equal(second->times_done, 1);
	assert_int_equal(world_counter(w, "resolver.under_way"), 0);
}

static void clients_wait_when_stale_data_are_not_wanted(void **state)
{
	(void)state;
	begin();
	add_example(w);
	w->config.stale_s = 0;
	world_start(w);
	world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	world_advance(w, 301000);
	break_example(FAULT_DROP);
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
	assert_int_equal(world_counter(w, "resolver.stale_early"), 0);
}

// DESIGN §7: no stale data past the signatures that they rest on.
static void early_stale_data_end_with_their_signatures(void **state)
{
	(void)state;
	world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	world_advance(w, 301000);
	w->wall_offset_s += 365 * 86400;
	break_example(FAULT_DROP);
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_A), 0);
	assert_int_equal(world_counter(w, "resolver.stale_early"), 0);
}

// More wait for a name than may: what is stale serves them as well.
static void crowds_get_stale_data(void **state)
{
	struct question *q[40];

	(void)state;
	begin();
	add_example(w);
	w->config.waiters_max = 10;
	world_start(w);
	world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	world_advance(w, 301000);
	break_example(FAULT_DROP);
	for (size_t i = 0; i < 40; i++) {
		q[i] = world_ask_later(w, "www.example.com.", TYPE_A, ASK_DO);
		assert_non_null(q[i]);
	}
	world_run(w);
	for (size_t i = 0; i < 40; i++)
		assert_answer(q[i], RCODE_NOERROR, false, EDE_STALE_ANSWER);
	assert_int_equal(world_counter(w, "resolver.refused"), 0);
}

static void stale_data_do_not_outlive_a_proven_denial(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "example.org.",
					  .servers = "ns.example.org.=" PROVIDER_A,
					  .text = "www.example.org. 60 IN A 192.0.2.80\n"});
	world_start(w);
	world_ask(w, "www.example.org.", TYPE_A, 0);
	world_advance(w, 61000);
	world_zone(w, "example.org.")->text = "other.example.org. 60 IN A 192.0.2.80\n";
	world_roll(w, "example.org.", true);
	network_forget_log(&w->network);
	assert_int_equal(world_ask(w, "www.example.org.", TYPE_MX, ASK_DO)->reply->rcode,
			 RCODE_NXDOMAIN);
	assert_answer(world_ask(w, "www.example.org.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
	with((struct fault){.kind = FAULT_DROP, .server = PROVIDER_A});
	world_advance(w, 301000);
	struct question *q = world_ask(w, "www.example.org.", TYPE_A, ASK_DO);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_A), 0);
	assert_sent_at_most(w, 12);
	assert_not_cached(w, "www.example.org.", TYPE_A);
}

// ---- data that were never proven ----

// A zone that was unsigned, whose data have expired, and that is signed now.
static void begin_turned(void)
{
	begin();
	world_add(w, &(struct world_zone){.apex = "turned.com.",
					  .servers = "ns1.turned.com.=" PROVIDER_A
						     " ns2.turned.com.=" PROVIDER_B,
					  .text = "www.turned.com. 60 IN A 192.0.2.66\n",
					  .options = {.unsigned_ = true}});
	world_start(w);
	assert_answer(world_ask(w, "www.turned.com.", TYPE_A, ASK_DO), RCODE_NOERROR, false,
		      EDE_NONE);
	assert_cached(w, "www.turned.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_INSECURE);
	world_zone(w, "turned.com.")->options.unsigned_ = false;
	world_roll(w, "turned.com.", false);
	world_roll(w, "com.", true);
	world_advance(w, 4000000); // the proof that it is not signed has ended
}

static void assert_bogus(const struct question *q)
{
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_true(ede_is_of_validation(q->reply->edns.ede));
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_A), 0);
}

// DESIGN §7: whoever made the answer bogus may as well have made the data of before.
static void after_a_bogus_answer_insecure_stale_data_do_not_serve(void **state)
{
	(void)state;
	begin_turned();
	with((struct fault){.kind = FAULT_STRIP, .server = PROVIDER_A, .below = "turned.com."});
	with((struct fault){.kind = FAULT_STRIP, .server = PROVIDER_B, .below = "turned.com."});
	assert_bogus(world_ask(w, "www.turned.com.", TYPE_A, ASK_DO));
}

// Nor while the failure is remembered, nor early because the servers are known to fail.
static void they_do_not_serve_whoever_asks_next(void **state)
{
	(void)state;
	begin_turned();
	with((struct fault){.kind = FAULT_STRIP, .server = PROVIDER_A, .below = "turned.com."});
	with((struct fault){.kind = FAULT_STRIP, .server = PROVIDER_B, .below = "turned.com."});
	for (int i = 0; i < 100; i++) {
		assert_bogus(world_ask(w, "www.turned.com.", TYPE_A, ASK_DO));
		world_advance(w, 700);
	}
}

// When the servers fall silent, what went then does not come back.
static void assert_gone(void)
{
	with((struct fault){.kind = FAULT_DROP, .server = PROVIDER_A});
	with((struct fault){.kind = FAULT_DROP, .server = PROVIDER_B});
	world_advance(w, 70000);
	for (int i = 0; i < 3; i++) {
		struct question *q = world_ask(w, "www.turned.com.", TYPE_A, ASK_DO);
		assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_A), 0);
	}
}

static void what_a_bogus_answer_spoilt_does_not_come_back(void **state)
{
	(void)state;
	for (int silent = 0; silent < 2; silent++) {
		begin_turned();
		with((struct fault){
			.kind = FAULT_STRIP, .server = PROVIDER_A, .below = "turned.com."});
		// With this one silent the question ends with its time, while keys are asked for.
		with((struct fault){.kind = silent ? FAULT_DROP : FAULT_STRIP,
				    .server = PROVIDER_B,
				    .below = "turned.com."});
		assert_bogus(world_ask(w, "www.turned.com.", TYPE_A, ASK_DO));
		assert_gone();
		if (silent == 0)
			end_world(NULL);
	}
}

// The data were signed well, had they been looked at: it is the keys that do not validate.
static void what_bogus_keys_spoilt_does_not_come_back(void **state)
{
	(void)state;
	begin_turned();
	with((struct fault){.kind = FAULT_BOGUS, .name = "turned.com.", .type = TYPE_DNSKEY});
	assert_bogus(world_ask(w, "www.turned.com.", TYPE_A, ASK_DO));
	assert_gone();
}

// The question ends before the one for the keys does, of which one server has given bogus ones.
static void nor_what_they_spoilt_when_time_ran_out(void **state)
{
	(void)state;
	begin_turned();
	with((struct fault){.kind = FAULT_DROP, .name = "turned.com.", .type = TYPE_DNSKEY});
	with((struct fault){
		.kind = FAULT_BOGUS, .name = "turned.com.", .type = TYPE_DNSKEY, .times = 1});
	// It gets stale data early, before anything is known against them, and goes on behind them.
	w->waited_ms = BUDGET_TIME_MS - 300;
	world_ask(w, "www.turned.com.", TYPE_A, ASK_DO);
	world_advance(w, 400);
	assert_int_equal(world_counter(w, "resolver.exhausted"), 1);
	w->waited_ms = 0;
	assert_gone();
}

// One server strips signatures, the other is silent: neither the early timer nor the end of the
// client's time is a way past the rule.
static void nor_do_they_when_other_servers_are_silent(void **state)
{
	(void)state;
	begin_turned();
	with((struct fault){.kind = FAULT_STRIP, .server = PROVIDER_A, .below = "turned.com."});
	with((struct fault){.kind = FAULT_DROP, .server = PROVIDER_B, .below = "turned.com."});
	for (int i = 0; i < 100; i++) {
		assert_bogus(world_ask(w, "www.turned.com.", TYPE_A, ASK_DO));
		world_advance(w, 700);
	}
}

// The twin: silence says nothing against them.
static void while_servers_are_silent_insecure_stale_data_serve(void **state)
{
	(void)state;
	begin();
	add_plain(w);
	world_start(w);
	world_ask(w, "www.plain.org.", TYPE_A, ASK_DO);
	world_advance(w, 301000);
	with((struct fault){.kind = FAULT_DROP, .below = "plain.org."});
	assert_address(ask_for_stale("www.plain.org."), "192.0.2.90");
}

// Nobody has asked for the name since, but what came with another one's denial covers it: it is the
// newer of the two, whichever has ended (RFC 8767 §4).
static void stale_data_that_cached_denial_refutes_do_not_serve(void **state)
{
	(void)state;
	for (int later = 0; later < 2; later++) {
		begin();
		w->denial = true;
		world_add(w, &(struct world_zone){.apex = "example.org.",
						  .servers = "ns.example.org.=" PROVIDER_A,
						  .text = "gone.example.org. 5 IN A 192.0.2.70\n"});
		world_start(w);
		world_ask(w, "gone.example.org.", TYPE_A, 0);
		world_advance(w, 6000);
		world_zone(w, "example.org.")->text = "other.example.org. 5 IN A 192.0.2.73\n";
		world_roll(w, "example.org.", true);
		assert_int_equal(world_ask(w, "gonf.example.org.", TYPE_A, 0)->reply->rcode,
				 RCODE_NXDOMAIN);
		with((struct fault){.kind = FAULT_DROP, .server = PROVIDER_A});
		world_advance(w, later ? 310000 : 1000);
		struct question *q = world_ask(w, "gone.example.org.", TYPE_A, 0);
		assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_A), 0);
		if (later == 0)
			end_world(NULL);
	}
}

static void say_it_is_gone(const struct network_query *query, enum section section,
			   struct builder *b, void *arg)
{
	struct text_record soa;

	(void)query;
	(void)arg;
	if (section != SECTION_AUTHORITY)
		return;
	text_record("plain.org. 5 IN SOA a. b. 1 2 3 4 5", &soa);
	builder_record(b, section, soa.owner, soa.type, CLASS_IN, soa.ttl_s, soa.rdata, soa.rdlen);
}

// The zone above is not signed, so that its word hides nothing below, but it has taken the zone
// back.
static void stale_data_of_a_zone_that_its_parent_has_denied_do_not_serve(void **state)
{
	(void)state;
	begin();
	add_plain(w);
	world_add(w, &(struct world_zone){.apex = "kid.plain.org.",
					  .servers = "ns.kid.plain.org.=" PROVIDER_C,
					  .text = "www.kid.plain.org. 60 IN A 192.0.2.67\n",
					  .ns_ttl_s = 60,
					  .options = {.unsigned_ = true}});
	world_start(w);
	assert_address(world_ask(w, "www.kid.plain.org.", TYPE_A, 0), "192.0.2.67");
	world_advance(w, 61000);
	with((struct fault){.below = "kid.plain.org.",
			    .replace = say_it_is_gone,
			    .flags = FLAG_AA | RCODE_NXDOMAIN});
	assert_int_equal(world_ask(w, "kid.plain.org.", TYPE_MX, 0)->reply->rcode, RCODE_NXDOMAIN);
	network_heal(&w->network);
	with((struct fault){.kind = FAULT_DROP, .below = "plain.org."});
	world_advance(w, 10000);
	struct question *q = world_ask(w, "www.kid.plain.org.", TYPE_A, 0);
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_A), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario_common(formerly_validated_data_serve_while_nobody_answers),
		scenario(what_an_alias_leads_to_is_asked_for_though_its_own_zone_is_down),
		scenario_common(resolution_goes_on_behind_a_stale_answer),
		scenario(clients_wait_when_stale_data_are_not_wanted),
		scenario_common(early_stale_data_end_with_their_signatures),
		scenario(crowds_get_stale_data),
		scenario(stale_data_do_not_outlive_a_proven_denial),
		scenario(after_a_bogus_answer_insecure_stale_data_do_not_serve),
		scenario(they_do_not_serve_whoever_asks_next),
		scenario(what_a_bogus_answer_spoilt_does_not_come_back),
		scenario(what_bogus_keys_spoilt_does_not_come_back),
		scenario(nor_what_they_spoilt_when_time_ran_out),
		scenario(nor_do_they_when_other_servers_are_silent),
		scenario(while_servers_are_silent_insecure_stale_data_serve),
		scenario(stale_data_that_cached_denial_refutes_do_not_serve),
		scenario(stale_data_of_a_zone_that_its_parent_has_denied_do_not_serve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
