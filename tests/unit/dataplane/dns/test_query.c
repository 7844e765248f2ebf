// Each malformed kind of ATTACKS §3 F that a query can show, named as there.
#include "dataplane/dns/query.h"
#include "tests/unit/dataplane/dns/wire.h"

static struct wire w;
static struct query q;

static enum query_verdict parse(void)
{
	memset(&q, 0xa5, sizeof(q)); // nothing may be left from before
	return query_parse(wire_exact(&w), w.len, &q);
}

#define QUERY_FLAGS (FLAG_RD | FLAG_AD)

static void plain_query(unsigned additional)
{
	wire_header(&w, QUERY_FLAGS, 1, 0, 0, additional);
	wire_question(&w, "wWw.Example", TYPE_A, CLASS_IN);
}

static void query_of(unsigned type, unsigned class_)
{
	wire_header(&w, QUERY_FLAGS, 1, 0, 0, 0);
	wire_question(&w, "example", type, class_);
}

static void assert_no_question(void)
{
	assert_int_equal(q.question_len, 0);
}

static void assert_question_is_filled(void)
{
	assert_int_equal(q.question_len, 17);
	assert_int_equal(q.qname_len, 13);
	assert_memory_equal(q.question, "\3wWw\7Example\0\0\1\0\1", 17);
	assert_memory_equal(q.qname, "\3www\7example", 13);
	assert_int_equal(q.qtype, TYPE_A);
	assert_int_equal(q.qclass, CLASS_IN);
}

static void plain_query_is_answered(void **state)
{
	(void)state;

	plain_query(0);
	assert_int_equal(parse(), QUERY_ANSWER);
	assert_question_is_filled();
	assert_int_equal(q.id, 0x1234);
	assert_int_equal(q.flags, QUERY_FLAGS);
	assert_true(q.rd);
	assert_true(q.ad);
	assert_false(q.cd);
	assert_false(q.edns.present);
	assert_int_equal(q.edns.ede, EDE_NONE);
	assert_int_equal(query_udp_limit(&q), 512);
	assert_false(query_wants_dnssec(&q));
}

static void query_with_opt_is_answered(void **state)
{
	(void)state;

	plain_query(1);
	wire_opt(&w, 4096, 0x8000, "\0\12\0\10clientco", 12);
	assert_int_equal(parse(), QUERY_ANSWER);
	assert_question_is_filled();
	assert_true(q.edns.present);
	assert_true(query_wants_dnssec(&q));
	assert_true(q.edns.has_cookie);
	assert_int_equal(query_udp_limit(&q), 1232);
}

static void udp_limit_follows_the_client_between_512_and_1232(void **state)
{
	(void)state;
	static const unsigned sizes[][2] = {{0, 512},     {511, 512},   {512, 512},   {1000, 1000},
					    {1232, 1232}, {1233, 1232}, {65535, 1232}};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		plain_query(1);
		wire_opt(&w, sizes[i][0], 0, "", 0);
		assert_int_equal(parse(), QUERY_ANSWER);
		assert_int_equal(query_udp_limit(&q), sizes[i][1]);
	}
}

static void flags_are_told_apart(void **state)
{
	(void)state;

	wire_header(&w, FLAG_CD, 1, 0, 0, 0);
	wire_question(&w, ".", TYPE_NS, CLASS_IN);
	assert_int_equal(parse(), QUERY_ANSWER);
	assert_true(q.cd);
	assert_false(q.rd);
	assert_false(q.ad);
	assert_int_equal(q.qname_len, 1);
	// Flags that mean nothing in a query do not harm it (RFC 1035 §4.1.1).
	wire_header(&w, FLAG_AA | FLAG_TC | FLAG_RA | FLAG_Z | 5, 1, 0, 0, 0);
	wire_question(&w, ".", TYPE_NS, CLASS_IN);
	assert_int_equal(parse(), QUERY_ANSWER);
}

static void f_runt_is_dropped(void **state)
{
	(void)state;

	plain_query(0);
	for (w.len = 0; w.len < HEADER_LEN; w.len++)
		assert_int_equal(parse(), QUERY_DROP);
}

static void f_qr_1_is_dropped(void **state)
{
	(void)state;

	plain_query(0);
	w.buf[2] |= 0x80;
	assert_int_equal(parse(), QUERY_DROP);
	// Even with another opcode, or malformed: no reply to replies (ATTACKS D10).
	w.buf[2] |= 0x28;
	assert_int_equal(parse(), QUERY_DROP);
	wire_header(&w, FLAG_QR, 0, 0, 0, 0);
	assert_int_equal(parse(), QUERY_DROP);
}

