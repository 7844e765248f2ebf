// What is kept of a name: lookup and denial.
#include "tests/unit/control/api/operator.h"

static void lookup_shows_records_as_dig_does(void **state)
{
	(void)state;
	publish_address("www.example.");
	ask("lookup", "\"WWW.example\", \"a\"");
	assert_says("; www.example. A is answered from the cache\n");
	assert_says("; www.example. A: positive, secure, from recursion\n");
	assert_says("; age 12 s, fresh for 288 s, then stale for 3600 s; signatures end "
		    "2023-11-15T22:13:20Z; ");
	assert_says("www.example.\t288\tIN\tA\t192.0.2.1\nwww.example.\t288\tIN\tA\t192.0.2.2\n");
	assert_string_equal(json_string_value(json_object_get(data, "outcome")), "hit");
	json_t *entry = json_array_get(json_object_get(data, "entries"), 0);
	assert_int_equal(json_array_size(json_object_get(data, "entries")), 1);
	assert_int_equal(json_integer_value(json_object_get(entry, "ttl_s")), 288);
	assert_int_equal(json_integer_value(json_object_get(entry, "signatures_end")),
			 NOW_S + 86400);
	assert_string_equal(json_string_value(json_object_get(entry, "security")), "secure");
	assert_string_equal(json_string_value(json_array_get(json_object_get(entry, "records"), 1)),
			    "www.example.\t288\tIN\tA\t192.0.2.2");
}

static void lookup_tells_stale_from_fresh(void **state)
{
	(void)state;
	publish_address("www.example.");
	now.now_ms += 400 * 1000;
	now.now_s += 90000;
	store_set_clock(store, &now);
	ask("lookup", "\"www.example.\", \"A\"");
	assert_says(
		"; www.example. A is not, or not completely, in the cache: would be asked for\n");
	assert_says("; age 412 s, past its TTL for 112 s already, stale for 3488 s; signatures "
		    "ENDED ");
	assert_says("www.example.\t0\tIN\tA\t192.0.2.1\n");
	assert_string_equal(json_string_value(json_object_get(data, "outcome")), "miss");
}

static void lookup_says_when_stale_data_stands_ready(void **state)
{
	(void)state;
	publish_address("www.example.");
	now.now_ms += 400 * 1000;
	store_set_clock(store, &now);
	ask("lookup", "\"www.example.\", \"A\"");
	assert_says("would be asked for; stale data stands ready\n");
	publish_failure("www.example.", "no signature that holds");
	ask("lookup", "\"www.example.\", \"A\"");
	assert_says("is answered with stale data, because of the failure\n");
	assert_string_equal(json_string_value(json_object_get(data, "outcome")), "stale");
	assert_int_equal(json_array_size(json_object_get(data, "entries")), 2);
}

static void lookup_shows_failures_with_their_EDE(void **state)
{
	(void)state;
	publish_failure("bogus.example.", "no key \x1b[2Jfits \xc3\xa9");
	ask("lookup", "\"bogus.example.\", \"A\"");
	assert_says("; bogus.example. A is answered with the failure\n");
	assert_says("; bogus.example. A: failure, SERVFAIL, EDE 6 (DNSSEC Bogus): no key ?[2Jfits "
		    "??\n");
	assert_says("; age 0 s, fresh for 60 s; ");
	assert_string_equal(json_string_value(json_object_get(data, "outcome")), "failure");
	json_t *entry = json_array_get(json_object_get(data, "entries"), 0);
	assert_int_equal(json_integer_value(json_object_get(entry, "ede")), 6);
	assert_string_equal(json_string_value(json_object_get(entry, "rcode")), "SERVFAIL");
}

