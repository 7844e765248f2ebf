// What is known of zones from whole resolutions, and what is said of it. Looking asks nobody.
#include "tests/scenario/zones.h"

#define HOUR_MS 3600000
#define DAY_S   86400

static struct posture_facts facts;
static struct findings findings;

static void look(const char *zone)
{
	size_t sent = network_sent(&w->network, NULL, NULL, 0);

	resolver_posture(w->resolver, text_name(zone), &facts);
	if (facts.known)
		posture_judge(&facts, &findings);
	assert_int_equal(network_sent(&w->network, NULL, NULL, 0), sent);
}

static const struct finding *finding_of(const char *part)
{
	for (size_t i = 0; i < findings.count; i++) {
		if (strstr(findings.list[i].text, part) != NULL)
			return &findings.list[i];
	}
	return NULL;
}

static void assert_found(enum severity severity, const char *part)
{
	const struct finding *finding = finding_of(part);

	for (size_t i = 0; finding == NULL && i < findings.count; i++)
		print_message("%s %s\n", severity_words(findings.list[i].severity),
			      findings.list[i].text);
	if (finding == NULL)
		fail_msg("\"%s\" is not found", part);
	assert_int_equal(finding->severity, severity);
}

static void assert_nothing_worse_than(enum severity severity)
{
	if (findings.count > 0 && findings.list[0].severity > severity)
		fail_msg("%s", findings.list[0].text);
	for (size_t i = 1; i < findings.count; i++)
		assert_true(findings.list[i].severity <= findings.list[i - 1].severity);
}

static void assert_summary(const char *part)
{
	if (strstr(findings.summary, part) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", part, findings.summary);
}

static void ask(const char *name, uint16_t type)
{
	world_ask(w, name, type, ASK_DO);
}

// ---- kinds of zones ----

static void a_secure_zone_is_shown_with_its_chain_keys_signatures_and_servers(void **state)
{
	struct rhythm_facts rhythm;

	(void)state;
	ask("www.example.com.", TYPE_A);
	ask("nope.example.com.", TYPE_A);
	look("Example.COM.");
	assert_true(facts.known);
	assert_int_equal(posture_status(&facts), POSTURE_SECURE);
	assert_int_equal(facts.link_count, 3);
	assert_int_equal(facts.links[0].trust.word, TRUST_ANCHORED);
	assert_int_equal(facts.links[0].trust.ds_count, 1);
	assert_true(name_equal(facts.links[1].zone, text_name("com.")));
	assert_int_equal(facts.links[1].trust.word, TRUST_SECURE);
	const struct trust_link *own = &facts.links[2].trust;
	assert_int_equal(own->word, TRUST_SECURE);
	assert_int_equal(own->ds_count, 1);
	assert_int_equal(own->ds[0].digest, 2);
	assert_int_equal(own->ds[0].algorithm, 13);
	assert_int_equal(own->ds[0].tag, signer_zone_ksk(world_zone(w, "example.com.")->zone)->tag);
	assert_int_equal(own->key_count, 2);
	// From a day before the world began until ten days after.
	for (unsigned i = 0; i < SIGNED_CLASS_COUNT; i++) {
		dossier_rhythm(facts.dossier, i, facts.now.s, &rhythm);
		assert_int_equal(rhythm.valid_s, 11 * DAY_S);
		assert_in_range(rhythm.left_s, 10 * DAY_S - 60, 10 * DAY_S);
		assert_int_equal(rhythm.renewals, 0);
	}
	assert_int_equal(facts.dossier->denies, DENIES_NSEC);
	assert_int_equal(facts.dossier->opt_out_s, 0);
	assert_int_equal(dossier_heat(facts.dossier, facts.now.ms), 2);
	assert_int_equal(facts.server_count, 2);
	assert_int_equal(facts.networks, 2);
	assert_int_equal(facts.cut, 2);
	assert_int_equal(findings.count, 0);
	assert_summary("secure; 2 servers in 2 networks, losing 2 failure domains takes it down; "
		       "10.0 d left of its signatures");
}

static void an_insecure_zone_is_no_alarm(void **state)
{
	(void)state;
	ask("www.plain.org.", TYPE_A);
	look("plain.org.");
	assert_int_equal(posture_status(&facts), POSTURE_INSECURE);
	assert_int_equal(facts.links[facts.link_count - 1].trust.word, TRUST_INSECURE);
	assert_found(SEVERITY_NOTE, "the zone above proves that it has no DS");
	assert_nothing_worse_than(SEVERITY_NOTE);
	assert_summary("insecure; 2 servers");
	assert_true(facts.dossier->insecure_s != 0);
	assert_int_equal(facts.dossier->secure_s, 0);
	// What denied its DS is the parent's.
	look("org.");
	assert_int_equal(posture_status(&facts), POSTURE_SECURE);
	assert_int_equal(facts.dossier->denies, DENIES_NSEC3);
	assert_int_equal(facts.dossier->insecure_s, 0);
}

static void a_bogus_zone_is_an_alarm_with_its_reason(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_BOGUS, .server = PROVIDER_A});
	with((struct fault){.kind = FAULT_BOGUS, .server = PROVIDER_B});
	ask("www.example.com.", TYPE_A);
	look("example.com.");
	assert_int_equal(posture_status(&facts), POSTURE_BOGUS);
	assert_int_equal(findings.list[0].severity, SEVERITY_ALARM);
	assert_found(SEVERITY_ALARM, "an answer did not validate 0 s ago");
	assert_found(SEVERITY_ALARM, "does not verify");
	assert_found(SEVERITY_ALARM, "a failure is held, of 0 s ago");
	assert_summary("BOGUS; ");
	// What is mended is said to be over.
	network_heal(&w->network);
	world_advance(w, 120000);
	ask("mx.example.com.", TYPE_MX);
	look("example.com.");
	assert_int_equal(posture_status(&facts), POSTURE_SECURE);
	assert_found(SEVERITY_WARNING, "an answer did not validate 2 min ago");
	assert_null(finding_of("a failure is held"));
	world_advance(w, 25 * HOUR_MS);
	ask("mx.example.com.", TYPE_MX);
	look("example.com.");
	assert_null(finding_of("did not validate"));
}

