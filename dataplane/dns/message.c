#include "dataplane/dns/message.h"

#include "dataplane/dns/header.h"
#include "dataplane/dns/rdata.h"
#include "dataplane/dns/types.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_TAIL_LEN 10 // type, class, TTL, RDLENGTH
#define RECORD_MIN_LEN  (1 + RECORD_TAIL_LEN)
#define RDATA_GROWTH    (2 * NAME_MAX_LEN) // no type has more than two compressed names
// Nearly all messages are parsed without memory but that of their RRsets.
#define USUAL_RECORDS 32
#define USUAL_BYTES   4096

// A record as read; owner and RDATA lie in the parser's bytes, by offset because those
// move while they grow.
struct raw {
	uint32_t owner, folded, rdata; // folded: the owner in lower case
	uint32_t ttl_s;
	uint16_t type, rdlen;
	uint16_t key_type; // the type covered by an RRSIG, else type
	uint8_t owner_len;
	uint8_t section;
	bool bad; // its RDATA is not there
};

struct parser {
	const uint8_t *msg;
	size_t len, off;
	uint8_t *bytes;
	size_t bytes_len, bytes_cap;
	void *grown; // bytes, when they have outgrown what message_parse() has
	void *lists; // all of those below, when they do not fit there
	struct raw *raws;
	size_t count;
	// Both in the order of grouping; record[i] was the order[i]-th one received.
	struct raw **order;
	struct record *records;
	struct record *loose;  // RRSIGs of one owner that cover nothing here
	struct rrset **placed; // by the first record of each RRset
};

// 65535 bytes of message are at most 5957 records, so offsets never pass 32 bits.
static enum message_verdict reserve(struct parser *p, size_t count)
{
	if (count <= p->bytes_cap - p->bytes_len)
		return MESSAGE_OK;
	size_t cap = p->bytes_cap * 2 + count + 4 * p->len;
	uint8_t *bytes = realloc(p->grown, cap);
	if (bytes == NULL)
		return MESSAGE_NO_MEMORY;
	if (p->grown == NULL) // with an owner that is not counted yet
		memcpy(bytes, p->bytes, p->bytes_cap);
	p->bytes = p->grown = bytes;
	p->bytes_cap = cap;
	return MESSAGE_OK;
}

// What a message of so many records needs while it is parsed.
struct row {
	struct raw raw;
	struct record record, loose;
	struct raw *order;
	struct rrset *placed;
};

static_assert(_Alignof(struct record) >= _Alignof(struct raw *) &&
		      _Alignof(struct raw *) >= _Alignof(struct raw),
	      "lists that follow one another are aligned");

// The lists, of `count` elements each, out of memory for as many rows.
static void share_out(struct parser *p, void *rows, size_t count)
{
	p->records = rows; // what is aligned most comes first
	p->loose = p->records + count;
	p->order = (struct raw **)(p->loose + count);
	p->placed = (struct rrset **)(p->order + count);
	p->raws = (struct raw *)(p->placed + count);
	memset(p->placed, 0, count * sizeof(p->placed[0]));
}

static enum message_verdict read_question(struct parser *p, struct message *m)
{
	uint16_t qdcount = header_qdcount(p->msg);

	// RFC 9619 §4
	if (qdcount > 1)
		return MESSAGE_MALFORMED;
	if (qdcount == 0)
		return MESSAGE_OK;
	if (name_parse(p->msg, p->len, p->off, m->qname, &p->off) < 0 || p->len - p->off < 4)
		return MESSAGE_MALFORMED;
	m->qtype = wire_get16(p->msg + p->off);
	m->qclass = wire_get16(p->msg + p->off + 2);
	m->has_question = true;
	p->off += 4;
	return MESSAGE_OK;
}

// RFC 6891 §6.1.1: one OPT at most, in the additional section, owned by the root.
static enum message_verdict read_opt(struct parser *p, struct message *m, enum section section,
				     const uint8_t *owner, const uint8_t *tail)
{
	if (section != SECTION_ADDITIONAL || m->edns.present || !name_is_root(owner))
		return MESSAGE_MALFORMED;
	uint16_t rdlen = wire_get16(tail + 8);
	if (edns_parse(wire_get16(tail + 2), wire_get32(tail + 4), tail + RECORD_TAIL_LEN, rdlen,
		       SIZE_MAX, &m->edns) != EDNS_OK)
		return MESSAGE_MALFORMED;
	m->rcode |= (uint16_t)(m->edns.rcode_high << 4);
	p->off += rdlen;
	return MESSAGE_OK;
}

