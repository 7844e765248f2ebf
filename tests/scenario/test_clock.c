// ATTACKS B11, O13: what the wall clock decides, and what becomes of it when it steps or is wrong.
#include "tests/scenario/zones.h"

#define YEAR_S 31557600ll

static void begin_signed(const struct signer_options *signatures, int64_t wall_offset_s)
{
	const struct signer_zone_options options = {.signatures = *signatures};

	w = world_new();
	w->wall_offset_s = wall_offset_s;
	world_add(w, &(struct world_zone){
			     .apex = ".", .servers = "a.root.=192.88.0.1", .options = options});
	world_add(w, &(struct world_zone){
			     .apex = "com.", .servers = "ns1.com.=192.5.6.30", .options = options});
	world_add(w, &(struct world_zone){.apex = "zone.com.",
					  .servers = "ns.zone.com.=" PROVIDER_A,
					  .text = "www.zone.com. 300 IN A 192.0.2.80\n",
					  .options = options});
	world_start(w);
}

static const char *text_of(const struct question *q)
{
	static struct entry_facts facts;

	if (q->result->count == 0)
		return q->result->ede_text;
	entry_facts(q->result->links[q->result->count - 1], &facts);
	return facts.ede_text;
}

// ---- tolerances ----

static void b11_inception_may_lie_an_hour_ahead(void **state)
{
	static const struct {
		int64_t ahead_s;
		unsigned rcode;
		bool ad;
		int ede;
	} cases[] = {
		{3600, RCODE_NOERROR, true, EDE_NONE},
		{3660, RCODE_SERVFAIL, false, EDE_SIGNATURE_NOT_YET_VALID},
	};

	for (size_t i = 0; i < 2; i++) {
		begin_signed(&(struct signer_options){.inception_s = SIGNER_NOW + cases[i].ahead_s,
						      .expiration_s = SIGNER_NOW + 900000},
			     0);
		struct question *q = world_ask(w, "www.zone.com.", TYPE_A, ASK_DO);
		assert_answer(q, cases[i].rcode, cases[i].ad, cases[i].ede);
		if (cases[i].rcode == RCODE_SERVFAIL)
			assert_non_null(strstr(text_of(q), "check this host's clock"));
		end_world(state);
	}
}