static void every_cut_of_a_query_is_formerr(void **state)
{
	(void)state;

	plain_query(1);
	wire_opt(&w, 1232, 0, "\0\12\0\10clientco", 12);
	size_t full = w.len;
	for (w.len = HEADER_LEN; w.len < full; w.len++)
		assert_int_equal(parse(), QUERY_FORMERR);
	w.len = full;
	assert_int_equal(parse(), QUERY_ANSWER);
}

static void f_no_question_is_formerr(void **state)
{
	(void)state;

	wire_header(&w, QUERY_FLAGS, 0, 0, 0, 0);
	assert_int_equal(parse(), QUERY_FORMERR);
	assert_no_question();
	wire_header(&w, QUERY_FLAGS, 0, 0, 0, 1);
	wire_opt(&w, 1400, 0x8000, "", 0);
	assert_int_equal(parse(), QUERY_FORMERR);
	assert_no_question();
	assert_true(q.edns.present);
	assert_true(q.edns.do_bit);
}

// RFC 9619.
static void f_two_questions_are_formerr(void **state)
{
	(void)state;

	wire_header(&w, QUERY_FLAGS, 2, 0, 0, 1);
	wire_question(&w, "a", TYPE_A, CLASS_IN);
	wire_question(&w, "b", TYPE_A, CLASS_IN);
	wire_opt(&w, 1400, 0, "", 0);
	assert_int_equal(parse(), QUERY_FORMERR);
	assert_no_question();
	assert_true(q.edns.present);
	assert_int_equal(q.id, 0x1234);
	wire_header(&w, QUERY_FLAGS, 65535, 0, 0, 0);
	wire_question(&w, "a", TYPE_A, CLASS_IN);
	assert_int_equal(parse(), QUERY_FORMERR);
}

static void f_compressed_question_is_formerr(void **state)
{
	(void)state;

	wire_header(&w, QUERY_FLAGS, 1, 0, 0, 0);
	wire_pointer(&w, 12);
	wire_16(&w, TYPE_A);
	wire_16(&w, CLASS_IN);
	assert_int_equal(parse(), QUERY_FORMERR);
	assert_no_question();
	// Into the header, and forward.
	w.buf[13] = 4;
	assert_int_equal(parse(), QUERY_FORMERR);
	w.buf[13] = 14;
	assert_int_equal(parse(), QUERY_FORMERR);
}

static void f_label_over_63_is_formerr(void **state)
{
	(void)state;

	wire_header(&w, QUERY_FLAGS, 1, 0, 0, 0);
	wire_8(&w, 64);
	for (unsigned i = 0; i < 64; i++)
		wire_8(&w, 'a');
	wire_bytes(&w, "\0\0\1\0\1", 5);
	assert_int_equal(parse(), QUERY_FORMERR);
	assert_no_question();
}

static void f_name_over_255_is_formerr(void **state)
{
	(void)state;

	for (unsigned labels = 127; labels <= 128; labels++) {
		wire_header(&w, QUERY_FLAGS, 1, 0, 0, 0);
		for (unsigned i = 0; i < labels; i++)
			wire_bytes(&w, "\1A", 2);
		wire_bytes(&w, "\0\0\1\0\1", 5);
		assert_int_equal(parse(), labels == 127 ? QUERY_ANSWER : QUERY_FORMERR);
	}
}

static void f_trailing_bytes_are_formerr(void **state)
{
	(void)state;

	plain_query(0);
	wire_8(&w, 0);
	assert_int_equal(parse(), QUERY_FORMERR);
	assert_question_is_filled();
	plain_query(1);
	wire_opt(&w, 1232, 0, "", 0);
	wire_8(&w, 0);
	assert_int_equal(parse(), QUERY_FORMERR);
	assert_question_is_filled();
	assert_true(q.edns.present);
	// An OPT that no count announces.
	plain_query(0);
	wire_opt(&w, 1232, 0, "", 0);
	assert_int_equal(parse(), QUERY_FORMERR);
	assert_false(q.edns.present);
}

