// Whole chains of trust, from the root's anchor down to every kind of answer.
#include "dataplane/dns/types.h"
#include "tests/unit/control/validator/driver.h"

static const struct signer_zone_options nsec = {0};
static const struct signer_zone_options nsec3 = {
	.nsec3 = true,
	.params = {.iterations = 1, .salt_len = 2, .salt = {0xab, 0xcd}},
};
static const struct signer_zone_options opt_out = {
	.nsec3 = true,
	.params = {.opt_out = true},
};
static const struct signer_zone_options compact = {.compact = true};

struct expectation {
	const char *name;
	uint16_t type;
	enum verdict verdict;
	bool wildcard;
};

static void check(const struct signer_zone_options *options, const struct expectation *list,
		  size_t count)
{
	struct world w;

	// Each in a world of its own: from the anchor down.
	for (size_t i = 0; i < count; i++) {
		world_standard(&w, options);
		assert_verdict(world_ask(&w, list[i].name, list[i].type), list[i].verdict, &w);
		assert_int_equal(w.result.wildcard, list[i].wildcard);
		world_close(&w);
	}
	// And one after the other, with what is known from before.
	world_standard(&w, options);
	for (size_t i = 0; i < count; i++) {
		budget_start(&w.budget, w.now_ms);
		assert_verdict(world_ask(&w, list[i].name, list[i].type), list[i].verdict, &w);
	}
	world_close(&w);
}

static const struct expectation ordinary[] = {
	{".", TYPE_SOA, VERDICT_SECURE, false},
	{".", TYPE_DNSKEY, VERDICT_SECURE, false},
	{".", TYPE_DS, VERDICT_SECURE, false},
	{"example.", TYPE_DS, VERDICT_SECURE, false},
	{"nowhere.", TYPE_A, VERDICT_SECURE, false},
	{"signed.example.", TYPE_MX, VERDICT_SECURE, false},
	{"signed.example.", TYPE_DNSKEY, VERDICT_SECURE, false},
	{"signed.example.", TYPE_DS, VERDICT_SECURE, false},
	{"signed.example.", TYPE_AAAA, VERDICT_SECURE, false},
	{"www.signed.example.", TYPE_A, VERDICT_SECURE, false},
	{"WWW.Signed.eXample.", TYPE_A, VERDICT_SECURE, false},
	{"www.signed.example.", TYPE_AAAA, VERDICT_SECURE, false},
	{"www.signed.example.", TYPE_DNSKEY, VERDICT_SECURE, false},
	{"www.signed.example.", TYPE_DS, VERDICT_SECURE, false},
	{"alias.signed.example.", TYPE_A, VERDICT_SECURE, false},
	{"alias.signed.example.", TYPE_DS, VERDICT_SECURE, false},
	{"ent.signed.example.", TYPE_A, VERDICT_SECURE, false},
	{"ent.signed.example.", TYPE_DS, VERDICT_SECURE, false},
	{"b.dname.signed.example.", TYPE_A, VERDICT_SECURE, false},
	{"dname.signed.example.", TYPE_DNAME, VERDICT_SECURE, false},
	{"sub.signed.example.", TYPE_DS, VERDICT_SECURE, false},
	{"www.sub.signed.example.", TYPE_A, VERDICT_SECURE, false},
	{"nx.sub.signed.example.", TYPE_A, VERDICT_SECURE, false},
	{"unsigned.example.", TYPE_DS, VERDICT_SECURE, false},
	{"www.unsigned.example.", TYPE_A, VERDICT_INSECURE, false},
	{"www.unsigned.example.", TYPE_AAAA, VERDICT_INSECURE, false},
	{"nx.unsigned.example.", TYPE_A, VERDICT_INSECURE, false},
	{"www.unsigned.example.", TYPE_DS, VERDICT_INSECURE, false},
	{"unsigned.example.", TYPE_DNSKEY, VERDICT_INSECURE, false},
	{"a.b.c.unsigned.example.", TYPE_A, VERDICT_INSECURE, false},
	{"www.island.signed.example.", TYPE_A, VERDICT_INSECURE, false},
	{"island.signed.example.", TYPE_DNSKEY, VERDICT_INSECURE, false},
};

static const struct expectation denied[] = {
	{"nx.signed.example.", TYPE_A, VERDICT_SECURE, false},
	{"nx.nx.nx.signed.example.", TYPE_A, VERDICT_SECURE, false},
	{"nx.www.signed.example.", TYPE_A, VERDICT_SECURE, false},
	{"nx.ent.signed.example.", TYPE_A, VERDICT_SECURE, false},
	{"nx.signed.example.", TYPE_DS, VERDICT_SECURE, false},
};

static const struct expectation wildcards[] = {
	{"x.wild.signed.example.", TYPE_A, VERDICT_SECURE, true},
	{"x.y.wild.signed.example.", TYPE_A, VERDICT_SECURE, true},
	{"*.wild.signed.example.", TYPE_A, VERDICT_SECURE, false},
	{"x.wild.signed.example.", TYPE_AAAA, VERDICT_SECURE, false},
	{"x.cwild.signed.example.", TYPE_A, VERDICT_SECURE, true},
};

#define CHECK_ALL(options, list) check(options, list, sizeof(list) / sizeof((list)[0]))

static void chains_end_as_they_should_with_nsec(void **state)
{
	(void)state;
	CHECK_ALL(&nsec, ordinary);
	CHECK_ALL(&nsec, denied);
	CHECK_ALL(&nsec, wildcards);
}

