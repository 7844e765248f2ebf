// Verification in turns: what is done once, remembered, charged, bounded. Workers are
// test_workers.c's.
#include "dataplane/dns/types.h"
#include "tests/unit/crypto/waiters.h"

#include <stdlib.h>
#include <string.h>

static void identical_jobs_are_done_once(void **state)
{
	struct batch *batch = open_batch(NULL);
	struct waiter w[3] = {0};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(submit(batch, &w[i], 1), BATCH_QUEUED);
	assert_int_equal(batch_run(batch, 100, NULL, NULL, 0), 0);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(w[i].told, 1);
		assert_int_equal(w[i].outcome, 1);
	}
	assert_int_equal(count(batch).verified, 1);
	assert_int_equal(count(batch).joined, 2);
	batch_free(batch);
}

static void what_was_verified_is_known_at_once(void **state)
{
	struct batch *batch = open_batch(NULL);
	struct waiter w = {0};

	(void)state;
	assert_int_equal(submit(batch, &w, 1), BATCH_QUEUED);
	batch_run(batch, 100, NULL, NULL, 0);
	w.broke = true; // no budget is needed for what is known
	assert_int_equal(submit(batch, &w, 1), BATCH_GOOD);
	assert_int_equal(batch_run(batch, 100, NULL, NULL, 0), 0);
	assert_int_equal(w.told, 0);
	assert_int_equal(count(batch).verified, 1);
	assert_int_equal(count(batch).memo_hits, 1);
	batch_free(batch);
}

static void a_wrong_signature_is_never_remembered_as_good(void **state)
{
	struct batch *batch = open_batch(NULL);
	struct rrset *plain = signer_strip(signed_rrsets[1]);
	struct rrset *wrong = signer_sign(plain, key, signer_name("example."),
					  &(struct signer_options){.corrupt = true});
	struct waiter w = {0};

	(void)state;
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(submit_with(batch, &w, wrong, key), BATCH_QUEUED);
		batch_run(batch, 100, NULL, NULL, 0);
		assert_int_equal(w.outcome, 0);
		assert_int_equal(count(batch).failed, i);
	}
	// Nor does the good one vouch for it, or for the same RRset under another key.
	assert_int_equal(submit(batch, &w, 1), BATCH_QUEUED);
	batch_run(batch, 100, NULL, NULL, 0);
	assert_int_equal(w.outcome, 1);
	assert_int_equal(submit_with(batch, &w, wrong, key), BATCH_QUEUED);
	batch_run(batch, 100, NULL, NULL, 0);
	assert_int_equal(w.outcome, 0);
	struct signer_key *third = signer_key_new(13, 0, 256);
	assert_int_equal(submit_with(batch, &w, signed_rrsets[1], third), BATCH_QUEUED);
	batch_run(batch, 100, NULL, NULL, 0);
	assert_int_equal(w.outcome, 0);
	signer_key_free(third);
	rrset_free(plain);
	rrset_free(wrong);
	batch_free(batch);
}

static void one_rrsig_over_two_rrsets_is_two_jobs(void **state)
{
	struct batch *batch = open_batch(NULL);
	struct rrset *other = rrset_clone(signed_rrsets[1]);
	struct waiter w[2] = {0};

	(void)state;
	((uint8_t *)(uintptr_t)other->rdatas[0].data)[3] ^= 1; // of the address
	assert_int_equal(submit(batch, &w[0], 1), BATCH_QUEUED);
	assert_int_equal(submit_with(batch, &w[1], other, key), BATCH_QUEUED);
	batch_run(batch, 100, NULL, NULL, 0);
	assert_int_equal(w[0].outcome, 1);
	assert_int_equal(w[1].outcome, 0);
	assert_int_equal(count(batch).joined, 0);
	rrset_free(other);
	batch_free(batch);
}

