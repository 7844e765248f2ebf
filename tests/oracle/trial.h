// A reply on its way through the judge: what one RRset of it, or its denial, can be.
#pragma once

#include "tests/oracle/judge.h"

// A reply on its way through the judge.
struct trial {
	struct judge *judge;
	const struct asked *asked;
	const struct message *reply;
	const struct section_rrsets *answer;
	uint8_t name[NAME_MAX_LEN]; // that the next link is about
	size_t index;               // of the next RRset
	uint64_t since_us;          // what was said before is forgotten
	unsigned ways;              // what each link can be, in the eyes of the chain of trust
	bool never_secure, maybe_insecure; // one link is (so, or may be)
	bool stale, unmarked;
	struct said said[SAID_MAX];
	size_t said_count;
};

// Always false. Keeps the first words of what is wrong.
bool trial_complain(struct trial *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *trial_text(const uint8_t *name); // one of four buffers

// Takes in what the chain of trust says of a link that can have been any of these.
bool trial_take(struct trial *t, unsigned mask, bool never_secure, const uint8_t *name);
// The RRset is one that some server says, or said not too long ago.
bool trial_rrset(struct trial *t, const struct rrset *rrset);
bool trial_denial(struct trial *t, enum signer_kind kind);
