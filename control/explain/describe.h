// A failed resolution in words, for operators.
//
// Thread: any; pure.
#pragma once

#include "control/explain/journal.h"

#include <stdbool.h>
#include <stdint.h>

#define FAILED_TIME_MAX 32

// A record, and how things stand now.
struct failed_view {
	const struct failed *failed;
	uint64_t now_ms;
	uint64_t held_until_ms; // it is not asked again until then; 0: it is by the next question
	bool probed;            // its zone is asked all the time whether it has recovered
	bool recovered;         // its zone has given a good answer since
	bool stale;             // there are stale data to serve instead
	const struct failed *because; // that of the DS or DNSKEY it lacked, where that is kept
	const struct failed
		*servers; // where it asked nobody itself: what its zone's servers did last
};

// A line for each thing there is to say; the first one names the question, the others are indented.
void failed_describe(const struct failed_view *view, void (*line)(const char *text, void *arg),
		     void *arg) __attribute__((nonnull(1, 2)));
// "2026-11-27T01:02:03Z"
const char *failed_time_text(int64_t at_s, char out[FAILED_TIME_MAX]) __attribute__((nonnull));
// "DNSKEY of example.com., signed by example.com.: RRSIG with key tag 123 ..."; "" when unknown.
void failed_step_text(const struct failed *failed, char *out, size_t size) __attribute__((nonnull));
// "192.0.2.0/24", with the operator's zone where the server's name tells one, and its label.
void failed_domain_text(const struct tried *tried, const struct tried_server *server, char *out,
			size_t size) __attribute__((nonnull));