static void a_key_of_another_algorithm_than_the_rrsigs_verifies_nothing(void **state)
{
	struct batch *batch = open_batch(NULL);
	struct rrset *other = rrset_clone(signed_rrsets[1]);
	struct waiter w = {0};

	(void)state;
	((uint8_t *)(uintptr_t)other->rrsigs[0].data)[2] = 14;
	assert_int_equal(submit_with(batch, &w, other, key), BATCH_BAD);
	assert_int_equal(count(batch).unusable, 1);
	rrset_free(other);
	batch_free(batch);
}

static void the_memo_is_bounded(void **state)
{
	struct batch *batch = open_batch(&(struct batch_config){.memo_max = 16});
	size_t known = 0;
	struct waiter w = {0};

	(void)state;
	for (size_t i = 0; i < 200; i++)
		assert_int_equal(submit(batch, &w, i), BATCH_QUEUED);
	batch_run(batch, 1000, NULL, NULL, 0);
	assert_int_equal(count(batch).verified, 200);
	for (size_t i = 0; i < 200; i++) {
		enum batch_answer answer = submit(batch, &w, i);
		known += answer == BATCH_GOOD;
		if (answer == BATCH_QUEUED)
			batch_cancel(batch, w.ticket);
	}
	assert_in_range(known, 1, 16);
	batch_free(batch);
}

// ATTACKS §0.2: jobs outlive the message they came from.
static void jobs_own_what_they_read(void **state)
{
	struct batch *batch = open_batch(NULL);
	struct waiter w[2] = {0};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct rrset *rrset = rrset_clone(signed_rrsets[i]);
		struct signer_key copy = i % 2 ? *key : *other_key;
		assert_int_equal(submit_with(batch, &w[i], rrset, &copy), BATCH_QUEUED);
		memset(rrset, 0xa5, rrset_bytes(rrset));
		memset(&copy, 0xa5, sizeof(copy));
		free(rrset);
	}
	batch_run(batch, 100, NULL, NULL, 0);
	assert_int_equal(w[0].outcome, 1);
	assert_int_equal(w[1].outcome, 1);
	batch_free(batch);
}

static void a_cancelled_job_is_gone_at_once(void **state)
{
	struct batch *batch = open_batch(&(struct batch_config){.jobs_max = 2});
	struct waiter w[3] = {0};

	(void)state;
	// Were its job still there, the limit would be reached.
	for (size_t i = 0; i < 100; i++) {
		assert_int_equal(submit(batch, &w[0], i), BATCH_QUEUED);
		batch_cancel(batch, w[0].ticket);
	}
	assert_int_equal(batch_run(batch, 100, NULL, NULL, 0), 0);
	assert_int_equal(w[0].told, 0);
	assert_int_equal(count(batch).verified, 0);
	// One of two that wait for the same leaves the other its answer.
	assert_int_equal(submit(batch, &w[1], 3), BATCH_QUEUED);
	assert_int_equal(submit(batch, &w[2], 3), BATCH_QUEUED);
	batch_cancel(batch, w[1].ticket);
	batch_run(batch, 100, NULL, NULL, 0);
	assert_int_equal(w[1].told, 0);
	assert_int_equal(w[2].told, 1);
	assert_int_equal(count(batch).cancelled, 101);
	batch_free(batch);
}

static void a_callback_may_cancel_others(void **state)
{
	struct batch *batch = open_batch(NULL);
	struct waiter w[6] = {0};

	(void)state;
	// 0 cancels another of its own job, 2 one that is queued behind it.
	w[0].cancels = &w[1];
	w[2].cancels = &w[3];
	assert_int_equal(submit(batch, &w[0], 1), BATCH_QUEUED);
	assert_int_equal(submit(batch, &w[1], 1), BATCH_QUEUED);
	assert_int_equal(submit(batch, &w[4], 1), BATCH_QUEUED);
	assert_int_equal(submit(batch, &w[2], 3), BATCH_QUEUED);
	assert_int_equal(submit(batch, &w[3], 5), BATCH_QUEUED);
	assert_int_equal(submit(batch, &w[5], 7), BATCH_QUEUED);
	batch_run(batch, 100, NULL, NULL, 0);
	assert_int_equal(w[0].told, 1);
	assert_int_equal(w[1].told, 0);
	assert_int_equal(w[2].told, 1);
	assert_int_equal(w[3].told, 0);
	assert_int_equal(w[4].told, 1);
	assert_int_equal(w[5].told, 1);
	batch_free(batch);
}

