// The layout of an entry: one block of memory, immutable once published, rendered
// into replies by copying. Only dataplane/cache and dataplane/answer include this.
//
//   struct entry | name (lower case, name_len) | data | rrsigs | proofs
//
// In a table it begins with a cache line. What the short lane (glance.h, answer/plain.h) wants of
// it begins with the next one, ENTRY_HOT bytes on, which holds all that there is to know of one
// address of a name of up to 28 bytes: that line is the only one it fetches from memory.
//
// FAILURE has no records: its data is the EDE text, data_len bytes, and a NUL after it.
//
// data, rrsigs and proofs are records in wire form: owner, type, class, TTL, RDLENGTH,
// RDATA (uncompressed). An owner is zero or more labels followed by a pointer whose
// low 14 bits are an offset into the ENTRY'S NAME; the renderer adds the place of that
// name in the reply (12 for the question). Most owners are just C0 00. An owner that
// shares no label with the name points at the name's root label.
#pragma once

#include "dataplane/cache/spec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct entry {
	uint64_t hash; // cache_hash(name)
	uint64_t created_ms : 48, rcode : 8, kind : 3, security : 2, provenance : 2; // monotonic
	uint64_t stale_until_ms : 48; // == expires_ms when it may not serve as stale
	int64_t ede : 16;
	int64_t signature_expires_s;
	uint32_t bytes;    // of the whole block
	uint32_t data_len; // bytes; EDE text length for FAILURE
	uint32_t rrsig_len;
	uint32_t proof_len : 18,
		asked_ago : 14; // ms: created_ms less asked_ms, ENTRY_ASKED_MAX or less
	uint16_t data_count;
	uint16_t rrsig_count;
	uint16_t proof_count;
	uint16_t type;
	uint32_t pins;     // writer: rw, readers: never. Results and tasks that hold it
	uint32_t reserved; // writer: rw, readers: never (reclamation state)

	uint64_t expires_ms : 48, name_len : 8, flags : 8; // enum entry_flag
	// ENTRY_PLAIN: once more, as far as it is for the short lane.
	uint32_t plain_signature_s; // UINT32_MAX: never
	uint16_t plain_data_len;
	uint16_t plain_rrsig_len;
	uint16_t plain_rrsig_sum; // ones' complement sum of the RRSIGs' bytes as 16-bit numbers
				  // in this machine's order of bytes
	uint8_t plain_data_count;
	uint8_t plain_rrsig_count;
	uint8_t body[]; // name first
};
#define ENTRY_ALIGN     64
#define ENTRY_HOT       64
#define ENTRY_MS_MAX    (((uint64_t)1 << 48) - 1) // 8,900 years
#define ENTRY_ASKED_MAX 16383                     // 16 s, and more

// ENTRY_PLAIN: an RRset of an ordinary type whose records all have the entry's name (C0 00) for
// owner and live as long as the entry, without proofs and EDE, with at least 16 bytes of data: what
// the short lane can answer by copying.
// Of such: ENTRY_AUTHENTIC when AD=1 is said of it, ENTRY_ROTATED when it is several addresses of
// one size.
enum entry_flag {
	ENTRY_ONE_SHOT = 1,
	ENTRY_OPT_OUT = 2,
	ENTRY_THIS_NAME_ONLY = 4,
	ENTRY_PLAIN = 8,
	ENTRY_AUTHENTIC = 16,
	ENTRY_ROTATED = 32,
	ENTRY_NOTED = 64 // behind the proofs: length (one byte) and text of a second EDE, 6
};
#define ENTRY_PLAIN_DATA_MIN 16

static inline const uint8_t *entry_name(const struct entry *e)
{
	return e->body;
}
static inline const uint8_t *entry_data(const struct entry *e)
{
	return e->body + e->name_len;
}
static inline const uint8_t *entry_rrsigs(const struct entry *e)
{
	return entry_data(e) + e->data_len;
}
static inline const uint8_t *entry_proofs(const struct entry *e)
{
	return entry_rrsigs(e) + e->rrsig_len;
}
// Of ENTRY_NOTED only.
static inline const uint8_t *entry_note(const struct entry *e)
{
	return entry_proofs(e) + e->proof_len;
}

// ENTRY_PLAIN.
static inline const uint8_t *entry_plain_rrsigs(const struct entry *e)
{
	return entry_data(e) + e->plain_data_len;
}

static inline bool entry_fresh(const struct entry *e, uint64_t now_ms)
{
	return now_ms < e->expires_ms;
}

// What it says was so at this time or later: its question was put then.
static inline uint64_t entry_asked_ms(const struct entry *entry)
{
	return entry->created_ms > entry->asked_ago ? entry->created_ms - entry->asked_ago : 0;
}

// Secure at this moment: no TTL and no AD outlives the signatures (a forward step of the
// clock ends them at once).
static inline bool entry_signatures_valid(const struct entry *e, int64_t now_s)
{
	return now_s < e->signature_expires_s;
}

// It holds an RRset, as against the word that there is none, or a failure.
static inline bool entry_is_rrset(const struct entry *entry)
{
	return entry->kind == ENTRY_POSITIVE || entry->kind == ENTRY_CNAME ||
	       entry->kind == ENTRY_DNAME;
}

// The answer is NXDOMAIN, for the name or for one type of it.
static inline bool entry_is_nxdomain(const struct entry *entry)
{
	return entry->kind == ENTRY_NXDOMAIN ||
	       (entry->kind == ENTRY_NODATA && entry->rcode == RCODE_NXDOMAIN);
}

// A question for this type goes on where the CNAME leads.
static inline bool entry_is_cname_for(const struct entry *entry, uint16_t type)
{
	return entry->kind == ENTRY_CNAME && type != TYPE_CNAME && !type_beside_cname(type);
}

// Bytes that entry_build() needs, or -E2BIG, -EINVAL (a spec that makes no entry).
long entry_size(const struct entry_spec *spec) __attribute__((nonnull, warn_unused_result));
// The kind and type under which the spec's entry is kept.
enum entry_kind entry_kind_of(const struct entry_spec *spec) __attribute__((nonnull, pure));
uint16_t entry_type_of(const struct entry_spec *spec) __attribute__((nonnull, pure));
// Lays the entry out in block (entry_size() bytes, 8-byte aligned).
void entry_build(const struct entry_spec *spec, uint64_t hash, void *block)
	__attribute__((nonnull));
