// How far a proof outlives a parent that proves nothing, and what it is worth meanwhile.
#include "tests/scenario/broken.h"

#define HOUR_MS 3600000ull
#define DAY_MS  (24 * HOUR_MS)

static struct world_zone *free_zone;

// With a stale ceiling of days.
static void start_for(uint32_t stale_s)
{
	begin();
	add_example(w);
	world_add(w, &(struct world_zone){
			     .apex = "free.com.",
			     .servers = "ns1.free.com.=192.0.2.30 ns2.free.com.=198.51.100.30",
			     .text = "www.free.com. 300 IN A 192.0.2.95\n"
				     "*.wild.free.com. 300 IN A 192.0.2.96\n"
				     "alias.free.com. 300 IN CNAME www.example.com.\n",
			     .options = {.unsigned_ = true}});
	w->config.stale_s = stale_s;
	world_start(w);
	free_zone = world_zone(w, "free.com.");
}

static unsigned numbers;

static struct question *ask_new(const char *zone)
{
	return ask_number(zone, numbers++);
}

// Asks every two hours until it fails. Returns after how long, since the TTL's end.
static uint64_t lives_for_ms(const char *zone, uint64_t at_most_ms)
{
	const uint64_t ended_ms = w->network.now_us / 1000;

	for (uint64_t passed_ms = 0; passed_ms <= at_most_ms;
	     passed_ms = w->network.now_us / 1000 - ended_ms) {
		struct question *q = ask_new(zone);
		assert_false(q->reply->flags & FLAG_AD);
		if (q->reply->rcode != RCODE_NOERROR)
			return passed_ms;
		assert_int_equal(q->reply->edns.ede, EDE_STALE_ANSWER);
		world_advance(w, 2 * HOUR_MS);
		network_forget_log(&w->network);
	}
	return UINT64_MAX;
}

static void b17_a_proof_of_no_ds_holds_for_a_day(void **state)
{
	for (int fault = SILENT; fault <= SERVFAIL; fault++) {
		start_for(7 * 86400);
		know_all();
		break_com((enum tld_fault)fault);
		world_advance(w, HOUR_MS);
		assert_in_range(lives_for_ms("free.com.", 3 * DAY_MS), DAY_MS,
				DAY_MS + 3 * HOUR_MS);
		// The DS of the other one goes on.
		assert_int_equal(ask_new("example.com.")->reply->rcode, RCODE_NOERROR);
		end_world(state);
	}
}

static void b17_a_ds_holds_until_its_signature_ends(void **state)
{
	start_for(60 * 86400);
	know_all();
	break_com(BOGUS);
	world_advance(w, HOUR_MS);
	// Of all: from a day before the start to ten days after. The zone's own data end then, too.
	uint64_t lived_ms = lives_for_ms("example.com.", 12 * DAY_MS);
	assert_in_range(lived_ms, 9 * DAY_MS, 10 * DAY_MS + 3 * HOUR_MS);
	assert_true(world_counter(w, "resolver.prolonged") > 0);
	end_world(state);
}

static void b17_the_stale_ceiling_counts_from_the_first_end(void **state)
{
	for (int fault = SILENT; fault <= SERVFAIL; fault++) {
		start_for(20000);
		know_all();
		break_com((enum tld_fault)fault);
		world_advance(w, HOUR_MS);
		assert_in_range(lives_for_ms("example.com.", DAY_MS), 20000000,
				20000000 + 2 * HOUR_MS + 60000);
		end_world(state);
	}
}

// A clock that is set back does not make a signature valid again.
static void b17_setting_the_clock_back_prolongs_nothing(void **state)
{
	for (unsigned hours = 2; hours <= 4; hours += 2) {
		begin();
		add_example(w);
		world_zone(w, "com.")->options.signatures.expiration_s = SIGNER_NOW + 3 * 3600;
		world_start(w);
		world_ask(w, SIGNED_NAME, TYPE_A, ASK_DO);
		break_com(BOGUS);
		world_advance(w, hours * HOUR_MS);
		w->wall_offset_s -= (hours - 1) * 3600;
		assert_int_equal(ask_new("example.com.")->reply->rcode,
				 hours < 3 ? RCODE_NOERROR : RCODE_SERVFAIL);
		end_world(state);
	}
}

static void b17_nothing_holds_on_while_the_clock_is_not_trusted(void **state)
{
	start_for(86400);
	know_all();
	break_com(BOGUS);
	world_advance(w, 2 * HOUR_MS);
	w->clock_untrusted = true;
	assert_int_equal(ask_new("free.com.")->reply->rcode, RCODE_SERVFAIL);
	assert_int_equal(world_counter(w, "resolver.prolonged"), 0);
	end_world(state);
}

