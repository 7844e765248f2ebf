// Trust anchors in a running resolver: their keys are looked at when they are due (RFC 5011), their
// zones told which are trusted (RFC 8145), and clients who ask for it, too (RFC 8509).
#include "tests/scenario/zones.h"

#include <stdlib.h>

#define DAY_MS  86400000ull
#define HOUR_MS 3600000ull
#define ROOT    ((const uint8_t *)"")

static struct signer_key *new_key, *revoked;
static uint16_t old_tag;

static const struct trust_zone *root_point(void)
{
	return trust_points_zone(w->points, 0);
}

static struct signer_key *old_key(void)
{
	return (struct signer_key *)(uintptr_t)signer_zone_ksk(world_zone(w, ".")->zone);
}

static bool trusts(uint16_t tag)
{
	uint16_t tags[8];
	size_t count = trust_points_tags(w->points, ROOT, tags, 8);

	for (size_t i = 0; i < count; i++) {
		if (tags[i] == tag)
			return true;
	}
	return false;
}

// The root is signed for long enough to see a key through its hold-down.
static void begin_following(void)
{
	static const char text[] = "*.sentinel. 300 IN A 192.0.2.50\n"
				   "*.sentinel. 300 IN AAAA 2001:db8::50\n"
				   "*.sentinel. 300 IN TXT x\n"
				   "*.cut. 300 IN CNAME www.plain.org.\n";

	begin();
	w->auto_update = true;
	w->config.key_tag_signal = true;
	w->config.no_prefetch = true;
	struct world_zone *root = &w->zones[0];
	root->text = text;
	root->options.dnskey_ttl_s = 172800;
	root->options.signatures.expiration_s = SIGNER_NOW + 500 * 86400;
	new_key = signer_key_new(13, 0, 257);
	revoked = NULL;
}

static void start_following(void)
{
	world_start(w);
	old_tag = old_key()->tag;
	revoked = malloc(sizeof(*revoked));
	assert_non_null(revoked);
	*revoked = *old_key();
	signer_key_set_flags(revoked, 257 | DNSKEY_REVOKE);
}

static int end_following(void **state)
{
	end_world(state);
	signer_key_free(new_key);
	free(revoked);
	return 0;
}

// The root's DNSKEY RRset from now on: these, and its ZSK.
static void publish(struct signer_key *const *keys, size_t count, struct signer_key *const *signers,
		    size_t signer_count)
{
	struct signer_zone *root = world_zone(w, ".")->zone;
	const struct signer_options options = {.expiration_s = SIGNER_NOW + 500 * 86400};
	struct signer_key *list[4];

	for (size_t i = 0; i < count; i++)
		list[i] = keys[i];
	list[count] = (struct signer_key *)(uintptr_t)signer_zone_zsk(root);
	struct rrset *rrset = signer_dnskey_rrset(ROOT, list, count + 1, 172800);
	for (size_t i = 0; i < signer_count; i++) {
		struct rrset *more = signer_sign(rrset, signers[i], ROOT, &options);
		rrset_free(rrset);
		rrset = more;
	}
	signer_zone_replace(root, rrset);
}

static const char *signal_name(void)
{
	static char name[32];

	snprintf(name, sizeof(name), "_ta-%04x.", old_tag);
	return name;
}

static struct trust_points_counters counted(void)
{
	struct trust_points_counters counters;

	trust_points_counters(w->points, &counters);
	return counters;
}

static void keys_are_looked_at_when_they_are_due_and_no_more(void **state)
{
	(void)state;
	begin_following();
	start_following();
	assert_int_equal(counted().probes, 1);
	assert_non_null(trust_point_ledger(root_point()->point)->last);
	assert_false(root_point()->failing);
	// Half the TTL.
	world_advance(w, DAY_MS - HOUR_MS);
	assert_int_equal(counted().probes, 1);
	assert_int_equal(network_sent(&w->network, NULL, signal_name(), TYPE_NULL), 0);
	network_forget_log(&w->network);
	world_advance(w, HOUR_MS);
	assert_int_equal(counted().probes, 2);
	assert_int_equal(network_sent(&w->network, NULL, ".", TYPE_DNSKEY), 1);
	assert_int_equal(network_sent(&w->network, NULL, signal_name(), TYPE_NULL), 1);
	assert_int_equal(counted().probe_failures, 0);
	assert_int_equal(world_counter(w, "resolver.key_tag_signals"), 2);
}

