// What real servers and zones do that no RFC asks for, or that few expect. None of it is an attack.
#include "tests/scenario/zones.h"

#define FORWARDER_1 "203.0.113.50"
#define FORWARDER_2 "198.51.100.50"

static void warm(void)
{
	world_ask(w, "www.example.com.", TYPE_MX, 0);
	world_ask(w, "www.plain.org.", TYPE_MX, 0);
	network_forget_log(&w->network);
}

static void add(struct builder *b, enum section section, const char *line)
{
	struct text_record record;

	text_record(line, &record);
	builder_record(b, section, record.owner, record.type, CLASS_IN, record.ttl_s, record.rdata,
		       record.rdlen);
}

// RFC 9156 §3: some servers never answer for a name without records above the one that has some.
static void a_minimised_name_that_is_dropped_means_one_try_with_the_full_name(void **state)
{
	(void)state;
	warm();
	with((struct fault){.kind = FAULT_DROP, .name = "ent.example.com."});
	struct question *q = world_ask(w, "a.ent.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_address(q, "192.0.2.82");
	assert_true(q->done_us - q->asked_us < 3000000);
	assert_sent_at_most(w, 5);
}

static void servers_that_drop_everything_are_asked_no_more_for_it(void **state)
{
	(void)state;
	warm();
	with((struct fault){.kind = FAULT_DROP, .below = "example.com."});
	struct question *q = world_ask(w, "a.ent.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
	assert_true(network_sent(&w->network, NULL, "ent.example.com.", TYPE_A) <= 2);
	assert_sent_at_most(w, 16);
}

// Load balancers that know A alone.
static void servers_that_fail_for_one_type_serve_the_others(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_SERVFAIL, FAULT_REFUSED, FAULT_DROP,
						FAULT_FORMERR};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		start_common(state);
		warm();
		with((struct fault){.kind = kinds[i], .below = "example.com.", .type = TYPE_AAAA});
		for (int k = 0; k < 5; k++) {
			char name[40];
			snprintf(name, sizeof(name), "n%d.wild.example.com.", k);
			assert_int_equal(world_ask(w, name, TYPE_AAAA, ASK_DO)->reply->rcode,
					 RCODE_SERVFAIL);
			struct question *q = world_ask(w, name, TYPE_A, ASK_DO);
			assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
			assert_true(q->done_us - q->asked_us < 1000000);
		}
		end_world(state);
	}
}

static void one_server_that_fails_for_one_type_costs_one_question(void **state)
{
	(void)state;
	warm();
	with((struct fault){.kind = FAULT_SERVFAIL, .server = PROVIDER_A, .type = TYPE_AAAA});
	for (int k = 0; k < 10; k++) {
		char name[40];
		snprintf(name, sizeof(name), "n%d.wild.example.com.", k);
		assert_answer(world_ask(w, name, TYPE_AAAA, ASK_DO), RCODE_NOERROR, true, EDE_NONE);
	}
	assert_sent_at_most(w, 22);
}

// RFC 8767 §4: what was not for keeping is not for keeping longer.
static void ttl_zero_is_never_stale(void **state)
{
	(void)state;
	assert_answer(world_ask(w, "zero.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	with((struct fault){.kind = FAULT_DROP, .below = "example.com."});
	assert_answer(world_ask(w, "zero.example.com.", TYPE_A, ASK_DO), RCODE_SERVFAIL, false,
		      EDE_NO_REACHABLE_AUTHORITY);
}

// RFC 6672 §2.2, §3.1
static void a_dname_that_makes_too_long_a_name_is_yxdomain(void **state)
{
	static const char label[] = "a23456789012345678901234567890123456789012345678901234567890."
				    "b23456789012345678901234567890123456789012345678901234567890";
	char text[400], name[300];

	(void)state;
	begin();
	snprintf(text, sizeof(text), "old.example.com. 300 IN DNAME %s.new.example.com.\n", label);
	world_add(w, &(struct world_zone){.apex = "example.com.",
					  .servers = "ns1.example.com.=" PROVIDER_A,
					  .text = text});
	world_start(w);
	assert_int_equal(world_ask(w, "x.old.example.com.", TYPE_A, ASK_DO)->reply->rcode,
			 RCODE_NXDOMAIN);
	snprintf(name, sizeof(name), "%s.old.example.com.", label);
	for (int i = 0; i < 2; i++) {
		struct question *q = world_ask(w, name, TYPE_A, ASK_DO);
		assert_int_equal(q->reply->rcode, RCODE_YXDOMAIN);
		assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_DNAME), 1);
		assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_CNAME), 0);
	}
}

