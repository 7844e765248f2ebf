// What operators read of a failed resolution.
#include "control/explain/describe.h"
#include "tests/unit/control/explain/given.h"

static char page[8000];

static void line(const char *text, void *arg)
{
	(void)arg;
	snprintf(page + strlen(page), sizeof(page) - strlen(page), "%s\n", text);
}

static void describe(const struct failed_view *view)
{
	page[0] = '\0';
	failed_describe(view, line, NULL);
}

static void assert_says(const char *part)
{
	if (strstr(page, part) == NULL)
		fail_msg("\"%s\" is not in:\n%s", part, page);
}

static void assert_says_nothing_of(const char *part)
{
	if (strstr(page, part) != NULL)
		fail_msg("\"%s\" is in:\n%s", part, page);
}

static struct failed unreachable_name(void)
{
	struct failed failed = {.type = TYPE_A,
				.zone_labels = 2,
				.zone_known = true,
				.kind = FAILED_UNREACHABLE,
				.ede = EDE_NO_REACHABLE_AUTHORITY,
				.last_ede = EDE_NO_REACHABLE_AUTHORITY,
				.first_ms = NOW_MS,
				.last_ms = NOW_MS,
				.first_s = NOW_S,
				.last_s = NOW_S,
				.took_ms = 800,
				.times = 1,
				.text = "example.com.: 192.0.2.1 timeout",
				.tried = {.type = TYPE_A}};
	struct tried_server server = server_of(1, SERVER_TIMEOUT, 2);

	name_copy(failed.name, name_of("www.example.com."));
	name_copy(failed.tried.question, failed.name);
	tried_add(&failed.tried, &server, name_of("ns1.hoster.net."), NULL);
	return failed;
}

static void it_says_when_what_and_who(void **state)
{
	(void)state;
	struct failed failed = unreachable_name();
	struct tried_server again = server_of(1, SERVER_REFUSED, 2);

	again.ede = 18;
	tried_add(&failed.tried, &again, NULL, NULL);
	failed.failed = 12;
	failed.stale = 3;
	describe(&(struct failed_view){.failed = &failed, .now_ms = NOW_MS + 60000});
	assert_says("www.example.com. A failed at 2027-01-15T08:00:00Z (60 s ago) after 800 ms: "
		    "no server of its zone gave an answer\n");
	assert_says("  first cause: example.com.: 192.0.2.1 timeout (EDE 22, No Reachable "
		    "Authority)\n");
	assert_says_nothing_of("last cause");
	assert_says(
		"  servers of example.com., in the order in which they failed:\n"
		"    192.0.2.1 ns1.hoster.net. (192.0.2.0/24, hoster.net.) over UDP, 20 ms: did "
		"not answer in time, 2 times, at last: REFUSED\n");
	assert_says("told to clients: 12 SERVFAIL, 3 stale data");
	assert_says("  held no more: the next question asks again\n");
}

static void repeats_and_another_last_cause_are_said(void **state)
{
	(void)state;
	struct failed failed = unreachable_name();

	failed.times = 7;
	failed.last_ms += 50000;
	failed.last_s += 50;
	failed.last_ede = EDE_DNSSEC_BOGUS;
	strcpy(failed.last_text, "does not verify");
	describe(&(struct failed_view){.failed = &failed,
				       .now_ms = NOW_MS + 60000,
				       .held_until_ms = NOW_MS + 65000,
				       .probed = true,
				       .stale = true});
	assert_says(", 7 times until 2027-01-15T08:00:50Z (10 s ago)");
	assert_says("  last cause: does not verify (EDE 6, DNSSEC Bogus)\n");
	assert_says(
		"  held for 5000 ms more, stale data are served instead; its zone is probed all "
		"the time, a good answer ends it\n");
	strcpy(failed.last_text, failed.text);
	describe(&(struct failed_view){.failed = &failed, .now_ms = NOW_MS + 60000});
	assert_says_nothing_of("last cause");
}