static void lookup_follows_aliases_and_shows_negative_proofs(void **state)
{
	(void)state;
	struct given alias = {
		.name = "alias.example.",
		.type = TYPE_CNAME,
		.kind = ENTRY_CNAME,
		.security = SECURITY_SECURE,
		.ttl_s = 300,
		.data = {{.type = TYPE_CNAME, .ttl_s = 300, .rdata = "@gone.example."}}};
	struct given gone = {.name = "gone.example.",
			     .kind = ENTRY_NXDOMAIN,
			     .security = SECURITY_SECURE,
			     .ttl_s = 60,
			     .opt_out = true,
			     .data = {{.owner = "example.",
				       .type = TYPE_SOA,
				       .ttl_s = 60,
				       .rdata = "@ns.example. @admin.example. #1 #2 #3 #4 #60"}},
			     .proofs = {{.owner = "a.example.",
					 .type = TYPE_NSEC,
					 .ttl_s = 60,
					 .rdata = "@z.example. 0006 4000 0000 0003"}}};

	publish(&alias);
	publish(&gone);
	ask("lookup", "\"alias.example.\", \"AAAA\"");
	assert_says("; alias.example. AAAA is answered from the cache\n");
	assert_says("alias.example.\t300\tIN\tCNAME\tgone.example.\n");
	assert_says("; gone.example.: NXDOMAIN, secure, from recursion, opt-out (no AD)\n");
	assert_says("example.\t60\tIN\tSOA\tns.example. admin.example. 1 2 3 4 60\n");
	assert_says("; proof:\na.example.\t60\tIN\tNSEC\tz.example. A RRSIG NSEC \n");
	assert_int_equal(json_array_size(json_object_get(data, "entries")), 2);
}

static void lookup_without_a_type_shows_all_types(void **state)
{
	(void)state;
	struct given odd = {.name = "www.example.",
			    .type = 300,
			    .security = SECURITY_INSECURE,
			    .ttl_s = 300,
			    .data = {{.type = 300, .ttl_s = 300, .rdata = "dead"}}};
	struct given above = {.name = "none.example.",
			      .kind = ENTRY_NXDOMAIN,
			      .security = SECURITY_SECURE,
			      .ttl_s = 60};

	publish_address("www.example.");
	publish(&odd);
	publish(&above);
	publish_failure("www.example.", NULL); // void: the data beside it is good
	ask("lookup", "\"www.example.\"");
	assert_says("\tIN\tA\t192.0.2.1\n");
	assert_says("www.example.\t300\tIN\tTYPE300\t\\# 2 dead\n");
	ask("lookup", "\"www.example.\", \"ANY\"");
	assert_says("\tIN\tTYPE300\t");
	ask("lookup", "\"deep.below.none.example.\"");
	assert_says("; none.example.: NXDOMAIN, secure");
	ask("lookup", "\"nothing.example.\"");
	assert_says("; nothing in the cache\n");
	assert_int_equal(json_array_size(json_object_get(data, "entries")), 0);
}

static void lookup_shows_the_longest_records_whole(void **state)
{
	(void)state;
	static char rdata[60 * 12];
	struct given large = {.name = "large.example.",
			      .type = TYPE_TXT,
			      .security = SECURITY_INSECURE,
			      .ttl_s = 300,
			      .data = {{.type = TYPE_TXT, .ttl_s = 300, .rdata = rdata}}};

	for (int i = 0; i < 60; i++)
		strcat(rdata, " ff *255:1b");
	publish(&large);
	ask("lookup", "\"large.example.\", \"TXT\"");
	assert_says("\"\\027\\027\\027");
	assert_true(strlen(text) > 60 * 255 * 4);
}

static void lookup_shows_RDATA_that_its_type_does_not_explain(void **state)
{
	(void)state;
	struct given broken = {.name = "broken.example.",
			       .type = TYPE_MX,
			       .security = SECURITY_INSECURE,
			       .ttl_s = 300,
			       .data = {{.type = TYPE_MX, .ttl_s = 300, .rdata = "00"}}};

	publish(&broken);
	ask("lookup", "\"broken.example.\", \"MX\"");
	assert_says("broken.example.\t300\tIN\tMX\t\\# 1 00\n");
}

static void lookup_refuses_what_is_no_name_or_type(void **state)
{
	(void)state;
	assert_refused("lookup", "\"a..b\"", "\"a..b\" is no domain name");
	assert_refused("lookup", "\"\\u001b[2J..\"", "\"?[2J..\" is no domain name");
	assert_refused("lookup", "\"a.\", \"TYPE65536\"", "\"TYPE65536\" is no type");
	assert_refused("lookup", "\"--zone\"", "is no domain name");
}

