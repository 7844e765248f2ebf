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

// The length of all, also of what `out` had no room for.
static size_t join(const char *const *words, size_t count, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(used < size ? out + used : NULL,
					 used < size ? size - used : 0, "%s%s", i > 0 ? " " : "",
					 words[i]);
	return used;
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
	size_t len = join(arguments + 2, count > 2 ? count - 2 : 0, reason, sizeof(reason));
	if (len > NTA_REASON_MAX) {
		reply_misuse(reply, "a reason takes at most %d bytes, this one has %zu",
			     NTA_REASON_MAX, len);
		return;
	}
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

// As it was when the list began.
struct listed {
	uint8_t name[NAME_MAX_LEN];
	char reason[NTA_REASON_MAX + 1], finding[NTA_FINDING_MAX + 1];
	uint64_t left_s, lifetime_s;
	unsigned checks;
};

static void keep(const struct nta_facts *facts, void *arg)
{
	struct listed *kept = reply_list_add(arg);

	if (kept == NULL)
		return;
	name_copy(kept->name, facts->name);
	snprintf(kept->reason, sizeof(kept->reason), "%s", facts->reason);
	snprintf(kept->finding, sizeof(kept->finding), "%s", facts->finding);
	kept->left_s = facts->left_s;
	kept->lifetime_s = facts->lifetime_s;
	kept->checks = facts->checks;
}

static void describe(const struct listed *nta, char out[NAME_TEXT_MAX + 512])
{
	char name[NAME_TEXT_MAX];

	snprintf(out, NAME_TEXT_MAX + 512,
		 "%s not validated for %" PRIu64 " of %" PRIu64 " s more%s%s; checked %u times%s%s",
		 name_to_text(nta->name, name), nta->left_s, nta->lifetime_s,
		 nta->reason[0] != '\0' ? ": " : "", nta->reason, nta->checks,
		 nta->finding[0] != '\0' ? ", last found: " : "", nta->finding);
}

static void show(const void *item, struct reply *reply)
{
	char text[NAME_TEXT_MAX + 512], name[NAME_TEXT_MAX];
	const struct listed *nta = item;

	describe(nta, text);
	reply_line(reply, "%s", text);
	json_array_append_new(reply->data,
			      json_pack("{s:o, s:I, s:I, s:o, s:i, s:o}", "name",
					reply_string(name_to_text(nta->name, name)), "left_s",
					(json_int_t)nta->left_s, "lifetime_s",
					(json_int_t)nta->lifetime_s, "reason",
					reply_string(nta->reason), "checks", (int)nta->checks,
					"finding", reply_string(nta->finding)));
}

static void end_list(const struct api_context *context, struct reply *reply)
{
	(void)context;
	if (json_array_size(reply->data) == 0)
		reply_line(reply, "no negative trust anchor is set");
}

static void list(const struct api_context *context, struct reply *reply)
{
	reply->data = json_array();
	if (reply_list(reply, sizeof(struct listed), show, end_list))
		resolver_nta_each(context->resolver, keep, reply);
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

static void show_line(const void *item, struct reply *reply)
{
	char text[NAME_TEXT_MAX + 512], line[NAME_TEXT_MAX + 600];

	describe(item, text);
	snprintf(line, sizeof(line), "negative trust anchor: %s", text);
	reply_line(reply, "%s", line);
	json_array_append_new(json_object_get(reply->data, "lines"), reply_string(line));
}

void nta_describe(const struct api_context *context, struct reply *reply,
		  void (*end)(const struct api_context *context, struct reply *reply))
{
	if (reply_list(reply, sizeof(struct listed), show_line, end))
		resolver_nta_each(context->resolver, keep, reply);
}