static void nsec3_parameters_and_opt_out_are_told_by_what_was_verified(void **state)
{
	(void)state;
	begin();
	world_add(w,
		  &(struct world_zone){
			  .apex = "old.com.",
			  .servers = "ns1.old.com.=" PROVIDER_A " ns2.old.com.=" PROVIDER_B,
			  .options = {.nsec3 = true, .params = {.iterations = 12, .salt_len = 4}}});
	world_add(w,
		  &(struct world_zone){.apex = "far.com.",
				       .servers = "ns1.far.com.=" PROVIDER_A,
				       .options = {.nsec3 = true, .params = {.iterations = 100}}});
	world_add(w, &(struct world_zone){.apex = "some.net.",
					  .servers = "ns1.some.net.=" PROVIDER_A,
					  .text = "www.some.net. 300 IN A 192.0.2.7\n",
					  .options = {.unsigned_ = true}});
	world_start(w);
	ask("nope.old.com.", TYPE_A);
	look("old.com.");
	assert_int_equal(facts.dossier->iterations, 12);
	assert_int_equal(facts.dossier->salt_len, 4);
	assert_found(SEVERITY_WARNING, "NSEC3 with 12 iterations; RFC 9276 allows none");
	assert_found(SEVERITY_NOTE, "a salt of 4 bytes");
	assert_null(finding_of("opt-out"));
	ask("nope.far.com.", TYPE_A);
	look("far.com.");
	assert_found(SEVERITY_WARNING, "NSEC3 with 100 iterations: more than 50");
	ask("www.some.net.", TYPE_A);
	look("net.");
	assert_found(SEVERITY_NOTE, "NSEC3 with opt-out");
	assert_int_equal(posture_status(&facts), POSTURE_SECURE);
}

// Iterations that nobody signed say nothing.
static void what_does_not_validate_teaches_nothing_of_signatures(void **state)
{
	(void)state;
	begin();
	world_add(w,
		  &(struct world_zone){.apex = "old.com.",
				       .servers = "ns1.old.com.=" PROVIDER_A,
				       .options = {.nsec3 = true, .params = {.iterations = 12}}});
	world_start(w);
	ask("old.com.", TYPE_SOA);
	with((struct fault){.kind = FAULT_BOGUS, .name = "nope.old.com."});
	ask("nope.old.com.", TYPE_A);
	look("old.com.");
	assert_int_equal(facts.dossier->denies, DENIES_UNKNOWN);
	assert_int_equal(facts.dossier->iterations, 0);
	assert_true(facts.dossier->bogus.count > 0);
}

