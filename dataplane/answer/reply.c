#include "dataplane/answer/reply.h"

#include <string.h>

bool reply_start(struct reply *reply, const struct query *query,
		 const struct answer_context *context, uint8_t *out, size_t cap)
{
	size_t start = HEADER_LEN + (size_t)query->question_len;
	size_t opt = opt_len(query, context);
	size_t limit = cap < context->limit ? cap : context->limit;

	if (limit < start + opt)
		return false;
	// RFC 1035 §7.3 and 0x20: the question goes back as it came, byte for byte.
	if (query->question_len > 0 && query->question != out + HEADER_LEN)
		memmove(out + HEADER_LEN, query->question, query->question_len);
	*reply = (struct reply){
		.query = query,
		.context = context,
		.out = out,
		.len = start,
		.limit = limit,
		.records_end = limit - opt,
	};
	return true;
}

void reply_truncate(struct reply *reply)
{
	reply->len = HEADER_LEN + (size_t)reply->query->question_len;
	reply->answers = 0;
	reply->authorities = 0;
}

size_t reply_finish(struct reply *reply, unsigned rcode, unsigned flags,
		    const struct ede_list *edes)
{
	const struct query *query = reply->query;
	bool opt = query->edns.present;
	uint8_t *out = reply->out;

	// RFC 6891 §6.1.3: the upper bits of an extended RCODE have no place without OPT.
	if (rcode > 15 && !opt)
		rcode = RCODE_SERVFAIL;
	// RFC 4035 §3.2.2: CD is copied; RFC 1035 §4.1.1: RD is copied.
	flags |= FLAG_QR | FLAG_RA | (query->flags & (0x7800 | FLAG_RD | FLAG_CD));
	wire_put16(out, query->id);
	wire_put16(out + 2, (uint16_t)(flags | (rcode & 15)));
	wire_put16(out + 4, query->question_len > 0);
	wire_put16(out + 6, reply->answers);
	wire_put16(out + 8, reply->authorities);
	wire_put16(out + 10, opt);
	if (opt)
		opt_write(reply, rcode, edes);
	return reply->len;
}
