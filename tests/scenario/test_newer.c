// What is newer ends what is older (ATTACKS B16, RFC 8767 §4): what servers have denied or changed
// since does not come back when they fall silent, however that answer was given.
#include "tests/scenario/zones.h"

#define SERVER "192.0.2.30"

static const char *const signings[] = {"NSEC", "NSEC3", "unsigned"};

static void begin_zone(size_t signing)
{
	w = world_new();
	w->denial = true;
	world_add_tlds(w);
	world_add(w, &(struct world_zone){
			     .apex = "example.org.",
			     .servers = "ns.example.org.=" SERVER,
			     .text = "gone.example.org. 5 IN A 192.0.2.70\n"
				     "less.example.org. 5 IN A 192.0.2.71\n"
				     "less.example.org. 5 IN TXT \"x\"\n"
				     "alias.example.org. 5 IN CNAME other.example.org.\n"
				     "a.b.example.org. 5 IN A 192.0.2.72\n"
				     "other.example.org. 5 IN A 192.0.2.73\n"
				     "to0.example.org. 5 IN A 192.0.2.74\n",
			     .negative_ttl_s = 2,
			     .options = {.unsigned_ = signing == 2, .nsec3 = signing == 1}});
	world_start(w);
}

static void change(const char *text)
{
	world_zone(w, "example.org.")->text = text;
	world_roll(w, "example.org.", !world_zone(w, "example.org.")->options.unsigned_);
}

static const char *const old_names[] = {"gone.example.org.", "less.example.org.",
					"alias.example.org.", "a.b.example.org.",
					"to0.example.org."};
#define OLD_COUNT (sizeof(old_names) / sizeof(old_names[0]))

static void ask_all(void)
{
	for (size_t i = 0; i < OLD_COUNT; i++)
		assert_int_equal(world_ask(w, old_names[i], TYPE_A, ASK_DO)->reply->rcode,
				 RCODE_NOERROR);
}

static const char *const texts_after = "less.example.org. 5 IN TXT \"x\"\n"
				       "alias.example.org. 5 IN TXT \"x\"\n"
				       "to0.example.org. 0 IN A 192.0.2.99\n";

// None of the old addresses, whoever asks, and however long it takes.
static unsigned count_revived(const char *signing)
{
	static const char *const old[] = {"192.0.2.70", "192.0.2.71", "192.0.2.72", "192.0.2.73",
					  "192.0.2.74"};
	unsigned revived = 0;

	for (size_t i = 0; i < OLD_COUNT; i++) {
		const struct question *q = world_ask(w, old_names[i], TYPE_A, ASK_DO);
		const char *data = question_data(q, TYPE_A, 0);
		for (size_t k = 0; k < sizeof(old) / sizeof(old[0]); k++) {
			if (strcmp(data, old[k]) != 0)
				continue;
			print_message("%s, %s: %s is back\n", signing, old_names[i], data);
			revived++;
		}
	}
	return revived;
}

static void b16_what_was_denied_since_does_not_come_back(void **state)
{
	unsigned revived = 0;

	(void)state;
	for (size_t signing = 0; signing < 3; signing++) {
		begin_zone(signing);
		ask_all();
		world_advance(w, 6000);
		change(texts_after);
		for (size_t i = 0; i < OLD_COUNT; i++)
			assert_int_equal(
				question_count_of(world_ask(w, old_names[i], TYPE_A, ASK_DO),
						  SECTION_ANSWER, TYPE_A),
				i == OLD_COUNT - 1);
		world_advance(w, 4000);
		with((struct fault){.kind = FAULT_DROP, .server = SERVER});
		revived += count_revived(signings[signing]);
		world_advance(w, 60000);
		revived += count_revived(signings[signing]);
		end_world(NULL);
	}
	assert_int_equal(revived, 0);
}

