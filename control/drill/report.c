#include "control/drill/report.h"

#include "control/drill/steer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *const end_words[DRILL_END_COUNT] = {
	[DRILL_UNENDED] = "running", [DRILL_OVER] = "over", [DRILL_STOPPED] = "stopped",
	[DRILL_ABORTED] = "aborted", [DRILL_CUT] = "cut",
};

const char *drill_end_word(enum drill_end end)
{
	return (unsigned)end < DRILL_END_COUNT ? end_words[end] : "unknown";
}

// ---- verdict ----

#define SLOW_MS 1000 // a client has noticed

uint64_t drill_tally_answers(const struct drill_tally *tally)
{
	return tally->cached + tally->fresh + tally->stale + tally->servfail;
}

static uint64_t answers(const struct drill_report *r)
{
	return drill_tally_answers(&r->tally);
}

static uint64_t failed(const struct drill_report *r)
{
	return r->tally.servfail + r->late_servfail;
}

static const char *zones_word(uint64_t count)
{
	return count == 1 ? "zone" : "zones";
}

// What clients have noticed.
static void judge_answers(const struct drill_report *r, char *out, size_t size)
{
	if (answers(r) + r->late_servfail == 0)
		snprintf(out, size, "nobody asked anything meanwhile");
	else if (failed(r) > 0)
		snprintf(out, size,
			 "clients noticed: %" PRIu64 " SERVFAIL beside %" PRIu64 " answers",
			 failed(r), answers(r) - r->tally.servfail);
	else if (r->tally.stale > 0)
		snprintf(out, size,
			 "no client got SERVFAIL, but %" PRIu64 " of %" PRIu64
			 " answers were stale",
			 r->tally.stale, answers(r));
	else if (r->slowest_ms >= SLOW_MS)
		snprintf(out, size,
			 "no client got SERVFAIL or stale data, but one waited for %" PRIu64 " ms",
			 r->slowest_ms);
	else
		snprintf(out, size,
			 "no client noticed: %" PRIu64 " answers, none stale, no SERVFAIL",
			 answers(r));
}

static void judge_zones(const struct drill_report *r, char *out, size_t size)
{
	if (r->steerable && r->zones_alone > 0)
		snprintf(out, size, "%s alone carries %" PRIu64 " %s: no failover exists for %s; ",
			 strchr(r->scope, ':') + 1, r->zones_alone, zones_word(r->zones_alone),
			 r->zones_alone == 1 ? "it" : "them");
	else if (r->steerable && r->zones_unsure > 0)
		snprintf(out, size,
			 "no other server is known of %" PRIu64 " of the %" PRIu64 " %s there; ",
			 r->zones_unsure, r->zones_touched, zones_word(r->zones_touched));
	else if (r->steerable && r->zones_touched > 0)
		snprintf(out, size,
			 "each of the %" PRIu64 " known %s with servers there has others; ",
			 r->zones_touched, zones_word(r->zones_touched));
	else
		out[0] = '\0';
}

const char *drill_verdict(const struct drill_report *r, char out[DRILL_VERDICT_MAX])
{
	char zones[DRILL_TEXT_MAX + 128], clients[160];
	const char *before = "";

	judge_zones(r, zones, sizeof(zones));
	judge_answers(r, clients, sizeof(clients));
	if (r->end == DRILL_UNENDED)
		before = "not over yet: ";
	else if (r->end == DRILL_ABORTED)
		before = "given up before its time: ";
	else if (r->end == DRILL_CUT)
		before = "the daemon ended before the drill: ";
	if (r->affected == 0 && strcmp(r->scope, "clock") != 0)
		snprintf(out, DRILL_VERDICT_MAX,
			 "%s%snothing was rehearsed: no question went there", before, zones);
	else
		snprintf(out, DRILL_VERDICT_MAX, "%s%s%s", before, zones, clients);
	return out;
}

// ---- text ----

struct lines {
	void (*line)(const char *text, void *arg);
	void *arg;
};