static struct rrset *signed_record(const char *owner, uint16_t type, const void *rdata, size_t len)
{
	static uint8_t name[NAME_MAX_LEN], rrsig[18 + 9 + 4] = {[3] = 1, [18] = 7};

	assert_true(name_from_text(owner, name) > 0);
	memcpy(rrsig + 19, "example", 8);
	wire_put16(rrsig, type);
	const struct record record = {.owner = name,
				      .rdata = rdata,
				      .ttl_s = 300,
				      .type = type,
				      .class_ = CLASS_IN,
				      .rdlen = (uint16_t)len};
	const struct record covering = {.owner = name,
					.rdata = rrsig,
					.ttl_s = 300,
					.type = TYPE_RRSIG,
					.class_ = CLASS_IN,
					.rdlen = sizeof(rrsig)};
	struct rrset *rrset = rrset_new(&record, 1, &covering, 1);
	assert_non_null(rrset);
	return rrset;
}

static void denial_shows_what_is_kept_of_each_zone(void **state)
{
	static const uint8_t soa_rdata[22] = {0};
	static const uint8_t nsec_rdata[] = "\007example\000\000\006\042\000\000\000\000\003";
	static const uint8_t zone[] = "\007example", barred[] = "\004corp\007example";
	struct cache *cache = store_cache(store);

	(void)state;
	ask("denial", "");
	assert_says("0 zones, 0 NSEC, 0 NSEC3, 0 bytes; 0 names barred by configuration\n");
	struct rrset *soa = signed_record("example.", TYPE_SOA, soa_rdata, sizeof(soa_rdata));
	struct rrset *nsec =
		signed_record("example.", TYPE_NSEC, nsec_rdata, sizeof(nsec_rdata) - 1);
	assert_true(cache_denial_soa(cache, soa, 300, NOW_S + 86400, now.now_ms));
	assert_int_equal(cache_denial_put(cache, zone, nsec, 300, NOW_S + 86400, now.now_ms),
			 DENIAL_KEPT);
	rrset_free(soa);
	rrset_free(nsec);
	assert_true(cache_denial_bar(cache, barred));
	ask("denial", "");
	assert_says("example.  ");
	assert_says("1 NSEC        0 NSEC3");
	assert_says("SOA for 300 s\n");
	assert_says("1 zones, 1 NSEC, 0 NSEC3, ");
	assert_says(" bytes; 1 names barred by configuration\n");
	assert_int_equal(json_integer_value(json_object_get(data, "nsec")), 1);
	assert_int_equal(json_array_size(json_object_get(data, "zones")), 1);
	ask("denial", "\"EXAMPLE\"");
	assert_says("example.  ");
	ask("denial", "\"corp.example\"");
	assert_says("corp.example. is answered by configuration: nothing is denied at or below it");
	ask("denial", "\"other.\"");
	assert_says("nothing is kept of other.");
	ask("lookup", "\"bogus.example.\", \"A\"");
	assert_says("; bogus.example. A is answered by cached denial: NXDOMAIN\n");
	assert_string_equal(json_string_value(json_object_get(data, "outcome")), "denied");
	ask("lookup", "\"example.\", \"A\"");
	assert_says("; example. A is answered by cached denial: NODATA\n");
	assert_refused("denial", "\"a..b\"", "name");
	cache_denial_unbar(cache, barred);
	ask("flush", "\"--all\"");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, drop_answer)
	const struct CMUnitTest tests[] = {
		TEST(lookup_shows_records_as_dig_does),
		TEST(lookup_tells_stale_from_fresh),
		TEST(lookup_says_when_stale_data_stands_ready),
		TEST(lookup_shows_failures_with_their_EDE),
		TEST(lookup_follows_aliases_and_shows_negative_proofs),
		TEST(lookup_without_a_type_shows_all_types),
		TEST(lookup_shows_the_longest_records_whole),
		TEST(lookup_shows_RDATA_that_its_type_does_not_explain),
		TEST(lookup_refuses_what_is_no_name_or_type),
		TEST(denial_shows_what_is_kept_of_each_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
