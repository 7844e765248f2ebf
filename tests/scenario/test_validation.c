#include "tests/scenario/zones.h"

static void warm(void)
{
	world_ask(w, "www.example.com.", TYPE_MX, 0);
	network_forget_log(&w->network);
}

static void a_wrong_signature_everywhere_is_servfail_with_its_reason(void **state)
{
	(void)state;
	warm();
	with((struct fault){.kind = FAULT_BOGUS, .name = "www.example.com."});
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_DNSSEC_BOGUS);
	assert_int_equal(q->reply->sections[SECTION_ANSWER].count, 0);
	assert_not_cached(w, "www.example.com.", TYPE_A);
	assert_failure_cached(w, "www.example.com.", TYPE_A, EDE_DNSSEC_BOGUS);
	// Both servers had their say, and their keys were asked for once more at most.
	assert_int_equal(network_sent(&w->network, PROVIDER_A, "www.example.com.", TYPE_A), 1);
	assert_int_equal(network_sent(&w->network, PROVIDER_B, "www.example.com.", TYPE_A), 1);
	assert_sent_at_most(w, 4);
	network_forget_log(&w->network);
	// RFC 9520: held for a second at first, and for longer, up to five.
	world_advance(w, 900);
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, 0), RCODE_SERVFAIL, false,
		      EDE_DNSSEC_BOGUS);
	assert_sent(w, 0);
	for (int i = 0; i < 300; i++) {
		world_advance(w, 1000);
		assert_answer(world_ask(w, "www.example.com.", TYPE_A, 0), RCODE_SERVFAIL, false,
			      EDE_DNSSEC_BOGUS);
	}
	assert_in_range(network_sent(&w->network, NULL, "www.example.com.", TYPE_A), 90, 130);
	network_heal(&w->network);
	world_advance(w, 5100);
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
}

// ATTACKS O3
static void b9_one_server_that_sends_bogus_data_does_no_harm(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_BOGUS, FAULT_UNKNOWN_KEY, FAULT_EXPIRED,
						FAULT_FORGED, FAULT_STRIP};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		start_common(state);
		warm();
		with((struct fault){.kind = kinds[i], .server = PROVIDER_A});
		for (int k = 0; k < 8; k++) {
			char name[40];
			snprintf(name, sizeof(name), "n%d.wild.example.com.", k);
			struct question *q = world_ask(w, name, TYPE_A, ASK_DO);
			assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
			assert_address(q, "192.0.2.81");
			assert_cached(w, name, TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
			assert_no_failure_cached(w, name, TYPE_A);
		}
		assert_sent_at_most(w, 30);
		end_world(state);
	}
}

static void b9_stripped_signatures_everywhere_are_bogus_and_never_insecure(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_STRIP, .below = "example.com.", .server = PROVIDER_A});
	with((struct fault){.kind = FAULT_STRIP, .below = "example.com.", .server = PROVIDER_B});
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_true(q->reply->edns.ede == EDE_RRSIGS_MISSING ||
		    q->reply->edns.ede == EDE_DNSKEY_MISSING ||
		    q->reply->edns.ede == EDE_DNSSEC_BOGUS);
	assert_not_cached(w, "www.example.com.", TYPE_A);
	assert_sent_at_most(w, 14);
	// Nor a denial out of nothing.
	q = world_ask(w, "nope.example.com.", TYPE_A, ASK_DO);
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_not_cached(w, "nope.example.com.", 0);
}

