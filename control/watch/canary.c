#include "control/watch/canary.h"

#include "dataplane/dns/builder.h"
#include "dataplane/dns/ede.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/name.h"
#include "dataplane/dns/types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum outcome { NOT_ASKED, WAITING, ANSWERED, STALE, FAILED, REFUSED };

struct asked {
	struct canary *canary;
	struct ticket_question question;
	enum outcome outcome;
	bool waits; // for the resolver, though its round may be over
	uint8_t rcode;
};

struct canary {
	struct canary_config config;
	struct store *store;
	canary_ask ask;
	void *ask_arg;
	struct asked asked[CANARY_NAMES_MAX];
	bool open; // a round
	uint64_t began_ms, due_ms;
	unsigned failed; // rounds in a row
	size_t good;     // of the last round, and the others
	char words[512];
	uint64_t rounds, failures;
};

struct canary *canary_new(const struct canary_config *config, struct store *store, canary_ask ask,
			  void *ask_arg)
{
	struct canary *canary = calloc(1, sizeof(*canary));

	if (!canary)
		return NULL;
	canary->config = *config;
	canary->store = store;
	canary->ask = ask;
	canary->ask_arg = ask_arg;
	for (size_t i = 0; i < config->count; i++)
		canary->asked[i].canary = canary;
	return canary;
}

void canary_free(struct canary *canary)
{
	free(canary);
}

// ---- one question ----

// A denial is an answer, too: what counts is that it is one, and not bogus.
static void judge(struct asked *asked, const uint8_t *reply, size_t len, bool stale)
{
	if (len < HEADER_LEN) {
		asked->outcome = FAILED;
		asked->rcode = RCODE_SERVFAIL;
		return;
	}
	asked->rcode = reply[3] & 0xf;
	if (asked->rcode != RCODE_NOERROR && asked->rcode != RCODE_NXDOMAIN)
		asked->outcome = FAILED;
	else
		asked->outcome = stale ? STALE : ANSWERED;
}

static void resolved(void *arg, struct store_result *result)
{
	struct asked *asked = arg;
	struct canary *canary = asked->canary;
	static uint8_t reply[65535];
	struct store_clock now;
	size_t len;

	store_get_clock(canary->store, &now);
	len = store_render(canary->store, &asked->question, result, &now, 0, reply, sizeof(reply));
	asked->waits = false;
	judge(asked, reply, len, result && result->stale);
	if (result)
		store_result_unref(canary->store, result);
}

static void ask(struct canary *canary, struct asked *asked, const struct canary_name *name,
		const struct store_clock *now)
{
	const struct edns edns = {.present = true, .udp_size = 1232, .do_bit = true};
	struct serve serve = {.client = &canary->config.client,
			      .tcp = true,
			      .now_ms = now->now_ms,
			      .now_s = now->now_s,
			      .clock_trusted = now->trusted};
	static uint8_t reply[65535];
	uint8_t query[512];
	int len = query_build(query, sizeof(query), (uint16_t)canary->rounds, FLAG_RD, name->name,
			      name->type, &edns);

	asked->outcome = REFUSED;
	if (len < 0)
		return;
	switch (store_serve_query(canary->store, query, (size_t)len, &serve, reply,
				  sizeof(reply))) {
	case SERVE_REPLY:
		judge(asked, reply, serve.reply_len, serve.outcome == OUTCOME_STALE);
		return;
	case SERVE_DROP:
		return;
	case SERVE_MISS:
		break;
	}
	store_question_of(&serve, &asked->question);
	asked->waits = canary->ask(canary->ask_arg, &asked->question, resolved, asked) == 0;
	if (asked->waits) {
		asked->outcome = WAITING;
		return;
	}
	if (serve.lookup.stale_count > 0) {
		size_t size = store_render_stale(canary->store, &serve, reply, sizeof(reply));
		judge(asked, reply, size, true);
	}
}

// ---- a round ----

static void begin(struct canary *canary, const struct store_clock *now)
{
	canary->open = true;
	canary->began_ms = now->now_ms;
	canary->rounds++;
	for (size_t i = 0; i < canary->config.count; i++) {
		// What an earlier round still waits for has failed in this one as well.
		if (!canary->asked[i].waits)
			ask(canary, &canary->asked[i], &canary->config.names[i], now);
	}
}

static bool is_over(const struct canary *canary, const struct store_clock *now)
{
	if (now->now_ms >= canary->began_ms + CANARY_WAIT_MS)
		return true;
	for (size_t i = 0; i < canary->config.count; i++) {
		if (canary->asked[i].outcome == WAITING)
			return false;
	}
	return true;
}

static bool is_good(const struct canary *canary, const struct asked *asked)
{
	return asked->outcome == ANSWERED ||
	       (asked->outcome == STALE && canary->config.stale_is_good);
}

static void add_words(struct canary *canary, size_t i)
{
	const struct asked *asked = &canary->asked[i];
	size_t used = strlen(canary->words);
	char name[NAME_TEXT_MAX], type[TYPE_TEXT_MAX];
	const char *why = asked->outcome == WAITING ? "no answer"
			  : asked->outcome == STALE ? "stale"
			  : asked->outcome == REFUSED
				  ? "not taken"
				  : (asked->rcode == RCODE_SERVFAIL ? "SERVFAIL" : "refused");

	name_to_text(canary->config.names[i].name, name);
	type_to_text(canary->config.names[i].type, type);
	snprintf(canary->words + used, sizeof(canary->words) - used, "%s%.64s %s: %s",
		 used > 0 ? ", " : "", name, type, why);
}

static void end(struct canary *canary, const struct store_clock *now)
{
	canary->open = false;
	canary->good = 0;
	canary->words[0] = '\0';
	for (size_t i = 0; i < canary->config.count; i++) {
		if (is_good(canary, &canary->asked[i]))
			canary->good++;
		else
			add_words(canary, i);
	}
	canary->failures += canary->good == 0;
	canary->failed = canary->good > 0 ? 0 : canary->failed + 1;
	// After a failure the next round follows at once.
	canary->due_ms =
		canary->good > 0 ? canary->began_ms + canary->config.interval_ms : now->now_ms;
}

void canary_alarms(void *arg, struct alarms *alarms)
{
	struct canary *canary = arg;
	struct store_clock now;

	if (canary->config.count == 0 || canary->config.client.family == 0)
		return;
	store_get_clock(canary->store, &now);
	if (canary->open && is_over(canary, &now))
		end(canary, &now);
	if (!canary->open && now.now_ms >= canary->due_ms) {
		begin(canary, &now);
		if (is_over(canary, &now))
			end(canary, &now);
	}
	if (canary->failed >= CANARY_FAILURES)
		alarm_holds(alarms, ALARM_CANARY, "", "none of our own questions is answered: %s",
			    canary->words);
}

// ---- reports ----

void canary_describe(const struct canary *canary, void (*line)(const char *text, void *arg),
		     void *arg)
{
	char text[640];

	if (canary->rounds == 0)
		return;
	snprintf(text, sizeof(text), "canaries: %zu of %zu answered%s%s", canary->good,
		 canary->config.count, canary->words[0] != '\0' ? "; " : "", canary->words);
	line(text, arg);
}

uint64_t canary_rounds(const struct canary *canary)
{
	return canary->rounds;
}

uint64_t canary_failures(const struct canary *canary)
{
	return canary->failures;
}