// The root proves nothing, then com. does not, either: the ceiling is that of the older proof.
static void b17_a_proof_does_not_outlive_the_one_that_it_rests_on(void **state)
{
	start_for(20000);
	world_zone(w, "com.");
	know_all();
	with((struct fault){.kind = FAULT_BOGUS, .server = "192.88.0.1"});
	with((struct fault){.kind = FAULT_BOGUS, .server = "198.41.0.4"});
	world_advance(w, HOUR_MS); // all TTLs end
	assert_lives(ask_new("example.com."), "192.0.2.81");
	// com. is well, and proves its DS by keys that rest on the last proof of the root.
	world_advance(w, 10000000);
	assert_lives(ask_new("example.com."), "192.0.2.81");
	break_com(BOGUS);
	world_advance(w, 9000000);
	assert_lives(ask_new("example.com."), "192.0.2.81");
	world_advance(w, 2000000);
	assert_int_equal(ask_new("example.com.")->reply->rcode, RCODE_SERVFAIL);
	end_world(state);
}

static void b17_names_outlive_a_root_that_proves_nothing(void **state)
{
	for (enum tld_fault fault = 0; fault < TLD_FAULTS; fault++) {
		start_for(86400);
		know_all();
		break_servers(fault, "192.88.0.1", "198.41.0.4");
		world_advance(w, 2 * HOUR_MS);
		for (unsigned i = 0; i < 20; i++) {
			assert_lives(ask_new("example.com."), "192.0.2.81");
			assert_lives(ask_new("free.com."), "192.0.2.96");
			world_advance(w, 1000);
		}
		end_world(state);
	}
}

// ---- what it says ----

static bool has_ede(const struct question *q, unsigned code, const char *text)
{
	for (size_t at = 0; at + 6 < q->wire_len; at++) {
		size_t len = (size_t)q->wire[at + 2] << 8 | q->wire[at + 3];
		if (q->wire[at] != 0 || q->wire[at + 1] != 15 || len < 2 ||
		    at + 4 + len > q->wire_len || q->wire[at + 4] != 0 || q->wire[at + 5] != code)
			continue;
		char found[200] = "";
		snprintf(found, sizeof(found), "%.*s", (int)(len - 2), q->wire + at + 6);
		if (strstr(found, text) != NULL)
			return true;
	}
	return false;
}

static void b17_it_says_which_parent_and_key(void **state)
{
	char text[80];

	start_for(86400);
	know_all();
	break_com(BOGUS);
	world_advance(w, 2 * HOUR_MS);
	snprintf(text, sizeof(text), "com. bogus, RRSIG with key tag %u",
		 signer_zone_ksk(world_zone(w, "com.")->zone)->tag);
	for (int i = 0; i < 2; i++) {
		struct question *q = world_ask(w, "new.wild.free.com.", TYPE_A, ASK_DO);
		assert_true(has_ede(q, EDE_STALE_ANSWER, ""));
		assert_true(has_ede(q, EDE_DNSSEC_BOGUS, text));
	}
	end_world(state);
}

static struct {
	unsigned begun, ended;
	size_t living;
	char text[200];
	uint64_t ended_us;
} told;

static void on_broken(void *arg, const struct resolver_broken *parent, bool over)
{
	(void)arg;
	told.begun += !over;
	told.ended += over;
	told.living = parent->living;
	told.ended_us = over ? w->network.now_us : 0;
	resolver_broken_text(parent, told.text, sizeof(told.text));
}

static void count_broken(void *arg, const struct resolver_broken *parent)
{
	(void)parent;
	++*(unsigned *)arg;
}

static void b17_an_alarm_ends_within_a_second_of_the_cure(void **state)
{
	for (int fault = BOGUS; fault <= ONE_KEY; fault++) {
		unsigned alarms = 0;
		start_for(86400);
		memset(&told, 0, sizeof(told));
		resolver_broken_watch(w->resolver, on_broken, NULL);
		know_all();
		break_com((enum tld_fault)fault);
		world_advance(w, 2 * HOUR_MS);
		assert_int_equal(told.begun, 0); // nobody has asked
		ask_new("example.com.");
		ask_new("free.com.");
		world_advance(w, 3000);
		assert_int_equal(told.begun, 1);
		assert_int_equal(told.ended, 0);
		assert_non_null(strstr(told.text, "com. "));
		assert_non_null(strstr(told.text, " since 2026-"));
		assert_null(strstr(told.text, " 0 zones")); // nobody is counted yet
		resolver_broken(w->resolver, count_broken, &alarms);
		assert_int_equal(alarms, 1);
		network_heal(&w->network);
		uint64_t healed_us = w->network.now_us;
		world_advance(w, 2000);
		assert_int_equal(told.ended, 1);
		assert_true(told.ended_us - healed_us <= 1000000);
		alarms = 0;
		resolver_broken(w->resolver, count_broken, &alarms);
		assert_int_equal(alarms, 0);
		end_world(state);
	}
}