static void broken_zone(const struct signer_zone_options *options, int ede)
{
	begin();
	world_add(w, &(struct world_zone){.apex = "broken.com.",
					  .servers = "ns.broken.com.=" PROVIDER_A,
					  .text = "www.broken.com. 300 IN A 192.0.2.66\n",
					  .options = *options});
	world_start(w);
	struct question *q = world_ask(w, "www.broken.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_SERVFAIL, false, ede);
	assert_not_cached(w, "www.broken.com.", TYPE_A);
	assert_failure_cached(w, "www.broken.com.", TYPE_A, ede);
	assert_sent_at_most(w, 12);
}

static void an_expired_zone_says_so(void **state)
{
	(void)state;
	broken_zone(
		&(struct signer_zone_options){.signatures = {.inception_s = SIGNER_NOW - 864000,
							     .expiration_s = SIGNER_NOW - 172800}},
		EDE_SIGNATURE_EXPIRED);
}

static void a_zone_signed_in_the_future_says_so(void **state)
{
	(void)state;
	broken_zone(
		&(struct signer_zone_options){.signatures = {.inception_s = SIGNER_NOW + 86400,
							     .expiration_s = SIGNER_NOW + 864000}},
		EDE_SIGNATURE_NOT_YET_VALID);
}

static void a_ds_without_its_dnskey_is_bogus(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){
			     .apex = "broken.com.",
			     .servers = "ns.broken.com.=" PROVIDER_A,
			     .text = "www.broken.com. 300 IN A 192.0.2.66\n",
			     .ds_text = "broken.com. 3600 IN DS 12345 13 2 "
					"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c"
					"1d1e1f\n",
		     });
	world_start(w);
	struct question *q = world_ask(w, "www.broken.com.", TYPE_A, ASK_DO);
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_true(q->reply->edns.ede == EDE_DNSKEY_MISSING ||
		    q->reply->edns.ede == EDE_DNSSEC_BOGUS);
	assert_not_cached(w, "www.broken.com.", TYPE_A);
	assert_sent_at_most(w, 12);
}

static void an_unsigned_child_under_a_ds_is_bogus(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){
			     .apex = "broken.com.",
			     .servers = "ns.broken.com.=" PROVIDER_A,
			     .text = "www.broken.com. 300 IN A 192.0.2.66\n",
			     .ds_text = "broken.com. 3600 IN DS 12345 13 2 "
					"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c"
					"1d1e1f\n",
			     .options = {.unsigned_ = true},
		     });
	world_start(w);
	struct question *q = world_ask(w, "www.broken.com.", TYPE_A, ASK_DO);
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_int_not_equal(q->reply->edns.ede, EDE_NONE);
	assert_not_cached(w, "www.broken.com.", TYPE_A);
	assert_sent_at_most(w, 12);
}

// ATTACKS B6
static void cd_gets_what_did_not_validate_and_nobody_else_does(void **state)
{
	(void)state;
	warm();
	with((struct fault){.kind = FAULT_BOGUS, .name = "www.example.com."});
	struct question *cd = world_ask(w, "www.example.com.", TYPE_A, ASK_DO | ASK_CD);
	assert_answer(cd, RCODE_NOERROR, false, EDE_NONE);
	assert_address(cd, "192.0.2.80");
	assert_true(cd->reply->flags & FLAG_CD);
	assert_not_cached(w, "www.example.com.", TYPE_A);
	network_forget_log(&w->network);
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_DNSSEC_BOGUS);
	assert_int_equal(q->reply->sections[SECTION_ANSWER].count, 0);
	assert_failure_cached(w, "www.example.com.", TYPE_A, EDE_DNSSEC_BOGUS);
	assert_sent(w, 0);
	// And the other way round, also long after what was kept for CD=1 is gone.
	cd = world_ask(w, "www.example.com.", TYPE_A, ASK_CD);
	assert_address(cd, "192.0.2.80");
	assert_sent(w, 0);
	world_advance(w, 40000);
	cd = world_ask(w, "www.example.com.", TYPE_A, ASK_CD);
	assert_answer(cd, RCODE_NOERROR, false, EDE_NONE);
	assert_address(cd, "192.0.2.80");
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, 0), RCODE_SERVFAIL, false,
		      EDE_DNSSEC_BOGUS);
	assert_not_cached(w, "www.example.com.", TYPE_A);
}

// ATTACKS B6, A2
static void cd_and_others_wait_for_one_question_and_get_their_own_answers(void **state)
{
	(void)state;
	warm();
	with((struct fault){.kind = FAULT_BOGUS, .below = "example.com."});
	struct question *plain = world_ask_later(w, "alias.example.com.", TYPE_A, ASK_DO);
	struct question *cd = world_ask_later(w, "alias.example.com.", TYPE_A, ASK_DO | ASK_CD);
	world_run(w);
	assert_answer(plain, RCODE_SERVFAIL, false, EDE_DNSSEC_BOGUS);
	assert_answer(cd, RCODE_NOERROR, false, EDE_NONE);
	assert_order(cd);
	assert_address(cd, "192.0.2.80");
	assert_int_equal(network_sent(&w->network, PROVIDER_A, "alias.example.com.", TYPE_A), 1);
	assert_not_cached(w, "alias.example.com.", TYPE_CNAME);
	assert_not_cached(w, "www.example.com.", TYPE_A);
	assert_sent_at_most(w, 4);
}

