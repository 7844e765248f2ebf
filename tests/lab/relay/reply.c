#include "tests/lab/relay/relay.h"

#include <string.h>

size_t reply_at_once(struct verdict verdict, const uint8_t *query, const struct question *question,
		     bool over_udp, uint8_t *reply, size_t capacity)
{
	if (verdict.kinds & BREAK_REFUSE) {
		counters.refused++;
		return message_refuse(query, question, RCODE_REFUSED, false, reply, capacity);
	}
	if (verdict.kinds & BREAK_SERVFAIL) {
		counters.servfail++;
		return message_refuse(query, question, RCODE_SERVFAIL, false, reply, capacity);
	}
	if ((verdict.kinds & BREAK_TRUNCATE) && over_udp) {
		counters.truncated++;
		return message_refuse(query, question, 0, true, reply, capacity);
	}
	return 0;
}

static size_t strip(uint8_t *reply, size_t len, size_t capacity, size_t udp_size)
{
	static uint8_t stripped[MESSAGE_MAX];
	const size_t limit = udp_size && udp_size < capacity ? udp_size : capacity;
	const ssize_t stripped_len = message_strip(reply, len, stripped, limit);
	if (stripped_len < 0) {
		struct question question;
		// Expanded names made it too long: the client must come back over TCP.
		if (question_parse(reply, len, &question))
			return 0;
		len = message_refuse(reply, &question, 0, true, stripped, sizeof(stripped));
		memcpy(reply, stripped, len);
		return len;
	}
	counters.stripped++;
	memcpy(reply, stripped, (size_t)stripped_len);
	return (size_t)stripped_len;
}

size_t reply_edit(struct verdict verdict, uint8_t *reply, size_t len, size_t capacity,
		  size_t udp_size)
{
	if (verdict.kinds & BREAK_BOGUS) {
		if (message_corrupt(reply, len) < 0)
			counters.malformed++;
		else
			counters.corrupted++;
	}
	if (verdict.kinds & BREAK_STRIP)
		len = strip(reply, len, capacity, udp_size);
	return len;
}
