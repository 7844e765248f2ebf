// Two replies in another case than their questions count for one in the right case when they say
// the same.
#include "control/upstream/exchange.h"
#include "dataplane/dns/builder.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/upstream/script.h"

#include <string.h>

struct line {
	enum section section;
	const char *owner;
	uint16_t type;
	uint32_t ttl_s;
	uint8_t rdata[4];
};

static const struct line base[] = {
	{SECTION_ANSWER, "www.example.", TYPE_A, 300, {192, 0, 2, 1}},
	{SECTION_ANSWER, "www.example.", TYPE_A, 300, {192, 0, 2, 2}},
	{SECTION_AUTHORITY, "example.", 65400, 300, {1, 2, 3, 4}},
	{SECTION_ADDITIONAL, "ns.example.", TYPE_A, 300, {192, 0, 2, 3}},
};
#define COUNT (sizeof(base) / sizeof(base[0]))

static struct message *make(const struct line *lines, size_t count, uint16_t flags)
{
	uint8_t out[4096];
	struct builder b;
	struct message *message;

	builder_start(&b, out, sizeof(out), 1, (uint16_t)(FLAG_QR | flags));
	builder_question(&b, script_name("www.example."), TYPE_A, CLASS_IN);
	for (enum section section = 0; section < SECTION_COUNT; section++)
		for (size_t i = 0; i < count; i++)
			if (lines[i].section == section)
				builder_record(&b, section, script_name(lines[i].owner),
					       lines[i].type, CLASS_IN, lines[i].ttl_s,
					       lines[i].rdata, 4);
	int len = builder_finish(&b);
	assert_true(len > 0);
	assert_int_equal(message_parse(out, (size_t)len, &message), MESSAGE_OK);
	return message;
}

static bool agree(const struct line *lines, size_t count, uint16_t flags)
{
	struct message *a = make(base, COUNT, 0), *b = make(lines, count, flags);
	bool yes = messages_agree(a, b);

	assert_int_equal(messages_agree(b, a), yes);
	message_free(a);
	message_free(b);
	return yes;
}

static void order_ttls_and_case_do_not_matter(void **state)
{
	static const struct line other[COUNT] = {
		{SECTION_ADDITIONAL, "ns.example.", TYPE_A, 7, {192, 0, 2, 3}},
		{SECTION_ANSWER, "www.example.", TYPE_A, 60, {192, 0, 2, 2}},
		{SECTION_ANSWER, "www.example.", TYPE_A, 60, {192, 0, 2, 1}},
		{SECTION_AUTHORITY, "EXAMPLE.", 65400, 1, {1, 2, 3, 4}},
	};

	(void)state;
	assert_true(agree(base, COUNT, 0));
	assert_true(agree(other, COUNT, 0));
}

// Whoever forges one may not add to the other, in whatever section.
static void anything_else_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		struct line other[COUNT + 1];

		memcpy(other, base, sizeof(base));
		other[i].rdata[3] ^= 0x40;
		assert_false(agree(other, COUNT, 0)); // another value
		memcpy(other, base, sizeof(base));
		other[i].type ^= 0x4000;
		assert_false(agree(other, COUNT, 0)); // another type
		memcpy(other, base, sizeof(base));
		other[i].owner = "x.example.";
		assert_false(agree(other, COUNT, 0)); // another owner
		memcpy(other, base, sizeof(base));
		other[i].section = (other[i].section + 1) % SECTION_COUNT;
		assert_false(agree(other, COUNT, 0)); // another section
		memcpy(other, base, sizeof(base));
		other[COUNT] = base[i];
		other[COUNT].rdata[0] ^= 0x40;
		assert_false(agree(other, COUNT + 1, 0)); // one more
		other[COUNT].owner = "y.example.";
		assert_false(agree(other, COUNT + 1, 0)); // one more RRset
		memcpy(other, base, sizeof(base));
		other[i] = other[COUNT - 1];
		assert_int_equal(agree(other, COUNT - 1, 0), false); // one less
	}
	assert_false(agree(base, COUNT, RCODE_NXDOMAIN));
	assert_false(agree(base, COUNT, FLAG_AA));
	assert_false(agree(base, COUNT, FLAG_RA));
	assert_false(agree(base, 0, 0));
}

static void what_cannot_be_read_does_not_agree(void **state)
{
	(void)state;
	struct message *a = make(base, COUNT, 0), *b = make(base, COUNT, 0);
	b->trailing = true;
	assert_false(messages_agree(a, b));
	assert_false(messages_agree(b, a));
	b->trailing = false;
	b->lost_count = 1;
	assert_false(messages_agree(a, b));
	assert_false(messages_agree(b, a));
	b->lost_count = 0;
	b->rcode = RCODE_BADVERS; // its upper bits stand in the OPT record
	assert_false(messages_agree(a, b));
	b->rcode = a->rcode;
	assert_true(messages_agree(a, b));
	message_free(a);
	message_free(b);
}

// Comparing costs the square of the records.
static void what_would_be_long_to_compare_is_held_to_differ(void **state)
{
	static struct line many[65];

	(void)state;
	for (unsigned count = 64; count <= 65; count++) {
		for (unsigned i = 0; i < count; i++)
			many[i] = (struct line){
				SECTION_ANSWER, "www.example.", TYPE_A, 60, {10, 0, 0, (uint8_t)i}};
		struct message *a = make(many, count, 0), *b = make(many, count, 0);
		assert_int_equal(messages_agree(a, b), count == 64);
		message_free(a);
		message_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_ttls_and_case_do_not_matter),
		cmocka_unit_test(anything_else_does),
		cmocka_unit_test(what_cannot_be_read_does_not_agree),
		cmocka_unit_test(what_would_be_long_to_compare_is_held_to_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
