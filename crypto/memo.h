// What was verified before, as fingerprints. Bounded; the least recently used of a set goes first.
//
// The digest alone says what the key has signed: that signature bytes enter by a keyed hash only
// cannot make anything look authentic that is not.
//
// Thread: control.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FINGERPRINT_DIGEST_LEN 32

struct fingerprint {
	uint64_t key_id;
	uint64_t signature;                     // keyed hash
	uint8_t digest[FINGERPRINT_DIGEST_LEN]; // of the signed data
};

struct memo;
struct memo *memo_new(size_t entries_max) __attribute__((warn_unused_result));
void memo_free(struct memo *memo);
bool memo_has(struct memo *memo, const struct fingerprint *print) __attribute__((nonnull));
void memo_add(struct memo *memo, const struct fingerprint *print) __attribute__((nonnull));
