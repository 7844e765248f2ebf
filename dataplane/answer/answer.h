// Query and entries in, reply bytes out: the same code for UDP on poll-mode cores and
// for TCP on control. Writes only into the caller's buffer; no lock, no allocation.
#pragma once

#include "dataplane/cache/denial/denial.h"
#include "dataplane/cache/spec.h"
#include "dataplane/dns/query.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Which key tags the trusted keys of the root zone have (RFC 8509). Each word stands for itself.
struct answer_root_tags {
	_Atomic bool known; // false: the sentinel is off. Set after the first words
	_Atomic uint64_t words[65536 / 64];
};

struct answer_context {
	uint64_t now_ms;    // monotonic
	int64_t now_s;      // wall
	bool clock_trusted; // false: the wall clock is before the build date; nothing is AD
	uint32_t rotation;  // start of A/AAAA rotation; a different number for each query
	bool rotate;
	size_t limit;       // largest reply: query_udp_limit(), or 65535 over TCP
	bool tcp;
	const uint8_t *client_addr; // 4 or 16 bytes, for the server cookie; NULL: none is sent
	size_t client_addr_len;
	uint8_t cookie_secret[16];
	uint32_t stale_ttl_s; // TTL of records served past their time (30)
	const struct answer_root_tags *root_tags; // NULL: the sentinel is off
};

// The question of `query` stands at out[12] already or is copied there; `out` may be the
// query's own message (answer in place). Renders the links in order: CNAMEs first, in chain
// order, DNAMEs with the CNAME synthesised from them (RFC 6672 §3.1; YXDOMAIN when that grows
// too long), RCODE of the last link (RFC 6604). RA=1, AA=0; RD and CD copied; AD by the rule of
// DESIGN §4: query had AD or DO, every link is SECURE, within its signatures, not opt-out, and
// the clock is trusted. An RRset and its RRSIGs are one unit: what does not fit in `limit` gives TC
// with empty sections (dropping proofs is not allowed for DO=1, dropping EDE is). DNSSEC records
// only for DO=1 or when asked for by type. Entries' own EDEs are sent. Last link FAILURE (the chain
// led nowhere): its RCODE, empty sections and EDE.
// The links answer the question now: from a look-up, or brought by control for this very
// question. One whose time is over meanwhile (TTL 0) goes out with TTL 0 and is not stale.
// A secure answer for root-key-sentinel-is-ta-… or -not-ta-… becomes SERVFAIL where RFC 8509 §3.2 says
// so.
// Returns the reply's length, or 0 when cap is too small for even a TC reply, or the links are
// no chain from the question.
size_t answer_render(const struct query *query, const struct entry *const *links, size_t count,
		     const struct answer_context *context, uint8_t *out, size_t cap)
	__attribute__((nonnull, warn_unused_result));

// The same for a chain in which links past their TTL are served as stale (RFC 8767 §4): their
// records have stale_ttl_s, the reply EDE 3 (19 for NXDOMAIN) and AD=0. why: the EDE of what kept
// us from a fresh answer, sent beside it, or EDE_NONE.
size_t answer_render_stale(const struct query *query, const struct entry *const *links,
			   size_t count, int why, const struct answer_context *context,
			   uint8_t *out, size_t cap) __attribute__((nonnull, warn_unused_result));

// A reply without records: RCODE, optional EDE (EDE_NONE), OPT when the query had one.
// Also for queries whose question could not be read (question_len 0). An extended RCODE
// without OPT goes out as SERVFAIL.
size_t answer_error(const struct query *query, unsigned rcode, int ede, const char *ede_text,
		    const struct answer_context *context, uint8_t *out, size_t cap)
	__attribute__((nonnull(1, 5, 6), warn_unused_result));

// SERVFAIL for an answer that could not be rendered: with its EDE, or, where even the question has no
// room, a header alone. 0: that has none either.
size_t answer_unrenderable(const struct query *query, const struct answer_context *context,
			   uint8_t *out, size_t cap) __attribute__((nonnull, warn_unused_result));

// What query_parse()'s verdict asks for without looking anything up.
// Returns the reply's length; 0: drop it; SIZE_MAX: go on and look it up.
size_t answer_verdict(enum query_verdict verdict, const struct query *query,
		      const struct answer_context *context, uint8_t *out, size_t cap)
	__attribute__((nonnull, warn_unused_result));

// One TXT record of TTL 0 at the question's name and in its class (RFC 4892 §2). text: at most
// 255 bytes.
size_t answer_text(const struct query *query, const char *text,
		   const struct answer_context *context, uint8_t *out, size_t cap)
	__attribute__((nonnull, warn_unused_result));

// What cached denial says (kind other than DENIED_NOT) with EDE 29, and AD=1 where it was asked for:
// SOA, for DO=1 its signatures and the proofs; or the wildcard's RRset and its proof. The question's
// name ends with the zone's. Lengths as above.
size_t answer_denied(const struct query *query, const struct denial_answer *denied,
		     const struct answer_context *context, uint8_t *out, size_t cap)
	__attribute__((nonnull, warn_unused_result));

enum entry_kind answer_kind(const struct entry *link) __attribute__((nonnull, pure));