static void a_zone_whose_servers_fail_together_is_warned_of(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){
			     .apex = "single.com.",
			     .servers = "ns1.single.com.=192.0.2.40 ns2.single.com.=192.0.2.41"});
	world_add(w,
		  &(struct world_zone){.apex = "lone.com.", .servers = "ns1.lone.com.=192.0.2.42"});
	world_add(w, &(struct world_zone){
			     .apex = "dual.com.",
			     .servers = "ns1.dual.com.=192.0.2.43 ns1.dual.com.=198.51.100.43 "
					"ns2.dual.com.=192.0.3.43 ns2.dual.com.=198.51.101.43"});
	world_add(w, &(struct world_zone){
			     .apex = "same.com.",
			     .servers = "ns1.same.com.=192.0.2.44 ns1.same.com.=198.51.100.44"});
	world_start(w);
	ask("single.com.", TYPE_SOA);
	look("single.com.");
	assert_int_equal(facts.networks, 1);
	assert_int_equal(facts.cut, 1);
	assert_found(SEVERITY_WARNING, "all 2 servers are in one network");
	assert_summary("2 servers in 1 network, losing 1 failure domain takes it down");
	ask("lone.com.", TYPE_SOA);
	look("lone.com.");
	assert_found(SEVERITY_WARNING, "one server alone serves it");
	// Two addresses make no two servers.
	ask("dual.com.", TYPE_SOA);
	look("dual.com.");
	assert_int_equal(facts.cut, 2);
	assert_summary("2 servers with 4 addresses in 4 networks, losing 2 failure domains");
	ask("same.com.", TYPE_SOA);
	look("same.com.");
	assert_int_equal(facts.cut, 1);
	assert_found(SEVERITY_WARNING, "one server alone serves it");
}

static void weak_algorithms_and_digests_are_named_with_their_zone(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "weak.com.",
					  .servers = "ns1.weak.com.=" PROVIDER_A
						     " ns2.weak.com.=" PROVIDER_B,
					  .options = {.digest_type = 1, .algorithm = 8}});
	world_add(w, &(struct world_zone){.apex = "below.weak.com.",
					  .servers = "a.below.weak.com.=" PROVIDER_A
						     " b.below.weak.com.=" PROVIDER_B});
	world_start(w);
	ask("below.weak.com.", TYPE_SOA);
	look("below.weak.com.");
	assert_found(SEVERITY_WARNING, "the DS of weak.com. has no digest but SHA-1");
	assert_int_equal(posture_status(&facts), POSTURE_SECURE);
	assert_int_equal(facts.link_count, 4);
	assert_int_equal(facts.links[2].trust.ds[0].digest, 1);
	assert_int_equal(facts.links[2].trust.keys[0].algorithm, 8);
}

static void a_ds_that_cannot_be_followed_is_told_from_none(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "gost.com.",
					  .servers = "ns1.gost.com.=" PROVIDER_A
						     " ns2.gost.com.=" PROVIDER_B,
					  .ds_text = "gost.com. 3600 IN DS 4711 12 2 "
						     "012345678901234567890123456789012345678901234"
						     "5678901234567890123\n",
					  .text = "www.gost.com. 300 IN A 192.0.2.7\n"});
	world_start(w);
	ask("www.gost.com.", TYPE_A);
	look("gost.com.");
	assert_int_equal(posture_status(&facts), POSTURE_INSECURE);
	assert_found(SEVERITY_WARNING, "signed, but not so that it can be validated here: "
				       "Unsupported DNSKEY Algorithm");
	assert_found(SEVERITY_WARNING, "gost.com. has keys of ECC-GOST");
}

// ---- the operator's word ----

