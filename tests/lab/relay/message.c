#include "tests/lab/relay/message.h"

#include <errno.h>
#include <string.h>

enum {
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_PTR = 12,
	TYPE_MX = 15,
	TYPE_OPT = 41,
	TYPE_RRSIG = 46,
	TYPE_NSEC = 47,
	TYPE_NSEC3 = 50,
	RECORD_FIXED_LEN = 10, // type, class, TTL, length of the rdata
	FLAG_QR = 0x80,
	FLAG_TC = 0x02,
	FLAG_RD = 0x01,
	FLAG_AD = 0x20,
	FLAG_CD = 0x10,
	OPT_DO = 0x80,
	EDNS_SIZE = 1232,
	RRSIG_FIXED_LEN = 18,
	POINTERS_MAX = 126,
};

struct record {
	size_t owner;
	uint16_t type;
	size_t fixed; // offset of the type
	size_t rdata;
	size_t rdata_len;
	size_t end;
};

struct writer {
	uint8_t *bytes;
	size_t len;
	size_t capacity;
	size_t question_name; // offset of the question's name, 0 before there is one
};

// Offset behind a name as it stands in the message, or 0.
static size_t name_skip(const uint8_t *message, size_t len, size_t at)
{
	while (at < len) {
		const uint8_t label = message[at];
		if (label >= 0xc0)
			return at + 2 <= len ? at + 2 : 0;
		if (label > 63)
			return 0;
		at += 1 + label;
		if (label == 0)
			return at <= len ? at : 0;
	}
	return 0;
}

// Expands a name; returns its length, or 0 if it is malformed.
static size_t name_expand(const uint8_t *message, size_t len, size_t at, uint8_t *name)
{
	size_t name_len = 0;
	for (int pointers = 0; at < len;) {
		const uint8_t label = message[at];
		if (label >= 0xc0) {
			if (at + 2 > len || ++pointers > POINTERS_MAX)
				return 0;
			at = get16(message + at) & 0x3fff;
			continue;
		}
		if (label > 63 || at + 1 + label > len || name_len + 1 + label > MESSAGE_NAME_MAX)
			return 0;
		memcpy(name + name_len, message + at, 1 + label);
		name_len += 1 + label;
		at += 1 + label;
		if (label == 0)
			return name_len;
	}
	return 0;
}

static void name_lower(uint8_t *name, size_t len)
{
	// Length bytes are below 64 and so no letters.
	for (size_t i = 0; i < len; i++)
		if (name[i] >= 'A' && name[i] <= 'Z')
			name[i] += 'a' - 'A';
}

static int record_read(const uint8_t *message, size_t len, size_t at, struct record *record)
{
	record->owner = at;
	record->fixed = name_skip(message, len, at);
	if (record->fixed == 0 || record->fixed + RECORD_FIXED_LEN > len)
		return -EBADMSG;
	record->type = get16(message + record->fixed);
	record->rdata = record->fixed + RECORD_FIXED_LEN;
	record->rdata_len = get16(message + record->fixed + 8);
	record->end = record->rdata + record->rdata_len;
	return record->end <= len ? 0 : -EBADMSG;
}

static unsigned record_count(const uint8_t *message)
{
	return get16(message + 6) + get16(message + 8) + get16(message + 10);
}

static void question_read_opt(const uint8_t *message, size_t len, struct question *question)
{
	struct record record;
	size_t at = question->end;
	for (unsigned left = record_count(message); left > 0; left--) {
		if (record_read(message, len, at, &record))
			return;
		if (record.type == TYPE_OPT) {
			const uint16_t size = get16(message + record.fixed + 2);
			question->has_opt = true;
			question->dnssec_ok = message[record.fixed + 6] & OPT_DO;
			question->udp_size = size > 512 ? size : 512;
		}
		at = record.end;
	}
}

int question_parse(const uint8_t *message, size_t len, struct question *question)
{
	if (len < MESSAGE_HEADER_LEN || get16(message + 4) != 1)
		return -EBADMSG;
	const size_t end = name_skip(message, len, MESSAGE_HEADER_LEN);
	question->name_len = name_expand(message, len, MESSAGE_HEADER_LEN, question->name);
	if (end == 0 || question->name_len == 0 || end + 4 > len)
		return -EBADMSG;
	name_lower(question->name, question->name_len);
	question->type = get16(message + end);
	question->end = end + 4;
	question->has_opt = false;
	question->dnssec_ok = false;
	question->udp_size = 512;
	question_read_opt(message, len, question);
	return 0;
}

size_t message_refuse(const uint8_t *query, const struct question *question, uint8_t rcode,
		      bool truncated, uint8_t *reply, size_t capacity)
{
	uint8_t opt[1 + RECORD_FIXED_LEN] = {0};
	put16(opt + 1, TYPE_OPT);
	put16(opt + 3, EDNS_SIZE);
	opt[7] = question->dnssec_ok ? OPT_DO : 0;
	size_t len = question->end;
	if (len + sizeof(opt) > capacity)
		return 0;
	memcpy(reply, query, len);
	reply[2] = (query[2] & ~FLAG_TC) | FLAG_QR | (truncated ? FLAG_TC : 0);
	reply[3] = (query[3] & FLAG_CD) | rcode;
	memset(reply + 6, 0, 6);
	if (question->has_opt) {
		put16(reply + 10, 1);
		memcpy(reply + len, opt, sizeof(opt));
		len += sizeof(opt);
	}
	return len;
}