static void say(const struct lines *to, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(const struct lines *to, const char *format, ...)
{
	char text[DRILL_VERDICT_MAX + DRILL_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	to->line(text, to->arg);
}

static const char *date_of(uint64_t at_ms, char out[64])
{
	time_t seconds = (time_t)(at_ms / 1000);
	char date[32];
	struct tm utc;

	snprintf(out, 64, "?");
	if (gmtime_r(&seconds, &utc) != NULL &&
	    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc) > 0)
		snprintf(out, 64, "%s.%03uZ", date, (unsigned)(at_ms % 1000));
	return out;
}

static void say_steering(const struct lines *to, const struct drill_report *r)
{
	char away[96] = "not while it lasted", back[96] = "not seen yet";

	if (!r->steerable || r->affected == 0)
		return;
	if (r->peak_percent < STEER_PEAK_LEAST * 100 / STEER_WINDOW) {
		say(to,
		    "steering: too few questions went there (at most %" PRIu64
		    " of 100, seen over %d) to tell when they went elsewhere",
		    r->peak_percent, STEER_WINDOW);
		return;
	}
	if (r->away_ms != DRILL_NEVER)
		snprintf(away, sizeof(away), "%" PRIu64 " ms after the first affected question",
			 r->away_ms);
	if (r->back_ms != DRILL_NEVER)
		snprintf(back, sizeof(back), "%" PRIu64 " ms after the end", r->back_ms);
	else if (r->closed)
		snprintf(back, sizeof(back), "not within half a minute, or too little was asked");
	say(to, "steered away: %s; back: %s", away, back);
}

static const char *unsure_of(const struct drill_report *r, char out[96])
{
	out[0] = '\0';
	if (r->zones_unsure > 0)
		snprintf(out, 96, "; %" PRIu64 " more if what is not known of them is there, too",
			 r->zones_unsure);
	return out;
}

static const char *abort_of(const struct drill_report *r, char out[64])
{
	snprintf(out, 64, "never given up");
	if (r->abort_percent < DRILL_ABORT_NEVER)
		snprintf(out, 64, "given up above %" PRIu64 " %% SERVFAIL", r->abort_percent);
	return out;
}

// What was ordered.
static void say_order(const struct lines *to, const struct drill_report *r)
{
	char limit[64];

	say(to, "drill %" PRIu64 ": %s %s, share %" PRIu64 " %%, for %" PRIu64 " s, %s", r->number,
	    r->scope, r->fault, r->share_percent, r->for_s, abort_of(r, limit));
}

void drill_report_lines(const struct drill_report *r, void (*line)(const char *text, void *arg),
			void *arg)
{
	const struct lines to = {line, arg};
	char date[64], verdict[DRILL_VERDICT_MAX], first[64] = "", unsure[96];

	say_order(&to, r);
	say(&to, "%s: began %s, lasted %" PRIu64 ".%03u s", drill_end_word(r->end),
	    date_of(r->started_ms, date), r->lasted_ms / 1000, (unsigned)(r->lasted_ms % 1000));
	if (r->first_ms != DRILL_NEVER)
		snprintf(first, sizeof(first), ", the first after %" PRIu64 " ms", r->first_ms);
	say(&to,
	    "questions to servers: %" PRIu64 ", in the scope %" PRIu64 ", affected %" PRIu64 "%s",
	    r->asked, r->in_scope, r->affected, first);
	say_steering(&to, r);
	say(&to,
	    "answers: %" PRIu64 " cached, %" PRIu64 " fresh (%" PRIu64 " of them with AD), %" PRIu64
	    " stale, %" PRIu64 " SERVFAIL (and %" PRIu64 " in the 7 s after the end)",
	    r->tally.cached, r->tally.fresh, r->tally.secure, r->tally.stale, r->tally.servfail,
	    r->late_servfail);
	say(&to, "slowest answer to a client: %" PRIu64 " ms", r->slowest_ms);
	say(&to,
	    "zones: %" PRIu64 " known, %" PRIu64 " with a server in the scope, %" PRIu64
	    " with no other%s",
	    r->zones, r->zones_touched, r->zones_alone, unsure_of(r, unsure));
	if (r->zones_alone > 0 && r->steerable)
		say(&to, "drill plan --scope %s names them", r->scope);
	say(&to, "verdict: %s", drill_verdict(r, verdict));
}
