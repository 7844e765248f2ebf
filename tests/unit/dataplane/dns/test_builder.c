#include "dataplane/dns/builder.h"
#include "dataplane/dns/query.h"
#include "tests/unit/dataplane/dns/wire.h"

#include <errno.h>
#include <stdio.h>

static uint8_t buf[70000];
static struct builder b;

static void start(size_t cap)
{
	memset(buf, 0xee, sizeof(buf));
	builder_start(&b, buf, cap, 0x4321, FLAG_QR | FLAG_RD);
}

static void add_a(enum section section, const char *owner, const char *address)
{
	builder_record(&b, section, name_of(owner), TYPE_A, CLASS_IN, 60, (const uint8_t *)address,
		       4);
}

static struct message *finished(void)
{
	struct message *m = NULL;
	int len = builder_finish(&b);

	assert_true(len > 0);
	assert_int_equal(message_parse(buf, (size_t)len, &m), MESSAGE_OK);
	return m;
}

static void what_is_built_reads_back(void **state)
{
	(void)state;
	const struct edns edns = {.udp_size = 1232, .do_bit = true, .rcode_high = 1};

	start(512);
	builder_question(&b, name_of("wWw.Example"), TYPE_A, CLASS_IN);
	add_a(SECTION_ANSWER, "www.example", "\1\1\1\1");
	add_a(SECTION_ANSWER, "www.example", "\2\2\2\2");
	builder_record(&b, SECTION_AUTHORITY, name_of("example"), TYPE_NS, CLASS_IN, 9,
		       name_of("ns.example"), 12);
	add_a(SECTION_ADDITIONAL, "ns.example", "\3\3\3\3");
	builder_opt(&b, &edns, EDE_STALE_ANSWER, "late");
	struct message *m = finished();
	assert_int_equal(m->id, 0x4321);
	assert_int_equal(m->flags, FLAG_QR | FLAG_RD);
	assert_memory_equal(m->qname, "\3wWw\7Example", 13);
	assert_int_equal(m->sections[SECTION_ANSWER].rrsets[0]->count, 2);
	assert_int_equal(m->sections[SECTION_ANSWER].rrsets[0]->ttl_s, 60);
	assert_memory_equal(m->sections[SECTION_AUTHORITY].rrsets[0]->rdatas[0].data,
			    "\2ns\7example", 12);
	assert_memory_equal(m->sections[SECTION_ADDITIONAL].rrsets[0]->owner, "\2ns\7example", 12);
	assert_int_equal(m->rcode, 16);
	assert_true(m->edns.do_bit);
	assert_int_equal(m->edns.udp_size, 1232);
	assert_int_equal(m->edns.ede, EDE_STALE_ANSWER);
	message_free(m);
}

static void owner_and_suffix_become_pointers(void **state)
{
	(void)state;

	start(512);
	builder_question(&b, name_of("www.example"), TYPE_A, CLASS_IN);
	size_t before = b.len;
	add_a(SECTION_ANSWER, "www.example", "\1\1\1\1");
	assert_int_equal(b.len - before, 16);
	assert_memory_equal(buf + before, "\xc0\x0c", 2);
	before = b.len;
	add_a(SECTION_ANSWER, "a.b.example", "\1\1\1\1");
	assert_int_equal(b.len - before, 6 + 14);
	assert_memory_equal(buf + before, "\1a\1b\xc0\x10", 6);
	before = b.len;
	add_a(SECTION_ANSWER, "x.b.example", "\1\1\1\1"); // by way of a name with a pointer
	assert_int_equal(b.len - before, 4 + 14);
	before = b.len;
	add_a(SECTION_ANSWER, ".", "\1\1\1\1");
	assert_int_equal(b.len - before, 1 + 14);
	struct message *m = finished();
	assert_non_null(message_find(m, SECTION_ANSWER, name_of("x.b.example"), TYPE_A));
	assert_non_null(message_find(m, SECTION_ANSWER, name_of("."), TYPE_A));
	message_free(m);
}

