#include "control/validator/records.h"

#include "dataplane/dns/header.h"
#include "dataplane/dns/rdata.h"
#include "dataplane/dns/types.h"

#include <stdlib.h>
#include <string.h>

struct records *records_new(const struct rdata *rdatas, size_t count, uint16_t type)
{
	size_t bytes = sizeof(struct records) + count * sizeof(struct record_item);

	for (size_t i = 0; i < count; i++)
		bytes += rdatas[i].len;
	struct records *records = malloc(bytes);
	if (records == NULL)
		return NULL;
	*records = (struct records){.refs = 1, .bytes = bytes, .count = count};
	uint8_t *p = (uint8_t *)&records->items[count];
	for (size_t i = 0; i < count; i++) {
		size_t len = rdatas[i].len;
		memcpy(p, rdatas[i].data, len);
		records->items[i] = (struct record_item){
			.rdata = {p, (uint16_t)len},
			.tag = type == TYPE_DNSKEY ? rdata_dnskey_tag(p, len)
			       : len >= 2          ? wire_get16(p)
						   : 0,
		};
		p += len;
	}
	return records;
}

struct records *records_ref(struct records *records)
{
	records->refs++;
	return records;
}

void records_unref(struct records *records)
{
	if (records != NULL && --records->refs == 0)
		free(records);
}

static bool has(const struct records *records, const struct rdata *rdata)
{
	for (size_t i = 0; i < records->count; i++) {
		const struct rdata *own = &records->items[i].rdata;
		if (own->len == rdata->len && memcmp(own->data, rdata->data, own->len) == 0)
			return true;
	}
	return false;
}

bool records_same(const struct records *a, const struct records *b)
{
	if (a == NULL || b == NULL || a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (!has(b, &a->items[i].rdata))
			return false;
	}
	return true;
}
