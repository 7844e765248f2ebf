// NODATA and NXDOMAIN with the SOA of another zone, NODATA with none, too, serve when every server
// of a zone says so.
// Each bound has a test of its own.
#include "tests/scenario/both.h"

static const char *const foreign[] = {"ns org. 60 IN SOA a. b. 1 60 60 60 60",
				      "ns . 60 IN SOA a. b. 1 60 60 60 60",
				      "ns q.below.plain.org. 60 IN SOA a. b. 1 60 60 60 60",
				      "ns example.com. 60 IN SOA a. b. 1 60 60 60 60"};
#define FOREIGN (sizeof(foreign) / sizeof(foreign[0]))

static void nodata_with_another_zones_soa_is_nodata_in_the_end(void **state)
{
	for (size_t i = 0; i < FOREIGN; i++) {
		start_common(state);
		warm();
		both_say("www.plain.org.", TYPE_AAAA, FLAG_AA, LINES(foreign[i]));
		struct question *q = world_ask(w, "www.plain.org.", TYPE_AAAA, 0);
		assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
		assert_int_equal(q->reply->sections[SECTION_ANSWER].count, 0);
		assert_int_equal(q->reply->sections[SECTION_AUTHORITY].count, 0);
		assert_address(world_ask(w, "www.plain.org.", TYPE_A, 0), "192.0.2.90");
		end_world(state);
	}
}

static void it_is_given_by_value(void **state)
{
	(void)state;
	warm();
	both_say("www.plain.org.", TYPE_AAAA, FLAG_AA, LINES(foreign[0]));
	for (int i = 0; i < 3; i++) {
		network_forget_log(&w->network);
		assert_int_equal(world_ask(w, "www.plain.org.", TYPE_AAAA, 0)->reply->rcode,
				 RCODE_NOERROR);
		assert_sent(w, 3);
		assert_not_cached(w, "www.plain.org.", TYPE_AAAA);
		assert_no_failure_cached(w, "www.plain.org.", TYPE_AAAA);
	}
}

static void it_counts_in_strong_replies_only(void **state)
{
	(void)state;
	warm();
	for (size_t i = 0; i < 2; i++) {
		const char *server = i == 0 ? NS1 : NS2;
		with((struct fault){.kind = FAULT_SERVFAIL, .server = server});
		with((struct fault){.server = server,
				    .replace = say,
				    .hook_arg = LINES(foreign[0]),
				    .flags = FLAG_AA,
				    .udp_only = true});
	}
	assert_refused("www.plain.org.", TYPE_AAAA);
	assert_int_equal(sent_over_tcp("www.plain.org."), 2);
}

static void it_is_nothing_while_another_server_answers(void **state)
{
	(void)state;
	warm();
	with((struct fault){.server = NS1,
			    .name = "www.plain.org.",
			    .type = TYPE_A,
			    .replace = say,
			    .hook_arg = LINES(foreign[0]),
			    .flags = FLAG_AA});
	for (int i = 0; i < 20; i++) {
		assert_address(world_ask(w, "www.plain.org.", TYPE_A, 0), "192.0.2.90");
		world_advance(w, 310000);
	}
}

static void without_aa_it_is_nothing(void **state)
{
	static const uint16_t flags[] = {0, FLAG_RA};

	for (size_t i = 0; i < 2; i++) {
		start_common(state);
		warm();
		both_say("www.plain.org.", TYPE_AAAA, flags[i], LINES(foreign[0]));
		assert_refused("www.plain.org.", TYPE_AAAA);
		end_world(state);
	}
}

static void nxdomain_with_another_zones_soa_is_nxdomain_in_the_end(void **state)
{
	for (size_t i = 0; i < FOREIGN; i++) {
		start_common(state);
		warm();
		both_say("www.plain.org.", TYPE_AAAA, FLAG_AA | RCODE_NXDOMAIN, LINES(foreign[i]));
		for (int again = 0; again < 2; again++) {
			network_forget_log(&w->network);
			struct question *q = world_ask(w, "www.plain.org.", TYPE_AAAA, 0);
			assert_answer(q, RCODE_NXDOMAIN, false, EDE_NONE);
			assert_int_equal(q->reply->sections[SECTION_AUTHORITY].count, 0);
			assert_true(sent_over_tcp("www.plain.org.") >= 1);
			assert_not_cached(w, "www.plain.org.", TYPE_AAAA);
			assert_no_failure_cached(w, "www.plain.org.", TYPE_AAAA);
		}
		end_world(state);
	}
}