static void a_budget_is_asked_before_anything_is_queued(void **state)
{
	struct batch *batch = open_batch(NULL);
	struct waiter w = {.broke = true};

	(void)state;
	assert_int_equal(submit(batch, &w, 1), BATCH_REFUSED);
	assert_int_equal(batch_run(batch, 100, NULL, NULL, 0), 0);
	assert_int_equal(count(batch).verified + count(batch).failed, 0);
	assert_int_equal(count(batch).refused, 1);
	batch_free(batch);
}

// What is known of a key pays for no signature but those that it has made before.
static void a_known_key_makes_no_signature_free(void **state)
{
	struct batch *batch = open_batch(NULL);
	struct waiter w = {0};

	(void)state;
	assert_int_equal(submit(batch, &w, 1), BATCH_QUEUED);
	batch_run(batch, 100, NULL, NULL, 0);
	w.broke = true;
	assert_int_equal(submit(batch, &w, 3), BATCH_REFUSED); // the same key
	assert_int_equal(submit(batch, &w, 1), BATCH_GOOD);
	assert_int_equal(count(batch).verified, 1);
	assert_int_equal(count(batch).refused, 1);
	batch_free(batch);
}

// ---- waiting for room ----

static unsigned order[WAITERS], order_count;

struct room {
	struct batch_room room;
	unsigned number, told;
};

static void has_room(void *arg)
{
	struct room *r = arg;

	r->told++;
	order[order_count++] = r->number;
}

static void wait_for_room(struct batch *batch, struct room *r, unsigned number, const char *zone)
{
	*r = (struct room){.room = {.ready = has_room, .arg = r}, .number = number};
	batch_wait(batch, &r->room, signer_name(zone));
}

static enum batch_answer submit_in(struct batch *batch, struct waiter *w, size_t i, struct room *r)
{
	const struct batch_request request = {
		.dnskey = (i % 2 ? key : other_key)->rdata,
		.dnskey_len = (i % 2 ? key : other_key)->rdlen,
		.rrset = signed_rrsets[i],
		.rrsig = signed_rrsets[i]->rrsigs[0],
		.charge = pays,
		.done = told,
		.arg = w,
		.room = &r->room,
	};

	w->outcome = -1;
	return batch_submit(batch, &request, &w->ticket);
}

static void room_is_kept_for_those_who_have_waited_for_it(void **state)
{
	struct batch *batch = open_batch(&(struct batch_config){.jobs_max = 4});
	static struct waiter w[8];
	struct room r[2];

	(void)state;
	order_count = 0;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(submit(batch, &w[i], i), BATCH_QUEUED);
	assert_int_equal(submit(batch, &w[4], 4), BATCH_FULL);
	wait_for_room(batch, &r[0], 0, "example.");
	wait_for_room(batch, &r[1], 1, "example.");
	batch_run(batch, 1, NULL, NULL, 0);
	assert_int_equal(r[0].told, 1);
	assert_int_equal(r[1].told, 0);
	// It is no newcomer's.
	assert_int_equal(submit(batch, &w[5], 5), BATCH_FULL);
	assert_int_equal(submit_in(batch, &w[4], 4, &r[0]), BATCH_QUEUED);
	// Left, it is the next one's; waited for no more, it is nobody's.
	batch_run(batch, 1, NULL, NULL, 0);
	assert_int_equal(r[1].told, 1);
	assert_int_equal(submit(batch, &w[5], 5), BATCH_FULL);
	batch_leave(batch, &r[1].room);
	batch_leave(batch, &r[1].room);
	assert_int_equal(submit(batch, &w[5], 5), BATCH_QUEUED);
	wait_for_room(batch, &r[0], 0, "example.");
	batch_leave(batch, &r[0].room);
	batch_run(batch, 100, NULL, NULL, 0);
	assert_int_equal(r[0].told, 0);
	assert_int_equal(order_count, 2);
	batch_free(batch);
}