static void cd_gets_the_good_answer_when_one_server_has_it(void **state)
{
	(void)state;
	warm();
	with((struct fault){.kind = FAULT_FORGED, .server = PROVIDER_A});
	for (int i = 0; i < 8; i++) {
		char name[40];
		snprintf(name, sizeof(name), "n%d.wild.example.com.", i);
		struct question *cd = world_ask(w, name, TYPE_A, ASK_DO | ASK_CD);
		assert_answer(cd, RCODE_NOERROR, true, EDE_NONE);
		assert_address(cd, "192.0.2.81");
		assert_cached(w, name, TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	}
	assert_true(world_counter(w, "resolver.bogus") >= 1);
	assert_sent_at_most(w, 30);
}

// The keys of a zone that cannot be had keep others waiting to the end.
static void cd_gets_what_came_when_there_is_no_time_left_to_judge_it(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_BOGUS, .below = "example.com.", .server = PROVIDER_A});
	with((struct fault){.kind = FAULT_DROP, .below = "example.com.", .server = PROVIDER_B});
	for (int i = 0; i < 4; i++) {
		char name[40];
		snprintf(name, sizeof(name), "n%d.wild.example.com.", i);
		struct question *q = world_ask_later(w, name, TYPE_A, ASK_DO);
		struct question *cd = world_ask_later(w, name, TYPE_A, ASK_DO | ASK_CD);
		world_run(w);
		assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
		assert_answer(cd, RCODE_NOERROR, false, EDE_NONE);
		assert_address(cd, "192.0.2.81");
		assert_not_cached(w, name, TYPE_A);
		world_advance(w, 9000);
	}
}

static void cd_follows_a_bogus_alias_out_of_its_zone(void **state)
{
	(void)state;
	warm();
	with((struct fault){.kind = FAULT_BOGUS, .name = "away.example.com."});
	struct question *q = world_ask_later(w, "away.example.com.", TYPE_A, ASK_DO);
	struct question *cd = world_ask_later(w, "away.example.com.", TYPE_A, ASK_CD);
	world_run(w);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_DNSSEC_BOGUS);
	assert_answer(cd, RCODE_NOERROR, false, EDE_NONE);
	assert_order(cd);
	assert_address(cd, "192.0.2.90");
	assert_not_cached(w, "away.example.com.", TYPE_CNAME);
	assert_cached(w, "www.plain.org.", TYPE_A, ENTRY_POSITIVE, SECURITY_INSECURE);
	assert_sent_at_most(w, 10);
}

static void keys_that_failed_are_not_asked_for_with_every_name(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){
			     .apex = "broken.com.",
			     .servers = "ns.broken.com.=" PROVIDER_A,
			     .text = "*.broken.com. 300 IN A 192.0.2.66\n",
			     .ds_text = "broken.com. 3600 IN DS 12345 13 2 "
					"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c"
					"1d1e1f\n",
		     });
	world_start(w);
	for (int i = 0; i < 20; i++) {
		char name[40];
		snprintf(name, sizeof(name), "n%d.broken.com.", i);
		assert_int_equal(world_ask(w, name, TYPE_A, 0)->reply->rcode, RCODE_SERVFAIL);
		assert_not_cached(w, name, TYPE_A);
	}
	assert_true(network_sent(&w->network, NULL, "broken.com.", TYPE_DNSKEY) <= 4);
	assert_true(network_sent(&w->network, NULL, "broken.com.", TYPE_DS) <= 2);
}

