// What a verb answers: text for people, data for programs, or one sentence of error.
#pragma once

#include "dataplane/store.h"

#include <jansson.h>

#include <stdbool.h>
#include <stddef.h>

struct api_context;

struct reply {
	char *text; // grows; printable ASCII, tabs and ends of lines; freed by reply_free()
	size_t text_len;
	size_t text_size;
	json_t *data;    // a reference of its own, or NULL
	char error[512]; // "" : it went well
	bool stops;      // the daemon is to end when the answer has been sent
	bool unwell;     // it went well, and what it says is that something is wrong
	// Not NULL: it goes on in the next turns of the loop, a share in each. True: it is over.
	bool (*go_on)(const struct api_context *context, struct reply *reply);
	struct cache_flush flush; // what it waits for
	void *work;               // what it has so far; malloc()ed
	const char *verb;
	bool misuse; // the error is the asker's: words that no state of the daemon would answer
};

// Adds a line, however long. What is not printable is replaced: names and texts of the network end
// up in it, and in a terminal.
void reply_line(struct reply *reply, const char *format, ...)
	__attribute__((nonnull, format(printf, 2, 3)));
void reply_refuse(struct reply *reply, const char *format, ...)
	__attribute__((nonnull, format(printf, 2, 3)));
void reply_misuse(struct reply *reply, const char *format, ...)
	__attribute__((nonnull, format(printf, 2, 3)));
void reply_free(struct reply *reply) __attribute__((nonnull));

// A list as it is at this moment, shown a share in a turn of the loop, however long it is. `show`
// for each item in turn, then `end` (or NULL). False: no memory, which the reply says.
typedef void (*reply_show)(const void *item, struct reply *reply);
bool reply_list(struct reply *reply, size_t item_bytes, reply_show show,
		void (*end)(const struct api_context *context, struct reply *reply))
	__attribute__((nonnull(1, 3)));
// The next item, to be filled; zeros. NULL: no memory, which the reply says.
void *reply_list_add(struct reply *reply) __attribute__((nonnull));
#define REPLY_SHARE 32

// The same replacement for a text that goes into data: a new string, never NULL but without memory.
json_t *reply_string(const char *text) __attribute__((warn_unused_result));
