#include "control/upstream/match.h"

#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"

#include <stdbool.h>
#include <string.h>

static bool equal_but_for_case(const uint8_t *a, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t x = a[i], y = b[i];

		if (x >= 'A' && x <= 'Z')
			x |= 0x20;
		if (y >= 'A' && y <= 'Z')
			y |= 0x20;
		if (x != y)
			return false;
	}
	return true;
}

// Servers that cannot read a question may answer with the header alone.
static bool is_bare_error(const uint8_t *msg)
{
	unsigned rcode = FLAGS_RCODE(header_flags(msg));

	return header_qdcount(msg) == 0 && header_ancount(msg) == 0 && header_nscount(msg) == 0 &&
	       rcode != RCODE_NOERROR && rcode != RCODE_NXDOMAIN;
}

// Too short to hold our question: it ends within ours, or has a shorter one.
static bool is_cut(const struct match_question *question, const uint8_t *rest, size_t len)
{
	return equal_but_for_case(rest, question->name,
				  len < question->name_len ? len : question->name_len);
}

enum match match_reply(const struct match_question *question, const uint8_t *msg, size_t len)
{
	const uint8_t *name = msg + HEADER_LEN;
	const uint8_t *fixed = name + question->name_len;

	if (len < 2 || header_id(msg) != question->id)
		return MATCH_OTHER;
	if (len < HEADER_LEN)
		return MATCH_NEAR;
	if (!(header_flags(msg) & FLAG_QR) || FLAGS_OPCODE(header_flags(msg)) != OPCODE_QUERY)
		return MATCH_NEAR;
	if (is_bare_error(msg))
		return MATCH_BARE;
	if (header_qdcount(msg) != 1)
		return MATCH_WRONG;
	if (len < HEADER_LEN + question->name_len + 4)
		return is_cut(question, name, len - HEADER_LEN) ? MATCH_NEAR : MATCH_WRONG;
	if (wire_get16(fixed) != question->type || wire_get16(fixed + 2) != CLASS_IN)
		return MATCH_WRONG;
	if (memcmp(name, question->name, question->name_len) == 0)
		return MATCH_EXACT;
	// Length bytes are below 64: folding letters cannot make two shapes of name equal.
	return equal_but_for_case(name, question->name, question->name_len) ? MATCH_CASE
									    : MATCH_WRONG;
}
