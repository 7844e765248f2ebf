// What is said of facts: in words, the worst first.
#include "control/posture/posture.h"
#include "control/posture/words.h"
#include "dataplane/dns/types.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <string.h>

#define NOW_S 1790000000
#define DAY_S 86400

static struct posture_facts facts;
static struct dossier dossier;
static struct findings findings;

// example. below an anchored root: secure, two good servers, nothing learnt yet.
static int setup(void **state)
{
	static const uint8_t zone[] = "\7example", root[] = "";

	(void)state;
	memset(&facts, 0, sizeof(facts));
	memset(&dossier, 0, sizeof(dossier));
	for (int i = 0; i < SIGNED_CLASS_COUNT; i++)
		rhythm_start(&dossier.rhythms[i]);
	memcpy(facts.zone, zone, sizeof(zone));
	facts.known = true;
	facts.now = (struct dossiers_now){.ms = 1000000, .s = NOW_S};
	facts.dossier = &dossier;
	facts.link_count = 2;
	facts.links[0] = (struct posture_link){.zone = root, .trust = {.word = TRUST_ANCHORED}};
	facts.links[1] = (struct posture_link){.zone = facts.zone, .trust = {.word = TRUST_SECURE}};
	facts.server_count = 2;
	facts.names = facts.networks = facts.cut = 2;
	for (int i = 0; i < 2; i++) {
		facts.servers[i].address = (struct address){4, {192, 0, (uint8_t)i, 1}};
		facts.servers[i].facts =
			(struct server_facts){.standing = SERVER_WELL, .rtt_us = 10000};
	}
	dossier.secure_s = NOW_S;
	dossier.answered_ms = facts.now.ms;
	return 0;
}

static void judge(void)
{
	posture_judge(&facts, &findings);
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
	const struct finding *finding;

	judge();
	finding = finding_of(part);
	if (finding == NULL)
		fail_msg("\"%s\" is not found; first: %s", part,
			 findings.count > 0 ? findings.list[0].text : "none");
	assert_int_equal(finding->severity, severity);
}

static void what_is_in_order_has_no_findings(void **state)
{
	(void)state;
	judge();
	assert_int_equal(findings.count, 0);
	assert_string_equal(
		findings.summary,
		"secure; 2 servers in 2 networks, losing 2 failure domains takes it down");
}

static void without_signatures_before_an_end_there_is_a_warning_and_then_an_alarm(void **state)
{
	struct rhythm *rhythm = &dossier.rhythms[SIGNED_DNSKEY];

	(void)state;
	rhythm_see(rhythm, NOW_S - 10 * DAY_S, NOW_S + 20 * DAY_S, NOW_S - 3 * DAY_S);
	judge();
	assert_int_equal(findings.count, 0);
	facts.now.s = NOW_S + 15 * DAY_S;
	assert_found(SEVERITY_WARNING, "DNSKEY signatures end in 5.0 d; no renewal has been seen "
				       "in 18.0 d of watching");
	facts.now.s = NOW_S + 20 * DAY_S - 7200;
	assert_found(SEVERITY_ALARM, "DNSKEY signatures end in 2.0 h");
	facts.now.s = NOW_S + 21 * DAY_S;
	assert_found(SEVERITY_NOTE,
		     "the DNSKEY signature that was seen 24.0 d ago has ended since");
}

// They live for two days, and are made when they are asked for.
static void signatures_that_live_short_are_no_finding(void **state)
{
	(void)state;
	rhythm_see(&dossier.rhythms[SIGNED_DATA], NOW_S - DAY_S, NOW_S + DAY_S, NOW_S);
	judge();
	assert_int_equal(findings.count, 0);
}

