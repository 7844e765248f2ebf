#include "dataplane/dns/rdata.h"
#include "tests/unit/dataplane/dns/wire.h"

static void rrsig_fields_are_found(void **state)
{
	(void)state;
	static const char rdata[] = "\0\60\15\2\0\0\16\20\x65\4\3\2\x64\4\3\2\xab\xcd\1a\1b\0SIGN";
	const uint8_t *p = (const uint8_t *)rdata;
	struct rdata_rrsig sig;

	assert_true(rdata_rrsig(p, sizeof(rdata) - 1, &sig));
	assert_int_equal(sig.covered, TYPE_DNSKEY);
	assert_int_equal(sig.algorithm, 13);
	assert_int_equal(sig.labels, 2);
	assert_int_equal(sig.original_ttl, 3600);
	assert_int_equal(sig.expiration, 0x65040302);
	assert_int_equal(sig.inception, 0x64040302);
	assert_int_equal(sig.key_tag, 0xabcd);
	assert_ptr_equal(sig.signer, p + 18);
	assert_int_equal(sig.fixed_len, 23);
	assert_ptr_equal(sig.signature, p + 23);
	assert_int_equal(sig.signature_len, 4);
	for (size_t len = 0; len < 23; len++)
		assert_false(rdata_rrsig(p, len, &sig));
}

static void dnskey_and_ds_fields_are_found(void **state)
{
	(void)state;
	const uint8_t dnskey[] = {1, 1, 3, 8, 'k', 'e', 'y'};
	const uint8_t ds[] = {0x4f, 0x66, 8, 2, 'd', 'g'};
	struct rdata_dnskey key;
	struct rdata_ds digest;

	assert_true(rdata_dnskey(dnskey, sizeof(dnskey), &key));
	assert_int_equal(key.flags, DNSKEY_ZONE | DNSKEY_SEP);
	assert_int_equal(key.protocol, 3);
	assert_int_equal(key.algorithm, 8);
	assert_ptr_equal(key.key, dnskey + 4);
	assert_int_equal(key.key_len, 3);
	assert_false(rdata_dnskey(dnskey, 3, &key));
	assert_true(rdata_ds(ds, sizeof(ds), &digest));
	assert_int_equal(digest.key_tag, 20326);
	assert_int_equal(digest.algorithm, 8);
	assert_int_equal(digest.digest_type, 2);
	assert_int_equal(digest.digest_len, 2);
	assert_false(rdata_ds(ds, 4, &digest));
}

static size_t from_base64(const char *text, uint8_t *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t count = 0;
	unsigned bits = 0, held = 0;

	for (; *text != '\0' && *text != '='; text++) {
		held = held << 6 | (unsigned)(strchr(digits, *text) - digits);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out[count++] = (uint8_t)(held >> bits);
		}
	}
	return count;
}

// The key of RFC 4034 §5.4, whose tag the RFC gives as 60485, and the root KSK of 2017.
static void key_tag_is_that_of_rfc4034(void **state)
{
	(void)state;
	uint8_t key[4 + 300] = {1, 0, 3, 5};
	size_t len = 4 + from_base64("AQOeiiR0GOMYkDshWoSKz9Xz"
				     "fwJr1AYtsmx3TGkJaNXVbfi/"
				     "2pHm822aJ5iI9BMzNXxeYCmZ"
				     "DRD99WYwYqUSdjMmmAphXdvx"
				     "egXd/M5+X7OrzKBaMbCVdFLU"
				     "Uh6DhweJBjEVv5f2wwjM9Xzc"
				     "nOf+EPbtG9DMBmADjFDc2w/r"
				     "ljwvFw==",
				     key + 4);
	assert_int_equal(rdata_dnskey_tag(key, len), 60485);

	key[1] = 1;
	key[3] = 8;
	len = 4 + from_base64("AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3"
			      "+/4RgWOq7HrxRixHlFlExOLAJr5emLvN7SWXgnLh4+B5xQlNVz8Og8kv"
			      "ArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLrjyBxWezF"
			      "0jLHwVN8efS3rCj/EWgvIWgb9tarpVUDK/b58Da+sqqls3eNbuv7pr+e"
			      "oZG+SrDK6nWeL3c6H5Apxz7LjVc1uTIdsIXxuOLYA4/ilBmSVIzuDWfd"
			      "RUfhHdY6+cn8HFRm+2hM8AnXGXws9555KrUB5qihylGa8subX2Nn6UwN"
			      "R1AkUTV74bU=",
			      key + 4);
	assert_int_equal(rdata_dnskey_tag(key, len), 20326);
}

// RFC 4034 B.1.
static void key_tag_of_algorithm_1_is_taken_from_the_modulus(void **state)
{
	(void)state;
	const uint8_t key[] = {1, 0, 3, 1, 1, 3, 0xaa, 0x12, 0x34, 0x56};

	assert_int_equal(rdata_dnskey_tag(key, sizeof(key)), 0x1234);
	assert_int_equal(rdata_dnskey_tag(key, 0), 0);
	assert_int_equal(rdata_dnskey_tag(key, 3), 0x0100 + 0x0300);
	assert_int_equal(rdata_dnskey_tag(key, 4), 0x0100 + 0x0301);
}

