// The bytes that signatures cover, against ones written by hand.
#include "crypto/signed_data.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/validator/signer.h"
#include "tests/unit/crypto/unit.h"

#include <errno.h>
#include <string.h>

static struct signed_data data;

static int build(const struct rrset *rrset)
{
	struct rdata_rrsig rrsig;

	assert_true(rdata_rrsig(rrset->rrsigs[0].data, rrset->rrsigs[0].len, &rrsig));
	return signed_data_build(&data, rrset, rrset->rrsigs[0].data, &rrsig);
}

static struct rrset *sign(const char *text, const struct signer_options *options)
{
	static struct signer_key key = {.algorithm = 8, .rdlen = 100, .tag = 0x1234};
	struct rrset *plain = signer_rrset(text);
	struct rrset *rrset = signer_sign(plain, &key, signer_name("eXample."), options);

	rrset_free(plain);
	return rrset;
}

// RFC 4034 §3.1.8.1, §6.2, §6.3.
static void records_are_folded_sorted_and_under_the_original_ttl(void **state)
{
	static const uint8_t expected[] =
		"\x00\x0f\x08\x02\x00\x00\x0e\x10\x00\x00\x00\x02\x00\x00\x00\x01\x12\x34"
		"\x07"
		"example\x00"
		"\x01"
		"a\x07"
		"example\x00\x00\x0f\x00\x01\x00\x00\x0e\x10\x00\x05\x00\x01\x01"
		"b\x00"
		"\x01"
		"a\x07"
		"example\x00\x00\x0f\x00\x01\x00\x00\x0e\x10\x00\x05\x00\x02\x01"
		"a\x00";
	const struct signer_options options = {
		.inception_s = 1,
		.expiration_s = 2,
		.has_original_ttl = true,
		.original_ttl = 3600,
	};
	struct rrset *rrset = sign("A.EXAMPLE. 17 IN MX 2 A.\nA.EXAMPLE. 17 IN MX 1 B.", &options);

	(void)state;
	assert_int_equal(build(rrset), 0);
	assert_int_equal(data.len, sizeof(expected) - 1);
	assert_memory_equal(data.bytes, expected, data.len);
	rrset_free(rrset);
}

static bool contains(const char *bytes, size_t len)
{
	return memmem(data.bytes, data.len, bytes, len) != NULL;
}

// RFC 4035 §5.3.2.
static void an_expanded_wildcard_is_signed_under_its_own_name(void **state)
{
	struct signer_options options = {.has_labels = true, .labels = 2};
	struct rrset *rrset = sign("x.y.w.example. 17 IN A 192.0.2.1", &options);

	(void)state;
	assert_int_equal(build(rrset), 0);
	assert_true(contains("\x01*\x01w\x07"
			     "example\x00\x00\x01",
			     14));
	assert_false(contains("\x01y", 2));
	rrset_free(rrset);
	options.labels = 0;
	rrset = sign("x.example. 17 IN A 192.0.2.1", &options);
	assert_int_equal(build(rrset), 0);
	assert_true(contains("\x01*\x00\x00\x01", 5));
	rrset_free(rrset);
}

static void a_wildcard_asked_for_by_name_stays_as_it_is(void **state)
{
	struct rrset *rrset = sign("*.W.example. 17 IN A 192.0.2.1", NULL);

	(void)state;
	assert_int_equal(rrset->rrsigs[0].data[3], 2);
	assert_int_equal(build(rrset), 0);
	assert_true(contains("\x01*\x01w\x07"
			     "example\x00\x00\x01",
			     14));
	rrset_free(rrset);
}

static void more_labels_than_the_owner_has_cannot_be(void **state)
{
	struct signer_options options = {.has_labels = true, .labels = 3};
	struct rrset *rrset = sign("x.example. 17 IN A 192.0.2.1", &options);

	(void)state;
	assert_int_equal(build(rrset), -EINVAL);
	rrset_free(rrset);
	options.labels = 255;
	rrset = sign("x.example. 17 IN A 192.0.2.1", &options);
	assert_int_equal(build(rrset), -EINVAL);
	rrset_free(rrset);
}

// RFC 6840 §5.1: the next name of NSEC keeps its case, names in RRSIG do not.
static void nsec_is_not_folded(void **state)
{
	static const uint16_t types[] = {TYPE_A, 0};
	static struct signer_key key = {.algorithm = 8, .rdlen = 100};
	struct rrset *plain = signer_nsec("a.example.", "B.eXample.", types, 60);
	struct rrset *rrset = signer_sign(plain, &key, signer_name("example."), NULL);

	(void)state;
	assert_int_equal(build(rrset), 0);
	assert_true(contains("\x01"
			     "B\x07"
			     "eXample",
			     10));
	rrset_free(plain);
	rrset_free(rrset);
}

// RFC 4034 §6.3: what is equal after folding counts once.
static void duplicates_after_folding_count_once(void **state)
{
	struct rrset *rrset = sign("x.example. 17 IN NS A.\nx.example. 17 IN NS a.", NULL);

	(void)state;
	assert_int_equal(rrset->count, 2);
	assert_int_equal(build(rrset), 0);
	assert_int_equal(data.len, 27 + 11 + 10 + 3);
	rrset_free(rrset);
}

static int free_data(void **state)
{
	(void)state;
	signed_data_free(&data);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_folded_sorted_and_under_the_original_ttl),
		cmocka_unit_test(an_expanded_wildcard_is_signed_under_its_own_name),
		cmocka_unit_test(a_wildcard_asked_for_by_name_stays_as_it_is),
		cmocka_unit_test(more_labels_than_the_owner_has_cannot_be),
		cmocka_unit_test(nsec_is_not_folded),
		cmocka_unit_test(duplicates_after_folding_count_once),
	};

	return cmocka_run_group_tests(tests, NULL, free_data);
}