static void f_rdlength_past_the_end_is_formerr(void **state)
{
	(void)state;

	plain_query(1);
	wire_opt(&w, 1232, 0, "", 0);
	w.buf[w.len - 1] = 1;
	assert_int_equal(parse(), QUERY_FORMERR);
	w.buf[w.len - 2] = 0xff;
	w.buf[w.len - 1] = 0xff;
	assert_int_equal(parse(), QUERY_FORMERR);
}

static void f_counts_past_the_end_are_formerr(void **state)
{
	(void)state;

	plain_query(65535);
	wire_opt(&w, 1232, 0, "", 0);
	assert_int_equal(parse(), QUERY_FORMERR);
	assert_true(q.edns.present);
}

static void f_opt_twice_is_formerr(void **state)
{
	(void)state;

	plain_query(2);
	wire_opt(&w, 1232, 0x8000, "", 0);
	wire_opt(&w, 4096, 0, "", 0);
	assert_int_equal(parse(), QUERY_FORMERR);
	assert_question_is_filled();
	assert_true(q.edns.do_bit);
	assert_int_equal(q.edns.udp_size, 1232);
}

static void f_opt_not_root_named_is_formerr(void **state)
{
	(void)state;

	plain_query(1);
	wire_record(&w, "example", TYPE_OPT, 1232, 0, "", 0);
	assert_int_equal(parse(), QUERY_FORMERR);
	// A pointer to a root label is not the root label either.
	plain_query(1);
	wire_pointer(&w, 24);
	wire_rest(&w, TYPE_OPT, 1232, 0, "", 0);
	assert_int_equal(w.buf[24], 0);
	assert_int_equal(parse(), QUERY_FORMERR);
}

static void f_opt_in_answer_or_authority_is_formerr(void **state)
{
	(void)state;

	wire_header(&w, QUERY_FLAGS, 1, 1, 0, 0);
	wire_question(&w, "example", TYPE_A, CLASS_IN);
	wire_opt(&w, 1232, 0, "", 0);
	assert_int_equal(parse(), QUERY_FORMERR);
	wire_header(&w, QUERY_FLAGS, 1, 0, 1, 0);
	wire_question(&w, "example", TYPE_IXFR, CLASS_IN);
	wire_opt(&w, 1232, 0, "", 0);
	assert_int_equal(parse(), QUERY_FORMERR);
}

static void f_records_in_answer_or_authority_are_formerr(void **state)
{
	(void)state;

	for (unsigned section = 0; section < 2; section++) {
		wire_header(&w, QUERY_FLAGS, 1, section == 0, section == 1, 1);
		wire_question(&w, "wWw.Example", TYPE_A, CLASS_IN);
		wire_record(&w, "example", TYPE_A, CLASS_IN, 1, "\1\2\3\4", 4);
		wire_opt(&w, 1232, 0x8000, "", 0);
		assert_int_equal(parse(), QUERY_FORMERR);
		assert_question_is_filled();
		assert_true(q.edns.do_bit); // found behind them all the same
	}
}

static void f_other_additional_records_are_formerr(void **state)
{
	(void)state;
	static const unsigned types[] = {TYPE_A, TYPE_TKEY, 65280};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		plain_query(2);
		wire_record(&w, "example", types[i], CLASS_IN, 1, "\1\2\3\4", 4);
		wire_opt(&w, 1232, 0, "", 0);
		assert_int_equal(parse(), QUERY_FORMERR);
		assert_true(q.edns.present);
	}
}

static void f_edns_version_over_0_is_badvers(void **state)
{
	(void)state;

	for (unsigned version = 1; version < 256; version += 127) {
		plain_query(1);
		wire_opt(&w, 1232, version << 16 | 0x8000, "\0", 1);
		assert_int_equal(parse(), QUERY_BADVERS);
		assert_question_is_filled();
		assert_int_equal(q.edns.version, version);
		assert_true(q.edns.do_bit);
	}
}

static void f_unknown_opcode_is_notimp(void **state)
{
	(void)state;

	// IQUERY, STATUS, NOTIFY, UPDATE and all the others.
	for (unsigned opcode = 1; opcode < 16; opcode++) {
		wire_header(&w, opcode << 11, 1, 0, 0, 1);
		wire_question(&w, "wWw.Example", TYPE_A, CLASS_IN);
		wire_opt(&w, 1400, 0, "", 0);
		assert_int_equal(parse(), QUERY_NOTIMP);
		assert_question_is_filled();
		assert_int_equal(q.edns.udp_size, 1400);
	}
}

