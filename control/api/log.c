// The log's level, and the life of questions in it.
#include "control/log.h"

#include "control/api/verbs.h"

#include <inttypes.h>
#include <string.h>

#define NAME_FOR_MS   600000 // who forgets to end it shall not fill a disk
#define NAME_LINES_S  200
#define EVERY_LINES_S 100

static void tell_name(void *arg, uint64_t now_ms, const char *text)
{
	static struct log_limit limit = {.burst = NAME_LINES_S};

	(void)arg;
	log_traced(&limit, now_ms, "%s", text);
}

static void tell_every(void *arg, uint64_t now_ms, const char *text)
{
	static struct log_limit limit = {.burst = EVERY_LINES_S};

	(void)arg;
	log_limited(&limit, now_ms, LOG_LEVEL_DEBUG, "%s", text);
}

void api_log_questions(struct resolver *resolver)
{
	resolver_trace(resolver, NULL, 0, tell_every, NULL);
}

static void set_level(const struct api_context *context, enum log_level level, struct reply *reply)
{
	log_set_level(level);
	if (level == LOG_LEVEL_DEBUG)
		api_log_questions(context->resolver);
	else
		resolver_trace(context->resolver, NULL, 0, NULL, NULL);
	reply_line(reply, "log level is %s%s", log_level_to_text(level),
		   level == LOG_LEVEL_DEBUG
			   ? ", with the life of every question (at most 100 lines a "
			     "second)"
			   : "");
	reply->data = json_pack("{s:s}", "log", log_level_to_text(level));
}

static void log_name(const struct api_context *context, const char *argument, struct reply *reply)
{
	uint8_t name[NAME_MAX_LEN];
	char text[NAME_TEXT_MAX];

	if (argument_name(argument, name, reply) != 0)
		return;
	resolver_trace(context->resolver, name, NAME_FOR_MS, tell_name, NULL);
	name_to_text(name, text);
	reply_line(
		reply,
		"the life of questions for %s is logged for %d minutes, or until a level is set; "
		"what is cached is not asked (flush %s)",
		text, NAME_FOR_MS / 60000, text);
	reply->data = json_pack("{s:s, s:o, s:i}", "log", log_level_to_text(log_get_level()),
				"name", reply_string(text), "for_s", NAME_FOR_MS / 1000);
}

void verb_log(const struct api_context *context, const char *const *arguments, size_t count,
	      struct reply *reply)
{
	enum log_level level;

	if (log_level_from_text(arguments[0], &level) != 0)
		reply_misuse(reply, "\"%.128s\" is none of error, warning, info, debug",
			     arguments[0]);
	else if (count == 1)
		set_level(context, level, reply);
	else if (level == LOG_LEVEL_DEBUG)
		log_name(context, arguments[1], reply);
	else
		reply_misuse(reply, "a name goes with debug only: log debug NAME");
}

void log_describe(const struct api_context *context, struct reply *reply)
{
	uint8_t name[NAME_MAX_LEN];
	char text[NAME_TEXT_MAX];
	uint64_t left_ms;

	if (resolver_traced(context->resolver, name, &left_ms))
		reply_line(reply, "the life of questions for %s is logged for %" PRIu64 " s more",
			   name_to_text(name, text), left_ms / 1000);
}
