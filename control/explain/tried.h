// The servers that one resolution has tried in vain, and what was wrong with each: the first thing
// first. Made when the first server fails, so that it costs nothing where none does.
//
// Bounded: TRIED_MAX servers, of whose names and labels as many are kept as fit; what is beyond is
// counted. Held by reference. Thread: control.
#pragma once

#include "control/upstream/pool.h"
#include "control/upstream/upstream.h"
#include "dataplane/dns/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRIED_MAX           8
#define TRIED_NAME_BYTES    256
#define TRIED_NO_ADDRESS    SERVER_FAILURE_COUNT       // a name server whose address cannot be had
#define TRIED_BOGUS_ADDRESS (SERVER_FAILURE_COUNT + 1) // or does not validate

struct tried_server {
	struct address address; // family 0 with TRIED_NO_ADDRESS and TRIED_BOGUS_ADDRESS
	uint16_t name;          // its NS name begins at names[name - 1]; 0: not known
	uint16_t label;         // so does the text of its failure domain's label; 0: it has none
	uint8_t zone_labels;    // it was asked for the zone that is so many labels of the question
	uint8_t cause;          // the first: enum server_failure, or one of these two
	uint8_t said;           // the first that was no silence, if any was: what texts tell
	uint8_t last_cause;
	uint8_t count; // failures
	uint8_t over;  // enum pool_transport
	bool forwarder;
	int16_t ede; // the Extended DNS Error that it sent along, or EDE_NONE
	uint32_t ms; // until its first failure
};

struct tried {
	uint32_t refs;
	uint16_t type; // of the question
	uint16_t names_len;
	uint16_t beyond; // failures of servers that found no room
	uint8_t count;
	uint8_t last_zone_labels;       // of the zone whose server failed last
	uint8_t question[NAME_MAX_LEN]; // lower case
	uint8_t names[TRIED_NAME_BYTES];
	struct tried_server servers[TRIED_MAX];
};

// One reference for the caller. NULL: no memory.
struct tried *tried_new(const uint8_t *question, uint16_t type)
	__attribute__((nonnull, warn_unused_result));
struct tried *tried_ref(struct tried *tried) __attribute__((nonnull));
void tried_unref(struct tried *tried);

// A server failed. Of a server of that zone that is there already, only the last cause changes.
// ns_name, label: NULL, or copied.
void tried_add(struct tried *tried, const struct tried_server *server, const uint8_t *ns_name,
	       const char *label) __attribute__((nonnull(1, 2)));

const uint8_t *tried_name(const struct tried *tried, const struct tried_server *server)
	__attribute__((nonnull, pure)); // or NULL
const char *tried_label(const struct tried *tried, const struct tried_server *server)
	__attribute__((nonnull, pure)); // or NULL
const uint8_t *tried_zone(const struct tried *tried, const struct tried_server *server)
	__attribute__((nonnull, pure));

// "example.com.: 192.0.2.1 timeout; 2001:db8::1 REFUSED", the servers of the zone with so many
// labels of the question, each with its first cause, in the order in which they failed; "and
// others" where they do not fit. False: none of these has failed, out is empty.
bool tried_text(const struct tried *tried, unsigned zone_labels, char *out, size_t size)
	__attribute__((nonnull));
const char *tried_over(const struct tried_server *server); // "UDP"
// "timeout"
const char *tried_cause_word(unsigned cause);
// "did not answer in time"
const char *tried_cause_words(unsigned cause);
