#include "control/upstream/match.h"
#include "dataplane/dns/builder.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/upstream/script.h"

#include <string.h>

static const uint8_t name[] = "\3WwW\7eXamPLe";

struct fixture {
	uint8_t msg[128];
	size_t len;
	struct match_question question;
};

static void make(struct fixture *f)
{
	struct builder b;

	builder_start(&b, f->msg, sizeof(f->msg), 0x1234, FLAG_QR);
	builder_question(&b, name, TYPE_A, CLASS_IN);
	f->len = (size_t)builder_finish(&b);
	f->question = (struct match_question){
		.name = name,
		.name_len = sizeof(name),
		.type = TYPE_A,
		.id = 0x1234,
	};
}

static enum match match(const struct fixture *f)
{
	return match_reply(&f->question, f->msg, f->len);
}

static void same_question_matches(void **state)
{
	struct fixture f;

	(void)state;
	make(&f);
	assert_int_equal(match(&f), MATCH_EXACT);
}

static void any_other_id_is_not_ours(void **state)
{
	struct fixture f;
	unsigned matches = 0;

	(void)state;
	make(&f);
	for (unsigned id = 0; id < 65536; id++) {
		wire_put16(f.msg, (uint16_t)id);
		matches += match(&f) != MATCH_OTHER;
	}
	assert_int_equal(matches, 1);
}

static void query_is_no_answer(void **state)
{
	struct fixture f;

	(void)state;
	make(&f);
	f.msg[2] &= 0x7f;
	assert_int_equal(match(&f), MATCH_NEAR);
}

static void other_opcode_is_no_answer(void **state)
{
	struct fixture f;

	(void)state;
	make(&f);
	for (unsigned opcode = 1; opcode < 16; opcode++) {
		f.msg[2] = (uint8_t)(0x80 | opcode << 3);
		assert_int_equal(match(&f), MATCH_NEAR);
	}
}

static void other_type_or_class_is_no_answer(void **state)
{
	struct fixture f;

	(void)state;
	make(&f);
	f.msg[f.len - 3] = TYPE_NS;
	assert_int_equal(match(&f), MATCH_WRONG);
	make(&f);
	f.msg[f.len - 1] = CLASS_CH;
	assert_int_equal(match(&f), MATCH_WRONG);
}

static void other_name_is_no_answer(void **state)
{
	struct fixture f;

	(void)state;
	make(&f);
	f.msg[HEADER_LEN + 1] = 'x';
	assert_int_equal(match(&f), MATCH_WRONG);
}

// It ends before ours would, and is whole all the same.
static void shorter_question_is_another_one(void **state)
{
	struct fixture f;
	struct builder b;

	(void)state;
	make(&f);
	builder_start(&b, f.msg, sizeof(f.msg), 0x1234, FLAG_QR);
	builder_question(&b, (const uint8_t *)"\7eXamPLe", TYPE_A, CLASS_IN);
	f.len = (size_t)builder_finish(&b);
	assert_int_equal(match(&f), MATCH_WRONG);
}

static void other_case_is_told_apart(void **state)
{
	struct fixture f;

	(void)state;
	make(&f);
	for (size_t i = 0; i < sizeof(name); i++) {
		if ((name[i] | 0x20) < 'a')
			continue;
		make(&f);
		f.msg[HEADER_LEN + i] ^= 0x20;
		assert_int_equal(match(&f), MATCH_CASE);
	}
}

// '@' and '`', '[' and '{' differ in the same bit as letters do.
static void only_letters_have_case(void **state)
{
	struct fixture f;

	(void)state;
	make(&f);
	f.msg[HEADER_LEN + 1] = '@';
	f.question.name = (const uint8_t *)"\3`wW\7eXamPLe";
	assert_int_equal(match(&f), MATCH_WRONG);
	f.msg[HEADER_LEN + 1] = '[';
	f.question.name = (const uint8_t *)"\3{wW\7eXamPLe";
	assert_int_equal(match(&f), MATCH_WRONG);
}

static void every_prefix_is_no_answer(void **state)
{
	struct fixture f;
	size_t whole;

	(void)state;
	make(&f);
	whole = f.len;
	for (f.len = 0; f.len < 2; f.len++)
		assert_int_equal(match(&f), MATCH_OTHER);
	for (; f.len < whole; f.len++) {
		uint8_t *exact = test_malloc(f.len);

		memcpy(exact, f.msg, f.len);
		assert_int_equal(match_reply(&f.question, exact, f.len), MATCH_NEAR);
		test_free(exact);
	}
}

static void question_count_must_be_one(void **state)
{
	struct fixture f;

	(void)state;
	make(&f);
	wire_put16(f.msg + 4, 2);
	assert_int_equal(match(&f), MATCH_WRONG);
	wire_put16(f.msg + 4, 0);
	assert_int_equal(match(&f), MATCH_WRONG);
}

static void header_alone_is_bare_only_with_an_error(void **state)
{
	struct fixture f;

	(void)state;
	make(&f);
	wire_put16(f.msg + 4, 0);
	f.len = HEADER_LEN;
	f.msg[3] = RCODE_FORMERR;
	assert_int_equal(match(&f), MATCH_BARE);
	f.msg[3] = RCODE_NXDOMAIN;
	assert_int_equal(match(&f), MATCH_WRONG);
	f.msg[3] = RCODE_FORMERR;
	wire_put16(f.msg + 6, 1);
	assert_int_equal(match(&f), MATCH_WRONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_question_matches),
		cmocka_unit_test(any_other_id_is_not_ours),
		cmocka_unit_test(query_is_no_answer),
		cmocka_unit_test(other_opcode_is_no_answer),
		cmocka_unit_test(other_type_or_class_is_no_answer),
		cmocka_unit_test(other_name_is_no_answer),
		cmocka_unit_test(shorter_question_is_another_one),
		cmocka_unit_test(other_case_is_told_apart),
		cmocka_unit_test(only_letters_have_case),
		cmocka_unit_test(every_prefix_is_no_answer),
		cmocka_unit_test(question_count_must_be_one),
		cmocka_unit_test(header_alone_is_bare_only_with_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
