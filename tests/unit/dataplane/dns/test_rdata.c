#include "dataplane/dns/rdata.h"
#include "tests/unit/dataplane/dns/wire.h"

#include <assert.h>
#include <errno.h>

static struct wire w;
static uint8_t out[1024];

// Two names, so that RDATA can point at them: "Ab.Cd" at 12, its "Cd" at 15.
static size_t start(void)
{
	wire_header(&w, 0, 0, 0, 0, 0);
	wire_name(&w, "Ab.Cd");
	return w.len;
}

static int parse_from(uint16_t type, size_t off)
{
	memset(out, 0xee, sizeof(out));
	return rdata_parse(type, wire_exact(&w), w.len, off, w.len - off, out, sizeof(out));
}

static int parse(uint16_t type, const void *rdata, size_t len)
{
	size_t off = start();

	wire_bytes(&w, rdata, len);
	return parse_from(type, off);
}

#define PARSE(type, literal) parse(type, literal, sizeof(literal) - 1)

#define ASSERT_COPIED(type, literal)                                                               \
	do {                                                                                       \
		assert_int_equal(PARSE(type, literal), sizeof(literal) - 1);                       \
		assert_memory_equal(out, literal, sizeof(literal) - 1);                            \
	} while (0)
#define ASSERT_BAD(type, literal) assert_int_equal(PARSE(type, literal), -EBADMSG)

// A good RDATA of every type that has a shape; of the fixed ones every cut is bad.
#define SIG_FIXED "\0\1\15\2\0\0\16\20\1\1\1\1\1\1\1\0\xab\xcd"
#define NUL16     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

static void addresses_have_one_length(void **state)
{
	(void)state;

	ASSERT_COPIED(TYPE_A, "\1\2\3\4");
	ASSERT_BAD(TYPE_A, "");
	ASSERT_BAD(TYPE_A, "\1\2\3");
	ASSERT_BAD(TYPE_A, "\1\2\3\4\5");
	ASSERT_COPIED(TYPE_AAAA, NUL16);
	ASSERT_BAD(TYPE_AAAA, "\1\2\3\4");
	ASSERT_BAD(TYPE_AAAA, NUL16 "\0");
}

static void unknown_types_are_copied_as_they_are(void **state)
{
	(void)state;

	ASSERT_COPIED(65280, "\xc0\x0c\xff");
	ASSERT_COPIED(65280, "");
	ASSERT_COPIED(TYPE_NULL, "\xc0\x0c");
	ASSERT_COPIED(257, "\0\5issueca");
}

// Expands "Ab.Cd" by way of a pointer after `prefix`.
static void assert_decompressed(uint16_t type, const void *prefix, size_t len, const void *suffix,
				size_t suffix_len)
{
	size_t off = start();

	wire_bytes(&w, prefix, len);
	wire_pointer(&w, 12);
	wire_bytes(&w, suffix, suffix_len);
	assert_int_equal(parse_from(type, off), len + 7 + suffix_len);
	assert_memory_equal(out, prefix, len);
	assert_memory_equal(out + len, "\2Ab\2Cd", 7);
	assert_memory_equal(out + len + 7, suffix, suffix_len);
}

static void names_of_rfc1035_and_rfc3597_are_decompressed(void **state)
{
	(void)state;
	static const uint16_t single[] = {TYPE_NS, TYPE_MD, TYPE_MF,  TYPE_CNAME, TYPE_MB,
					  TYPE_MG, TYPE_MR, TYPE_PTR, TYPE_DNAME};
	static const uint16_t numbered[] = {TYPE_MX, TYPE_AFSDB, TYPE_RT, TYPE_KX};

	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		assert_decompressed(single[i], "", 0, "", 0);
	for (size_t i = 0; i < sizeof(numbered) / sizeof(numbered[0]); i++)
		assert_decompressed(numbered[i], "\0\12", 2, "", 0);
	assert_decompressed(TYPE_MINFO, "", 0, "\1x", 3);
	assert_decompressed(TYPE_RP, "\1x", 3, "", 0);
	assert_decompressed(TYPE_PX, "\0\1", 2, "", 1);
	assert_decompressed(TYPE_SRV, "\0\1\0\2\0\3", 6, "", 0);
	assert_decompressed(TYPE_NAPTR, "\0\1\0\2\1u\3sip\0", 11, "", 0);
	assert_decompressed(TYPE_SOA, "", 0, "\1r\0" NUL16 "\0\0\0\0", 23);
	assert_decompressed(TYPE_SIG, SIG_FIXED, 18, "sig", 3);
	assert_decompressed(TYPE_NXT, "", 0, "\x60", 1);
	assert_decompressed(TYPE_HTTPS, "\0\1", 2, "\0\1\0\3\2h2", 7); // RFC 9460 §2.2 forbids it
}