static void f_malformed_notify_and_update_are_notimp(void **state)
{
	(void)state;

	wire_header(&w, OPCODE_NOTIFY << 11, 0, 0, 0, 0);
	assert_int_equal(parse(), QUERY_NOTIMP);
	assert_no_question();
	wire_header(&w, OPCODE_UPDATE << 11, 1, 0, 1, 0);
	wire_question(&w, "example", TYPE_SOA, CLASS_IN);
	wire_record(&w, "a.example", TYPE_A, CLASS_IN, 1, "\1\2\3\4", 4);
	assert_int_equal(parse(), QUERY_NOTIMP);
	wire_header(&w, OPCODE_UPDATE << 11, 9, 9, 9, 9);
	wire_8(&w, 0xff);
	assert_int_equal(parse(), QUERY_NOTIMP);
	assert_no_question();
}

static void f_class_other_than_in_is_refused(void **state)
{
	(void)state;
	static const unsigned classes[] = {0, 2, CLASS_CH, 4, CLASS_NONE, 65535};

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		query_of(TYPE_TXT, classes[i]);
		assert_int_equal(parse(), QUERY_REFUSED);
		assert_int_equal(q.qclass, classes[i]);
		assert_int_equal(q.qtype, TYPE_TXT);
		assert_int_equal(q.question_len, 13);
		assert_memory_equal(q.qname, "\7example", 9);
	}
}

// RFC 1034 §3.7.1
static void class_any_is_answered(void **state)
{
	(void)state;
	query_of(TYPE_TXT, CLASS_ANY);
	assert_int_equal(parse(), QUERY_ANSWER);
	assert_int_equal(q.qclass, CLASS_ANY);
	query_of(TYPE_AXFR, CLASS_ANY);
	assert_int_equal(parse(), QUERY_REFUSED);
	query_of(TYPE_OPT, CLASS_ANY);
	assert_int_equal(parse(), QUERY_META_TYPE);
}

static void f_tsig_and_sig0_are_refused(void **state)
{
	(void)state;
	static const unsigned types[] = {TYPE_TSIG, TYPE_SIG};

	for (size_t i = 0; i < 2; i++) {
		plain_query(2);
		wire_opt(&w, 1232, 0x8000, "", 0);
		wire_record(&w, "key", types[i], CLASS_ANY, 0, "\0\0\0\0", 4);
		assert_int_equal(parse(), QUERY_REFUSED);
		assert_question_is_filled();
		assert_true(q.edns.do_bit);
		plain_query(1);
		wire_record(&w, "key", types[i], CLASS_ANY, 0, "", 0);
		assert_int_equal(parse(), QUERY_REFUSED);
	}
}

// RFC 8945 §5.1.
static void f_tsig_before_the_last_record_is_formerr(void **state)
{
	(void)state;

	plain_query(2);
	wire_record(&w, "key", TYPE_TSIG, CLASS_ANY, 0, "\0\0\0\0", 4);
	wire_opt(&w, 1232, 0, "", 0);
	assert_int_equal(parse(), QUERY_FORMERR);
	assert_true(q.edns.present);
	plain_query(2);
	wire_record(&w, "key", TYPE_TSIG, CLASS_ANY, 0, "", 0);
	wire_record(&w, "key", TYPE_TSIG, CLASS_ANY, 0, "", 0);
	assert_int_equal(parse(), QUERY_FORMERR);
}

static void f_transfers_are_refused(void **state)
{
	(void)state;

	query_of(TYPE_AXFR, CLASS_IN);
	assert_int_equal(parse(), QUERY_REFUSED);
	query_of(TYPE_IXFR, CLASS_IN);
	assert_int_equal(parse(), QUERY_REFUSED);
	// IXFR comes with the SOA the client has.
	wire_header(&w, 0, 1, 0, 1, 0);
	wire_question(&w, "example", TYPE_IXFR, CLASS_IN);
	wire_record(&w, "example", TYPE_SOA, CLASS_IN, 0, "\0\0", 2);
	assert_int_equal(parse(), QUERY_REFUSED);
}

static void types_that_cannot_be_asked_are_meta(void **state)
{
	(void)state;
	static const unsigned meta[] = {0,         TYPE_OPT,   TYPE_NXNAME, TYPE_TKEY,
					TYPE_TSIG, TYPE_MAILA, TYPE_MAILB};

	for (size_t i = 0; i < sizeof(meta) / sizeof(meta[0]); i++) {
		query_of(meta[i], CLASS_IN);
		assert_int_equal(parse(), QUERY_META_TYPE);
		assert_int_equal(q.question_len, 13);
	}
}

