// What ends old proofs although their parent proves nothing, and what neither makes a parent one
// that proves nothing nor lets a proof of its live on.
#include "tests/scenario/broken.h"

#define TTL_S   60
#define REVOKED 0x0080

static struct signer_zone *keys_of_com; // at first

static void start_short(bool nsec3, uint16_t iterations)
{
	keys_of_com = signer_zone_new("com.", "com. 60 IN SOA ns.invalid. h.invalid. 1 1 1 1 60\n",
				      &(struct signer_zone_options){0});
	begin();
	struct world_zone *com = world_zone(w, "com.");
	com->negative_ttl_s = TTL_S;
	com->options = (struct signer_zone_options){.nsec3 = nsec3,
						    .params = {.iterations = iterations},
						    .dnskey_ttl_s = TTL_S,
						    .ksk_of = keys_of_com,
						    .zsk_of = keys_of_com};
	com->ds_ttl_s = TTL_S;
	world_zone(w, ".")->options.dnskey_ttl_s = TTL_S;
	add_example(w);
	world_zone(w, "example.com.")->options.dnskey_ttl_s = TTL_S;
	add_free();
	world_start(w);
}

static int end_short(void **state)
{
	int rc = end_world(state);

	signer_zone_free(keys_of_com);
	keys_of_com = NULL;
	return rc;
}
#define ends(f) cmocka_unit_test_setup_teardown(f, NULL, end_short)

static unsigned numbers;

static struct question *ask_new(const char *zone)
{
	return ask_number(zone, numbers++);
}

static void assert_lost(const char *zone)
{
	struct question *q = ask_new(zone);

	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_A), 0);
}

// And no proof of com. was as much as tried.
static void assert_all_lost(void)
{
	assert_lost("example.com.");
	assert_lost("free.com.");
	assert_int_equal(world_counter(w, "resolver.prolonged"), 0);
}

// ---- keys that are taken back ----

// com. has new keys, and says of its former KSK that it is revoked, or nothing.
static void roll_com(bool revoke)
{
	struct world_zone *com = world_zone(w, "com.");
	struct signer_key former = *signer_zone_ksk(keys_of_com), ksk, zsk;
	struct signer_key *keys[] = {&ksk, &zsk, &former};

	com->options.ksk_of = com->options.zsk_of = NULL;
	world_roll(w, "com.", true);
	ksk = *signer_zone_ksk(com->zone);
	zsk = *signer_zone_zsk(com->zone);
	signer_key_set_flags(&former, 257 | REVOKED);
	const uint8_t *apex = signer_zone_apex(com->zone);
	struct rrset *rrset = signer_dnskey_rrset(apex, keys, revoke ? 3 : 2, TTL_S);
	struct rrset *by_new = signer_sign(rrset, &ksk, apex, NULL);
	struct rrset *by_both = revoke ? signer_sign(by_new, &former, apex, NULL) : NULL;
	rrset_free(rrset);
	if (revoke)
		rrset_free(by_new);
	signer_zone_replace(com->zone, revoke ? by_both : by_new);
}