// What was said of another type, or of a name above, denies the name itself.
static void b16_nor_what_was_denied_with_another_type_or_a_name_above(void **state)
{
	(void)state;
	for (size_t signing = 0; signing < 2; signing++) {
		begin_zone(signing);
		ask_all();
		world_advance(w, 6000);
		change(texts_after);
		assert_int_equal(world_ask(w, "gone.example.org.", TYPE_MX, 0)->reply->rcode,
				 RCODE_NXDOMAIN);
		assert_int_equal(world_ask(w, "a.b.example.org.", TYPE_MX, 0)->reply->rcode,
				 RCODE_NXDOMAIN);
		world_advance(w, 4000);
		with((struct fault){.kind = FAULT_DROP, .server = SERVER});
		assert_int_equal(question_count_of(world_ask(w, "gone.example.org.", TYPE_A, 0),
						   SECTION_ANSWER, TYPE_A),
				 0);
		assert_int_equal(question_count_of(world_ask(w, "a.b.example.org.", TYPE_A, 0),
						   SECTION_ANSWER, TYPE_A),
				 0);
		end_world(NULL);
	}
}

// Nobody has asked for it since, but it was proven that there is nothing below a name above it.
static void b16_nor_what_lies_below_a_name_that_was_denied_by_value(void **state)
{
	(void)state;
	begin_zone(0);
	ask_all();
	world_advance(w, 6000);
	change(texts_after);
	assert_answer(world_ask(w, "b.example.org.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
	assert_not_cached(w, "b.example.org.", 0);
	world_advance(w, 4000);
	with((struct fault){.kind = FAULT_DROP, .server = SERVER});
	struct question *q = world_ask(w, "a.b.example.org.", TYPE_A, 0);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_A), 0);
}

// RFC 8020 §2: within their TTL data may be given below a name that has been denied since, but not
// to a client who has been told that there is no such name, whatever type that was asked for.
static void b16_data_end_once_their_name_is_denied_from_above(void **state)
{
	static const char *const changes[] = {
		"less.example.org. 5 IN TXT \"x\"\n",
		"b.example.org. 5 IN DNAME less.example.org.\n"
		"less.example.org. 5 IN TXT \"x\"\n",
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		begin_zone(i % 2);
		ask_all();
		// So that its denial, in the place of that, is kept.
		world_ask(w, "b.example.org.", TYPE_A, 0);
		world_advance(w, 3000);
		change(changes[i / 2]);
		world_ask(w, i < 2 ? "b.example.org." : "x.b.example.org.", TYPE_MX, 0);
		assert_cached(w, "b.example.org.", i < 2 ? 0 : TYPE_DNAME,
			      i < 2 ? ENTRY_NXDOMAIN : ENTRY_DNAME, SECURITY_SECURE);
		assert_string_equal(
			question_data(world_ask(w, "a.b.example.org.", TYPE_A, ASK_DO), TYPE_A, 0),
			"192.0.2.72");
		for (size_t k = 0; k < 3; k++) {
			const uint16_t type = k < 2 ? TYPE_MX : TYPE_A;
			struct question *q = world_ask(w, "a.b.example.org.", type, ASK_DO);
			assert_int_equal(q->reply->rcode, RCODE_NXDOMAIN);
			assert_true(q->reply->flags & FLAG_AD);
		}
		end_world(NULL);
	}
}

// Nor does a wildcard, within its TTL still, make the name again once it is back: its data are
// older than the denial.
static void b16_nor_does_an_older_wildcard_make_a_name_that_was_denied(void **state)
{
	(void)state;
	for (size_t signing = 0; signing < 2; signing++) {
		begin_zone(signing);
		change("*.b.example.org. 300 IN A 192.0.2.72\n");
		assert_address(world_ask(w, "w.b.example.org.", TYPE_A, ASK_DO), "192.0.2.72");
		change("less.example.org. 5 IN TXT \"x\"\n");
		assert_answer(world_ask(w, "x.b.example.org.", TYPE_MX, ASK_DO), RCODE_NXDOMAIN,
			      true, EDE_NONE);
		world_advance(w, 3000);
		change("*.b.example.org. 300 IN A 192.0.2.99\n");
		assert_answer(world_ask(w, "y.b.example.org.", TYPE_MX, ASK_DO), RCODE_NOERROR,
			      true, EDE_NONE);
		assert_address(world_ask(w, "x.b.example.org.", TYPE_A, ASK_DO), "192.0.2.99");
		end_world(NULL);
	}
}