// Adds the record whose RDATA begins at p->off. The owner has just been reserved for.
static enum message_verdict add_record(struct parser *p, enum section section, size_t owner_len,
				       const uint8_t *tail)
{
	uint16_t type = wire_get16(tail);
	uint16_t rdlen = wire_get16(tail + 8);
	struct raw raw = {
		.owner = (uint32_t)p->bytes_len,
		.folded = (uint32_t)(p->bytes_len + owner_len),
		.rdata = (uint32_t)(p->bytes_len + 2 * owner_len),
		.ttl_s = wire_get32(tail + 4),
		.type = type,
		.key_type = type,
		.owner_len = (uint8_t)owner_len,
		.section = (uint8_t)section,
	};

	if (reserve(p, 2 * owner_len + rdlen + RDATA_GROWTH) != MESSAGE_OK)
		return MESSAGE_NO_MEMORY;
	name_lower(p->bytes + raw.folded, p->bytes + raw.owner, owner_len);
	int written = rdata_parse(type, p->msg, p->len, p->off, rdlen, p->bytes + raw.rdata,
				  p->bytes_cap - raw.rdata);
	if (written < 0 && type == TYPE_RRSIG) {
		p->off += rdlen;
		return MESSAGE_OK;
	}
	raw.bad = written < 0;
	if (raw.bad)
		written = 0;
	raw.rdlen = (uint16_t)written;
	if (type == TYPE_RRSIG)
		raw.key_type = wire_get16(p->bytes + raw.rdata);
	p->raws[p->count++] = raw;
	p->bytes_len = raw.rdata + (size_t)written;
	p->off += rdlen;
	return MESSAGE_OK;
}

static enum message_verdict read_record(struct parser *p, struct message *m, enum section section)
{
	if (reserve(p, NAME_MAX_LEN) != MESSAGE_OK)
		return MESSAGE_NO_MEMORY;
	uint8_t *owner = p->bytes + p->bytes_len;
	int owner_len = name_parse(p->msg, p->len, p->off, owner, &p->off);
	if (owner_len < 0 || p->len - p->off < RECORD_TAIL_LEN)
		return MESSAGE_MALFORMED;
	const uint8_t *tail = p->msg + p->off;
	uint16_t type = wire_get16(tail);
	uint16_t rdlen = wire_get16(tail + 8);
	p->off += RECORD_TAIL_LEN;
	if (rdlen > p->len - p->off)
		return MESSAGE_MALFORMED;
	if (type == TYPE_OPT)
		return read_opt(p, m, section, owner, tail);
	// Of no use to a cache of class IN: other classes, and what is no data (TSIG …).
	if (wire_get16(tail + 2) != CLASS_IN || type_is_meta(type)) {
		p->off += rdlen;
		return MESSAGE_OK;
	}
	return add_record(p, section, (size_t)owner_len, tail);
}

static enum message_verdict read_records(struct parser *p, struct row *usual, struct message *m)
{
	const unsigned counts[SECTION_COUNT] = {
		[SECTION_ANSWER] = header_ancount(p->msg),
		[SECTION_AUTHORITY] = header_nscount(p->msg),
		[SECTION_ADDITIONAL] = header_arcount(p->msg),
	};
	size_t total = (size_t)counts[0] + counts[1] + counts[2];

	if (total > (p->len - p->off) / RECORD_MIN_LEN)
		return MESSAGE_MALFORMED;
	if (total > USUAL_RECORDS) {
		p->lists = malloc(total * sizeof(struct row));
		if (p->lists == NULL)
			return MESSAGE_NO_MEMORY;
	}
	share_out(p, p->lists != NULL ? p->lists : usual, total);
	for (unsigned s = 0; s < SECTION_COUNT; s++) {
		for (unsigned i = 0; i < counts[s]; i++) {
			enum message_verdict verdict = read_record(p, m, s);
			if (verdict != MESSAGE_OK)
				return verdict;
		}
	}
	m->trailing = p->off < p->len;
	return MESSAGE_OK;
}

