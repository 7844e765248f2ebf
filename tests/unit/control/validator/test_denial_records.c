// What records say by themselves, whoever signed them: denial.h without keys, names and questions
// that no resolver would put together.
#include "control/validator/denial.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/validator/signer.h"
#include "tests/unit/crypto/unit.h"

#include <string.h>

#define TYPES(...) ((const uint16_t[]){__VA_ARGS__, 0})

static struct signer_key *key; // of nobody: the signatures are noise
static const struct rrset *proofs[DENIAL_PROOFS_MAX];
static struct denial_question q;
static const struct signer_nsec3_params plain;

static bool hash(void *arg, const uint8_t *name, const struct rdata_nsec3 *rdata, uint8_t out[20])
{
	struct signer_nsec3_params params = {.iterations = rdata->iterations,
					     .salt_len = rdata->salt_len};

	(void)arg;
	memcpy(params.salt, rdata->salt, rdata->salt_len);
	signer_nsec3_hash(name, &params, out);
	return true;
}

static int open_question(void **state)
{
	(void)state;
	key = signer_key_with_tag(8, 256, 4711, 1);
	return 0;
}

static int close_question(void **state)
{
	(void)state;
	for (size_t i = 0; i < q.count; i++)
		rrset_free((struct rrset *)(uintptr_t)proofs[i]);
	q.count = 0;
	signer_key_free(key);
	return 0;
}

static void ask(const char *zone, const char *name, uint16_t type)
{
	for (size_t i = 0; i < q.count; i++)
		rrset_free((struct rrset *)(uintptr_t)proofs[i]);
	q = (struct denial_question){
		.zone = signer_name(zone),
		.name = signer_name(name),
		.type = type,
		.proofs = proofs,
		.iterations_max = 50,
		.hash = hash,
	};
}

// Takes the RRset over.
static void add_signed(struct rrset *rrset, const struct signer_options *options)
{
	proofs[q.count++] = signer_sign(rrset, key, q.zone, options);
	rrset_free(rrset);
}

static void add(struct rrset *rrset)
{
	add_signed(rrset, NULL);
}

static void nsec(const char *owner, const char *next, const uint16_t *types)
{
	add(signer_nsec(owner, next, types, 300));
}

static void nsec3(const char *name, const char *zone, bool before, const uint16_t *types)
{
	add(signer_nsec3(name, zone, &plain, before, NULL, types, 300));
}

static void assert_nothing_proven(void)
{
	struct denial out;

	denial_nodata(&q, &out);
	assert_int_equal(out.verdict, DENIAL_NONE);
	denial_nxdomain(&q, &out);
	assert_int_equal(out.verdict, DENIAL_NONE);
}

static void assert_nxdomain(void)
{
	struct denial out;

	denial_nxdomain(&q, &out);
	assert_int_equal(out.verdict, DENIAL_PROVEN);
}

static void assert_nodata(void)
{
	struct denial out;

	denial_nodata(&q, &out);
	assert_int_equal(out.verdict, DENIAL_PROVEN);
}

// Hashes and spans know no zones: they would fit as well.
static void a_zone_proves_nothing_of_names_outside(void **state)
{
	static const char *const zones[] = {"b.", "a."};

	(void)state;
	for (int outside = 0; outside < 2; outside++) {
		ask(zones[outside], "x.b.", TYPE_A);
		nsec3("b.", zones[outside], false, TYPES(TYPE_SOA, TYPE_NS));
		nsec3("x.b.", zones[outside], true, TYPES(TYPE_A));
		nsec3("*.b.", zones[outside], true, TYPES(TYPE_A));
		if (outside)
			assert_nothing_proven();
		else
			assert_nxdomain();
		ask(zones[outside], "x.b.", TYPE_A);
		nsec(zones[outside], zones[outside], TYPES(TYPE_SOA, TYPE_NS));
		if (outside)
			assert_nothing_proven();
		else
			assert_nxdomain();
	}
}

