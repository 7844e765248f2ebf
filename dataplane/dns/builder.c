#include "dataplane/dns/builder.h"

#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"

#include <errno.h>
#include <string.h>

#define NO_PARENT       0xff // the suffix is a single label: its parent is the root
#define POINTER_MAX     0x3fff
#define RECORD_TAIL_LEN 10

// What has to be put back when a unit does not fit.
struct mark {
	size_t len, name_count;
	uint16_t counts[4];
};

static struct mark builder_mark(const struct builder *b)
{
	struct mark mark = {.len = b->len, .name_count = b->name_count};

	memcpy(mark.counts, b->counts, sizeof(mark.counts));
	return mark;
}

static void builder_undo(struct builder *b, const struct mark *mark)
{
	b->len = mark->len;
	b->name_count = mark->name_count;
	memcpy(b->counts, mark->counts, sizeof(b->counts));
	b->failed = true;
}

static uint8_t *grow(struct builder *b, size_t count)
{
	if (b->failed || count > b->cap - b->len) {
		b->failed = true;
		return NULL;
	}
	uint8_t *p = b->buf + b->len;
	b->len += count;
	return p;
}

static void put(struct builder *b, const uint8_t *data, size_t count)
{
	uint8_t *p = grow(b, count);

	if (p != NULL && count > 0)
		memcpy(p, data, count);
}

static void put16(struct builder *b, uint16_t v)
{
	uint8_t *p = grow(b, 2);

	if (p != NULL)
		wire_put16(p, v);
}

static void put32(struct builder *b, uint32_t v)
{
	uint8_t *p = grow(b, 4);

	if (p != NULL)
		wire_put32(p, v);
}

static void count_one(struct builder *b, size_t section)
{
	if (b->counts[section] == UINT16_MAX)
		b->failed = true;
	else
		b->counts[section]++;
}

// The known name that is `label` in front of the name `parent`, or NO_PARENT. Exact case:
// compression must not change the case of what is written.
static uint8_t find_name(const struct builder *b, uint8_t parent, const uint8_t *label)
{
	for (size_t i = 0; i < b->name_count; i++) {
		const uint8_t *known = b->buf + b->name_offsets[i];
		if (b->name_parents[i] == parent && *known == *label &&
		    memcmp(known + 1, label + 1, *label) == 0)
			return (uint8_t)i;
	}
	return NO_PARENT;
}

// Remembers the labels [0, count) of a name that is written at off; `parent` is what
// follows them. The rightmost is the parent of the one before it.
static void remember(struct builder *b, const uint8_t *const *labels, size_t count, size_t off,
		     uint8_t parent)
{
	while (count-- > 0) {
		size_t at = off + (size_t)(labels[count] - labels[0]);
		if (b->name_count == BUILDER_NAMES_MAX || at > POINTER_MAX)
			return;
		b->name_offsets[b->name_count] = (uint16_t)at;
		b->name_parents[b->name_count] = parent;
		parent = (uint8_t)b->name_count++;
	}
}

static void put_name(struct builder *b, const uint8_t *name)
{
	const uint8_t *labels[NAME_MAX_LABELS];
	size_t count = 0;
	uint8_t known = NO_PARENT;

	for (const uint8_t *p = name; *p != 0; p += (size_t)*p + 1)
		labels[count++] = p;
	size_t left = count;
	// From the root on, one pass over the known names per label at most.
	while (left > 0) {
		uint8_t found = find_name(b, known, labels[left - 1]);
		if (found == NO_PARENT)
			break;
		known = found;
		left--;
	}
	size_t off = b->len;
	size_t plain = left < count ? (size_t)(labels[left] - name) : name_len(name) - 1;
	put(b, name, plain);
	if (known != NO_PARENT)
		put16(b, (uint16_t)(0xc000 | b->name_offsets[known]));
	else
		put(b, (const uint8_t[]){0}, 1);
	if (!b->failed)
		remember(b, labels, left, off, known);
}

void builder_start(struct builder *b, uint8_t *buf, size_t cap, uint16_t id, uint16_t flags)
{
	*b = (struct builder){.buf = buf, .cap = cap < UINT16_MAX ? cap : UINT16_MAX};
	uint8_t *header = grow(b, HEADER_LEN);
	if (header == NULL)
		return;
	memset(header, 0, HEADER_LEN);
	wire_put16(header, id);
	wire_put16(header + 2, flags);
}

void builder_question(struct builder *b, const uint8_t *qname, uint16_t qtype, uint16_t qclass)
{
	struct mark mark = builder_mark(b);

	put_name(b, qname);
	put16(b, qtype);
	put16(b, qclass);
	count_one(b, 0);
	if (b->failed)
		builder_undo(b, &mark);
}

