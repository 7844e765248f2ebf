// ATTACKS C1, C3: where each limit of a question's work lies: what is just within it is answered,
// one more is not. And what honest zones need at the most.
#include "tests/scenario/zones.h"

#define LINKS 11 // aliases of the longest chain that is followed

static struct {
	struct rrset *made[400];
	size_t made_count;
	struct signer_key *keys[8];
	size_t key_count;
} script;

static struct rrset *keep(struct rrset *rrset)
{
	assert_true(script.made_count < sizeof(script.made) / sizeof(script.made[0]));
	return script.made[script.made_count++] = rrset;
}

static int end_script(void **state)
{
	for (size_t i = 0; i < script.made_count; i++)
		rrset_free(script.made[i]);
	for (size_t i = 0; i < script.key_count; i++)
		signer_key_free(script.keys[i]);
	memset(&script, 0, sizeof(script));
	return end_world(state);
}

struct work {
	unsigned verified, failed;
};

// Since the last call; counted where signatures are verified.
static struct work work_done(void)
{
	static struct batch_counters last;
	struct batch_counters now;

	batch_counters(w->batch, &now);
	struct work work = {
		.verified = (unsigned)(now.verified - last.verified),
		.failed = (unsigned)(now.failed - last.failed + now.unusable - last.unusable),
	};
	last = now;
	return work;
}

static struct signer_zone *zone(const char *apex)
{
	return world_zone(w, apex)->zone;
}

// The RRset as the zone has it, behind `wrong` RRSIGs by the same key that do not verify.
static void spoil(const char *apex, const char *text, unsigned wrong, bool then_good)
{
	struct rrset *rrset = keep(signer_rrset(text));

	for (unsigned i = 0; i < wrong; i++) {
		const struct signer_options options = {
			.corrupt = true,
			.expiration_s = SIGNER_NOW + 864000 - 1 - i, // each another one
		};
		rrset = keep(
			signer_sign(rrset, signer_zone_zsk(zone(apex)), text_name(apex), &options));
	}
	if (then_good)
		rrset = keep(
			signer_sign(rrset, signer_zone_zsk(zone(apex)), text_name(apex), NULL));
	// The zone takes it over: a copy that is not kept here.
	script.made_count--;
	signer_zone_replace(zone(apex), rrset);
}

static void open_zone(uint8_t algorithm)
{
	static char text[4000];
	char *p = text;

	begin();
	p += sprintf(p, "www.zone.com. 300 IN A 192.0.2.80\n");
	for (int i = 0; i < 10; i++)
		p += sprintf(p, "c%d.zone.com. 300 IN CNAME c%d.zone.com.\n", i, i + 1);
	p += sprintf(p, "c10.zone.com. 300 IN A 192.0.2.80\n");
	world_add(w, &(struct world_zone){
			     .apex = "zone.com.",
			     .servers = "n1.zone.com.=" PROVIDER_A " n2.zone.com.=" PROVIDER_B
					" n3.zone.com.=" PROVIDER_C " n4.zone.com.=192.0.3.10"
					" n5.zone.com.=192.0.4.10"
					" n6.zone.com.=192.0.5.10",
			     .text = text,
			     .options = {.algorithm = algorithm}});
	world_start(w);
	// What is known of the zone costs nothing more.
	world_ask(w, "www.zone.com.", TYPE_MX, 0);
	work_done();
}

static struct question *www(void)
{
	return world_ask(w, "www.zone.com.", TYPE_A, ASK_DO);
}

// ---- signatures ----

static void c1_three_failures_before_a_good_signature_are_forgiven_four_are_not(void **state)
{
	for (unsigned wrong = 3; wrong <= 4; wrong++) {
		open_zone(0);
		spoil("zone.com.", "www.zone.com. 300 IN A 192.0.2.80", wrong, true);
		struct question *q = www();
		if (wrong == 3) {
			assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
			assert_int_equal(work_done().failed, 3);
		} else {
			assert_answer(q, RCODE_SERVFAIL, false, EDE_DNSSEC_BOGUS);
			// The same four at every server that is tried: known by then to be wrong or
			// tried again, it all counts.
			assert_true(work_done().failed <= 16);
		}
		end_script(state);
	}
}