static void compression_keeps_the_case(void **state)
{
	(void)state;

	start(512);
	builder_question(&b, name_of("WWW.example"), TYPE_A, CLASS_IN);
	add_a(SECTION_ANSWER, "www.example", "\1\1\1\1");
	struct message *m = finished();
	assert_memory_equal(m->qname, "\3WWW\7example", 13);
	assert_memory_equal(m->sections[SECTION_ANSWER].rrsets[0]->owner, "\3www\7example", 13);
	message_free(m);
}

static size_t rdata_bytes(unsigned type, const char *rdata, size_t rdlen)
{
	start(512);
	builder_question(&b, name_of("example"), TYPE_A, CLASS_IN);
	size_t before = b.len;
	builder_record(&b, SECTION_ANSWER, name_of("."), (uint16_t)type, CLASS_IN, 1,
		       (const uint8_t *)rdata, rdlen);
	assert_false(b.failed);
	size_t len = b.len - before - 11;
	assert_int_equal(wire_get16(buf + before + 9), len);
	message_free(finished());
	return len;
}

// RFC 3597 §4: only the types of RFC 1035.
static void names_in_rdata_are_compressed_in_old_types_only(void **state)
{
	(void)state;

	assert_int_equal(rdata_bytes(TYPE_NS, "\1a\7example", 11), 4);
	assert_int_equal(rdata_bytes(TYPE_CNAME, "\7example", 9), 2);
	assert_int_equal(rdata_bytes(TYPE_PTR, "\7example", 9), 2);
	assert_int_equal(rdata_bytes(TYPE_MX, "\0\1\7example", 11), 4);
	assert_int_equal(rdata_bytes(TYPE_SOA, "\7example\0\1r\7example\0aaaabbbbccccddddeeee", 40),
			 2 + 4 + 20);
	assert_int_equal(rdata_bytes(TYPE_SRV, "\0\1\0\2\0\3\7example", 15), 15);
	assert_int_equal(rdata_bytes(TYPE_DNAME, "\7example", 9), 9);
	assert_int_equal(rdata_bytes(TYPE_NSEC, "\7example\0\0\1\x40", 12), 12);
	assert_int_equal(rdata_bytes(65280, "\7example", 9), 9);
}

// ATTACKS C6.
static void c6_no_more_than_120_names_are_remembered(void **state)
{
	(void)state;
	char owner[16];

	start(65535);
	for (unsigned i = 0; i < 200; i++) {
		snprintf(owner, sizeof(owner), "n%03u", i);
		add_a(SECTION_ANSWER, owner, "\1\1\1\1");
	}
	assert_int_equal(b.name_count, BUILDER_NAMES_MAX);
	size_t before = b.len;
	add_a(SECTION_ANSWER, "n119", "\1\1\1\1");
	assert_int_equal(b.len - before, 2 + 14);
	before = b.len;
	add_a(SECTION_ANSWER, "n120", "\1\1\1\1");
	assert_int_equal(b.len - before, 6 + 14);
	struct message *m = finished();
	assert_int_equal(m->sections[SECTION_ANSWER].count, 200);
	message_free(m);
}

// A pointer has 14 bits.
static void names_past_16383_are_not_pointed_at(void **state)
{
	(void)state;
	static uint8_t filler[16384];

	start(65535);
	builder_record(&b, SECTION_ANSWER, name_of("."), TYPE_NULL, CLASS_IN, 1, filler,
		       0x3fff - 2 - 12 - 11);
	assert_int_equal(b.len, 0x3ffd);
	add_a(SECTION_ANSWER, "a.b", "\1\1\1\1"); // a at 3ffd, b at 3fff
	add_a(SECTION_ANSWER, "c.d", "\1\1\1\1"); // both beyond
	size_t before = b.len;
	add_a(SECTION_ANSWER, "a.b", "\1\1\1\1");
	assert_int_equal(b.len - before, 2 + 14);
	before = b.len;
	add_a(SECTION_ANSWER, "c.d", "\1\1\1\1");
	assert_int_equal(b.len - before, 5 + 14);
	struct message *m = finished();
	assert_non_null(message_find(m, SECTION_ANSWER, name_of("c.d"), TYPE_A));
	message_free(m);
}

