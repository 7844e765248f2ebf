#include "control/drill/drill.h"

#include "control/drill/steer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES (DRILL_ABORT_US / DRILL_SAMPLE_US)

enum phase { IDLE, RUNNING, WATCHING };

struct drill {
	void (*random)(void *arg, void *out, size_t len);
	void *random_arg;
	enum phase phase;
	uint32_t which; // grows with each
	struct drill_spec spec;
	uint64_t start_us, end_us; // RUNNING: when it is to end; WATCHING: when it did
	uint64_t first_us;         // affected question
	uint64_t sampled_us;
	struct drill_tally before, at_end;
	struct drill_tally samples[SAMPLES]; // of the last DRILL_ABORT_US
	size_t sample_count, sample_next;
	struct steer steer;
	struct recent {
		uint64_t at_us;
		struct address server;
		uint8_t ns_name[NAME_MAX_LEN]; // the root: none
		const char *pool, *domain;     // of the configuration
	} recent[STEER_WINDOW];                // questions, a ring
	size_t recent_count, recent_next;
	struct drill_report reports[DRILL_REPORTS_MAX]; // a ring
	size_t report_count, report_next;
	uint64_t numbers; // given out
	struct drill_counters counters;
};

struct drill *drill_new(void (*random)(void *arg, void *out, size_t len), void *arg)
{
	struct drill *drill = calloc(1, sizeof(*drill));

	if (drill != NULL) {
		drill->random = random;
		drill->random_arg = arg;
	}
	return drill;
}

void drill_free(struct drill *drill)
{
	free(drill);
}

// ---- reports ----

static struct drill_report *add_report(struct drill *drill)
{
	struct drill_report *report = &drill->reports[drill->report_next];

	drill->report_next = (drill->report_next + 1) % DRILL_REPORTS_MAX;
	if (drill->report_count < DRILL_REPORTS_MAX)
		drill->report_count++;
	return report;
}

static struct drill_report *latest(struct drill *drill)
{
	return &drill->reports[(drill->report_next + DRILL_REPORTS_MAX - 1) % DRILL_REPORTS_MAX];
}

size_t drill_report_count(const struct drill *drill)
{
	return drill->report_count;
}

const struct drill_report *drill_report(const struct drill *drill, size_t back)
{
	return &drill->reports[(drill->report_next + 2 * DRILL_REPORTS_MAX - 1 - back) %
			       DRILL_REPORTS_MAX];
}

void drill_remember(struct drill *drill, const struct drill_report *report)
{
	struct drill_report *kept = add_report(drill);

	*kept = *report;
	kept->closed = true;
	if (kept->end == DRILL_UNENDED)
		kept->end = DRILL_CUT;
	if (kept->number > drill->numbers)
		drill->numbers = kept->number;
}

const struct drill_counters *drill_counted(const struct drill *drill)
{
	return &drill->counters;
}

static struct drill_tally difference(const struct drill_tally *now, const struct drill_tally *then)
{
	struct drill_tally grown;

#define X(field, words) grown.field = now->field - then->field;
	DRILL_TALLY(X)
#undef X
	return grown;
}

// ---- what was asked last ----

static void remember_question(struct drill *drill, const struct drill_aim *aim, uint64_t now_us)
{
	struct recent *recent = &drill->recent[drill->recent_next];

	recent->at_us = now_us;
	recent->server = *aim->server;
	recent->pool = aim->pool;
	recent->domain = aim->domain;
	recent->ns_name[0] = 0;
	if (aim->ns_name != NULL)
		name_copy(recent->ns_name, aim->ns_name);
	drill->recent_next = (drill->recent_next + 1) % STEER_WINDOW;
	if (drill->recent_count < STEER_WINDOW)
		drill->recent_count++;
}

// How large the share was before: servers may be left after a handful of questions.
static void start_steering(struct drill *drill)
{
	size_t i = drill->recent_count < STEER_WINDOW ? 0 : drill->recent_next;

	steer_start(&drill->steer);
	for (size_t left = drill->recent_count; left > 0; left--, i = (i + 1) % STEER_WINDOW) {
		const struct recent *recent = &drill->recent[i];
		const struct drill_aim aim = {
			.server = &recent->server,
			.ns_name = recent->ns_name[0] != 0 ? recent->ns_name : NULL,
			.pool = recent->pool,
			.domain = recent->domain,
		};
		steer_sent(&drill->steer, drill_in_scope(&drill->spec, &aim), recent->at_us);
	}
}

