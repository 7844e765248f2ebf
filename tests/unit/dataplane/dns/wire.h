// Writes messages byte by byte, without the code under test, so that tests can send what
// no builder would.
#pragma once

#include "dataplane/dns/header.h"
#include "dataplane/dns/name.h"
#include "dataplane/dns/types.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <stdlib.h>
#include <string.h>

#define WIRE_MAX 70000

struct wire {
	uint8_t buf[WIRE_MAX];
	size_t len;
};

static inline void wire_bytes(struct wire *w, const void *data, size_t len)
{
	assert_true(len <= WIRE_MAX - w->len);
	if (len > 0)
		memcpy(w->buf + w->len, data, len);
	w->len += len;
}

static inline void wire_8(struct wire *w, unsigned v)
{
	wire_bytes(w, (const uint8_t[]){(uint8_t)v}, 1);
}

static inline void wire_16(struct wire *w, unsigned v)
{
	wire_8(w, v >> 8);
	wire_8(w, v);
}

static inline void wire_32(struct wire *w, uint32_t v)
{
	wire_16(w, v >> 16);
	wire_16(w, v & 0xffff);
}

static inline void wire_pointer(struct wire *w, size_t target)
{
	wire_16(w, 0xc000 | (unsigned)target);
}

// Dotted text without escapes, the last dot optional.
static inline void wire_name(struct wire *w, const char *text)
{
	while (*text != '\0' && *text != '.') {
		size_t len = strcspn(text, ".");
		wire_8(w, (unsigned)len);
		wire_bytes(w, text, len);
		text += len + (text[len] == '.');
	}
	wire_8(w, 0);
}

static inline void wire_header(struct wire *w, unsigned flags, unsigned qd, unsigned an,
			       unsigned ns, unsigned ar)
{
	w->len = 0;
	wire_16(w, 0x1234);
	wire_16(w, flags);
	wire_16(w, qd);
	wire_16(w, an);
	wire_16(w, ns);
	wire_16(w, ar);
}

static inline void wire_question(struct wire *w, const char *qname, unsigned type, unsigned class_)
{
	wire_name(w, qname);
	wire_16(w, type);
	wire_16(w, class_);
}

// What follows an owner.
static inline void wire_rest(struct wire *w, unsigned type, unsigned class_, uint32_t ttl_s,
			     const void *rdata, size_t rdlen)
{
	wire_16(w, type);
	wire_16(w, class_);
	wire_32(w, ttl_s);
	wire_16(w, (unsigned)rdlen);
	wire_bytes(w, rdata, rdlen);
}

static inline void wire_record(struct wire *w, const char *owner, unsigned type, unsigned class_,
			       uint32_t ttl_s, const void *rdata, size_t rdlen)
{
	wire_name(w, owner);
	wire_rest(w, type, class_, ttl_s, rdata, rdlen);
}

static inline void wire_opt(struct wire *w, unsigned udp_size, uint32_t ttl, const void *options,
			    size_t len)
{
	wire_record(w, ".", TYPE_OPT, udp_size, ttl, options, len);
}

// The bytes in a block of exactly their size, so that a sanitizer sees every read past
// it. It lives until the next call.
static inline const uint8_t *wire_exact(const struct wire *w)
{
	static uint8_t *held;

	free(held);
	held = malloc(w->len > 0 ? w->len : 1);
	assert_non_null(held);
	memcpy(held, w->buf, w->len);
	return held;
}

// A name from text; each of eight calls in a row has its own space.
static inline const uint8_t *name_of(const char *text)
{
	static struct wire names[8];
	static unsigned turn;
	struct wire *w = &names[turn++ % 8];

	w->len = 0;
	wire_name(w, text);
	return w->buf;
}
