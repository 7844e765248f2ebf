#include "dataplane/answer/reply.h"

#include <assert.h>
#include <string.h>

size_t answer_text(const struct query *query, const char *text,
		   const struct answer_context *context, uint8_t *out, size_t cap)
{
	const struct ede_list none = {.count = 0};
	size_t text_len = strlen(text);
	size_t size = 2 + RECORD_FIXED_LEN + 1 + text_len;
	struct reply reply;

	assert(text_len <= 255);
	if (!reply_start(&reply, query, context, out, cap))
		return 0;
	if (size > reply.records_end - reply.len)
		return reply_finish(&reply, RCODE_NOERROR, FLAG_TC, &none);
	uint8_t *p = out + reply.len;
	wire_put16(p, POINTER | HEADER_LEN);
	wire_put16(p + 2, TYPE_TXT);
	wire_put16(p + 4, query->qclass);
	wire_put32(p + 6, 0);
	wire_put16(p + 10, (uint16_t)(1 + text_len));
	p[12] = (uint8_t)text_len;
	memcpy(p + 13, text, text_len);
	reply.len += size;
	reply.answers = 1;
	return reply_finish(&reply, RCODE_NOERROR, 0, &none);
}
