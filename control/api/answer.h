// An answer on its way: made into a line of JSON a piece at a time, each when the one before has
// been taken, so that a long one holds up nobody and a client that does not read has no more made
// for it. What has been written is given back piece by piece, too.
//
// Thread: control.
#pragma once

#include "control/api/reply.h"

#include <jansson.h>

#include <stdbool.h>
#include <stddef.h>

#define ANSWER_PIECE 8192 // bytes
#define ANSWER_DEPTH 16   // arrays and objects within each other, at most

struct answer {
	// What goes out next: parts that point into what follows.
	struct answer_part {
		const char *text;
		size_t len;
		bool escaped; // within a string
	} parts[8];
	unsigned part_count, part;
	char number[48];
	enum {
		ANSWER_NONE, // all of it has been written
		ANSWER_HEAD,
		ANSWER_DATA,
		ANSWER_END
	} stage;
	char *text; // of `text`; NULL: the data are all of the answer
	size_t text_len;
	bool unwell;
	json_t *data;
	struct answer_level {
		json_t *value; // borrowed from data
		size_t index;  // of an array: the next one
		void *at;      // of an object: the last one, NULL at its beginning
	} levels[ANSWER_DEPTH];
	unsigned depth;
	size_t bytes; // so far
};

// Takes what the verb said out of the reply; an answer before must be over.
void answer_begin(struct answer *answer, struct reply *reply) __attribute__((nonnull));
// A value by itself. Takes the reference, which may be NULL for want of memory: false.
bool answer_begin_json(struct answer *answer, json_t *value) __attribute__((nonnull(1)));
// The next piece; its length, 0: there is no more.
size_t answer_piece(struct answer *answer, char out[ANSWER_PIECE]) __attribute__((nonnull));
static inline bool answer_is_over(const struct answer *answer)
{
	return answer->stage == ANSWER_NONE;
}
// All that is left of it at once.
void answer_free(struct answer *answer) __attribute__((nonnull));