// It is in use while clients ask: our own questions do not keep it so.
static void b17_a_parent_that_nobody_asks_for_is_not_asked_for_ever(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_BOGUS, FAULT_SERVFAIL, FAULT_FORMERR,
						FAULT_BARE, FAULT_DROP, FAULT_STRIP};

	for (size_t i = 0; i < 2 * sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct fault fault = {.kind = kinds[i / 2], .flags = 1};
		start_for(86400);
		know_all();
		for (size_t k = 0; k < 2; k++) {
			struct fault at = fault;
			at.server = k == 0 ? COM_A : COM_B;
			with(at);
		}
		if (i % 2) // the zone below as well
			with((struct fault){.kind = FAULT_BOGUS, .below = "example.com."});
		world_advance(w, 2 * HOUR_MS);
		ask_new("example.com.");
		ask_new("free.com.");
		world_advance(w, 120000);
		network_forget_log(&w->network);
		world_advance(w, 600000);
		// Whether a server is good again is looked at for ten minutes (checkup.h).
		const size_t sent = network_sent(&w->network, NULL, "example.com.", 0) +
				    network_sent(&w->network, NULL, "free.com.", 0);
		if (sent > 20)
			fail_msg("fault %u, %zu: %zu questions that nobody asks", kinds[i / 2],
				 i % 2, sent);
		end_world(state);
	}
}

// ---- what is not taken ----

static const struct rrset *elsewhere(const struct network_query *query, enum section section,
				     const struct rrset *rrset, void *arg)
{
	static struct rrset *ns, *glue;
	const struct rrset *zone_ns = arg;

	(void)query;
	if (ns == NULL) {
		ns = signer_rrset("free.com. 86400 IN NS ns.evil.free.com.");
		glue = signer_rrset("ns.evil.free.com. 86400 IN A 203.0.113.66");
	}
	(void)zone_ns;
	if (section == SECTION_AUTHORITY && rrset->type == TYPE_NS)
		return ns;
	if (section == SECTION_ADDITIONAL)
		return glue;
	return rrset;
}

// The first question meets the bogus referral, the others find the parent known to be broken.
static void b17_name_servers_of_a_bogus_referral_are_not_used(void **state)
{
	struct signer_zone *evil =
		signer_zone_new("free.com.",
				"free.com. 300 IN SOA ns.free.com. h.free.com. 1 1 1 1 300\n"
				"free.com. 300 IN NS ns.evil.free.com.\n"
				"*.wild.free.com. 300 IN A 203.0.113.66\n",
				&(struct signer_zone_options){.unsigned_ = true});

	start_for(86400);
	know_all();
	network_serve(&w->network, "203.0.113.66", evil);
	with((struct fault){.kind = FAULT_BOGUS, .server = COM_A, .rewrite = elsewhere});
	with((struct fault){.kind = FAULT_BOGUS, .server = COM_B, .rewrite = elsewhere});
	world_advance(w, 2 * HOUR_MS);
	for (unsigned i = 0; i < 20; i++) {
		struct question *q = ask_new("free.com.");
		assert_lives(q, "192.0.2.96");
		world_advance(w, i % 2 ? 700 : 6000);
	}
	end_world(state);
	signer_zone_free(evil);
}

// ---- stale data ----

// Not signed, and then it is, and what comes is bogus: the old data must not come back.
static void insecure_stale_data_are_none_after_a_bogus_answer(void **state)
{
	for (int late = 0; late < 2; late++) {
		start_for(86400);
		know_all();
		free_zone->options.unsigned_ = false;
		world_roll(w, "free.com.", false);
		world_roll(w, "com.", true);
		world_advance(w, 2 * HOUR_MS);
		const enum fault_kind kind = late ? FAULT_DELAY : FAULT_STRIP;
		const uint16_t type = late ? TYPE_A : 0;
		with((struct fault){
			.kind = kind, .server = "192.0.2.30", .type = type, .delay_ms = 2500});
		with((struct fault){
			.kind = kind, .server = "198.51.100.30", .type = type, .delay_ms = 2500});
		if (late) // past the time after which clients get stale data
			with((struct fault){
				.kind = FAULT_STRIP, .name = UNSIGNED_NAME, .times = 1});
		struct question *q = world_ask(w, UNSIGNED_NAME, TYPE_A, ASK_DO);
		assert_false(q->result->stale);
		if (!late)
			assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
		end_world(state);
	}
}

