#include "control/resolver/delegation.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"
#include "tests/scenario/text.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <string.h>

#define LINES(...)                                                                                 \
	(const char *const[])                                                                      \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}
#define NOW 1000000ULL

static struct delegation_table *table;
static struct delegation *root;

static int setup(void **state)
{
	static const uint8_t key[16] = {1};
	struct delegation_spec spec = {
		.zone = (const uint8_t *)"",
		.parent = (const uint8_t *)"",
		.expires_ms = DELEGATION_NEVER_EXPIRES,
	};

	(void)state;
	table = delegation_table_new(1 << 20, key);
	root = delegation_new(&spec);
	delegation_put(table, root);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	delegation_unref(root);
	delegation_table_free(table);
	return 0;
}

// Follows a referral that is found through `parent`.
static struct delegation *refer(const struct delegation *parent, const char *qname,
				const char *const *lines, uint64_t now_ms)
{
	static struct response response;
	static uint8_t name[NAME_MAX_LEN];
	struct message *message = text_message(qname, TYPE_A, 0, 0, lines);
	name_copy(name, text_name(qname));
	const struct response_question question = {
		.name = name, .type = TYPE_A, .zone = parent->zone};

	response_read(message, &question, &response);
	assert_int_equal(response.kind, RESPONSE_REFERRAL);
	struct delegation *d = delegation_of_referral(&response, parent, now_ms);
	assert_non_null(d);
	delegation_put(table, d);
	message_free(message);
	return d;
}

static void assert_found(const char *name, uint64_t now_ms, const char *zone)
{
	struct delegation *d = delegation_find(table, text_name(name), now_ms);

	assert_non_null(d);
	assert_true(name_equal(d->zone, text_name(zone)));
	delegation_unref(d);
}

static void the_deepest_cut_is_found(void **state)
{
	(void)state;
	struct delegation *com =
		refer(root, "www.example.com.",
		      LINES("ns com. 300 IN NS ns.com.", "ar ns.com. 300 IN A 192.0.2.1"), NOW);
	struct delegation *example = refer(com, "www.example.com.",
					   LINES("ns example.com. 300 IN NS ns.example.com.",
						 "ar ns.example.com. 300 IN AAAA 2001:db8::1"),
					   NOW);
	assert_found("www.example.com.", NOW, "example.com.");
	assert_found("example.com.", NOW, "example.com.");
	assert_found("other.com.", NOW, "com.");
	assert_found("org.", NOW, ".");
	assert_int_equal(example->ns_count, 1);
	assert_int_equal(example->ns[0].address_count, 1);
	assert_int_equal(example->ns[0].addresses[0].family, 6);
	delegation_unref(com);
	delegation_unref(example);
}

// ATTACKS E1
static void a_cut_ends_with_its_ttl_and_never_after_its_parent(void **state)
{
	(void)state;
	struct delegation *com = refer(root, "a.com.", LINES("ns com. 100 IN NS ns.com."), NOW);
	struct delegation *example =
		refer(com, "a.example.com.", LINES("ns example.com. 3600 IN NS ns.example.com."),
		      NOW + 50000);
	assert_int_equal(com->expires_ms, NOW + 100000);
	assert_int_equal(example->expires_ms, com->expires_ms);
	assert_found("a.example.com.", NOW + 99999, "example.com.");
	assert_found("a.example.com.", NOW + 100000, ".");
	delegation_unref(com);
	delegation_unref(example);
}