static void both_names_of_soa_may_be_compressed(void **state)
{
	(void)state;
	size_t off = start();

	wire_pointer(&w, 15);
	wire_bytes(&w, "\1r", 2);
	wire_pointer(&w, 12);
	wire_bytes(&w, NUL16 "\0\0\0\7", 20);
	assert_int_equal(parse_from(TYPE_SOA, off), 4 + 9 + 20);
	assert_memory_equal(out, "\2Cd\0\1r\2Ab\2Cd", 13);
	struct rdata_soa soa;
	assert_true(rdata_soa(out, 33, &soa));
	assert_int_equal(soa.minimum, 7);
	assert_ptr_equal(soa.rname, out + 4);
}

static void names_that_must_not_be_compressed_are_refused(void **state)
{
	(void)state;

	ASSERT_BAD(TYPE_RRSIG, SIG_FIXED "\xc0\x0csignature");
	ASSERT_BAD(TYPE_RRSIG, SIG_FIXED "\1a\xc0\x0csignature");
	ASSERT_BAD(TYPE_NSEC, "\xc0\x0c\0\1\x40");
	ASSERT_BAD(TYPE_A6, "\x80\xc0\x0c");
}

// ATTACKS B10: a name must end where RDLENGTH says, not further on.
static void b10_name_past_rdlength_is_refused(void **state)
{
	(void)state;
	size_t off = start();

	wire_name(&w, "abc.de");
	wire_bytes(&w, NUL16, 16); // what follows RDATA in the message
	const uint8_t *msg = wire_exact(&w);
	for (size_t rdlen = 0; rdlen < 16; rdlen++) {
		int rc = rdata_parse(TYPE_NS, msg, w.len, off, rdlen, out, sizeof(out));
		assert_int_equal(rc, rdlen == 8 ? 8 : -EBADMSG);
		rc = rdata_parse(TYPE_NSEC, msg, w.len, off, rdlen, out, sizeof(out));
		assert_int_equal(rc, rdlen == 8 ? 8 : -EBADMSG);
	}
	// With fields after the name.
	off = start();
	wire_bytes(&w, SIG_FIXED "\5abcde\0signature", 34);
	msg = wire_exact(&w);
	for (size_t rdlen = 0; rdlen < 26; rdlen++)
		assert_int_equal(rdata_parse(TYPE_SIG, msg, w.len, off, rdlen, out, sizeof(out)),
				 -EBADMSG);
	assert_int_equal(rdata_parse(TYPE_SIG, msg, w.len, off, 26, out, sizeof(out)), 26);
	// A pointer whose second byte lies behind RDATA.
	off = start();
	wire_pointer(&w, 12);
	assert_int_equal(rdata_parse(TYPE_NS, wire_exact(&w), w.len, off, 1, out, sizeof(out)),
			 -EBADMSG);
}

static void rdlength_past_the_message_is_refused(void **state)
{
	(void)state;
	size_t off = start();

	wire_bytes(&w, "\1\2\3\4", 4);
	const uint8_t *msg = wire_exact(&w);
	assert_int_equal(rdata_parse(65280, msg, w.len, off, 5, out, sizeof(out)), -EBADMSG);
	assert_int_equal(rdata_parse(65280, msg, w.len, w.len, 0, out, sizeof(out)), 0);
	assert_int_equal(rdata_parse(65280, msg, w.len, w.len + 1, 0, out, sizeof(out)), -EBADMSG);
}

static void result_over_cap_is_nobufs(void **state)
{
	(void)state;
	size_t off = start();

	wire_bytes(&w, "\0\1", 2);
	wire_pointer(&w, 12);
	const uint8_t *msg = wire_exact(&w);
	for (size_t cap = 0; cap < 9; cap++)
		assert_int_equal(rdata_parse(TYPE_MX, msg, w.len, off, 4, out, cap), -ENOBUFS);
	assert_int_equal(rdata_parse(TYPE_MX, msg, w.len, off, 4, out, 9), 9);
}