// RRSIGs of keys that are not there cost no verification, but take their place.
static void c1_the_eighth_rrsig_counts_and_the_ninth_does_not(void **state)
{
	for (unsigned others = 7; others <= 8; others++) {
		open_zone(0);
		struct rrset *rrset = keep(signer_rrset("www.zone.com. 300 IN A 192.0.2.80"));
		uint16_t tag = signer_zone_zsk(zone("zone.com."))->tag;
		for (unsigned i = 0; i <= others; i++) {
			const struct signer_options options = {
				.has_tag = i < others,
				.tag = (uint16_t)(tag ^ signer_zone_ksk(zone("zone.com."))->tag ^
						  (0x5a00 + i)),
			};
			rrset = keep(signer_sign(rrset, signer_zone_zsk(zone("zone.com.")),
						 text_name("zone.com."), &options));
		}
		script.made_count--;
		signer_zone_replace(zone("zone.com."), rrset);
		struct question *q = www();
		assert_int_equal(q->reply->rcode, others == 7 ? RCODE_NOERROR : RCODE_SERVFAIL);
		assert_int_equal(!!(q->reply->flags & FLAG_AD), others == 7);
		end_script(state);
	}
}

// Keys of the tag and algorithm of the right one, in front of it.
static void c1_of_keys_of_one_tag_the_second_is_tried_and_the_third_is_not(void **state)
{
	for (unsigned others = 1; others <= 2; others++) {
		open_zone(8);
		const uint8_t *apex = text_name("zone.com.");
		const struct signer_key *zsk = signer_zone_zsk(zone("zone.com."));
		struct signer_key *all[4] = {
			(struct signer_key *)(uintptr_t)signer_zone_ksk(zone("zone.com."))};
		for (unsigned i = 0; i < others; i++)
			all[1 + i] = script.keys[script.key_count++] =
				signer_key_with_tag(8, 256, zsk->tag, i);
		all[1 + others] = (struct signer_key *)(uintptr_t)zsk;
		struct rrset *keys = keep(signer_dnskey_rrset(apex, all, 2 + others, 3600));
		signer_zone_replace(
			zone("zone.com."),
			signer_sign(keys, signer_zone_ksk(zone("zone.com.")), apex, NULL));
		resolver_forget(w->resolver, apex);
		world_flush(w, apex);
		work_done();
		struct question *q = www();
		assert_int_equal(q->reply->rcode, others == 1 ? RCODE_NOERROR : RCODE_SERVFAIL);
		assert_int_equal(!!(q->reply->flags & FLAG_AD), others == 1);
		assert_true(work_done().failed <= 16);
		end_script(state);
	}
}

static void c3_the_eighth_ds_counts_and_the_ninth_does_not(void **state)
{
	for (unsigned others = 7; others <= 8; others++) {
		open_zone(0);
		const uint8_t *apex = text_name("zone.com.");
		uint8_t wire[9][64];
		struct rdata list[9];
		for (unsigned i = 0; i <= others; i++) {
			size_t len =
				signer_ds(signer_zone_ksk(zone("zone.com.")), apex, 2, wire[i]);
			list[i] = (struct rdata){wire[i], (uint16_t)len};
			if (i == others)
				continue;
			wire[i][4] = (uint8_t)i; // a digest of no key
			wire[i][5] ^= 0x55;
		}
		struct rrset *ds = keep(signer_rrset_wire(apex, TYPE_DS, 3600, list, others + 1));
		signer_zone_replace(zone("com."), signer_sign(ds, signer_zone_zsk(zone("com.")),
							      text_name("com."), NULL));
		resolver_forget(w->resolver, apex);
		world_flush(w, apex);
		struct question *q = www();
		assert_int_equal(q->reply->rcode, others == 7 ? RCODE_NOERROR : RCODE_SERVFAIL);
		assert_int_equal(!!(q->reply->flags & FLAG_AD), others == 7);
		end_script(state);
	}
}

// ---- one question's failures, whatever it goes through ----

static void spoil_chain(unsigned last_wrong)
{
	char text[100];

	for (int i = 0; i < 5; i++) {
		snprintf(text, sizeof(text), "c%d.zone.com. 300 IN CNAME c%d.zone.com.", i, i + 1);
		spoil("zone.com.", text, 3, true);
	}
	spoil("zone.com.", "c5.zone.com. 300 IN CNAME c6.zone.com.", last_wrong, true);
}