static void any_rrsig_and_unknown_types_can_be_asked(void **state)
{
	(void)state;
	static const unsigned types[] = {TYPE_ANY, TYPE_RRSIG, TYPE_NSEC, TYPE_NULL, 4711, 65535};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		query_of(types[i], CLASS_IN);
		assert_int_equal(parse(), QUERY_ANSWER);
		assert_int_equal(q.qtype, types[i]);
	}
}

static void too_many_options_and_bad_cookies_are_formerr(void **state)
{
	(void)state;
	uint8_t options[17 * 4] = {0};

	plain_query(1);
	wire_opt(&w, 1232, 0x8000, options, 16 * 4);
	assert_int_equal(parse(), QUERY_ANSWER);
	plain_query(1);
	wire_opt(&w, 1232, 0x8000, options, sizeof(options));
	assert_int_equal(parse(), QUERY_FORMERR);
	assert_true(q.edns.do_bit);
	plain_query(1);
	wire_opt(&w, 1232, 0x8000, "\0\12\0\3abc", 7);
	assert_int_equal(parse(), QUERY_FORMERR);
	assert_question_is_filled();
	assert_true(q.edns.do_bit);
	assert_false(q.edns.has_cookie);
}

// The first thing wrong decides: structure, version, signature, question.
static void verdicts_have_an_order(void **state)
{
	(void)state;

	wire_header(&w, 0, 1, 0, 0, 2);
	wire_question(&w, "example", TYPE_OPT, CLASS_CH);
	wire_opt(&w, 1232, 0x10000, "", 0);
	wire_record(&w, "key", TYPE_TSIG, CLASS_ANY, 0, "", 0);
	assert_int_equal(parse(), QUERY_BADVERS);
	w.buf[w.len++] = 0;
	assert_int_equal(parse(), QUERY_FORMERR);
	query_of(TYPE_OPT, CLASS_CH);
	assert_int_equal(parse(), QUERY_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_query_is_answered),
		cmocka_unit_test(query_with_opt_is_answered),
		cmocka_unit_test(udp_limit_follows_the_client_between_512_and_1232),
		cmocka_unit_test(flags_are_told_apart),
		cmocka_unit_test(f_runt_is_dropped),
		cmocka_unit_test(f_qr_1_is_dropped),
		cmocka_unit_test(every_cut_of_a_query_is_formerr),
		cmocka_unit_test(f_no_question_is_formerr),
		cmocka_unit_test(f_two_questions_are_formerr),
		cmocka_unit_test(f_compressed_question_is_formerr),
		cmocka_unit_test(f_label_over_63_is_formerr),
		cmocka_unit_test(f_name_over_255_is_formerr),
		cmocka_unit_test(f_trailing_bytes_are_formerr),
		cmocka_unit_test(f_rdlength_past_the_end_is_formerr),
		cmocka_unit_test(f_counts_past_the_end_are_formerr),
		cmocka_unit_test(f_opt_twice_is_formerr),
		cmocka_unit_test(f_opt_not_root_named_is_formerr),
		cmocka_unit_test(f_opt_in_answer_or_authority_is_formerr),
		cmocka_unit_test(f_records_in_answer_or_authority_are_formerr),
		cmocka_unit_test(f_other_additional_records_are_formerr),
		cmocka_unit_test(f_edns_version_over_0_is_badvers),
		cmocka_unit_test(f_unknown_opcode_is_notimp),
		cmocka_unit_test(f_malformed_notify_and_update_are_notimp),
		cmocka_unit_test(f_class_other_than_in_is_refused),
		cmocka_unit_test(class_any_is_answered),
		cmocka_unit_test(f_tsig_and_sig0_are_refused),
		cmocka_unit_test(f_tsig_before_the_last_record_is_formerr),
		cmocka_unit_test(f_transfers_are_refused),
		cmocka_unit_test(types_that_cannot_be_asked_are_meta),
		cmocka_unit_test(any_rrsig_and_unknown_types_can_be_asked),
		cmocka_unit_test(too_many_options_and_bad_cookies_are_formerr),
		cmocka_unit_test(verdicts_have_an_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