static void exceptions_and_anchors_of_the_operator_are_links_of_their_own(void **state)
{
	uint8_t rdata[64];

	(void)state;
	begin();
	add_example(w);
	add_plain(w);
	world_add(w, &(struct world_zone){.apex = "sub.example.com.",
					  .servers = "ns1.sub.example.com.=" PROVIDER_C,
					  .text = "www.sub.example.com. 300 IN A 192.0.2.7\n"});
	world_start(w);
	assert_int_equal(resolver_nta_add(w->resolver, text_name("example.com."), 7200, ""), 0);
	assert_int_equal(trust_insecure_add(w->trust, text_name("plain.org."), UINT64_MAX, false),
			 0);
	ask("www.sub.example.com.", TYPE_A);
	look("sub.example.com.");
	assert_int_equal(posture_status(&facts), POSTURE_NTA);
	assert_found(SEVERITY_WARNING,
		     "not validated for 2.0 h more, by the negative trust anchor at example.com.");
	look("plain.org.");
	assert_true(facts.known);
	assert_int_equal(posture_status(&facts), POSTURE_EXCEPTION);
	assert_found(SEVERITY_NOTE, "not validated, by configuration of plain.org.");
	// An anchor below the one ends it.
	const struct signer_zone *sub = world_zone(w, "sub.example.com.")->zone;
	size_t len = signer_ds(signer_zone_ksk(sub), signer_zone_apex(sub), 2, rdata);
	assert_int_equal(
		trust_anchor_add(w->trust, text_name("sub.example.com."), TYPE_DS, rdata, len), 0);
	ask("www.sub.example.com.", TYPE_A);
	look("sub.example.com.");
	assert_int_equal(posture_status(&facts), POSTURE_SECURE);
	assert_int_equal(facts.links[facts.link_count - 1].trust.word, TRUST_ANCHORED);
}

struct listed {
	unsigned ntas, permanent;
};

static void count_exception(const uint8_t *name, bool nta, uint64_t left_ms, void *arg)
{
	struct listed *listed = arg;

	(void)name;
	assert_true(!nta || left_ms <= 7200000);
	listed->ntas += nta;
	listed->permanent += !nta;
}

static void all_exceptions_are_listed_while_they_last(void **state)
{
	struct listed listed = {0};

	(void)state;
	resolver_exceptions(w->resolver, count_exception, &listed);
	assert_int_equal(listed.ntas + listed.permanent, 0);
	assert_int_equal(resolver_nta_add(w->resolver, text_name("example.com."), 7200, ""), 0);
	assert_int_equal(trust_insecure_add(w->trust, text_name("lan."), UINT64_MAX, false), 0);
	resolver_exceptions(w->resolver, count_exception, &listed);
	assert_int_equal(listed.ntas, 1);
	assert_int_equal(listed.permanent, 1);
	assert_true(resolver_nta_remove(w->resolver, text_name("example.com.")));
	resolver_exceptions(w->resolver, count_exception, &listed);
	assert_int_equal(listed.ntas, 1);
	assert_int_equal(listed.permanent, 2);
}

// ---- servers ----

static void a_lame_server_and_a_dead_one_are_named(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_REFUSED, .server = PROVIDER_A});
	for (int i = 0; i < 60; i++) {
		char name[40];
		snprintf(name, sizeof(name), "n%d.wild.example.com.", i);
		ask(name, TYPE_A);
	}
	look("example.com.");
	assert_found(SEVERITY_WARNING, PROVIDER_A " (ns1.example.com.) is out: REFUSED");
	assert_null(finding_of(PROVIDER_B));
	assert_int_equal(posture_status(&facts), POSTURE_SECURE);
	network_heal(&w->network);
	with((struct fault){.kind = FAULT_DROP, .below = "example.com."});
	for (int i = 0; i < 6; i++) {
		char name[40];
		snprintf(name, sizeof(name), "m%d.wild.example.com.", i);
		ask(name, TYPE_A);
	}
	look("example.com.");
	assert_int_equal(findings.list[0].severity, SEVERITY_ALARM);
	assert_found(SEVERITY_ALARM, "a failure is held");
	assert_true(finding_of("none of its servers answers") != NULL ||
		    finding_of("all of its servers are out") != NULL);
}

static void a_slow_server_is_named(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_DELAY, .server = PROVIDER_A, .delay_ms = 300});
	for (int i = 0; i < 20; i++) {
		char name[40];
		snprintf(name, sizeof(name), "n%d.wild.example.com.", i);
		ask(name, TYPE_A);
	}
	look("example.com.");
	assert_found(SEVERITY_NOTE, PROVIDER_A " (ns1.example.com.) is slow");
}

