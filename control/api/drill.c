// Drills for operators: plan, start, status, stop, report.
#include "control/api/verbs.h"
#include "control/drill/history.h"
#include "control/drill/host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define USAGE                                                                                      \
	"usage: drill plan --scope SCOPE | start --scope SCOPE --fault FAULT [--share P%%] "       \
	"[--for SECONDS] [--abort-if 'servfail>P%%'] | status | stop | report [NUMBER | --all]; "  \
	"scopes: upstream:ADDRESS, domain:PREFIX[,PREFIX...], domain:LABEL, zone:NAME, "           \
	"pool:NAME, uplink, clock; faults: drop, delay=MS, servfail, refuse, truncate, "           \
	"strip-rrsig, bogus, skew=SECONDS"

#define NO_POOL "no zone has a pool \"%.64s\""

static void add_line(const char *text, void *arg)
{
	reply_line(arg, "%s", text);
}

static bool read_spec(const char *const *words, size_t count, bool needs_fault,
		      struct drill_spec *spec, struct reply *reply)
{
	char err[DRILL_ERROR_MAX];

	if (drill_spec_read(words, count, needs_fault, spec, err) == 0)
		return true;
	reply_misuse(reply, "%.*s", (int)sizeof(reply->error) - 1, err);
	return false;
}

// ---- plan ----

// All SERVFAIL count for giving up, not those of the drill alone.
static void say_usual(const struct drill_tally *usual, struct reply *reply)
{
	uint64_t all = drill_tally_answers(usual);

	if (all > 0)
		reply_line(reply,
			   "of %" PRIu64 " answers to clients so far %.1f %% were SERVFAIL, which "
			   "--abort-if counts with the drill's",
			   all, 100.0 * (double)usual->servfail / (double)all);
}

static void say_zones(const struct drill_plan *plan, const struct drill_spec *spec,
		      struct reply *reply)
{
	char scope[DRILL_TEXT_MAX], name[NAME_TEXT_MAX];

	drill_scope_text(spec, scope);
	if (spec->scope == DRILL_CLOCK) {
		reply_line(reply, "clock: takes no server away; what is not cached fails when its "
				  "signatures are not valid at the other time as well");
		return;
	}
	reply_line(reply,
		   "%s: %" PRIu64 " of %" PRIu64 " zones whose servers are known have one there",
		   scope, plan->zones.touched, plan->zones.known);
	if (plan->zones.touched == 0)
		return;
	if (plan->zones.alone > 0)
		reply_line(reply, "%" PRIu64 " of them %s no other: no failover exists",
			   plan->zones.alone, plan->zones.alone == 1 ? "has" : "have");
	else if (plan->zones.unsure == 0)
		reply_line(reply, "each of them has others");
	for (size_t i = 0; i < plan->named; i++)
		reply_line(reply, "  %s", name_to_text(plan->alone[i], name));
	if (plan->zones.alone > plan->named)
		reply_line(reply, "  and %" PRIu64 " more", plan->zones.alone - plan->named);
	if (plan->zones.unsure > 0)
		reply_line(reply,
			   "%" PRIu64 "%s may have: not all of their name servers' addresses are "
			   "known",
			   plan->zones.unsure, plan->zones.alone > 0 ? " more" : " of them");
}

static json_t *plan_json(const struct drill_plan *plan, const struct drill_spec *spec)
{
	char scope[DRILL_TEXT_MAX], name[NAME_TEXT_MAX];
	json_t *names = json_array();

	for (size_t i = 0; i < plan->named; i++)
		json_array_append_new(names, reply_string(name_to_text(plan->alone[i], name)));
	return json_pack(
		"{s:o, s:I, s:I, s:I, s:I, s:o, s:I, s:I}", "scope",
		reply_string(drill_scope_text(spec, scope)), "zones", (json_int_t)plan->zones.known,
		"zones_touched", (json_int_t)plan->zones.touched, "zones_alone",
		(json_int_t)plan->zones.alone, "zones_unsure", (json_int_t)plan->zones.unsure,
		"alone", names, "answers", (json_int_t)drill_tally_answers(&plan->usual),
		"servfail", (json_int_t)plan->usual.servfail);
}

