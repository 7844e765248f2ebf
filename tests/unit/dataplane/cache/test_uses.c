// Every kind of entry times every use of it (ATTACKS B14).
#include "dataplane/dns/types.h"
#include "tests/unit/dataplane/cache/fixture.h"

#include <string.h>

#define NAME   "x.example."
#define BELOW  "a.x.example."
#define TARGET "y.example."

// ---- the kinds ----

static struct entry_spec as_is(struct entry_spec spec)
{
	return spec;
}

static struct entry_spec stale(struct entry_spec spec)
{
	spec.now_ms = NOW_MS - (uint64_t)(spec.ttl_s + 1) * 1000;
	return spec;
}

static struct entry_spec past_signatures(struct entry_spec spec)
{
	spec.signature_expires_s = NOW_S;
	return spec;
}

static struct entry_spec one_shot(struct entry_spec spec)
{
	spec.one_shot = true;
	return spec;
}

static struct entry_spec unproven(struct entry_spec spec)
{
	spec.security = SECURITY_UNPROVEN;
	return spec;
}

static struct entry_spec insecure(struct entry_spec spec)
{
	spec.security = SECURITY_INSECURE;
	return spec;
}

static struct entry_spec this_name_only(struct entry_spec spec)
{
	spec.this_name_only = true;
	return spec;
}

static struct entry_spec a(void)
{
	return spec_a(NAME, 1);
}
static struct entry_spec aaaa(void)
{
	return spec_bytes(NAME, TYPE_AAAA, 16);
}
static struct entry_spec ds(void)
{
	return spec_bytes(NAME, TYPE_DS, 36);
}
static struct entry_spec dnskey(void)
{
	return spec_bytes(NAME, TYPE_DNSKEY, 36);
}
static struct entry_spec nsec(void)
{
	return spec_bytes(NAME, TYPE_NSEC, 36);
}
static struct entry_spec cname(void)
{
	return spec_cname(NAME, TARGET);
}
static struct entry_spec dname(void)
{
	return spec_dname(NAME, TARGET);
}
static struct entry_spec no_a(void)
{
	return spec_nodata(NAME, TYPE_A);
}
static struct entry_spec no_cname(void)
{
	return spec_nodata(NAME, TYPE_CNAME);
}
static struct entry_spec no_dname(void)
{
	return spec_nodata(NAME, TYPE_DNAME);
}
static struct entry_spec no_ds(void)
{
	return spec_nodata(NAME, TYPE_DS);
}
static struct entry_spec no_dnskey(void)
{
	return spec_nodata(NAME, TYPE_DNSKEY);
}
static struct entry_spec no_name_for_aaaa(void)
{
	struct entry_spec spec = spec_nodata(NAME, TYPE_AAAA);

	spec.rcode = RCODE_NXDOMAIN;
	return spec;
}
static struct entry_spec no_name_for_cname(void)
{
	struct entry_spec spec = spec_nodata(NAME, TYPE_CNAME);

	spec.rcode = RCODE_NXDOMAIN;
	return spec;
}
static struct entry_spec nxdomain(void)
{
	return spec_nxdomain(NAME);
}
static struct entry_spec failed_a(void)
{
	return spec_failure(NAME, TYPE_A, EDE_DNSSEC_BOGUS);
}
static struct entry_spec failed_cname(void)
{
	return spec_failure(NAME, TYPE_CNAME, EDE_DNSSEC_BOGUS);
}
static struct entry_spec failed_dname(void)
{
	return spec_failure(NAME, TYPE_DNAME, EDE_DNSSEC_BOGUS);
}