static int raw_same_owner(const struct parser *p, const struct raw *a, const struct raw *b)
{
	if (a->section != b->section)
		return (int)a->section - (int)b->section;
	if (a->owner_len != b->owner_len)
		return (int)a->owner_len - (int)b->owner_len;
	return memcmp(p->bytes + a->folded, p->bytes + b->folded, a->owner_len);
}

// Brings together the records of an owner, of these those of a type, RRSIGs behind what
// they cover, and keeps the order received within.
static int raw_order(const void *a, const void *b, void *parser)
{
	const struct raw *x = *(const struct raw *const *)a;
	const struct raw *y = *(const struct raw *const *)b;
	int diff = raw_same_owner(parser, x, y);

	if (diff != 0)
		return diff;
	if (x->key_type != y->key_type)
		return (int)x->key_type - (int)y->key_type;
	if ((x->type == TYPE_RRSIG) != (y->type == TYPE_RRSIG))
		return x->type == TYPE_RRSIG ? 1 : -1;
	return (x > y) - (x < y);
}

static void parser_sort(struct parser *p)
{
	for (size_t i = 0; i < p->count; i++)
		p->order[i] = &p->raws[i];
	qsort_r(p->order, p->count, sizeof(p->order[0]), raw_order, p);
	for (size_t i = 0; i < p->count; i++) {
		const struct raw *raw = p->order[i];
		p->records[i] = (struct record){
			.owner = p->bytes + raw->owner,
			.rdata = p->bytes + raw->rdata,
			.ttl_s = raw->ttl_s,
			.type = raw->type,
			.class_ = CLASS_IN,
			.rdlen = raw->rdlen,
		};
	}
}

// Index after the records from i on that have the same owner, type and nature.
static size_t end_of_run(const struct parser *p, size_t i, size_t end)
{
	const struct raw *first = p->order[i];

	while (i < end && p->order[i]->key_type == first->key_type &&
	       p->order[i]->type == first->type)
		i++;
	return i;
}

static enum message_verdict add_lost(struct message *m, const struct parser *p,
				     const struct raw *raw, bool too_large)
{
	if (m->lost_count == MESSAGE_LOST_MAX)
		return MESSAGE_MALFORMED;
	if (m->lost == NULL)
		m->lost = malloc(MESSAGE_LOST_MAX * sizeof(*m->lost));
	if (m->lost == NULL)
		return MESSAGE_NO_MEMORY;
	struct lost_rrset *lost = &m->lost[m->lost_count++];
	lost->section = raw->section;
	lost->too_large = too_large;
	lost->type = raw->type;
	memcpy(lost->owner, p->bytes + raw->folded, raw->owner_len);
	return MESSAGE_OK;
}

static enum message_verdict place_rrset(struct parser *p, struct message *m,
					const struct raw *first, const struct record *records,
					size_t count, const struct record *rrsigs,
					size_t rrsig_count)
{
	struct rrset *rrset = rrset_new(records, count, rrsigs, rrsig_count);

	if (rrset == NULL)
		return errno == EMSGSIZE ? add_lost(m, p, first, true) : MESSAGE_NO_MEMORY;
	p->placed[first - p->raws] = rrset;
	return MESSAGE_OK;
}

static bool any_bad(const struct parser *p, size_t i, size_t end)
{
	while (i < end && !p->order[i]->bad)
		i++;
	return i < end;
}

// Makes the RRsets of one owner in one section: records [i, end).
static enum message_verdict group_owner(struct parser *p, struct message *m, size_t i, size_t end)
{
	const struct raw *loose_first = NULL;
	size_t loose_count = 0;
	enum message_verdict verdict = MESSAGE_OK;

	while (i < end && verdict == MESSAGE_OK) {
		size_t first = i;
		size_t after = i = end_of_run(p, i, end);
		if (p->order[first]->type != TYPE_RRSIG) {
			if (after < end && p->order[after]->type == TYPE_RRSIG &&
			    p->order[after]->key_type == p->order[first]->key_type)
				i = end_of_run(p, after, end);
			if (any_bad(p, first, after))
				verdict = add_lost(m, p, p->order[first], false);
			else
				verdict = place_rrset(p, m, p->order[first], p->records + first,
						      after - first, p->records + after, i - after);
			continue;
		}
		for (; first < after; first++) {
			if (loose_first == NULL || p->order[first] < loose_first)
				loose_first = p->order[first];
			p->loose[loose_count++] = p->records[first];
		}
	}
	if (verdict == MESSAGE_OK && loose_count > 0)
		verdict = place_rrset(p, m, loose_first, p->loose, loose_count, NULL, 0);
	return verdict;
}

