#include "tests/scenario/text.h"

#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <ldns/ldns.h>
// clang-format on

#include <stdlib.h>
#include <string.h>

void text_record(const char *line, struct text_record *out)
{
	ldns_rr *rr = NULL;
	uint8_t *wire = NULL;
	size_t len = 0;

	if (ldns_rr_new_frm_str(&rr, line, 300, NULL, NULL) != LDNS_STATUS_OK)
		fail_msg("cannot read record: %s", line);
	assert_int_equal(ldns_rr2wire(&wire, rr, LDNS_SECTION_ANSWER, &len), LDNS_STATUS_OK);
	ldns_rr_free(rr);
	size_t owner_len = name_len(wire);
	memset(out, 0, sizeof(*out));
	memcpy(out->owner, wire, owner_len);
	const uint8_t *tail = wire + owner_len;
	out->type = wire_get16(tail);
	out->ttl_s = wire_get32(tail + 4);
	out->rdlen = wire_get16(tail + 8);
	assert_true(out->rdlen <= sizeof(out->rdata));
	memcpy(out->rdata, tail + 10, out->rdlen);
	free(wire);
}

const uint8_t *text_name(const char *text)
{
	static uint8_t names[16][NAME_MAX_LEN];
	static unsigned turn;
	uint8_t *name = names[turn++ % 16];

	if (name_from_text(text, name) < 0)
		fail_msg("not a name: %s", text);
	return name;
}

struct message *text_message(const char *qname, uint16_t qtype, uint16_t flags, unsigned rcode,
			     const char *const *lines)
{
	static uint8_t wire[65535];
	struct builder b;
	struct message *message = NULL;

	builder_start(&b, wire, sizeof(wire), 1, (uint16_t)(FLAG_QR | flags | rcode));
	builder_question(&b, text_name(qname), qtype, CLASS_IN);
	for (; lines != NULL && *lines != NULL; lines++) {
		struct text_record record;
		enum section section = strncmp(*lines, "an ", 3) == 0   ? SECTION_ANSWER
				       : strncmp(*lines, "ns ", 3) == 0 ? SECTION_AUTHORITY
									: SECTION_ADDITIONAL;
		text_record(*lines + 3, &record);
		builder_record(&b, section, record.owner, record.type, CLASS_IN, record.ttl_s,
			       record.rdata, record.rdlen);
	}
	int len = builder_finish(&b);
	assert_true(len > 0);
	assert_int_equal(message_parse(wire, (size_t)len, &message), MESSAGE_OK);
	return message;
}