// What the zone above says of a name, with a wildcard or that it is not there, is over when a zone
// begins in between, signed or not.
static void b16_a_zone_that_begins_ends_what_the_one_above_said(void **state)
{
	static const char *const wildcards[] = {"", "*.example.org. 300 IN A 192.0.2.77\n"};

	(void)state;
	for (int i = 0; i < 4; i++) {
		w = world_new();
		w->config.qname_minimisation = false;
		world_add_tlds(w);
		world_add(w, &(struct world_zone){.apex = "example.org.",
						  .servers = "ns.example.org.=" SERVER,
						  .text = wildcards[i % 2]});
		world_add(w, &(struct world_zone){
				     .apex = "late.example.org.",
				     .servers = "ns.late.example.org.=192.0.2.31",
				     .text = "www.late.example.org. 300 IN A 192.0.2.80\n"
					     "other.late.example.org. 300 IN A 192.0.2.81\n",
				     .options = {.unsigned_ = i / 2 == 1}});
		world_start(w);
		world_undelegate(w, "late.example.org.");
		for (int k = 0; k < 2; k++)
			assert_answer(world_ask(w, "www.late.example.org.", TYPE_A, ASK_DO),
				      i % 2 ? RCODE_NOERROR : RCODE_NXDOMAIN, true, EDE_NONE);
		world_roll(w, "example.org.", true);
		world_advance(w, 301000);
		assert_address(world_ask(w, "other.late.example.org.", TYPE_A, ASK_DO),
			       "192.0.2.81");
		with((struct fault){.kind = FAULT_DROP, .server = "192.0.2.31"});
		struct question *q = world_ask(w, "www.late.example.org.", TYPE_A, ASK_DO);
		assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
		end_world(NULL);
	}
}

// A NXDOMAIN in the place of data is kept, and holds while the servers are silent.
static void a_denial_in_the_place_of_data_is_kept(void **state)
{
	(void)state;
	begin_zone(0);
	ask_all();
	world_advance(w, 6000);
	change(texts_after);
	assert_answer(world_ask(w, "gone.example.org.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
	assert_cached(w, "gone.example.org.", 0, ENTRY_NXDOMAIN, SECURITY_SECURE);
	world_ask(w, "never.example.org.", TYPE_A, 0);
	assert_not_cached(w, "never.example.org.", 0);
	world_advance(w, 4000);
	with((struct fault){.kind = FAULT_DROP, .server = SERVER});
	struct question *q = world_ask(w, "gone.example.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NXDOMAIN, false, EDE_STALE_NXDOMAIN_ANSWER);
}

// What did not validate, or was asked for with CD=1, or comes out of cached denial, ends nothing.
static void b16_unproven_answers_end_nothing(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_BOGUS, FAULT_UNKNOWN_KEY, FAULT_EXPIRED,
						FAULT_NXDOMAIN, FAULT_STRIP};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		begin_zone(0);
		ask_all();
		world_advance(w, 6000);
		with((struct fault){.kind = kinds[i], .server = SERVER});
		world_ask(w, "gone.example.org.", TYPE_A, ASK_DO | ASK_CD);
		world_ask(w, "gone.example.org.", TYPE_A, ASK_DO);
		network_heal(&w->network);
		with((struct fault){.kind = FAULT_DROP, .server = SERVER});
		world_advance(w, 70000);
		struct question *q = world_ask(w, "gone.example.org.", TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, false, EDE_STALE_ANSWER);
		assert_address(q, "192.0.2.70");
		end_world(NULL);
	}
}

static struct rrset *soa_by_value;

static const struct rrset *soa_of_no_time(const struct network_query *query, enum section section,
					  const struct rrset *rrset, void *arg)
{
	(void)query;
	(void)section;
	(void)arg;
	if (rrset->type != TYPE_SOA)
		return rrset;
	rrset_free(soa_by_value);
	soa_by_value = rrset_clone(rrset);
	soa_by_value->ttl_s = 0;
	return soa_by_value;
}

// An older address of a.b.example.org. while its server is silent, after b.example.org. was denied
// with a TTL of 0.
static const char *old_below(enum fault_kind kind)
{
	with((struct fault){.kind = kind, .name = "b.example.org.", .rewrite = soa_of_no_time});
	world_ask(w, "b.example.org.", TYPE_A, 0);
	assert_not_cached(w, "b.example.org.", 0);
	world_advance(w, 4000);
	with((struct fault){.kind = FAULT_DROP, .server = SERVER});
	return question_data(world_ask(w, "a.b.example.org.", TYPE_A, 0), TYPE_A, 0);
}

// RFC 8020 §2 is for what was proven, and by the RCODE and the proof alike.
static void what_lies_below_a_name_that_was_not_denied_for_good_stays(void **state)
{
	static const struct signer_zone_options options[] = {
		{.unsigned_ = true},
		{.unsigned_ = true},
		{.nsec3 = true, .params = {.opt_out = true}},
		{.nsec3 = true}};
	// With and without a SOA; by opt-out; with the proof of NODATA.
	static const enum fault_kind kinds[] = {FAULT_NXDOMAIN, FAULT_NONE, FAULT_NONE,
						FAULT_OTHER_RCODE};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		begin();
		world_add(w, &(struct world_zone){.apex = "example.org.",
						  .servers = "ns.example.org.=" SERVER,
						  .text = "a.b.example.org. 5 IN A 192.0.2.72\n",
						  .options = options[i]});
		world_start(w);
		world_ask(w, "a.b.example.org.", TYPE_A, 0);
		world_advance(w, 6000);
		if (i > 0)
			change("other.example.org. 5 IN A 192.0.2.73\n");
		assert_string_equal(old_below(kinds[i]), "192.0.2.72");
		end_world(NULL);
	}
	// The control: with all of that it ends.
	begin_zone(1);
	ask_all();
	world_advance(w, 6000);
	change(texts_after);
	assert_string_not_equal(old_below(FAULT_NONE), "192.0.2.72");
	rrset_free(soa_by_value);
	soa_by_value = NULL;
}

