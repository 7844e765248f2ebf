// Does this packet answer that question (RFC 5452 §9.1)? Pure. The address and port it came
// from are the transport's to check.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct match_question {
	const uint8_t *name; // in the case it was sent with
	size_t name_len;
	uint16_t type; // class IN
	uint16_t id;
};

enum match {
	MATCH_EXACT, // ID, QR, opcode and every byte of the question
	MATCH_CASE,  // the same but for the case of the name
	MATCH_BARE,  // an error with our ID and no question at all
	MATCH_WRONG, // a response with our ID to another question, or to none
	MATCH_NEAR,  // our ID, but no response, or not a whole one
	MATCH_OTHER, // not our ID
};

enum match match_reply(const struct match_question *question, const uint8_t *msg, size_t len)
	__attribute__((nonnull, pure, warn_unused_result));
