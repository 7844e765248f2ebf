// Negative trust anchors for operators: add, remove, list, and what `status` says of them.
#include "control/api/verbs.h"
#include "control/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// "90", "90s", "15m", "2h", "1d". False: none, or longer than may be.
static bool lifetime_from_text(const char *text, uint32_t *seconds)
{
	static const struct {
		const char *unit;
		uint32_t seconds;
	} units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 6)
		return false;
	unsigned long count = strtoul(text, NULL, 10);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(text + digits, units[i].unit) != 0)
			continue;
		*seconds = (uint32_t)(count * units[i].seconds);
		return *seconds > 0 && count <= NTA_LIFETIME_MAX_S &&
		       *seconds <= NTA_LIFETIME_MAX_S;
	}
	return false;
}

// ---- add, remove ----

static void join(const char *const *words, size_t count, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < count && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s", i > 0 ? " " : "",
					 words[i]);
}

static void refuse_error(struct reply *reply, int error, const char *name)
{
	if (error == -EINVAL)
		reply_misuse(reply, "the root can have no negative trust anchor");
	else if (error == -EEXIST)
		reply_refuse(reply, "%.128s is insecure by configuration", name);
	else if (error == -ENOSPC)
		reply_refuse(reply, "there are %d negative trust anchors already", NTA_COUNT_MAX);
	else
		reply_refuse(reply, "out of memory");
}

static void add(const struct api_context *context, const char *const *arguments, size_t count,
		struct reply *reply)
{
	uint32_t lifetime_s = NTA_LIFETIME_S;
	char reason[NTA_REASON_MAX + 1], text[NAME_TEXT_MAX];
	uint8_t name[NAME_MAX_LEN];

	if (argument_name(arguments[0], name, reply) != 0)
		return;
	if (count > 1 && !lifetime_from_text(arguments[1], &lifetime_s)) {
		reply_misuse(reply,
			     "\"%.64s\" is no lifetime: seconds, or with m, h or d behind, at "
			     "most 7d",
			     arguments[1]);
		return;
	}
	join(arguments + 2, count > 2 ? count - 2 : 0, reason, sizeof(reason));
	int error = resolver_nta_add(context->resolver, name, lifetime_s, reason);
	name_to_text(name, text);
	if (error != 0) {
		refuse_error(reply, error, text);
		return;
	}
	log_warning("negative trust anchor set: %.128s and all below is not validated for %" PRIu32
		    " s%s%s",
		    text, lifetime_s, reason[0] != '\0' ? ": " : "", reason);
	reply_line(reply,
		   "%s and all below is not validated for %" PRIu32 " s, or until it is "
		   "found to validate again",
		   text, lifetime_s);
	reply->data = json_pack("{s:o, s:I}", "name", reply_string(text), "lifetime_s",
				(json_int_t)lifetime_s);
}

static void take_back(const struct api_context *context, const char *argument, struct reply *reply)
{
	char text[NAME_TEXT_MAX];
	uint8_t name[NAME_MAX_LEN];

	if (argument_name(argument, name, reply) != 0)
		return;
	name_to_text(name, text);
	if (!resolver_nta_remove(context->resolver, name)) {
		reply_refuse(reply, "%.128s has no negative trust anchor", text);
		return;
	}
	reply_line(reply, "%s is validated again", text);
	reply->data = json_pack("{s:o}", "name", reply_string(text));
}

// ---- list ----

static void describe(const struct nta_facts *facts, char out[NAME_TEXT_MAX + 512])
{
	char name[NAME_TEXT_MAX];

	snprintf(out, NAME_TEXT_MAX + 512,
		 "%s not validated for %" PRIu64 " of %" PRIu64 " s more%s%s; checked %u times%s%s",
		 name_to_text(facts->name, name), facts->left_s, facts->lifetime_s,
		 facts->reason[0] != '\0' ? ": " : "", facts->reason, facts->checks,
		 facts->finding[0] != '\0' ? ", last found: " : "", facts->finding);
}

static void list_one(const struct nta_facts *facts, void *arg)
{
	char text[NAME_TEXT_MAX + 512], name[NAME_TEXT_MAX];
	struct reply *reply = arg;

	describe(facts, text);
	reply_line(reply, "%s", text);
	json_array_append_new(reply->data,
			      json_pack("{s:o, s:I, s:I, s:o, s:i, s:o}", "name",
					reply_string(name_to_text(facts->name, name)), "left_s",
					(json_int_t)facts->left_s, "lifetime_s",
					(json_int_t)facts->lifetime_s, "reason",
					reply_string(facts->reason), "checks", (int)facts->checks,
					"finding", reply_string(facts->finding)));
}

static void list(const struct api_context *context, struct reply *reply)
{
	reply->data = json_array();
	resolver_nta_each(context->resolver, list_one, reply);
	if (json_array_size(reply->data) == 0)
		reply_line(reply, "no negative trust anchor is set");
}

void verb_nta(const struct api_context *context, const char *const *arguments, size_t count,
	      struct reply *reply)
{
	if (strcmp(arguments[0], "add") == 0 && count >= 2)
		add(context, arguments + 1, count - 1, reply);
	else if (strcmp(arguments[0], "remove") == 0 && count == 2)
		take_back(context, arguments[1], reply);
	else if (strcmp(arguments[0], "list") == 0 && count == 1)
		list(context, reply);
	else
		reply_misuse(reply, "usage: nta add NAME [LIFETIME [REASON]] | remove NAME | list");
}

// ---- status ----

struct status_lines {
	void (*line)(const char *text, void *arg);
	void *arg;
};

static void status_one(const struct nta_facts *facts, void *arg)
{
	struct status_lines *lines = arg;
	char text[NAME_TEXT_MAX + 512], line[NAME_TEXT_MAX + 600];

	describe(facts, text);
	snprintf(line, sizeof(line), "negative trust anchor: %s", text);
	lines->line(line, lines->arg);
}

void nta_describe(const struct api_context *context, void (*line)(const char *text, void *arg),
		  void *arg)
{
	struct status_lines lines = {.line = line, .arg = arg};

	resolver_nta_each(context->resolver, status_one, &lines);
}
