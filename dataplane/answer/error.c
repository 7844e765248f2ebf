#include "dataplane/answer/reply.h"

#include <string.h>

size_t reply_error(const struct query *query, unsigned rcode, const struct ede_list *edes,
		   const struct answer_context *context, uint8_t *out, size_t cap)
{
	struct reply reply;

	if (!reply_start(&reply, query, context, out, cap))
		return 0;
	return reply_finish(&reply, rcode, 0, edes);
}

size_t answer_error(const struct query *query, unsigned rcode, int ede, const char *ede_text,
		    const struct answer_context *context, uint8_t *out, size_t cap)
{
	struct ede_list edes = {.count = 0};

	ede_add(&edes, ede, ede_text, ede_text ? strlen(ede_text) : 0);
	return reply_error(query, rcode, &edes, context, out, cap);
}

size_t answer_unrenderable(const struct query *query, const struct answer_context *context,
			   uint8_t *out, size_t cap)
{
	const struct ede_list none = {.count = 0};
	size_t len = answer_error(query, RCODE_SERVFAIL, EDE_OTHER,
				  "the answer could not be put together", context, out, cap);

	if (len > 0)
		return len;
	struct query bare = *query;
	bare.question_len = 0;
	bare.edns.present = false;
	return reply_error(&bare, RCODE_SERVFAIL, &none, context, out, cap);
}

size_t answer_verdict(enum query_verdict verdict, const struct query *query,
		      const struct answer_context *context, uint8_t *out, size_t cap)
{
	switch (verdict) {
	case QUERY_ANSWER:
		return SIZE_MAX;
	case QUERY_DROP:
		return 0;
	case QUERY_FORMERR:
		return answer_error(query, RCODE_FORMERR, EDE_NONE, NULL, context, out, cap);
	case QUERY_NOTIMP:
		return answer_error(query, RCODE_NOTIMP, EDE_NONE, NULL, context, out, cap);
	case QUERY_REFUSED:
		return answer_error(query, RCODE_REFUSED, EDE_NOT_SUPPORTED, NULL, context, out,
				    cap);
	case QUERY_BADVERS:
		return answer_error(query, RCODE_BADVERS, EDE_NONE, NULL, context, out, cap);
	case QUERY_META_TYPE:
		return answer_error(query, RCODE_FORMERR, EDE_INVALID_QUERY_TYPE, NULL, context,
				    out, cap);
	}
	return 0;
}