// ATTACKS C11: a zone with hundreds of signatures costs another one's a turn.
static void c11_zones_take_turns_for_room(void **state)
{
	struct batch *batch = open_batch(&(struct batch_config){.jobs_max = 4});
	static struct waiter w[WAITERS];
	static struct room many[100], few[2];

	(void)state;
	order_count = 0;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(submit(batch, &w[i], i), BATCH_QUEUED);
	for (unsigned i = 0; i < 100; i++)
		wait_for_room(batch, &many[i], i, "many.");
	wait_for_room(batch, &few[0], 200, "few.");
	wait_for_room(batch, &few[1], 201, "few.");
	batch_run(batch, 4, NULL, NULL, 0);
	assert_int_equal(order_count, 4);
	assert_int_equal(order[0], 0);
	assert_int_equal(order[1], 200);
	assert_int_equal(order[2], 1);
	assert_int_equal(order[3], 201);
	batch_free(batch); // with those who wait
}

static void jobs_at_once_are_bounded(void **state)
{
	struct batch *batch = open_batch(&(struct batch_config){.jobs_max = 10});
	static struct waiter w[12];

	(void)state;
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(submit(batch, &w[i], i), BATCH_QUEUED);
	assert_int_equal(submit(batch, &w[10], 10), BATCH_FULL);
	assert_int_equal(count(batch).full, 1);
	batch_run(batch, 1, NULL, NULL, 0);
	assert_int_equal(submit(batch, &w[10], 10), BATCH_QUEUED);
	batch_free(batch); // with jobs under way
	assert_int_equal(w[10].told, 0);
}

static uint64_t ticking(void *arg)
{
	return (*(uint64_t *)arg)++ * 60;
}

static void a_turn_is_bounded_by_count_and_time(void **state)
{
	struct batch *batch = open_batch(NULL);
	static struct waiter w[20];
	uint64_t clock = 0;

	(void)state;
	for (size_t i = 0; i < 20; i++)
		assert_int_equal(submit(batch, &w[i], i), BATCH_QUEUED);
	assert_int_equal(batch_run(batch, 5, NULL, NULL, 0), 15);
	// 60 us each: after four of them 200 us are over.
	assert_int_equal(batch_run(batch, 100, ticking, &clock, 200), 11);
	assert_int_equal(batch_run(batch, 100, NULL, NULL, 0), 0);
	// In groups of one key, not in the order they came in.
	assert_in_range(count(batch).groups, 2, 4);
	assert_int_equal(count(batch).keys_parsed, 2);
	for (size_t i = 0; i < 20; i++)
		assert_int_equal(w[i].told, 1);
	batch_free(batch);
}

// ATTACKS C1: one zone's signatures are not in front of everybody's.
static void c1_keys_take_turns(void **state)
{
	struct batch *batch = open_batch(NULL);
	static struct waiter w[WAITERS];

	(void)state;
	// 299 of one key, then one of the other.
	for (size_t i = 1; i < WAITERS; i += 2)
		assert_int_equal(submit(batch, &w[i], i), BATCH_QUEUED);
	assert_int_equal(submit(batch, &w[0], 0), BATCH_QUEUED);
	// Its turn comes in the same turn of control's ...
	batch_run(batch, 50, NULL, NULL, 0);
	assert_int_equal(w[0].told, 1);
	// ... and in the next one when each is shorter than a key's.
	w[2].told = 0;
	assert_int_equal(submit(batch, &w[2], 2), BATCH_QUEUED);
	for (unsigned turn = 0; turn < 3; turn++)
		batch_run(batch, 2, NULL, NULL, 0);
	assert_int_equal(w[2].told, 1);
	assert_true(batch_run(batch, 1, NULL, NULL, 0) > 200);
	batch_free(batch);
}