static void every_cut_and_extension_of_fixed_shapes_is_refused(void **state)
{
	(void)state;
	static const struct {
		uint16_t type;
		const char *rdata;
		size_t len;
	} good[] = {
		{TYPE_A, "\1\2\3\4", 4},
		{TYPE_AAAA, NUL16, 16},
		{TYPE_NS, "\1a", 3},
		{TYPE_SOA, "\1a\0\1b\0" NUL16 "\0\0\0\0", 26},
		{TYPE_HINFO, "\3cpu\2os", 7},
		{TYPE_MINFO, "\1a\0\1b", 6},
		{TYPE_MX, "\0\1\1a", 5},
		{TYPE_PX, "\0\1\1a\0\1b", 8},
		{TYPE_SRV, "\0\1\0\2\0\3\1a", 9},
		{TYPE_NAPTR, "\0\1\0\2\1u\3sip\1r\1a", 15},
		{TYPE_NSEC3PARAM, "\1\0\0\12\2ab", 7},
		{TYPE_A6, "\x40\1\2\3\4\5\6\7\10\1a", 12},
		{TYPE_A6, "\0" NUL16, 17},
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		uint8_t longer[64] = {0};
		memcpy(longer, good[i].rdata, good[i].len);
		assert_int_equal(parse(good[i].type, good[i].rdata, good[i].len), good[i].len);
		assert_memory_equal(out, good[i].rdata, good[i].len);
		for (size_t len = 0; len < good[i].len; len++)
			assert_int_equal(parse(good[i].type, good[i].rdata, len), -EBADMSG);
		assert_int_equal(parse(good[i].type, longer, good[i].len + 1), -EBADMSG);
	}
}

static void types_with_a_tail_need_it(void **state)
{
	(void)state;

	ASSERT_COPIED(TYPE_DS, "\1\2\10\2x");
	ASSERT_BAD(TYPE_DS, "\1\2\10\2");
	ASSERT_COPIED(TYPE_CDS, "\0\0\0\0\0"); // RFC 8078 §4: delete
	ASSERT_COPIED(TYPE_DNSKEY, "\1\0\3\15k");
	ASSERT_COPIED(TYPE_DNSKEY, "\1\0\3\15"); // no key, and no reason to lose the others
	ASSERT_BAD(TYPE_DNSKEY, "\1\0\3");
	ASSERT_COPIED(TYPE_CDNSKEY, "\0\0\3\0\0");
	ASSERT_COPIED(TYPE_KEY, "\xc0\0\3\1"); // RFC 2535 §3.1.2: no key
	ASSERT_COPIED(TYPE_RRSIG, SIG_FIXED "\1a\0s");
	ASSERT_BAD(TYPE_RRSIG, SIG_FIXED "\1a\0");
	ASSERT_BAD(TYPE_RRSIG, SIG_FIXED);
	ASSERT_BAD(TYPE_RRSIG, "\0\1\15");
	ASSERT_COPIED(TYPE_SSHFP, "\1\1f");
	ASSERT_BAD(TYPE_SSHFP, "\1\1");
	ASSERT_COPIED(TYPE_TLSA, "\3\1\1d");
	ASSERT_BAD(TYPE_TLSA, "\3\1\1");
	ASSERT_COPIED(TYPE_CERT, "\0\1\0\0\0c");
	ASSERT_BAD(TYPE_CERT, "\0\1\0\0\0");
}

static void text_is_a_row_of_character_strings(void **state)
{
	(void)state;

	ASSERT_COPIED(TYPE_TXT, "\3abc");
	ASSERT_COPIED(TYPE_TXT, "\3abc\0\1x");
	ASSERT_COPIED(TYPE_TXT, "\0");
	ASSERT_COPIED(TYPE_SPF, "\1v");
	ASSERT_BAD(TYPE_TXT, "");
	ASSERT_BAD(TYPE_TXT, "\4abc");
	ASSERT_BAD(TYPE_TXT, "\3abc\1");
}

