// Negative trust anchors (RFC 7646) through whole resolutions: what they let pass, for how long,
// and that nothing of it is left when they end.
#include "tests/scenario/zones.h"

#include <errno.h>

#define HOUR_S 3600
#define WEEK_S 604800
#define BROKEN "broken.com."
#define EXPIRED                                                                                    \
	{                                                                                          \
		.inception_s = SIGNER_NOW - 864000, .expiration_s = SIGNER_NOW - 172800            \
	}

static unsigned ends[3];

static void on_end(void *arg, const uint8_t *name, enum nta_end end)
{
	(void)arg, (void)name;
	ends[end]++;
}

// broken.com. with these options, sub.broken.com. below it in order, and example.com. with an alias
// into it.
static void open_broken(const struct signer_zone_options *options)
{
	begin();
	add_example(w);
	world_add(w, &(struct world_zone){.apex = BROKEN,
					  .servers = "ns1.broken.com.=" PROVIDER_A
						     " ns2.broken.com.=" PROVIDER_B,
					  .text = "www.broken.com. 300 IN A 192.0.2.66\n",
					  .options = *options});
	world_add(w, &(struct world_zone){.apex = "sub.broken.com.",
					  .servers = "ns.sub.broken.com.=" PROVIDER_C,
					  .text = "www.sub.broken.com. 300 IN A 192.0.2.67\n"});
	world_add(w, &(struct world_zone){.apex = "friend.com.",
					  .servers = "ns.friend.com.=" PROVIDER_C,
					  .text = "to.friend.com. 300 IN CNAME www.broken.com.\n"});
	memset(ends, 0, sizeof(ends));
	world_start(w);
	resolver_nta_watch(w->resolver, on_end, NULL);
}

static void open_expired(void)
{
	open_broken(&(struct signer_zone_options){.signatures = EXPIRED});
}

static void set(const char *name, uint32_t lifetime_s)
{
	assert_int_equal(
		resolver_nta_add(w->resolver, text_name(name), lifetime_s, "the signer is down"),
		0);
}

static void take_back(const char *name)
{
	assert_true(resolver_nta_remove(w->resolver, text_name(name)));
}

static struct question *www(void)
{
	return world_ask(w, "www.broken.com.", TYPE_A, ASK_DO);
}

static void is_let_pass(const char *name, uint16_t type, unsigned rcode)
{
	assert_answer(world_ask(w, name, type, ASK_DO), rcode, false, EDE_NEGATIVE_TRUST_ANCHOR);
	// From the cache, too, and for those who do not ask for DNSSEC.
	assert_answer(world_ask(w, name, type, ASK_AD), rcode, false, EDE_NEGATIVE_TRUST_ANCHOR);
}

static void is_bogus(void)
{
	struct question *q = www();

	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_int_equal(q->reply->edns.ede, EDE_SIGNATURE_EXPIRED);
	assert_int_equal(q->reply->sections[SECTION_ANSWER].count, 0);
}

static bool none_insecure_below_broken(const struct entry *entry, void *arg)
{
	struct entry_facts facts;
	char text[NAME_TEXT_MAX];

	(void)arg;
	entry_facts(entry, &facts);
	if (name_within(facts.name, text_name(BROKEN)) && facts.kind != ENTRY_FAILURE &&
	    facts.security == SECURITY_INSECURE)
		fail_msg("%s type %u is left", name_to_text(facts.name, text), facts.type);
	return true;
}

static void nothing_is_left(void)
{
	cache_walk(store_cache(w->store), none_insecure_below_broken, NULL);
}

static void mend(void)
{
	world_zone(w, BROKEN)->options = (struct signer_zone_options){0};
	world_roll(w, BROKEN, true);
}

// ---- while it is in force ----