static void nsec_fields_are_found(void **state)
{
	(void)state;
	const uint8_t *p = (const uint8_t *)"\4host\7example\0\0\1\x40";
	struct rdata_nsec nsec;

	assert_true(rdata_nsec(p, 17, &nsec));
	assert_ptr_equal(nsec.next, p);
	assert_ptr_equal(nsec.bitmap, p + 14);
	assert_int_equal(nsec.bitmap_len, 3);
	assert_false(rdata_nsec(p, 13, &nsec));
}

static void nsec3_fields_are_found(void **state)
{
	(void)state;
	const uint8_t *p = (const uint8_t *)"\1\1\0\12\2ab\4hash\0\1\x40";
	struct rdata_nsec3 nsec3;

	assert_true(rdata_nsec3(p, 15, &nsec3));
	assert_int_equal(nsec3.algorithm, 1);
	assert_int_equal(nsec3.flags, NSEC3_OPTOUT);
	assert_int_equal(nsec3.iterations, 10);
	assert_int_equal(nsec3.salt_len, 2);
	assert_memory_equal(nsec3.salt, "ab", 2);
	assert_int_equal(nsec3.next_len, 4);
	assert_memory_equal(nsec3.next, "hash", 4);
	assert_int_equal(nsec3.bitmap_len, 3);
	for (size_t len = 0; len < 12; len++)
		assert_false(rdata_nsec3(p, len, &nsec3));
}

// The bitmap of RFC 4034 §4.3: A, MX, RRSIG, NSEC and TYPE1234.
static void bitmap_of_rfc4034_has_its_types_and_no_others(void **state)
{
	(void)state;
	uint8_t bitmap[2 + 6 + 2 + 27] = {0, 6, 0x40, 0x01, 0, 0, 0, 0x03, 4, 27};
	bitmap[10 + 26] = 0x20;
	unsigned count = 0;

	for (unsigned type = 0; type <= UINT16_MAX; type++)
		count += rdata_bitmap_has(bitmap, sizeof(bitmap), (uint16_t)type);
	assert_int_equal(count, 5);
	assert_true(rdata_bitmap_has(bitmap, sizeof(bitmap), TYPE_A));
	assert_true(rdata_bitmap_has(bitmap, sizeof(bitmap), TYPE_MX));
	assert_true(rdata_bitmap_has(bitmap, sizeof(bitmap), TYPE_RRSIG));
	assert_true(rdata_bitmap_has(bitmap, sizeof(bitmap), TYPE_NSEC));
	assert_true(rdata_bitmap_has(bitmap, sizeof(bitmap), 1234));
}

static void bitmap_gives_its_types_one_after_the_other(void **state)
{
	(void)state;
	uint8_t bitmap[2 + 6 + 2 + 27] = {0, 6, 0x40, 0x01, 0, 0, 0, 0x03, 4, 27};
	static const uint16_t types[] = {TYPE_A, TYPE_MX, TYPE_RRSIG, TYPE_NSEC, 1234, 0};
	uint16_t type = 0;

	bitmap[10 + 26] = 0x20;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		type = rdata_bitmap_next(bitmap, sizeof(bitmap), type);
		assert_int_equal(type, types[i]);
	}
	assert_int_equal(rdata_bitmap_next(bitmap, 0, 0), 0);
	assert_int_equal(rdata_bitmap_next(bitmap, sizeof(bitmap) - 1, TYPE_NSEC), 0);
	assert_int_equal(rdata_bitmap_next(bitmap, sizeof(bitmap), UINT16_MAX), 0);
}

static void empty_or_cut_bitmap_has_nothing(void **state)
{
	(void)state;
	const uint8_t cut[] = {0, 6, 0x40, 0x01};
	unsigned count = 0;

	for (unsigned type = 0; type <= UINT16_MAX; type++) {
		count += rdata_bitmap_has(cut, 0, (uint16_t)type);
		count += rdata_bitmap_has(cut, sizeof(cut), (uint16_t)type);
	}
	assert_int_equal(count, 0);
}

static void soa_fields_are_found(void **state)
{
	(void)state;
	const uint8_t *p = (const uint8_t *)"\1m\0\1r\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5";
	struct rdata_soa soa;

	assert_true(rdata_soa(p, 26, &soa));
	assert_ptr_equal(soa.mname, p);
	assert_ptr_equal(soa.rname, p + 3);
	assert_int_equal(soa.serial, 1);
	assert_int_equal(soa.refresh, 2);
	assert_int_equal(soa.retry, 3);
	assert_int_equal(soa.expire, 4);
	assert_int_equal(soa.minimum, 5);
	for (size_t len = 0; len < 26; len++)
		assert_false(rdata_soa(p, len, &soa));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rrsig_fields_are_found),
		cmocka_unit_test(dnskey_and_ds_fields_are_found),
		cmocka_unit_test(key_tag_is_that_of_rfc4034),
		cmocka_unit_test(key_tag_of_algorithm_1_is_taken_from_the_modulus),
		cmocka_unit_test(nsec_fields_are_found),
		cmocka_unit_test(nsec3_fields_are_found),
		cmocka_unit_test(bitmap_of_rfc4034_has_its_types_and_no_others),
		cmocka_unit_test(bitmap_gives_its_types_one_after_the_other),
		cmocka_unit_test(empty_or_cut_bitmap_has_nothing),
		cmocka_unit_test(soa_fields_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
