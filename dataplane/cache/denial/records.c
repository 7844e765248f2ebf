// Records of the chains, as replies want them.
#include "dataplane/cache/denial/store.h"
#include "dataplane/dns/header.h"

#include <string.h>

#define RECORD_FIXED 10 // type, class, TTL, RDLENGTH

const uint8_t *denial_item_records(const struct denial_item *item, size_t *len, uint16_t *count)
{
	*len = item->records_len;
	*count = item->record_count;
	return item_records(item);
}

bool denial_item_next(const struct denial_item *item, const uint8_t *zone, size_t *offset,
		      uint8_t owner[NAME_MAX_LEN], struct record *out)
{
	const uint8_t *p = item_records(item) + *offset;
	size_t len = 0;

	if (*offset >= item->records_len)
		return false;
	while (*p < 0xc0) {
		memcpy(owner + len, p, (size_t)*p + 1);
		len += (size_t)*p + 1;
		p += (size_t)*p + 1;
	}
	name_copy(owner + len, zone);
	p += 2;
	*out = (struct record){
		.owner = owner,
		.type = wire_get16(p),
		.class_ = wire_get16(p + 2),
		.ttl_s = wire_get32(p + 4),
		.rdlen = wire_get16(p + 8),
		.rdata = p + RECORD_FIXED,
	};
	*offset = (size_t)(out->rdata + out->rdlen - item_records(item));
	return true;
}
