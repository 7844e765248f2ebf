// What a drill is to do: to which questions, what, to how many of them, for how long, and when it
// has to give up by itself. Read from an operator's words.
//
// Thread: any; pure.
#pragma once

#include "control/upstream/upstream.h"
#include "dataplane/dns/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DRILL_FOR_S       30
#define DRILL_FOR_MAX_S   3600
#define DRILL_DELAY_MAX   10000
#define DRILL_SKEW_MAX_S  (400 * 86400)
#define DRILL_ABORT       5   // percent of SERVFAIL among answers to clients
#define DRILL_ABORT_NEVER 100 // more than all is never reached
#define DRILL_TEXT_MAX    (NAME_TEXT_MAX + 16)
#define DRILL_ERROR_MAX   256

enum drill_scope {
	DRILL_UPSTREAM, // questions to one address
	DRILL_DOMAIN,   // to some prefixes: those of a provider, IPv4 and IPv6
	DRILL_LABEL,  // to servers with that label, or whose names lie in that zone (an operator's)
	DRILL_POOL,   // to the servers of a pool, for the zones that it is asked for
	DRILL_ZONE,   // to the servers of one zone, not of those below it
	DRILL_UPLINK, // all
	DRILL_CLOCK,  // none: the validator's wall clock
};

#define DRILL_PREFIXES_MAX 8
#define DRILL_LABEL_MAX    (NAME_TEXT_MAX)

struct drill_spec {
	enum drill_scope scope;
	struct address address; // UPSTREAM
	struct drill_prefix {
		struct address address; // the bits below the prefix are 0
		unsigned len;
	} prefixes[DRILL_PREFIXES_MAX]; // DOMAIN
	size_t prefix_count;
	char label[DRILL_LABEL_MAX]; // LABEL, POOL
	uint8_t name[NAME_MAX_LEN];  // LABEL (the root: no name), ZONE; lower case
	enum harm harm;              // but for CLOCK
	uint32_t delay_ms;           // HARM_DELAY
	int64_t skew_s;              // CLOCK
	unsigned share;              // percent
	uint32_t for_s;
	unsigned abort_percent;
};

// "--scope upstream:192.0.2.1 --fault drop [--share 50%] [--for 60] [--abort-if servfail>5%]".
// 0, or -EINVAL with a sentence in err. The fault may be left out where it does not matter (a
// plan).
int drill_spec_read(const char *const *words, size_t count, bool needs_fault,
		    struct drill_spec *out, char err[DRILL_ERROR_MAX])
	__attribute__((nonnull, warn_unused_result));
// As they are read.
const char *drill_scope_text(const struct drill_spec *spec, char out[DRILL_TEXT_MAX])
	__attribute__((nonnull));
const char *drill_fault_text(const struct drill_spec *spec, char out[DRILL_TEXT_MAX])
	__attribute__((nonnull));

// Whom a question goes to: what is called ns_name among the servers of zone.
struct drill_aim {
	const struct address *server;  // NULL: not known
	const uint8_t *zone, *ns_name; // lower case; NULL: not known, or it has none
	const char *pool, *domain;     // the same
};
bool drill_in_scope(const struct drill_spec *spec, const struct drill_aim *aim)
	__attribute__((nonnull, pure));
// Whether questions could go elsewhere: it is one of servers.
bool drill_steerable(const struct drill_spec *spec) __attribute__((nonnull, pure));
