// What is not validated although validation is on, and that it is said.
#include "control/watch/exceptions.h"
#include "crypto/batch.h"
#include "dataplane/dns/types.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Of the root's key 20326.
static const uint8_t ds[] = {0x4f, 0x66, 8,    2,    0xe0, 0x6d, 0x44, 0xb8, 0x0b,
			     0x8f, 0x1d, 0x39, 0xa9, 0x5c, 0x0b, 0x0d, 0x7c, 0x65,
			     0xd0, 0x84, 0x58, 0xe8, 0x80, 0x40, 0x9b, 0xbc, 0x68,
			     0x34, 0x57, 0x10, 0x42, 0x37, 0xc7, 0xf8, 0xec, 0x8d};

static const struct store_clock now = {.now_ms = 1000, .now_s = 1750000000, .trusted = true};

struct said {
	unsigned alarms, lines;
	char text[2048];
};

static void take(const char *text, void *arg)
{
	struct said *said = arg;

	said->lines++;
	strncat(said->text, text, sizeof(said->text) - strlen(said->text) - 1);
}

static void take_alarm(const struct alarm *alarm, void *arg)
{
	struct said *said = arg;

	said->alarms++;
	strncat(said->text, alarm->text, sizeof(said->text) - strlen(said->text) - 1);
}

struct excepted {
	const struct config *config;
	const struct trust *trust;
};

static void ask(void *arg, struct alarms *alarms)
{
	const struct excepted *excepted = arg;

	exceptions_alarms(excepted->config, excepted->trust, &now, alarms);
}

// names: insecure by configuration, one after the other; anchor: the zone that has one.
static struct said describe(const char *const *names, const char *anchor, bool validate)
{
	const struct trust_config trust_config = {.inception_skew_s = 3600};
	struct alarms *alarms = alarms_new();
	struct batch *batch = batch_new(&(struct batch_config){0});
	struct trust *trust = trust_new(&trust_config, batch);
	struct config_insecure insecure[8];
	struct config config = {.insecure = insecure};
	uint8_t owner[NAME_MAX_LEN];
	struct said said = {0};

	config.resolver.validate = validate;
	for (; names[config.insecure_count] != NULL; config.insecure_count++) {
		uint8_t *name = insecure[config.insecure_count].name;
		assert_true(name_from_text(names[config.insecure_count], name) > 0);
		assert_int_equal(trust_insecure_add(trust, name, UINT64_MAX, false), 0);
	}
	if (anchor != NULL) {
		assert_true(name_from_text(anchor, owner) > 0);
		assert_int_equal(trust_anchor_add(trust, owner, TYPE_DS, ds, sizeof(ds)), 0);
	}
	exceptions_describe(&config, take, &said);
	struct excepted excepted = {&config, trust};
	assert_true(alarms_add(alarms, ask, &excepted));
	alarms_now(alarms, &now);
	alarms_each(alarms, take_alarm, &said);
	alarms_free(alarms);
	trust_free(trust);
	batch_free(batch);
	return said;
}

static void a_private_zone_is_a_line_and_no_alarm(void **state)
{
	static const char *const names[] = {"corp.example.",         "internal.", "CORP.", "lan.",
					    "168.192.in-addr.arpa.", NULL};

	(void)state;
	struct said said = describe(names, ".", true);
	assert_int_equal(said.lines, 5);
	assert_int_equal(said.alarms, 0);
	assert_non_null(strstr(said.text, "not validated, by configuration: corp.example."));
}

static void an_insecure_tld_is_an_alarm(void **state)
{
	static const char *const names[] = {"com.", "corp.example.", "xn--p1ai.", NULL};

	(void)state;
	struct said said = describe(names, ".", true);
	assert_int_equal(said.lines, 1);
	assert_int_equal(said.alarms, 2);
	assert_non_null(strstr(said.text, "no name below com. is validated"));
	assert_non_null(strstr(said.text, "no name below xn--p1ai. is validated"));
}

static void validation_that_is_off_is_one_alarm(void **state)
{
	static const char *const none[] = {NULL};

	(void)state;
	struct said said = describe(none, NULL, false);
	assert_int_equal(said.lines, 0);
	assert_int_equal(said.alarms, 1);
}

