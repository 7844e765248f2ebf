// The half of the seam to control that needs no packet driver: what is cached, and
// answers rendered from it. dataplane/dataplane.h is the other half.
//
// Threads: everything here belongs to the control thread (the one writer), except
// store_serve_query(), which poll-mode cores use as well.
#pragma once

#include "dataplane/cache/cache.h"
#include "dataplane/cache/denial/denial.h"
#include "dataplane/cache/spec.h"
#include "dataplane/dns/query.h"
#include "dataplane/parse/acl.h"
#include "dataplane/parse/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

struct store_config {
	struct cache_config cache;
	const struct acl *acl; // owned by the caller, outlives the store
	bool rotate;
	uint8_t cookie_secret[16];
	uint32_t stale_ttl_s; // 30
	char identity[64];    // id.server, hostname.bind in class CH; "" refuses
	char version[64];     // version.bind, version.server; "" refuses
};

struct store *store_new(const struct store_config *config, char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));
void store_free(struct store *store);
struct cache *store_cache(struct store *store) __attribute__((nonnull));
// Whether a client may ask. Thread: any.
bool store_allows(const struct store *store, const struct address *client)
	__attribute__((nonnull, pure));

// What time it is, as control sees it; read by every thread (relaxed atomics; the wall clock
// and whether it is trusted change together).
struct store_clock {
	uint64_t now_ms; // monotonic
	int64_t now_s;   // wall
	bool trusted;    // the wall clock is not before the build date
};
void store_set_clock(struct store *store, const struct store_clock *clock) __attribute__((nonnull));
void store_get_clock(const struct store *store, struct store_clock *out) __attribute__((nonnull));

// RFC 8509: the key tags of the root zone's keys that are trusted now; questions for
// root-key-sentinel-… are answered by them. Never called: they are answered like any other.
void store_set_root_tags(struct store *store, const uint16_t *tags, size_t count)
	__attribute__((nonnull));

#define STORE_COUNTERS(X)                                                                          \
	X(unrendered, "answers that could not be rendered: SERVFAIL went out in their place")

struct store_counters {
#define X(field, words) uint64_t field;
	STORE_COUNTERS(X)
#undef X
};
void store_counters(const struct store *store, struct store_counters *out) __attribute__((nonnull));

// ---- results: what a question came to ----

#define RESULT_LINKS_MAX LOOKUP_LINKS_MAX

// Immutable after store_result_*; its entries stay pinned until the last reference ends.
struct store_result {
	uint32_t refs; // control only
	uint8_t rcode; // for error results (count == 0)
	int16_t ede;   // with an error, or why a result is stale
	bool stale;
	uint8_t count;
	const struct entry *links[RESULT_LINKS_MAX];
	char ede_text[161];
};

// Pins the links. One reference for the caller. NULL when there is no memory (or no link, or too
// many). It is `stale` when a link that is no one-shot is past its time by the store's clock.
struct store_result *store_result_new(struct store *store, const struct entry *const *links,
				      size_t count) __attribute__((nonnull(1), warn_unused_result));
// A chain that may serve as stale, because of `why` (an EDE that goes beside EDE 3, or EDE_NONE).
struct store_result *store_result_stale(struct store *store, const struct entry *const *links,
					size_t count, int why)
	__attribute__((nonnull, warn_unused_result));
struct store_result *store_result_error(struct store *store, unsigned rcode, int ede,
					const char *ede_text)
	__attribute__((nonnull(1), warn_unused_result));
void store_result_ref(struct store_result *result) __attribute__((nonnull));
void store_result_unref(struct store *store, struct store_result *result) __attribute__((nonnull));

// ---- serving ----

enum serve_verdict {
	SERVE_REPLY, // out holds *reply_len bytes
	SERVE_DROP,  // *reason says why
	SERVE_MISS,  // ask control; `lookup` holds a stale chain where one is allowed
};

// What became of it, for counters.
enum serve_outcome {
	OUTCOME_NONE,
	OUTCOME_POSITIVE,
	OUTCOME_NODATA,
	OUTCOME_NXDOMAIN,
	OUTCOME_FAILURE,
	OUTCOME_STALE,
	OUTCOME_REFUSED,
	OUTCOME_ERROR,
	OUTCOME_COUNT
};

struct serve {
	// in
	const struct address *client;
	bool tcp;
	uint64_t now_ms;
	int64_t now_s;
	bool clock_trusted;
	uint32_t rotation;
	// out
	struct query query;
	struct lookup lookup;
	enum drop_reason reason;
	enum serve_outcome outcome;
	bool truncated;
	bool synthesised;                   // from cached denial (RFC 8198)
	const struct denial_answer *denied; // inside a burst: what it says; NULL: not asked yet
	size_t reply_len;
};

// One whole query: parse, ACL, verdicts, class CH, look-up, render into out (which may be
// msg itself). RD=0 never recurses: from the cache, or REFUSED with EDE 20. Where a failure is all
// that is fresh, an allowed stale chain goes before it, and CD=1 passes over failures to
// validate. What misses is answered from cached denial where that is possible. serve->query points
// into msg until a reply is written. Poll-mode cores and control.
enum serve_verdict store_serve_query(struct store *store, uint8_t *msg, size_t len,
				     struct serve *serve, uint8_t *out, size_t cap)
	__attribute__((nonnull, warn_unused_result));

// A burst of UDP queries in stages, for poll-mode cores: same results as one by one.
// msgs[i] (lens[i] bytes) is answered in place, in at most caps[i] bytes from msgs[i].
#define STORE_BURST_MAX 64
void store_serve_burst(struct store *store, uint8_t *const *msgs, const uint16_t *lens,
		       const uint16_t *caps, struct serve *serves, enum serve_verdict *verdicts,
		       size_t count) __attribute__((nonnull));

// A reply for a question that comes back with its result (never looks up again).
struct ticket_question {
	uint16_t id;
	uint16_t flags;
	uint16_t qtype, qclass;
	uint8_t name_len;
	uint8_t name[NAME_MAX_LEN]; // original case
	struct edns edns;
	struct address client;
	bool tcp;
	uint64_t arrival_ms; // monotonic
};
void store_question_of(const struct serve *serve, struct ticket_question *out)
	__attribute__((nonnull));
// result NULL: there was no memory for one, which is SERVFAIL, as is what cannot be rendered.
// Returns the reply's length; 0 when not even that fits (DROP_render).
size_t store_render(struct store *store, const struct ticket_question *question,
		    const struct store_result *result, const struct store_clock *clock,
		    uint32_t rotation, uint8_t *out, size_t cap)
	__attribute__((nonnull(1, 2, 4, 6), warn_unused_result));
// The same for a stale chain found by a look-up (serve->lookup.stale_links, stale_count > 0), after
// SERVE_MISS. 0: it is none.
size_t store_render_stale(struct store *store, const struct serve *serve, uint8_t *out, size_t cap)
	__attribute__((nonnull, warn_unused_result));