// A copy of a wildcard's record, or what another zone has to say, under a name that it would fit.
static void a_record_has_an_rrsig_of_the_zone_that_says_it_was_not_expanded(void **state)
{
	const struct signer_options expanded = {.has_labels = true, .labels = 1};
	const struct signer_options others = {.signer = signer_name("x.zone.")};

	(void)state;
	for (int nsec3 = 0; nsec3 < 2; nsec3++) {
		for (int which = 0; which < 4; which++) {
			struct rrset *rrset, *again;
			ask("zone.", "x.zone.", TYPE_A);
			rrset = nsec3 ? signer_nsec3("x.zone.", "zone.", &plain, false, NULL,
						     TYPES(TYPE_TXT), 300)
				      : signer_nsec("x.zone.", "z.zone.", TYPES(TYPE_TXT), 300);
			if (which == 0) {
				proofs[q.count++] = rrset; // without any
			} else if (which == 1) {
				add_signed(rrset, &expanded);
			} else if (which == 2) {
				add_signed(rrset, &others);
			} else {
				// Each has half of it.
				again = signer_sign(rrset, key, q.zone, &others);
				rrset_free(rrset);
				add_signed(again, &expanded);
			}
			assert_nothing_proven();
			assert_false(denial_sound(&q, 0));
		}
		ask("zone.", "x.zone.", TYPE_A);
		add(nsec3 ? signer_nsec3("x.zone.", "zone.", &plain, false, NULL, TYPES(TYPE_TXT),
					 300)
			  : signer_nsec("x.zone.", "z.zone.", TYPES(TYPE_TXT), 300));
		assert_nodata();
		assert_true(denial_sound(&q, 0));
	}
}

// RFC 4034 §4, RFC 5155 §3: of two it could not be known which one holds.
static void there_is_one_record_at_a_name(void **state)
{
	static const uint16_t types[] = {TYPE_NSEC, TYPE_NSEC3};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct rrset *one, *other;
		for (int count = 1; count <= 2; count++) {
			ask("zone.", "x.zone.", TYPE_A);
			one = i == 0 ? signer_nsec("x.zone.", "z.zone.", TYPES(TYPE_TXT), 300)
				     : signer_nsec3("x.zone.", "zone.", &plain, false, NULL,
						    TYPES(TYPE_TXT), 300);
			other = i == 0 ? signer_nsec("x.zone.", "z.zone.", TYPES(TYPE_A), 300)
				       : signer_nsec3("x.zone.", "zone.", &plain, false, NULL,
						      TYPES(TYPE_A), 300);
			const struct rdata both[] = {one->rdatas[0], other->rdatas[0]};
			add(signer_rrset_wire(one->owner, types[i], 300, both, (size_t)count));
			rrset_free(one);
			rrset_free(other);
			if (count == 1)
				assert_nodata();
			else
				assert_nothing_proven();
		}
	}
}

// RFC 4592 §3.3.1: what it shares with the name before it, or with the one behind.
static void the_closest_encloser_may_be_known_by_either_neighbour(void **state)
{
	(void)state;
	ask("zone.", "m.b.zone.", TYPE_A);
	nsec("a.zone.", "z.b.zone.", TYPES(TYPE_A)); // the wildcard would be *.b.zone.
	assert_nxdomain();
	ask("zone.", "m.b.zone.", TYPE_A);
	nsec("k.b.zone.", "z.zone.", TYPES(TYPE_A));
	nsec("b.zone.", "a.b.zone.", TYPES(TYPE_A));
	assert_nxdomain();
	// Neither with the wildcard of one further up.
	for (int i = 0; i < 2; i++) {
		ask("zone.", "m.b.zone.", TYPE_A);
		if (i == 0)
			nsec("k.b.zone.", "z.zone.", TYPES(TYPE_A));
		else
			nsec("*.b.zone.", "z.b.zone.", TYPES(TYPE_A));
		nsec("zone.", "a.zone.", TYPES(TYPE_SOA, TYPE_NS));
		assert_nothing_proven();
	}
}

#define test(name) cmocka_unit_test_setup_teardown(name, open_question, close_question)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_zone_proves_nothing_of_names_outside),
		test(a_record_has_an_rrsig_of_the_zone_that_says_it_was_not_expanded),
		test(there_is_one_record_at_a_name),
		test(the_closest_encloser_may_be_known_by_either_neighbour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