static void a_good_link_to_a_bogus_one(void **state)
{
	(void)state;
	begin();
	add_example(w);
	world_add(w, &(struct world_zone){.apex = "good.org.",
					  .servers = "ns.good.org.=" PROVIDER_C,
					  .text = "a.good.org. 300 IN CNAME www.example.com.\n"});
	world_start(w);
	with((struct fault){.kind = FAULT_BOGUS, .name = "www.example.com."});
	struct question *q = world_ask_later(w, "a.good.org.", TYPE_A, ASK_DO);
	struct question *cd = world_ask_later(w, "a.good.org.", TYPE_A, ASK_DO | ASK_CD);
	world_run(w);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_DNSSEC_BOGUS);
	assert_answer(cd, RCODE_NOERROR, false, EDE_NONE);
	assert_order(cd);
	assert_address(cd, "192.0.2.80");
	assert_cached(w, "a.good.org.", TYPE_CNAME, ENTRY_CNAME, SECURITY_SECURE);
	assert_not_cached(w, "www.example.com.", TYPE_A);
	assert_sent_at_most(w, 14);
}

static struct rrset *retagged; // the last one that was sent

static const struct rrset *with_another_tag(const struct network_query *query, enum section section,
					    const struct rrset *rrset, void *arg)
{
	struct signer_zone *zone = world_zone(w, "example.com.")->zone;
	const struct signer_options options = {
		.has_tag = true, .tag = (uint16_t)(signer_zone_zsk(zone)->tag ^ 0x5555)};

	(void)query, (void)arg;
	if (section != SECTION_ANSWER)
		return rrset;
	struct rrset *bare = signer_strip(rrset);
	rrset_free(retagged);
	retagged = signer_sign(bare, signer_zone_zsk(zone), text_name("example.com."), &options);
	rrset_free(bare);
	return retagged;
}

// Where no roll is behind it, that ends: once per question.
static void a_key_that_never_comes_is_waited_for_once(void **state)
{
	(void)state;
	warm();
	with((struct fault){.name = "www.example.com.", .rewrite = with_another_tag});
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_DNSKEY_MISSING);
	assert_true(q->done_us - q->asked_us < 2500000);
	assert_true(world_counter(w, "resolver.postponed") <= 1);
	assert_sent_at_most(w, 16);
	network_forget_log(&w->network);
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_SERVFAIL, false,
		      EDE_DNSKEY_MISSING);
	assert_sent(w, 0);
	rrset_free(retagged);
	retagged = NULL;
}

// ---- zone cuts that no referral shows: parent and children on the same servers ----

#define SAME "ns.same.org.=" PROVIDER_C

static void add_same(bool child_signed)
{
	begin();
	world_add(w, &(struct world_zone){.apex = "same.org.",
					  .servers = SAME,
					  .text = "www.same.org. 300 IN A 192.0.2.70\n"});
	world_add(w, &(struct world_zone){.apex = "child.same.org.",
					  .servers = SAME,
					  .text = "www.child.same.org. 300 IN A 192.0.2.71\n",
					  .options = {.unsigned_ = !child_signed}});
	world_start(w);
}

