#include "dataplane/dns/name.h"

#include "dataplane/dns/header.h"

#include <errno.h>
#include <string.h>

#define LABEL_MAX    63
#define POINTER_BITS 0xc0
#define BYTES(v)     (0x0101010101010101u * (uint64_t)(v))

// A-Z to a-z in eight bytes at once. Length octets are below 'A' and stay as they are,
// so names are folded without regard to where their labels begin.
static inline uint64_t fold8(uint64_t w)
{
	uint64_t low7 = w & BYTES(0x7f);
	uint64_t from_a = low7 + BYTES(0x80 - 'A');
	uint64_t above_z = low7 + BYTES(0x7f - 'Z');
	uint64_t upper = from_a & ~above_z & ~w & BYTES(0x80);

	return w | upper >> 2;
}

static inline uint8_t fold1(uint8_t c)
{
	return (uint8_t)(c - 'A') < 26 ? c | 0x20 : c;
}

static inline uint64_t load8(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

static bool bytes_equal_folded(const uint8_t *a, const uint8_t *b, size_t len)
{
	size_t i = 0;

	if (len >= 8) {
		for (; i + 8 <= len; i += 8) {
			if (fold8(load8(a + i)) != fold8(load8(b + i)))
				return false;
		}
		return fold8(load8(a + len - 8)) == fold8(load8(b + len - 8));
	}
	for (; i < len; i++) {
		if (fold1(a[i]) != fold1(b[i]))
			return false;
	}
	return true;
}

int name_parse(const uint8_t *msg, size_t msg_len, size_t off, uint8_t out[NAME_MAX_LEN],
	       size_t *next)
{
	size_t start = off; // of the run of labels being read
	size_t len = 0;
	unsigned pointers = 0;

	for (;;) {
		if (off >= msg_len)
			return -EBADMSG;
		uint8_t label = msg[off];
		if (label == 0)
			break;
		if (label <= LABEL_MAX) {
			// RFC 1035 §2.3.4: 255 bytes, of which the root label needs one.
			if (msg_len - off <= label || len + label + 1 > NAME_MAX_LEN - 1)
				return -EBADMSG;
			memcpy(out + len, msg + off, (size_t)label + 1);
			len += (size_t)label + 1;
			off += (size_t)label + 1;
			continue;
		}
		// RFC 6891 §5, RFC 1035 §4.1.4: the types 01 and 10 are not in use.
		if ((label & POINTER_BITS) != POINTER_BITS || msg_len - off < 2)
			return -EBADMSG;
		size_t target = (size_t)(label & 0x3f) << 8 | msg[off + 1];
		// RFC 1035 §4.1.4: a *prior* occurrence. One inside this run would loop.
		if (target >= start || target < HEADER_LEN || ++pointers > NAME_MAX_LABELS)
			return -EBADMSG;
		if (pointers == 1)
			*next = off + 2;
		start = off = target;
	}
	if (pointers == 0)
		*next = off + 1;
	out[len++] = 0;
	return (int)len;
}

int name_check(const uint8_t *buf, size_t len)
{
	size_t limit = len < NAME_MAX_LEN ? len : NAME_MAX_LEN;
	size_t off = 0;

	while (off < limit) {
		uint8_t label = buf[off];
		if (label == 0)
			return (int)off + 1;
		if (label > LABEL_MAX)
			return -EBADMSG;
		off += (size_t)label + 1;
	}
	return -EBADMSG;
}

size_t name_len(const uint8_t *name)
{
	const uint8_t *p = name;

	while (*p != 0)
		p += (size_t)*p + 1;
	return (size_t)(p - name) + 1;
}

size_t name_labels(const uint8_t *name)
{
	size_t count = 0;

	for (; *name != 0; name += (size_t)*name + 1)
		count++;
	return count;
}

bool name_is_root(const uint8_t *name)
{
	return *name == 0;
}

void name_lower(uint8_t *dst, const uint8_t *src, size_t len)
{
	size_t i = 0;
	uint64_t w;

	if (len >= 8) {
		for (; i + 8 <= len; i += 8) {
			w = fold8(load8(src + i));
			memcpy(dst + i, &w, sizeof(w));
		}
		// The last eight overlap what is done: folding twice changes nothing.
		w = fold8(load8(src + len - 8));
		memcpy(dst + len - 8, &w, sizeof(w));
		return;
	}
	for (; i < len; i++)
		dst[i] = fold1(src[i]);
}

void name_copy(uint8_t dst[NAME_MAX_LEN], const uint8_t *src)
{
	memcpy(dst, src, name_len(src));
}

bool name_equal(const uint8_t *a, const uint8_t *b)
{
	size_t len = name_len(a);

	return len == name_len(b) && bytes_equal_folded(a, b, len);
}

static int label_compare(const uint8_t *a, const uint8_t *b)
{
	size_t len = *a < *b ? *a : *b;

	for (size_t i = 1; i <= len; i++) {
		int diff = (int)fold1(a[i]) - (int)fold1(b[i]);
		if (diff != 0)
			return diff;
	}
	return (int)*a - (int)*b;
}

// Start of every label, the leftmost first. Returns their count.
static size_t label_offsets(const uint8_t *name, uint8_t offsets[NAME_MAX_LABELS])
{
	size_t count = 0;

	for (size_t off = 0; name[off] != 0; off += (size_t)name[off] + 1)
		offsets[count++] = (uint8_t)off;
	return count;
}

int name_compare(const uint8_t *a, const uint8_t *b)
{
	uint8_t a_off[NAME_MAX_LABELS], b_off[NAME_MAX_LABELS];
	size_t a_count = label_offsets(a, a_off);
	size_t b_count = label_offsets(b, b_off);
	size_t common = a_count < b_count ? a_count : b_count;

	// RFC 4034 §6.1: from the most significant (rightmost) label; absence sorts first.
	for (size_t i = 1; i <= common; i++) {
		int diff = label_compare(a + a_off[a_count - i], b + b_off[b_count - i]);
		if (diff != 0)
			return diff;
	}
	return (int)a_count - (int)b_count;
}

bool name_within(const uint8_t *name, const uint8_t *ancestor)
{
	size_t len = name_len(name);
	size_t ancestor_len = name_len(ancestor);

	if (ancestor_len > len)
		return false;
	size_t cut = len - ancestor_len;
	size_t off = 0;
	while (off < cut)
		off += (size_t)name[off] + 1;
	return off == cut && bytes_equal_folded(name + cut, ancestor, ancestor_len);
}

const uint8_t *name_skip(const uint8_t *name, size_t count)
{
	for (; count > 0 && *name != 0; count--)
		name += (size_t)*name + 1;
	return name;
}

const uint8_t *name_ancestor(const uint8_t *name, size_t labels)
{
	size_t own = name_labels(name);

	return own > labels ? name_skip(name, own - labels) : name;
}

size_t name_common_labels(const uint8_t *a, const uint8_t *b)
{
	size_t a_count = name_labels(a);
	size_t b_count = name_labels(b);
	size_t count = a_count < b_count ? a_count : b_count;
	size_t common = 0;

	a = name_skip(a, a_count - count);
	b = name_skip(b, b_count - count);
	for (; count > 0; count--) {
		bool same = *a == *b && bytes_equal_folded(a + 1, b + 1, *a);
		common = same ? common + 1 : 0;
		a += (size_t)*a + 1;
		b += (size_t)*b + 1;
	}
	return common;
}

bool name_is_wildcard(const uint8_t *name)
{
	return name[0] == 1 && name[1] == '*';
}

int name_wildcard_of(const uint8_t *ancestor, uint8_t out[NAME_MAX_LEN])
{
	size_t len = name_len(ancestor);

	if (len + 2 > NAME_MAX_LEN)
		return -ENAMETOOLONG;
	memmove(out + 2, ancestor, len);
	out[0] = 1;
	out[1] = '*';
	return (int)len + 2;
}

int name_substitute(const uint8_t *name, const uint8_t *from, const uint8_t *to,
		    uint8_t out[NAME_MAX_LEN])
{
	if (!name_within(name, from))
		return -EINVAL;
	size_t prefix = name_len(name) - name_len(from);
	size_t to_len = name_len(to);

	if (prefix == 0)
		return -EINVAL;
	// RFC 6672 §2.2: a name that would be too long is YXDOMAIN.
	if (prefix + to_len > NAME_MAX_LEN)
		return -ENAMETOOLONG;
	memcpy(out, name, prefix);
	memcpy(out + prefix, to, to_len);
	return (int)(prefix + to_len);
}