static void b11_no_signature_counts_after_its_end_unless_configured(void **state)
{
	static const struct {
		int64_t over_s;
		uint32_t tolerance_s;
		unsigned rcode;
	} cases[] = {
		{1, 0, RCODE_SERVFAIL},
		{100, 600, RCODE_NOERROR},
		{700, 600, RCODE_SERVFAIL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		w = world_new();
		w->expiration_skew_s = cases[i].tolerance_s;
		world_add_tlds(w);
		world_add(w, &(struct world_zone){
				     .apex = "late.com.",
				     .servers = "ns.late.com.=" PROVIDER_A,
				     .text = "www.late.com. 300 IN A 192.0.2.80\n",
				     .options = {.signatures = {.inception_s = SIGNER_NOW - 9000,
								.expiration_s = SIGNER_NOW -
										cases[i].over_s}}});
		world_start(w);
		struct question *q = world_ask(w, "www.late.com.", TYPE_A, ASK_DO);
		assert_answer(q, cases[i].rcode, false, EDE_SIGNATURE_EXPIRED);
		if (cases[i].rcode == RCODE_NOERROR) {
			assert_true(q->reply->sections[SECTION_ANSWER].rrsets[0]->ttl_s <= 30);
			assert_cached(w, "www.late.com.", TYPE_A, ENTRY_POSITIVE,
				      SECURITY_INSECURE);
			q = world_ask(w, "nope.late.com.", TYPE_A, ASK_DO);
			assert_answer(q, RCODE_NXDOMAIN, false, EDE_SIGNATURE_EXPIRED);
		}
		end_world(state);
	}
}

// RFC 1982: 2038 and 2106 are years like any other.
static void b11_whole_chains_validate_in_any_decade(void **state)
{
	for (int64_t years = -40; years <= 90; years += 5) {
		int64_t now_s = SIGNER_NOW + years * YEAR_S;
		const struct signer_options good = {.inception_s = now_s - 86400,
						    .expiration_s = now_s + 864000};
		const struct signer_options over = {.inception_s = now_s - 864000,
						    .expiration_s = now_s - 86400};
		begin_signed(&good, years * YEAR_S);
		assert_answer(world_ask(w, "www.zone.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
			      EDE_NONE);
		assert_answer(world_ask(w, "nope.zone.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
			      EDE_NONE);
		end_world(state);
		begin_signed(&over, years * YEAR_S);
		assert_answer(world_ask(w, "www.zone.com.", TYPE_A, ASK_DO), RCODE_SERVFAIL, false,
			      EDE_SIGNATURE_EXPIRED);
		end_world(state);
	}
}

// ---- steps ----

static struct lookup look(const char *text, uint16_t type, int64_t step_s)
{
	const struct store_clock clock = world_clock(w);
	const uint8_t *name = text_name(text);
	struct lookup lookup = {.name = name,
				.name_len = (uint16_t)name_len(name),
				.type = type,
				.now_ms = clock.now_ms,
				.now_s = clock.now_s + step_s};

	cache_lookup(store_cache(w->store), &lookup);
	return lookup;
}

// As a poll-mode core sees it: the step alone is enough, nothing need be flushed.
static void b11_a_forward_step_voids_what_is_cached_at_once(void **state)
{
	static const struct {
		const char *name;
		uint16_t type;
		unsigned rcode;
		bool ad;
	} cases[] = {
		{"www.example.com.", TYPE_A, RCODE_NOERROR, true},
		{"alias.example.com.", TYPE_A, RCODE_NOERROR, true},
		{"x.old.example.com.", TYPE_A, RCODE_NOERROR, true},
		{"x.wild.example.com.", TYPE_A, RCODE_NOERROR, true},
		{"nope.example.com.", TYPE_A, RCODE_NXDOMAIN, true},
		{"www.example.com.", TYPE_MX, RCODE_NOERROR, true},
		{"example.com.", TYPE_DS, RCODE_NOERROR, true},
		// Insecure by the proof that there is no DS.
		{"www.plain.org.", TYPE_A, RCODE_NOERROR, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_answer(world_ask(w, cases[i].name, cases[i].type, ASK_DO), cases[i].rcode,
			      cases[i].ad, EDE_NONE);
		assert_int_equal(look(cases[i].name, cases[i].type, 0).status, LOOKUP_HIT);
		// Ten days is what the zones' signatures have.
		assert_int_equal(look(cases[i].name, cases[i].type, 863000).status, LOOKUP_HIT);
		struct lookup after = look(cases[i].name, cases[i].type, 864001);
		assert_int_equal(after.status, LOOKUP_MISS);
		assert_int_equal(after.stale_count, 0);
	}
	// And so for keys and delegations: nothing of it makes an answer good.
	w->wall_offset_s += 864001;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct question *q = world_ask(w, cases[i].name, cases[i].type, ASK_DO);
		assert_answer(q, RCODE_SERVFAIL, false, EDE_SIGNATURE_EXPIRED);
	}
	// It was a mistake, and is mended.
	w->wall_offset_s -= 864001;
	world_advance(w, 61000);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_answer(world_ask(w, cases[i].name, cases[i].type, ASK_DO), cases[i].rcode,
			      cases[i].ad, EDE_NONE);
}

static void b11_a_step_back_makes_no_old_signature_good(void **state)
{
	(void)state;
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	// TTLs go by the other clock.
	w->wall_offset_s -= 3600;
	world_advance(w, 301000);
	assert_not_cached(w, "www.example.com.", TYPE_A);
	w->wall_offset_s -= 30 * 86400;
	struct question *q = world_ask(w, "nope.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_SIGNATURE_NOT_YET_VALID);
}

// ---- wrong from the start ----

static void b11_a_clock_before_the_build_date_fails_closed_and_recovers_in_a_second(void **state)
{
	static const char *const names[] = {"www.example.com.", "nope.example.com.",
					    "www.plain.org."};

	(void)state;
	w = world_new();
	w->clock_untrusted = true;
	w->wall_offset_s = -SIGNER_NOW; // 1970
	world_add_tlds(w);
	add_example(w);
	add_plain(w);
	world_start(w);
	for (int turn = 0; turn < 20; turn++) {
		for (size_t i = 0; i < 3; i++) {
			struct question *q = world_ask(w, names[i], TYPE_A, ASK_DO);
			assert_answer(q, RCODE_SERVFAIL, false, EDE_SIGNATURE_NOT_YET_VALID);
			assert_string_equal(text_of(q), "the clock of this host is before the date "
							"this program was built");
		}
		world_advance(w, 700);
	}
	for (size_t i = 0; i < 3; i++)
		world_ask(w, names[i], TYPE_A, ASK_DO); // the last failures, right before the step
	w->clock_untrusted = false;
	w->wall_offset_s = 0;
	world_advance(w, 1000);
	assert_answer(world_ask(w, names[0], TYPE_A, ASK_DO), RCODE_NOERROR, true, EDE_NONE);
	assert_answer(world_ask(w, names[1], TYPE_A, ASK_DO), RCODE_NXDOMAIN, true, EDE_NONE);
	assert_answer(world_ask(w, names[2], TYPE_A, ASK_DO), RCODE_NOERROR, false, EDE_NONE);
	// It goes wrong once more: AD is gone from what is cached, and new questions fail.
	w->clock_untrusted = true;
	w->wall_offset_s = -SIGNER_NOW;
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_false(q->reply->flags & FLAG_AD);
	q = world_ask(w, "new.wild.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_SIGNATURE_NOT_YET_VALID);
}

// Of the world's zones the signatures have a day before and ten after.
static void o13_a_clock_that_is_wrong_at_the_start_is_said_and_heals(void **state)
{
	static const struct {
		int64_t wrong_s;
		bool before_the_release;
		unsigned rcode;
		int ede;
		const char *words;
	} cases[] = {
		{3600, false, RCODE_NOERROR, EDE_NONE, NULL},
		{-3600, false, RCODE_NOERROR, EDE_NONE, NULL},
		{86400, false, RCODE_NOERROR, EDE_NONE, NULL},
		{-86400, false, RCODE_NOERROR, EDE_NONE, NULL},
		{20 * 86400, false, RCODE_SERVFAIL, EDE_SIGNATURE_EXPIRED, NULL},
		{-20 * 86400, false, RCODE_SERVFAIL, EDE_SIGNATURE_NOT_YET_VALID,
		 "check this host's clock"},
		{-SIGNER_NOW, true, RCODE_SERVFAIL, EDE_SIGNATURE_NOT_YET_VALID,
		 "before the date this program was built"}, // 1970
		{4300000000 - SIGNER_NOW, false, RCODE_SERVFAIL, EDE_SIGNATURE_NOT_YET_VALID,
		 "check this host's clock"}, // 2106, where serial numbers have gone round
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		w = world_new();
		w->clock_untrusted = cases[i].before_the_release;
		w->wall_offset_s = cases[i].wrong_s;
		world_add_tlds(w);
		add_example(w);
		world_start(w);
		struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
		assert_answer(q, cases[i].rcode, cases[i].rcode == RCODE_NOERROR, cases[i].ede);
		if (cases[i].words != NULL)
			assert_non_null(strstr(text_of(q), cases[i].words));
		w->clock_untrusted = false;
		w->wall_offset_s = 0;
		world_advance(w, 1000);
		assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
			      EDE_NONE);
		end_world(state);
	}
}

static void o13_ttls_do_not_follow_the_steps_of_the_date(void **state)
{
	static const int64_t steps_s[] = {3600, -3600, 86400, -82800};

	(void)state;
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	world_advance(w, 10000);
	for (size_t i = 0; i < sizeof(steps_s) / sizeof(steps_s[0]); i++) {
		w->wall_offset_s = steps_s[i];
		struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		assert_int_equal(q->reply->sections[SECTION_ANSWER].rrsets[0]->ttl_s, 290);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(b11_inception_may_lie_an_hour_ahead),
		scenario(b11_no_signature_counts_after_its_end_unless_configured),
		scenario(b11_whole_chains_validate_in_any_decade),
		scenario_common(b11_a_forward_step_voids_what_is_cached_at_once),
		scenario_common(b11_a_step_back_makes_no_old_signature_good),
		scenario(b11_a_clock_before_the_build_date_fails_closed_and_recovers_in_a_second),
		scenario(o13_a_clock_that_is_wrong_at_the_start_is_said_and_heals),
		scenario_common(o13_ttls_do_not_follow_the_steps_of_the_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