// What is planned, over several turns, and what comes then.
struct planning {
	struct drill_spec spec;
	struct drill_plan plan;
	void (*then)(const struct api_context *context, const struct planning *planning,
		     struct reply *reply);
};

static bool planning_goes_on(const struct api_context *context, struct reply *reply)
{
	struct planning *planning = reply->work;

	if (drill_host_plan(context->drills, &planning->spec, &planning->plan))
		return false;
	planning->then(context, planning, reply);
	return true;
}

static bool is_digits_and_dots(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789.")] == '\0';
}

// Names in scopes are held to what is asked of them elsewhere; a label may be any word but an
// address that is none.
static bool scope_is_sane(const char *const *words, size_t count, struct reply *reply)
{
	uint8_t bytes[4];

	for (size_t i = 0; i + 1 < count; i += 2) {
		const char *value = words[i + 1];
		if (strcmp(words[i], "--scope") != 0)
			continue;
		if (strncmp(value, "zone:", 5) == 0)
			return argument_is_name(value + 5, reply);
		if (strncmp(value, "domain:", 7) != 0 || !is_digits_and_dots(value + 7) ||
		    inet_pton(AF_INET, value + 7, bytes) == 1)
			continue;
		reply_misuse(reply, "\"%.64s\" is no address, prefix or label", value + 7);
		return false;
	}
	return true;
}

static void plan_first(const char *const *words, size_t count, bool needs_fault,
		       void (*then)(const struct api_context *context,
				    const struct planning *planning, struct reply *reply),
		       struct reply *reply)
{
	struct planning *planning = calloc(1, sizeof(*planning));

	if (planning == NULL) {
		reply_refuse(reply, "out of memory");
		return;
	}
	reply->work = planning;
	planning->then = then;
	if (scope_is_sane(words, count, reply) &&
	    read_spec(words, count, needs_fault, &planning->spec, reply))
		reply->go_on = planning_goes_on;
}

static void say_plan(const struct api_context *context, const struct planning *planning,
		     struct reply *reply)
{
	const struct drill_spec *spec = &planning->spec;
	const struct drill_plan *plan = &planning->plan;

	(void)context;
	if (spec->scope == DRILL_POOL && plan->zones.touched == 0) {
		reply_refuse(reply, NO_POOL, spec->label);
		return;
	}
	say_zones(plan, spec, reply);
	say_usual(&plan->usual, reply);
	reply->data = plan_json(plan, spec);
}

// ---- start, stop ----

static const struct drill_report *latest(const struct api_context *context)
{
	struct drill *drill = drill_host_drill(context->drills);

	return drill_report_count(drill) > 0 ? drill_report(drill, 0) : NULL;
}

static void start(const struct api_context *context, const struct planning *planning,
		  struct reply *reply)
{
	const struct drill_spec *spec = &planning->spec;
	struct store_clock now;

	store_get_clock(context->store, &now);
	int error = drill_host_start(context->drills, spec, &planning->plan, &now);
	if (error == -ENOENT) {
		reply_refuse(reply, NO_POOL, spec->label);
		return;
	}
	if (error != 0) {
		reply_refuse(reply,
			     "drill %" PRIu64 " is running for %" PRIu64
			     " s more: one at a time; `drill stop` ends it",
			     latest(context)->number,
			     (drill_host_left_us(context->drills) + 999999) / 1000000);
		return;
	}
	const struct drill_report *report = latest(context);
	reply_line(reply, "drill %" PRIu64 " begins: %s %s; it ends by itself in %" PRIu64 " s",
		   report->number, report->scope, report->fault, report->for_s);
	if (report->zones_alone > 0)
		reply_line(reply, "%" PRIu64 " of %" PRIu64 " known zones have no other server",
			   report->zones_alone, report->zones);
	if (report->zones_touched == 0 && spec->scope != DRILL_CLOCK)
		reply_line(reply, "no zone whose servers are known has one there");
	reply->data = drill_report_json(report);
}

