#include "dataplane/answer/reply.h"

#include <string.h>

const uint8_t *stored_record(const uint8_t *p, struct stored_record *out)
{
	out->owner = p;
	while (*p < 0xc0)
		p += *p + 1;
	out->labels_len = (size_t)(p - out->owner);
	out->name_offset = wire_get16(p) & POINTER_MAX;
	out->fixed = p + 2;
	out->type = wire_get16(out->fixed);
	out->rdlen = wire_get16(out->fixed + 8);
	out->rdata = out->fixed + RECORD_FIXED_LEN;
	return out->rdata + out->rdlen;
}

// Owners and TTLs of records that have been copied to [p, end).
static void patch(uint8_t *p, const uint8_t *end, const struct source *source)
{
	while (p < end) {
		while (*p < 0xc0)
			p += *p + 1;
		size_t offset = source->place + (wire_get16(p) & POINTER_MAX);
		wire_put16(p, (uint16_t)(POINTER | offset));
		wire_put32(p + 6, ttl_now(&source->ttl, wire_get32(p + 6)));
		p += 2 + RECORD_FIXED_LEN + wire_get16(p + 10);
	}
}

static bool pointers_reach(const struct source *source)
{
	return source->place + source->entry->name_len <= POINTER_MAX;
}

// Behind the reach of pointers (TCP only) an owner is written out.
static bool put_expanded(struct reply *reply, const struct source *source, const uint8_t *records,
			 size_t len)
{
	const uint8_t *end = records + len;

	while (records < end) {
		struct stored_record r;

		records = stored_record(records, &r);
		size_t rest_len = source->entry->name_len - r.name_offset;
		size_t size = r.labels_len + rest_len + RECORD_FIXED_LEN + r.rdlen;
		if (size > reply->records_end - reply->len)
			return false;
		uint8_t *p = reply->out + reply->len;
		memcpy(p, r.owner, r.labels_len);
		p += r.labels_len;
		memcpy(p, reply->out + source->place + r.name_offset, rest_len);
		p += rest_len;
		memcpy(p, r.fixed, RECORD_FIXED_LEN + (size_t)r.rdlen);
		wire_put32(p + 4, ttl_now(&source->ttl, wire_get32(p + 4)));
		reply->len += size;
	}
	return true;
}

bool reply_records(struct reply *reply, const struct source *source, const uint8_t *records,
		   size_t len)
{
	if (!pointers_reach(source))
		return put_expanded(reply, source, records, len);
	if (len > reply->records_end - reply->len)
		return false;
	uint8_t *p = reply->out + reply->len;
	memcpy(p, records, len);
	patch(p, p + len, source);
	reply->len += len;
	return true;
}

bool reply_data(struct reply *reply, const struct source *source)
{
	const struct entry *entry = source->entry;
	const uint8_t *data = entry_data(entry);
	size_t unit = reply->context->rotate ? rotation_unit(entry) : 0;

	if (unit == 0)
		return reply_records(reply, source, data, entry->data_len);
	size_t head = unit * (reply->context->rotation % entry->data_count);
	return reply_records(reply, source, data + head, entry->data_len - head) &&
	       reply_records(reply, source, data, head);
}

bool reply_cname(struct reply *reply, size_t place, size_t owner_len, uint32_t ttl_s,
		 const uint8_t *target, size_t target_len, size_t *rdata)
{
	bool pointer = place <= POINTER_MAX;
	size_t size = (pointer ? 2 : owner_len) + RECORD_FIXED_LEN + target_len;
	uint8_t *p = reply->out + reply->len;

	if (size > reply->records_end - reply->len)
		return false;
	if (pointer) {
		wire_put16(p, (uint16_t)(POINTER | place));
		p += 2;
	} else {
		memcpy(p, reply->out + place, owner_len);
		p += owner_len;
	}
	wire_put16(p, TYPE_CNAME);
	wire_put16(p + 2, CLASS_IN);
	wire_put32(p + 4, ttl_s);
	wire_put16(p + 8, (uint16_t)target_len);
	memcpy(p + RECORD_FIXED_LEN, target, target_len);
	*rdata = (size_t)(p + RECORD_FIXED_LEN - reply->out);
	reply->len += size;
	return true;
}