// What is tried has to fit as a failure before it is tried: after sixteen nothing is.
static void c1_after_fifteen_failures_one_more_is_tried_after_sixteen_none(void **state)
{
	for (unsigned last = 0; last <= 1; last++) {
		open_zone(0);
		spoil_chain(last);
		struct question *q = world_ask(w, "c0.zone.com.", TYPE_A, ASK_DO | ASK_TCP);
		struct work work = work_done();
		assert_int_equal(work.failed, 15 + last);
		if (last == 0) {
			assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		} else {
			assert_answer(q, RCODE_SERVFAIL, false, EDE_DNSSEC_INDETERMINATE);
			// The next question goes on from what was proven, with a budget of its own.
			world_advance(w, 1000);
			q = world_ask(w, "c0.zone.com.", TYPE_A, ASK_DO | ASK_TCP);
			assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
			assert_true(work_done().failed <= 16);
		}
		end_script(state);
	}
}

// Every server has the same bad RRset: trying the next one is no new budget.
static void c1_another_server_is_no_new_budget(void **state)
{
	(void)state;
	open_zone(0);
	spoil("zone.com.", "www.zone.com. 300 IN A 192.0.2.80", 8, false);
	assert_answer(www(), RCODE_SERVFAIL, false, EDE_DNSSEC_BOGUS);
	struct work work = work_done();
	assert_in_range(work.failed, 4, 16);
}

// Nor is falling back from a forwarder to recursion, nor CD=1 beside CD=0.
static void c1_falling_back_from_a_forwarder_is_no_new_budget(void **state)
{
	(void)state;
	w = NULL;
	begin();
	world_route(w, "zone.com.", true, "203.0.113.50 198.51.100.50")->first = true;
	world_add(w, &(struct world_zone){.apex = "zone.com.",
					  .servers = "n1.zone.com.=" PROVIDER_A
						     " n2.zone.com.=" PROVIDER_B
						     " n3.zone.com.=" PROVIDER_C,
					  .text = "www.zone.com. 300 IN A 192.0.2.80\n"});
	world_start(w);
	network_serve(&w->network, "203.0.113.50", zone("zone.com."));
	network_serve(&w->network, "198.51.100.50", zone("zone.com."));
	spoil("zone.com.", "www.zone.com. 300 IN A 192.0.2.80", 8, false);
	work_done();
	struct question *cd = world_ask_later(w, "www.zone.com.", TYPE_A, ASK_DO | ASK_CD);
	struct question *q = world_ask_later(w, "www.zone.com.", TYPE_A, ASK_DO);
	world_run(w);
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_address(cd, "192.0.2.80");
	assert_in_range(work_done().failed, 4, 32); // two clients: two budgets, and no third
}

// A renewal before the end is a question like any other.
static void c1_a_prefetch_has_a_budget_of_its_own_and_no_more(void **state)
{
	(void)state;
	open_zone(0);
	assert_answer(www(), RCODE_NOERROR, true, EDE_NONE);
	spoil("zone.com.", "www.zone.com. 300 IN A 192.0.2.80", 8, false);
	world_advance(w, 280000);
	cache_mark_visited(store_cache(w->store),
			   cache_find(store_cache(w->store), text_name("www.zone.com."), TYPE_A),
			   true);
	work_done();
	world_advance(w, 18000);
	if (world_counter(w, "resolver.prefetched") > 0)
		assert_in_range(work_done().failed, 1, 16);
	assert_answer(www(), RCODE_NOERROR, true, EDE_NONE);
}

// ---- what honest zones need ----

