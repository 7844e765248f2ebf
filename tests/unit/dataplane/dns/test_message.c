#include "dataplane/dns/message.h"
#include "tests/unit/dataplane/dns/wire.h"

#include <stdio.h>
#include <time.h>

static struct wire w;

static enum message_verdict parse(struct message **m)
{
	*m = NULL;
	return message_parse(wire_exact(&w), w.len, m);
}

static struct message *parsed(void)
{
	struct message *m;

	assert_int_equal(parse(&m), MESSAGE_OK);
	return m;
}

static void assert_malformed(void)
{
	struct message *m;

	assert_int_equal(parse(&m), MESSAGE_MALFORMED);
	assert_null(m);
}

static void reply(unsigned an, unsigned ns, unsigned ar)
{
	wire_header(&w, FLAG_QR | FLAG_AA | RCODE_NXDOMAIN, 1, an, ns, ar);
	wire_question(&w, "wWw.Example", TYPE_A, CLASS_IN);
}

static void a_record(const char *owner, uint32_t ttl_s, const char *address)
{
	wire_record(&w, owner, TYPE_A, CLASS_IN, ttl_s, address, 4);
}

// An RRSIG by "s." that covers a type; `mark` tells signatures apart.
static void rrsig(const char *owner, unsigned covered, char mark)
{
	struct wire rdata = {.len = 0};

	wire_16(&rdata, covered);
	wire_bytes(&rdata, "\15\1\0\0\0\1\0\0\0\2\0\0\0\1\0\7", 16);
	wire_name(&rdata, "s");
	wire_8(&rdata, (unsigned)mark);
	wire_record(&w, owner, TYPE_RRSIG, CLASS_IN, 30, rdata.buf, rdata.len);
}

static struct rrset *rrset_at(const struct message *m, enum section section, size_t i)
{
	assert_true(i < m->sections[section].count);
	return m->sections[section].rrsets[i];
}

static void header_question_and_opt_are_read(void **state)
{
	(void)state;

	reply(0, 0, 1);
	wire_opt(&w, 1232, 0x01008000, "\0\17\0\3\0\6!", 7);
	struct message *m = parsed();
	assert_int_equal(m->id, 0x1234);
	assert_int_equal(m->flags, FLAG_QR | FLAG_AA | RCODE_NXDOMAIN);
	assert_int_equal(m->rcode, 0x13); // with the upper bits of OPT
	assert_true(m->has_question);
	assert_memory_equal(m->qname, "\3wWw\7Example", 13);
	assert_int_equal(m->qtype, TYPE_A);
	assert_int_equal(m->qclass, CLASS_IN);
	assert_true(m->edns.present);
	assert_true(m->edns.do_bit);
	assert_int_equal(m->edns.ede, EDE_DNSSEC_BOGUS);
	assert_int_equal(m->wire_len, w.len);
	assert_int_equal(m->sections[SECTION_ADDITIONAL].count, 0);
	message_free(m);
}

static void message_without_question_or_opt_is_read(void **state)
{
	(void)state;

	wire_header(&w, FLAG_QR | RCODE_FORMERR, 0, 0, 0, 0);
	struct message *m = parsed();
	assert_false(m->has_question);
	assert_false(m->edns.present);
	assert_int_equal(m->edns.ede, EDE_NONE);
	assert_int_equal(m->rcode, RCODE_FORMERR);
	message_free(m);
	message_free(NULL);
}

