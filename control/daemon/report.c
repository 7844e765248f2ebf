#include "control/daemon/parts.h"
#include "control/log.h"
#include "control/watch/exceptions.h"

#include <inttypes.h>
#include <stdio.h>

void all_counters(void *arg, api_counter_visit visit, void *visit_arg)
{
	struct cache_counters cache;
	struct batch_counters batch;

	(void)arg;
	dataplane_counters(assayd.dataplane, visit, visit_arg);
	cache_counters(store_cache(assayd.store), &cache);
#define X(field, words) visit("cache." #field, words, cache.field, visit_arg);
	CACHE_COUNTERS(X)
#undef X
	struct store_counters store;
	store_counters(assayd.store, &store);
#define X(field, words) visit("store." #field, words, store.field, visit_arg);
	STORE_COUNTERS(X)
#undef X
	resolver_counters(assayd.resolver, visit, visit_arg);
	upstream_counters(assayd.upstream, visit, visit_arg);
	batch_counters(assayd.batch, &batch);
#define X(field, words) visit("crypto." #field, words, batch.field, visit_arg);
	BATCH_COUNTERS(X)
#undef X
	trust_state_counters(assayd.anchors, visit, visit_arg);
	if (assayd.drills)
		drill_host_counters(assayd.drills, visit, visit_arg);
	if (assayd.listener)
		listener_counters(assayd.listener, visit, visit_arg);
	visit("control.misses", "misses taken from the poll-mode cores", assayd.misses, visit_arg);
	visit("control.misses_refused", "misses refused because too many were under way",
	      assayd.misses_refused, visit_arg);
	visit("control.turns", "turns of the event loop", assayd.turns.count, visit_arg);
	visit("control.turns_too_long", "turns of the event loop over 5 ms", assayd.turns.too_long,
	      visit_arg);
	visit("control.longest_turn_us", "longest turn of the event loop since the start",
	      assayd.turns.longest_us, visit_arg);
	visit("control.longest_turn_cpu_us", "CPU time of the longest turn of the event loop",
	      assayd.cpu_turns.longest_us, visit_arg);
	visit("control.canary_rounds", "rounds of questions that we asked ourselves",
	      canary_rounds(assayd.canary), visit_arg);
	visit("control.canary_failures", "rounds of which no question was answered",
	      canary_failures(assayd.canary), visit_arg);
	visit("control.log_lines_lost", "log lines lost because nobody read them", log_lines_lost(),
	      visit_arg);
}

bool all_cycles(void *arg, struct cycles *out, uint64_t *hz)
{
	(void)arg;
	return dataplane_cycles(assayd.dataplane, out, hz);
}

static void describe_turns(void (*line)(const char *text, void *line_arg), void *line_arg)
{
	const struct turns *turns = &assayd.turns;
	const struct turns *cpu = &assayd.cpu_turns;
	char text[200];

	if (turns->longest == NULL)
		return;
	snprintf(text, sizeof(text),
		 "event loop: longest turn %" PRIu64 ".%" PRIu64 " ms by the clock (%s), %" PRIu64
		 " over %d ms; %" PRIu64 ".%" PRIu64 " ms of CPU time, %" PRIu64 " over %d ms",
		 turns->longest_us / 1000, turns->longest_us / 100 % 10, turns->longest,
		 turns->too_long, TURN_LONG_US / 1000, cpu->longest_us / 1000,
		 cpu->longest_us / 100 % 10, cpu->too_long, TURN_LONG_US / 1000);
	line(text, line_arg);
}

void describe_daemon(void *arg, void (*line)(const char *text, void *line_arg), void *line_arg)
{
	(void)arg;
	trust_state_describe(assayd.anchors, line, line_arg);
	drill_state_describe(assayd.drill_state, line, line_arg);
	exceptions_describe(assayd.config, line, line_arg);
	dataplane_describe(assayd.dataplane, line, line_arg);
	canary_describe(assayd.canary, line, line_arg);
	describe_turns(line, line_arg);
}

void on_nta_end(void *arg, const uint8_t *name, enum nta_end end)
{
	static const char *const why[] = {
		[NTA_REMOVED] = "was taken back",
		[NTA_EXPIRED] = "has reached the end of its lifetime",
		[NTA_RECOVERED] = "is no longer needed, the zone validates",
	};
	char text[NAME_TEXT_MAX];

	(void)arg;
	log_warning("the negative trust anchor of %.128s %s: it is validated again",
		    name_to_text(name, text), why[end]);
}

void on_pool(void *arg, const uint8_t *zone, bool down)
{
	char name[NAME_TEXT_MAX];

	(void)arg;
	name_to_text(zone, name);
	if (down)
		alarm_raise(assayd.alarms, ALARM_POOL_OUT, name, 0,
			    "none of the configured servers of %s answers: questions about it fail "
			    "at once, or get stale data, until one does",
			    name);
	else
		alarm_end(assayd.alarms, ALARM_POOL_OUT, name);
}

void on_crowd(void *arg, const uint8_t *zone)
{
	char name[NAME_TEXT_MAX];

	(void)arg;
	log_warning(
		"questions about %.128s have taken their share of the places for questions under "
		"way: more of them fail at once (counter resolver.crowded)",
		name_to_text(zone, name));
}

// Its address may be late, or another's for now: no reason not to answer questions.
bool open_metrics(void)
{
	char err[512];

	assayd.metrics = metrics_open(assayd.config->metrics_address, err, sizeof(err));
	if (assayd.metrics)
		alarm_end(assayd.alarms, ALARM_METRICS, "");
	else
		alarm_raise(assayd.alarms, ALARM_METRICS, "", 0, "%s; tried every second", err);
	return assayd.metrics != NULL;
}

void on_report(uv_timer_t *timer)
{
	(void)timer;
	const char *before = working_at("metrics");
	if (!assayd.metrics && !open_metrics()) {
		working_at(before);
		return;
	}
	metrics_begin(assayd.metrics);
	all_counters(NULL, metrics_value, assayd.metrics);
	for (int i = 0; i < ALARM_COUNT; i++)
		metrics_alarm(assayd.metrics, alarm_name(i), alarm_severity_name(alarm_severity(i)),
			      alarms_named(assayd.alarms, i) > 0);
	metrics_end(assayd.metrics);
	working_at(before);
}