// ---- start, end ----

int drill_start(struct drill *drill, const struct drill_spec *spec, const struct drill_zones *zones,
		const struct drill_tally *tally, uint64_t now_us, uint64_t wall_ms)
{
	if (drill->phase == RUNNING) {
		drill->counters.refused++;
		return -EBUSY;
	}
	if (drill->phase == WATCHING)
		latest(drill)->closed = true;
	drill->phase = RUNNING;
	drill->which++;
	drill->spec = *spec;
	drill->start_us = drill->sampled_us = now_us;
	drill->end_us = now_us + spec->for_s * UINT64_C(1000000);
	drill->first_us = DRILL_NEVER;
	drill->before = *tally;
	drill->sample_count = drill->sample_next = 0;
	drill->counters.started++;
	start_steering(drill);
	struct drill_report *report = add_report(drill);
	*report = (struct drill_report){
		.number = ++drill->numbers,
		.steerable = drill_steerable(spec),
		.started_ms = wall_ms,
		.for_s = spec->for_s,
		.share_percent = spec->share,
		.abort_percent = spec->abort_percent,
		.first_ms = DRILL_NEVER,
		.away_ms = DRILL_NEVER,
		.back_ms = DRILL_NEVER,
		.zones = zones->known,
		.zones_touched = zones->touched,
		.zones_alone = zones->alone,
		.zones_unsure = zones->unsure,
	};
	drill_scope_text(spec, report->scope);
	drill_fault_text(spec, report->fault);
	return 0;
}

static void bring_up_to_date(struct drill *drill, const struct drill_tally *tally, uint64_t now_us)
{
	struct drill_report *report = latest(drill);
	uint64_t away_us = drill->steer.away_us;

	report->lasted_ms = (now_us - drill->start_us) / 1000;
	report->tally = difference(tally, &drill->before);
	report->peak_percent = drill->steer.peak * 100 / STEER_WINDOW;
	report->away_ms = DRILL_NEVER;
	if (away_us != STEER_NEVER && drill->first_us != DRILL_NEVER)
		report->away_ms =
			away_us > drill->first_us ? (away_us - drill->first_us) / 1000 : 0;
}

// When control was kept from running, the drill has ended all the same: end_us is when.
static void end(struct drill *drill, enum drill_end how, const struct drill_tally *tally,
		uint64_t now_us)
{
	if (now_us < drill->end_us)
		drill->end_us = now_us;
	bring_up_to_date(drill, tally, drill->end_us);
	latest(drill)->end = how;
	drill->counters.aborted += how == DRILL_ABORTED;
	drill->at_end = *tally;
	drill->phase = WATCHING;
	steer_turn(&drill->steer);
}

bool drill_stop(struct drill *drill, const struct drill_tally *tally, uint64_t now_us)
{
	if (drill->phase != RUNNING)
		return false;
	end(drill, now_us < drill->end_us ? DRILL_STOPPED : DRILL_OVER, tally, now_us);
	return true;
}

// ---- as time goes by ----

static bool too_many_fail(struct drill *drill, const struct drill_tally *tally)
{
	const struct drill_tally *then = drill->sample_count < SAMPLES
						 ? &drill->before
						 : &drill->samples[drill->sample_next];
	const struct drill_tally grown = difference(tally, then);
	uint64_t all = drill_tally_answers(&grown);

	return all >= DRILL_ABORT_LEAST && grown.servfail * 100 > all * drill->spec.abort_percent;
}

static void keep_sample(struct drill *drill, const struct drill_tally *tally)
{
	drill->samples[drill->sample_next] = *tally;
	drill->sample_next = (drill->sample_next + 1) % SAMPLES;
	if (drill->sample_count < SAMPLES)
		drill->sample_count++;
}

