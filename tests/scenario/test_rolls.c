// Keys that roll while older ones are cached (RFC 6781 §4.1): what the new ones have signed is good
// from the first question on, whatever else stands beside it.
#include "tests/scenario/zones.h"

static void a_key_roll_inside_the_ttl_is_no_attack(void **state)
{
	(void)state;
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	world_advance(w, 10000);
	world_roll(w, "example.com.", true);
	network_forget_log(&w->network);
	struct question *q = world_ask(w, "www.example.com.", TYPE_AAAA, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_cached(w, "www.example.com.", TYPE_AAAA, ENTRY_POSITIVE, SECURITY_SECURE);
	assert_sent_at_most(w, 6);
}

// So soon after keys were asked for anew they are not asked for again; who finds them rolled once
// more waits for that moment, and does not fail.
static void keys_that_roll_twice_in_a_second_are_waited_for(void **state)
{
	(void)state;
	world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	world_roll(w, "example.com.", true);
	assert_answer(world_ask(w, "www.example.com.", TYPE_AAAA, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	world_advance(w, 100);
	world_roll(w, "example.com.", true);
	network_forget_log(&w->network);
	struct question *one = world_ask_later(w, "mx.example.com.", TYPE_MX, ASK_DO);
	struct question *other = world_ask_later(w, "x.wild.example.com.", TYPE_A, ASK_DO);
	world_run(w);
	assert_answer(one, RCODE_NOERROR, true, EDE_NONE);
	assert_answer(other, RCODE_NOERROR, true, EDE_NONE);
	assert_true(one->done_us - one->asked_us < 1500000);
	assert_true(world_counter(w, "resolver.postponed") >= 1);
	// Two servers each, the keys with their DS once, and the same again.
	assert_sent_at_most(w, 12);
}

// ---- the new key and the old one have one tag (one roll in 65,536; RFC 4034 B) ----

static void warm(void)
{
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	world_advance(w, 10000);
}

static void roll_to_the_same_tag(void)
{
	struct world_zone *zone = world_zone(w, "example.com.");

	zone->options.zsk_tag = signer_zone_zsk(zone->zone)->tag;
	world_roll(w, "example.com.", true);
	assert_int_equal(signer_zone_zsk(zone->zone)->tag, zone->options.zsk_tag);
	network_forget_log(&w->network);
}

static void a_new_key_with_the_old_ones_tag_is_asked_for(void **state)
{
	(void)state;
	warm();
	roll_to_the_same_tag();
	struct question *q = world_ask(w, "www.example.com.", TYPE_AAAA, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_cached(w, "www.example.com.", TYPE_AAAA, ENTRY_POSITIVE, SECURITY_SECURE);
	assert_sent_at_most(w, 6);
}

static void so_it_is_for_a_denial(void **state)
{
	(void)state;
	warm();
	roll_to_the_same_tag();
	assert_answer(world_ask(w, "nothing.example.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
	assert_sent_at_most(w, 6);
}

// What a zone's keys have not signed costs it no more than one question for them in a second, and
// none where they came after the question.
static void a_zone_that_is_bogus_is_not_asked_for_its_keys_each_time(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_BOGUS, .name = "www.example.com."});
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_SERVFAIL, false,
		      EDE_DNSSEC_BOGUS);
	assert_int_equal(network_sent(&w->network, NULL, "example.com.", TYPE_DNSKEY), 1);
	network_forget_log(&w->network);
	with((struct fault){.kind = FAULT_BOGUS, .name = "mx.example.com."});
	with((struct fault){.kind = FAULT_BOGUS, .name = "alias.example.com."});
	world_advance(w, 10000);
	struct question *one = world_ask_later(w, "mx.example.com.", TYPE_MX, 0);
	struct question *other = world_ask_later(w, "alias.example.com.", TYPE_CNAME, 0);
	world_run(w);
	assert_answer(one, RCODE_SERVFAIL, false, EDE_DNSSEC_BOGUS);
	assert_answer(other, RCODE_SERVFAIL, false, EDE_DNSSEC_BOGUS);
	assert_true(network_sent(&w->network, NULL, "example.com.", TYPE_DNSKEY) <= 1);
}

// ---- an older signature stands beside the new one ----

// The name's RRset has an RRSIG of the key before, which has expired, and one of the new key.
static void leave_an_expired_signature(bool first, const struct signer_zone *new)
{
	const struct signer_options expired = {.inception_s = SIGNER_NOW - 864000,
					       .expiration_s = SIGNER_NOW - 86400};
	struct world_zone *zone = world_zone(w, "example.com.");
	const struct signer_key *keys[] = {signer_zone_zsk(first ? zone->zone : new),
					   signer_zone_zsk(first ? new : zone->zone)};
	const struct rrset *in_zone =
		signer_zone_find(zone->zone, text_name("www.example.com."), TYPE_AAAA);
	struct rrset *bare = signer_strip(in_zone);
	struct rrset *one =
		signer_sign(bare, keys[0], text_name("example.com."), first ? &expired : NULL);
	struct rrset *both =
		signer_sign(one, keys[1], text_name("example.com."), first ? NULL : &expired);

	zone->options.ksk_of = zone->options.zsk_of = new;
	world_roll(w, "example.com.", true);
	signer_zone_replace(zone->zone, both);
	rrset_free(bare);
	rrset_free(one);
	network_forget_log(&w->network);
}

static void an_expired_signature_of_the_old_key_hides_no_new_one(void **state)
{
	(void)state;
	for (int first = 0; first < 2; first++) {
		struct signer_zone *new = signer_zone_new(
			"example.com.", "example.com. 300 IN SOA ns1.example.com. h. 1 2 3 4 5\n",
			&(struct signer_zone_options){0});
		start_common(NULL);
		warm();
		leave_an_expired_signature(first, new);
		assert_answer(world_ask(w, "www.example.com.", TYPE_AAAA, ASK_DO), RCODE_NOERROR,
			      true, EDE_NONE);
		end_world(NULL);
		signer_zone_free(new);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario_common(a_key_roll_inside_the_ttl_is_no_attack),
		scenario_common(keys_that_roll_twice_in_a_second_are_waited_for),
		scenario_common(a_new_key_with_the_old_ones_tag_is_asked_for),
		scenario_common(so_it_is_for_a_denial),
		scenario_common(a_zone_that_is_bogus_is_not_asked_for_its_keys_each_time),
		cmocka_unit_test(an_expired_signature_of_the_old_key_hides_no_new_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
