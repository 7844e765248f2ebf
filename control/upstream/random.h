// Unpredictable numbers for IDs, source ports and the case of names (RFC 5452 §9.2; ATTACKS A3,
// A4): OpenSSL's generator behind a small buffer, whose bytes are wiped as they are given out.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct random {
	uint8_t bytes[1024];
	size_t used; // bytes[used..] are fresh
};

void random_open(struct random *random) __attribute__((nonnull));
void random_close(struct random *random) __attribute__((nonnull)); // wipes
void random_bytes(struct random *random, void *out, size_t len) __attribute__((nonnull));
// Uniform over [low, high], both included.
uint16_t random_between(struct random *random, uint16_t low, uint16_t high)
	__attribute__((nonnull));