// ATTACKS E2
static void impossible_ttls_are_clamped(void **state)
{
	(void)state;
	static const struct {
		const char *ttl;
		uint64_t life_ms;
	} rows[] = {
		{"0", 0},
		{"1", 1000},
		{"86400", 86400000},
		{"604800", 86400000},
		{"2147483647", 86400000},
		{"2147483648", 0},
		{"4294967295", 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[100];
		snprintf(line, sizeof(line), "ns com. %s IN NS ns.com.", rows[i].ttl);
		struct delegation *d = refer(root, "a.com.", LINES(line), NOW);
		assert_int_equal(d->expires_ms - NOW, rows[i].life_ms);
		delegation_unref(d);
	}
}

// ATTACKS C4, D1
static void at_most_thirty_two_servers_of_six_addresses_are_kept(void **state)
{
	static char lines[400][80];
	const char *list[401] = {0};
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		snprintf(lines[n++], 80, "ns com. 300 IN NS ns%03d.com.", i);
	for (int i = 0; i < 20; i++)
		snprintf(lines[n++], 80, "ar ns000.com. 300 IN A 192.0.2.%d", i + 1);
	for (size_t i = 0; i < n; i++)
		list[i] = lines[i];
	struct delegation *d = refer(root, "a.com.", list, NOW);
	assert_int_equal(d->ns_count, REFERRAL_NS_MAX);
	for (size_t i = 0; i < d->ns_count; i++)
		assert_true(d->ns[i].address_count <= REFERRAL_GLUE_MAX);
	delegation_unref(d);
}

static void a_full_table_forgets_the_least_used_but_never_the_root(void **state)
{
	(void)state;
	for (int i = 0; i < 20000; i++) {
		char name[40], line[100];
		snprintf(name, sizeof(name), "a.z%d.", i);
		snprintf(line, sizeof(line), "ns z%d. 300 IN NS ns.z%d.", i, i);
		delegation_unref(refer(root, name, LINES(line), NOW));
	}
	assert_true(delegation_count(table) < 20000);
	assert_true(delegation_count(table) > 1000);
	assert_found("a.z0.", NOW, ".");
	assert_found("a.z19999.", NOW, "z19999.");
}

static void what_is_forgotten_is_forgotten_below_as_well(void **state)
{
	(void)state;
	struct delegation *com = refer(root, "a.com.", LINES("ns com. 300 IN NS ns.com."), NOW);
	delegation_unref(refer(com, "a.b.com.", LINES("ns b.com. 300 IN NS ns.b.com."), NOW));
	delegation_unref(refer(root, "a.org.", LINES("ns org. 300 IN NS ns.org."), NOW));
	delegation_forget(table, text_name("com."));
	for (bool more = true; more;) {
		assert_found("a.b.com.", NOW, ".");
		assert_null(delegation_last(table, text_name("b.com.")));
		assert_found("a.org.", NOW, "org.");
		more = delegation_run(table);
	}
	assert_int_equal(delegation_count(table), 2);
	// Whoever holds it still may.
	assert_true(name_equal(com->zone, text_name("com.")));
	delegation_unref(com);
}

#define FEW 256 // delegations that may go in a turn

static void put(const char *form, unsigned number, unsigned long expires_ms)
{
	struct delegation_spec spec = {.parent = (const uint8_t *)"", .expires_ms = expires_ms};
	char text[64];

	snprintf(text, sizeof(text), form, number);
	spec.zone = text_name(text);
	struct delegation *d = delegation_new(&spec);
	delegation_put(table, d);
	delegation_unref(d);
}

static void count_one(struct delegation *d, void *arg)
{
	(void)d;
	++*(size_t *)arg;
}

// Visits every one once, about 32 in a call.
static size_t count_all(void)
{
	size_t at = 0, seen = 0, before;
	bool more = true;

	while (more) {
		before = seen;
		more = delegation_some(table, &at, 32, 0, NOW, count_one, &seen);
		assert_true(seen < before + 48);
	}
	return seen;
}

// However many there are, a turn takes a few out; none of them is found from the first moment.
static void a_turn_takes_few_of_what_is_forgotten_out(void **state)
{
	size_t left;

	(void)state;
	for (unsigned i = 0; i < 4000; i++)
		put("z%u.com.", i, NOW + 100000);
	left = delegation_count(table);
	assert_true(left > 3000);
	assert_int_equal(count_all(), left);
	delegation_forget(table, text_name("."));
	assert_int_equal(count_all(), 1);
	for (bool more = true; more;) {
		more = delegation_run(table);
		assert_true(left - delegation_count(table) <= FEW);
		left = delegation_count(table);
		for (unsigned i = 0; i < 4000; i += 500) {
			char text[32];
			snprintf(text, sizeof(text), "z%u.com.", i);
			assert_found(text, NOW, ".");
		}
	}
	assert_int_equal(left, 1); // the root's
	assert_false(delegation_run(table));
}

static void what_comes_after_it_was_forgotten_stays(void **state)
{
	(void)state;
	put("a.com.", 0, NOW + 100000);
	put("old.com.", 0, NOW + 100000);
	delegation_forget(table, text_name("com."));
	put("a.com.", 0, NOW + 200000);
	assert_found("a.com.", NOW + 150000, "a.com.");
	(void)delegation_run(table);
	assert_found("a.com.", NOW + 150000, "a.com.");
	// Again, before the first walk is through.
	delegation_forget(table, text_name("a.com."));
	assert_found("a.com.", NOW, ".");
	put("a.com.", 0, NOW + 300000);
	while (delegation_run(table))
		assert_found("a.com.", NOW + 250000, "a.com.");
	assert_found("a.com.", NOW + 250000, "a.com.");
	assert_int_equal(delegation_count(table), 2);
}

static void what_is_said_about_the_ds_is_kept_with_the_cut(void **state)
{
	(void)state;
	struct delegation *com = refer(
		root, "a.com.",
		LINES("ns com. 300 IN NS ns.com.", "ns com. 300 IN NSEC coop. NS RRSIG NSEC"), NOW);
	assert_null(com->ds);
	assert_int_equal(com->proof_count, 1);
	assert_true(name_equal(com->parent, text_name(".")));
	assert_ptr_equal(delegation_at(table, text_name("com."), NOW), com);
	assert_null(delegation_at(table, text_name("a.com."), NOW));
	delegation_unref(com);
}

static void glue_belongs_to_the_server_that_it_names(void **state)
{
	(void)state;
	struct delegation *com =
		refer(root, "a.com.",
		      LINES("ns com. 300 IN NS ns1.com.", "ns com. 300 IN NS ns2.com.",
			    "ar ns1.com. 300 IN A 192.0.2.1", "ar ns2.com. 300 IN A 192.0.2.2"),
		      NOW);
	for (size_t i = 0; i < 2; i++) {
		const uint8_t last = name_equal(com->ns[i].name, text_name("ns1.com.")) ? 1 : 2;
		assert_int_equal(com->ns[i].address_count, 1);
		assert_int_equal(com->ns[i].addresses[0].bytes[3], last);
	}
	delegation_unref(com);
}

static void what_was_said_about_the_ds_ages(void **state)
{
	(void)state;
	struct delegation *com = refer(
		root, "a.com.",
		LINES("ns com. 300 IN NS ns.com.", "ns com. 100 IN NSEC coop. NS RRSIG NSEC"), NOW);
	assert_true(delegation_ds_lasts(com, NOW + 40000));
	assert_int_equal(com->proofs[0]->ttl_s, 60);
	assert_true(delegation_ds_lasts(com, NOW + 99999));
	assert_int_equal(com->proofs[0]->ttl_s, 1);
	assert_false(delegation_ds_lasts(com, NOW + 100000));
	delegation_unref(com);
}

// ---- past their end, and not proven ----

#define STALE_MS 50000

static struct delegation *com_by(const char *server, uint64_t now_ms)
{
	char ns[60];

	snprintf(ns, sizeof(ns), "ns com. 100 IN NS %s", server);
	return refer(root, "a.com.", LINES(ns), now_ms);
}

static const struct delegation *com_ended(uint64_t now_ms)
{
	return delegation_ended(table, text_name("a.com."), root->zone, STALE_MS, now_ms);
}

static struct delegation *revive_com(uint64_t now_ms)
{
	return delegation_revive(table, text_name("a.com."), root->zone, STALE_MS, now_ms);
}

// However often it is revived, the limit counts from its end.
static void a_revived_delegation_ends_with_the_stale_limit(void **state)
{
	const uint64_t end_ms = NOW + 100000;

	(void)state;
	delegation_unref(com_by("ns.com.", NOW));
	for (uint64_t ms = end_ms; ms < end_ms + STALE_MS; ms += 4000) {
		assert_non_null(com_ended(ms));
		struct delegation *d = revive_com(ms);
		assert_non_null(d);
		assert_true(d->outdated);
		assert_int_equal(d->ended_ms, end_ms);
		assert_true(d->expires_ms > ms && d->expires_ms <= end_ms + STALE_MS);
		delegation_unref(d);
	}
	assert_null(com_ended(end_ms + STALE_MS));
	assert_null(revive_com(end_ms + STALE_MS));
}

static void what_a_revived_delegation_refers_to_is_outdated(void **state)
{
	(void)state;
	delegation_unref(com_by("ns.com.", NOW));
	struct delegation *com = revive_com(NOW + 100000);
	struct delegation *below =
		refer(com, "a.b.com.", LINES("ns b.com. 300 IN NS ns.b.com."), NOW + 100000);
	assert_true(below->outdated);
	delegation_unref(below);
	delegation_unref(com);
}

static void mark(struct delegation *d, bool doubtful)
{
	d->unproven = true;
	d->doubtful = doubtful;
}

// To other servers, with a DS or without any proof.
static struct delegation *referred_elsewhere(bool with_ds)
{
	static struct response response;

	struct message *message = text_message(
		"a.com.", TYPE_A, 0, 0,
		with_ds ? LINES("ns com. 100 IN NS ns.evil.org.", "ns com. 100 IN DS 1 13 2 00")
			: LINES("ns com. 100 IN NS ns.evil.org."));
	const struct response_question question = {
		.name = text_name("a.com."), .type = TYPE_A, .zone = root->zone};
	response_read(message, &question, &response);
	struct delegation *d = delegation_of_referral(&response, root, NOW + 50000);
	mark(d, false);
	delegation_put(table, d);
	message_free(message);
	return d;
}

// Servers that nobody has vouched for do not outlive those that were proven.
static void what_was_proven_lives_on_behind_what_is_not(void **state)
{
	(void)state;
	delegation_unref(com_by("ns.com.", NOW));
	struct delegation *d = referred_elsewhere(true);
	const struct delegation *ended = com_ended(NOW + 149999);
	assert_non_null(ended);
	assert_true(name_equal(ended->ns[0].name, text_name("ns.com.")));
	// Once they are proven, they are what there is.
	delegation_prove(table, text_name("com."), false);
	ended = com_ended(NOW + 199999);
	assert_non_null(ended);
	assert_true(name_equal(ended->ns[0].name, text_name("ns.evil.org.")));
	delegation_unref(d);
}

// RFC 4035 §3.1.4: a DS that was asked for proves no servers that were named without one.
static void what_is_named_without_any_proof_is_never_proven(void **state)
{
	(void)state;
	delegation_unref(com_by("ns.com.", NOW));
	for (int i = 0; i < 2; i++) {
		struct delegation *d = referred_elsewhere(false);
		delegation_prove(table, text_name("com."), false);
		assert_true(d->unproven);
		const struct delegation *ended = com_ended(NOW + 149999);
		assert_non_null(ended);
		assert_true(name_equal(ended->ns[0].name, text_name("ns.com.")));
		delegation_unref(d);
	}
}

// The same servers once more, unproven: until they are proven the end is that of before.
static void the_end_is_that_of_the_last_proof(void **state)
{
	(void)state;
	struct delegation *old = com_by("ns.com.", NOW);
	struct delegation_spec spec = {.zone = old->zone,
				       .parent = root->zone,
				       .expires_ms = NOW + 200000,
				       .ns_count = 1,
				       .ns = {{.name = old->ns[0].name}}};
	struct delegation *d = delegation_new(&spec);
	d->unproven = true;
	delegation_put(table, d);
	assert_null(com_ended(NOW + 100000 + STALE_MS));
	delegation_prove(table, text_name("com."), false);
	assert_non_null(com_ended(NOW + 200000 + STALE_MS - 1));
	delegation_unref(d);
	delegation_unref(old);
}

// The DS that was asked for says nothing of a referral that was shown to be bogus.
static void a_doubtful_referral_is_proven_by_another_one_alone(void **state)
{
	(void)state;
	struct delegation *d = com_by("ns.com.", NOW);
	mark(d, true);
	delegation_prove(table, text_name("com."), true);
	assert_ptr_equal(delegation_last(table, text_name("com.")), d);
	assert_false(d->unproven);
	mark(d, true);
	delegation_prove(table, text_name("com."), false);
	assert_null(delegation_last(table, text_name("com.")));
	delegation_unref(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_deepest_cut_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(a_cut_ends_with_its_ttl_and_never_after_its_parent,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_turn_takes_few_of_what_is_forgotten_out, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_comes_after_it_was_forgotten_stays, setup,
						teardown),
		cmocka_unit_test_setup_teardown(impossible_ttls_are_clamped, setup, teardown),
		cmocka_unit_test_setup_teardown(
			at_most_thirty_two_servers_of_six_addresses_are_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_full_table_forgets_the_least_used_but_never_the_root, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_forgotten_is_forgotten_below_as_well, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_said_about_the_ds_is_kept_with_the_cut,
						setup, teardown),
		cmocka_unit_test_setup_teardown(glue_belongs_to_the_server_that_it_names, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_was_said_about_the_ds_ages, setup, teardown),
		cmocka_unit_test_setup_teardown(a_revived_delegation_ends_with_the_stale_limit,
						setup, teardown),
		cmocka_unit_test_setup_teardown(what_a_revived_delegation_refers_to_is_outdated,
						setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_proven_lives_on_behind_what_is_not, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_named_without_any_proof_is_never_proven, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_end_is_that_of_the_last_proof, setup, teardown),
		cmocka_unit_test_setup_teardown(a_doubtful_referral_is_proven_by_another_one_alone,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
