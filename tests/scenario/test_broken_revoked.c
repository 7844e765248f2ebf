// The root's key is revoked (RFC 5011 §2.1) while a TLD proves nothing: what rested on it ends at
// once.
#include "tests/scenario/broken.h"

#include <stdlib.h>

#define DAY_MS  86400000ull
#define HOUR_MS 3600000ull
#define ROOT    ((const uint8_t *)"")
#define TTL_S   172800 // of the root's keys: they are looked at once a day
#define LONG_S  (SIGNER_NOW + 500 * 86400)

static struct signer_key *new_key, *old_key, *revoked;

static void publish(struct signer_key *const *keys, struct signer_key *const *signers, size_t count)
{
	struct signer_zone *root = world_zone(w, ".")->zone;
	const struct signer_options options = {.expiration_s = LONG_S};
	struct signer_key *list[] = {keys[0], keys[1],
				     (struct signer_key *)(uintptr_t)signer_zone_zsk(root)};
	struct rrset *rrset = signer_dnskey_rrset(ROOT, list, 3, TTL_S);

	for (size_t i = 0; i < count; i++) {
		struct rrset *more = signer_sign(rrset, signers[i], ROOT, &options);
		rrset_free(rrset);
		rrset = more;
	}
	signer_zone_replace(root, rrset);
}

static void start_following(void)
{
	begin();
	w->auto_update = true;
	w->config.no_prefetch = true;
	add_example(w);
	world_add(w, &(struct world_zone){
			     .apex = "free.com.",
			     .servers = "ns1.free.com.=192.0.2.30 ns2.free.com.=198.51.100.30",
			     .text = "*.wild.free.com. 300 IN A 192.0.2.96\n",
			     .options = {.unsigned_ = true}});
	for (size_t i = 0; i < w->zone_count; i++) {
		w->zones[i].options.signatures.expiration_s = LONG_S;
		w->zones[i].options.dnskey_ttl_s = i == 0 ? TTL_S : 3600;
	}
	new_key = signer_key_new(13, 0, 257);
	world_start(w);
	old_key = (struct signer_key *)(uintptr_t)signer_zone_ksk(world_zone(w, ".")->zone);
	revoked = malloc(sizeof(*revoked));
	assert_non_null(revoked);
	*revoked = *old_key;
	signer_key_set_flags(revoked, 257 | DNSKEY_REVOKE);
}

static struct trust_points_counters counted(void)
{
	struct trust_points_counters counters;

	trust_points_counters(w->points, &counters);
	return counters;
}

static unsigned numbers;

static void b17_a_root_key_that_is_revoked_ends_what_it_proved(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 4; n++) {
		const bool revoke = n & 1;
		const enum tld_fault fault = n & 2 ? BOGUS : SILENT;
		start_following();
		struct signer_key *both[] = {old_key, new_key}, *last[] = {revoked, new_key};
		publish(both, both, 1);
		world_advance(w, 33 * DAY_MS + 20 * HOUR_MS);
		assert_int_equal(counted().accepted, 1);
		assert_answer(ask_number("example.com.", numbers++), RCODE_NOERROR, true, EDE_NONE);
		assert_answer(ask_number("free.com.", numbers++), RCODE_NOERROR, false, EDE_NONE);
		break_com(fault);
		world_advance(w, 2 * HOUR_MS);
		assert_lives(ask_number("example.com.", numbers++), "192.0.2.81");
		assert_lives(ask_number("free.com.", numbers++), "192.0.2.96");
		if (revoke)
			publish(last, last, 2);
		world_advance(w, 3 * HOUR_MS);
		assert_int_equal(counted().revoked, revoke);
		struct question *q = ask_number("example.com.", numbers++);
		struct question *unsigned_one = ask_number("free.com.", numbers++);
		if (revoke) {
			assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
			assert_int_equal(unsigned_one->reply->rcode, RCODE_SERVFAIL);
		} else {
			assert_lives(q, "192.0.2.81");
			assert_lives(unsigned_one, "192.0.2.96");
		}
		end_world(NULL);
		signer_key_free(new_key);
		free(revoked);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(b17_a_root_key_that_is_revoked_ends_what_it_proved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
