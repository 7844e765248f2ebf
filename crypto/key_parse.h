// OpenSSL's form of a key, for the cache.
#pragma once

struct key;

// Fills algorithm, signature_len and rsa or pkey from rdata, or sets broken.
void key_parse(struct key *key) __attribute__((nonnull));
void key_unparse(struct key *key) __attribute__((nonnull));