// RDATA with the names compressed where RFC 3597 §4 lets one (those of RFC 1035). Bytes
// before, between and after the names are copied.
static void put_rdata(struct builder *b, uint16_t type, const uint8_t *rdata, size_t rdlen)
{
	size_t off = 0;
	unsigned names = 0;

	switch (type) {
	case TYPE_NS:
	case TYPE_CNAME:
	case TYPE_PTR:
		names = 1;
		break;
	case TYPE_SOA:
		names = 2;
		break;
	case TYPE_MX:
		off = 2;
		names = 1;
		break;
	}
	if (off > rdlen)
		off = rdlen;
	put(b, rdata, off);
	for (; names > 0; names--) {
		int len = name_check(rdata + off, rdlen - off);
		if (len < 0)
			break;
		put_name(b, rdata + off);
		off += (size_t)len;
	}
	put(b, rdata + off, rdlen - off);
}

static void put_record(struct builder *b, enum section section, const uint8_t *owner, uint16_t type,
		       uint16_t class_, uint32_t ttl_s, const uint8_t *rdata, size_t rdlen)
{
	put_name(b, owner);
	put16(b, type);
	put16(b, class_);
	put32(b, ttl_s);
	uint8_t *rdlength = grow(b, 2);
	size_t start = b->len;
	put_rdata(b, type, rdata, rdlen);
	if (rdlength != NULL)
		wire_put16(rdlength, (uint16_t)(b->len - start));
	count_one(b, (size_t)section + 1);
}

void builder_record(struct builder *b, enum section section, const uint8_t *owner, uint16_t type,
		    uint16_t class_, uint32_t ttl_s, const uint8_t *rdata, size_t rdlen)
{
	struct mark mark = builder_mark(b);

	put_record(b, section, owner, type, class_, ttl_s, rdata, rdlen);
	if (b->failed)
		builder_undo(b, &mark);
}

void builder_rrset(struct builder *b, enum section section, const struct rrset *rrset,
		   bool with_rrsigs)
{
	struct mark mark = builder_mark(b);

	for (size_t i = 0; i < rrset->count; i++)
		put_record(b, section, rrset->owner, rrset->type, rrset->class_, rrset->ttl_s,
			   rrset->rdatas[i].data, rrset->rdatas[i].len);
	for (size_t i = 0; with_rrsigs && i < rrset->rrsig_count; i++)
		put_record(b, section, rrset->owner, TYPE_RRSIG, rrset->class_, rrset->rrsig_ttl_s,
			   rrset->rrsigs[i].data, rrset->rrsigs[i].len);
	if (b->failed)
		builder_undo(b, &mark);
}

static void put_cookie(struct builder *b, const struct edns *edns)
{
	put16(b, EDNS_COOKIE);
	put16(b, (uint16_t)(COOKIE_CLIENT_LEN + edns->server_cookie_len));
	put(b, edns->client_cookie, COOKIE_CLIENT_LEN);
	put(b, edns->server_cookie, edns->server_cookie_len);
}

static void put_ede(struct builder *b, int ede, const char *text)
{
	size_t text_len = text != NULL ? strlen(text) : 0;

	if (text_len > UINT16_MAX - 2) {
		b->failed = true;
		return;
	}
	put16(b, EDNS_EDE);
	put16(b, (uint16_t)(2 + text_len));
	put16(b, (uint16_t)ede);
	put(b, (const uint8_t *)text, text_len);
}

// RFC 7830: the last option, so that it knows how long the message is.
static void put_padding(struct builder *b, uint16_t pad_to)
{
	size_t past = (b->len + 4) % pad_to;
	size_t len = past == 0 ? 0 : pad_to - past;

	put16(b, EDNS_PADDING);
	put16(b, (uint16_t)len);
	uint8_t *zeros = grow(b, len);
	if (zeros != NULL)
		memset(zeros, 0, len);
}

void builder_opt(struct builder *b, const struct edns *edns, int ede, const char *ede_text)
{
	struct mark mark = builder_mark(b);
	uint32_t ttl = (uint32_t)edns->rcode_high << 24 | (uint32_t)edns->version << 16 |
		       (edns->do_bit ? 0x8000u : 0);

	put(b, (const uint8_t[]){0}, 1);
	put16(b, TYPE_OPT);
	put16(b, edns->udp_size);
	put32(b, ttl);
	uint8_t *rdlength = grow(b, 2);
	size_t start = b->len;
	if (edns->has_cookie)
		put_cookie(b, edns);
	if (ede != EDE_NONE)
		put_ede(b, ede, ede_text);
	if (edns->pad_to != 0)
		put_padding(b, edns->pad_to);
	if (rdlength != NULL)
		wire_put16(rdlength, (uint16_t)(b->len - start));
	count_one(b, (size_t)SECTION_ADDITIONAL + 1);
	if (b->failed)
		builder_undo(b, &mark);
}

int builder_finish(struct builder *b)
{
	if (b->failed)
		return -ENOBUFS;
	for (size_t i = 0; i < 4; i++)
		wire_put16(b->buf + 4 + 2 * i, b->counts[i]);
	return (int)b->len;
}

int query_build(uint8_t *buf, size_t cap, uint16_t id, uint16_t flags, const uint8_t *qname,
		uint16_t qtype, const struct edns *edns)
{
	struct builder b;

	builder_start(&b, buf, cap, id, flags);
	builder_question(&b, qname, qtype, CLASS_IN);
	if (edns != NULL && edns->present)
		builder_opt(&b, edns, EDE_NONE, NULL);
	return builder_finish(&b);
}
