// query_parse(), and that a query which can be answered survives being built anew.
#include "dataplane/dns/builder.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/query.h"
#include "tests/fuzz/check.h"

#include <string.h>

static void check_question(const uint8_t *data, size_t size, const struct query *q)
{
	CHECK(q->question == data + HEADER_LEN);
	CHECK(q->question_len == q->qname_len + 4);
	CHECK(HEADER_LEN + (size_t)q->question_len <= size);
	CHECK(name_check(q->question, q->question_len) == q->qname_len);
	CHECK(name_check(q->qname, q->qname_len) == q->qname_len);
	CHECK(name_equal(q->question, q->qname));
	CHECK(wire_get16(q->question + q->qname_len) == q->qtype);
	CHECK(wire_get16(q->question + q->qname_len + 2) == q->qclass);
}

static void check_built_anew(const struct query *q)
{
	uint8_t buf[1024];
	struct query again;
	int len = query_build(buf, sizeof(buf), q->id, q->flags, q->question, q->qtype, &q->edns);

	CHECK(len > 0);
	CHECK(query_parse(buf, (size_t)len, &again) == QUERY_ANSWER);
	CHECK(again.id == q->id && again.flags == q->flags);
	CHECK(again.question_len == q->question_len);
	CHECK(memcmp(again.question, q->question, q->question_len) == 0);
	CHECK(again.edns.present == q->edns.present);
	CHECK(again.edns.do_bit == q->edns.do_bit);
	CHECK(again.edns.udp_size == q->edns.udp_size);
	CHECK(again.edns.has_cookie == q->edns.has_cookie);
	CHECK(again.edns.server_cookie_len == q->edns.server_cookie_len);
	CHECK(query_udp_limit(&again) == query_udp_limit(q));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct query q;
	enum query_verdict verdict = query_parse(data, size, &q);

	if (q.question_len > 0)
		check_question(data, size, &q);
	CHECK(q.edns.server_cookie_len <= COOKIE_SERVER_MAX);
	CHECK(query_udp_limit(&q) >= 512 && query_udp_limit(&q) <= EDNS_UDP_SIZE);
	if (verdict == QUERY_DROP) {
		CHECK(size < HEADER_LEN || (header_flags(data) & FLAG_QR) != 0);
		return 0;
	}
	CHECK((verdict == QUERY_NOTIMP) == (FLAGS_OPCODE(q.flags) != 0));
	if (verdict == QUERY_BADVERS)
		CHECK(q.edns.present && q.edns.version > 0);
	if (verdict != QUERY_ANSWER)
		return 0;
	CHECK(q.question_len > 0 && q.qclass == 1);
	CHECK(q.edns.version == 0);
	check_built_anew(&q);
	return 0;
}