// The same to whoever asks first, with whatever led there.
static void yxdomain_carries_the_links_that_led_to_it(void **state)
{
	static const char label[] = "a23456789012345678901234567890123456789012345678901234567890."
				    "b23456789012345678901234567890123456789012345678901234567890";
	char text[800], name[300];

	for (int is_unsigned = 0; is_unsigned < 2; is_unsigned++) {
		for (unsigned flags = 0; flags <= ASK_DO; flags += ASK_DO) {
			begin();
			snprintf(text, sizeof(text),
				 "old.example.com. 300 IN DNAME %s.new.example.com.\n"
				 "alias.example.com. 300 IN CNAME %s.old.example.com.\n",
				 label, label);
			world_add(w, &(struct world_zone){.apex = "example.com.",
							  .servers = "ns1.example.com.=" PROVIDER_A,
							  .text = text,
							  .options = {.unsigned_ = is_unsigned}});
			world_start(w);
			snprintf(name, sizeof(name), "%s.old.example.com.", label);
			for (int i = 0; i < 4; i++) {
				struct question *q = world_ask(
					w, i < 2 ? name : "alias.example.com.", TYPE_A, flags);
				assert_int_equal(q->reply->rcode, RCODE_YXDOMAIN);
				assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_DNAME),
						 1);
				assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_CNAME),
						 i >= 2);
			}
			end_world(state);
		}
	}
}

static void types_of_dnssec_can_be_asked_for(void **state)
{
	static const struct {
		const char *name;
		uint16_t type;
		unsigned count;
	} rows[] = {
		{".", TYPE_DS, 0},
		{".", TYPE_DNSKEY, 1},
		{"com.", TYPE_DS, 1},
		{"example.com.", TYPE_DNSKEY, 1},
		{"example.com.", TYPE_DS, 1},
		{"www.example.com.", TYPE_NSEC, 1},
		{"www.example.com.", TYPE_DS, 0},
		{"www.example.com.", TYPE_DNSKEY, 0},
		{"www.example.com.", TYPE_NSEC3, 0},
		{"example.com.", TYPE_NSEC3PARAM, 0},
	};

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct question *q = world_ask(w, rows[i].name, rows[i].type, ASK_DO);
			assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
			assert_int_equal(question_count_of(q, SECTION_ANSWER, rows[i].type) > 0,
					 rows[i].count > 0);
		}
	}
}

// ---- records ----

static void add_line_to_answer(const struct network_query *query, enum section section,
			       struct builder *b, void *arg)
{
	(void)query;
	if (section == SECTION_ANSWER)
		add(b, section, arg);
}

// RFC 2181 §5, RFC 4034 §6.3: an RRset has each record once, and so it was signed.
static void a_record_that_comes_twice_counts_once(void **state)
{
	static char twice[] = "www.example.com. 300 IN A 192.0.2.80";

	(void)state;
	warm();
	with((struct fault){.name = "www.example.com.",
			    .type = TYPE_A,
			    .decorate = add_line_to_answer,
			    .hook_arg = twice});
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_A), 1);
}

// RFC 2181 §5.2
static void an_rrset_of_different_ttls_lives_as_long_as_the_least(void **state)
{
	static char shorter[] = "www.plain.org. 40 IN A 192.0.2.99";

	(void)state;
	warm();
	with((struct fault){.name = "www.plain.org.",
			    .type = TYPE_A,
			    .decorate = add_line_to_answer,
			    .hook_arg = shorter});
	struct question *q = world_ask(w, "www.plain.org.", TYPE_A, 0);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_A), 2);
	assert_true(q->reply->sections[SECTION_ANSWER].rrsets[0]->ttl_s <= 40);
	network_forget_log(&w->network);
	world_advance(w, 41000);
	world_ask(w, "www.plain.org.", TYPE_A, 0);
	assert_sent(w, 1);
}