// No referral shows the delegation.
static void a_zone_on_the_servers_of_the_one_above_is_shown_with_those(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "top.com.",
					  .servers = "ns1.top.com.=" PROVIDER_A
						     " ns2.top.com.=" PROVIDER_B});
	world_add(w, &(struct world_zone){.apex = "in.top.com.",
					  .servers = "ns1.in.top.com.=" PROVIDER_A
						     " ns2.in.top.com.=" PROVIDER_B,
					  .text = "www.in.top.com. 300 IN A 192.0.2.7\n"});
	world_start(w);
	ask("www.in.top.com.", TYPE_A);
	look("in.top.com.");
	assert_int_equal(posture_status(&facts), POSTURE_SECURE);
	assert_true(name_equal(facts.served, text_name("top.com.")));
	assert_int_equal(facts.server_count, 2);
	look("top.com.");
	assert_true(name_equal(facts.served, text_name("top.com.")));
}

// ---- what is not known ----

static void an_unknown_zone_is_said_to_be_one(void **state)
{
	(void)state;
	ask("www.example.com.", TYPE_A);
	look("other.com.");
	assert_false(facts.known);
	assert_true(name_equal(facts.closest, text_name("com.")));
	assert_null(facts.dossier);
	// A name is no zone.
	look("www.example.com.");
	assert_false(facts.known);
	assert_true(name_equal(facts.closest, text_name("example.com.")));
	look(".");
	assert_true(facts.known);
	assert_int_equal(posture_status(&facts), POSTURE_SECURE);
	assert_int_equal(facts.link_count, 1);
}

static void a_delegation_that_has_ended_is_still_shown(void **state)
{
	(void)state;
	ask("www.example.com.", TYPE_A);
	world_advance(w, 30 * HOUR_MS);
	look("example.com.");
	assert_true(facts.known);
	assert_true(facts.ended);
	assert_int_equal(facts.server_count, 2);
	assert_true(facts.links[2].trust.past);
}

// ---- heat ----

static struct hottest hottest;
static size_t find_hottest(size_t max)
{
	hottest = (struct hottest){.max = max};
	while (resolver_hottest_some(w->resolver, &hottest))
		;
	return hottest.count;
}

static void the_hottest_zones_come_first_and_cool_down(void **state)
{
	char name[40];

	(void)state;
	for (int i = 0; i < 9; i++) {
		snprintf(name, sizeof(name), "n%d.wild.example.com.", i);
		ask(name, TYPE_A);
		if (i % 3 == 0) {
			snprintf(name, sizeof(name), "n%d.plain.org.", i);
			ask(name, TYPE_A);
		}
	}
	// The look-ups of keys at the TLDs that this took count for nothing; the third is the root,
	// which was primed.
	assert_int_equal(find_hottest(4), 3);
	assert_true(name_equal(hottest.list[0].zone, text_name("example.com.")));
	assert_true(name_equal(hottest.list[1].zone, text_name("plain.org.")));
	assert_true(name_is_root(hottest.list[2].zone));
	assert_int_equal(find_hottest(1), 1);
	assert_true(name_equal(hottest.list[0].zone, text_name("example.com.")));
	world_advance(w, 1201000);
	assert_int_equal(find_hottest(4), 0);
}

// ---- early warning ----

static unsigned begun, over;
static char said[400];

static void on_event(void *arg, const uint8_t *zone, const char *text, bool is_over)
{
	(void)arg;
	assert_true(name_equal(zone, text_name("example.com.")));
	begun += !is_over;
	over += is_over;
	snprintf(said, sizeof(said), "%s", text);
}

// Validity of three days, from an hour ago on.
static void sign_now(void)
{
	int64_t now_s = world_clock(w).now_s;
	struct world_zone *zone = world_zone(w, "example.com.");

	zone->options.signatures.inception_s = now_s - 3600;
	zone->options.signatures.expiration_s = now_s - 3600 + 3 * DAY_S;
	world_roll(w, "example.com.", true);
}

