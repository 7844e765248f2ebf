// Numbers of DNSSEC's registries, and lengths of time, in the words of operators.
//
// Thread: any; pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORDS_MAX 32

// "ECDSAP256SHA256", "algorithm 200"
const char *algorithm_words(uint8_t algorithm, char out[WORDS_MAX]);
// "SHA-256", "digest 9"
const char *digest_words(uint8_t digest, char out[WORDS_MAX]);
// RFC 9905, RFC 8624: no longer to be used for signing.
bool algorithm_weak(uint8_t algorithm);
// "6.0 d", "3.2 h", "40 s", "-2.0 d"
const char *duration_words(int64_t seconds, char out[WORDS_MAX]);
