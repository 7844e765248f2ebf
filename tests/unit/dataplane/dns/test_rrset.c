#include "dataplane/dns/rrset.h"
#include "tests/unit/dataplane/dns/wire.h"

#include <errno.h>

static struct record record_of(const char *owner, unsigned type, uint32_t ttl_s, const void *rdata,
			       size_t rdlen)
{
	return (struct record){
		.owner = name_of(owner),
		.rdata = rdata,
		.ttl_s = ttl_s,
		.type = (uint16_t)type,
		.class_ = CLASS_IN,
		.rdlen = (uint16_t)rdlen,
	};
}

static void assert_rdata(const struct rdata *rdata, const char *bytes)
{
	assert_int_equal(rdata->len, strlen(bytes));
	assert_memory_equal(rdata->data, bytes, rdata->len);
}

static void records_and_signatures_are_copied(void **state)
{
	(void)state;
	char a[] = "aaaa", b[] = "bbbb", s[] = "signature";
	struct record records[] = {record_of("Www.Example", TYPE_A, 300, a, 4),
				   record_of("www.example", TYPE_A, 200, b, 4)};
	struct record sig = record_of("www.example", TYPE_RRSIG, 100, s, 9);
	struct rrset *rrset = rrset_new(records, 2, &sig, 1);

	assert_non_null(rrset);
	memset(a, 0, sizeof(a));
	memset(b, 0, sizeof(b));
	memset(s, 0, sizeof(s));
	assert_memory_equal(rrset->owner, "\3Www\7Example", 13);
	assert_int_equal(rrset->type, TYPE_A);
	assert_int_equal(rrset->class_, CLASS_IN);
	assert_int_equal(rrset->ttl_s, 200); // RFC 2181 §5.2
	assert_int_equal(rrset->rrsig_ttl_s, 100);
	assert_int_equal(rrset->count, 2);
	assert_int_equal(rrset->rrsig_count, 1);
	assert_rdata(&rrset->rdatas[0], "aaaa");
	assert_rdata(&rrset->rdatas[1], "bbbb");
	assert_rdata(&rrset->rrsigs[0], "signature");
	assert_int_equal(rrset_rdata_bytes(rrset), 8);
	assert_int_equal(rrset_bytes(rrset),
			 sizeof(struct rrset) + 3 * sizeof(struct rdata) + 13 + 8 + 9);
	rrset_free(rrset);
}

static void duplicates_are_dropped_and_order_is_kept(void **state)
{
	(void)state;
	static const char *const in[] = {"cc", "a", "cc", "b", "a", "c", "cc"};
	struct record records[7], sigs[2];

	for (size_t i = 0; i < 7; i++)
		records[i] = record_of("x", TYPE_TXT, 10 - (uint32_t)i, in[i], strlen(in[i]));
	sigs[0] = sigs[1] = record_of("x", TYPE_RRSIG, 5, "sig", 3);
	struct rrset *rrset = rrset_new(records, 7, sigs, 2);
	assert_non_null(rrset);
	assert_int_equal(rrset->count, 4);
	assert_rdata(&rrset->rdatas[0], "cc");
	assert_rdata(&rrset->rdatas[1], "a");
	assert_rdata(&rrset->rdatas[2], "b");
	assert_rdata(&rrset->rdatas[3], "c");
	assert_int_equal(rrset->ttl_s, 4); // a duplicate's TTL counts
	assert_int_equal(rrset->rrsig_count, 1);
	rrset_free(rrset);
}

static void empty_rdata_is_a_record(void **state)
{
	(void)state;
	struct record record = record_of("x", TYPE_NULL, 1, "", 0);
	struct rrset *rrset = rrset_new(&record, 1, NULL, 0);

	assert_non_null(rrset);
	assert_int_equal(rrset->count, 1);
	assert_int_equal(rrset->rdatas[0].len, 0);
	assert_int_equal(rrset->rrsig_ttl_s, 0);
	rrset_free(rrset);
}

static void limits_are_refused_with_emsgsize(void **state)
{
	(void)state;
	static struct record records[RRSET_RECORDS_MAX + 1];
	static uint16_t rdatas[RRSET_RECORDS_MAX + 1];
	static uint8_t big[RRSET_BYTES_MAX];

	for (size_t i = 0; i <= RRSET_RECORDS_MAX; i++) {
		rdatas[i] = (uint16_t)i;
		records[i] = record_of("x", TYPE_TXT, 1, &rdatas[i], 2);
	}
	struct rrset *rrset = rrset_new(records, RRSET_RECORDS_MAX, NULL, 0);
	assert_non_null(rrset);
	assert_int_equal(rrset->count, RRSET_RECORDS_MAX);
	rrset_free(rrset);
	errno = 0;
	assert_null(rrset_new(records, RRSET_RECORDS_MAX + 1, NULL, 0));
	assert_int_equal(errno, EMSGSIZE);
	errno = 0;
	assert_null(rrset_new(records, 0, NULL, 0));
	assert_int_equal(errno, EMSGSIZE);

	// The owner "x" takes three of the bytes.
	struct record one = record_of("x", TYPE_NULL, 1, big, RRSET_BYTES_MAX - 3);
	rrset = rrset_new(&one, 1, NULL, 0);
	assert_non_null(rrset);
	rrset_free(rrset);
	one.rdlen++;
	errno = 0;
	assert_null(rrset_new(&one, 1, NULL, 0));
	assert_int_equal(errno, EMSGSIZE);
}

