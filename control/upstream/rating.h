// How well a server does for a zone: smoothed RTT and variance (RFC 6298), failures in a row, and
// until when it is out. Bounded like struct servers.
#pragma once

#include "control/upstream/upstream.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RATING_WAYS         8
#define RATING_FIRST_US     UINT64_C(400000) // first timeout of a server nobody has asked
#define RATING_MIN_US       UINT64_C(50000)
#define RATING_LATE_MIN_US  UINT64_C(10000) // less is as likely our own delay
#define RATING_GRAIN_US     UINT64_C(5000)  // as is a deviation of less
#define RATING_MAX_US       UINT64_C(5000000)
#define RATING_PROBE_MAX_US UINT64_C(1000000)
#define RATING_OUT_US       UINT64_C(1000000) // doubles with each failed probe
#define RATING_OUT_STEPS    3                 // 1, 2, 4 s: back at its share within five seconds
#define RATING_STRIPS       2 // zones that a server strips of their RRSIGs, then it is suspected of it
#define RATING_STRIP_US     UINT64_C(4000000)
#define RATING_SLOW_LOST    3 // timeouts in a row: not slow any more, but silent
#define RATING_BOGUS_US     (5 * 60 * UINT64_C(1000000)) // while a zone has had a bogus server
#define RATING_MEMORY_US    (15 * 60 * UINT64_C(1000000))

struct rating {
	struct address server; // with family 0: free
	uint64_t used_us;
	uint64_t reported_us;    // last report
	uint64_t failed_us;      // last failure that was counted
	uint64_t out_until_us;   // of the last time it went out
	uint64_t probe_until_us; // a probe is under way until then at most
	uint64_t validated_us;   // the last answer that validated as secure; of a zone only
	uint64_t bogus_us;       // and one that did not
	uint32_t srtt_us;        // 0: never answered
	uint32_t rttvar_us;
	uint32_t last_us; // what its last answer took, late ones included
	uint32_t slow_us;  // how long it takes while it answers too late; 0: it does not. Apart from
			   // the above, which holds again when that is over
	uint8_t timeouts;  // in a row
	uint8_t fails;     // in a row, of any kind
	uint8_t out_steps; // 0: in
	uint8_t cause;     // enum server_failure, of the last report
	bool every_zone;   // the server for every zone
	// Of every_zone only: when it answered after silence, since when it has been as it is, and
	// what became of all that it was asked.
	uint64_t returned_us, since_us;
	uint64_t failed_zone;    // hash of the zone that it was last silent for
	bool several_zones;      // it is silent for others, too
	uint64_t stripped_zone;  // and of the one whose RRSIGs it left out last
	uint64_t strip_until_us; // it left them out for several zones
	uint8_t strips;          // zones in a row
	uint32_t counts[SERVER_FAILURE_COUNT];
};

// A set's tags lie together: what is looked for is one line of memory away from where it is.
struct ratings {
	uint64_t (*tags)[RATING_WAYS]; // keyed hashes of zone and address
	struct rating *places;
	size_t sets;
	uint8_t key[16];
};

int ratings_open(struct ratings *ratings, size_t max, const uint8_t key[16])
	__attribute__((nonnull, warn_unused_result));
void ratings_close(struct ratings *ratings) __attribute__((nonnull));
// zone NULL: the server for every zone, what is assumed of it in a zone where nothing is known.
// What has not been reported on for RATING_MEMORY_US keeps its RTT and loses the rest.
// NULL: nothing known. Valid until the next ratings_report().
struct rating *ratings_find(const struct ratings *ratings, const uint8_t *zone,
			    const struct address *server, uint64_t now_us)
	__attribute__((nonnull(1, 3)));
// The place in the table itself, whatever its age; NULL: none.
uint64_t ratings_tag(const struct ratings *ratings, const uint8_t *zone,
		     const struct address *server) __attribute__((nonnull(1, 3)));
struct rating *ratings_at(const struct ratings *ratings, uint64_t tag, const struct address *server)
	__attribute__((nonnull));
void ratings_report(struct ratings *ratings, const uint8_t *zone, const struct address *server,
		    enum server_failure failure, uint64_t rtt_us, uint64_t now_us)
	__attribute__((nonnull(1, 3)));

// Of the server for every zone: whether what it did for that one says something about the server.
// One zone's silence does not, however often it is asked for; nor do signatures missing from one
// zone.
bool rating_counts(struct rating *everywhere, enum server_failure failure, uint64_t zone,
		   uint64_t now_us) __attribute__((nonnull));

// The server was silent for this zone, as it was for others, and has answered since: it is in
// again. A verdict on how it answers for the zone stays.
void rating_return(struct rating *rating, const struct rating *everywhere)
	__attribute__((nonnull(1)));
// Its last failure was that it could not be reached.
bool rating_is_silent(const struct rating *rating) __attribute__((pure));

// Of the next question; NULL: nothing known.
uint64_t rating_timeout_us(const struct rating *rating) __attribute__((pure));
// The same as if it had not been silent lately.
uint64_t rating_patience_us(const struct rating *rating) __attribute__((pure));
// Longer than nearly all of its answers took; 0: it has not answered.
uint64_t rating_late_us(const struct rating *rating) __attribute__((pure));
// Smaller is better.
uint64_t rating_score_us(const struct rating *rating) __attribute__((pure));

enum rating_state {
	RATING_IN,
	RATING_PROBE, // out, and it is time to see whether it still is
	RATING_OUT,
};
enum rating_state rating_state(const struct rating *rating, uint64_t now_us) __attribute__((pure));