// What a drill may have spoilt is evidence of nothing.
static void b16_what_came_through_a_drill_ends_nothing(void **state)
{
	(void)state;
	for (int drilled = 0; drilled < 2; drilled++) {
		begin_zone(2);
		ask_all();
		world_advance(w, 6000);
		change("to0.example.org. 0 IN A 192.0.2.99\n"
		       "b.example.org. 0 IN DNAME other.example.org.\n");
		if (drilled)
			assert_true(world_drill(w, "--scope upstream:" SERVER
						   " --fault strip-rrsig --for 600"));
		assert_address(world_ask(w, "to0.example.org.", TYPE_A, 0), "192.0.2.99");
		assert_int_equal(world_ask(w, "a.b.example.org.", TYPE_A, 0)->reply->rcode,
				 RCODE_NXDOMAIN);
		if (drilled)
			assert_true(drill_host_stop(w->drills));
		world_advance(w, 4000);
		with((struct fault){.kind = FAULT_DROP, .server = SERVER});
		bool value = strcmp(question_data(world_ask(w, "to0.example.org.", TYPE_A, 0),
						  TYPE_A, 0),
				    "192.0.2.74") == 0;
		bool below = strcmp(question_data(world_ask(w, "a.b.example.org.", TYPE_A, 0),
						  TYPE_A, 0),
				    "192.0.2.72") == 0;
		assert_int_equal(value, drilled);
		assert_int_equal(below, drilled);
		end_world(NULL);
	}
}

// The answer to a question of before comes after that to one of now.
static void b16_a_late_reply_does_not_bring_back_what_was_denied(void **state)
{
	(void)state;
	begin_zone(2);
	for (size_t i = 0; i < w->network.server_count; i++)
		w->network.servers[i].rtt_us = 100000;
	for (size_t i = 0; i < OLD_COUNT; i++)
		world_ask(w, old_names[i], TYPE_MX, 0);
	with((struct fault){.kind = FAULT_DELAY,
			    .server = SERVER,
			    .name = "gone.example.org.",
			    .type = TYPE_A,
			    .delay_ms = 20});
	struct question *late = world_ask_later(w, "gone.example.org.", TYPE_A, 0);
	world_advance(w, 10); // on its way, with the old data
	with((struct fault){.kind = FAULT_NXDOMAIN,
			    .server = SERVER,
			    .name = "gone.example.org.",
			    .type = TYPE_TXT});
	assert_int_equal(world_ask_later(w, "gone.example.org.", TYPE_TXT, 0) != NULL, 1);
	world_run(w);
	assert_int_equal(late->reply->rcode, RCODE_NOERROR);
	assert_true(late->done_us - late->asked_us > 110000);
	assert_not_cached(w, "gone.example.org.", TYPE_A);
}