// ---- the uses: a letter each, when the entry serves for it ----
//
// In the table, beside an alias' target that does not exist: A, C, D, K, N, Q: it (fresh) ends or
// leads on a question for A, CNAME, DS, DNSKEY, NSEC or DNAME; B: one for A below the name; s: it
// is what stale data there are for A; f: flush of (name, A) takes it out. Read at this moment: a:
// addresses; c: alias of the name for A; n: alias for DS or NSEC, which no entry may be; d: alias
// of a name below; k: DNSKEY RRset; r: RRset of CNAME.
static const struct row {
	const char *words;
	struct entry_spec (*spec)(void);
	struct entry_spec (*as)(struct entry_spec spec);
	const char *uses;
} rows[] = {
	{"A", a, as_is, "Afa"},
	{"AAAA", aaaa, as_is, "a"},
	{"DS", ds, as_is, "D"},
	{"DNSKEY", dnskey, as_is, "Kk"},
	{"NSEC", nsec, as_is, "N"},
	{"CNAME", cname, as_is, "ACQfcr"},
	{"DNAME", dname, as_is, "QBd"},
	{"DNAME of its name only", dname, this_name_only, "Qd"},
	{"NODATA of A", no_a, as_is, "Af"},
	{"NODATA of CNAME", no_cname, as_is, "C"},
	{"NODATA of DNAME", no_dname, as_is, "Q"},
	{"NODATA of DS", no_ds, as_is, "D"},
	{"NODATA of DNSKEY", no_dnskey, as_is, "K"},
	{"NXDOMAIN of AAAA alone", no_name_for_aaaa, insecure, ""},
	{"NXDOMAIN of CNAME alone", no_name_for_cname, insecure, "C"},
	{"NXDOMAIN", nxdomain, as_is, "ACDKNQBf"},
	{"NXDOMAIN, insecure", nxdomain, insecure, "ACKNQf"},
	{"NXDOMAIN of its name only", nxdomain, this_name_only, "ACDKNQf"},
	{"failure of A", failed_a, as_is, "f"},
	{"failure of CNAME", failed_cname, as_is, ""},
	{"failure of DNAME", failed_dname, as_is, ""},
	{"A, stale", a, stale, "sf"},
	{"CNAME, stale", cname, stale, "sf"},
	{"DNAME, stale", dname, stale, ""},
	{"NODATA of CNAME, stale", no_cname, stale, ""},
	{"NODATA of A, stale", no_a, stale, "sf"},
	{"NXDOMAIN, stale", nxdomain, stale, "sf"},
	{"A, past its signatures", a, past_signatures, "f"},
	{"CNAME, past its signatures", cname, past_signatures, "f"},
	{"DNSKEY, past its signatures", dnskey, past_signatures, ""},
	{"A, one-shot", a, one_shot, "a"},
	{"CNAME, one-shot", cname, one_shot, "cr"},
	{"NODATA of CNAME, one-shot", no_cname, one_shot, ""},
	{"NXDOMAIN, one-shot", nxdomain, one_shot, ""},
	{"A, unproven", a, unproven, "f"},
	{"CNAME, unproven", cname, unproven, "f"},
	{"DNAME, unproven", dname, unproven, ""},
	{"DNSKEY, unproven", dnskey, unproven, ""},
	{"NODATA of CNAME, unproven", no_cname, unproven, ""},
};
#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static bool serves(struct cache *cache, const char *name, uint16_t type, const struct entry *entry)
{
	const struct lookup lookup = ask(cache, name, type);

	return lookup.status == LOOKUP_HIT && lookup.count >= 1 && lookup.links[0] == entry;
}

static void say(char *uses, bool is, char letter)
{
	if (is)
		uses[strlen(uses)] = letter;
}

static void look_up(struct cache *cache, const struct entry *entry, char *uses)
{
	static const struct {
		char letter;
		const char *name;
		uint16_t type;
	} questions[] = {{'A', NAME, TYPE_A},      {'C', NAME, TYPE_CNAME}, {'D', NAME, TYPE_DS},
			 {'K', NAME, TYPE_DNSKEY}, {'N', NAME, TYPE_NSEC},  {'Q', NAME, TYPE_DNAME},
			 {'B', BELOW, TYPE_A}};

	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		say(uses, serves(cache, questions[i].name, questions[i].type, entry),
		    questions[i].letter);
	const struct lookup lookup = ask(cache, NAME, TYPE_A);
	say(uses, lookup.stale_count > 0 && lookup.stale_links[0] == entry, 's');
}

