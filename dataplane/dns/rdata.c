// The shape of every type's RDATA: reading it from a message, and its canonical form.
#include "dataplane/dns/rdata.h"

#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"

#include <errno.h>
#include <string.h>

// A shape is one letter per field:
//   1 2 4  that many bytes             6  an IPv6 address
//   N  name, may be compressed         n  name, must not be
//   s  character-string (also a salt)  S  one or more of them, to the end
//   h  length and at least one byte    a  A6: prefix length, suffix, name
//   B  type bitmap, may be empty
//   r  the rest, at least one byte     R  the rest, may be empty
// Compressed names are taken in the types of RFC 1035, those of RFC 3597 §4, and DNAME, SVCB and
// HTTPS, which servers are known to compress. SvcParams are the client's to read (RFC 9460 §2.2: it
// is the client that treats a malformed list as an error): keys out of order, twice or of a wrong
// length are in the field, and who does not understand them loses no more than the hint.
static const struct shape {
	const char *fields;
	bool folded; // RFC 4034 §6.2, RFC 6840 §5.1: names are lower case in canonical form
} shapes[] = {
	[TYPE_A] = {"4"},
	[TYPE_NS] = {"N", true},
	[TYPE_MD] = {"N", true},
	[TYPE_MF] = {"N", true},
	[TYPE_CNAME] = {"N", true},
	[TYPE_SOA] = {"NN44444", true},
	[TYPE_MB] = {"N", true},
	[TYPE_MG] = {"N", true},
	[TYPE_MR] = {"N", true},
	[TYPE_NULL] = {"R"},
	[TYPE_PTR] = {"N", true},
	[TYPE_HINFO] = {"ss"},
	[TYPE_MINFO] = {"NN", true},
	[TYPE_MX] = {"2N", true},
	[TYPE_TXT] = {"S"},
	[TYPE_RP] = {"NN", true},
	[TYPE_AFSDB] = {"2N", true},
	[TYPE_RT] = {"2N", true},
	[TYPE_SIG] = {"2114442Nr", true},
	[TYPE_KEY] = {"211R"},
	[TYPE_PX] = {"2NN", true},
	[TYPE_AAAA] = {"6"},
	[TYPE_NXT] = {"NR", true},
	[TYPE_SRV] = {"222N", true},
	[TYPE_NAPTR] = {"22sssN", true},
	[TYPE_KX] = {"2N", true},
	[TYPE_CERT] = {"221r"},
	[TYPE_A6] = {"a", true},
	[TYPE_DNAME] = {"N", true},
	[TYPE_DS] = {"211r"},
	[TYPE_SSHFP] = {"11r"},
	[TYPE_RRSIG] = {"2114442nr", true},
	[TYPE_NSEC] = {"nB"},
	[TYPE_DNSKEY] = {"211R"},
	[TYPE_NSEC3] = {"112shB"},
	[TYPE_NSEC3PARAM] = {"112s"},
	[TYPE_TLSA] = {"111r"},
	[TYPE_CDS] = {"211r"},
	[TYPE_CDNSKEY] = {"211r"},
	[TYPE_SVCB] = {"2NR"},
	[TYPE_HTTPS] = {"2NR"},
	[TYPE_SPF] = {"S"},
};

static const struct shape *shape_of(uint16_t type)
{
	static const struct shape opaque = {"R"};

	if (type >= sizeof(shapes) / sizeof(shapes[0]) || shapes[type].fields == NULL)
		return &opaque;
	return &shapes[type];
}

struct reader {
	const uint8_t *msg;
	size_t off, end; // of what is left of RDATA
	uint8_t *out;
	size_t len, cap;
};

static int take(struct reader *r, size_t count)
{
	if (count > r->end - r->off)
		return -EBADMSG;
	if (count > r->cap - r->len)
		return -ENOBUFS;
	memcpy(r->out + r->len, r->msg + r->off, count);
	r->off += count;
	r->len += count;
	return 0;
}

static int take_name(struct reader *r, bool may_be_compressed)
{
	uint8_t name[NAME_MAX_LEN];
	size_t next;

	if (!may_be_compressed) {
		int plain = name_check(r->msg + r->off, r->end - r->off);
		return plain < 0 ? plain : take(r, (size_t)plain);
	}
	// Everything before a pointer, and the pointer, lies inside RDATA.
	int len = name_parse(r->msg, r->end, r->off, name, &next);
	if (len < 0)
		return len;
	if ((size_t)len > r->cap - r->len)
		return -ENOBUFS;
	memcpy(r->out + r->len, name, (size_t)len);
	r->len += (size_t)len;
	r->off = next;
	return 0;
}