static void b17_a_revoked_key_of_the_parent_ends_what_it_proved(void **state)
{
	for (int revoke = 0; revoke < 2; revoke++) {
		start_short(false, 0);
		know_all();
		roll_com(revoke);
		world_advance(w, (TTL_S + 1) * 1000);
		// Its keys are needed for this, and nothing is said of the zones below.
		assert_answer(world_ask(w, "nope.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
			      EDE_NONE);
		break_com(SILENT);
		world_advance(w, 7200000);
		if (revoke) {
			assert_lost("example.com.");
			assert_lost("free.com.");
		} else {
			assert_lives(ask_new("example.com."), "192.0.2.81");
			assert_lives(ask_new("free.com."), "192.0.2.96");
		}
		end_short(state);
	}
}

static void b17_a_trust_anchor_that_is_taken_away_ends_what_it_proved(void **state)
{
	uint8_t rdata[64];

	for (int taken = 0; taken < 2; taken++) {
		start_short(false, 0);
		know_all();
		const struct signer_zone *root = world_zone(w, ".")->zone;
		size_t len = signer_ds(signer_zone_ksk(root), signer_zone_apex(root), 4, rdata);
		const struct trust_anchor other = {TYPE_DS, rdata, (uint16_t)len};
		if (taken) // another one for the same key is there, so that all else goes on
			assert_int_equal(trust_anchors_set(w->trust, text_name("."), &other, 1), 0);
		else
			assert_int_equal(
				trust_anchor_add(w->trust, text_name("."), TYPE_DS, rdata, len), 0);
		break_com(BOGUS);
		world_advance(w, 7200000);
		if (taken) {
			assert_lost("example.com.");
			assert_lost("free.com.");
		} else {
			assert_lives(ask_new("example.com."), "192.0.2.81");
			assert_lives(ask_new("free.com."), "192.0.2.96");
		}
		end_short(state);
	}
}

// ---- a denial from before the DS ----

static void sign_com_at(int64_t inception_s, bool free_is_signed)
{
	struct world_zone *com = world_zone(w, "com."), *zone = world_zone(w, "free.com.");

	zone->options.unsigned_ = !free_is_signed;
	world_roll(w, "free.com.", false);
	com->options.signatures.inception_s = inception_s;
	world_roll(w, "com.", true);
	world_advance(w, 2 * TTL_S * 1000);
}

// Whoever replays it replays what the zone above has taken back since.
static void b17_no_ds_from_before_a_ds_does_not_live_on(void **state)
{
	for (int older = 0; older < 2; older++) {
		start_short(false, 0);
		world_zone(w, ".")->negative_ttl_s = TTL_S;
		world_zone(w, "com.")->ds_ttl_s = 0;
		sign_com_at(SIGNER_NOW - 40000, false);
		world_advance(w, 7200000);
		assert_answer(ask_new("free.com."), RCODE_NOERROR, false, EDE_NONE);
		sign_com_at(SIGNER_NOW - 20000, true);
		world_advance(w, 7200000);
		assert_answer(ask_new("free.com."), RCODE_NOERROR, true, EDE_NONE);
		sign_com_at(SIGNER_NOW - (older ? 40000 : 10000), false);
		world_advance(w, 7200000);
		assert_answer(ask_new("free.com."), RCODE_NOERROR, false, EDE_NONE);
		break_com(BOGUS);
		world_advance(w, 7200000);
		if (older)
			assert_lost("free.com.");
		else
			assert_lives(ask_new("free.com."), "192.0.2.96");
		end_short(state);
	}
}

// ---- what says nothing of a parent ----

// All of its RRSIGs are by an algorithm that we do not know: it may be well.
static void b17_an_algorithm_that_we_do_not_know_prolongs_nothing(void **state)
{
	start_short(false, 0);
	know_all();
	world_zone(w, "com.")->options.signatures.algorithm = 250;
	world_roll(w, "com.", false);
	world_advance(w, 7200000);
	assert_all_lost();
	(void)state;
}

// Insecure for us alone, and not because it says so (RFC 9276).
static void b17_denials_with_too_many_iterations_do_not_live_on(void **state)
{
	for (int many = 0; many < 2; many++) {
		start_short(true, many ? 100 : 0);
		assert_int_equal(ask_new("free.com.")->reply->rcode, RCODE_NOERROR);
		assert_answer(ask_new("example.com."), RCODE_NOERROR, true, EDE_NONE);
		break_com(BOGUS);
		world_advance(w, 7200000);
		assert_lives(ask_new("example.com."), "192.0.2.81");
		if (many)
			assert_lost("free.com.");
		else
			assert_lives(ask_new("free.com."), "192.0.2.96");
		end_short(state);
	}
}

// What was let pass under it is no proof when it has ended.
static void b17_a_negative_trust_anchor_prolongs_nothing(void **state)
{
	start_short(false, 0);
	know_all();
	assert_int_equal(resolver_nta_add(w->resolver, text_name("com."), 10000, ""), 0);
	break_com(BOGUS);
	world_advance(w, 7200000);
	assert_answer(ask_new("example.com."), RCODE_NOERROR, false, EDE_NEGATIVE_TRUST_ANCHOR);
	assert_int_equal(world_counter(w, "resolver.prolonged"), 0);
	assert_true(resolver_nta_remove(w->resolver, text_name("com.")));
	assert_all_lost();
	(void)state;
}

static void b17_what_is_insecure_by_configuration_prolongs_nothing(void **state)
{
	start_short(false, 0);
	assert_int_equal(trust_insecure_add(w->trust, text_name("com."), UINT64_MAX, false), 0);
	assert_answer(ask_new("example.com."), RCODE_NOERROR, false, EDE_NONE);
	break_com(REFUSED);
	world_advance(w, 7200000);
	assert_lost("example.com."); // a takedown, as that of a parent that signs nothing
	assert_int_equal(world_counter(w, "resolver.prolonged"), 0);
	assert_int_equal(world_counter(w, "resolver.revived"), 0);
	(void)state;
}

// An RRset that is too large for us.
static void too_many(const struct network_query *query, enum section section, struct builder *b,
		     void *arg)
{
	uint8_t rdata[36] = {0, 1, 13, 2};
	size_t len = query->type == TYPE_A ? 4 : sizeof(rdata);

	(void)arg;
	for (unsigned i = 0; section == SECTION_ANSWER && i < 1100; i++) {
		rdata[len - 2] = (uint8_t)(i >> 8);
		rdata[len - 1] = (uint8_t)i;
		builder_record(b, section, query->name, query->type, CLASS_IN, 300, rdata, len);
	}
}

static void b17_our_own_limits_prolong_nothing(void **state)
{
	start_short(false, 0);
	know_all();
	for (int i = 0; i < 2; i++) {
		const char *server = i == 0 ? COM_A : COM_B;
		with((struct fault){.server = server, .replace = too_many, .flags = FLAG_AA});
	}
	world_advance(w, 7200000);
	assert_all_lost();
	assert_int_equal(world_counter(w, "resolver.revived"), 0);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ends(b17_a_revoked_key_of_the_parent_ends_what_it_proved),
		ends(b17_a_trust_anchor_that_is_taken_away_ends_what_it_proved),
		ends(b17_no_ds_from_before_a_ds_does_not_live_on),
		ends(b17_an_algorithm_that_we_do_not_know_prolongs_nothing),
		ends(b17_denials_with_too_many_iterations_do_not_live_on),
		ends(b17_a_negative_trust_anchor_prolongs_nothing),
		ends(b17_what_is_insecure_by_configuration_prolongs_nothing),
		ends(b17_our_own_limits_prolong_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