// A record that denies it came after it, whoever that was asked for, and although it has ended
// since.
static void b16_nor_what_a_record_has_denied_that_has_ended(void **state)
{
	(void)state;
	begin_zone(0);
	ask_all();
	world_advance(w, 6000);
	change(texts_after);
	assert_answer(world_ask(w, "go.example.org.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
	world_advance(w, 3000);
	with((struct fault){.kind = FAULT_DROP, .server = SERVER});
	assert_int_equal(world_ask(w, "gone.example.org.", TYPE_A, 0)->reply->rcode,
			 RCODE_SERVFAIL);
	// Of what nothing has been said since there are stale data.
	assert_address(world_ask(w, "less.example.org.", TYPE_A, 0), "192.0.2.71");
}

// A name that was denied out of memory for one type is gone for all, also for those whose data have
// time left: no client hears that there is no such name and gets its address thereafter.
static void b16_data_of_a_name_that_cached_denial_denies_are_over(void **state)
{
	(void)state;
	begin_zone(0);
	change("gone.example.org. 300 IN A 192.0.2.70\n");
	assert_address(world_ask(w, "gone.example.org.", TYPE_A, 0), "192.0.2.70");
	change(texts_after);
	assert_int_equal(world_ask(w, "go.example.org.", TYPE_A, 0)->reply->rcode, RCODE_NXDOMAIN);
	network_forget_log(&w->network);
	assert_answer(world_ask(w, "gone.example.org.", TYPE_MX, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_SYNTHESIZED);
	assert_sent(w, 0);
	assert_not_cached(w, "gone.example.org.", TYPE_A);
	assert_int_equal(world_ask(w, "gone.example.org.", TYPE_A, 0)->reply->rcode,
			 RCODE_NXDOMAIN);
}

// A server that lags behind denies what another one has given: what was there a while ago is asked
// for, whatever record denies it.
static void data_that_have_ended_are_asked_for_where_a_record_denies_them(void **state)
{
	(void)state;
	begin_zone(0);
	const char *before = world_zone(w, "example.org.")->text;
	ask_all();
	world_advance(w, 6000);
	change(texts_after);
	assert_int_equal(world_ask(w, "go.example.org.", TYPE_A, 0)->reply->rcode, RCODE_NXDOMAIN);
	change(before);
	network_forget_log(&w->network);
	assert_address(world_ask(w, "gone.example.org.", TYPE_A, ASK_DO), "192.0.2.70");
	assert_true(network_sent(&w->network, SERVER, "gone.example.org.", TYPE_A) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(b16_what_was_denied_since_does_not_come_back),
		scenario(b16_nor_what_was_denied_with_another_type_or_a_name_above),
		scenario(b16_nor_what_lies_below_a_name_that_was_denied_by_value),
		scenario(b16_data_end_once_their_name_is_denied_from_above),
		scenario(b16_nor_does_an_older_wildcard_make_a_name_that_was_denied),
		scenario(b16_a_zone_that_begins_ends_what_the_one_above_said),
		scenario(a_denial_in_the_place_of_data_is_kept),
		scenario(b16_unproven_answers_end_nothing),
		scenario(what_lies_below_a_name_that_was_not_denied_for_good_stays),
		scenario(b16_what_came_through_a_drill_ends_nothing),
		scenario(b16_a_late_reply_does_not_bring_back_what_was_denied),
		scenario(b16_nor_what_a_record_has_denied_that_has_ended),
		scenario(b16_data_of_a_name_that_cached_denial_denies_are_over),
		scenario(data_that_have_ended_are_asked_for_where_a_record_denies_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