// A length octet and that many bytes.
static int take_string(struct reader *r, size_t at_least)
{
	if (r->off == r->end || r->msg[r->off] < at_least)
		return -EBADMSG;
	return take(r, (size_t)r->msg[r->off] + 1);
}

static int take_strings(struct reader *r)
{
	int rc;

	do {
		rc = take_string(r, 0);
	} while (rc == 0 && r->off < r->end);
	return rc;
}

// RFC 4034 §4.1.2: windows in increasing order, of 1 to 32 octets.
static int take_bitmap(struct reader *r)
{
	int window = -1;

	while (r->off < r->end) {
		if (r->end - r->off < 2)
			return -EBADMSG;
		uint8_t number = r->msg[r->off], octets = r->msg[r->off + 1];
		if ((int)number <= window || octets < 1 || octets > 32)
			return -EBADMSG;
		window = number;
		int rc = take(r, (size_t)octets + 2);
		if (rc != 0)
			return rc;
	}
	return 0;
}

// RFC 2874 §3.1: the name is absent with a prefix length of 0.
static int take_a6(struct reader *r)
{
	if (r->off == r->end || r->msg[r->off] > 128)
		return -EBADMSG;
	uint8_t prefix = r->msg[r->off];
	int rc = take(r, 1 + (size_t)(128 - prefix + 7) / 8);

	return rc != 0 || prefix == 0 ? rc : take_name(r, false);
}

static int take_field(struct reader *r, char field)
{
	switch (field) {
	case '1':
	case '2':
	case '4':
		return take(r, (size_t)(field - '0'));
	case '6':
		return take(r, 16);
	case 'N':
		return take_name(r, true);
	case 'n':
		return take_name(r, false);
	case 's':
		return take_string(r, 0);
	case 'h':
		return take_string(r, 1);
	case 'S':
		return take_strings(r);
	case 'a':
		return take_a6(r);
	case 'B':
		return take_bitmap(r);
	case 'r':
		return r->off == r->end ? -EBADMSG : take(r, r->end - r->off);
	default:
		return take(r, r->end - r->off);
	}
}

int rdata_parse(uint16_t type, const uint8_t *msg, size_t msg_len, size_t off, size_t rdlen,
		uint8_t *out, size_t cap)
{
	if (off > msg_len || rdlen > msg_len - off)
		return -EBADMSG;
	struct reader r = {
		.msg = msg,
		.off = off,
		.end = off + rdlen,
		.out = out,
		.cap = cap,
	};
	for (const char *field = shape_of(type)->fields; *field != '\0'; field++) {
		int rc = take_field(&r, *field);
		if (rc != 0)
			return rc;
	}
	if (r.off != r.end || r.len > RDATA_MAX)
		return -EBADMSG;
	return (int)r.len;
}

// Bytes of the field at the start of rdata, or 0 when it does not fit or holds the rest.
static size_t field_len(char field, const uint8_t *rdata, size_t left)
{
	size_t len;
	int name;

	switch (field) {
	case '1':
	case '2':
	case '4':
		len = (size_t)(field - '0');
		break;
	case 's':
		len = left > 0 ? (size_t)rdata[0] + 1 : 0;
		break;
	case 'N':
	case 'n':
		name = name_check(rdata, left);
		len = name > 0 ? (size_t)name : 0;
		break;
	default:
		len = 0;
	}
	return len <= left ? len : 0;
}

static void fold_name(uint8_t *rdata, size_t left)
{
	int len = name_check(rdata, left);

	if (len > 0)
		name_lower(rdata, rdata, (size_t)len);
}

void rdata_canonical(uint16_t type, uint8_t *rdata, size_t rdlen)
{
	const struct shape *shape = shape_of(type);
	size_t off = 0;

	if (!shape->folded)
		return;
	if (type == TYPE_A6) {
		if (rdlen > 0 && rdata[0] > 0 && rdata[0] <= 128)
			off = 1 + (size_t)(128 - rdata[0] + 7) / 8;
		if (off > 0 && off < rdlen)
			fold_name(rdata + off, rdlen - off);
		return;
	}
	for (const char *field = shape->fields; *field != '\0'; field++) {
		size_t len = field_len(*field, rdata + off, rdlen - off);
		if (len == 0)
			return;
		if (*field == 'N' || *field == 'n')
			name_lower(rdata + off, rdata + off, len);
		off += len;
	}
}

int rdata_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	int diff = memcmp(a, b, a_len < b_len ? a_len : b_len);

	if (diff != 0)
		return diff;
	return a_len < b_len ? -1 : a_len > b_len;
}
