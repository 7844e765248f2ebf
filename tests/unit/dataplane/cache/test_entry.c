#include "dataplane/dns/types.h"
#include "tests/unit/dataplane/cache/fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// In a block of exactly its size, so that the sanitizer sees a byte too many.
static struct entry *build(const struct entry_spec *spec)
{
	long bytes = entry_size(spec);

	assert_true(bytes > 0);
	struct entry *entry = malloc((size_t)bytes);
	entry_build(spec, 42, entry);
	assert_int_equal(entry->bytes, bytes);
	return entry;
}

static struct record record(const char *owner, uint16_t type, const char *rdata)
{
	return (struct record){
		.owner = wire(owner),
		.type = type,
		.class_ = CLASS_IN,
		.ttl_s = 60,
		.rdata = (const uint8_t *)rdata,
		.rdlen = (uint16_t)strlen(rdata),
	};
}

static void reads_back(const struct entry *entry, const struct record *expected,
		       const enum entry_part *parts, size_t count)
{
	struct entry_reader reader;
	enum entry_part part;
	struct record got;

	entry_show(entry, &reader);
	for (size_t i = 0; i < count; i++) {
		assert_true(entry_next(&reader, &part, &got));
		assert_int_equal(part, parts[i]);
		assert_true(name_equal(got.owner, expected[i].owner));
		assert_int_equal(got.type, expected[i].type);
		assert_int_equal(got.class_, expected[i].class_);
		assert_int_equal(got.ttl_s, expected[i].ttl_s);
		assert_int_equal(got.rdlen, expected[i].rdlen);
		assert_memory_equal(got.rdata, expected[i].rdata, got.rdlen);
	}
	assert_false(entry_next(&reader, &part, &got));
}

static void records_read_back_in_order_with_their_owners(void **state)
{
	(void)state;
	const struct record records[] = {
		record("www.sub.Example.", TYPE_A, "aaaa"),
		record("www.sub.example.", TYPE_A, ""),
		record("www.sub.example.", TYPE_RRSIG, "signature"),
		record("alpha.sub.example.", TYPE_NSEC, "next"),
		record("example.", TYPE_NSEC, "n"),
		record("a.b.other.", TYPE_NSEC3, "apart"),
		record(".", TYPE_RRSIG, "root"),
		record("deeper.www.sub.example.", TYPE_NSEC, "below"),
	};
	const enum entry_part parts[] = {ENTRY_DATA,   ENTRY_DATA,   ENTRY_RRSIGS, ENTRY_PROOFS,
					 ENTRY_PROOFS, ENTRY_PROOFS, ENTRY_PROOFS, ENTRY_PROOFS};
	struct entry_spec spec = spec_a("WWW.sub.example.", 1);
	spec.data = records;
	spec.data_count = 2;
	spec.rrsigs = records + 2;
	spec.rrsig_count = 1;
	spec.proofs = records + 3;
	spec.proof_count = 5;
	struct entry *entry = build(&spec);

	reads_back(entry, records, parts, 8);
	assert_memory_equal(entry_name(entry), wire("www.sub.example."), entry->name_len);
	free(entry);
}

static void owner_that_is_the_name_takes_two_bytes(void **state)
{
	(void)state;
	struct entry_spec spec = spec_a("www.example.", 1);
	struct entry *entry = build(&spec);

	assert_int_equal(entry->data_len, 2 + 10 + 4);
	assert_int_equal(entry_data(entry)[0], 0xc0);
	assert_int_equal(entry_data(entry)[1], 0);
	free(entry);
}

// One line of memory for most of what is asked.
static void address_of_a_name_of_28_bytes_ends_with_the_hot_line(void **state)
{
	(void)state;
	struct entry_spec spec = spec_a("www.abcdefghijklmn.example.", 1);
	struct entry *entry = build(&spec);

	assert_int_equal(entry->name_len, 28);
	assert_int_equal(entry_data(entry) + entry->data_len - (const uint8_t *)entry,
			 ENTRY_HOT + ENTRY_ALIGN);
	assert_int_equal(offsetof(struct entry, plain_signature_s) & ~(size_t)(ENTRY_ALIGN - 1),
			 ENTRY_HOT);
	assert_int_equal(entry->flags, ENTRY_PLAIN | ENTRY_AUTHENTIC);
	free(entry);
}