// Anchors of one's own replace the built-in ones: all else is then taken without proof.
static void a_root_without_an_anchor_is_an_alarm(void **state)
{
	static const char *const none[] = {NULL};

	(void)state;
	assert_int_equal(describe(none, ".", true).alarms, 0);
	struct said said = describe(none, "corp.example.", true);
	assert_int_equal(said.alarms, 1);
	assert_non_null(strstr(said.text, "the root has no trust anchor"));
	assert_int_equal(describe(none, NULL, true).alarms, 1);
}

struct foreseen {
	unsigned off, tlds;
	char text[1024];
};

static void foresee(enum alarm_name alarm, const char *sentence, void *arg)
{
	struct foreseen *foreseen = arg;

	foreseen->off += alarm == ALARM_VALIDATION_OFF;
	foreseen->tlds += alarm == ALARM_TLD_INSECURE;
	strncat(foreseen->text, strchr(sentence, ':'),
		sizeof(foreseen->text) - strlen(foreseen->text) - 1);
}

static struct foreseen foreseen_of(const char *rest)
{
	static struct config_errors errors;
	struct foreseen foreseen = {0};
	char path[] = "/tmp/assayd-foreseen-XXXXXX";
	FILE *stream = fdopen(mkstemp(path), "w");

	fprintf(stream, "ports: [{device: net_ring0}]\nservice: {addresses: [192.0.2.53/24]}\n%s\n",
		rest);
	fclose(stream);
	struct config *config = config_load(path, &errors);
	unlink(path);
	assert_non_null(config);
	exceptions_foreseen(config, foresee, &foreseen);
	config_free(config);
	return foreseen;
}

// B10: --check-config says what the start's alarms will.
static void b10_what_will_not_be_validated_is_foreseen(void **state)
{
	(void)state;
	struct foreseen none = foreseen_of("trust: {insecure: [corp.example, internal]}");
	assert_int_equal(none.off + none.tlds, 0);
	struct foreseen tlds = foreseen_of("trust: {insecure: [corp.example, xyz, COM.]}\n"
					   "zones: [{name: net, type: stub, servers: [192.0.2.1], "
					   "dnssec: insecure}]");
	assert_int_equal(tlds.tlds, 3);
	assert_int_equal(tlds.off, 0);
	assert_non_null(
		strstr(tlds.text, ":3: trust.insecure[1]: no name below xyz. is validated"));
	assert_non_null(
		strstr(tlds.text, ":3: trust.insecure[2]: no name below com. is validated"));
	assert_non_null(strstr(tlds.text, ":4: zones[0].dnssec: no name below net. is validated"));
	struct foreseen root =
		foreseen_of("trust: {anchors: ['corp.example. IN DS 20326 8 2 "
			    "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D']}");
	assert_int_equal(root.off, 1);
	assert_non_null(strstr(root.text, ":3: trust: the root has no trust anchor"));
	// One of an algorithm that is not validated counts for nothing.
	assert_int_equal(
		foreseen_of(
			"trust: {anchors: ['corp.example. IN DS 20326 8 2 "
			"E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D', '. IN "
			"DS 1 3 1 E06D44B80B8F1D39A95C0B0D7C65D08458E88040']}")
			.off,
		1);
	assert_int_equal(foreseen_of("trust: {validate: false}\ntest-clock: /dev/null").off, 1);
}

static void the_root_cannot_be_excepted(void **state)
{
	const struct trust_config trust_config = {0};
	struct batch *batch = batch_new(&(struct batch_config){0});
	struct trust *trust = trust_new(&trust_config, batch);

	(void)state;
	assert_int_equal(trust_insecure_add(trust, (const uint8_t *)"", UINT64_MAX, false),
			 -EINVAL);
	assert_int_equal(trust_insecure_add(trust, (const uint8_t *)"", 10000, true), -EINVAL);
	trust_free(trust);
	batch_free(batch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_private_zone_is_a_line_and_no_alarm),
		cmocka_unit_test(an_insecure_tld_is_an_alarm),
		cmocka_unit_test(validation_that_is_off_is_one_alarm),
		cmocka_unit_test(a_root_without_an_anchor_is_an_alarm),
		cmocka_unit_test(b10_what_will_not_be_validated_is_foreseen),
		cmocka_unit_test(the_root_cannot_be_excepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
