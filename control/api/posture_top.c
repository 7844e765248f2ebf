// The zones that are asked for most, and where nothing is validated.
#include "control/api/verbs.h"
#include "control/posture/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOP 10 // unless said otherwise

// Too large for the stack.
struct top {
	uint8_t zones[POSTURE_TOP_MAX][NAME_MAX_LEN];
	struct posture_facts facts;
	struct findings findings;
	struct reply *reply;
};

static void top_one(const struct api_context *context, const uint8_t *zone, struct top *top)
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
	reply_line(top->reply, "%8" PRIu32 "  %-30s %-10s %s%s%s", heat, name_to_text(zone, name),
		   status, findings->count > 0 ? severity_words(worst->severity) : "",
		   findings->count > 0 ? ": " : "", findings->count > 0 ? worst->text : "");
	json_t *data = json_pack("{s:o, s:I, s:s}", "zone", reply_string(name), "questions",
				 (json_int_t)heat, "status", status);
	if (findings->count > 0)
		json_object_set_new(data, "worst",
				    json_pack("{s:s, s:o}", "severity",
					      severity_words(worst->severity), "text",
					      reply_string(worst->text)));
	json_array_append_new(json_object_get(top->reply->data, "zones"), data);
}

static void list_exception(const uint8_t *name, bool nta, uint64_t left_ms, void *arg)
{
	struct reply *reply = arg;
	char text[NAME_TEXT_MAX], left[WORDS_MAX];
	json_t *data;

	name_to_text(name, text);
	data = json_pack("{s:o, s:b}", "name", reply_string(text), "permanent", !nta);
	if (nta) {
		reply_line(reply, "not validated for %s more, negative trust anchor: %s",
			   duration_words((int64_t)(left_ms / 1000), left), text);
		json_object_set_new(data, "left_s", json_integer((json_int_t)(left_ms / 1000)));
	} else {
		reply_line(reply, "not validated, by configuration: %s", text);
	}
	json_array_append_new(json_object_get(reply->data, "exceptions"), data);
}

static void list(const struct api_context *context, size_t count, struct top *top)
{
	top->reply->data = json_pack("{s:[], s:[]}", "zones", "exceptions");
	size_t found = resolver_hottest(context->resolver, top->zones, count);
	if (found == 0)
		reply_line(top->reply, "no zone was asked for lately");
	else
		reply_line(top->reply, "%8s  %-30s %-10s %s", "asked", "zone", "status",
			   "worst finding");
	for (size_t i = 0; i < found; i++)
		top_one(context, top->zones[i], top);
	resolver_exceptions(context->resolver, list_exception, top->reply);
}

static bool count_from_text(const char *text, size_t *count)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 3 || text[digits] != '\0')
		return false;
	*count = (size_t)strtoul(text, NULL, 10);
	return *count > 0 && *count <= POSTURE_TOP_MAX;
}

void posture_top(const struct api_context *context, const char *count, struct reply *reply)
{
	size_t zones = TOP;
	struct top *top;

	if (count != NULL && !count_from_text(count, &zones)) {
		reply_misuse(reply, "\"%.64s\" is no number from 1 to %d", count, POSTURE_TOP_MAX);
		return;
	}
	top = malloc(sizeof(*top));
	if (top == NULL) {
		reply_refuse(reply, "out of memory");
		return;
	}
	top->reply = reply;
	list(context, zones, top);
	free(top);
}