// Other addresses in the answer section: whoever believes them shows that.
static void forge_addresses(uint8_t *message, size_t len, size_t at)
{
	struct record record;

	for (unsigned left = get16(message + 6); left > 0; left--) {
		if (record_read(message, len, at, &record))
			return;
		at = record.end;
		if (record.type == TYPE_A && record.rdata_len == 4)
			message[record.rdata + 3] ^= 0x55;
	}
}

int message_corrupt(uint8_t *message, size_t len)
{
	struct question question;
	struct record record;
	int changed = 0;
	if (question_parse(message, len, &question))
		return -EBADMSG;
	size_t at = question.end;
	for (unsigned left = record_count(message); left > 0; left--) {
		if (record_read(message, len, at, &record))
			return -EBADMSG;
		at = record.end;
		if (record.type != TYPE_RRSIG)
			continue;
		const size_t signer = record.rdata + RRSIG_FIXED_LEN;
		const size_t signature = name_skip(message, record.end, signer);
		if (signature == 0 || signature >= record.end)
			return -EBADMSG;
		message[signature + (record.end - signature) / 2] ^= 0x55;
		changed++;
	}
	if (changed)
		forge_addresses(message, len, question.end);
	return changed;
}

static int write_bytes(struct writer *writer, const uint8_t *bytes, size_t len)
{
	if (writer->len + len > writer->capacity)
		return -ENOSPC;
	memcpy(writer->bytes + writer->len, bytes, len);
	writer->len += len;
	return 0;
}

// Offset in the written question of the name's longest suffix, or 0. The root is never worth it.
static size_t suffix_in_question(const struct writer *writer, const uint8_t *name, size_t len)
{
	const uint8_t *own = writer->bytes + writer->question_name;
	if (writer->question_name == 0 || len < 3)
		return 0;
	for (size_t at = 0; own[at] != 0 && own[at] <= 63; at += 1 + own[at]) {
		const size_t end = name_skip(own, MESSAGE_NAME_MAX, at);
		if (end - at == len && memcmp(own + at, name, len) == 0)
			return writer->question_name + at;
	}
	return 0;
}

// Names are written anew: what a pointer pointed at may have been left out.
static int write_name(struct writer *writer, const uint8_t *message, size_t len, size_t at)
{
	uint8_t name[MESSAGE_NAME_MAX];
	const size_t name_len = name_expand(message, len, at, name);
	if (name_len == 0)
		return -EBADMSG;
	for (size_t label = 0; name[label] != 0; label += 1 + name[label]) {
		const size_t found = suffix_in_question(writer, name + label, name_len - label);
		if (found) {
			uint8_t pointer[2];
			put16(pointer, (uint16_t)(0xc000 | found));
			const int error = write_bytes(writer, name, label);
			return error ? error : write_bytes(writer, pointer, sizeof(pointer));
		}
	}
	return write_bytes(writer, name, name_len);
}

// Only the types of RFC 1035 may hold compressed names (RFC 3597 §4).
static int write_rdata(struct writer *writer, const uint8_t *message, const struct record *record)
{
	size_t at = record->rdata;
	int names = 0;
	int error = 0;
	if (record->type == TYPE_MX && record->rdata_len >= 2) {
		error = write_bytes(writer, message + at, 2);
		at += 2;
		names = 1;
	} else if (record->type == TYPE_SOA) {
		names = 2;
	} else if (record->type == TYPE_NS || record->type == TYPE_CNAME ||
		   record->type == TYPE_PTR) {
		names = 1;
	}
	for (; names > 0 && !error; names--) {
		error = write_name(writer, message, record->end, at);
		at = name_skip(message, record->end, at);
		if (at == 0)
			return -EBADMSG;
	}
	return error ? error : write_bytes(writer, message + at, record->end - at);
}

static int write_record(struct writer *writer, const uint8_t *message, size_t len,
			const struct record *record)
{
	int error = write_name(writer, message, len, record->owner);
	const size_t fixed = writer->len;
	if (!error)
		error = write_bytes(writer, message + record->fixed, RECORD_FIXED_LEN);
	if (!error)
		error = write_rdata(writer, message, record);
	if (error)
		return error;
	put16(writer->bytes + fixed + 8, (uint16_t)(writer->len - fixed - RECORD_FIXED_LEN));
	if (record->type == TYPE_OPT)
		writer->bytes[fixed + 6] &= ~OPT_DO;
	return 0;
}

static bool is_dnssec(uint16_t type)
{
	return type == TYPE_RRSIG || type == TYPE_NSEC || type == TYPE_NSEC3;
}

ssize_t message_strip(const uint8_t *message, size_t len, uint8_t *stripped, size_t capacity)
{
	struct writer writer = {.bytes = stripped, .capacity = capacity};
	struct question question;
	struct record record;
	if (question_parse(message, len, &question))
		return -EBADMSG;
	int error = write_bytes(&writer, message, question.end);
	if (error)
		return error;
	writer.question_name = MESSAGE_HEADER_LEN;
	stripped[3] &= ~FLAG_AD;
	size_t at = question.end;
	for (size_t section = 6; section <= 10; section += 2) {
		uint16_t kept = 0;
		for (unsigned left = get16(message + section); left > 0; left--) {
			if (record_read(message, len, at, &record))
				return -EBADMSG;
			at = record.end;
			if (is_dnssec(record.type))
				continue;
			error = write_record(&writer, message, len, &record);
			if (error)
				return error;
			kept++;
		}
		put16(stripped + section, kept);
	}
	return (ssize_t)writer.len;
}