static void the_words_of_a_missed_rhythm_say_what_is_usual_and_what_is(void **state)
{
	struct rhythm *rhythm = &dossier.rhythms[SIGNED_DATA];
	int64_t made_s = NOW_S, now_s;

	(void)state;
	for (now_s = NOW_S; now_s < NOW_S + 50 * DAY_S; now_s += 3600) {
		if (now_s < NOW_S + 36 * DAY_S && now_s - made_s >= 7 * DAY_S)
			made_s = now_s;
		rhythm_see(rhythm, made_s, made_s + 21 * DAY_S, now_s);
	}
	facts.now.s = made_s + 15 * DAY_S;
	for (; now_s <= facts.now.s; now_s += 3600)
		rhythm_see(rhythm, made_s, made_s + 21 * DAY_S, now_s);
	assert_found(SEVERITY_WARNING, "data signatures are renewed every 7.0 d with 14.0 d left; "
				       "now 6.0 d left: 2 renewals missed");
	assert_non_null(strstr(findings.summary, "6.0 d left of its signatures, renewed every "
						 "7.0 d (data); 1 warning"));
	facts.now.s = made_s + 18 * DAY_S;
	rhythm_see(rhythm, made_s, made_s + 21 * DAY_S, facts.now.s);
	assert_found(SEVERITY_ALARM, "now 3.0 d left: 2 renewals missed");
}

static void renewals_at_the_last_moment_are_warned_of(void **state)
{
	struct rhythm *rhythm = &dossier.rhythms[SIGNED_DATA];
	int64_t made_s = NOW_S;

	(void)state;
	for (int64_t now_s = NOW_S; now_s < NOW_S + 60 * DAY_S; now_s += 3600) {
		if (now_s - made_s >= 14 * DAY_S - 4 * 3600)
			made_s = now_s;
		rhythm_see(rhythm, made_s, made_s + 14 * DAY_S, now_s);
		facts.now.s = now_s;
	}
	assert_found(SEVERITY_WARNING,
		     "data signatures have been renewed with no more than 4.0 h left");
}

static void every_algorithm_is_said_once_with_its_zone(void **state)
{
	(void)state;
	facts.links[1].trust.key_count = 3;
	facts.links[1].trust.keys[0] = (struct link_key){.tag = 1, .algorithm = 5};
	facts.links[1].trust.keys[1] = (struct link_key){.tag = 2, .algorithm = 5};
	facts.links[1].trust.keys[2] = (struct link_key){.tag = 3, .algorithm = 200};
	judge();
	assert_int_equal(findings.count, 2);
	assert_non_null(finding_of("example. has keys of algorithm 200, which is not validated"));
	assert_non_null(finding_of("RSASHA1"));
}

static void sha1_beside_a_better_digest_is_no_finding(void **state)
{
	struct trust_link *own = &facts.links[1].trust;

	(void)state;
	own->ds_count = 2;
	own->ds[0] = (struct link_key){.tag = 1, .algorithm = 13, .digest = 1};
	own->ds[1] = (struct link_key){.tag = 1, .algorithm = 13, .digest = 2};
	judge();
	assert_int_equal(findings.count, 0);
	own->ds[1].digest = 3;
	assert_found(SEVERITY_WARNING, "the DS of example. has no digest but SHA-1");
	assert_found(SEVERITY_NOTE, "unsupported GOST R 34.11-94");
}

static void the_worst_comes_first(void **state)
{
	static char text[] = "no key fits";

	(void)state;
	dossier.denies = DENIES_NSEC3;
	dossier.salt_len = 3;
	dossier.iterations = 7;
	dossier.bogus = (struct trouble){.count = 3,
					 .ede = EDE_DNSSEC_BOGUS,
					 .at_s = NOW_S + 1,
					 .at_ms = 1006000,
					 .text = text};
	facts.now.s = NOW_S + 60;
	judge();
	assert_int_equal(findings.count, 3);
	assert_int_equal(findings.list[0].severity, SEVERITY_ALARM);
	assert_string_equal(findings.list[0].text, "an answer did not validate 59 s ago (3 in "
						   "all): DNSSEC Bogus: no key fits");
	assert_int_equal(findings.list[1].severity, SEVERITY_WARNING);
	assert_int_equal(findings.list[2].severity, SEVERITY_NOTE);
	assert_non_null(strstr(findings.summary, "BOGUS; "));
	assert_non_null(strstr(findings.summary, "; 1 alarm; 1 warning"));
}