static void stop(const struct api_context *context, struct reply *reply)
{
	if (!drill_host_stop(context->drills)) {
		reply_refuse(reply, "no drill is running");
		return;
	}
	reply_line(reply,
		   "drill %" PRIu64 " is stopped; its report is complete within half a minute",
		   latest(context)->number);
	reply->data = drill_report_json(latest(context));
}

// ---- status, report ----

static void status(const struct api_context *context, struct reply *reply)
{
	const struct drill_report *report = latest(context);
	uint64_t left_ms = drill_host_left_us(context->drills) / 1000;

	if (left_ms > 0)
		reply_line(reply, "a drill is running, for %" PRIu64 ".%03u s more", left_ms / 1000,
			   (unsigned)(left_ms % 1000));
	else if (report != NULL && !report->closed)
		reply_line(reply, "no drill is running; it is watched how questions come back");
	else if (report != NULL)
		reply_line(reply, "no drill is running; drill %" PRIu64 " was the last",
			   report->number);
	else
		reply_line(reply, "no drill is running");
	if (report != NULL && !report->closed)
		drill_report_lines(report, add_line, reply);
	reply->data =
		json_pack("{s:b, s:I, s:o}", "running", left_ms > 0, "left_ms", (json_int_t)left_ms,
			  "report", report != NULL ? drill_report_json(report) : json_null());
}

static void report_all(const struct drill *drill, struct reply *reply)
{
	char verdict[DRILL_VERDICT_MAX];

	reply->data = json_array();
	for (size_t i = 0; i < drill_report_count(drill); i++) {
		const struct drill_report *report = drill_report(drill, i);
		reply_line(reply, "%" PRIu64 " %s %s, %s after %" PRIu64 " ms: %s", report->number,
			   report->scope, report->fault, drill_end_word(report->end),
			   report->lasted_ms, drill_verdict(report, verdict));
		json_array_append_new(reply->data, drill_report_json(report));
	}
	if (drill_report_count(drill) == 0)
		reply_line(reply, "there has been no drill");
}

static const struct drill_report *find(const struct drill *drill, const char *number)
{
	size_t digits = strspn(number, "0123456789");

	if (digits == 0 || digits > 9 || number[digits] != '\0')
		return NULL;
	for (size_t i = 0; i < drill_report_count(drill); i++) {
		if (drill_report(drill, i)->number == strtoul(number, NULL, 10))
			return drill_report(drill, i);
	}
	return NULL;
}

static void report(const struct api_context *context, const char *which, struct reply *reply)
{
	const struct drill *drill = drill_host_drill(context->drills);
	const struct drill_report *report = which == NULL ? latest(context) : NULL;

	if (which != NULL && strcmp(which, "--all") == 0) {
		report_all(drill, reply);
		return;
	}
	if (which != NULL)
		report = find(drill, which);
	if (report == NULL) {
		reply_refuse(reply,
			     which == NULL ? "there has been no drill"
					   : "no such drill is remembered; see drill report --all");
		return;
	}
	drill_report_lines(report, add_line, reply);
	reply->data = drill_report_json(report);
}

static bool is_report(const char *word)
{
	return strcmp(word, "--all") == 0 ||
	       (word[0] != '\0' && word[strspn(word, "0123456789")] == '\0');
}

void verb_drill(const struct api_context *context, const char *const *arguments, size_t count,
		struct reply *reply)
{
	const char *what = count > 0 ? arguments[0] : "";

	if (strcmp(what, "plan") == 0)
		plan_first(arguments + 1, count - 1, false, say_plan, reply);
	else if (strcmp(what, "start") == 0)
		plan_first(arguments + 1, count - 1, true, start, reply);
	else if (strcmp(what, "status") == 0 && count == 1)
		status(context, reply);
	else if (strcmp(what, "stop") == 0 && count == 1)
		stop(context, reply);
	else if (strcmp(what, "report") == 0 && count == 2 && !is_report(arguments[1]))
		reply_misuse(reply,
			     "\"%.64s\" is no number of a drill: drill report [NUMBER | --all]",
			     arguments[1]);
	else if (strcmp(what, "report") == 0 && count <= 2)
		report(context, count == 2 ? arguments[1] : NULL, reply);
	else
		reply_misuse(reply, USAGE);
}