// RFC 3597
static void types_that_nobody_knows_are_types_like_others(void **state)
{
	(void)state;
	begin();
	world_add(w,
		  &(struct world_zone){.apex = "example.com.",
				       .servers = "ns1.example.com.=" PROVIDER_A,
				       .text = "www.example.com. 300 IN TYPE65400 \\# 3 010203\n"});
	world_start(w);
	struct question *q = world_ask(w, "www.example.com.", 65400, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, 65400), 1);
	assert_answer(world_ask(w, "www.example.com.", 65401, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	assert_cached(w, "www.example.com.", 65401, ENTRY_NODATA, SECURITY_SECURE);
}

// Minimised, the question is for the alias itself; it says nothing about what is below it.
static void below_an_alias_there_is_nothing_but_what_its_zone_says(void **state)
{
	(void)state;
	struct question *q = world_ask(w, "x.alias.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NXDOMAIN, true, EDE_NONE);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_CNAME), 0);
	q = world_ask(w, "x.back.plain.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NXDOMAIN, false, EDE_NONE);
	assert_address(world_ask(w, "alias.example.com.", TYPE_A, 0), "192.0.2.80");
}

static void name_its_servers(const struct network_query *query, enum section section,
			     struct builder *b, void *arg)
{
	(void)query, (void)arg;
	if (section == SECTION_AUTHORITY)
		add(b, section, "plain.org. 300 IN NS ns1.plain.org.");
}

// RFC 2308 §2.2, type 3: authoritative, with NS records and without SOA.
static void nodata_may_come_with_name_servers_only(void **state)
{
	(void)state;
	warm();
	with((struct fault){.name = "www.plain.org.",
			    .type = TYPE_TXT,
			    .replace = name_its_servers,
			    .flags = FLAG_AA});
	struct question *q = world_ask(w, "www.plain.org.", TYPE_TXT, 0);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_int_equal(q->reply->sections[SECTION_ANSWER].count, 0);
	assert_sent(w, 1);
}

// ---- forwarders ----

static void begin_forwarded(const char *second)
{
	begin();
	add_example(w);
	add_plain(w);
	world_route(w, ".", true, second == NULL ? FORWARDER_1 : FORWARDER_1 " " FORWARDER_2);
	world_start(w);
	world_serve_all(w, FORWARDER_1);
	if (second != NULL)
		world_serve_all(w, second);
	network_forget_log(&w->network);
}

static void assert_only_forwarders_asked(void)
{
	assert_int_equal(network_sent(&w->network, FORWARDER_1, NULL, 0) +
				 network_sent(&w->network, FORWARDER_2, NULL, 0),
			 network_sent(&w->network, NULL, NULL, 0));
}

static void what_a_forwarder_says_is_validated(void **state)
{
	(void)state;
	begin_forwarded(NULL);
	with((struct fault){.kind = FAULT_CACHE, .server = FORWARDER_1});
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	assert_answer(world_ask(w, "nope.example.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
	assert_answer(world_ask(w, "www.plain.org.", TYPE_A, ASK_DO), RCODE_NOERROR, false,
		      EDE_NONE);
	struct question *q = world_ask(w, "away.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_order(q);
	assert_address(q, "192.0.2.90");
	assert_only_forwarders_asked();
	with((struct fault){.kind = FAULT_STRIP, .server = FORWARDER_1});
	assert_answer(world_ask(w, "n1.wild.example.com.", TYPE_A, ASK_DO), RCODE_SERVFAIL, false,
		      EDE_RRSIGS_MISSING);
	assert_not_cached(w, "n1.wild.example.com.", TYPE_A);
}

static void forwarders_stand_in_for_one_another(void **state)
{
	static const enum fault_kind kinds[] = {
		FAULT_DROP,      FAULT_SERVFAIL, FAULT_REFUSED,         FAULT_FORMERR,
		FAULT_MALFORMED, FAULT_STRIP,    FAULT_TRUNCATE_ALWAYS, FAULT_UNREACHABLE,
		FAULT_BOGUS,
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		begin_forwarded(FORWARDER_2);
		with((struct fault){.kind = kinds[i], .server = FORWARDER_1});
		for (int k = 0; k < 5; k++) {
			char name[40];
			snprintf(name, sizeof(name), "n%d.wild.example.com.", k);
			struct question *q = world_ask(w, name, TYPE_A, ASK_DO);
			assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
			assert_true(q->done_us - q->asked_us < 3000000);
		}
		assert_only_forwarders_asked();
		end_world(state);
	}
}

// ---- referrals ----

static void refer_deeper(const struct network_query *query, enum section section, struct builder *b,
			 void *arg)
{
	char zone[NAME_TEXT_MAX], line[2 * NAME_TEXT_MAX];
	unsigned *depth = arg;

	if (section == SECTION_AUTHORITY && *depth < name_labels(query->name) - 2)
		(*depth)++;
	const uint8_t *cut = name_ancestor(query->name, 2 + *depth);
	snprintf(line, sizeof(line), "%s 300 IN NS ns.plain.org.", name_to_text(cut, zone));
	if (section == SECTION_AUTHORITY)
		add(b, section, line);
}

// Each of them leads on to the same servers.
static void referrals_that_lead_ever_deeper_end(void **state)
{
	unsigned depth = 0;

	(void)state;
	warm();
	with((struct fault){
		.below = "deep.plain.org.", .replace = refer_deeper, .hook_arg = &depth});
	struct question *q =
		world_ask(w, "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.deep.plain.org.", TYPE_A, ASK_DO);
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_sent_at_most(w, 60);
	assert_address(world_ask(w, "www.plain.org.", TYPE_A, 0), "192.0.2.90");
}

static void refer_to_itself(const struct network_query *query, enum section section,
			    struct builder *b, void *arg)
{
	(void)query, (void)arg;
	if (section == SECTION_AUTHORITY)
		add(b, section, "plain.org. 300 IN NS ns1.plain.org.");
}

static void a_referral_to_the_zone_itself_is_lame(void **state)
{
	(void)state;
	warm();
	with((struct fault){.server = "192.0.2.20", .replace = refer_to_itself});
	struct question *q = world_ask(w, "www.plain.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_sent_at_most(w, 2);
}

// ---- glue that a referral lacks ----

static const char *const com_servers[] = {"192.5.6.30", "198.51.101.30"};

static void begin_lost(void)
{
	begin();
	world_add(w, &(struct world_zone){.apex = "lost.com.",
					  .servers = "ns.lost.com.=" PROVIDER_C,
					  .text = "www.lost.com. 300 IN A 192.0.2.75\n",
					  .no_glue = true});
	world_start(w);
}

static void at_com(network_hook replace, uint16_t flags)
{
	for (size_t i = 0; i < 2; i++)
		with((struct fault){.server = com_servers[i],
				    .name = "ns.lost.com.",
				    .type = TYPE_A,
				    .replace = replace,
				    .flags = flags});
}

static void give_glue(const struct network_query *query, enum section section, struct builder *b,
		      void *arg)
{
	(void)query, (void)arg;
	if (section == SECTION_AUTHORITY)
		add(b, section, "lost.com. 300 IN NS ns.lost.com.");
	if (section == SECTION_ADDITIONAL)
		add(b, section, "ns.lost.com. 300 IN A " PROVIDER_C);
}

static void give_glue_as_answer(const struct network_query *query, enum section section,
				struct builder *b, void *arg)
{
	(void)query, (void)arg;
	if (section == SECTION_ANSWER)
		add(b, section, "ns.lost.com. 300 IN A " PROVIDER_C);
	if (section == SECTION_AUTHORITY)
		add(b, section, "lost.com. 300 IN NS ns.lost.com.");
}

static void missing_glue_is_asked_of_who_sent_the_referral(void **state)
{
	static const struct {
		network_hook replace;
		uint16_t flags;
	} rows[] = {{give_glue, 0}, {give_glue_as_answer, 0}, {give_glue_as_answer, FLAG_AA}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin_lost();
		at_com(rows[i].replace, rows[i].flags);
		struct question *q = world_ask(w, "www.lost.com.", TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		assert_address(q, "192.0.2.75");
		// Glue is no answer: the zone itself has one.
		assert_answer(world_ask(w, "ns.lost.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
			      EDE_NONE);
		assert_cached(w, "ns.lost.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
		end_world(state);
	}
}

static void tell_and_say_no_more(const struct network_query *query, enum section section,
				 struct builder *b, void *arg)
{
	(void)query, (void)arg;
	if (section == SECTION_ANSWER)
		add(b, section, "ns.lost.com. 300 IN A 203.0.113.66");
}

static void glue_without_its_referral_is_nothing(void **state)
{
	(void)state;
	begin_lost();
	at_com(tell_and_say_no_more, FLAG_AA);
	assert_answer(world_ask(w, "ns.lost.com.", TYPE_A, ASK_DO), RCODE_SERVFAIL, false,
		      EDE_NO_REACHABLE_AUTHORITY);
	assert_not_cached(w, "ns.lost.com.", TYPE_A);
	assert_int_equal(network_sent(&w->network, "203.0.113.66", NULL, 0), 0);
}

static void glue_that_nobody_has_costs_few_questions(void **state)
{
	(void)state;
	begin_lost();
	struct question *q = world_ask(w, "www.lost.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
	assert_true(q->done_us - q->asked_us < 1000000);
	assert_sent_at_most(w, 8);
}

// A path that turns slow all at once: an uplink that fills up, a machine that was paused. Round trips
// learnt before are worth nothing then. One provider is away, too.
static void a_path_that_turns_slow_at_once_costs_no_answer(void **state)
{
	(void)state;
	begin();
	add_example(w);
	add_plain(w);
	world_start(w);
	for (unsigned i = 0; i < 20; i++) {
		char name[40];
		snprintf(name, sizeof(name), "w%u.wild.example.com.", i);
		assert_address(world_ask(w, name, TYPE_A, 0), "192.0.2.81");
		assert_address(world_ask(w, "www.plain.org.", TYPE_A, 0), "192.0.2.90");
	}
	with((struct fault){.kind = FAULT_DROP, .server = PROVIDER_A});
	with((struct fault){.kind = FAULT_DELAY, .delay_ms = 400});
	static struct question *asked[2000];
	for (unsigned i = 0; i < 1000; i++) {
		char name[40];
		snprintf(name, sizeof(name), "s%u.wild.example.com.", i);
		asked[2 * i] = world_ask_later(w, name, TYPE_A, 0);
		snprintf(name, sizeof(name), "s%u.plain.org.", i);
		asked[2 * i + 1] = world_ask_later(w, name, TYPE_A, 0);
		world_advance(w, 5);
	}
	world_run(w);
	unsigned failed = 0;
	for (unsigned i = 0; i < 1000; i++) {
		failed += (asked[2 * i]->reply->flags & 15) != RCODE_NOERROR;
		failed += (asked[2 * i + 1]->reply->flags & 15) != RCODE_NXDOMAIN;
	}
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(a_path_that_turns_slow_at_once_costs_no_answer),
		scenario_common(a_minimised_name_that_is_dropped_means_one_try_with_the_full_name),
		scenario_common(servers_that_drop_everything_are_asked_no_more_for_it),
		cmocka_unit_test(servers_that_fail_for_one_type_serve_the_others),
		scenario_common(one_server_that_fails_for_one_type_costs_one_question),
		scenario_common(ttl_zero_is_never_stale),
		scenario(a_dname_that_makes_too_long_a_name_is_yxdomain),
		cmocka_unit_test(yxdomain_carries_the_links_that_led_to_it),
		scenario_common(types_of_dnssec_can_be_asked_for),
		scenario_common(a_record_that_comes_twice_counts_once),
		scenario_common(an_rrset_of_different_ttls_lives_as_long_as_the_least),
		scenario(types_that_nobody_knows_are_types_like_others),
		scenario_common(below_an_alias_there_is_nothing_but_what_its_zone_says),
		scenario_common(nodata_may_come_with_name_servers_only),
		scenario(what_a_forwarder_says_is_validated),
		cmocka_unit_test(forwarders_stand_in_for_one_another),
		scenario_common(referrals_that_lead_ever_deeper_end),
		scenario_common(a_referral_to_the_zone_itself_is_lame),
		cmocka_unit_test(missing_glue_is_asked_of_who_sent_the_referral),
		scenario(glue_without_its_referral_is_nothing),
		scenario(glue_that_nobody_has_costs_few_questions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