// One broken name among good ones makes no bogus zone.
static void what_answered_well_just_before_is_not_called_bogus(void **state)
{
	static char text[] = "no key fits";

	(void)state;
	dossier.bogus = (struct trouble){.count = 1, .at_s = NOW_S, .at_ms = 1004999, .text = text};
	assert_found(SEVERITY_WARNING, "an answer did not validate");
	assert_int_equal(posture_status(&facts), POSTURE_SECURE);
	dossier.bogus.at_ms = 1005000;
	assert_found(SEVERITY_ALARM, "an answer did not validate");
	assert_int_equal(posture_status(&facts), POSTURE_BOGUS);
	dossier.answered_ms = 1005001;
	assert_int_equal(posture_status(&facts), POSTURE_SECURE);
}

// However much is wrong, it fits.
static void many_findings_and_long_names_are_bounded(void **state)
{
	static uint8_t name[NAME_MAX_LEN];
	static char text[TROUBLE_TEXT_MAX + 1];

	(void)state;
	memset(name, '\\', sizeof(name));
	for (int i = 0; i < 250; i += 50)
		name[i] = 49;
	name[250] = 0;
	memset(text, 'x', TROUBLE_TEXT_MAX);
	dossier.bogus = (struct trouble){.count = 3, .at_s = NOW_S, .text = text};
	dossier.failure =
		(struct trouble){.count = 3, .at_s = NOW_S, .until_ms = UINT64_MAX, .text = text};
	facts.server_count = POSTURE_SERVERS_MAX;
	for (int i = 0; i < POSTURE_SERVERS_MAX; i++) {
		facts.servers[i].name = name;
		facts.servers[i].facts.standing = SERVER_OUT;
	}
	facts.link_count = POSTURE_LINKS_MAX;
	for (int i = 0; i < POSTURE_LINKS_MAX; i++) {
		facts.links[i].zone = name;
		facts.links[i].trust.word = TRUST_SECURE;
		facts.links[i].trust.key_count = TRUST_LINK_KEYS_MAX;
		for (int k = 0; k < TRUST_LINK_KEYS_MAX; k++)
			facts.links[i].trust.keys[k].algorithm = (uint8_t)(100 + k);
	}
	judge();
	assert_int_equal(findings.count, FINDINGS_MAX);
	for (size_t i = 0; i < findings.count; i++)
		assert_true(strlen(findings.list[i].text) < FINDING_TEXT_MAX);
}

// What is wrong now must not be left out because there is much to say of algorithms.
static void alarms_are_never_left_out(void **state)
{
	(void)state;
	many_findings_and_long_names_are_bounded(state);
	assert_non_null(finding_of("a failure is held"));
	assert_non_null(finding_of("all of its servers are out"));
}

static void durations_are_short(void **state)
{
	static const struct {
		int64_t seconds;
		const char *words;
	} rows[] = {{0, "0 s"},       {119, "119 s"},      {120, "2 min"},
		    {5399, "90 min"}, {5400, "1.5 h"},     {86399, "24.0 h"},
		    {86400, "1.0 d"}, {-172800, "-2.0 d"}, {INT32_MAX, "24855.1 d"}};
	char words[WORDS_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(duration_words(rows[i].seconds, words), rows[i].words);
}

#define test(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(what_is_in_order_has_no_findings),
		test(without_signatures_before_an_end_there_is_a_warning_and_then_an_alarm),
		test(signatures_that_live_short_are_no_finding),
		test(the_words_of_a_missed_rhythm_say_what_is_usual_and_what_is),
		test(renewals_at_the_last_moment_are_warned_of),
		test(every_algorithm_is_said_once_with_its_zone),
		test(sha1_beside_a_better_digest_is_no_finding),
		test(the_worst_comes_first),
		test(what_answered_well_just_before_is_not_called_bogus),
		test(many_findings_and_long_names_are_bounded),
		test(alarms_are_never_left_out),
		test(durations_are_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