static void a_key_is_parsed_for_those_who_pay(void **state)
{
	struct batch *batch = open_batch(NULL);
	struct waiter w = {.broke = true};

	(void)state;
	assert_int_equal(submit(batch, &w, 1), BATCH_REFUSED);
	assert_int_equal(count(batch).keys_parsed, 0);
	assert_int_equal(count(batch).refused, 1);
	w.broke = false;
	assert_int_equal(submit(batch, &w, 1), BATCH_QUEUED);
	assert_int_equal(count(batch).keys_parsed, 1);
	batch_free(batch);
}

static void signatures_by_a_known_key_are_paid_for_too(void **state)
{
	struct batch *batch = open_batch(NULL);
	struct waiter w[2] = {{0}, {.broke = true}};

	(void)state;
	assert_int_equal(submit(batch, &w[0], 1), BATCH_QUEUED);
	assert_int_equal(submit(batch, &w[1], 3), BATCH_REFUSED);
	assert_int_equal(count(batch).keys_parsed, 1);
	assert_int_equal(count(batch).refused, 1);
	batch_run(batch, 100, NULL, NULL, 0);
	assert_int_equal(count(batch).verified, 1);
	batch_free(batch);
}

// ATTACKS B10: CVE-2025-8677.
static void broken_keys_verify_nothing_and_are_parsed_once(void **state)
{
	struct batch *batch = open_batch(NULL);
	struct signer_key broken = *key;
	struct waiter w = {0};

	(void)state;
	broken.rdata[10] ^= 0x40; // no point of the curve
	for (int i = 0; i < 5; i++)
		assert_int_equal(submit_with(batch, &w, signed_rrsets[1], &broken), BATCH_BAD);
	assert_int_equal(count(batch).keys_parsed, 1);
	for (broken.rdlen = 0; broken.rdlen < key->rdlen; broken.rdlen++)
		assert_int_equal(submit_with(batch, &w, signed_rrsets[1], &broken), BATCH_BAD);
	broken = *key;
	broken.rdata[3] = 14;
	assert_int_equal(submit_with(batch, &w, signed_rrsets[1], &broken), BATCH_BAD);
	batch_free(batch);
}

static void keep_rsa_exponent(struct signer_key *rsa, const uint8_t *exponent, uint8_t len)
{
	uint8_t modulus[600];
	size_t modulus_len = rsa->rdlen - 8u;

	memcpy(modulus, rsa->rdata + 8, modulus_len);
	rsa->rdata[4] = len;
	memcpy(rsa->rdata + 5, exponent, len);
	memcpy(rsa->rdata + 5 + len, modulus, modulus_len);
	rsa->rdlen = (uint16_t)(5 + len + modulus_len);
}

// ATTACKS §1, RSA key shape.
static void rsa_keys_of_costly_shapes_are_refused(void **state)
{
	static const struct {
		uint8_t len;
		uint8_t exponent[9];
		enum batch_answer answer;
	} exponents[] = {
		{1, {3}, BATCH_QUEUED},
		{5, {1, 0, 0, 0, 1}, BATCH_QUEUED}, // 2^32 + 1
		{5, {1, 0, 0, 0, 3}, BATCH_BAD},
		{9, {0, 0, 0, 0, 0, 0, 1, 0, 1}, BATCH_QUEUED},
		{8, {1, 0, 0, 0, 0, 0, 0, 1}, BATCH_BAD},
		{1, {1}, BATCH_BAD},
		{1, {4}, BATCH_BAD},
		{1, {0}, BATCH_BAD},
	};
	struct batch *batch = open_batch(NULL);
	struct rrset *plain = signer_strip(signed_rrsets[1]);
	struct waiter w = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(exponents) / sizeof(exponents[0]); i++) {
		struct signer_key *rsa = signer_key_with_tag(8, 256, 4711, (unsigned)i);
		keep_rsa_exponent(rsa, exponents[i].exponent, exponents[i].len);
		struct rrset *rrset = signer_sign(plain, rsa, signer_name("example."), NULL);
		assert_int_equal(submit_with(batch, &w, rrset, rsa), exponents[i].answer);
		rrset_free(rrset);
		signer_key_free(rsa);
	}
	assert_int_equal(batch_run(batch, 100, NULL, NULL, 0), 0);
	assert_int_equal(count(batch).failed, 3);
	rrset_free(plain);
	batch_free(batch);
}

