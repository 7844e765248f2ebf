// ATTACKS G3: closed by default, longest match, whatever the order of the rules.
#include "dataplane/parse/acl.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct address address(const char *text)
{
	struct address a;

	assert_int_equal(address_from_text(text, &a), 0);
	return a;
}

static struct acl_rule rule(const char *prefix, enum acl_action action)
{
	struct acl_rule r = {.action = action};

	assert_int_equal(acl_prefix_from_text(prefix, &r), 0);
	return r;
}

static void assert_action(const struct acl *acl, const char *client, enum acl_action action)
{
	struct address a = address(client);

	if (acl_lookup(acl, &a) != action)
		fail_msg("%s: %d, not %d", client, (int)acl_lookup(acl, &a), (int)action);
}

static void G3_default_rules_allow_private_clients_only(void **state)
{
	(void)state;
	static const char *const allowed[] = {"10.0.0.0", "10.255.255.255", "172.16.0.1",
		"172.31.255.255", "192.168.0.0", "192.168.255.255", "100.64.0.0",
		"100.127.255.255", "169.254.1.1", "127.0.0.1", "fc00::1", "fdff:ffff::1",
		"fe80::1", "febf::1", "::1"};
	static const char *const refused[] = {"9.255.255.255", "11.0.0.0", "172.15.255.255",
		"172.32.0.0", "192.167.255.255", "192.169.0.0", "100.63.255.255", "100.128.0.0",
		"8.8.8.8", "0.0.0.0", "255.255.255.255", "169.253.255.255", "126.255.255.255",
		"128.0.0.0", "::", "::2", "::ffff:10.0.0.1", "fbff::1", "fe00::1", "fec0::1",
		"2001:db8::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
	struct acl *acl = acl_new(acl_default_rules, acl_default_rule_count);

	assert_non_null(acl);
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		assert_action(acl, allowed[i], ACL_ALLOW);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_action(acl, refused[i], ACL_REFUSE);
	acl_free(acl);
}

static void G3_no_rules_and_no_family_refuse(void **state)
{
	(void)state;
	struct acl *acl = acl_new(NULL, 0);
	struct address none = {0};

	assert_non_null(acl);
	assert_action(acl, "127.0.0.1", ACL_REFUSE);
	assert_action(acl, "::1", ACL_REFUSE);
	assert_int_equal(acl_lookup(acl, &none), ACL_REFUSE);
	acl_free(acl);
}

static void G3_a_client_of_no_family_is_refused_where_everybody_may_ask(void **state)
{
	(void)state;
	const struct acl_rule rules[] = {rule("0.0.0.0/0", ACL_ALLOW), rule("::/0", ACL_ALLOW)};
	struct acl *acl = acl_new(rules, sizeof(rules) / sizeof(rules[0]));

	assert_non_null(acl);
	assert_action(acl, "192.0.2.1", ACL_ALLOW);
	assert_action(acl, "2001:db8::1", ACL_ALLOW);
	for (int family = 0; family < 256; family++) {
		struct address odd = {.family = (uint8_t)family};
		if (family != 4 && family != 6)
			assert_int_equal(acl_lookup(acl, &odd), ACL_REFUSE);
	}
	acl_free(acl);
}

static void longest_prefix_holds(void **state)
{
	(void)state;
	const struct acl_rule rules[] = {rule("10.1.2.3", ACL_ALLOW), rule("0.0.0.0/0", ACL_DROP),
		rule("10.0.0.0/8", ACL_ALLOW), rule("10.1.0.0/16", ACL_REFUSE),
		rule("255.255.255.255", ACL_ALLOW), rule("255.255.255.0/24", ACL_REFUSE),
		rule("::/0", ACL_ALLOW), rule("2001:db8::/32", ACL_DROP),
		rule("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", ACL_REFUSE)};
	struct acl *acl = acl_new(rules, sizeof(rules) / sizeof(rules[0]));

	assert_action(acl, "10.1.2.3", ACL_ALLOW);
	assert_action(acl, "10.1.2.2", ACL_REFUSE);
	assert_action(acl, "10.1.2.4", ACL_REFUSE);
	assert_action(acl, "10.2.0.0", ACL_ALLOW);
	assert_action(acl, "10.255.255.255", ACL_ALLOW);
	assert_action(acl, "11.0.0.0", ACL_DROP);
	assert_action(acl, "0.0.0.0", ACL_DROP);
	assert_action(acl, "255.255.255.254", ACL_REFUSE);
	assert_action(acl, "255.255.255.255", ACL_ALLOW);
	assert_action(acl, "2001:db8::", ACL_DROP);
	assert_action(acl, "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", ACL_REFUSE);
	assert_action(acl, "2001:db9::", ACL_ALLOW);
	assert_action(acl, "::ffff:10.1.2.2", ACL_ALLOW); // an IPv6 address like another
	acl_free(acl);
}

static void later_of_two_rules_for_one_prefix_holds(void **state)
{
	(void)state;
	const struct acl_rule rules[] = {rule("192.0.2.0/24", ACL_ALLOW),
		rule("192.0.2.0/24", ACL_DROP), rule("192.0.2.0/24", ACL_REFUSE),
		rule("0.0.0.0/0", ACL_DROP), rule("0.0.0.0/0", ACL_ALLOW)};
	struct acl *acl = acl_new(rules, sizeof(rules) / sizeof(rules[0]));

	assert_action(acl, "192.0.2.1", ACL_REFUSE);
	assert_action(acl, "192.0.3.1", ACL_ALLOW);
	acl_free(acl);
}

static bool holds(const struct acl_rule *r, const struct address *a)
{
	if (r->prefix.family != a->family)
		return false;
	for (unsigned bit = 0; bit < r->prefix_len; bit++) {
		if ((r->prefix.bytes[bit / 8] ^ a->bytes[bit / 8]) & (0x80 >> bit % 8))
			return false;
	}
	return true;
}

static enum acl_action slow_lookup(const struct acl_rule *rules, size_t count,
				   const struct address *a)
{
	int best = -1;

	for (size_t i = 0; i < count; i++) {
		if (holds(&rules[i], a) &&
		    (best < 0 || rules[i].prefix_len >= rules[best].prefix_len))
			best = (int)i;
	}
	return best < 0 ? ACL_REFUSE : rules[best].action;
}

static void clear_host_bits(struct acl_rule *r)
{
	for (unsigned bit = r->prefix_len; bit < 128; bit++)
		r->prefix.bytes[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
}

// Few distinct bits, so that rules nest, touch and repeat.
static struct address random_address(unsigned *seed)
{
	struct address a = {.family = rand_r(seed) & 1 ? 4 : 6};
	size_t len = a.family == 4 ? 4 : 16;

	for (size_t i = 0; i < len; i++) {
		static const uint8_t pool[] = {0, 0, 1, 0x80, 0xfe, 0xff, 0xff};
		a.bytes[i] = pool[(unsigned)rand_r(seed) % sizeof(pool)];
	}
	return a;
}

static void look_up_agrees_with_trying_every_rule(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 300; seed++) {
		unsigned random = seed;
		struct acl_rule rules[60];
		size_t count = seed % 60;

		for (size_t i = 0; i < count; i++) {
			rules[i].prefix = random_address(&random);
			unsigned bits = rules[i].prefix.family == 4 ? 32 : 128;
			rules[i].prefix_len = (uint8_t)((unsigned)rand_r(&random) % (bits + 1));
			rules[i].action = (enum acl_action)(rand_r(&random) % 3);
			clear_host_bits(&rules[i]);
		}
		struct acl *acl = acl_new(rules, count);
		assert_non_null(acl);
		for (unsigned n = 0; n < 500; n++) {
			struct address a = random_address(&random);

			assert_int_equal(acl_lookup(acl, &a), slow_lookup(rules, count, &a));
		}
		acl_free(acl);
	}
}

static void many_rules_are_taken(void **state)
{
	(void)state;
	const size_t count = 65536;
	struct acl_rule *rules = calloc(count, sizeof(*rules));

	for (size_t i = 0; i < count; i++) {
		rules[i].prefix = (struct address){4, {20, (uint8_t)(i >> 8), (uint8_t)i, 0}};
		rules[i].prefix_len = 24;
		rules[i].action = i % 2 ? ACL_ALLOW : ACL_DROP;
	}
	struct acl *acl = acl_new(rules, count);
	assert_action(acl, "20.0.0.9", ACL_DROP);
	assert_action(acl, "20.0.1.9", ACL_ALLOW);
	assert_action(acl, "20.255.255.255", ACL_ALLOW);
	assert_action(acl, "21.0.0.0", ACL_REFUSE);
	acl_free(acl);
	free(rules);
}

static void prefixes_are_read_strictly(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
		"10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/8 ", " 10.0.0.0/8", "10.0.0.1/8", "10/8",
		"10.0.0.0/8/8", "2001:db8::/129", "2001:db8::1/64", "fe80::1%eth0", "example",
		"10.0.0.0/99999999999", "0.0.0.0/00",
		"2001:0db8:0000:0000:0000:0000:0000:00000000000000000001/64"};
	struct acl_rule r;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (acl_prefix_from_text(bad[i], &r) != -EINVAL)
			fail_msg("\"%s\" was taken", bad[i]);
	}
	assert_int_equal(acl_prefix_from_text("0.0.0.0/0", &r), 0);
	assert_int_equal(r.prefix_len, 0);
	assert_int_equal(acl_prefix_from_text("2001:db8::/32", &r), 0);
	assert_int_equal(r.prefix_len, 32);
	assert_int_equal(r.prefix.family, 6);
	assert_int_equal(acl_prefix_from_text("192.0.2.1", &r), 0);
	assert_int_equal(r.prefix_len, 32);
	assert_int_equal(acl_prefix_from_text("::1", &r), 0);
	assert_int_equal(r.prefix_len, 128);
}

static void addresses_survive_their_text(void **state)
{
	(void)state;
	static const char *const texts[] = {"192.0.2.1", "2001:db8::1", "::", "255.255.255.255",
		"2001:db8:1111:2222:3333:4444:5555:6666", "::ffff:192.0.2.1"};
	char out[ADDRESS_TEXT_MAX];
	struct address a;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		a = address(texts[i]);
		assert_string_equal(address_to_text(&a, out), texts[i]);
	}
	assert_int_equal(address_from_text("192.0.2.256", &a), -EINVAL);
	assert_int_equal(a.family, 0);
	assert_string_equal(address_to_text(&a, out), "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(G3_default_rules_allow_private_clients_only),
		cmocka_unit_test(G3_no_rules_and_no_family_refuse),
		cmocka_unit_test(G3_a_client_of_no_family_is_refused_where_everybody_may_ask),
		cmocka_unit_test(longest_prefix_holds),
		cmocka_unit_test(later_of_two_rules_for_one_prefix_holds),
		cmocka_unit_test(look_up_agrees_with_trying_every_rule),
		cmocka_unit_test(many_rules_are_taken),
		cmocka_unit_test(prefixes_are_read_strictly),
		cmocka_unit_test(addresses_survive_their_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