// Each alias leads to another zone below another TLD of which nothing is known; the last name is
// in a wildcard of an NSEC3 zone, or not there.
static void open_far_chain(unsigned links, bool deep)
{
	static char texts[2 * LINKS + 4][400], apexes[2 * LINKS + 4][40],
		servers[2 * LINKS + 4][80];

	begin();
	for (unsigned i = 0; i <= links; i++) {
		unsigned t = 2 * i, z = 2 * i + 1;
		const struct signer_zone_options options = {.nsec3 = true};
		snprintf(apexes[t], sizeof(apexes[t]), "t%u.", i);
		snprintf(servers[t], sizeof(servers[t]), "ns.t%u.=192.0.%u.30", i, 10 + i);
		world_add(w, &(struct world_zone){
				     .apex = apexes[t], .servers = servers[t], .options = options});
		if (deep) {
			static char middles[LINKS + 2][40], their[LINKS + 2][80];
			snprintf(middles[i], sizeof(middles[i]), "m.t%u.", i);
			snprintf(their[i], sizeof(their[i]), "ns.m.t%u.=192.0.%u.31", i, 10 + i);
			world_add(w, &(struct world_zone){.apex = middles[i],
							  .servers = their[i],
							  .options = options});
		}
		snprintf(apexes[z], sizeof(apexes[z]), deep ? "z.m.t%u." : "z.t%u.", i);
		snprintf(servers[z], sizeof(servers[z]), "ns.%s=192.0.%u.32", apexes[z], 10 + i);
		if (i < links)
			snprintf(texts[z], sizeof(texts[z]),
				 deep ? "www.%s 300 IN CNAME www.z.m.t%u.\n"
				      : "www.%s 300 IN CNAME www.z.t%u.\n",
				 apexes[z], i + 1);
		else
			snprintf(texts[z], sizeof(texts[z]), "*.%s 300 IN A 192.0.2.80\n",
				 apexes[z]);
		world_add(w, &(struct world_zone){.apex = apexes[z],
						  .servers = servers[z],
						  .text = texts[z],
						  .options = options});
	}
	world_start(w);
	work_done();
}

static void c1_the_longest_cold_chain_of_honest_zones_fits(void **state)
{
	(void)state;
	// As long as a chain may be, eleven aliases, each to a zone and a TLD never heard of.
	open_far_chain(LINKS, false);
	struct question *q = world_ask(w, "www.z.t0.", TYPE_A, ASK_DO | ASK_TCP);
	struct work work = work_done();
	print_message("%d aliases, %d zones never heard of: %u signatures verified, %u failed\n",
		      LINKS, 2 * (LINKS + 1), work.verified, work.failed);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(work.failed, 0);
	assert_in_range(work.verified, 40, 64);
	end_script(state);
	// Half as long, and a zone more on each way.
	open_far_chain(6, true);
	q = world_ask(w, "www.z.m.t0.", TYPE_A, ASK_DO | ASK_TCP);
	work = work_done();
	print_message("6 aliases, 21 zones never heard of: %u signatures verified\n",
		      work.verified);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_in_range(work.verified, 40, 64);
}

// More than any real zone needs: it ends within the budget, and asked again, goes on where it was.
static void c1_sixty_four_verifications_are_the_end_of_one_question(void **state)
{
	(void)state;
	open_far_chain(LINKS, true);
	struct question *q = world_ask(w, "www.z.m.t0.", TYPE_A, ASK_DO | ASK_TCP);
	struct work work = work_done();
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_true(q->reply->edns.ede == EDE_DNSSEC_INDETERMINATE ||
		    q->reply->edns.ede == EDE_OTHER);
	assert_true(work.verified <= 64);
	for (int i = 0; i < 3 && q->reply->rcode == RCODE_SERVFAIL; i++) {
		world_advance(w, 1100);
		q = world_ask(w, "www.z.m.t0.", TYPE_A, ASK_DO | ASK_TCP);
		assert_true(work_done().verified <= 64);
	}
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
}

#define limit(f) cmocka_unit_test_teardown(f, end_script)

int main(void)
{
	const struct CMUnitTest tests[] = {
		limit(c1_three_failures_before_a_good_signature_are_forgiven_four_are_not),
		limit(c1_the_eighth_rrsig_counts_and_the_ninth_does_not),
		limit(c1_of_keys_of_one_tag_the_second_is_tried_and_the_third_is_not),
		limit(c3_the_eighth_ds_counts_and_the_ninth_does_not),
		limit(c1_after_fifteen_failures_one_more_is_tried_after_sixteen_none),
		limit(c1_another_server_is_no_new_budget),
		limit(c1_falling_back_from_a_forwarder_is_no_new_budget),
		limit(c1_a_prefetch_has_a_budget_of_its_own_and_no_more),
		limit(c1_the_longest_cold_chain_of_honest_zones_fits),
		limit(c1_sixty_four_verifications_are_the_end_of_one_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