// RFC 8020, RFC 8767 §4: neither of what is below the name, nor of what is known of it.
static void such_an_nxdomain_is_evidence_of_nothing(void **state)
{
	(void)state;
	assert_address(world_ask(w, "www.plain.org.", TYPE_A, 0), "192.0.2.90");
	both_say("www.plain.org.", TYPE_AAAA, FLAG_AA | RCODE_NXDOMAIN, LINES(foreign[0]));
	both_say("plain.org.", TYPE_TXT, FLAG_AA | RCODE_NXDOMAIN, LINES(foreign[1]));
	assert_int_equal(world_ask(w, "plain.org.", TYPE_TXT, 0)->reply->rcode, RCODE_NXDOMAIN);
	assert_int_equal(world_ask(w, "www.plain.org.", TYPE_AAAA, 0)->reply->rcode,
			 RCODE_NXDOMAIN);
	assert_address(world_ask(w, "zero.plain.org.", TYPE_A, 0), "192.0.2.92");
	world_advance(w, 310000);
	both(FAULT_DROP);
	struct question *q = world_ask(w, "www.plain.org.", TYPE_A, 0);
	assert_int_equal(q->reply->rcode, RCODE_NOERROR);
	assert_true(q->result->stale);
	assert_address(q, "192.0.2.90");
	assert_int_equal(world_counter(w, "resolver.revoked"), 0);
}

// The alias is the zone's own, with signatures or without.
static void behind_an_alias_it_is_nxdomain_too(void **state)
{
	for (size_t i = 0; i < FOREIGN; i++) {
		start_common(state);
		warm();
		both_say("www.plain.org.", TYPE_TXT, FLAG_AA | RCODE_NXDOMAIN, LINES(foreign[i]));
		struct question *q = world_ask(w, "away.example.com.", TYPE_TXT, ASK_DO);
		assert_answer(q, RCODE_NXDOMAIN, false, EDE_NONE);
		assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_CNAME), 1);
		assert_not_cached(w, "www.plain.org.", TYPE_TXT);
		end_world(state);
	}
}

// Where others rest on it: no word of a zone's servers, its keys or its DS.
static void such_an_nxdomain_denies_no_infrastructure(void **state)
{
	static const uint16_t types[] = {TYPE_NS, TYPE_DS, TYPE_DNSKEY, TYPE_DNAME};

	for (size_t i = 0; i < 4; i++) {
		start_common(state);
		warm();
		both_say("www.plain.org.", 0, FLAG_AA | RCODE_NXDOMAIN, LINES(foreign[2]));
		assert_refused("www.plain.org.", types[i]);
		end_world(state);
	}
}

// A question that a server was silent to first, and denied then, says what it has said.
static void what_a_server_has_said_is_told_rather_than_its_silence(void **state)
{
	(void)state;
	warm();
	both_say("www.plain.org.", TYPE_AAAA, FLAG_RA, LINES(foreign[0]));
	for (size_t i = 0; i < 2; i++)
		with((struct fault){.kind = FAULT_DROP,
				    .server = i == 0 ? NS1 : NS2,
				    .name = "www.plain.org.",
				    .type = TYPE_AAAA,
				    .times = 1});
	struct question *q = world_ask(w, "www.plain.org.", TYPE_AAAA, 0);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
	struct entry_facts facts;
	entry_facts(q->result->links[0], &facts);
	assert_non_null(strstr(facts.ede_text, NS1));
	assert_non_null(strstr(facts.ede_text, "lame"));
	assert_null(strstr(facts.ede_text, "timeout"));
}

static void nor_is_one_without_aa_or_from_one_server_of_two(void **state)
{
	static const uint16_t flags[] = {0, FLAG_RA};

	for (size_t i = 0; i < 2; i++) {
		start_common(state);
		warm();
		both_say("www.plain.org.", TYPE_AAAA, flags[i] | RCODE_NXDOMAIN, LINES(foreign[0]));
		assert_refused("www.plain.org.", TYPE_AAAA);
		end_world(state);
	}
	start_common(state);
	warm();
	with((struct fault){.server = NS1,
			    .name = "www.plain.org.",
			    .replace = say,
			    .hook_arg = LINES(foreign[0]),
			    .flags = FLAG_AA | RCODE_NXDOMAIN});
	for (int i = 0; i < 20; i++) {
		assert_address(world_ask(w, "www.plain.org.", TYPE_A, 0), "192.0.2.90");
		world_advance(w, 310000);
	}
	end_world(state);
}