static void records_are_grouped_in_order_of_first_appearance(void **state)
{
	(void)state;

	reply(6, 1, 1);
	a_record("z.example", 60, "\1\1\1\1");
	wire_record(&w, "Y.example", TYPE_TXT, CLASS_IN, 9, "\1t", 2);
	a_record("b.example", 50, "\2\2\2\2");
	a_record("Z.EXAMPLE", 40, "\3\3\3\3");
	a_record("y.example", 10, "\4\4\4\4");
	a_record("z.example", 60, "\1\1\1\1"); // a duplicate
	a_record("z.example", 5, "\5\5\5\5");  // another section, another RRset
	a_record("z.example", 6, "\6\6\6\6");
	struct message *m = parsed();
	assert_int_equal(m->sections[SECTION_ANSWER].count, 4);
	struct rrset *z = rrset_at(m, SECTION_ANSWER, 0);
	assert_memory_equal(z->owner, "\1z\7example", 11);
	assert_int_equal(z->count, 2);
	assert_memory_equal(z->rdatas[0].data, "\1\1\1\1", 4);
	assert_memory_equal(z->rdatas[1].data, "\3\3\3\3", 4);
	assert_int_equal(z->ttl_s, 40);
	assert_int_equal(rrset_at(m, SECTION_ANSWER, 1)->type, TYPE_TXT);
	assert_memory_equal(rrset_at(m, SECTION_ANSWER, 1)->owner, "\1Y\7example", 11);
	assert_memory_equal(rrset_at(m, SECTION_ANSWER, 2)->owner, "\1b\7example", 11);
	assert_memory_equal(rrset_at(m, SECTION_ANSWER, 3)->owner, "\1y\7example", 11);
	assert_int_equal(rrset_at(m, SECTION_ANSWER, 3)->type, TYPE_A);
	assert_int_equal(rrset_at(m, SECTION_AUTHORITY, 0)->ttl_s, 5);
	assert_int_equal(rrset_at(m, SECTION_ADDITIONAL, 0)->ttl_s, 6);
	message_free(m);
}

static void rrsigs_join_the_rrset_they_cover(void **state)
{
	(void)state;

	reply(5, 2, 0);
	rrsig("A.example", TYPE_A, '1'); // before what it covers
	a_record("a.example", 60, "\1\1\1\1");
	rrsig("a.example", TYPE_TXT, '2');
	wire_record(&w, "a.example", TYPE_TXT, CLASS_IN, 9, "\1t", 2);
	rrsig("a.example", TYPE_A, '3');
	rrsig("a.example", TYPE_A, '4'); // in another section
	rrsig("b.example", TYPE_A, '5'); // of another owner
	struct message *m = parsed();
	assert_int_equal(m->sections[SECTION_ANSWER].count, 2);
	struct rrset *a = rrset_at(m, SECTION_ANSWER, 0);
	assert_int_equal(a->type, TYPE_A);
	assert_int_equal(a->rrsig_count, 2);
	assert_int_equal(a->rrsigs[0].data[a->rrsigs[0].len - 1], '1');
	assert_int_equal(a->rrsigs[1].data[a->rrsigs[1].len - 1], '3');
	assert_int_equal(a->rrsig_ttl_s, 30);
	struct rrset *txt = rrset_at(m, SECTION_ANSWER, 1);
	assert_int_equal(txt->type, TYPE_TXT);
	assert_int_equal(txt->rrsig_count, 1);
	assert_int_equal(m->sections[SECTION_AUTHORITY].count, 2);
	assert_int_equal(rrset_at(m, SECTION_AUTHORITY, 0)->type, TYPE_RRSIG);
	assert_int_equal(rrset_at(m, SECTION_AUTHORITY, 0)->rrsig_count, 0);
	message_free(m);
}

static void rrsigs_that_cover_nothing_here_are_an_rrset_of_their_own(void **state)
{
	(void)state;

	reply(5, 0, 0);
	rrsig("a.example", TYPE_SOA, 's');
	rrsig("a.example", TYPE_A, 'a');
	a_record("a.example", 60, "\1\1\1\1");
	rrsig("a.example", TYPE_NS, 'n');
	rrsig("a.example", TYPE_RRSIG, 'r'); // nonsense, and no RRset of type RRSIG covers it
	struct message *m = parsed();
	assert_int_equal(m->sections[SECTION_ANSWER].count, 2);
	struct rrset *loose = rrset_at(m, SECTION_ANSWER, 0);
	assert_int_equal(loose->type, TYPE_RRSIG);
	assert_int_equal(loose->count, 3);
	assert_int_equal(loose->ttl_s, 30);
	assert_int_equal(rrset_at(m, SECTION_ANSWER, 1)->type, TYPE_A);
	assert_int_equal(rrset_at(m, SECTION_ANSWER, 1)->rrsig_count, 1);
	message_free(m);
}