static void pointers_around_16383_lead_where_they_should(void **state)
{
	(void)state;
	static uint8_t filler[16384];

	for (size_t at = 0x3ff8; at <= 0x4004; at++) {
		start(65535);
		builder_record(&b, SECTION_ANSWER, name_of("."), TYPE_NULL, CLASS_IN, 1, filler,
			       at - HEADER_LEN - 11);
		assert_int_equal(b.len, at);
		add_a(SECTION_ANSWER, "ab.cd", "\1\1\1\1");
		add_a(SECTION_ANSWER, "ab.cd", "\2\2\2\2");
		add_a(SECTION_ANSWER, "x.cd", "\3\3\3\3");
		struct message *m = finished();
		struct rrset *rrset = message_find(m, SECTION_ANSWER, name_of("ab.cd"), TYPE_A);
		assert_non_null(rrset);
		assert_int_equal(rrset->count, 2);
		assert_non_null(message_find(m, SECTION_ANSWER, name_of("x.cd"), TYPE_A));
		message_free(m);
	}
}

static void record_is_written_whole_or_not_at_all(void **state)
{
	(void)state;
	static const uint8_t soa[] = "\1m\7example\0\1r\7example\0aaaabbbbccccddddeeee";

	start(512);
	builder_question(&b, name_of("www.example"), TYPE_A, CLASS_IN);
	size_t question_end = b.len;
	size_t names = b.name_count;
	builder_record(&b, SECTION_AUTHORITY, name_of("x.example"), TYPE_SOA, CLASS_IN, 1, soa,
		       sizeof(soa) - 1);
	size_t full = b.len;
	for (size_t cap = question_end; cap <= full; cap++) {
		start(cap);
		builder_question(&b, name_of("www.example"), TYPE_A, CLASS_IN);
		builder_record(&b, SECTION_AUTHORITY, name_of("x.example"), TYPE_SOA, CLASS_IN, 1,
			       soa, sizeof(soa) - 1);
		assert_int_equal(b.failed, cap < full);
		assert_int_equal(b.len, cap < full ? question_end : full);
		assert_int_equal(b.counts[2], cap < full ? 0 : 1);
		if (cap < full)
			assert_int_equal(b.name_count, names);
		for (size_t i = cap; i < full + 16; i++)
			assert_int_equal(buf[i], 0xee);
		assert_int_equal(builder_finish(&b), cap < full ? -ENOBUFS : (int)full);
	}
}

static void first_failure_sticks(void **state)
{
	(void)state;
	static const uint8_t big[100];

	start(64);
	builder_question(&b, name_of("a"), TYPE_A, CLASS_IN);
	builder_record(&b, SECTION_ANSWER, name_of("a"), TYPE_NULL, CLASS_IN, 1, big, sizeof(big));
	size_t len = b.len;
	add_a(SECTION_ANSWER, "a", "\1\1\1\1"); // would fit
	assert_int_equal(b.len, len);
	assert_int_equal(b.counts[1], 0);
	assert_int_equal(builder_finish(&b), -ENOBUFS);
	start(HEADER_LEN - 1);
	builder_question(&b, name_of("."), TYPE_A, CLASS_IN);
	assert_int_equal(builder_finish(&b), -ENOBUFS);
	assert_int_equal(buf[0], 0xee);
}

static void message_never_passes_65535_bytes(void **state)
{
	(void)state;
	static const uint8_t big[30000];

	start(sizeof(buf));
	for (unsigned i = 0; i < 2; i++)
		builder_record(&b, SECTION_ANSWER, name_of("."), TYPE_NULL, CLASS_IN, i, big,
			       sizeof(big));
	assert_false(b.failed);
	builder_record(&b, SECTION_ANSWER, name_of("."), TYPE_NULL, CLASS_IN, 3, big, 5600);
	assert_int_equal(builder_finish(&b), -ENOBUFS);
}

static struct rrset *signed_rrset(void)
{
	const struct record records[] = {
		{name_of("x.example"), (const uint8_t *)"\1\1\1\1", 50, TYPE_A, CLASS_IN, 4},
		{name_of("x.example"), (const uint8_t *)"\2\2\2\2", 50, TYPE_A, CLASS_IN, 4},
	};
	const struct record sig = {
		name_of("x.example"),
		(const uint8_t *)"\0\1\15\2\0\0\0\1\0\0\0\2\0\0\0\1\0\7\1s\0!",
		40,
		TYPE_RRSIG,
		CLASS_IN,
		22,
	};
	struct rrset *rrset = rrset_new(records, 2, &sig, 1);

