// The zones that are asked for most, and where nothing is validated.
#include "control/api/verbs.h"
#include "control/posture/hottest.h"
#include "control/posture/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOP 10 // unless said otherwise

#define SHARE 4 // of the zones, in a turn

struct top {
	struct hottest hottest;
	size_t at; // of those found
	struct posture_facts facts;
	struct findings findings;
};

static void top_one(const struct api_context *context, const uint8_t *zone, struct top *top,
		    struct reply *reply)
{
	const struct findings *findings = &top->findings;
	const struct finding *worst = &findings->list[0];
	uint32_t heat = 0;
	char name[NAME_TEXT_MAX];

	resolver_posture(context->resolver, zone, &top->facts);
	posture_judge(&top->facts, &top->findings);
	if (top->facts.dossier != NULL)
		heat = dossier_heat(top->facts.dossier, top->facts.now.ms);
	const char *status = posture_status_words(posture_status(&top->facts));
	reply_line(reply, "%8" PRIu32 "  %-30s %-10s %s%s%s", heat, name_to_text(zone, name),
		   status, findings->count > 0 ? severity_words(worst->severity) : "",
		   findings->count > 0 ? ": " : "", findings->count > 0 ? worst->text : "");
	json_t *data = json_pack("{s:o, s:I, s:s}", "zone", reply_string(name), "questions",
				 (json_int_t)heat, "status", status);
	if (findings->count > 0)
		json_object_set_new(data, "worst",
				    json_pack("{s:s, s:o}", "severity",
					      severity_words(worst->severity), "text",
					      reply_string(worst->text)));
	json_array_append_new(json_object_get(reply->data, "zones"), data);
}

struct exception {
	uint8_t name[NAME_MAX_LEN];
	bool nta;
	uint64_t left_ms;
};

static void keep_exception(const uint8_t *name, bool nta, uint64_t left_ms, void *arg)
{
	struct exception *kept = reply_list_add(arg);

	if (kept == NULL)
		return;
	name_copy(kept->name, name);
	kept->nta = nta;
	kept->left_ms = left_ms;
}

static void show_exception(const void *item, struct reply *reply)
{
	const struct exception *exception = item;
	json_int_t left_s = (json_int_t)(exception->left_ms / 1000);
	char text[NAME_TEXT_MAX], left[WORDS_MAX];
	json_t *data;

	name_to_text(exception->name, text);
	data = json_pack("{s:o, s:b}", "name", reply_string(text), "permanent", !exception->nta);
	if (exception->nta) {
		reply_line(reply, "not validated for %s more, negative trust anchor: %s",
			   duration_words(left_s, left), text);
		json_object_set_new(data, "left_s", json_integer(left_s));
	} else {
		reply_line(reply, "not validated, by configuration: %s", text);
	}
	json_array_append_new(json_object_get(reply->data, "exceptions"), data);
}

// All zones are weighed, the hottest are judged, then come the exceptions.
static bool top_goes_on(const struct api_context *context, struct reply *reply)
{
	struct top *top = reply->work;
	const struct hottest *hottest = &top->hottest;

	if (top->at == 0) {
		if (resolver_hottest_some(context->resolver, &top->hottest))
			return false;
		if (hottest->count == 0)
			reply_line(reply, "no zone was asked for lately");
		else
			reply_line(reply, "%8s  %-30s %-10s %s", "asked", "zone", "status",
				   "worst finding");
	}
	for (size_t i = 0; i < SHARE && top->at < hottest->count; i++)
		top_one(context, hottest->list[top->at++].zone, top, reply);
	if (top->at < hottest->count)
		return false;
	free(top);
	reply->work = NULL;
	if (reply_list(reply, sizeof(struct exception), show_exception, NULL))
		resolver_exceptions(context->resolver, keep_exception, reply);
	return false;
}

static bool count_from_text(const char *text, size_t *count)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 3 || text[digits] != '\0')
		return false;
	*count = (size_t)strtoul(text, NULL, 10);
	return *count > 0 && *count <= HOTTEST_MAX;
}

void posture_top(const struct api_context *context, const char *count, struct reply *reply)
{
	size_t zones = TOP;
	struct top *top;

	(void)context;
	if (count != NULL && !count_from_text(count, &zones)) {
		reply_misuse(reply, "\"%.64s\" is no number from 1 to %d", count, HOTTEST_MAX);
		return;
	}
	top = calloc(1, sizeof(*top));
	if (top == NULL) {
		reply_refuse(reply, "out of memory");
		return;
	}
	top->hottest.max = zones;
	reply->data = json_pack("{s:[], s:[]}", "zones", "exceptions");
	reply->work = top;
	reply->go_on = top_goes_on;
}
