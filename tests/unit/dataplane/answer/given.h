// Entries, queries and whole messages for golden tests, written as text. Tokens, with spaces
// between: hex digits, %5 (16 bits), #300 (32 bits), @www.example. (a whole name), .www (a label),
// "text (its bytes), *3:7a (a byte so many times).
#pragma once

#include "dataplane/answer/answer.h"
#include "dataplane/cache/entry.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS 1000000ull
#define NOW_S 1700000000ll

struct bytes {
	uint8_t data[66000];
	size_t len;
};

static inline void bytes_put16(struct bytes *b, unsigned v)
{
	b->data[b->len++] = (uint8_t)(v >> 8);
	b->data[b->len++] = (uint8_t)v;
}

static inline void bytes_put_name(struct bytes *b, const char *text, size_t len)
{
	char copy[NAME_TEXT_MAX];

	assert_true(len < sizeof(copy));
	memcpy(copy, text, len);
	copy[len] = '\0';
	uint8_t name[NAME_MAX_LEN];
	int n = name_from_text(copy, name);
	assert_true(n > 0);
	memcpy(b->data + b->len, name, (size_t)n);
	b->len += (size_t)n;
}

static inline void bytes_put_hex(struct bytes *b, const char *text, size_t len)
{
	assert_int_equal(len % 2, 0);
	for (size_t i = 0; i < len; i += 2) {
		char pair[3] = {text[i], text[i + 1], '\0'};
		char *end;
		b->data[b->len++] = (uint8_t)strtoul(pair, &end, 16);
		assert_true(*end == '\0');
	}
}

static inline void bytes_put_token(struct bytes *b, const char *t, size_t len)
{
	unsigned count, value;

	assert_true(b->len + 2 * len + 4 < sizeof(b->data));
	switch (*t) {
	case '%':
		bytes_put16(b, (unsigned)strtoul(t + 1, NULL, 10));
		break;
	case '#':
		value = (unsigned)strtoul(t + 1, NULL, 10);
		bytes_put16(b, value >> 16);
		bytes_put16(b, value);
		break;
	case '@':
		bytes_put_name(b, t + 1, len - 1);
		break;
	case '.':
		b->data[b->len++] = (uint8_t)(len - 1);
		memcpy(b->data + b->len, t + 1, len - 1);
		b->len += len - 1;
		break;
	case '"':
		memcpy(b->data + b->len, t + 1, len - 1);
		b->len += len - 1;
		break;
	case '*':
		assert_int_equal(sscanf(t, "*%u:%2x", &count, &value), 2);
		assert_true(b->len + count <= sizeof(b->data));
		memset(b->data + b->len, (int)value, count);
		b->len += count;
		break;
	default:
		bytes_put_hex(b, t, len);
	}
}

static inline void bytes_append(struct bytes *b, const char *text)
{
	while (*(text += strspn(text, " ")) != '\0') {
		size_t len = strcspn(text, " ");

		bytes_put_token(b, text, len);
		text += len;
	}
}

static inline void assert_golden(const uint8_t *reply, size_t len, const char *text)
{
	static struct bytes golden;

	golden.len = 0;
	bytes_append(&golden, text);
	for (size_t i = 0; i < len && i < golden.len; i++) {
		if (reply[i] != golden.data[i])
			fail_msg("byte %zu is %02x, not %02x (reply of %zu, golden of %zu bytes)",
				 i, reply[i], golden.data[i], len, golden.len);
	}
	assert_int_equal(len, golden.len);
}

// ---- entries ----

struct given_record {
	const char *owner; // NULL: the entry's name
	uint16_t type;
	uint32_t ttl_s;
	const char *rdata;
};

struct given {
	const char *name;
	uint16_t type;
	enum entry_kind kind;
	enum entry_security security;
	uint32_t ttl_s, stale_s;
	uint64_t now_ms;    // 0: NOW_MS
	int64_t signature_expires_s; // 0: never
	bool one_shot, opt_out;
	int ede; // 0: none
	uint8_t rcode;
	const char *ede_text;
	struct given_record data[8], rrsigs[4], proofs[8];
};

struct given_space { // what a spec points to
	struct bytes bytes;
	struct record data[8], rrsigs[4], proofs[8];
	struct entry_spec spec;
};

static inline size_t given_records(struct given_space *space, const struct given_record *given,
				   size_t max, const char *name, struct record *out)
{
	size_t count = 0;

	for (; count < max && given[count].type != 0; count++) {
		struct bytes *b = &space->bytes;

		out[count] = (struct record){.type = given[count].type, .class_ = 1,
					     .ttl_s = given[count].ttl_s};
		const char *owner = given[count].owner ? given[count].owner : name;
		out[count].owner = b->data + b->len;
		bytes_put_name(b, owner, strlen(owner));
		size_t start = b->len;
		out[count].rdata = b->data + start;
		bytes_append(b, given[count].rdata);
		out[count].rdlen = (uint16_t)(b->len - start);
	}
	return count;
}

static inline const struct entry_spec *given_spec(struct given_space *space,
						  const struct given *given)
{
	struct bytes *b = &space->bytes;

	memset(space, 0, sizeof(*space));
	space->spec = (struct entry_spec){
		.name = b->data,
		.type = given->type,
		.kind = given->kind,
		.security = given->security,
		.rcode = given->rcode,
		.ede = given->ede ? given->ede : EDE_NONE,
		.ede_text = given->ede_text,
		.now_ms = given->now_ms ? given->now_ms : NOW_MS,
		.ttl_s = given->ttl_s,
		.stale_s = given->stale_s,
		.signature_expires_s = given->signature_expires_s ? given->signature_expires_s
								  : SIGNATURE_NEVER_EXPIRES,
		.one_shot = given->one_shot,
		.opt_out = given->opt_out,
		.data = space->data,
		.rrsigs = space->rrsigs,
		.proofs = space->proofs,
	};
	bytes_put_name(b, given->name, strlen(given->name));
	space->spec.data_count = given_records(space, given->data, 8, given->name, space->data);
	space->spec.rrsig_count =
		given_records(space, given->rrsigs, 4, given->name, space->rrsigs);
	space->spec.proof_count =
		given_records(space, given->proofs, 8, given->name, space->proofs);
	return &space->spec;
}

// Freed by the caller.
static inline struct entry *given_entry(const struct given *given)
{
	static struct given_space space;
	const struct entry_spec *spec = given_spec(&space, given);
	long size = entry_size(spec);

	assert_true(size > 0);
	void *block = malloc((size_t)size);
	entry_build(spec, 0, block);
	return block;
}

// ---- queries ----

// Header flags, the question and (NULL: none) the OPT record, as text.
static inline void given_query(struct bytes *b, unsigned flags, const char *question,
			       const char *opt)
{
	b->len = 0;
	bytes_append(b, "beef");
	bytes_put16(b, flags);
	bytes_append(b, "%1 %0 %0");
	bytes_put16(b, opt != NULL);
	bytes_append(b, question);
	if (opt)
		bytes_append(b, opt);
}

#define OPT_PLAIN "00 %41 %1232 #0 %0"
#define OPT_DO "00 %41 %4096 #32768 %0"