static void names_are_decompressed_in_their_case(void **state)
{
	(void)state;

	reply(1, 0, 0);
	wire_pointer(&w, 12);
	wire_16(&w, TYPE_MX);
	wire_16(&w, CLASS_IN);
	wire_32(&w, 5);
	wire_16(&w, 9);
	wire_bytes(&w, "\0\12\4Mail", 7);
	wire_pointer(&w, 16);
	struct message *m = parsed();
	struct rrset *mx = rrset_at(m, SECTION_ANSWER, 0);
	assert_memory_equal(mx->owner, "\3wWw\7Example", 13);
	assert_int_equal(mx->rdatas[0].len, 16);
	assert_memory_equal(mx->rdatas[0].data, "\0\12\4Mail\7Example", 16);
	message_free(m);
}

static void find_returns_the_rrset_of_owner_and_type(void **state)
{
	(void)state;

	reply(2, 0, 0);
	a_record("a.example", 60, "\1\1\1\1");
	wire_record(&w, "a.example", TYPE_TXT, CLASS_IN, 9, "\1t", 2);
	struct message *m = parsed();
	assert_ptr_equal(message_find(m, SECTION_ANSWER, name_of("A.EXAMPLE"), TYPE_TXT),
			 rrset_at(m, SECTION_ANSWER, 1));
	assert_null(message_find(m, SECTION_ANSWER, name_of("a.example"), TYPE_MX));
	assert_null(message_find(m, SECTION_ANSWER, name_of("b.example"), TYPE_A));
	assert_null(message_find(m, SECTION_AUTHORITY, name_of("a.example"), TYPE_A));
	message_free(m);
}

static void other_classes_and_types_that_are_no_data_are_dropped(void **state)
{
	(void)state;

	reply(3, 0, 1);
	wire_record(&w, "a", TYPE_A, CLASS_CH, 1, "\1a\0\1\2", 5); // an address of Chaosnet
	a_record("a", 60, "\1\1\1\1");
	wire_record(&w, "a", TYPE_ANY, CLASS_IN, 1, "", 0);
	wire_record(&w, "key", TYPE_TSIG, CLASS_ANY, 0, "tsig", 4);
	struct message *m = parsed();
	assert_int_equal(m->sections[SECTION_ANSWER].count, 1);
	assert_int_equal(rrset_at(m, SECTION_ANSWER, 0)->class_, CLASS_IN);
	assert_int_equal(m->sections[SECTION_ADDITIONAL].count, 0);
	message_free(m);
}

static void every_cut_of_a_message_is_malformed(void **state)
{
	(void)state;

	reply(2, 1, 2);
	wire_pointer(&w, 12);
	wire_rest(&w, TYPE_A, CLASS_IN, 1, "\1\2\3\4", 4);
	rrsig("www.example", TYPE_A, '1');
	wire_record(&w, "example", TYPE_NS, CLASS_IN, 1, "\2ns\xc0\20", 5);
	a_record("ns.example", 1, "\1\2\3\4");
	wire_opt(&w, 1232, 0, "\0\12\0\10clientco", 12);
	size_t full = w.len;
	for (w.len = 0; w.len < full; w.len++)
		assert_malformed();
	message_free(parsed());
}

static void f_counts_that_are_too_high_are_malformed(void **state)
{
	(void)state;

	reply(2, 0, 0);
	a_record("a", 60, "\1\1\1\1");
	assert_malformed();
	reply(65535, 65535, 65535);
	a_record("a", 60, "\1\1\1\1");
	assert_malformed();
}

static void octets_behind_the_message_are_not_looked_at(void **state)
{
	static const struct {
		const char *octets;
		size_t len;
	} rows[] = {{"", 0}, {"\0", 1}, {"\377\377", 2}, {"garbage", 7}, {"\300\14\0\1\0\1", 6}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		reply(1, 0, 0);
		a_record("a", 60, "\1\1\1\1");
		wire_bytes(&w, rows[i].octets, rows[i].len);
		struct message *m = parsed();
		assert_int_equal(m->trailing, rows[i].len > 0);
		assert_int_equal(m->sections[SECTION_ANSWER].count, 1);
		assert_int_equal(m->wire_len, w.len);
		message_free(m);
	}
}