static void signatures_past_the_limit_are_dropped(void **state)
{
	(void)state;
	struct record record = record_of("x", TYPE_A, 1, "aaaa", 4), sigs[RRSET_RRSIGS_MAX + 3];
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < RRSET_RRSIGS_MAX + 3; i++)
		sigs[i] = record_of("x", TYPE_RRSIG, 1, digits + i, 1);
	struct rrset *rrset = rrset_new(&record, 1, sigs, RRSET_RRSIGS_MAX + 3);
	assert_non_null(rrset);
	assert_int_equal(rrset->rrsig_count, RRSET_RRSIGS_MAX);
	assert_rdata(&rrset->rrsigs[RRSET_RRSIGS_MAX - 1], "7");
	rrset_free(rrset);
}

// Whatever a signer has left behind.
static void of_many_signatures_those_stay_that_expire_last(void **state)
{
	enum { COUNT = 24, LATEST = 3 };
	struct record record = record_of("x", TYPE_A, 1, "aaaa", 4), sigs[COUNT];
	char rdata[COUNT][24] = {0};

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		uint32_t expiration = i == LATEST ? 10 : UINT32_MAX - 500 + (uint32_t)i; // wraps
		for (int k = 0; k < 4; k++)
			rdata[i][8 + k] = (char)(expiration >> (24 - 8 * k));
		rdata[i][23] = (char)i;
		sigs[i] = record_of("x", TYPE_RRSIG, 1, rdata[i], sizeof(rdata[i]));
	}
	struct rrset *rrset = rrset_new(&record, 1, sigs, COUNT);
	assert_non_null(rrset);
	assert_int_equal(rrset->rrsig_count, RRSET_RRSIGS_MAX);
	assert_int_equal(rrset->rrsigs[0].data[23], LATEST);
	for (uint8_t i = 1; i < RRSET_RRSIGS_MAX; i++)
		assert_int_equal(rrset->rrsigs[i].data[23], COUNT - i);
	rrset_free(rrset);
}

static void clone_stands_on_its_own(void **state)
{
	(void)state;
	struct record records[] = {record_of("Owner", TYPE_TXT, 7, "one", 3),
				   record_of("owner", TYPE_TXT, 7, "three", 5)};
	struct record sig = record_of("owner", TYPE_RRSIG, 3, "sig", 3);
	struct rrset *rrset = rrset_new(records, 2, &sig, 1);
	assert_non_null(rrset);
	struct rrset *copy = rrset_clone(rrset);
	assert_non_null(copy);
	size_t bytes = rrset_bytes(rrset);
	memset(rrset, 0xff, bytes);
	rrset_free(rrset);
	assert_int_equal(rrset_bytes(copy), bytes);
	assert_memory_equal(copy->owner, "\5Owner", 7);
	assert_rdata(&copy->rdatas[0], "one");
	assert_rdata(&copy->rdatas[1], "three");
	assert_rdata(&copy->rrsigs[0], "sig");
	assert_int_equal(copy->ttl_s, 7);
	rrset_free(copy);
}

// RFC 4034 §6.3.
static void canonical_order_is_of_folded_rdata(void **state)
{
	(void)state;
	struct record records[] = {
		record_of("x", TYPE_NS, 1, "\2Zz", 4), // "Z" sorts before "a", "z" after
		record_of("x", TYPE_NS, 1, "\2aa", 4),
		record_of("x", TYPE_NS, 1, "\2zz", 4), // the first one when folded
		record_of("x", TYPE_NS, 1, "\1b", 3),
	};
	struct rrset *rrset = rrset_new(records, 4, NULL, 0);
	assert_non_null(rrset);
	assert_int_equal(rrset->count, 4);
	assert_int_equal(rrset_rdata_bytes(rrset), 15);
	uint8_t *scratch = malloc(15);
	struct rdata sorted[4];
	assert_non_null(scratch);
	assert_int_equal(rrset_canonical(rrset, scratch, sorted), 3);
	assert_int_equal(sorted[0].len, 3);
	assert_memory_equal(sorted[0].data, "\1b", 3);
	assert_memory_equal(sorted[1].data, "\2aa", 4);
	assert_memory_equal(sorted[2].data, "\2zz", 4);
	assert_memory_equal(rrset->rdatas[0].data, "\2Zz", 4); // its own stays as it was
	free(scratch);
	rrset_free(rrset);
}

static void canonical_order_is_left_justified(void **state)
{
	(void)state;
	struct record records[] = {
		record_of("x", 65280, 1, "\x80", 1), record_of("x", 65280, 1, "ab", 2),
		record_of("x", 65280, 1, "a", 1),    record_of("x", 65280, 1, "", 0),
		record_of("x", 65280, 1, "A", 1),
	};
	struct rrset *rrset = rrset_new(records, 5, NULL, 0);
	assert_non_null(rrset);
	uint8_t scratch[5];
	struct rdata sorted[5];
	assert_int_equal(rrset_canonical(rrset, scratch, sorted), 5);
	assert_int_equal(sorted[0].len, 0);
	assert_rdata(&sorted[1], "A");
	assert_rdata(&sorted[2], "a");
	assert_rdata(&sorted[3], "ab");
	assert_rdata(&sorted[4], "\x80");
	rrset_free(rrset);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_and_signatures_are_copied),
		cmocka_unit_test(duplicates_are_dropped_and_order_is_kept),
		cmocka_unit_test(empty_rdata_is_a_record),
		cmocka_unit_test(limits_are_refused_with_emsgsize),
		cmocka_unit_test(signatures_past_the_limit_are_dropped),
		cmocka_unit_test(of_many_signatures_those_stay_that_expire_last),
		cmocka_unit_test(clone_stands_on_its_own),
		cmocka_unit_test(canonical_order_is_of_folded_rdata),
		cmocka_unit_test(canonical_order_is_left_justified),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
