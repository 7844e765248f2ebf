// Which keys a DS vouches for, and which it does not.
#include "dataplane/dns/types.h"
#include "tests/unit/control/validator/standard.h"

#include <string.h>

// signed.example. has these keys, signed by `by`, and example. this DS for it.
static void set_all(struct signer_key *const *keys, size_t count, const struct signer_key *by,
		    const struct rdata *ds, size_t ds_count)
{
	struct signer_zone *example = world_zone(&w, "example.");
	struct rrset *rrset = signer_dnskey_rrset(ZONE, keys, count, 3600);

	signer_zone_replace(world_zone(&w, "signed.example."), signer_sign(rrset, by, ZONE, NULL));
	rrset_free(rrset);
	rrset = signer_rrset_wire(ZONE, TYPE_DS, 3600, ds, ds_count);
	signer_zone_replace(example, signer_sign(rrset, signer_zone_zsk(example),
						 signer_name("example."), NULL));
	rrset_free(rrset);
	trust_forget(w.trust, signer_name("."));
	budget_start(&w.budget, w.now_ms);
	w.now_ms += 6000;
}

static void set(struct signer_key *const *keys, size_t count, const struct signer_key *by,
		const uint8_t *ds, size_t ds_len)
{
	set_all(keys, count, by, &(struct rdata){ds, (uint16_t)ds_len}, 1);
}

static enum verdict judge_keys(void)
{
	return world_ask(&w, "signed.example.", TYPE_DNSKEY);
}

// RFC 4034 §5.1.1, §5.1.2: the digest alone is not enough.
static void tag_and_algorithm_of_a_ds_are_the_keys(void **state)
{
	struct signer_key *key = signer_key_new(13, 0, 257);
	uint8_t ds[64], wrong[64];
	size_t len = signer_ds(key, ZONE, 2, ds);

	(void)state;
	for (int which = 0; which < 4; which++) {
		memcpy(wrong, ds, len);
		if (which == 1)
			wrong[1] ^= 1; // key tag
		else if (which == 2)
			wrong[2] = 15; // algorithm: one that we know as well
		else if (which == 3)
			wrong[20] ^= 1; // digest
		set(&key, 1, key, wrong, len);
		assert_verdict(judge_keys(), which == 0 ? VERDICT_SECURE : VERDICT_BOGUS, &w);
		assert_int_equal(w.result.ede, which == 0 ? EDE_NONE : EDE_DNSKEY_MISSING);
	}
	signer_key_free(key);
}

// At most two keys are hashed for a DS: none of them may be one that it cannot mean.
static void keys_that_a_ds_cannot_mean_use_up_no_try(void **state)
{
	enum { TAG, ALGORITHM, ZONE_KEY, REVOKED, KINDS };
	struct signer_key *real = signer_key_new(8, 0, 257), *keys[4];
	uint8_t ds[64];
	size_t len = signer_ds(real, ZONE, 2, ds);

	(void)state;
	for (int kind = 0; kind < KINDS; kind++) {
		for (unsigned i = 0; i < 3; i++) {
			uint16_t tag = kind == TAG ? real->tag ^ 1 : real->tag;
			uint16_t flags = kind == ZONE_KEY ? 0x001 : kind == REVOKED ? 0x181 : 257;
			keys[i] = signer_key_with_tag(kind == ALGORITHM ? 10 : 8, flags, tag, i);
			assert_int_equal(keys[i]->tag, tag);
		}
		keys[3] = real;
		set(keys, 4, real, ds, len);
		assert_verdict(judge_keys(), VERDICT_SECURE, &w);
		for (unsigned i = 0; i < 3; i++)
			signer_key_free(keys[i]);
	}
	signer_key_free(real);
}

// RFC 4035 §5.2: any DS will do; those of stand-by keys, which are not in the zone, cost nothing.
static void ds_of_keys_that_are_not_there_take_no_place(void **state)
{
	enum { COUNT = 40 };
	struct signer_key *key = signer_key_new(13, 0, 257);
	uint8_t ds[COUNT][64];
	struct rdata all[COUNT];

	(void)state;
	for (size_t real = 0; real < COUNT; real += COUNT - 1) {
		for (size_t i = 0; i < COUNT; i++) {
			size_t len = signer_ds(key, ZONE, 2, ds[i]);
			ds[i][1] ^= i != real ? 1 + i % 127 : 0; // key tag
			ds[i][5] ^= i != real ? 1 + i : 0;
			all[i] = (struct rdata){ds[i], (uint16_t)len};
		}
		set_all(&key, 1, key, all, COUNT);
		assert_verdict(judge_keys(), VERDICT_SECURE, &w);
	}
	signer_key_free(key);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
	const struct CMUnitTest tests[] = {
		TEST(tag_and_algorithm_of_a_ds_are_the_keys),
		TEST(keys_that_a_ds_cannot_mean_use_up_no_try),
		TEST(ds_of_keys_that_are_not_there_take_no_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