static void f_two_questions_are_malformed(void **state)
{
	(void)state;

	wire_header(&w, FLAG_QR, 2, 0, 0, 0);
	wire_question(&w, "a", TYPE_A, CLASS_IN);
	wire_question(&w, "b", TYPE_A, CLASS_IN);
	assert_malformed();
}

static void f_second_or_misplaced_opt_is_malformed(void **state)
{
	(void)state;

	reply(0, 0, 2);
	wire_opt(&w, 1232, 0, "", 0);
	wire_opt(&w, 1232, 0, "", 0);
	assert_malformed();
	reply(1, 0, 0);
	wire_opt(&w, 1232, 0, "", 0);
	assert_malformed();
	reply(0, 1, 0);
	wire_opt(&w, 1232, 0, "", 0);
	assert_malformed();
	reply(0, 0, 1);
	wire_record(&w, "a", TYPE_OPT, 1232, 0, "", 0);
	assert_malformed();
	reply(0, 0, 1);
	wire_opt(&w, 1232, 0, "\0\12\0\1c", 5);
	assert_malformed();
}

static void assert_lost(const struct message *m, enum section section, const char *owner,
			uint16_t type, bool too_large)
{
	const struct lost_rrset *lost = message_lost(m, section, name_of(owner), type);

	assert_non_null(lost);
	assert_int_equal(lost->too_large, too_large);
	assert_int_equal(lost->type, type);
	assert_ptr_equal(message_lost(m, section, NULL, 0), lost);
	assert_null(message_find(m, section, name_of(owner), type));
}

// RFC 2181 §5: it is there as a whole or not at all.
static void f_rdata_of_bad_shape_loses_its_rrset_and_no_more(void **state)
{
	(void)state;

	reply(4, 1, 2);
	a_record("a", 60, "\1\1\1\1");
	wire_record(&w, "B", TYPE_AAAA, CLASS_IN, 1, "\1\2\3\4", 4);
	wire_record(&w, "b", TYPE_AAAA, CLASS_IN, 1, "0123456789abcdef",
		    16); // a good one beside it
	rrsig("b", TYPE_AAAA, '1');
	// A name in RDATA that reads on into what follows it.
	wire_record(&w, "a", TYPE_NS, CLASS_IN, 1, "\1a\5", 3);
	a_record("b", 60, "\2\2\2\2");
	a_record("c", 60, "\3\3\3\3");
	struct message *m = parsed();
	assert_int_equal(m->lost_count, 2);
	assert_lost(m, SECTION_ANSWER, "b", TYPE_AAAA, false);
	assert_lost(m, SECTION_AUTHORITY, "a", TYPE_NS, false);
	assert_null(message_lost(m, SECTION_ADDITIONAL, NULL, 0));
	assert_null(message_lost(m, SECTION_ANSWER, name_of("a"), TYPE_A));
	assert_int_equal(m->sections[SECTION_ANSWER].count, 1);
	assert_int_equal(m->sections[SECTION_AUTHORITY].count, 0);
	assert_int_equal(m->sections[SECTION_ADDITIONAL].count, 2);
	assert_memory_equal(rrset_at(m, SECTION_ADDITIONAL, 0)->rdatas[0].data, "\2\2\2\2", 4);
	message_free(m);
}

static void a_malformed_rrsig_is_one_signature_less(void **state)
{
	(void)state;

	reply(3, 0, 0);
	a_record("a", 60, "\1\1\1\1");
	wire_record(&w, "a", TYPE_RRSIG, CLASS_IN, 1, "\0\1\15", 3);
	rrsig("a", TYPE_A, '2');
	struct message *m = parsed();
	assert_int_equal(m->lost_count, 0);
	assert_int_equal(rrset_at(m, SECTION_ANSWER, 0)->rrsig_count, 1);
	message_free(m);
}

