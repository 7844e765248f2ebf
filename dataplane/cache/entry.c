#include "dataplane/cache/entry.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define TTL_MAX_S        INT32_MAX // RFC 2181 §8
#define RECORD_FIXED_LEN 10        // type, class, TTL, RDLENGTH
#define EDE_TEXT_MAX     160
#define BYTES_MAX        (((size_t)256 << 10) - 1) // far more than any reply can carry
static_assert(BYTES_MAX < 1 << 18, "bits of proof_len");
#define POINTER 0xc000

static_assert(ENTRY_FAILURE < 8 && SECURITY_SECURE < 4 && FROM_LOCAL < 4, "bits of an entry");
static_assert(offsetof(struct entry, signature_expires_s) == 24, "times take three words");
static_assert(offsetof(struct entry, plain_signature_s) == ENTRY_HOT + 8, "where the lane looks");
static_assert(offsetof(struct entry, body) == ENTRY_HOT + 20, "the budget per entry rests on it");

static inline uint8_t *put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	return p + 2;
}

static inline uint8_t *put32(uint8_t *p, uint32_t v)
{
	return put16(put16(p, (uint16_t)(v >> 16)), (uint16_t)v);
}

static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

// Of what is not over ENTRY_MS_MAX.
static inline uint64_t add_saturated(uint64_t a, uint64_t b)
{
	return a + b > ENTRY_MS_MAX ? ENTRY_MS_MAX : a + b;
}

enum entry_kind entry_kind_of(const struct entry_spec *spec)
{
	if (spec->kind == ENTRY_POSITIVE && spec->type == TYPE_CNAME)
		return ENTRY_CNAME;
	if (spec->kind == ENTRY_POSITIVE && spec->type == TYPE_DNAME)
		return ENTRY_DNAME;
	return spec->kind;
}

uint16_t entry_type_of(const struct entry_spec *spec)
{
	switch (entry_kind_of(spec)) {
	case ENTRY_CNAME:
		return TYPE_CNAME;
	case ENTRY_DNAME:
		return TYPE_DNAME;
	case ENTRY_NXDOMAIN:
		return 0;
	default:
		return spec->type;
	}
}

static bool all_of_type(const struct record *records, size_t count, uint16_t type)
{
	for (size_t i = 0; i < count; i++) {
		if (records[i].type != type)
			return false;
	}
	return true;
}

static bool all_owned_by(const struct record *records, size_t count, const uint8_t *name)
{
	for (size_t i = 0; i < count; i++) {
		if (!name_equal(records[i].owner, name))
			return false;
	}
	return true;
}

// CNAME and DNAME: one record (RFC 2181 §10.1, RFC 6672 §2.4) whose RDATA is a name.
static bool alias_spec_valid(const struct entry_spec *spec)
{
	const struct record *record = spec->data;

	if (spec->data_count != 1 || record->type != entry_type_of(spec))
		return false;
	if (!name_equal(record->owner, spec->name))
		return false;
	return name_check(record->rdata, record->rdlen) == record->rdlen;
}

static bool spec_valid(const struct entry_spec *spec)
{
	if (spec->data_count > UINT16_MAX || spec->rrsig_count > UINT16_MAX ||
	    spec->proof_count > UINT16_MAX)
		return false;
	switch (entry_kind_of(spec)) {
	case ENTRY_POSITIVE:
		if (spec->type == 0 || spec->data_count == 0)
			return false;
		if (spec->type != TYPE_ANY &&
		    !all_of_type(spec->data, spec->data_count, spec->type))
			return false;
		return all_owned_by(spec->data, spec->data_count, spec->name);
	case ENTRY_CNAME:
	case ENTRY_DNAME:
		return alias_spec_valid(spec);
	case ENTRY_NODATA:
		return spec->type != 0 && all_of_type(spec->data, spec->data_count, TYPE_SOA);
	case ENTRY_NXDOMAIN:
		return all_of_type(spec->data, spec->data_count, TYPE_SOA);
	case ENTRY_FAILURE:
		// A failure holds no RRset: nothing unproven can leave with it.
		return spec->type != 0 && spec->data_count == 0 && spec->rrsig_count == 0 &&
		       spec->proof_count == 0;
	}
	return false;
}