static void use_for(unsigned hours)
{
	for (unsigned i = 0; i < hours; i += 2) {
		ask("www.example.com.", TYPE_A);
		ask("www.example.com.", TYPE_AAAA);
		ask("mx.example.com.", TYPE_MX);
		ask("x.new.example.com.", TYPE_A);
		world_advance(w, 2 * HOUR_MS);
	}
}

static void count_line(const char *text, void *arg)
{
	assert_non_null(strstr(text, "example.com. "));
	assert_non_null(strstr(text, "signatures are renewed every 1.0 d"));
	++*(unsigned *)arg;
}

static unsigned overdue_lines(void)
{
	unsigned lines = 0;

	size_t all = resolver_overdue(w->resolver, 8, count_line, &lines);
	assert_int_equal(all, lines);
	return lines;
}

static void
a_hot_zone_that_misses_its_rhythm_is_warned_of_once_and_said_to_be_well_once(void **state)
{
	(void)state;
	begun = over = 0;
	resolver_posture_watch(w->resolver, on_event, NULL);
	for (int day = 0; day < 5; day++) {
		sign_now();
		use_for(24);
	}
	assert_int_equal(begun + over, 0);
	look("example.com.");
	assert_nothing_worse_than(SEVERITY_NOTE);
	assert_summary("renewed every 1.0 d");
	// The sixth time nobody signs. First it is only told to who looks.
	use_for(16);
	look("example.com.");
	assert_found(SEVERITY_WARNING, "signatures are renewed every 1.0 d");
	assert_int_equal(begun, 0);
	use_for(20);
	assert_true(begun >= 1);
	unsigned classes = begun;
	assert_non_null(strstr(said, "signatures are renewed every 1.0 d with 2.0 d left; now "));
	assert_int_equal(world_counter(w, "posture.overdue"), 1);
	assert_int_equal(overdue_lines(), 1);
	look("example.com.");
	assert_int_equal(findings.list[0].severity, SEVERITY_ALARM);
	use_for(4);
	assert_int_equal(begun, classes); // once each
	assert_int_equal(over, 0);
	sign_now();
	use_for(26);
	assert_int_equal(over, classes);
	assert_int_equal(begun, classes);
	assert_int_equal(world_counter(w, "posture.overdue"), 0);
	assert_int_equal(world_counter(w, "posture.recovered"), classes);
	assert_int_equal(overdue_lines(), 0);
}

static void a_zone_that_nobody_asks_for_is_not_warned_of(void **state)
{
	(void)state;
	begun = over = 0;
	resolver_posture_watch(w->resolver, on_event, NULL);
	for (int day = 0; day < 5; day++) {
		sign_now();
		use_for(24);
	}
	for (int i = 0; i < 20; i++) {
		ask("www.example.com.", TYPE_A);
		world_advance(w, 2 * HOUR_MS);
	}
	assert_int_equal(begun, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario_common(a_secure_zone_is_shown_with_its_chain_keys_signatures_and_servers),
		scenario_common(an_insecure_zone_is_no_alarm),
		scenario_common(a_bogus_zone_is_an_alarm_with_its_reason),
		scenario(nsec3_parameters_and_opt_out_are_told_by_what_was_verified),
		scenario(what_does_not_validate_teaches_nothing_of_signatures),
		scenario(a_zone_whose_servers_fail_together_is_warned_of),
		scenario(weak_algorithms_and_digests_are_named_with_their_zone),
		scenario(a_ds_that_cannot_be_followed_is_told_from_none),
		scenario(exceptions_and_anchors_of_the_operator_are_links_of_their_own),
		scenario_common(all_exceptions_are_listed_while_they_last),
		scenario_common(a_lame_server_and_a_dead_one_are_named),
		scenario_common(a_slow_server_is_named),
		scenario(a_zone_on_the_servers_of_the_one_above_is_shown_with_those),
		scenario_common(an_unknown_zone_is_said_to_be_one),
		scenario_common(a_delegation_that_has_ended_is_still_shown),
		scenario_common(the_hottest_zones_come_first_and_cool_down),
		scenario_common(
			a_hot_zone_that_misses_its_rhythm_is_warned_of_once_and_said_to_be_well_once),
		scenario_common(a_zone_that_nobody_asks_for_is_not_warned_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