// An alias that is not signed, to data that are bogus.
static void b17_insecure_stale_data_serve_while_their_proof_holds_on(void **state)
{
	for (int broken = 0; broken < 2; broken++) {
		start_for(86400);
		know_all();
		assert_answer(world_ask(w, "alias.free.com.", TYPE_A, ASK_DO), RCODE_NOERROR, false,
			      EDE_NONE);
		if (broken)
			break_com(BOGUS);
		world_advance(w, 2 * HOUR_MS);
		ask_new("free.com.");
		with((struct fault){.kind = FAULT_BOGUS, .server = PROVIDER_A});
		with((struct fault){.kind = FAULT_BOGUS, .server = PROVIDER_B});
		struct question *q = world_ask(w, "alias.free.com.", TYPE_A, ASK_DO);
		if (broken) {
			assert_answer(q, RCODE_NOERROR, false, EDE_STALE_ANSWER);
			assert_address(q, "192.0.2.80");
		} else {
			assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
		}
		end_world(state);
	}
}

// ---- after the cure ----

#define LEAK_NAMES 10000

static void forget(unsigned i)
{
	if (i % 1000 != 999)
		return;
	world_forget_questions(w);
	network_forget_log(&w->network);
}

static void ask_leak_names(unsigned first, unsigned end, unsigned rcode)
{
	for (unsigned i = first; i < end; i++) {
		struct question *q = ask_number("example.com.", i);
		assert_int_equal(q->reply->rcode, rcode);
		assert_false(q->reply->flags & FLAG_AD);
		forget(i);
	}
}

// What was found out since, by the keys that hold now.
static bool is_new(const struct question *q, uint64_t healed_ms)
{
	for (size_t i = 0; i < q->result->count; i++) {
		struct entry_facts facts;
		entry_facts(q->result->links[i], &facts);
		if (facts.created_ms < healed_ms || facts.ede != EDE_NONE)
			return false;
	}
	return q->result->count > 0;
}

static void b17_nothing_that_rests_on_an_old_proof_becomes_authentic(void **state)
{
	unsigned authentic = 0;

	start_for(86400);
	know_all();
	break_com(BOGUS);
	world_advance(w, 2 * HOUR_MS);
	ask_leak_names(0, LEAK_NAMES / 2, RCODE_NOERROR);
	// Its keys roll, unseen; all that was answered by the old ones is on its way out.
	world_roll(w, "example.com.", true);
	world_advance(w, 31000);
	ask_leak_names(LEAK_NAMES / 2, LEAK_NAMES, RCODE_SERVFAIL);
	network_heal(&w->network);
	uint64_t healed_ms = w->network.now_us / 1000;
	for (unsigned i = 0; i < LEAK_NAMES; i++) {
		struct question *q = ask_number("example.com.", LEAK_NAMES - 1 - i);
		if (q->reply->flags & FLAG_AD) {
			authentic++;
			assert_true(is_new(q, healed_ms));
		}
		forget(i);
		world_advance(w, 2);
	}
	// That of before is too new to be over yet, or to be asked for again.
	assert_true(authentic >= LEAK_NAMES * 9 / 10);
	end_world(state);
}

// ---- what says nothing of a parent ----

static void b17_own_failures_and_drills_prolong_nothing(void **state)
{
	start_for(86400);
	know_all();
	world_advance(w, 2 * HOUR_MS);
	assert_true(world_drill(w, "--scope zone:com. --fault bogus --for 300 "
				   "--abort-if servfail>100%"));
	struct question *q = ask_new("example.com.");
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_int_equal(world_counter(w, "resolver.prolonged"), 0);
	end_world(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(b17_a_proof_of_no_ds_holds_for_a_day),
		scenario(b17_a_ds_holds_until_its_signature_ends),
		scenario(b17_the_stale_ceiling_counts_from_the_first_end),
		scenario(b17_setting_the_clock_back_prolongs_nothing),
		scenario(b17_nothing_holds_on_while_the_clock_is_not_trusted),
		scenario(b17_a_proof_does_not_outlive_the_one_that_it_rests_on),
		scenario(b17_names_outlive_a_root_that_proves_nothing),
		scenario(b17_it_says_which_parent_and_key),
		scenario(b17_an_alarm_ends_within_a_second_of_the_cure),
		scenario(b17_a_parent_that_nobody_asks_for_is_not_asked_for_ever),
		scenario(b17_name_servers_of_a_bogus_referral_are_not_used),
		scenario(insecure_stale_data_are_none_after_a_bogus_answer),
		scenario(b17_insecure_stale_data_serve_while_their_proof_holds_on),
		scenario(b17_nothing_that_rests_on_an_old_proof_becomes_authentic),
		scenario(b17_own_failures_and_drills_prolong_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