static void rrsets_beyond_our_limits_are_lost_and_named(void **state)
{
	(void)state;

	reply(RRSET_RECORDS_MAX + 2, 0, 0);
	for (unsigned i = 0; i <= RRSET_RECORDS_MAX; i++) {
		char address[4] = {10, 0, (char)(i >> 8), (char)i};
		wire_pointer(&w, 12);
		wire_rest(&w, TYPE_A, CLASS_IN, 1, address, 4);
	}
	wire_pointer(&w, 12);
	wire_rest(&w, TYPE_AAAA, CLASS_IN, 1, "0123456789abcdef", 16);
	struct message *m = parsed();
	assert_lost(m, SECTION_ANSWER, "www.example", TYPE_A, true);
	assert_int_equal(m->sections[SECTION_ANSWER].count, 1);
	message_free(m);
}

static void more_lost_rrsets_than_are_counted_are_malformed(void **state)
{
	(void)state;

	for (unsigned count = MESSAGE_LOST_MAX; count <= MESSAGE_LOST_MAX + 1; count++) {
		reply(0, 0, count);
		for (unsigned i = 0; i < count; i++)
			wire_record(&w, (char[]){(char)('a' + i), 0}, TYPE_A, CLASS_IN, 1, "", 0);
		struct message *m;
		assert_int_equal(parse(&m),
				 count > MESSAGE_LOST_MAX ? MESSAGE_MALFORMED : MESSAGE_OK);
		message_free(m);
	}
}

static void an_rdlength_past_the_end_is_malformed(void **state)
{
	(void)state;

	reply(1, 0, 0);
	a_record("a", 60, "\1\1\1\1");
	wire_put16(w.buf + w.len - 6, 5);
	assert_malformed();
}