static void zones_are_not_told_when_that_is_turned_off(void **state)
{
	(void)state;
	begin_following();
	w->config.key_tag_signal = false;
	start_following();
	world_advance(w, 2 * DAY_MS);
	assert_true(counted().probes >= 2);
	assert_int_equal(network_sent(&w->network, NULL, NULL, TYPE_NULL), 0);
	assert_int_equal(world_counter(w, "resolver.key_tag_signals"), 0);
}

static void servers_that_are_silent_are_asked_again_later_and_rarely(void **state)
{
	(void)state;
	begin_following();
	start_following();
	with((struct fault){.kind = FAULT_DROP, .name = ".", .type = TYPE_DNSKEY});
	world_advance(w, DAY_MS + 10000);
	assert_int_equal(counted().probe_failures, 1);
	assert_true(root_point()->failing);
	assert_true(counted().alarms > 0);
	assert_true(trusts(old_tag));
	// A tenth of the TTL.
	world_advance(w, 4 * HOUR_MS);
	assert_int_equal(counted().probes, 2);
	network_heal(&w->network);
	world_advance(w, HOUR_MS);
	assert_int_equal(counted().probes, 3);
	assert_false(root_point()->failing);
	assert_int_equal(counted().alarms, 0);
}

static void o12_a_key_roll_is_followed(void **state)
{
	(void)state;
	begin_following();
	start_following();
	struct signer_key *before[] = {old_key()}, *both[] = {old_key(), new_key},
			  *last[] = {revoked, new_key};
	publish(both, 2, before, 1);
	world_advance(w, 29 * DAY_MS);
	assert_false(trusts(new_key->tag));
	world_advance(w, 4 * DAY_MS);
	assert_true(trusts(new_key->tag));
	assert_true(trusts(old_tag));
	assert_int_equal(counted().accepted, 1);
	// The old key revokes itself; from now on the new one alone vouches for the root.
	publish(last, 2, last, 2);
	world_advance(w, 2 * DAY_MS);
	assert_false(trusts(old_tag));
	assert_int_equal(counted().revoked, 1);
	publish(&new_key, 1, &new_key, 1);
	world_advance(w, 3 * DAY_MS);
	assert_answer(world_ask(w, "x.sentinel.", TYPE_A, ASK_DO), RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(counted().probe_failures + counted().untrusted, 0);
	// The stolen old key signs: nobody believes it, and nothing of it is learned.
	publish(before, 1, before, 1);
	for (int hour = 0; hour < 4 * 24; hour++) {
		network_forget_log(&w->network); // the root's keys are asked for all the time
		world_advance(w, HOUR_MS);
	}
	assert_answer(world_ask(w, "y.sentinel.", TYPE_A, ASK_DO), RCODE_SERVFAIL, false,
		      EDE_DNSKEY_MISSING);
	assert_true(trusts(new_key->tag));
	assert_false(trusts(old_tag));
	assert_true(counted().untrusted > 0);
}

// Its RRset is signed by nothing that is trusted any more, and is seen all the same.
static void o12_the_last_key_may_revoke_itself(void **state)
{
	(void)state;
	begin_following();
	start_following();
	assert_answer(world_ask(w, "x.sentinel.", TYPE_A, ASK_DO), RCODE_NOERROR, true, EDE_NONE);
	publish(&revoked, 1, &revoked, 1);
	world_advance(w, 2 * DAY_MS);
	assert_false(trusts(old_tag));
	assert_true(trust_point_deleted(root_point()->point));
	assert_true(counted().alarms > 0);
	assert_answer(world_ask(w, "y.sentinel.", TYPE_A, ASK_DO), RCODE_NOERROR, false, EDE_NONE);
}

static void o12_a_clock_that_is_not_trusted_looks_at_nothing(void **state)
{
	(void)state;
	begin_following();
	w->clock_untrusted = true;
	start_following();
	world_advance(w, 5000);
	assert_int_equal(counted().probes, 0);
	w->clock_untrusted = false;
	world_advance(w, 2000);
	assert_int_equal(counted().probes, 1);
	assert_non_null(trust_point_ledger(root_point()->point)->last);
}

// ---- the sentinel ----

static struct question *ask_sentinel(const char *which, uint16_t tag, const char *zone,
				     uint16_t type, unsigned flags)
{
	char name[80];

	snprintf(name, sizeof(name), "root-key-sentinel-%s-ta-%05u.%s", which, tag, zone);
	return world_ask(w, name, type, flags);
}

static void the_sentinel_says_which_root_keys_are_trusted(void **state)
{
	(void)state;
	begin_following();
	add_plain(w);
	start_following();
	uint16_t other = (uint16_t)(old_tag + 1);
	for (int again = 0; again < 2; again++) { // from the servers, then from the cache
		assert_answer(ask_sentinel("is", old_tag, "sentinel.", TYPE_A, ASK_DO),
			      RCODE_NOERROR, true, EDE_NONE);
		assert_answer(ask_sentinel("not", old_tag, "sentinel.", TYPE_A, ASK_DO),
			      RCODE_SERVFAIL, false, EDE_NONE);
		assert_answer(ask_sentinel("is", other, "sentinel.", TYPE_AAAA, 0), RCODE_SERVFAIL,
			      false, EDE_NONE);
		assert_answer(ask_sentinel("not", other, "sentinel.", TYPE_AAAA, 0), RCODE_NOERROR,
			      false, EDE_NONE);
	}
	// No other type, no CD=1, nothing that is not secure to its end.
	assert_answer(ask_sentinel("not", old_tag, "sentinel.", TYPE_TXT, ASK_DO), RCODE_NOERROR,
		      true, EDE_NONE);
	struct question *q = ask_sentinel("not", old_tag, "sentinel.", TYPE_A, ASK_CD);
	assert_int_equal(q->reply->rcode, RCODE_NOERROR);
	assert_answer(ask_sentinel("not", old_tag, "cut.", TYPE_A, ASK_DO), RCODE_NOERROR, false,
		      EDE_NONE);
}

static void the_sentinel_knows_pending_and_revoked_keys(void **state)
{
	(void)state;
	begin_following();
	start_following();
	struct signer_key *before[] = {old_key()}, *both[] = {old_key(), new_key},
			  *last[] = {revoked, new_key};
	publish(both, 2, before, 1);
	world_advance(w, 5 * DAY_MS);
	// RFC 8509 §3.2: neither AddPend nor Revoked.
	assert_answer(ask_sentinel("is", new_key->tag, "sentinel.", TYPE_A, ASK_DO), RCODE_SERVFAIL,
		      false, EDE_NONE);
	world_advance(w, 30 * DAY_MS);
	assert_answer(ask_sentinel("is", new_key->tag, "sentinel.", TYPE_A, ASK_DO), RCODE_NOERROR,
		      true, EDE_NONE);
	publish(last, 2, last, 2);
	world_advance(w, 3 * DAY_MS);
	assert_answer(ask_sentinel("is", old_tag, "sentinel.", TYPE_A, ASK_DO), RCODE_SERVFAIL,
		      false, EDE_NONE);
	assert_answer(ask_sentinel("not", old_tag, "sentinel.", TYPE_A, ASK_DO), RCODE_NOERROR,
		      true, EDE_NONE);
}

#define following(f) cmocka_unit_test_setup_teardown(f, NULL, end_following)

// Started before the network is there: once somebody's question brings the keys they are asked for,
// once, however long the next look would be away.
static void what_could_not_be_reached_is_looked_at_once_somebody_has_it(void **state)
{
	(void)state;
	begin_following();
	add_example(w);
	with((struct fault){.kind = FAULT_DROP});
	start_following();
	world_advance(w, 30000);
	assert_true(root_point()->failing);
	assert_true(root_point()->due_ms > w->network.now_us / 1000 + HOUR_MS / 2);
	network_heal(&w->network);
	network_forget_log(&w->network);
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	world_advance(w, 1000);
	assert_false(root_point()->failing);
	assert_int_equal(network_sent(&w->network, NULL, ".", TYPE_DNSKEY), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		following(keys_are_looked_at_when_they_are_due_and_no_more),
		following(zones_are_not_told_when_that_is_turned_off),
		following(servers_that_are_silent_are_asked_again_later_and_rarely),
		following(what_could_not_be_reached_is_looked_at_once_somebody_has_it),
		following(o12_a_key_roll_is_followed),
		following(o12_the_last_key_may_revoke_itself),
		following(o12_a_clock_that_is_not_trusted_looks_at_nothing),
		following(the_sentinel_says_which_root_keys_are_trusted),
		following(the_sentinel_knows_pending_and_revoked_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