static void smallest_entry_is_a_whole_one(void **state)
{
	(void)state;
	struct entry_spec spec = spec_failure(".", TYPE_A, EDE_DNSSEC_BOGUS);
	spec.ede_text = "";
	struct entry *entry = build(&spec);

	assert_true(entry->bytes >= sizeof(*entry));
	free(entry);
}

static void owner_apart_points_at_the_root_label(void **state)
{
	(void)state;
	const struct record proof = record("a.other.", TYPE_NSEC, "");
	struct entry_spec spec = spec_nodata("www.example.", TYPE_A);
	spec.proofs = &proof;
	spec.proof_count = 1;
	struct entry *entry = build(&spec);
	const uint8_t expected[] = {1, 'a', 5, 'o', 't', 'h', 'e', 'r', 0xc0, 12};

	assert_memory_equal(entry_proofs(entry), expected, sizeof(expected));
	assert_int_equal(entry_name(entry)[12], 0);
	free(entry);
}

static void longest_name_is_laid_out(void **state)
{
	char text[256];

	(void)state;
	for (size_t i = 0; i < 254; i++)
		text[i] = i % 2 == 0 ? 'x' : '.';
	text[254] = 0;
	struct entry_spec spec = spec_a(text, 9);
	struct entry *entry = build(&spec);
	assert_int_equal(entry->name_len, 255);
	assert_int_equal(address_of(entry), 9);
	free(entry);
}

static void rdata_of_65535_bytes_is_laid_out(void **state)
{
	(void)state;
	struct entry_spec spec = spec_bytes("big.example.", TYPE_TXT, 65535);
	struct entry *entry = build(&spec);
	reads_back(entry, spec.data, (enum entry_part[]){ENTRY_DATA}, 1);
	free(entry);
}

static void no_record_outlives_the_entry(void **state)
{
	(void)state;
	struct entry_spec spec = spec_a("www.example.", 1);
	struct entry_reader reader;
	enum entry_part part;
	struct record got;

	spec.ttl_s = 7; // the record says TTL_S
	struct entry *entry = build(&spec);
	entry_show(entry, &reader);
	assert_true(entry_next(&reader, &part, &got));
	assert_int_equal(got.ttl_s, 7);
	assert_int_equal(entry->expires_ms, NOW_MS + 7000);
	free(entry);
}

// ATTACKS E2
static void E2_huge_times_do_not_overflow(void **state)
{
	(void)state;
	struct entry_spec spec = spec_a("www.example.", 1);
	spec.ttl_s = UINT32_MAX;
	spec.stale_s = UINT32_MAX;
	struct entry *entry = build(&spec);

	assert_int_equal(entry->expires_ms, NOW_MS + (uint64_t)INT32_MAX * 1000);
	assert_int_equal(entry->stale_until_ms, NOW_MS + (uint64_t)INT32_MAX * 2000);
	free(entry);

	const uint64_t late[] = {ENTRY_MS_MAX - 5, UINT64_MAX - 5};
	for (size_t i = 0; i < 2; i++) {
		spec.now_ms = late[i];
		entry = build(&spec);
		assert_int_equal(entry->expires_ms, ENTRY_MS_MAX);
		assert_int_equal(entry->stale_until_ms, ENTRY_MS_MAX);
		assert_int_equal(entry->flags & ENTRY_PLAIN, 0);
		free(entry);
	}
}

static void failure_keeps_its_code_and_text_and_nothing_else(void **state)
{
	(void)state;
	struct entry_spec spec = spec_failure("www.example.", TYPE_A, EDE_DNSSEC_BOGUS);
	struct entry_facts facts;
	spec.ede_text = "signature of www.example. A is wrong";
	spec.security = SECURITY_UNPROVEN;
	struct entry *entry = build(&spec);

	entry_facts(entry, &facts);
	assert_string_equal(facts.ede_text, spec.ede_text);
	assert_int_equal(entry->data_len, strlen(spec.ede_text));
	assert_int_equal(facts.ede, EDE_DNSSEC_BOGUS);
	assert_int_equal(facts.rcode, RCODE_SERVFAIL);
	assert_int_equal(facts.stale_until_ms, facts.expires_ms);
	assert_int_not_equal(facts.security, SECURITY_UNPROVEN);
	reads_back(entry, NULL, NULL, 0);
	free(entry);
}