static void f_compression_loops_are_malformed(void **state)
{
	(void)state;

	reply(1, 0, 0);
	wire_pointer(&w, w.len);
	wire_rest(&w, TYPE_A, CLASS_IN, 1, "\1\2\3\4", 4);
	assert_malformed();
	reply(1, 0, 0);
	wire_pointer(&w, 4); // into the header
	wire_rest(&w, TYPE_A, CLASS_IN, 1, "\1\2\3\4", 4);
	assert_malformed();
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// Far above what sorting takes (some ms, more under a sanitizer), far below what a
// quadratic way through these messages does.
#define BOUND_S 1.0

// ATTACKS C5.
static void c5_rrset_of_4000_records_is_lost_in_bounded_time(void **state)
{
	(void)state;
	struct message *m;
	double start = seconds();

	reply(4000, 0, 0);
	for (unsigned i = 0; i < 4000; i++) {
		wire_pointer(&w, 12);
		wire_rest(&w, TYPE_A, CLASS_IN, 1, &(uint32_t){i * 2654435761u}, 4);
	}
	assert_int_equal(w.len, 29 + 4000 * 16);
	assert_int_equal(parse(&m), MESSAGE_OK);
	assert_true(seconds() - start < BOUND_S);
	assert_lost(m, SECTION_ANSWER, "www.example", TYPE_A, true);
	assert_int_equal(m->sections[SECTION_ANSWER].count, 0);
	message_free(m);
}

static void c5_rrset_at_the_limit_is_taken_in_bounded_time(void **state)
{
	(void)state;
	double start = seconds();

	reply(RRSET_RECORDS_MAX, 0, 0);
	for (unsigned i = 0; i < RRSET_RECORDS_MAX; i++) {
		wire_pointer(&w, 12);
		wire_rest(&w, TYPE_A, CLASS_IN, 1, &(uint32_t){i * 2654435761u}, 4);
	}
	struct message *m = parsed();
	assert_int_equal(rrset_at(m, SECTION_ANSWER, 0)->count, RRSET_RECORDS_MAX);
	message_free(m);
	assert_true(seconds() - start < BOUND_S);
}

// ATTACKS C5, C6: as many owners as fit, all of them long by way of a pointer.
static void c6_thousands_of_long_owners_are_grouped_in_bounded_time(void **state)
{
	(void)state;
	char label[64];
	double start = seconds();
	unsigned count = 0;

	wire_header(&w, FLAG_QR, 1, 0, 0, 0);
	memset(label, 'x', sizeof(label) - 1);
	label[63] = '\0';
	for (unsigned i = 0; i < 3; i++) {
		wire_8(&w, 55);
		wire_bytes(&w, label, 55);
	}
	wire_8(&w, 0);
	wire_16(&w, TYPE_A);
	wire_16(&w, CLASS_IN);
	for (; w.len + 21 <= 65535; count++) {
		char number[8];
		snprintf(number, sizeof(number), "%04x", count);
		wire_8(&w, 4);
		wire_bytes(&w, number, 4);
		wire_pointer(&w, 12);
		wire_rest(&w, TYPE_NULL, CLASS_IN, 1, "abcd", 4);
	}
	wire_put16(w.buf + 6, (uint16_t)count);
	struct message *m = parsed();
	assert_true(count > 3000);
	assert_int_equal(m->sections[SECTION_ANSWER].count, count);
	message_free(m);
	assert_true(seconds() - start < BOUND_S);
}

// ATTACKS C6: RDATA of two pointers each, every one to a chain of pointers.
static void c6_pointer_chains_are_followed_in_bounded_time(void **state)
{
	(void)state;
	double start = seconds();
	size_t link;

	reply(2, 0, 0);
	uint8_t chain[240];
	link = 12;
	size_t at = w.len + 1 + 10; // of the first record's RDATA
	for (size_t i = 0; i < sizeof(chain); i += 2, link = at + i - 2)
		wire_put16(chain + i, (uint16_t)(0xc000 | link));
	wire_record(&w, ".", TYPE_NULL, CLASS_IN, 1, chain, sizeof(chain));
	unsigned count = 1;
	for (; w.len + 16 <= 65535; count++) {
		wire_pointer(&w, link);
		wire_16(&w, TYPE_MINFO);
		wire_16(&w, CLASS_IN);
		wire_32(&w, 1);
		wire_16(&w, 4);
		wire_pointer(&w, link);
		wire_pointer(&w, link);
	}
	wire_put16(w.buf + 6, (uint16_t)count);
	struct message *m;
	assert_true(count > 4000);
	assert_int_equal(parse(&m), MESSAGE_OK);
	assert_true(seconds() - start < BOUND_S);
	assert_lost(m, SECTION_ANSWER, "www.example", TYPE_MINFO, true);
	message_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_question_and_opt_are_read),
		cmocka_unit_test(message_without_question_or_opt_is_read),
		cmocka_unit_test(records_are_grouped_in_order_of_first_appearance),
		cmocka_unit_test(rrsigs_join_the_rrset_they_cover),
		cmocka_unit_test(rrsigs_that_cover_nothing_here_are_an_rrset_of_their_own),
		cmocka_unit_test(names_are_decompressed_in_their_case),
		cmocka_unit_test(find_returns_the_rrset_of_owner_and_type),
		cmocka_unit_test(other_classes_and_types_that_are_no_data_are_dropped),
		cmocka_unit_test(every_cut_of_a_message_is_malformed),
		cmocka_unit_test(f_counts_that_are_too_high_are_malformed),
		cmocka_unit_test(f_two_questions_are_malformed),
		cmocka_unit_test(f_second_or_misplaced_opt_is_malformed),
		cmocka_unit_test(octets_behind_the_message_are_not_looked_at),
		cmocka_unit_test(f_rdata_of_bad_shape_loses_its_rrset_and_no_more),
		cmocka_unit_test(a_malformed_rrsig_is_one_signature_less),
		cmocka_unit_test(rrsets_beyond_our_limits_are_lost_and_named),
		cmocka_unit_test(more_lost_rrsets_than_are_counted_are_malformed),
		cmocka_unit_test(an_rdlength_past_the_end_is_malformed),
		cmocka_unit_test(f_compression_loops_are_malformed),
		cmocka_unit_test(c5_rrset_of_4000_records_is_lost_in_bounded_time),
		cmocka_unit_test(c5_rrset_at_the_limit_is_taken_in_bounded_time),
		cmocka_unit_test(c6_thousands_of_long_owners_are_grouped_in_bounded_time),
		cmocka_unit_test(c6_pointer_chains_are_followed_in_bounded_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