static void in_a_signed_zone_it_is_nothing(void **state)
{
	static const char *const servers[] = {PROVIDER_A, PROVIDER_B};

	(void)state;
	for (size_t i = 0; i < 4; i++)
		with((struct fault){.server = servers[i % 2],
				    .name = i < 2 ? "www.example.com." : "new.example.com.",
				    .type = TYPE_AAAA,
				    .replace = say,
				    .hook_arg = LINES(foreign[i < 2 ? 0 : 1]),
				    .flags = i < 2 ? FLAG_AA : FLAG_AA | RCODE_NXDOMAIN});
	for (int cd = 0; cd < 2; cd++) {
		struct question *q =
			world_ask(w, "www.example.com.", TYPE_AAAA, cd ? ASK_CD : ASK_DO);
		assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
		q = world_ask(w, "new.example.com.", TYPE_AAAA, cd ? ASK_CD : ASK_DO);
		assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	}
	assert_not_cached(w, "www.example.com.", TYPE_AAAA);
	assert_int_equal(world_counter(w, "resolver.bogus"), 0);
}

static void it_denies_no_delegation(void **state)
{
	(void)state;
	begin();
	add_plain(w);
	world_add(w, &(struct world_zone){.apex = "sub.plain.org.",
					  .servers = "ns.sub.plain.org.=" PROVIDER_C,
					  .text = "www.sub.plain.org. 30 IN A 192.0.2.98\n",
					  .options = {.unsigned_ = true}});
	world_start(w);
	assert_address(world_ask(w, "www.sub.plain.org.", TYPE_A, 0), "192.0.2.98");
	both_say("sub.plain.org.", 0, FLAG_AA, LINES(foreign[0]));
	both_say("plain.org.", 0, FLAG_AA, LINES(foreign[0]));
	world_ask(w, "plain.org.", TYPE_AAAA, 0);
	assert_refused("sub.plain.org.", TYPE_DS);
	world_advance(w, 31000);
	assert_address(world_ask(w, "www.sub.plain.org.", TYPE_A, 0), "192.0.2.98");
	assert_int_equal(world_counter(w, "resolver.revoked"), 0);
}

static void a_referral_elsewhere_beside_it_makes_it_nothing(void **state)
{
	(void)state;
	warm();
	both_say("www.plain.org.", TYPE_AAAA, FLAG_AA,
		 LINES(foreign[0], "ns org. 60 IN NS a.org-servers.org."));
	assert_refused("www.plain.org.", TYPE_AAAA);
}

// RFC 2308 §2.2, §5: without any SOA, too.
static void nodata_without_any_soa_is_nodata_by_value(void **state)
{
	(void)state;
	warm();
	for (int i = 0; i < 20; i++) { // both have found names in mixed case
		world_ask(w, "zero.plain.org.", TYPE_A, 0);
		world_advance(w, 1);
	}
	both_say("www.plain.org.", TYPE_AAAA, FLAG_AA, LINES("ar www.plain.org. 1 IN A 192.0.2.1"));
	for (int i = 0; i < 2; i++) {
		network_forget_log(&w->network);
		assert_answer(world_ask(w, "www.plain.org.", TYPE_AAAA, 0), RCODE_NOERROR, false,
			      EDE_NONE);
		assert_sent(w, 1);
	}
	assert_not_cached(w, "www.plain.org.", TYPE_AAAA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodata_with_another_zones_soa_is_nodata_in_the_end),
		scenario_common(it_is_given_by_value),
		scenario_common(it_counts_in_strong_replies_only),
		scenario_common(it_is_nothing_while_another_server_answers),
		cmocka_unit_test(without_aa_it_is_nothing),
		cmocka_unit_test(nxdomain_with_another_zones_soa_is_nxdomain_in_the_end),
		scenario_common(such_an_nxdomain_is_evidence_of_nothing),
		cmocka_unit_test(behind_an_alias_it_is_nxdomain_too),
		cmocka_unit_test(such_an_nxdomain_denies_no_infrastructure),
		scenario_common(what_a_server_has_said_is_told_rather_than_its_silence),
		cmocka_unit_test(nor_is_one_without_aa_or_from_one_server_of_two),
		scenario_common(in_a_signed_zone_it_is_nothing),
		scenario(it_denies_no_delegation),
		scenario_common(a_referral_elsewhere_beside_it_makes_it_nothing),
		scenario_common(nodata_without_any_soa_is_nodata_by_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