// ---- size ----

// Of an owner's labels that the entry's name does not have; a pointer follows them.
static size_t own_labels_len(const uint8_t *owner, const uint8_t *name)
{
	size_t common = name_common_labels(owner, name);

	return (size_t)(name_ancestor(owner, common) - owner);
}

static size_t records_len(const struct record *records, size_t count, const uint8_t *name)
{
	size_t len = 0;

	for (size_t i = 0; i < count && len <= BYTES_MAX; i++)
		len += own_labels_len(records[i].owner, name) + 2 + RECORD_FIXED_LEN +
		       records[i].rdlen;
	return len;
}

// At most EDE_TEXT_MAX bytes, whole characters of UTF-8 only.
static size_t text_len(const char *text)
{
	size_t len = text != NULL ? strnlen(text, EDE_TEXT_MAX + 1) : 0;

	if (len <= EDE_TEXT_MAX)
		return len;
	len = EDE_TEXT_MAX;
	while (len > 0 && ((uint8_t)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

// The struct ends with padding, in which the name begins.
static size_t at_least_whole(size_t bytes)
{
	return bytes < sizeof(struct entry) ? sizeof(struct entry) : bytes;
}

long entry_size(const struct entry_spec *spec)
{
	if (!spec_valid(spec))
		return -EINVAL;
	size_t bytes = offsetof(struct entry, body) + name_len(spec->name);
	if (spec->kind == ENTRY_FAILURE)
		return (long)at_least_whole(bytes + text_len(spec->ede_text) + 1);
	bytes += records_len(spec->data, spec->data_count, spec->name);
	bytes += records_len(spec->rrsigs, spec->rrsig_count, spec->name);
	bytes += records_len(spec->proofs, spec->proof_count, spec->name);
	if (spec->ede_text != NULL)
		bytes += 1 + text_len(spec->ede_text);
	return bytes <= BYTES_MAX ? (long)at_least_whole(bytes) : -E2BIG;
}

// ---- building ----

static uint8_t *put_record(uint8_t *p, const struct record *record, const struct entry *entry,
			   uint32_t ttl_max_s)
{
	const uint8_t *name = entry_name(entry);
	size_t common = name_common_labels(record->owner, name);
	size_t own_len = (size_t)(name_ancestor(record->owner, common) - record->owner);
	size_t place = (size_t)(name_ancestor(name, common) - name);

	memcpy(p, record->owner, own_len);
	p = put16(p + own_len, (uint16_t)(POINTER | place));
	p = put16(p, record->type);
	p = put16(p, record->class_);
	p = put32(p, record->ttl_s < ttl_max_s ? record->ttl_s : ttl_max_s);
	p = put16(p, record->rdlen);
	if (record->rdlen > 0)
		memcpy(p, record->rdata, record->rdlen);
	return p + record->rdlen;
}

static uint8_t *put_records(uint8_t *p, const struct record *records, size_t count,
			    const struct entry *entry, uint32_t ttl_max_s)
{
	for (size_t i = 0; i < count; i++)
		p = put_record(p, &records[i], entry, ttl_max_s);
	return p;
}

static void put_times(struct entry *entry, const struct entry_spec *spec, uint32_t ttl_s)
{
	uint32_t stale_s = spec->stale_s < TTL_MAX_S ? spec->stale_s : TTL_MAX_S;

	entry->created_ms = spec->now_ms < ENTRY_MS_MAX ? spec->now_ms : ENTRY_MS_MAX;
	entry->expires_ms = add_saturated(entry->created_ms, (uint64_t)ttl_s * 1000);
	entry->stale_until_ms = add_saturated(entry->expires_ms, (uint64_t)stale_s * 1000);
	entry->signature_expires_s = spec->signature_expires_s;
	if (spec->asked_ms == 0 || spec->asked_ms >= entry->created_ms)
		return;
	uint64_t ago = entry->created_ms - spec->asked_ms;
	entry->asked_ago = ago < ENTRY_ASKED_MAX ? ago & ENTRY_ASKED_MAX : ENTRY_ASKED_MAX;
}

// ---- for the short lane ----

// Owned by the name, and living as long as the entry.
static bool are_plain(const struct entry *entry, const uint8_t *records, size_t len)
{
	const uint64_t life_ms = entry->expires_ms - entry->created_ms;

	for (size_t at = 0; at < len; at += 2 + RECORD_FIXED_LEN + get16(records + at + 10)) {
		if (get16(records + at) != POINTER ||
		    (uint64_t)get32(records + at + 6) * 1000 != life_ms)
			return false;
	}
	return true;
}

static bool signature_is_plain(int64_t expires_s)
{
	return expires_s == SIGNATURE_NEVER_EXPIRES || (expires_s >= 0 && expires_s < UINT32_MAX);
}

static bool is_plain(const struct entry *entry)
{
	return entry->kind == ENTRY_POSITIVE && !type_is_meta(entry->type) &&
	       entry->type != TYPE_RRSIG && entry->proof_count == 0 && entry->ede == EDE_NONE &&
	       (entry->flags & ENTRY_NOTED) == 0 &&
	       signature_is_plain(entry->signature_expires_s) &&
	       entry->data_len >= ENTRY_PLAIN_DATA_MIN &&
	       entry->data_len + entry->rrsig_len <= UINT16_MAX && entry->data_count <= UINT8_MAX &&
	       entry->rrsig_count <= UINT8_MAX &&
	       are_plain(entry, entry_data(entry), entry->data_len) &&
	       are_plain(entry, entry_rrsigs(entry), entry->rrsig_len);
}

static bool is_rotated(const struct entry *entry)
{
	size_t unit = 2 + RECORD_FIXED_LEN + (entry->type == TYPE_A ? 4 : 16);

	return (entry->type == TYPE_A || entry->type == TYPE_AAAA) && entry->data_count > 1 &&
	       entry->data_len == unit * entry->data_count;
}

// Little-endian.
static uint16_t ones_sum(const uint8_t *p, size_t len)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 == 0 ? p[i] : (uint64_t)p[i] << 8;
	while (sum > UINT16_MAX)
		sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)sum;
}

static void make_plain(struct entry *entry)
{
	entry->plain_signature_s = entry->signature_expires_s < UINT32_MAX
					   ? (uint32_t)entry->signature_expires_s
					   : UINT32_MAX;
	entry->plain_data_len = (uint16_t)entry->data_len;
	entry->plain_rrsig_len = (uint16_t)entry->rrsig_len;
	entry->plain_rrsig_sum = ones_sum(entry_rrsigs(entry), entry->rrsig_len);
	entry->plain_data_count = (uint8_t)entry->data_count;
	entry->plain_rrsig_count = (uint8_t)entry->rrsig_count;
	entry->flags |= ENTRY_PLAIN;
	if (entry->security == SECURITY_SECURE && (entry->flags & ENTRY_OPT_OUT) == 0)
		entry->flags |= ENTRY_AUTHENTIC;
	if (is_rotated(entry))
		entry->flags |= ENTRY_ROTATED;
}

void entry_build(const struct entry_spec *spec, uint64_t hash, void *block)
{
	struct entry *entry = block;
	uint32_t ttl_s = spec->ttl_s < TTL_MAX_S ? spec->ttl_s : TTL_MAX_S;
	size_t len = name_len(spec->name);

	*entry = (struct entry){
		.hash = hash,
		.data_count = (uint16_t)spec->data_count,
		.rrsig_count = (uint16_t)spec->rrsig_count,
		.proof_count = (uint16_t)spec->proof_count,
		.type = entry_type_of(spec),
		.ede = (int16_t)spec->ede,
		.kind = (uint8_t)(entry_kind_of(spec) & 7),
		.security = (uint8_t)(spec->security & 3),
		.provenance = (uint8_t)(spec->provenance & 3),
		.rcode = spec->rcode,
		.name_len = (uint8_t)len,
	};
	if (spec->opt_out)
		entry->flags |= ENTRY_OPT_OUT;
	if (spec->this_name_only)
		entry->flags |= ENTRY_THIS_NAME_ONLY;
	put_times(entry, spec, ttl_s);
	name_lower(entry->body, spec->name, len);

	uint8_t *start = entry->body + len;
	uint8_t *p = start;
	if (entry->kind == ENTRY_FAILURE) {
		entry->data_len = (uint32_t)text_len(spec->ede_text);
		if (entry->data_len > 0)
			memcpy(p, spec->ede_text, entry->data_len);
		p += entry->data_len;
		*p++ = 0;
		// It vouches for nothing; UNPROVEN would keep it out of the answer table.
		entry->security = SECURITY_INSECURE;
		// RFC 9520 §3.2: a failure is never served past its time.
		entry->stale_until_ms = entry->expires_ms;
	} else {
		p = put_records(p, spec->data, spec->data_count, entry, ttl_s);
		entry->data_len = (uint32_t)(p - start);
		start = p;
		p = put_records(p, spec->rrsigs, spec->rrsig_count, entry, ttl_s);
		entry->rrsig_len = (uint32_t)(p - start);
		start = p;
		p = put_records(p, spec->proofs, spec->proof_count, entry, ttl_s);
		entry->proof_len = (uint32_t)(p - start);
		if (spec->ede_text != NULL) {
			*p = (uint8_t)text_len(spec->ede_text);
			memcpy(p + 1, spec->ede_text, *p);
			p += 1 + *p;
			entry->flags |= ENTRY_NOTED;
		}
	}
	entry->bytes = (uint32_t)at_least_whole((size_t)(p - (uint8_t *)block));
	if (is_plain(entry))
		make_plain(entry);
}

// ---- reading ----

void entry_facts(const struct entry *entry, struct entry_facts *out)
{
	*out = (struct entry_facts){
		.name = entry_name(entry),
		.type = entry->type,
		.kind = (enum entry_kind)entry->kind,
		.security = (enum entry_security)entry->security,
		.provenance = (enum entry_provenance)entry->provenance,
		.rcode = entry->rcode,
		.ede = entry->ede,
		.ede_text = entry->kind == ENTRY_FAILURE ? (const char *)entry_data(entry) : "",
		.opt_out = (entry->flags & ENTRY_OPT_OUT) != 0,
		.one_shot = (entry->flags & ENTRY_ONE_SHOT) != 0,
		.this_name_only = (entry->flags & ENTRY_THIS_NAME_ONLY) != 0,
		.created_ms = entry->created_ms,
		.expires_ms = entry->expires_ms,
		.stale_until_ms = entry->stale_until_ms,
		.signature_expires_s = entry->signature_expires_s,
		.bytes = entry->bytes,
	};
}

void entry_show(const struct entry *entry, struct entry_reader *reader)
{
	*reader = (struct entry_reader){.entry = entry};
}

// The entry's owner form back to a whole name. Returns where the fixed fields begin.
static const uint8_t *read_owner(const struct entry *entry, const uint8_t *p,
				 uint8_t owner[NAME_MAX_LEN])
{
	size_t len = 0;

	while (*p < 0xc0) {
		memcpy(owner + len, p, (size_t)*p + 1);
		len += (size_t)*p + 1;
		p += (size_t)*p + 1;
	}
	size_t place = get16(p) & 0x3fff;
	memcpy(owner + len, entry_name(entry) + place, entry->name_len - place);
	return p + 2;
}

bool entry_next(struct entry_reader *reader, enum entry_part *part, struct record *out)
{
	const struct entry *entry = reader->entry;
	size_t rrsigs = entry->data_count;
	size_t proofs = rrsigs + entry->rrsig_count;

	if (reader->index >= proofs + entry->proof_count)
		return false;
	*part = reader->index < rrsigs   ? ENTRY_DATA
		: reader->index < proofs ? ENTRY_RRSIGS
					 : ENTRY_PROOFS;
	const uint8_t *p = read_owner(entry, entry_data(entry) + reader->offset, reader->owner);
	*out = (struct record){
		.owner = reader->owner,
		.type = get16(p),
		.class_ = get16(p + 2),
		.ttl_s = get32(p + 4),
		.rdlen = get16(p + 8),
		.rdata = p + RECORD_FIXED_LEN,
	};
	reader->offset = (size_t)(out->rdata + out->rdlen - entry_data(entry));
	reader->index++;
	return true;
}