// Moves the RRsets into the message, in the order in which each was first seen.
static enum message_verdict hand_over(struct parser *p, struct message *m)
{
	size_t counts[SECTION_COUNT] = {0};

	for (size_t i = 0; i < p->count; i++)
		counts[p->raws[i].section] += p->placed[i] != NULL;
	for (unsigned s = 0; s < SECTION_COUNT; s++) {
		if (counts[s] == 0)
			continue;
		m->sections[s].rrsets = malloc(counts[s] * sizeof(struct rrset *));
		if (m->sections[s].rrsets == NULL)
			return MESSAGE_NO_MEMORY;
	}
	for (size_t i = 0; i < p->count; i++) {
		struct section_rrsets *section = &m->sections[p->raws[i].section];
		if (p->placed[i] != NULL)
			section->rrsets[section->count++] = p->placed[i];
		p->placed[i] = NULL;
	}
	return MESSAGE_OK;
}

static enum message_verdict group_records(struct parser *p, struct message *m)
{
	parser_sort(p);
	for (size_t i = 0, end; i < p->count; i = end) {
		end = i + 1;
		while (end < p->count && raw_same_owner(p, p->order[i], p->order[end]) == 0)
			end++;
		enum message_verdict verdict = group_owner(p, m, i, end);
		if (verdict != MESSAGE_OK)
			return verdict;
	}
	return hand_over(p, m);
}

static void parser_free(struct parser *p)
{
	for (size_t i = 0; i < p->count; i++)
		rrset_free(p->placed[i]);
	free(p->lists);
	free(p->grown);
}

enum message_verdict message_parse(const uint8_t *msg, size_t len, struct message **out)
{
	if (len < HEADER_LEN || len > UINT16_MAX)
		return MESSAGE_MALFORMED;
	struct message *m = malloc(sizeof(*m));
	if (m == NULL)
		return MESSAGE_NO_MEMORY;
	*m = (struct message){0};
	struct row usual[USUAL_RECORDS];
	uint8_t bytes[USUAL_BYTES];
	struct parser p = {.msg = msg,
			   .len = len,
			   .off = HEADER_LEN,
			   .bytes = bytes,
			   .bytes_cap = sizeof(bytes)};
	m->id = header_id(msg);
	m->flags = header_flags(msg);
	m->rcode = FLAGS_RCODE(m->flags);
	m->edns.ede = EDE_NONE;
	m->wire_len = len;

	enum message_verdict verdict = read_question(&p, m);
	if (verdict == MESSAGE_OK)
		verdict = read_records(&p, usual, m);
	if (verdict == MESSAGE_OK)
		verdict = group_records(&p, m);
	parser_free(&p);
	if (verdict != MESSAGE_OK) {
		message_free(m);
		return verdict;
	}
	*out = m;
	return MESSAGE_OK;
}

void message_free(struct message *msg)
{
	if (msg == NULL)
		return;
	for (unsigned s = 0; s < SECTION_COUNT; s++) {
		for (size_t i = 0; i < msg->sections[s].count; i++)
			rrset_free(msg->sections[s].rrsets[i]);
		free(msg->sections[s].rrsets);
	}
	free(msg->lost);
	free(msg);
}

struct rrset *message_find(const struct message *msg, enum section section, const uint8_t *owner,
			   uint16_t type)
{
	const struct section_rrsets *rrsets = &msg->sections[section];

	for (size_t i = 0; i < rrsets->count; i++) {
		struct rrset *rrset = rrsets->rrsets[i];
		if (rrset->type == type && name_equal(rrset->owner, owner))
			return rrset;
	}
	return NULL;
}

const struct lost_rrset *message_lost(const struct message *msg, enum section section,
				      const uint8_t *owner, uint16_t type)
{
	for (size_t i = 0; i < msg->lost_count; i++) {
		const struct lost_rrset *lost = &msg->lost[i];
		if (lost->section == section &&
		    (owner == NULL || (lost->type == type && name_equal(lost->owner, owner))))
			return lost;
	}
	return NULL;
}
