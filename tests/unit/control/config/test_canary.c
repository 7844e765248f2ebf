// Names that the daemon asks itself: what can never be answered is refused, what tells nothing is
// said.
#include "tests/unit/control/config/text.h"

#define NAMES(...) MINIMAL "canary: {names: [" __VA_ARGS__ "]}\n"

// "": taken without a word.
static void assert_warned(const char *text, const char *sentence)
{
	char err[CONFIG_ERROR_MAX];
	struct config *config = load_text(text, err);
	const size_t wanted = sentence[0] != '\0';

	assert_string_equal(err, "");
	const char *said = config->warning_count > 0 ? strchr(config->warnings[0], ':') : "";
	if (config->warning_count != wanted || strncmp(said, sentence, strlen(sentence)) != 0)
		fail_msg("%s\nwanted \"%s\", got %zu \"%s\"", text, sentence, config->warning_count,
			 said);
	config_free(config);
}

static void b9_a_type_that_is_never_answered_is_refused(void **state)
{
	static const char *const types[] = {"AXFR",    "IXFR",   "OPT",     "TYPE0",
					    "TYPE128", "TKEY",   "TSIG",    "MAILA",
					    "MAILB",   "TYPE41", "TYPE252", "NXNAME"};
	char text[256], sentence[256];

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		snprintf(text, sizeof(text), NAMES("example.com, \"example.com %s\""), types[i]);
		snprintf(sentence, sizeof(sentence),
			 "FILE:5: canary.names[1]: \"example.com %s\": ", types[i]);
		assert_text_refused(text, sentence);
	}
	assert_text_refused(
		NAMES("example.com AXFR"),
		"FILE:5: canary.names[0]: \"example.com AXFR\": AXFR is never answered, so "
		"that the alarm would never end: ask for data, such as A");
	assert_warned(NAMES("example.com ANY, 'example.com TYPE65280', example.com RRSIG"), "");
}

static void b9_a_name_that_tells_nothing_is_said(void **state)
{
	(void)state;
	assert_warned(NAMES("192.0.2.1"),
		      ":5: canary.names[0]: \"192.0.2.1\" is an address: the root "
		      "denies it as a name");
	assert_warned(NAMES("example.com, '192.0.2.1. AAAA'"), ":5: canary.names[1]: \"192.0.2.1. "
							       "AAAA\" is an address");
	assert_warned(NAMES("'2001:db8::1'"), ":5: canary.names[0]: \"2001:db8::1\" is an address");
	assert_warned(NAMES("localhost A"),
		      ":5: canary.names[0]: \"localhost A\" is answered here, "
		      "without asking anybody (resolver.local-zones)");
	assert_warned(NAMES("printer.LOCAL"), ":5: canary.names[0]: \"printer.LOCAL\" is answered");
	assert_warned(NAMES("1.2.0.192.in-addr.arpa PTR"), ":5: canary.names[0]: ");
	assert_warned(NAMES("1.0.64.100.in-addr.arpa PTR"), ":5: canary.names[0]: ");
	assert_warned(NAMES(""), ":5: canary.names: nothing is asked");
}

static void b9_a_name_that_somebody_answers_is_good(void **state)
{
	(void)state;
	assert_warned(MINIMAL, "");
	assert_warned(MINIMAL "canary: {interval: 2}\n", "");
	assert_warned(NAMES("., example.com, 'example.net TXT', 1.2.3.4.example.com"), "");
	assert_warned(NAMES("1.128.100.in-addr.arpa PTR, 1.1.1.1.in-addr.arpa PTR"), "");
	assert_warned(NAMES("localhost") "resolver: {local-zones: false}\n", "");
	// A zone of one's own goes before the local one.
	assert_warned(NAMES("host.home.arpa") "zones: [{name: home.arpa, type: stub, servers: "
					      "[10.0.0.1]}]\n",
		      "");
	assert_warned(NAMES("host.test") "zones: [{name: ., type: stub, servers: [10.0.0.1]}]\n",
		      ":5: canary.names[0]: \"host.test\" is answered here");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(b9_a_type_that_is_never_answered_is_refused),
		cmocka_unit_test(b9_a_name_that_tells_nothing_is_said),
		cmocka_unit_test(b9_a_name_that_somebody_answers_is_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