static void its_end_is_said(void **state)
{
	(void)state;
	struct failed failed = unreachable_name();

	describe(&(struct failed_view){
		.failed = &failed, .now_ms = NOW_MS + 60000, .recovered = true});
	assert_says("its zone has given a good answer since");
	failed.over_ms = NOW_MS + 50000;
	describe(&(struct failed_view){
		.failed = &failed, .now_ms = NOW_MS + 60000, .held_until_ms = NOW_MS + 70000});
	assert_says("  over: answered again 10 s ago\n");
	assert_says_nothing_of("held");
}

static void the_broken_link_of_the_chain_is_named(void **state)
{
	(void)state;
	struct failed failed = unreachable_name();

	failed.kind = FAILED_BOGUS;
	failed.ede = EDE_SIGNATURE_EXPIRED;
	failed.step = (struct failed_step){.known = true,
					   .signer_labels = 2,
					   .type = TYPE_A,
					   .signature = true,
					   .key_tag = 4711,
					   .algorithm = 13,
					   .inception_s = NOW_S - 90000,
					   .expiration_s = NOW_S - 3600};
	describe(&(struct failed_view){.failed = &failed, .now_ms = NOW_MS});
	assert_says(
		"  chain of trust: A of www.example.com., to be signed by example.com.: key tag "
		"4711, algorithm 13 (ECDSAP256SHA256), expired since 2027-01-15T07:00:00Z\n");
	failed.step.expiration_s = NOW_S + 90000;
	failed.step.inception_s = NOW_S + 3600;
	describe(&(struct failed_view){.failed = &failed, .now_ms = NOW_MS});
	assert_says(", not valid before 2027-01-15T09:00:00Z\n");
	failed.step.inception_s = NOW_S - 3600; // it is the signature itself that is wrong
	describe(&(struct failed_view){.failed = &failed, .now_ms = NOW_MS});
	assert_says("algorithm 13 (ECDSAP256SHA256)\n");
}

static void what_could_not_be_had_leads_to_the_failure_of_that(void **state)
{
	(void)state;
	struct failed failed = unreachable_name(), keys = unreachable_name();

	failed.kind = FAILED_UNJUDGED;
	failed.tried.count = 0;
	failed.step =
		(struct failed_step){.known = true, .need_type = TYPE_DNSKEY, .need_labels = 2};
	keys.type = keys.tried.type = TYPE_DNSKEY;
	name_copy(keys.name, name_of("example.com."));
	name_copy(keys.tried.question, keys.name);
	describe(&(struct failed_view){.failed = &failed, .now_ms = NOW_MS, .because = &keys});
	assert_says("  chain of trust: it needs the DNSKEY of example.com., which failed\n");
	assert_says("  because of: example.com. DNSKEY, which failed 0 s ago: example.com.: "
		    "192.0.2.1 timeout\n    servers of example.com., in the order in which they "
		    "failed:\n");
}

static void servers_asked_for_a_sub_question_say_so(void **state)
{
	(void)state;
	struct failed failed = unreachable_name();

	name_copy(failed.tried.question, name_of("ns1.hoster.net."));
	describe(&(struct failed_view){.failed = &failed, .now_ms = NOW_MS});
	assert_says("  servers of hoster.net., asked for ns1.hoster.net. A, in the order");
}

static void a_network_of_ipv6_is_a_48(void **state)
{
	(void)state;
	struct failed failed = unreachable_name();
	char text[200];

	failed.tried.servers[0].address =
		(struct address){6, {0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2, [15] = 1}};
	failed.tried.servers[0].name = 0;
	failed_domain_text(&failed.tried, &failed.tried.servers[0], text, sizeof(text));
	assert_string_equal(text, "2001:db8:1::/48");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_says_when_what_and_who),
		cmocka_unit_test(repeats_and_another_last_cause_are_said),
		cmocka_unit_test(its_end_is_said),
		cmocka_unit_test(the_broken_link_of_the_chain_is_named),
		cmocka_unit_test(what_could_not_be_had_leads_to_the_failure_of_that),
		cmocka_unit_test(servers_asked_for_a_sub_question_say_so),
		cmocka_unit_test(a_network_of_ipv6_is_a_48),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