static void failure_text_is_cut_between_characters(void **state)
{
	(void)state;
	char text[300];
	struct entry_facts facts;
	struct entry_spec spec = spec_failure("www.example.", TYPE_A, EDE_OTHER);

	memset(text, 'x', 159);
	strcpy(text + 159, "\xc3\xa4\xc3\xa4"); // the character would end at byte 161
	spec.ede_text = text;
	struct entry *entry = build(&spec);
	entry_facts(entry, &facts);
	assert_int_equal(strlen(facts.ede_text), 159);
	free(entry);
}

static void facts_of_other_kinds_have_an_empty_text(void **state)
{
	(void)state;
	struct entry_spec spec = spec_a("www.example.", 1);
	struct entry_facts facts;
	spec.ede_text = "not kept";
	spec.opt_out = true;
	struct entry *entry = build(&spec);

	entry_facts(entry, &facts);
	assert_string_equal(facts.ede_text, "");
	assert_true(facts.opt_out);
	assert_false(facts.one_shot);
	assert_int_equal(facts.signature_expires_s, NOW_S + 86400);
	free(entry);
}

static void refused_with(struct entry_spec spec, int error)
{
	assert_int_equal(entry_size(&spec), error);
}

static void specs_that_make_no_entry_are_refused(void **state)
{
	(void)state;
	struct entry_spec spec = spec_failure("x.", TYPE_A, EDE_OTHER);
	struct entry_spec data = spec_a("x.", 1);

	spec.data = data.data;
	spec.data_count = 1;
	refused_with(spec, -EINVAL); // a failure holds no RRset

	spec = spec_a("x.", 1);
	spec.data_count = 0;
	refused_with(spec, -EINVAL);

	spec = spec_a("x.", 1);
	spec.type = TYPE_AAAA;
	refused_with(spec, -EINVAL);

	spec = spec_a("x.", 1);
	spec.name = wire("y.");
	refused_with(spec, -EINVAL);

	spec = spec_nodata("x.", TYPE_A);
	spec.type = 0;
	refused_with(spec, -EINVAL);

	spec = spec_nodata("x.", TYPE_A);
	spec.data = data.data;
	refused_with(spec, -EINVAL);

	struct record two[2];
	spec = spec_cname("x.", "y.");
	two[0] = two[1] = spec.data[0];
	spec.data = two;
	spec.data_count = 2;
	refused_with(spec, -EINVAL); // RFC 2181 §10.1

	spec = spec_cname("x.", "y.");
	two[0].rdlen--;
	spec.data = two;
	refused_with(spec, -EINVAL); // its target is no name
}

static void entry_over_the_limit_is_too_big(void **state)
{
	(void)state;
	struct record records[5];
	struct entry_spec spec = spec_bytes("x.", TYPE_TXT, 65535);

	for (size_t i = 0; i < 5; i++)
		records[i] = spec.data[0];
	spec.data = records;
	spec.data_count = 5;
	refused_with(spec, -E2BIG);
}

static void positive_cname_is_the_cname(void **state)
{
	(void)state;
	struct entry_spec spec = spec_cname("x.", "y.");
	spec.kind = ENTRY_POSITIVE;
	struct entry *entry = build(&spec);

	assert_int_equal(entry->kind, ENTRY_CNAME);
	assert_int_equal(entry->type, TYPE_CNAME);
	free(entry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_read_back_in_order_with_their_owners),
		cmocka_unit_test(owner_that_is_the_name_takes_two_bytes),
		cmocka_unit_test(address_of_a_name_of_28_bytes_ends_with_the_hot_line),
		cmocka_unit_test(smallest_entry_is_a_whole_one),
		cmocka_unit_test(owner_apart_points_at_the_root_label),
		cmocka_unit_test(longest_name_is_laid_out),
		cmocka_unit_test(rdata_of_65535_bytes_is_laid_out),
		cmocka_unit_test(no_record_outlives_the_entry),
		cmocka_unit_test(E2_huge_times_do_not_overflow),
		cmocka_unit_test(failure_keeps_its_code_and_text_and_nothing_else),
		cmocka_unit_test(failure_text_is_cut_between_characters),
		cmocka_unit_test(facts_of_other_kinds_have_an_empty_text),
		cmocka_unit_test(specs_that_make_no_entry_are_refused),
		cmocka_unit_test(entry_over_the_limit_is_too_big),
		cmocka_unit_test(positive_cname_is_the_cname),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
