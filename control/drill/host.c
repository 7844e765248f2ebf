#include "control/drill/host.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHARE 32 // of the zones, in a turn

struct drill_host {
	struct drill_host_config config;
	struct drill *drill;
	bool changed;
};

static void say(const struct drill_host *host, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(const struct drill_host *host, const char *format, ...)
{
	char text[DRILL_VERDICT_MAX + 2 * DRILL_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (host->config.say != NULL)
		host->config.say(host->config.say_arg, text);
}

// ---- how clients fare ----

static const struct {
	const char *counter;
	size_t field;
} sources[] = {
	{"dataplane.hit.positive", offsetof(struct drill_tally, cached)},
	{"dataplane.hit.nodata", offsetof(struct drill_tally, cached)},
	{"dataplane.hit.nxdomain", offsetof(struct drill_tally, cached)},
	{"dataplane.hit.stale", offsetof(struct drill_tally, stale)},
	{"dataplane.hit.failure", offsetof(struct drill_tally, servfail)},
	{"resolver.answers_fresh", offsetof(struct drill_tally, fresh)},
	{"resolver.answers_secure", offsetof(struct drill_tally, secure)},
	{"resolver.answers_failed", offsetof(struct drill_tally, servfail)},
	{"resolver.stale", offsetof(struct drill_tally, stale)},
	{"resolver.stale_early", offsetof(struct drill_tally, stale)},
	{"control.misses_refused", offsetof(struct drill_tally, servfail)},
	{"tcp.cached", offsetof(struct drill_tally, cached)},
	{"tcp.stale", offsetof(struct drill_tally, stale)},
	{"tcp.failed", offsetof(struct drill_tally, servfail)},
};

static void add_counter(const char *name, const char *words, uint64_t value, void *arg)
{
	(void)words;
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		if (strcmp(sources[i].counter, name) == 0)
			*(uint64_t *)((char *)arg + sources[i].field) += value;
	}
}

static struct drill_tally tally_of(const struct drill_host *host)
{
	struct drill_tally tally = {0};

	host->config.counters(host->config.counters_arg, add_counter, &tally);
	return tally;
}

// ---- what would be lost ----

struct planning {
	const struct drill_spec *spec;
	struct drill_plan *plan;
};

// Of the servers of a zone that are known.
static size_t count_in_scope(const struct drill_spec *spec, const struct resolver_zone *zone)
{
	struct drill_aim aim = {.zone = zone->name};
	size_t in_scope = 0;

	for (size_t i = 0; i < zone->server_count; i++) {
		const struct candidate *server = &zone->servers[i];
		aim.server = &server->address;
		aim.ns_name = server->ns_name;
		aim.pool = zone->route != NULL ? zone->route->pool->name : NULL;
		aim.domain = candidate_label(server);
		in_scope += drill_in_scope(spec, &aim);
	}
	return in_scope;
}

// Of its name servers without a known address, those that are none of the scope's by name.
static size_t count_unknown(const struct drill_spec *spec, const struct resolver_zone *zone)
{
	struct drill_aim aim = {.zone = zone->name};
	size_t unknown = 0;

	for (size_t i = 0; i < zone->unknown_count; i++) {
		aim.ns_name = zone->unknown[i];
		unknown += !drill_in_scope(spec, &aim);
	}
	return unknown;
}

static void look_at_zone(const struct resolver_zone *zone, void *arg)
{
	const struct planning *planning = arg;
	struct drill_plan *plan = planning->plan;
	size_t in_scope = count_in_scope(planning->spec, zone);
	bool recursion = zone->route != NULL && zone->route->first;

	plan->zones.known++;
	plan->zones.touched += in_scope > 0;
	if (in_scope == 0 || in_scope < zone->server_count)
		return;
	if (recursion && planning->spec->scope != DRILL_UPLINK)
		return; // may be asked for elsewhere
	if (count_unknown(planning->spec, zone) > 0) {
		plan->zones.unsure++;
		return;
	}
	plan->zones.alone++;
	if (plan->named < DRILL_ALONE_MAX)
		name_copy(plan->alone[plan->named++], zone->name);
}

bool drill_host_plan(struct drill_host *host, const struct drill_spec *spec,
		     struct drill_plan *plan)
{
	struct planning planning = {.spec = spec, .plan = plan};

	if (resolver_zones_some(host->config.resolver, &plan->walk, SHARE, look_at_zone, &planning))
		return true;
	plan->usual = tally_of(host);
	return false;
}

// ---- start, end ----

static uint32_t choose(void *arg, const struct exchange_request *request, uint64_t now_us)
{
	const struct drill_aim aim = {
		.server = &request->server,
		.zone = request->zone,
		.ns_name = request->ns_name,
		.pool = request->pool,
		.domain = request->domain,
	};

	return drill_choose(((struct drill_host *)arg)->drill, &aim, now_us);
}

static enum harm harm(void *arg, uint32_t which, uint64_t now_us, uint32_t *delay_ms)
{
	return drill_harm(((struct drill_host *)arg)->drill, which, now_us, delay_ms);
}

struct drill_host *drill_host_new(const struct drill_host_config *config)
{
	struct drill_host *host = calloc(1, sizeof(*host));
	const struct interference by = {.choose = choose, .harm = harm, .arg = host};

	if (host == NULL)
		return NULL;
	host->config = *config;
	host->drill = drill_new(config->random, config->random_arg);
	if (host->drill == NULL) {
		free(host);
		return NULL;
	}
	upstream_interfere(config->upstream, &by);
	return host;
}

void drill_host_free(struct drill_host *host)
{
	if (host == NULL)
		return;
	upstream_interfere(host->config.upstream, NULL);
	drill_free(host->drill);
	free(host);
}

int drill_host_start(struct drill_host *host, const struct drill_spec *spec,
		     const struct drill_plan *plan, const struct store_clock *now)
{
	const struct drill_tally tally = tally_of(host);
	uint64_t now_us = upstream_clock_us(host->config.upstream);

	(void)drill_host_run(host); // one that is due ends before
	if (spec->scope == DRILL_POOL && plan->zones.touched == 0)
		return -ENOENT;
	if (drill_start(host->drill, spec, &plan->zones, &tally, now_us,
			host->config.wall_ms(host->config.wall_arg)) != 0)
		return -EBUSY;
	(void)resolver_take_slowest_ms(host->config.resolver);
	if (spec->scope == DRILL_CLOCK)
		trust_drill_clock(host->config.trust, spec->skew_s,
				  now->now_ms + spec->for_s * UINT64_C(1000));
	host->changed = true;
	const struct drill_report *report = drill_report(host->drill, 0);
	say(host,
	    "drill %" PRIu64 " begins: %s %s, share %u %%, for %" PRIu32
	    " s, given up above %u %% SERVFAIL",
	    report->number, report->scope, report->fault, spec->share, spec->for_s,
	    spec->abort_percent);
	return 0;
}

static void ended(struct drill_host *host)
{
	const struct drill_report *report = drill_report(host->drill, 0);
	char verdict[DRILL_VERDICT_MAX];

	trust_drill_clock(host->config.trust, 0, 0);
	host->changed = true;
	say(host, "drill %" PRIu64 " is %s after %" PRIu64 " ms: %s", report->number,
	    drill_end_word(report->end), report->lasted_ms, drill_verdict(report, verdict));
}

bool drill_host_stop(struct drill_host *host)
{
	uint64_t now_us = upstream_clock_us(host->config.upstream);

	// A start that failed half way ends with this, too: there are no counters then.
	if (drill_next_us(host->drill) == UINT64_MAX)
		return false;
	const struct drill_tally tally = tally_of(host);
	if (!drill_stop(host->drill, &tally, now_us))
		return false;
	ended(host);
	return true;
}

uint64_t drill_host_run(struct drill_host *host)
{
	uint64_t now_us = upstream_clock_us(host->config.upstream);

	if (now_us < drill_next_us(host->drill))
		return drill_next_us(host->drill);
	const struct drill_tally tally = tally_of(host);
	switch (drill_run(host->drill, &tally, resolver_take_slowest_ms(host->config.resolver),
			  now_us)) {
	case DRILL_NOTHING:
		break;
	case DRILL_HAS_ENDED:
		ended(host);
		break;
	case DRILL_HAS_CLOSED:
		host->changed = true;
		break;
	}
	return drill_next_us(host->drill);
}

// ---- for operators ----

struct drill *drill_host_drill(struct drill_host *host)
{
	return host->drill;
}

uint64_t drill_host_left_us(const struct drill_host *host)
{
	return drill_left_us(host->drill, upstream_clock_us(host->config.upstream));
}

bool drill_host_changed(struct drill_host *host)
{
	bool changed = host->changed;

	host->changed = false;
	return changed;
}

void drill_host_counters(const struct drill_host *host, upstream_counter_visit visit, void *arg)
{
	const struct drill_counters *counters = drill_counted(host->drill);

	visit("drill.running", "1 while a drill harms questions to servers",
	      drill_host_left_us(host) > 0, arg);
	visit("drill.started", "drills started", counters->started, arg);
	visit("drill.aborted", "drills given up because too many clients got SERVFAIL",
	      counters->aborted, arg);
	visit("drill.refused", "drills refused because one was running", counters->refused, arg);
	visit("drill.affected", "questions to servers that a drill has harmed", counters->affected,
	      arg);
}