static void bitmap_windows_must_be_in_order_and_of_1_to_32_octets(void **state)
{
	(void)state;
	uint8_t full[4 + 32] = {0, 0, 32};

	ASSERT_COPIED(TYPE_NSEC, "\1a\0\0\1\x40\1\2\0\1");
	ASSERT_COPIED(TYPE_NSEC, "\1a\0");
	ASSERT_BAD(TYPE_NSEC, "\1a");
	ASSERT_BAD(TYPE_NSEC, "\1a\0\0");
	ASSERT_BAD(TYPE_NSEC, "\1a\0\0\0");
	ASSERT_BAD(TYPE_NSEC, "\1a\0\0\2\x40");
	ASSERT_BAD(TYPE_NSEC, "\1a\0\1\1\x40\0\1\x40");
	ASSERT_BAD(TYPE_NSEC, "\1a\0\0\1\x40\0\1\x40");
	assert_int_equal(parse(TYPE_NSEC, full, 3 + 32), 3 + 32);
	full[2] = 33;
	assert_int_equal(parse(TYPE_NSEC, full, 3 + 33), -EBADMSG);
}

static void nsec3_may_have_no_types_but_has_a_hash(void **state)
{
	(void)state;

	ASSERT_COPIED(TYPE_NSEC3, "\1\1\0\12\2ab\4hash\0\1\x40");
	ASSERT_COPIED(TYPE_NSEC3, "\1\0\0\0\0\4hash");
	ASSERT_BAD(TYPE_NSEC3, "\1\0\0\0\0\0");
	ASSERT_BAD(TYPE_NSEC3, "\1\0\0\0\0\5hash");
	ASSERT_BAD(TYPE_NSEC3, "\1\0\0\0\7ab");
	ASSERT_BAD(TYPE_NSEC3, "\1\0\0\0\0");
	ASSERT_BAD(TYPE_NSEC3, "\1\0\0\0\0\4hash\0");
}

// RFC 9460 §2.2: it is the client that rejects a list it cannot read.
static void svcparams_are_passed_on_as_they_are(void **state)
{
	(void)state;

	ASSERT_COPIED(TYPE_SVCB, "\0\0\1a\0");
	ASSERT_COPIED(TYPE_HTTPS, "\0\1\0\0\1\0\3\2h2\0\3\0\2\1\273");
	ASSERT_COPIED(TYPE_HTTPS, "\0\1\0\0\3\0\2\1\273\0\1\0\3\2h2"); // out of order
	ASSERT_COPIED(TYPE_HTTPS, "\0\1\0\0\3\0\0\0\3\0\0");           // twice
	ASSERT_COPIED(TYPE_HTTPS, "\0\1\0\0\3\0");                     // cut short
	ASSERT_COPIED(TYPE_HTTPS, "\0\1\0\0\3\0\3ab");
	ASSERT_COPIED(TYPE_HTTPS, "\0\0\0\0\1\0\3\2h2"); // of an alias
	ASSERT_BAD(TYPE_HTTPS, "\0\1");                  // no target
	ASSERT_BAD(TYPE_HTTPS, "\0\1\100");
}

static void assert_canonical(uint16_t type, const char *rdata, size_t len, const char *expected)
{
	uint8_t *exact = malloc(len);

	assert_non_null(exact);
	memcpy(exact, rdata, len);
	rdata_canonical(type, exact, len);
	assert_memory_equal(exact, expected, len);
	free(exact);
}

#define ASSERT_CANONICAL(type, from, to)                                                           \
	do {                                                                                       \
		static_assert(sizeof(from) == sizeof(to), "of one length");                        \
		assert_canonical(type, from, sizeof(from) - 1, to);                                \
	} while (0)

// RFC 4034 §6.2, RFC 6840 §5.1.
static void canonical_form_folds_the_names_of_the_listed_types(void **state)
{
	(void)state;
	static const uint16_t single[] = {TYPE_NS, TYPE_MD, TYPE_MF,  TYPE_CNAME, TYPE_MB,
					  TYPE_MG, TYPE_MR, TYPE_PTR, TYPE_DNAME};

	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		ASSERT_CANONICAL(single[i], "\3FoO\1B\0", "\3foo\1b\0");
	ASSERT_CANONICAL(TYPE_MX, "AB\1C\0", "AB\1c\0");
	ASSERT_CANONICAL(TYPE_SOA, "\1A\0\1B\0ABCDABCDABCDABCDABCD",
			 "\1a\0\1b\0ABCDABCDABCDABCDABCD");
	ASSERT_CANONICAL(TYPE_MINFO, "\1A\0\1B\0", "\1a\0\1b\0");
	ASSERT_CANONICAL(TYPE_RP, "\1A\0\1B\0", "\1a\0\1b\0");
	ASSERT_CANONICAL(TYPE_PX, "AB\1A\0\1B\0", "AB\1a\0\1b\0");
	ASSERT_CANONICAL(TYPE_SRV, "ABCDEF\1C\0", "ABCDEF\1c\0");
	ASSERT_CANONICAL(TYPE_NAPTR, "ABCD\1U\3SIP\0\1C\0", "ABCD\1U\3SIP\0\1c\0");
	ASSERT_CANONICAL(TYPE_KX, "AB\1C\0", "AB\1c\0");
	ASSERT_CANONICAL(TYPE_RRSIG, "ABCDEFGHIJKLMNOPQR\1S\0SIG", "ABCDEFGHIJKLMNOPQR\1s\0SIG");
	ASSERT_CANONICAL(TYPE_SIG, "ABCDEFGHIJKLMNOPQR\1S\0SIG", "ABCDEFGHIJKLMNOPQR\1s\0SIG");
	ASSERT_CANONICAL(TYPE_NXT, "\1A\0\x41", "\1a\0\x41");
	ASSERT_CANONICAL(TYPE_A6, "\x78\x41\1A\0", "\x78\x41\1a\0");
}

