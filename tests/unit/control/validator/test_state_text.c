// The state file's text: what is written is read back, and nothing that is damaged is.
#include "control/validator/state_text.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/validator/signer.h"
#include "tests/unit/control/validator/signer_check.h"
#include "tests/unit/crypto/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S 86400

static struct batch *batch;
static struct trust *trust;
static struct signer_key *old_key, *new_key, *zsk;
static const char *const zones[] = {".", "example."};

static struct trust_points *open_points(void)
{
	static const struct trust_points_config config = {.inception_skew_s = 3600};
	struct trust_points *points = trust_points_new(trust, &config);
	uint8_t ds[64];

	CHECK(points != NULL);
	for (size_t i = 0; i < 2; i++) {
		size_t len = signer_ds(old_key, signer_name(zones[i]), 2, ds);
		CHECK(trust_points_add(points, signer_name(zones[i]), TYPE_DS, ds, len, true) == 0);
	}
	return points;
}

static void see(struct trust_points *points, const char *zone, bool with_new, int64_t at_s)
{
	struct signer_key *list[] = {zsk, old_key, new_key};
	const struct signer_options options = {.inception_s = at_s - DAY_S,
					       .expiration_s = at_s + 14 * DAY_S};
	struct rrset *rrset =
		signer_dnskey_rrset(signer_name(zone), list, with_new ? 3 : 2, 172800);
	struct rrset *by_zsk = signer_sign(rrset, zsk, signer_name(zone), &options);
	struct rrset *by_both = signer_sign(by_zsk, old_key, signer_name(zone), &options);

	uint64_t at_ms = 1000000 + (uint64_t)(at_s - SIGNER_NOW) * 1000;
	assert_int_equal(trust_points_observe(points, by_both, at_ms, at_s), TRUST_OBSERVED);
	rrset_free(rrset);
	rrset_free(by_zsk);
	rrset_free(by_both);
}

static void restore(const struct rrset *rrset, int64_t at_s, void *arg)
{
	assert_true(trust_points_restore(arg, rrset, at_s));
}

static void nobody(const struct rrset *rrset, int64_t at_s, void *arg)
{
	(void)rrset, (void)at_s, (void)arg;
	fail_msg("taken out of a text that is damaged");
}

static int start(void **state)
{
	static const struct trust_config config = {.inception_skew_s = 3600};
	struct trust_points *points;

	batch = batch_new(&(struct batch_config){0});
	trust = trust_new(&config, batch);
	points = open_points();
	see(points, ".", true, SIGNER_NOW);
	see(points, ".", true, SIGNER_NOW + 31 * DAY_S);
	see(points, "example.", false, SIGNER_NOW + 31 * DAY_S);
	see(points, ".", true, SIGNER_NOW + 40 * DAY_S);
	see(points, "example.", true, SIGNER_NOW + 40 * DAY_S);
	*state = state_text_write(points, SIGNER_NOW + 40 * DAY_S);
	assert_non_null(*state);
	trust_points_free(points);
	return 0;
}

static int end(void **state)
{
	free(*state);
	trust_free(trust);
	batch_free(batch);
	return 0;
}

static size_t tags_of(const struct trust_points *points, const char *zone)
{
	uint16_t tags[8];

	return trust_points_tags(points, signer_name(zone), tags, 8);
}

static void a_state_is_read_back_as_it_was(void **state)
{
	struct trust_points *points = open_points();
	char err[STATE_ERROR_MAX], *again;

	assert_int_equal(state_text_read(*state, strlen(*state), restore, points, err), 0);
	assert_int_equal(tags_of(points, "."), 2);
	assert_int_equal(tags_of(points, "example."), 1);
	again = state_text_write(points, SIGNER_NOW + 40 * DAY_S);
	assert_string_equal(again, (const char *)*state);
	free(again);
	trust_points_free(points);
}

static void people_can_read_it(void **state)
{
	char line[128];

	assert_non_null(strstr(*state, "# trust anchor .\n"));
	snprintf(line, sizeof(line), "# key %u, algorithm 13: valid, configured\n", old_key->tag);
	assert_non_null(strstr(*state, line));
	snprintf(line, sizeof(line), "# key %u, algorithm 13: valid since 2026-10-22T14:13:20Z\n",
		 new_key->tag);
	assert_non_null(strstr(*state, line));
	snprintf(line, sizeof(line),
		 "# key %u, algorithm 13: pending since 2026-10-31T14:13:20Z, "
		 "trusted when it is seen after 2026-11-30T14:13:20Z\n",
		 new_key->tag);
	assert_non_null(strstr(*state, line));
	assert_non_null(strstr(*state, "seen 2026-10-31T14:13:20Z\n"));
	assert_non_null(strstr(*state, "\tDNSKEY\t257 3 13 "));
}

