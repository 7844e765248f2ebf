// Who serves a zone, and how well.
#include "control/posture/judge.h"
#include "control/posture/words.h"

#include <stdio.h>

#define SHOWN_MAX     6
#define SLOW_US       400000
#define SLOW_TIMES    5 // as slow as the fastest
#define SLOW_LEAST_US 150000
#define NAME_SHOWN    "%.80s"

static uint32_t fastest_us(const struct posture_facts *facts)
{
	uint32_t fastest = UINT32_MAX;

	for (size_t i = 0; i < facts->server_count; i++) {
		uint32_t rtt_us = facts->servers[i].facts.rtt_us;
		if (rtt_us != 0 && rtt_us < fastest)
			fastest = rtt_us;
	}
	return fastest;
}

static bool is_slow(uint32_t rtt_us, uint32_t fastest)
{
	return rtt_us > SLOW_US || (rtt_us > SLOW_LEAST_US && rtt_us / SLOW_TIMES > fastest);
}

static const char *server_words(const struct posture_server *server, char out[NAME_TEXT_MAX + 64])
{
	char address[ADDRESS_TEXT_MAX], name[NAME_TEXT_MAX];

	address_to_text(&server->address, address);
	if (server->name != NULL)
		snprintf(out, NAME_TEXT_MAX + 64, "%s (" NAME_SHOWN ")", address,
			 name_to_text(server->name, name));
	else
		snprintf(out, NAME_TEXT_MAX + 64, "%s", address);
	return out;
}

// True: something was said.
static bool judge_server(const struct posture_server *server, uint32_t fastest,
			 struct findings *out)
{
	const struct server_facts *facts = &server->facts;
	char words[NAME_TEXT_MAX + 64];

	server_words(server, words);
	if (facts->standing == SERVER_OUT)
		find(out, SEVERITY_WARNING, "%s is out%s: %s", words,
		     facts->here ? "" : " for other zones", server_failure_words(facts->cause));
	else if (facts->standing == SERVER_IN_DOUBT)
		find(out, SEVERITY_NOTE, "%s is in doubt%s: %s", words,
		     facts->here ? "" : " for other zones", server_failure_words(facts->cause));
	else if (is_slow(facts->rtt_us, fastest))
		find(out, SEVERITY_NOTE, "%s is slow: %.0f ms, the fastest %.0f ms", words,
		     facts->rtt_us / 1e3, fastest / 1e3);
	else
		return false;
	return true;
}

static void judge_diversity(const struct posture_facts *facts, struct findings *out)
{
	if (facts->names == 1)
		find(out, SEVERITY_WARNING, "one server alone serves it");
	else if (facts->cut == 1 && facts->networks == 1)
		find(out, SEVERITY_WARNING, "all %u servers are in one network", facts->names);
	else if (facts->cut == 1)
		find(out, SEVERITY_WARNING,
		     "all %u servers depend on one failure domain: the operator or the TLD of "
		     "their names",
		     facts->names);
}

void judge_servers(const struct posture_facts *facts, struct findings *out)
{
	uint32_t fastest = fastest_us(facts);
	size_t said = 0, outs = 0;
	char left[WORDS_MAX];

	for (size_t i = 0; i < facts->server_count; i++)
		outs += facts->servers[i].facts.standing == SERVER_OUT;
	if (facts->down_ms != 0)
		find(out, SEVERITY_ALARM,
		     "none of its servers answers; nobody asks them for %s more",
		     duration_words((int64_t)(facts->down_ms / 1000), left));
	else if (outs > 0 && outs == facts->server_count)
		find(out, SEVERITY_ALARM, "all of its servers are out");
	judge_diversity(facts, out);
	for (size_t i = 0; i < facts->server_count && said < SHOWN_MAX; i++)
		said += judge_server(&facts->servers[i], fastest, out);
	if (outs > SHOWN_MAX)
		find(out, SEVERITY_WARNING, "%zu servers are out in all", outs);
}