static enum drill_event run_running(struct drill *drill, const struct drill_tally *tally,
				    uint64_t now_us)
{
	bring_up_to_date(drill, tally, now_us < drill->end_us ? now_us : drill->end_us);
	if (now_us >= drill->end_us)
		end(drill, DRILL_OVER, tally, now_us);
	else if (too_many_fail(drill, tally))
		end(drill, DRILL_ABORTED, tally, now_us);
	if (drill->phase != RUNNING)
		return DRILL_HAS_ENDED;
	if (now_us >= drill->sampled_us + DRILL_SAMPLE_US) {
		keep_sample(drill, tally);
		drill->sampled_us = now_us;
	}
	return DRILL_NOTHING;
}

static enum drill_event run_watching(struct drill *drill, const struct drill_tally *tally,
				     uint64_t now_us)
{
	struct drill_report *report = latest(drill);
	uint64_t back_us = drill->steer.back_us;

	if (now_us < drill->end_us + DRILL_OWED_US + DRILL_SAMPLE_US)
		report->late_servfail = tally->servfail - drill->at_end.servfail;
	if (back_us != STEER_NEVER)
		report->back_ms = (back_us - drill->end_us) / 1000;
	drill->sampled_us = now_us;
	if (now_us < drill->end_us + DRILL_WATCH_US &&
	    (back_us == STEER_NEVER || now_us < drill->end_us + DRILL_OWED_US))
		return DRILL_NOTHING;
	report->closed = true;
	drill->phase = IDLE;
	return DRILL_HAS_CLOSED;
}

enum drill_event drill_run(struct drill *drill, const struct drill_tally *tally,
			   uint64_t slowest_ms, uint64_t now_us)
{
	if (drill->phase == IDLE)
		return DRILL_NOTHING;
	if (slowest_ms > latest(drill)->slowest_ms &&
	    (drill->phase == RUNNING || now_us < drill->end_us + DRILL_OWED_US))
		latest(drill)->slowest_ms = slowest_ms;
	return drill->phase == RUNNING ? run_running(drill, tally, now_us)
				       : run_watching(drill, tally, now_us);
}

uint64_t drill_next_us(const struct drill *drill)
{
	uint64_t next_us = drill->sampled_us + DRILL_SAMPLE_US;

	if (drill->phase == IDLE)
		return UINT64_MAX;
	return drill->phase == RUNNING && drill->end_us < next_us ? drill->end_us : next_us;
}

bool drill_running(const struct drill *drill, uint64_t now_us)
{
	return drill->phase == RUNNING && now_us < drill->end_us;
}

uint64_t drill_left_us(const struct drill *drill, uint64_t now_us)
{
	return drill_running(drill, now_us) ? drill->end_us - now_us : 0;
}

const struct drill_spec *drill_spec_of(const struct drill *drill)
{
	return &drill->spec;
}

// ---- questions ----

// One draw for a question and all its packets, so that a share of 50 % is not one of 25 % for those
// that are asked twice.
static bool draw(struct drill *drill)
{
	uint32_t number;

	if (drill->spec.share == 100)
		return true;
	drill->random(drill->random_arg, &number, sizeof(number));
	return (uint64_t)number * 100 >> 32 < drill->spec.share;
}

uint32_t drill_choose(struct drill *drill, const struct drill_aim *aim, uint64_t now_us)
{
	bool in_scope = drill->phase != IDLE && drill_in_scope(&drill->spec, aim);

	remember_question(drill, aim, now_us);
	if (drill->phase == WATCHING)
		steer_sent(&drill->steer, in_scope, now_us);
	if (!drill_running(drill, now_us))
		return 0;
	steer_sent(&drill->steer, in_scope, now_us);
	latest(drill)->asked++;
	latest(drill)->in_scope += in_scope;
	if (!in_scope || !draw(drill))
		return 0;
	if (drill->first_us == DRILL_NEVER) {
		drill->first_us = now_us;
		latest(drill)->first_ms = (now_us - drill->start_us) / 1000;
	}
	latest(drill)->affected++;
	drill->counters.affected++;
	return drill->which;
}

enum harm drill_harm(const struct drill *drill, uint32_t which, uint64_t now_us, uint32_t *delay_ms)
{
	*delay_ms = drill->spec.delay_ms;
	return which == drill->which && drill_running(drill, now_us) ? drill->spec.harm : HARM_NONE;
}