static void a_state_that_is_cut_anywhere_is_not_used(void **state)
{
	size_t len = strlen(*state);
	char err[STATE_ERROR_MAX];

	for (size_t cut = 0; cut + 1 < len; cut += cut < 200 || cut > len - 200 ? 1 : 13) {
		char *copy = malloc(cut + 1);
		memcpy(copy, *state, cut);
		assert_int_equal(state_text_read(copy, cut, nobody, NULL, err), -1);
		free(copy);
	}
}

// Another byte in a comment changes nothing, one in a signature is seen when it is verified, and
// anywhere else the text is no longer well formed; but nothing ever becomes trusted that was not.
static void take_if_it_counts(const struct rrset *rrset, int64_t at_s, void *arg)
{
	trust_points_restore(arg, rrset, at_s);
}

static void a_changed_byte_makes_nothing_trusted(void **state)
{
	size_t len = strlen(*state);
	char *copy = strdup(*state), err[STATE_ERROR_MAX];

	for (size_t i = 0; i < len; i += 7) {
		struct trust_points *points = open_points();
		char was = copy[i];
		uint16_t tags[8];
		copy[i] ^= 1 + (char)(i % 5);
		if (state_text_read(copy, len, take_if_it_counts, points, err) == 0) {
			size_t count = trust_points_tags(points, signer_name("."), tags, 8);
			for (size_t k = 0; k < count; k++)
				assert_true(tags[k] == old_key->tag || tags[k] == new_key->tag);
			assert_int_equal(tags_of(points, "example."), 1);
		}
		copy[i] = was;
		trust_points_free(points);
	}
	free(copy);
}

static void errors_say_the_line(void **state)
{
	static const struct {
		const char *text, *err;
	} cases[] = {
		{"", "1: the file is cut off: its last line is not \"end\""},
		{"trust\n", "1: the first line is not \"assay-trust-state 1\""},
		{"assay-trust-state 2\nend 0\n",
		 "1: the first line is not \"assay-trust-state 1\""},
		{"assay-trust-state 1\n# x\n\nend 1\n", "4: there should be \"end 0\""},
		{"assay-trust-state 1\nend 0\nseen 2026-01-01T00:00:00Z\n",
		 "3: something follows after the end"},
		{"assay-trust-state 1\n. 1 IN DNSKEY 257 3 13 AAAA\n",
		 "2: neither \"seen\" nor \"end\", and no time before it"},
		{"assay-trust-state 1\nseen yesterday\n",
		 "2: \"yesterday\" is no time such as 2026-10-11T00:00:00Z"},
		{"assay-trust-state 1\nseen 2026-01-01T00:00:00Z\nend 1\n",
		 "3: before this line DNSKEY or RRSIG records are missing"},
		{"assay-trust-state 1\nseen 2026-01-01T00:00:00Z\n. 1 IN A 192.0.2.1\n",
		 "3: only DNSKEY and RRSIG records of class IN belong here"},
		{"assay-trust-state 1\nseen 2026-01-01T00:00:00Z\n. 1 IN DNSKEY 257 3 13 AAAA\n"
		 "com. 1 IN DNSKEY 257 3 13 AAAA\n",
		 "4: records of two names under one time"},
	};
	char err[STATE_ERROR_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
			state_text_read(cases[i].text, strlen(cases[i].text), nobody, NULL, err),
			-1);
		assert_string_equal(err, cases[i].err);
	}
	char *large = calloc(1, STATE_TEXT_MAX + 2);
	assert_int_equal(state_text_read(large, STATE_TEXT_MAX + 1, nobody, NULL, err), -1);
	assert_string_equal(err, "1: the file is larger than any that is written");
	free(large);
}

static int make_keys(void **state)
{
	(void)state;
	old_key = signer_key_new(13, 0, 257);
	new_key = signer_key_new(13, 0, 257);
	zsk = signer_key_new(13, 0, 256);
	return 0;
}

static int free_keys(void **state)
{
	(void)state;
	signer_key_free(old_key);
	signer_key_free(new_key);
	signer_key_free(zsk);
	return 0;
}

#define test(f) cmocka_unit_test_setup_teardown(f, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_state_is_read_back_as_it_was),
		test(people_can_read_it),
		test(a_state_that_is_cut_anywhere_is_not_used),
		test(a_changed_byte_makes_nothing_trusted),
		cmocka_unit_test(errors_say_the_line),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