static void canonical_form_leaves_everything_else_alone(void **state)
{
	(void)state;

	ASSERT_CANONICAL(TYPE_NSEC, "\1A\0\0\1\x41", "\1A\0\0\1\x41");
	ASSERT_CANONICAL(TYPE_TXT, "\3ABC", "\3ABC");
	ASSERT_CANONICAL(TYPE_HINFO, "\1A\1B", "\1A\1B");
	ASSERT_CANONICAL(TYPE_SVCB, "\0\1\1A\0", "\0\1\1A\0");
	ASSERT_CANONICAL(TYPE_DS, "ABCDE", "ABCDE");
	ASSERT_CANONICAL(65280, "\1A\0", "\1A\0");
}

static void canonical_form_of_broken_rdata_stays_inside(void **state)
{
	(void)state;

	ASSERT_CANONICAL(TYPE_MX, "A", "A");
	ASSERT_CANONICAL(TYPE_NS, "\7ABC", "\7ABC");
	ASSERT_CANONICAL(TYPE_NAPTR, "ABCD\1", "ABCD\1");
	ASSERT_CANONICAL(TYPE_A6, "\x40", "\x40");
	ASSERT_CANONICAL(TYPE_A6, "\xff\x41", "\xff\x41");
	ASSERT_CANONICAL(TYPE_NS, "\1A\0\1B", "\1a\0\1B");
}

static void rdata_is_ordered_as_octet_strings(void **state)
{
	(void)state;

	assert_true(rdata_compare((const uint8_t *)"\x7f", 1, (const uint8_t *)"\x80", 1) < 0);
	assert_true(rdata_compare((const uint8_t *)"ab", 2, (const uint8_t *)"abc", 3) < 0);
	assert_true(rdata_compare((const uint8_t *)"abc", 3, (const uint8_t *)"ab", 2) > 0);
	assert_true(rdata_compare((const uint8_t *)"b", 1, (const uint8_t *)"abc", 3) > 0);
	assert_int_equal(rdata_compare((const uint8_t *)"ab", 2, (const uint8_t *)"ab", 2), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_have_one_length),
		cmocka_unit_test(unknown_types_are_copied_as_they_are),
		cmocka_unit_test(names_of_rfc1035_and_rfc3597_are_decompressed),
		cmocka_unit_test(both_names_of_soa_may_be_compressed),
		cmocka_unit_test(names_that_must_not_be_compressed_are_refused),
		cmocka_unit_test(b10_name_past_rdlength_is_refused),
		cmocka_unit_test(rdlength_past_the_message_is_refused),
		cmocka_unit_test(result_over_cap_is_nobufs),
		cmocka_unit_test(every_cut_and_extension_of_fixed_shapes_is_refused),
		cmocka_unit_test(types_with_a_tail_need_it),
		cmocka_unit_test(text_is_a_row_of_character_strings),
		cmocka_unit_test(bitmap_windows_must_be_in_order_and_of_1_to_32_octets),
		cmocka_unit_test(nsec3_may_have_no_types_but_has_a_hash),
		cmocka_unit_test(svcparams_are_passed_on_as_they_are),
		cmocka_unit_test(canonical_form_folds_the_names_of_the_listed_types),
		cmocka_unit_test(canonical_form_leaves_everything_else_alone),
		cmocka_unit_test(canonical_form_of_broken_rdata_stays_inside),
		cmocka_unit_test(rdata_is_ordered_as_octet_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
