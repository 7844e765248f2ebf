// What an operator sees of trust anchors.
#include "control/api/verbs.h"
#include "control/validator/trust_points.h"
#include "tests/unit/control/api/operator.h"
#include "tests/unit/control/validator/signer.h"

#define ROOT ((const uint8_t *)"")

static struct batch *batch;
static struct trust *trust;
static struct trust_points *points;
static struct signer_key *keys[2];
static struct reply reply;

static void add(const char *zone, const struct signer_key *key, bool automatic)
{
	uint8_t ds[64];
	size_t len = signer_ds(key, signer_name(zone), 2, ds);

	assert_int_equal(trust_points_add(points, signer_name(zone), TYPE_DS, ds, len, automatic),
			 0);
}

static void see(struct signer_key *const *published, size_t count, const struct signer_key *signer)
{
	const struct signer_options options = {.inception_s = NOW_S - 86400,
					       .expiration_s = NOW_S + 864000};
	struct rrset *rrset = signer_dnskey_rrset(ROOT, published, count, 172800);
	struct rrset *is_signed = signer_sign(rrset, signer, ROOT, &options);

	trust_points_observe(points, is_signed, now.now_ms, now.now_s);
	rrset_free(rrset);
	rrset_free(is_signed);
}

static int open_anchors(void **state)
{
	static const struct trust_config config = {.inception_skew_s = 3600};
	static const struct trust_points_config settings = {.inception_skew_s = 3600};

	if (setup(state) != 0)
		return -1;
	batch = batch_new(&(struct batch_config){0});
	trust = trust_new(&config, batch);
	points = trust_points_new(trust, &settings);
	assert_non_null(points);
	for (size_t i = 0; i < 2; i++)
		keys[i] = signer_key_new(13, 0, 257);
	return 0;
}

static int close_anchors(void **state)
{
	reply_free(&reply);
	trust_points_free(points);
	trust_free(trust);
	batch_free(batch);
	for (size_t i = 0; i < 2; i++)
		signer_key_free(keys[i]);
	return teardown(state);
}

static void ask_anchors(struct trust_points *of)
{
	const struct api_context context = {.store = store, .points = of};

	reply_free(&reply);
	verb_run(&context, "anchors", NULL, 0, &reply);
	while (reply.go_on != NULL) {
		size_t before = json_array_size(reply.data);
		(void)verb_go_on(&context, &reply);
		assert_true(json_array_size(reply.data) <= before + 8); // a share
	}
	assert_string_equal(reply.error, "");
}

#define assert_line(...)                                                                           \
	do {                                                                                       \
		char line_[256];                                                                   \
		snprintf(line_, sizeof(line_), __VA_ARGS__);                                       \
		reply.text[reply.text_len - 1] = '\0';                                             \
		if (strstr(reply.text, line_) == NULL)                                             \
			fail_msg("\"%s\" is not in:\n%s", line_, reply.text);                      \
		reply.text[reply.text_len - 1] = '\n';                                             \
	} while (0)

static const json_t *key_of(size_t zone, size_t i)
{
	return json_array_get(json_object_get(json_array_get(reply.data, zone), "keys"), i);
}

static const char *state_of(size_t zone, size_t i)
{
	return json_string_value(json_object_get(key_of(zone, i), "state"));
}

static void keys_are_shown_with_states_and_times(void **state)
{
	(void)state;
	add(".", keys[0], true);
	add("example.", keys[1], false);
	trust_points_begin(points, now.now_ms, now.now_s);
	ask_anchors(points);
	assert_line(". automatic (RFC 5011)\n");
	assert_line("last seen: never; next look: 2023-11-14T22:13:20Z; last result: not looked at "
		    "yet");
	see(keys, 2, keys[0]);
	ask_anchors(points);
	assert_line("  key %5u  algorithm 13  valid, configured\n", keys[0]->tag);
	assert_line("  key %5u  algorithm 13  pending since 2023-11-14T22:13:20Z, trusted when it "
		    "is seen "
		    "after 2023-12-14T22:13:20Z, learned\n",
		    keys[1]->tag);
	assert_line("  last seen: 2023-11-14T22:13:20Z; next look: 2023-11-15T22:13:20Z; last "
		    "result: seen");
	assert_line("example. static\n  key %5u  algorithm 13  static", keys[1]->tag);
	assert_int_equal(json_array_size(reply.data), 2);
	assert_string_equal(state_of(0, 0), "valid");
	assert_string_equal(state_of(0, 1), "pending");
	assert_string_equal(state_of(1, 0), "static");
	assert_int_equal(json_integer_value(json_object_get(key_of(0, 0), "tag")), keys[0]->tag);
	assert_int_equal(
		json_integer_value(json_object_get(json_array_get(reply.data, 0), "next_s")),
		86400);
}

static void a_look_that_failed_says_why(void **state)
{
	(void)state;
	add(".", keys[0], true);
	trust_points_begin(points, now.now_ms, now.now_s);
	trust_points_failed(points, ROOT, "no server\x1b[2J answers", now.now_ms);
	ask_anchors(points);
	assert_line("last result: FAILED: no server?[2J answers");
	assert_true(json_is_true(json_object_get(json_array_get(reply.data, 0), "failing")));
	see(keys, 1, keys[1]);
	ask_anchors(points);
	assert_line("last result: FAILED: the DNSKEY RRset is signed by no trust anchor");
}

static void without_anchors_it_says_so(void **state)
{
	(void)state;
	ask_anchors(points);
	assert_line("no trust anchor is configured: nothing is validated");
	ask_anchors(NULL);
	assert_line("no trust anchor is configured: nothing is validated");
	assert_int_equal(json_array_size(reply.data), 0);
}

#define test(f) cmocka_unit_test_setup_teardown(f, open_anchors, close_anchors)

static void many_zones_are_shown_in_shares(void **state)
{
	char name[32];

	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "z%u.example.", i);
		add(name, keys[0], false);
	}
	ask_anchors(points);
	assert_int_equal(json_array_size(reply.data), 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(keys_are_shown_with_states_and_times),
		test(a_look_that_failed_says_why),
		test(many_zones_are_shown_in_shares),
		test(without_anchors_it_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
