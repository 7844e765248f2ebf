// The verbs of the control socket: (context, arguments) → a reply.
#pragma once

#include "control/api/api.h"
#include "control/api/reply.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Looks the verb up and runs it; an unknown verb or a wrong number of arguments is an error that
// says what is right.
void verb_run(const struct api_context *context, const char *verb, const char *const *arguments,
	      size_t count, struct reply *reply) __attribute__((nonnull(1, 2, 5)));

// While there is reply->go_on: the next share. True: it is over.
bool verb_go_on(const struct api_context *context, struct reply *reply) __attribute__((nonnull));

// False after an error in the reply: an address, a URL, a number, what needs escapes or is no name.
bool argument_is_name(const char *text, struct reply *reply)
	__attribute__((nonnull, warn_unused_result));
// 0, or -1 after an error in the reply, also where an option of the verb is meant. The name comes
// in lower case.
int argument_name(const char *text, uint8_t name[NAME_MAX_LEN], struct reply *reply)
	__attribute__((nonnull, warn_unused_result));
int argument_type(const char *text, uint16_t *type, struct reply *reply)
	__attribute__((nonnull, warn_unused_result));

// The larger verbs, each in a file of its own.
void verb_status(const struct api_context *context, const char *const *arguments, size_t count,
		 struct reply *reply);
void verb_stats(const struct api_context *context, const char *const *arguments, size_t count,
		struct reply *reply);
void verb_nta(const struct api_context *context, const char *const *arguments, size_t count,
	      struct reply *reply);
void verb_anchors(const struct api_context *context, const char *const *arguments, size_t count,
		  struct reply *reply);
void verb_denial(const struct api_context *context, const char *const *arguments, size_t count,
		 struct reply *reply);
void verb_drill(const struct api_context *context, const char *const *arguments, size_t count,
		struct reply *reply);
void verb_explain(const struct api_context *context, const char *const *arguments, size_t count,
		  struct reply *reply);
void verb_posture(const struct api_context *context, const char *const *arguments, size_t count,
		  struct reply *reply);
void verb_log(const struct api_context *context, const char *const *arguments, size_t count,
	      struct reply *reply);
void verb_requests(const struct api_context *context, const char *const *arguments, size_t count,
		   struct reply *reply);
void verb_health(const struct api_context *context, const char *const *arguments, size_t count,
		 struct reply *reply);
void verb_servers(const struct api_context *context, const char *const *arguments, size_t count,
		  struct reply *reply);
void verb_lookup(const struct api_context *context, const char *const *arguments, size_t count,
		 struct reply *reply);

const char *standing_words(enum server_standing standing) __attribute__((const));
// `stats cycles`.
void cycles_report(const struct api_context *context, struct reply *reply) __attribute__((nonnull));
// The name whose questions are logged, and for how long still.
void log_describe(const struct api_context *context, struct reply *reply) __attribute__((nonnull));
// A line of `status` for each negative trust anchor, in shares, then `end`.
void nta_describe(const struct api_context *context, struct reply *reply,
		  void (*end)(const struct api_context *context, struct reply *reply))
	__attribute__((nonnull));
// `posture --top`; count NULL: as many as usual.
void posture_top(const struct api_context *context, const char *count, struct reply *reply)
	__attribute__((nonnull(1, 3)));