static void chains_end_as_they_should_with_nsec3(void **state)
{
	(void)state;
	CHECK_ALL(&nsec3, ordinary);
	CHECK_ALL(&nsec3, denied);
	CHECK_ALL(&nsec3, wildcards);
}

// RFC 9824; ATTACKS B13.
static void chains_end_as_they_should_with_compact_denial(void **state)
{
	struct world w;

	(void)state;
	CHECK_ALL(&compact, ordinary);
	CHECK_ALL(&compact, denied);
	world_standard(&w, &compact);
	assert_verdict(world_ask(&w, "nx.signed.example.", TYPE_A), VERDICT_SECURE, &w);
	assert_true(w.result.nxname);
	assert_verdict(world_ask(&w, "www.signed.example.", TYPE_AAAA), VERDICT_SECURE, &w);
	assert_false(w.result.nxname);
	world_close(&w);
}

// RFC 5155 §9.2; ATTACKS B12.
static void what_an_opt_out_span_covers_is_insecure(void **state)
{
	static const struct expectation list[] = {
		{"www.signed.example.", TYPE_A, VERDICT_SECURE, false},
		{"www.signed.example.", TYPE_AAAA, VERDICT_SECURE, false},
		{"ent.signed.example.", TYPE_A, VERDICT_SECURE, false},
		{"sub.signed.example.", TYPE_DS, VERDICT_SECURE, false},
		{"www.sub.signed.example.", TYPE_A, VERDICT_SECURE, false},
		{"nx.signed.example.", TYPE_A, VERDICT_INSECURE, false},
		{"x.wild.signed.example.", TYPE_A, VERDICT_INSECURE, true},
		{"x.wild.signed.example.", TYPE_AAAA, VERDICT_INSECURE, false},
		{"island.signed.example.", TYPE_DS, VERDICT_INSECURE, false},
		{"www.island.signed.example.", TYPE_A, VERDICT_INSECURE, false},
	};
	struct world w;

	(void)state;
	CHECK_ALL(&opt_out, list);
	world_standard(&w, &opt_out);
	assert_verdict(world_ask(&w, "nx.signed.example.", TYPE_A), VERDICT_INSECURE, &w);
	assert_true(w.result.opt_out);
	assert_int_equal(w.result.ede, EDE_NONE);
	assert_int_equal(w.result.signature_expires_s, SIGNER_NOW + 864000);
	world_close(&w);
}

static void every_algorithm_makes_a_secure_chain(void **state)
{
	static const uint8_t algorithms[] = {8, 10, 13, 14, 15, 16};

	(void)state;
	for (size_t i = 0; i < sizeof(algorithms); i++) {
		for (uint8_t digest = 1; digest <= 4; digest += digest == 2 ? 2 : 1) {
			struct signer_zone_options options = {
				.algorithm = algorithms[i],
				.digest_type = digest,
			};
			struct world w;
			world_standard(&w, &options);
			assert_verdict(world_ask(&w, "www.signed.example.", TYPE_A), VERDICT_SECURE,
				       &w);
			assert_verdict(world_ask(&w, "nx.signed.example.", TYPE_A), VERDICT_SECURE,
				       &w);
			world_close(&w);
		}
	}
}

static void unsigned_data_in_a_secure_zone_are_bogus(void **state)
{
	struct world w;
	struct fixture f;

	(void)state;
	world_standard(&w, NULL);
	assert_true(world_step(&w, "www.signed.example.", TYPE_A, &f));
	f.step.rrset = world_keep(&w, signer_strip(f.step.rrset));
	assert_verdict(world_judge(&w, &f.step), VERDICT_BOGUS, &w);
	assert_int_equal(w.result.ede, EDE_RRSIGS_MISSING);
	world_close(&w);
}

static void what_is_known_is_not_asked_again(void **state)
{
	struct world w;

	(void)state;
	world_standard(&w, NULL);
	assert_verdict(world_ask(&w, "www.signed.example.", TYPE_A), VERDICT_SECURE, &w);
	size_t asked = w.asked_count;
	assert_int_equal(world_asked(&w, "signed.example.", TYPE_DS), 1);
	assert_int_equal(world_asked(&w, "signed.example.", TYPE_DNSKEY), 1);
	assert_int_equal(world_asked(&w, "example.", TYPE_DS), 1);
	assert_int_equal(world_asked(&w, ".", TYPE_DNSKEY), 1);
	assert_int_equal(asked, 5);
	assert_verdict(world_ask(&w, "nx.signed.example.", TYPE_A), VERDICT_SECURE, &w);
	assert_int_equal(w.asked_count, asked);
	// Through the wall clock's step the signatures end, and with them what rests on them.
	w.now_s += 20 * 86400;
	assert_int_equal(
		trust_zone_state(w.trust, signer_name("www.signed.example."), w.now_ms, w.now_s),
		ZONE_SECURE); // the anchor's
	assert_verdict(world_ask(&w, "www.signed.example.", TYPE_A), VERDICT_FAILED, &w);
	assert_int_equal(w.result.ede, EDE_SIGNATURE_EXPIRED);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains_end_as_they_should_with_nsec),
		cmocka_unit_test(chains_end_as_they_should_with_nsec3),
		cmocka_unit_test(chains_end_as_they_should_with_compact_denial),
		cmocka_unit_test(what_an_opt_out_span_covers_is_insecure),
		cmocka_unit_test(every_algorithm_makes_a_secure_chain),
		cmocka_unit_test(unsigned_data_in_a_secure_zone_are_bogus),
		cmocka_unit_test(what_is_known_is_not_asked_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