static void rsa_moduli_have_512_to_4096_bits(void **state)
{
	static const struct {
		size_t bytes;
		uint8_t first;
		enum batch_answer answer;
	} moduli[] = {
		{63, 0xff, BATCH_BAD},     {64, 0x7f, BATCH_BAD},  {64, 0x80, BATCH_QUEUED},
		{512, 0xff, BATCH_QUEUED}, {513, 0x01, BATCH_BAD}, {600, 0xff, BATCH_BAD},
	};
	struct batch *batch = open_batch(NULL);
	struct rrset *plain = signer_strip(signed_rrsets[1]);

	(void)state;
	for (size_t i = 0; i < sizeof(moduli) / sizeof(moduli[0]); i++) {
		struct signer_key rsa = {.algorithm = 8, .rdata = {1, 0, 3, 8, 3, 1, 0, 1}};
		uint8_t rdata[1024];
		struct waiter w = {0};
		memset(rsa.rdata + 8, 0xff, moduli[i].bytes);
		rsa.rdata[8] = moduli[i].first;
		rsa.rdlen = (uint16_t)(8 + moduli[i].bytes);
		struct rrset *rrset = signer_sign(plain, &rsa, signer_name("example."), NULL);
		memset(rdata, 1, sizeof(rdata));
		memcpy(rdata, rrset->rrsigs[0].data, 27);
		struct batch_request request = {
			.dnskey = rsa.rdata,
			.dnskey_len = rsa.rdlen,
			.rrset = plain,
			.rrsig = {rdata, (uint16_t)(27 + moduli[i].bytes)},
			.done = told,
			.arg = &w,
		};
		assert_int_equal(batch_submit(batch, &request, &w.ticket), moduli[i].answer);
		rrset_free(rrset);
	}
	rrset_free(plain);
	batch_free(batch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identical_jobs_are_done_once),
		cmocka_unit_test(what_was_verified_is_known_at_once),
		cmocka_unit_test(a_wrong_signature_is_never_remembered_as_good),
		cmocka_unit_test(one_rrsig_over_two_rrsets_is_two_jobs),
		cmocka_unit_test(a_key_of_another_algorithm_than_the_rrsigs_verifies_nothing),
		cmocka_unit_test(the_memo_is_bounded),
		cmocka_unit_test(jobs_own_what_they_read),
		cmocka_unit_test(a_cancelled_job_is_gone_at_once),
		cmocka_unit_test(a_callback_may_cancel_others),
		cmocka_unit_test(a_budget_is_asked_before_anything_is_queued),
		cmocka_unit_test(a_known_key_makes_no_signature_free),
		cmocka_unit_test(room_is_kept_for_those_who_have_waited_for_it),
		cmocka_unit_test(c11_zones_take_turns_for_room),
		cmocka_unit_test(jobs_at_once_are_bounded),
		cmocka_unit_test(a_turn_is_bounded_by_count_and_time),
		cmocka_unit_test(c1_keys_take_turns),
		cmocka_unit_test(a_key_is_parsed_for_those_who_pay),
		cmocka_unit_test(signatures_by_a_known_key_are_paid_for_too),
		cmocka_unit_test(broken_keys_verify_nothing_and_are_parsed_once),
		cmocka_unit_test(rsa_keys_of_costly_shapes_are_refused),
		cmocka_unit_test(rsa_moduli_have_512_to_4096_bits),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
