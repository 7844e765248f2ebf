// Domain names in uncompressed wire form: length-prefixed labels, ended by the
// root label, at most NAME_MAX bytes (RFC 1035 §3.1, §2.3.4).
//
// A `const uint8_t *name` that has passed name_parse() or name_from_text() is
// well formed; every other function here trusts it and needs no length.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_MAX_LEN 255    // bytes, root label included
#define NAME_MAX_LABELS 127 // without the root label
#define NAME_TEXT_MAX 1025  // presentation form with every byte as \DDD, NUL included

// Reads a possibly compressed name at msg[off]. Pointers must go strictly
// backwards, at most NAME_MAX_LABELS of them. Writes the uncompressed name, in
// its original case, to out; *next is the offset after the name in the message.
// Returns the length of out, or -EBADMSG.
int name_parse(const uint8_t *msg, size_t msg_len, size_t off, uint8_t out[NAME_MAX_LEN],
	       size_t *next) __attribute__((nonnull, warn_unused_result));

// Length of an uncompressed name inside a buffer that is not trusted yet, or
// -EBADMSG (a pointer, a name that passes the end, over 255 bytes).
int name_check(const uint8_t *buf, size_t len) __attribute__((nonnull, warn_unused_result));

size_t name_len(const uint8_t *name) __attribute__((nonnull, pure)); // bytes, root included
size_t name_labels(const uint8_t *name) __attribute__((nonnull, pure)); // root not counted
bool name_is_root(const uint8_t *name) __attribute__((nonnull, pure));

// Copies len bytes and folds A-Z (RFC 4343). dst may be src.
void name_lower(uint8_t *dst, const uint8_t *src, size_t len) __attribute__((nonnull));
void name_copy(uint8_t dst[NAME_MAX_LEN], const uint8_t *src) __attribute__((nonnull));

bool name_equal(const uint8_t *a, const uint8_t *b) __attribute__((nonnull, pure)); // no case

// Canonical order of RFC 4034 §6.1: <0, 0, >0.
int name_compare(const uint8_t *a, const uint8_t *b) __attribute__((nonnull, pure));

// True when name is ancestor or below it.
bool name_within(const uint8_t *name, const uint8_t *ancestor) __attribute__((nonnull, pure));

// The name without its first count labels (points into name); the root stays.
const uint8_t *name_skip(const uint8_t *name, size_t count) __attribute__((nonnull, pure));

// The ancestor of name that has `labels` labels (points into name).
const uint8_t *name_ancestor(const uint8_t *name, size_t labels) __attribute__((nonnull, pure));

// Labels that a and b share, counted from the root.
size_t name_common_labels(const uint8_t *a, const uint8_t *b) __attribute__((nonnull, pure));

bool name_is_wildcard(const uint8_t *name) __attribute__((nonnull, pure)); // first label is "*"

// *.ancestor. Returns its length or -ENAMETOOLONG.
int name_wildcard_of(const uint8_t *ancestor, uint8_t out[NAME_MAX_LEN])
	__attribute__((nonnull, warn_unused_result));

// name with suffix `from` replaced by `to` (DNAME, RFC 6672 §2.2): name must be
// strictly below `from` (-EINVAL). Returns the length, or -ENAMETOOLONG (YXDOMAIN).
int name_substitute(const uint8_t *name, const uint8_t *from, const uint8_t *to,
		    uint8_t out[NAME_MAX_LEN]) __attribute__((nonnull, warn_unused_result));

// Presentation form (RFC 1035 §5.1, RFC 4343 §2.1), fully qualified, NUL ended.
// Returns out.
char *name_to_text(const uint8_t *name, char out[NAME_TEXT_MAX]) __attribute__((nonnull));

// Reads presentation form, with or without the last dot. Returns the length or -EINVAL.
int name_from_text(const char *text, uint8_t out[NAME_MAX_LEN])
	__attribute__((nonnull, warn_unused_result));
