// What a store is made of. Only store.c, result.c, serve.c, serve_denied.c and
// identity.c include this.
#pragma once

#include "dataplane/answer/answer.h"
#include "dataplane/store.h"

#include <stdatomic.h>

struct store {
	struct cache *cache;
	const struct acl *acl;
	bool rotate;
	uint8_t cookie_secret[16];
	uint32_t stale_ttl_s;
	char identity[64];
	char version[64];
	// control: rw, poll-mode cores: ro. Relaxed: nothing else is published with them.
	_Alignas(64) _Atomic uint64_t now_ms;
	_Atomic int64_t wall; // POSIX seconds * 2, plus 1 when trusted
	// The same rights. A bit for each key tag of a root key that is trusted (RFC 8509).
	struct answer_root_tags root_tags;
	// Whoever renders, rarely: rw. Relaxed: a number to look at.
	_Alignas(64) _Atomic uint64_t unrendered;
};

// What the rendering of one reply needs to know of its client and moment.
struct moment {
	const struct address *client;
	bool tcp;
	uint64_t now_ms;
	int64_t now_s;
	bool clock_trusted;
	uint32_t rotation;
};
struct answer_context serving_context(const struct store *store, const struct query *query,
				      const struct moment *moment) __attribute__((nonnull));

// SERVFAIL in the place of an answer that could not be rendered, counted. 0: not even that fits.
size_t serving_unrendered(struct store *store, const struct query *query,
			  const struct answer_context *context, uint8_t *out, size_t cap)
	__attribute__((nonnull, warn_unused_result));

// The text of class CH that the question asks for, or NULL (RFC 4892; "" refuses).
const char *identity_text(const struct store *store, const struct query *query)
	__attribute__((nonnull));

// A reply to a question that missed, from cached denial; sets what serve says of it. 0: there is
// none.
size_t serving_denied(struct store *store, struct serve *serve, uint8_t *out, size_t cap)
	__attribute__((nonnull));

// The search for it, for those of a burst that missed (serves[waiting[0..count)]); `answers`, one
// for each, live until they are served.
void serving_denied_burst(struct store *store, struct serve *serves, const uint8_t *waiting,
			  size_t count, struct denial_answer *answers) __attribute__((nonnull));
