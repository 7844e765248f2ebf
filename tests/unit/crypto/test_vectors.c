// Keys, digests, signed data and signatures against the examples of the RFCs.
#include "crypto/batch.h"
#include "crypto/digest.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/validator/signer.h"
#include "tests/unit/crypto/unit.h"
#include "tests/unit/crypto/vectors.h"

#include <string.h>

static void note(void *arg, bool good)
{
	*(int *)arg = good ? 1 : 0;
}

// 1 good, 0 wrong, -1 unusable.
static int verify(const struct rrset *dnskey, const struct rrset *rrset, struct rdata rrsig)
{
	struct batch *batch = batch_new(&(struct batch_config){0});
	struct batch_ticket *ticket;
	int outcome = -2;
	struct batch_request request = {
		.dnskey = dnskey->rdatas[0].data,
		.dnskey_len = dnskey->rdatas[0].len,
		.rrset = rrset,
		.rrsig = rrsig,
		.done = note,
		.arg = &outcome,
	};

	assert_non_null(batch);
	switch (batch_submit(batch, &request, &ticket)) {
	case BATCH_QUEUED:
		assert_int_equal(batch_run(batch, 10, NULL, NULL, 0), 0);
		break;
	case BATCH_BAD:
		outcome = -1;
		break;
	default:
		fail();
	}
	batch_free(batch);
	return outcome;
}

static void examples_of_the_rfcs_verify(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct rrset *dnskey = signer_rrset(vectors[i].dnskey);
		struct rrset *rrset = signer_rrset(vectors[i].rrset);
		struct rrset *rrsig = signer_rrset(vectors[i].rrsig);
		print_message("%s\n", vectors[i].what);
		assert_int_equal(verify(dnskey, rrset, rrsig->rdatas[0]), 1);
		rrset_free(dnskey);
		rrset_free(rrset);
		rrset_free(rrsig);
	}
}

static void any_changed_bit_of_the_signature_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct rrset *dnskey = signer_rrset(vectors[i].dnskey);
		struct rrset *rrset = signer_rrset(vectors[i].rrset);
		struct rrset *rrsig = signer_rrset(vectors[i].rrsig);
		uint8_t rdata[2048];
		size_t len = rrsig->rdatas[0].len;
		for (size_t byte = 31; byte < len; byte += 7) {
			memcpy(rdata, rrsig->rdatas[0].data, len);
			rdata[byte] ^= 1;
			struct rdata changed = {rdata, (uint16_t)len};
			assert_int_equal(verify(dnskey, rrset, changed), 0);
		}
		rrset_free(dnskey);
		rrset_free(rrset);
		rrset_free(rrsig);
	}
}

static void a_shorter_or_longer_signature_is_unusable(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct rrset *dnskey = signer_rrset(vectors[i].dnskey);
		struct rrset *rrset = signer_rrset(vectors[i].rrset);
		struct rrset *rrsig = signer_rrset(vectors[i].rrsig);
		uint8_t rdata[2048] = {0};
		uint16_t len = rrsig->rdatas[0].len;
		memcpy(rdata, rrsig->rdatas[0].data, len);
		assert_int_equal(verify(dnskey, rrset, (struct rdata){rdata, len - 1}), -1);
		assert_int_equal(verify(dnskey, rrset, (struct rdata){rdata, len + 1}), -1);
		assert_int_equal(verify(dnskey, rrset, (struct rdata){rdata, 31}), -1);
		assert_int_equal(verify(dnskey, rrset, (struct rdata){rdata, 5}), -1);
		rrset_free(dnskey);
		rrset_free(rrset);
		rrset_free(rrsig);
	}
}

static void ds_of_the_rfcs_match_their_keys(void **state)
{
	struct digester *digester = digester_new();

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct rdata_ds ds;
		uint8_t rdata[64];
		if (vectors[i].ds == NULL)
			continue;
		struct rrset *dnskey = signer_rrset(vectors[i].dnskey);
		struct rrset *rrset = signer_rrset(vectors[i].ds);
		size_t len = rrset->rdatas[0].len;
		memcpy(rdata, rrset->rdatas[0].data, len);
		assert_true(rdata_ds(rdata, len, &ds));
		const uint8_t *key = dnskey->rdatas[0].data;
		size_t key_len = dnskey->rdatas[0].len;
		assert_int_equal(ds.key_tag, rdata_dnskey_tag(key, key_len));
		assert_true(digester_ds_matches(digester, dnskey->owner, key, key_len, &ds));
		char upper[NAME_TEXT_MAX];
		name_to_text(dnskey->owner, upper);
		upper[0] = 'E';
		assert_true(digester_ds_matches(digester, signer_name(upper), key, key_len, &ds));
		assert_false(digester_ds_matches(digester, signer_name("example.org"), key, key_len,
						 &ds));
		ds.digest_len--;
		assert_false(digester_ds_matches(digester, dnskey->owner, key, key_len, &ds));
		ds.digest_len++;
		rdata[len - 1] ^= 1;
		assert_false(digester_ds_matches(digester, dnskey->owner, key, key_len, &ds));
		rrset_free(dnskey);
		rrset_free(rrset);
	}
	digester_free(digester);
}

// RFC 5155 appendix A.
static void nsec3_hashes_of_the_rfc(void **state)
{
	static const char *const hashes[][2] = {
		{"example", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"},
		{"a.example", "35mthgpgcu1qg68fab165klnsnk3dpvl"},
		{"ai.example", "gjeqe526plbf1g8mklp59enfd789njgi"},
		{"*.w.example", "r53bq7cc2uvmubfu5ocmm6pers9tk9en"},
		{"X.W.Example", "b4um86eghhds6nea196smvmlo4ors995"},
	};
	static const uint8_t salt[] = {0xaa, 0xbb, 0xcc, 0xdd};
	struct digester *digester = digester_new();

	(void)state;
	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
		uint8_t hash[NSEC3_HASH_LEN];
		char text[33] = {0};
		assert_true(digester_nsec3(digester, signer_name(hashes[i][0]), salt, 4, 12, hash));
		assert_int_equal(base32hex_encode(hash, sizeof(hash), (uint8_t *)text), 32);
		assert_string_equal(text, hashes[i][1]);
	}
	digester_free(digester);
}

static void sha1_digest_of_rfc_4034(void **state)
{
	struct digester *digester = digester_new();
	struct rrset *dnskey = signer_rrset(
		"dskey.example.com. 86400 IN DNSKEY 256 3 5 "
		"AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/"
		"2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvxegXd/"
		"M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==");
	struct rrset *ds = signer_rrset("dskey.example.com. 86400 IN DS 60485 5 1 "
					"2BB183AF5F22588179A53B0A98631FAD1A292118");
	struct rdata_ds rdata;

	(void)state;
	assert_true(rdata_ds(ds->rdatas[0].data, ds->rdatas[0].len, &rdata));
	assert_true(digester_ds_matches(digester, ds->owner, dnskey->rdatas[0].data,
					dnskey->rdatas[0].len, &rdata));
	rrset_free(dnskey);
	rrset_free(ds);
	digester_free(digester);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples_of_the_rfcs_verify),
		cmocka_unit_test(any_changed_bit_of_the_signature_is_wrong),
		cmocka_unit_test(a_shorter_or_longer_signature_is_unusable),
		cmocka_unit_test(ds_of_the_rfcs_match_their_keys),
		cmocka_unit_test(nsec3_hashes_of_the_rfc),
		cmocka_unit_test(sha1_digest_of_rfc_4034),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