static void a_signed_child_on_its_parents_servers_is_secure(void **state)
{
	(void)state;
	add_same(true);
	struct question *q = world_ask(w, "www.child.same.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_address(q, "192.0.2.71");
	assert_int_equal(network_sent(&w->network, NULL, "child.same.org.", TYPE_DS), 1);
	assert_cached(w, "www.child.same.org.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	assert_sent_at_most(w, 9);
	network_forget_log(&w->network);
	assert_answer(world_ask(w, "nope.child.same.org.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
	assert_sent_at_most(w, 2);
}

static void an_unsigned_child_on_its_parents_servers_is_insecure(void **state)
{
	(void)state;
	add_same(false);
	struct question *q = world_ask(w, "www.child.same.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_address(q, "192.0.2.71");
	assert_cached(w, "www.child.same.org.", TYPE_A, ENTRY_POSITIVE, SECURITY_INSECURE);
	assert_sent_at_most(w, 8);
	q = world_ask(w, "www.same.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	q = world_ask(w, "nope.child.same.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NXDOMAIN, false, EDE_NONE);
}

static void two_cuts_with_an_empty_non_terminal_between(bool signed_)
{
	begin();
	world_add(w, &(struct world_zone){.apex = "same.org.", .servers = SAME});
	world_add(w, &(struct world_zone){.apex = "a.same.org.", .servers = SAME});
	world_add(w, &(struct world_zone){.apex = "c.b.a.same.org.",
					  .servers = SAME,
					  .text = "www.c.b.a.same.org. 300 IN A 192.0.2.72\n",
					  .options = {.unsigned_ = !signed_}});
	world_start(w);
	struct question *q = world_ask(w, "www.c.b.a.same.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, signed_, EDE_NONE);
	assert_address(q, "192.0.2.72");
	assert_cached(w, "www.c.b.a.same.org.", TYPE_A, ENTRY_POSITIVE,
		      signed_ ? SECURITY_SECURE : SECURITY_INSECURE);
	assert_sent_at_most(w, 16);
	q = world_ask(w, "b.a.same.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_cached(w, "b.a.same.org.", TYPE_A, ENTRY_NODATA, SECURITY_SECURE);
}

static void two_signed_cuts_below_one_another_are_found(void **state)
{
	(void)state;
	two_cuts_with_an_empty_non_terminal_between(true);
}

static void an_unsigned_cut_below_a_signed_one_is_found(void **state)
{
	(void)state;
	two_cuts_with_an_empty_non_terminal_between(false);
}

static void ds_is_asked_of_the_parent(void **state)
{
	(void)state;
	struct question *q = world_ask(w, "example.com.", TYPE_DS, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_DS), 1);
	assert_int_equal(network_sent(&w->network, PROVIDER_A, "example.com.", TYPE_DS), 0);
	assert_cached(w, "example.com.", TYPE_DS, ENTRY_POSITIVE, SECURITY_SECURE);
	q = world_ask(w, "plain.org.", TYPE_DS, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_DS), 0);
	assert_cached(w, "plain.org.", TYPE_DS, ENTRY_NODATA, SECURITY_SECURE);
	q = world_ask(w, "example.com.", TYPE_DNSKEY, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_DNSKEY), 2);
	assert_sent_at_most(w, 10);
}

static void a_clock_before_the_build_date_fails_closed_and_recovers(void **state)
{
	(void)state;
	w->clock_untrusted = true;
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_int_not_equal(q->reply->edns.ede, EDE_NONE);
	assert_not_cached(w, "www.example.com.", TYPE_A);
	assert_sent_at_most(w, 6);
	w->clock_untrusted = false;
	world_advance(w, 1100);
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
}

static void keys_that_cannot_be_fetched_are_nobodys_forgery(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_DROP, .name = "example.com.", .type = TYPE_DNSKEY});
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_int_not_equal(q->reply->edns.ede, EDE_NONE);
	assert_not_cached(w, "www.example.com.", TYPE_A);
	assert_sent_at_most(w, 18);
	network_heal(&w->network);
	world_advance(w, 3000);
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
}

static void without_an_anchor_nothing_is_secure(void **state)
{
	(void)state;
	begin();
	add_example(w);
	w->no_anchor = true;
	world_start(w);
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_address(q, "192.0.2.80");
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_INSECURE);
	assert_sent(w, 3);
}

static void a_refresh_that_ends_bogus_leaves_secure_data_to_serve_stale(void **state)
{
	(void)state;
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	world_advance(w, 301000);
	with((struct fault){.kind = FAULT_FORGED, .name = "www.example.com."});
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_int_equal(q->reply->rcode, RCODE_NOERROR);
	assert_false(q->reply->flags & FLAG_AD);
	assert_address(q, "192.0.2.80");
	assert_true(q->result->stale);
	assert_failure_cached(w, "www.example.com.", TYPE_A, EDE_DNSSEC_BOGUS);
	assert_sent_at_most(w, 12);
}

// However long the parent's denial may live, a zone that gets a DS is validated within an hour.
static void a_denial_of_ds_is_believed_for_an_hour_at_most(void **state)
{
	(void)state;
	begin();
	world_zone(w, "com.")->negative_ttl_s = 86400;
	world_add(w, &(struct world_zone){.apex = "bare.com.",
					  .servers = "ns.bare.com.=" PROVIDER_C,
					  .text = "www.bare.com. 300 IN A 192.0.2.68\n",
					  .options = {.unsigned_ = true}});
	world_start(w);
	assert_address(world_ask(w, "www.bare.com.", TYPE_A, ASK_DO), "192.0.2.68");
	const uint64_t asked_ms = world_clock(w).now_ms;
	world_advance(w, 3500000);
	struct store_clock clock = world_clock(w);
	assert_int_equal(
		trust_zone_state(w->trust, text_name("bare.com."), clock.now_ms, clock.now_s),
		ZONE_INSECURE);
	world_advance(w, asked_ms + 3601000 - clock.now_ms);
	clock = world_clock(w);
	assert_int_not_equal(
		trust_zone_state(w->trust, text_name("bare.com."), clock.now_ms, clock.now_s),
		ZONE_INSECURE);
}

// Asked one after the other, no name of a zone that stays broken waits for its keys to be fetched
// once more; they are all the same, and the cure is seen within a second.
static void names_of_a_broken_zone_do_not_wait_for_new_keys(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_BOGUS, FAULT_UNKNOWN_KEY, FAULT_EXPIRED};

	for (int kind = 0; kind < 3; kind++) {
		char name[40];
		begin();
		add_example(w);
		world_start(w);
		const size_t at = w->network.fault_count;
		with((struct fault){.kind = kinds[kind], .below = "wild.example.com."});
		for (int s = 0; s < 8; s++) {
			snprintf(name, sizeof(name), "n%d.wild.example.com.", s);
			world_ask(w, name, TYPE_A, ASK_DO);
			world_advance(w, 900);
		}
		for (int i = 0; i < 40; i++) {
			snprintf(name, sizeof(name), "m%d.wild.example.com.", i);
			struct question *q = world_ask(w, name, TYPE_A, ASK_DO);
			assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
			if (q->done_us - q->asked_us > 300000)
				fail_msg("%d: %s took %u ms", kind, name,
					 (unsigned)((q->done_us - q->asked_us) / 1000));
		}
		w->network.fault_count = at;
		world_advance(w, 1000);
		assert_answer(world_ask(w, "after.wild.example.com.", TYPE_A, ASK_DO),
			      RCODE_NOERROR, true, EDE_NONE);
		end_world(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario_common(a_wrong_signature_everywhere_is_servfail_with_its_reason),
		scenario(b9_one_server_that_sends_bogus_data_does_no_harm),
		scenario_common(b9_stripped_signatures_everywhere_are_bogus_and_never_insecure),
		scenario(an_expired_zone_says_so),
		scenario(a_zone_signed_in_the_future_says_so),
		scenario(a_ds_without_its_dnskey_is_bogus),
		scenario(an_unsigned_child_under_a_ds_is_bogus),
		scenario_common(cd_gets_what_did_not_validate_and_nobody_else_does),
		scenario_common(cd_and_others_wait_for_one_question_and_get_their_own_answers),
		scenario_common(cd_gets_the_good_answer_when_one_server_has_it),
		scenario_common(cd_gets_what_came_when_there_is_no_time_left_to_judge_it),
		scenario_common(cd_follows_a_bogus_alias_out_of_its_zone),
		scenario(keys_that_failed_are_not_asked_for_with_every_name),
		scenario(a_good_link_to_a_bogus_one),
		scenario_common(a_key_that_never_comes_is_waited_for_once),
		scenario(a_signed_child_on_its_parents_servers_is_secure),
		scenario(an_unsigned_child_on_its_parents_servers_is_insecure),
		scenario(two_signed_cuts_below_one_another_are_found),
		scenario(an_unsigned_cut_below_a_signed_one_is_found),
		scenario_common(ds_is_asked_of_the_parent),
		scenario_common(a_clock_before_the_build_date_fails_closed_and_recovers),
		scenario_common(keys_that_cannot_be_fetched_are_nobodys_forgery),
		scenario(without_an_anchor_nothing_is_secure),
		scenario_common(a_refresh_that_ends_bogus_leaves_secure_data_to_serve_stale),
		scenario(a_denial_of_ds_is_believed_for_an_hour_at_most),
		cmocka_unit_test(names_of_a_broken_zone_do_not_wait_for_new_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