static void what_lies_below_answers_without_ad_and_with_ede_33(void **state)
{
	(void)state;
	open_expired();
	is_bogus();
	assert_failure_cached(w, "www.broken.com.", TYPE_A, EDE_SIGNATURE_EXPIRED);
	set(BROKEN, HOUR_S);
	// The failure does not outlive the moment.
	is_let_pass("www.broken.com.", TYPE_A, RCODE_NOERROR);
	assert_address(www(), "192.0.2.66");
	is_let_pass("www.broken.com.", TYPE_MX, RCODE_NOERROR);
	is_let_pass("nope.broken.com.", TYPE_A, RCODE_NXDOMAIN);
	is_let_pass("broken.com.", TYPE_DNSKEY, RCODE_NOERROR);
	is_let_pass("www.sub.broken.com.", TYPE_A, RCODE_NOERROR);
	is_let_pass("to.friend.com.", TYPE_A, RCODE_NOERROR);
	assert_cached(w, "www.broken.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_INSECURE);
	// Beside it and above it everything is as it was.
	assert_answer(world_ask(w, "broken.com.", TYPE_DS, ASK_DO), RCODE_NOERROR, true, EDE_NONE);
	assert_answer(world_ask(w, "to.friend.com.", TYPE_CNAME, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	assert_true(world_counter(w, "nta.links") > 0);
	assert_int_equal(world_counter(w, "nta.active"), 1);
}

static void what_was_secure_before_is_no_longer_said_to_be(void **state)
{
	(void)state;
	open_broken(&(struct signer_zone_options){0});
	assert_answer(www(), RCODE_NOERROR, true, EDE_NONE);
	assert_answer(world_ask(w, "www.sub.broken.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	set(BROKEN, HOUR_S);
	is_let_pass("www.broken.com.", TYPE_A, RCODE_NOERROR);
	is_let_pass("www.sub.broken.com.", TYPE_A, RCODE_NOERROR);
}

// RFC 7646 §2: until the next trust anchor below.
static void an_island_below_with_an_anchor_of_its_own_is_validated(void **state)
{
	uint8_t rdata[64];

	(void)state;
	open_expired();
	const struct signer_zone *sub = world_zone(w, "sub.broken.com.")->zone;
	size_t len = signer_ds(signer_zone_ksk(sub), signer_zone_apex(sub), 2, rdata);
	assert_int_equal(
		trust_anchor_add(w->trust, text_name("sub.broken.com."), TYPE_DS, rdata, len), 0);
	set(BROKEN, HOUR_S);
	is_let_pass("www.broken.com.", TYPE_A, RCODE_NOERROR);
	assert_answer(world_ask(w, "www.sub.broken.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	with((struct fault){.kind = FAULT_BOGUS, .below = "sub.broken.com."});
	struct question *q = world_ask(w, "nope.sub.broken.com.", TYPE_A, ASK_DO);
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	// One of its own ends that.
	set("sub.broken.com.", HOUR_S);
	is_let_pass("nope.sub.broken.com.", TYPE_A, RCODE_NXDOMAIN);
}

static void not_everything_can_have_one(void **state)
{
	char name[32];

	(void)state;
	open_expired();
	assert_int_equal(resolver_nta_add(w->resolver, text_name("."), HOUR_S, ""), -EINVAL);
	assert_int_equal(resolver_nta_add(w->resolver, text_name(BROKEN), 0, ""), -EINVAL);
	assert_int_equal(resolver_nta_add(w->resolver, text_name(BROKEN), WEEK_S + 1, ""), -EINVAL);
	assert_int_equal(trust_insecure_add(w->trust, text_name("lan."), UINT64_MAX, false), 0);
	assert_int_equal(resolver_nta_add(w->resolver, text_name("lan."), HOUR_S, ""), -EEXIST);
	assert_false(resolver_nta_remove(w->resolver, text_name("lan.")));
	assert_int_equal(trust_zone_state(w->trust, text_name("a.lan."), 0, SIGNER_NOW),
			 ZONE_INSECURE);
	for (int i = 0; i < NTA_COUNT_MAX; i++) {
		snprintf(name, sizeof(name), "z%d.com.", i);
		set(name, WEEK_S);
	}
	assert_int_equal(resolver_nta_add(w->resolver, text_name(BROKEN), HOUR_S, ""), -ENOSPC);
	set("z7.com.", HOUR_S); // this one is there
	assert_int_equal(world_counter(w, "nta.active"), NTA_COUNT_MAX);
}

// ---- its end ----

static void taken_back_it_leaves_nothing_behind(void **state)
{
	(void)state;
	open_expired();
	set(BROKEN, HOUR_S);
	is_let_pass("www.broken.com.", TYPE_A, RCODE_NOERROR);
	is_let_pass("nope.broken.com.", TYPE_A, RCODE_NXDOMAIN);
	take_back(BROKEN);
	assert_int_equal(ends[NTA_REMOVED], 1);
	assert_false(resolver_nta_remove(w->resolver, text_name(BROKEN)));
	nothing_is_left();
	is_bogus();
	// Nor is any of it served as stale.
	with((struct fault){.kind = FAULT_DROP, .below = BROKEN});
	world_advance(w, 400000);
	struct question *q = www();
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_int_equal(q->reply->sections[SECTION_ANSWER].count, 0);
}

static void at_the_end_of_its_lifetime_it_leaves_nothing_behind(void **state)
{
	(void)state;
	open_expired();
	set(BROKEN, 120);
	world_advance(w, 60000);
	is_let_pass("www.broken.com.", TYPE_A, RCODE_NOERROR);
	struct entry_facts facts;
	assert_true(world_cached(w, "www.broken.com.", TYPE_A, &facts));
	assert_true(facts.expires_ms <= w->network.now_us / 1000 + 60000);
	world_advance(w, 59000);
	is_let_pass("www.broken.com.", TYPE_A, RCODE_NOERROR);
	world_advance(w, 1500);
	assert_int_equal(ends[NTA_EXPIRED], 1);
	assert_int_equal(world_counter(w, "nta.active"), 0);
	nothing_is_left();
	with((struct fault){.kind = FAULT_DROP, .below = BROKEN});
	struct question *q = www();
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	network_heal(&w->network);
	world_advance(w, 60000);
	is_bogus();
}

// Also where control stands still and flushes nothing: the cores see it themselves.
static void its_data_end_with_it_whoever_looks(void **state)
{
	static const char *const names[] = {"www.broken.com.", "nope.broken.com."};

	(void)state;
	open_expired();
	set(BROKEN, 120);
	for (size_t i = 0; i < 2; i++)
		world_ask(w, names[i], TYPE_A, ASK_DO);
	for (size_t i = 0; i < 2; i++) {
		struct store_clock clock = world_clock(w);
		const uint8_t *name = text_name(names[i]);
		struct lookup lookup = {.name = name,
					.name_len = (uint16_t)name_len(name),
					.type = TYPE_A,
					.now_ms = clock.now_ms,
					.now_s = clock.now_s};
		cache_lookup(store_cache(w->store), &lookup);
		assert_int_equal(lookup.status, LOOKUP_HIT);
		lookup.now_ms += 120000;
		lookup.now_s += 120;
		cache_lookup(store_cache(w->store), &lookup);
		assert_int_equal(lookup.status, LOOKUP_MISS);
		assert_int_equal(lookup.stale_count, 0);
	}
}

static void a_question_under_way_is_judged_by_what_holds_when_it_is_answered(void **state)
{
	(void)state;
	open_expired();
	set(BROKEN, HOUR_S);
	struct question *q = world_ask_later(w, "www.broken.com.", TYPE_A, ASK_DO);
	world_advance(w, NETWORK_RTT_US / 2000);
	assert_false(q->done);
	take_back(BROKEN);
	world_run(w);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_SIGNATURE_EXPIRED);
	nothing_is_left();
	// And the other way round.
	world_advance(w, 120000);
	q = world_ask_later(w, "www.broken.com.", TYPE_A, ASK_DO);
	world_advance(w, NETWORK_RTT_US / 2000);
	assert_false(q->done);
	set(BROKEN, HOUR_S);
	world_run(w);
	assert_answer(q, RCODE_NOERROR, false, EDE_NEGATIVE_TRUST_ANCHOR);
}

static void set_again_it_begins_anew(void **state)
{
	(void)state;
	open_expired();
	set(BROKEN, 120);
	world_advance(w, 100000);
	set(BROKEN, 120);
	world_advance(w, 100000);
	is_let_pass("www.broken.com.", TYPE_A, RCODE_NOERROR);
	world_advance(w, 21000);
	is_bogus();
	assert_int_equal(ends[NTA_EXPIRED], 1);
}

// ---- the check every five minutes ----

static void it_is_dropped_when_the_zone_validates_again(void **state)
{
	(void)state;
	open_expired();
	set(BROKEN, HOUR_S);
	is_let_pass("www.broken.com.", TYPE_A, RCODE_NOERROR);
	world_advance(w, 301000);
	assert_int_equal(world_counter(w, "nta.checks"), 1);
	assert_int_equal(world_counter(w, "nta.active"), 1);
	mend();
	world_advance(w, 200000);
	is_let_pass("www.broken.com.", TYPE_A, RCODE_NOERROR);
	world_advance(w, 101000);
	assert_int_equal(world_counter(w, "nta.checks"), 2);
	assert_int_equal(ends[NTA_RECOVERED], 1);
	nothing_is_left();
	assert_answer(www(), RCODE_NOERROR, true, EDE_NONE);
	assert_answer(world_ask(w, "www.sub.broken.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
}

// The check is a question apart: clients see nothing of how it ends.
static void a_check_that_fails_disturbs_nobody(void **state)
{
	(void)state;
	open_expired();
	set(BROKEN, HOUR_S);
	for (int i = 0; i < 5; i++) {
		is_let_pass("www.broken.com.", TYPE_A, RCODE_NOERROR);
		is_let_pass("broken.com.", TYPE_SOA, RCODE_NOERROR);
		world_advance(w, 299900 - (i == 0 ? 100 : 0));
		struct question *q = world_ask_later(w, "broken.com.", TYPE_SOA, ASK_DO);
		world_advance(w, 200);
		world_run(w);
		assert_answer(q, RCODE_NOERROR, false, EDE_NEGATIVE_TRUST_ANCHOR);
		assert_no_failure_cached(w, BROKEN, TYPE_SOA);
		assert_no_failure_cached(w, BROKEN, TYPE_DNSKEY);
	}
	assert_true(world_counter(w, "nta.checks") >= 4);
	assert_int_equal(world_counter(w, "nta.active"), 1);
	// What the check finds bogus is held against no server either.
	assert_int_equal(world_counter(w, "upstream.server.bogus"), 0);
}

// The apex validates, but not what the zone denies.
static void a_zone_that_validates_in_part_keeps_it(void **state)
{
	(void)state;
	open_broken(&(struct signer_zone_options){0});
	with((struct fault){.kind = FAULT_BOGUS, .name = "nta-check.broken.com."});
	set(BROKEN, HOUR_S);
	world_advance(w, 301000);
	assert_int_equal(world_counter(w, "nta.checks"), 1);
	assert_int_equal(world_counter(w, "nta.active"), 1);
	// What the check has proven is for the check alone.
	assert_not_cached(w, BROKEN, TYPE_SOA);
	is_let_pass(BROKEN, TYPE_SOA, RCODE_NOERROR);
	network_heal(&w->network);
	world_advance(w, 301000);
	assert_int_equal(ends[NTA_RECOVERED], 1);
}

// It is for the check alone: what clients have got meanwhile stands until it ends.
static void what_a_check_finds_ends_nothing(void **state)
{
	(void)state;
	open_broken(&(struct signer_zone_options){0});
	set(BROKEN, HOUR_S);
	world_advance(w, 299000);
	is_let_pass(BROKEN, TYPE_SOA, RCODE_NOERROR);
	world_zone(w, BROKEN)->negative_ttl_s = 77; // so that there is another SOA
	world_roll(w, BROKEN, true);
	with((struct fault){.kind = FAULT_BOGUS, .name = BROKEN, .type = TYPE_NULL});
	world_advance(w, 2000);
	assert_int_equal(world_counter(w, "nta.checks"), 1);
	assert_int_equal(world_counter(w, "nta.active"), 1);
	assert_cached(w, BROKEN, TYPE_SOA, ENTRY_POSITIVE, SECURITY_INSECURE);
}

static void silent_servers_prove_nothing(void **state)
{
	(void)state;
	open_broken(&(struct signer_zone_options){0});
	set(BROKEN, HOUR_S);
	with((struct fault){.kind = FAULT_DROP, .below = BROKEN});
	world_advance(w, 320000);
	assert_int_equal(world_counter(w, "nta.checks"), 1);
	assert_int_equal(world_counter(w, "nta.active"), 1);
}

// Without a DS there is nothing left to validate.
static void a_zone_that_gave_up_its_ds_needs_none(void **state)
{
	(void)state;
	open_expired();
	set(BROKEN, HOUR_S);
	world_zone(w, BROKEN)->no_ds = true;
	world_roll(w, "com.", true);
	world_advance(w, 3600000 - 1000);
	assert_int_equal(ends[NTA_RECOVERED], 1);
	assert_answer(www(), RCODE_NOERROR, false, EDE_NONE);
}

static void it_may_end_while_it_is_checked(void **state)
{
	(void)state;
	open_expired();
	set(BROKEN, HOUR_S);
	with((struct fault){.kind = FAULT_DELAY, .below = BROKEN, .delay_ms = 300});
	world_advance(w, 300100);
	assert_int_equal(world_counter(w, "nta.checks"), 1);
	take_back(BROKEN);
	set(BROKEN, HOUR_S);
	world_advance(w, 5000);
	assert_int_equal(ends[NTA_RECOVERED] + ends[NTA_EXPIRED], 0);
	assert_int_equal(world_counter(w, "nta.active"), 1);
	// And the whole resolver, too.
	world_advance(w, 295200);
	assert_int_equal(world_counter(w, "nta.checks"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(what_lies_below_answers_without_ad_and_with_ede_33),
		scenario(what_was_secure_before_is_no_longer_said_to_be),
		scenario(an_island_below_with_an_anchor_of_its_own_is_validated),
		scenario(not_everything_can_have_one),
		scenario(taken_back_it_leaves_nothing_behind),
		scenario(at_the_end_of_its_lifetime_it_leaves_nothing_behind),
		scenario(its_data_end_with_it_whoever_looks),
		scenario(a_question_under_way_is_judged_by_what_holds_when_it_is_answered),
		scenario(set_again_it_begins_anew),
		scenario(it_is_dropped_when_the_zone_validates_again),
		scenario(a_check_that_fails_disturbs_nobody),
		scenario(a_zone_that_validates_in_part_keeps_it),
		scenario(what_a_check_finds_ends_nothing),
		scenario(silent_servers_prove_nothing),
		scenario(a_zone_that_gave_up_its_ds_needs_none),
		scenario(it_may_end_while_it_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