static void read(const struct entry *entry, char *uses)
{
	const struct entry_moment now = {NOW_MS, NOW_S};
	const enum entry_security least = SECURITY_INSECURE;
	struct entry_reader reader;
	uint8_t to[NAME_MAX_LEN];

	say(uses, entry_addresses(entry, wire(NAME), least, &now, &reader), 'a');
	assert_false(entry_addresses(entry, wire(TARGET), least, &now, &reader));
	if (entry_alias(entry, wire(NAME), TYPE_A, least, &now, to)) {
		say(uses, true, 'c');
		assert_true(name_equal(to, wire(TARGET)));
	}
	say(uses,
	    entry_alias(entry, wire(NAME), TYPE_DS, least, &now, to) ||
		    entry_alias(entry, wire(NAME), TYPE_NSEC, least, &now, to) ||
		    entry_alias(entry, wire(NAME), TYPE_CNAME, least, &now, to) ||
		    entry_alias(entry, wire(TARGET), TYPE_A, least, &now, to),
	    'n');
	if (entry_alias(entry, wire(BELOW), TYPE_A, least, &now, to)) {
		say(uses, true, 'd');
		assert_true(name_equal(to, wire("a." TARGET)));
	}
	say(uses, entry_rrset(entry, TYPE_DNSKEY, least, &now, &reader), 'k');
	say(uses, entry_rrset(entry, TYPE_CNAME, least, &now, &reader), 'r');
}

static void b14_each_kind_serves_for_its_uses_alone(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		struct cache *cache = fixture_cache(8, 1);
		struct entry_spec spec = rows[i].as(rows[i].spec());
		const struct entry *entry;
		char uses[32] = "";

		assert_int_equal(put(cache, spec_nxdomain(TARGET)), PUBLISHED);
		assert_int_not_equal(cache_publish(cache, &spec, &entry), PUBLISH_FAILED);
		look_up(cache, entry, uses);
		say(uses, cache_flush_type(cache, wire(NAME), TYPE_A) == 1, 'f');
		read(entry, uses);
		cache_unpin(cache, entry);
		if (strcmp(uses, rows[i].uses) != 0) {
			print_message("%s: \"%s\", not \"%s\"\n", rows[i].words, uses,
				      rows[i].uses);
			wrong++;
		}
		settle(cache, NOW_MS);
		cache_free(cache);
	}
	assert_int_equal(wrong, 0);
}

static void denials_alone_are_read_as_such(void **state)
{
	const struct entry_spec specs[] = {
		spec_a(NAME, 1),           spec_cname(NAME, TARGET),
		spec_dname(NAME, TARGET),  spec_failure(NAME, TYPE_A, 22),
		spec_nodata(NAME, TYPE_A), spec_nxdomain(NAME)};
	const struct entry_moment now = {NOW_MS, NOW_S};
	struct entry_reader reader;

	(void)state;
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		struct cache *cache = fixture_cache(8, 1);
		const struct entry *entry;

		assert_int_equal(cache_publish(cache, &specs[i], &entry), PUBLISHED);
		assert_int_equal(entry_denial(entry, SECURITY_INSECURE, &now, &reader), i >= 4);
		cache_unpin(cache, entry);
		settle(cache, NOW_MS);
		cache_free(cache);
	}
}

static void nothing_is_read_of_no_entry(void **state)
{
	struct entry_reader reader;
	uint8_t to[NAME_MAX_LEN];

	(void)state;
	assert_false(entry_rrset(NULL, TYPE_A, SECURITY_UNPROVEN, NULL, &reader));
	assert_false(entry_addresses(NULL, wire(NAME), SECURITY_UNPROVEN, NULL, &reader));
	assert_false(entry_denial(NULL, SECURITY_UNPROVEN, NULL, &reader));
	assert_false(entry_alias(NULL, wire(NAME), TYPE_A, SECURITY_UNPROVEN, NULL, to));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(b14_each_kind_serves_for_its_uses_alone),
		cmocka_unit_test(denials_alone_are_read_as_such),
		cmocka_unit_test(nothing_is_read_of_no_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
