#include "control/api/record_text.h"

#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"

#include <ldns/ldns.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_FIXED_LEN 10 // type, class, TTL, RDLENGTH

static ldns_rr *parse(const struct record *record, uint32_t ttl_s)
{
	size_t owner_len = name_len(record->owner), pos = 0;
	size_t len = owner_len + RECORD_FIXED_LEN + record->rdlen;
	uint8_t *wire = malloc(len), *fixed;
	ldns_rr *rr = NULL;

	if (!wire)
		return NULL;
	fixed = wire + owner_len;
	memcpy(wire, record->owner, owner_len);
	wire_put16(fixed, record->type);
	wire_put16(fixed + 2, record->class_);
	wire_put32(fixed + 4, ttl_s);
	wire_put16(fixed + 8, record->rdlen);
	memcpy(fixed + RECORD_FIXED_LEN, record->rdata, record->rdlen);
	if (ldns_wire2rr(&rr, wire, len, &pos, LDNS_SECTION_ANSWER) != LDNS_STATUS_OK)
		rr = NULL;
	free(wire);
	return rr;
}

static char *unknown_to_text(const struct record *record, uint32_t ttl_s)
{
	char owner[NAME_TEXT_MAX], type[TYPE_TEXT_MAX];
	size_t size = NAME_TEXT_MAX + 64 + 2 * (size_t)record->rdlen, used;
	char *text = malloc(size);

	if (!text)
		return NULL;
	used = (size_t)snprintf(text, size, "%s\t%" PRIu32 "\tIN\t%s\t\\# %u ",
				name_to_text(record->owner, owner), ttl_s,
				type_to_text(record->type, type), record->rdlen);
	for (size_t i = 0; i < record->rdlen; i++)
		used += (size_t)snprintf(text + used, size - used, "%02x", record->rdata[i]);
	return text;
}

char *record_to_text(const struct record *record, uint32_t ttl_s)
{
	ldns_rr *rr = parse(record, ttl_s);
	char *text = NULL;

	if (rr) {
		// With the tags of keys, without remarks on anything else.
		text = ldns_rr2str_fmt(ldns_output_format_onlykeyids, rr);
		ldns_rr_free(rr);
	}
	if (!text)
		return unknown_to_text(record, ttl_s);
	text[strcspn(text, "\n")] = '\0';
	return text;
}
