// What a server's response says about the question it was asked, with everything left out
// that the server had no business saying (DESIGN §6, ATTACKS A7, A9, A13, D13). Pure.
#pragma once

#include "control/validator/validator.h"
#include "dataplane/dns/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum response_kind {
	RESPONSE_ANSWER,   // links
	RESPONSE_REFERRAL, // referral
	RESPONSE_LAME,     // not authoritative, upward or sideways referral, wrong side of a cut
	RESPONSE_SERVFAIL,
	RESPONSE_REFUSED,
	RESPONSE_ERROR,     // any other RCODE
	RESPONSE_MALFORMED, // contradicts itself or the question, or what was asked for is
			    // malformed
	RESPONSE_TOO_LARGE, // what was asked for is beyond our limits (rrset.h)
};

// What is nothing while any other server may answer, and better than nothing when none does.
enum response_resort {
	RESORT_NONE,
	RESORT_CACHE, // AA=0, RA=1: the RRset asked for, and CNAMEs to it, out of somebody's cache
	// AA=1: no data, or no such name, and the SOA of a zone that does not hold the name.
	RESORT_FOREIGN_SOA,
};

#define RESPONSE_LINKS_MAX (BUDGET_CNAME_MAX + 1)
#define REFERRAL_NS_MAX    32 // the first ones, when there are more
#define REFERRAL_GLUE_MAX  6  // addresses per NS name

struct response_question {
	const uint8_t *name; // lower case
	uint16_t type;
	const uint8_t *zone; // lower case: apex of the zone whose servers were asked
	bool forwarder;      // a recursive server: AA means nothing, referrals are refused
	bool glue;           // an address below one of its cuts: what it says of it is glue
};

struct referral {
	const struct rrset *ns;                        // owner: the cut
	const struct rrset *ds;                        // or NULL
	const struct rrset *glue[REFERRAL_NS_MAX * 2]; // A and AAAA, each of an NS name
	size_t glue_count;
};

// Points into the message and into itself: neither may move while it is used.
struct response {
	enum response_kind kind;
	// RESPONSE_ANSWER: one step per link, in chain order, CNAME and DNAME first.
	size_t link_count;
	struct step links[RESPONSE_LINKS_MAX];
	// names[i] is the name asked at link i. open: the last link is a CNAME or DNAME whose
	// target, names[link_count], is not answered here. too_long: a DNAME makes a name of over
	// 255 bytes (RFC 6672 §2.2, YXDOMAIN); there is no target then.
	uint8_t names[RESPONSE_LINKS_MAX + 1][NAME_MAX_LEN];
	bool open, too_long;
	// Out of somebody's cache: no authority, but signatures, which speak for themselves.
	bool secure_only;
	// With RESPONSE_LAME or secure_only: the links may serve when all else has failed.
	enum response_resort resort;
	bool resorted; // they do: by value or for moments, and nothing else of the response counts
	// Denial of existence out of the authority section: proofs of every link; of a referral,
	// about its DS.
	const struct rrset *proofs[STEP_PROOFS_MAX];
	size_t proof_count;
	struct referral referral;
};

void response_read(const struct message *message, const struct response_question *question,
		   struct response *out) __attribute__((nonnull));

// A lame or secure_only response with a `resort` becomes the answer.
void response_resort(struct response *response) __attribute__((nonnull));

// Keeps the first `count` links; the rest of the chain is open then.
void response_cut(struct response *response, size_t count) __attribute__((nonnull));