	assert_non_null(rrset);
	return rrset;
}

static void rrset_is_one_unit_with_its_rrsigs(void **state)
{
	(void)state;
	struct rrset *rrset = signed_rrset();

	start(512);
	builder_rrset(&b, SECTION_ANSWER, rrset, true);
	builder_rrset(&b, SECTION_AUTHORITY, rrset, false);
	size_t full = b.len;
	struct message *m = finished();
	assert_int_equal(m->sections[SECTION_ANSWER].rrsets[0]->count, 2);
	assert_int_equal(m->sections[SECTION_ANSWER].rrsets[0]->ttl_s, 50);
	assert_int_equal(m->sections[SECTION_ANSWER].rrsets[0]->rrsig_count, 1);
	assert_int_equal(m->sections[SECTION_ANSWER].rrsets[0]->rrsig_ttl_s, 40);
	assert_int_equal(m->sections[SECTION_AUTHORITY].rrsets[0]->rrsig_count, 0);
	message_free(m);
	assert_true(full > HEADER_LEN);
	start(HEADER_LEN + 60); // two records fit, the signature does not
	builder_rrset(&b, SECTION_ANSWER, rrset, true);
	assert_true(b.failed);
	assert_int_equal(b.len, HEADER_LEN);
	assert_int_equal(b.counts[1], 0);
	rrset_free(rrset);
}

static void query_reads_back_with_its_cookie(void **state)
{
	(void)state;
	struct edns edns = {.present = true,
			    .do_bit = true,
			    .udp_size = 1232,
			    .has_cookie = true,
			    .client_cookie = "clientco",
			    .server_cookie = "servercookie",
			    .server_cookie_len = 16};
	struct query q;

	int len = query_build(buf, sizeof(buf), 7, FLAG_RD | FLAG_CD, name_of("wWw.Example"),
			      TYPE_AAAA, &edns);
	assert_int_equal(len, 12 + 17 + 11 + 4 + 24);
	assert_int_equal(query_parse(buf, (size_t)len, &q), QUERY_ANSWER);
	assert_int_equal(q.id, 7);
	assert_true(q.rd);
	assert_true(q.cd);
	assert_int_equal(q.qtype, TYPE_AAAA);
	assert_memory_equal(q.question, "\3wWw\7Example", 13);
	assert_true(q.edns.do_bit);
	assert_memory_equal(q.edns.client_cookie, "clientco", 8);
	assert_int_equal(q.edns.server_cookie_len, 16);
	assert_memory_equal(q.edns.server_cookie, "servercookie\0\0\0\0", 16);
}

static void query_without_edns_has_no_opt(void **state)
{
	(void)state;
	const struct edns absent = {.present = false};
	struct query q;

	int len = query_build(buf, sizeof(buf), 7, 0, name_of("a"), TYPE_A, NULL);
	assert_int_equal(len, 12 + 7);
	assert_int_equal(query_parse(buf, (size_t)len, &q), QUERY_ANSWER);
	assert_false(q.edns.present);
	assert_int_equal(query_build(buf, sizeof(buf), 7, 0, name_of("a"), TYPE_A, &absent), len);
	assert_int_equal(query_build(buf, (size_t)len - 1, 7, 0, name_of("a"), TYPE_A, NULL),
			 -ENOBUFS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_built_reads_back),
		cmocka_unit_test(owner_and_suffix_become_pointers),
		cmocka_unit_test(compression_keeps_the_case),
		cmocka_unit_test(names_in_rdata_are_compressed_in_old_types_only),
		cmocka_unit_test(c6_no_more_than_120_names_are_remembered),
		cmocka_unit_test(names_past_16383_are_not_pointed_at),
		cmocka_unit_test(pointers_around_16383_lead_where_they_should),
		cmocka_unit_test(record_is_written_whole_or_not_at_all),
		cmocka_unit_test(first_failure_sticks),
		cmocka_unit_test(message_never_passes_65535_bytes),
		cmocka_unit_test(rrset_is_one_unit_with_its_rrsigs),
		cmocka_unit_test(query_reads_back_with_its_cookie),
		cmocka_unit_test(query_without_edns_has_no_opt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
