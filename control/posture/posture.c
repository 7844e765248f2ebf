#include "control/posture/posture.h"

#include "control/posture/judge.h"
#include "control/posture/words.h"
#include "dataplane/dns/types.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NAME_SHOWN "%.100s"
#define WELL_MS    5000  // nothing good for so long before it: not one name alone is bogus
#define RECENT_S   86400 // troubles that are older are no finding

// ---- what holds ----

const char *posture_status_words(enum posture_status status)
{
	static const char *const words[] = {
		[POSTURE_UNKNOWN] = "not validated yet",
		[POSTURE_SECURE] = "secure",
		[POSTURE_INSECURE] = "insecure",
		[POSTURE_NTA] = "not validated (negative trust anchor)",
		[POSTURE_EXCEPTION] = "not validated (by configuration)",
		[POSTURE_BOGUS] = "BOGUS",
	};

	return words[status];
}

const char *severity_words(enum severity severity)
{
	static const char *const words[] = {[SEVERITY_NOTE] = "note",
					    [SEVERITY_WARNING] = "warning",
					    [SEVERITY_ALARM] = "ALARM"};

	return words[severity];
}

// From the top down: the operator's word counts before the parents'.
static enum posture_status status_of_chain(const struct posture_facts *facts)
{
	enum posture_status status = POSTURE_INSECURE; // below no anchor nothing can be secure

	for (size_t i = 0; i < facts->link_count; i++) {
		switch (facts->links[i].trust.word) {
		case TRUST_ANCHORED:
			status = POSTURE_SECURE;
			break;
		case TRUST_NTA:
			status = POSTURE_NTA;
			break;
		case TRUST_EXCEPTION:
			status = POSTURE_EXCEPTION;
			break;
		case TRUST_INSECURE:
			if (status == POSTURE_SECURE)
				status = POSTURE_INSECURE;
			break;
		default:
			break;
		}
	}
	return status;
}

enum posture_status posture_status(const struct posture_facts *facts)
{
	enum posture_status status = status_of_chain(facts);
	enum trust_word own = posture_own_link(facts)->trust.word;
	const struct dossier *dossier = facts->dossier;

	if (status != POSTURE_SECURE)
		return status;
	if (dossier != NULL && dossier->bogus.at_s != 0 &&
	    dossier->bogus.at_ms >= dossier->answered_ms + WELL_MS)
		return POSTURE_BOGUS;
	if (own == TRUST_SECURE || own == TRUST_ANCHORED)
		return POSTURE_SECURE;
	if (dossier == NULL || (dossier->secure_s == 0 && dossier->insecure_s == 0))
		return POSTURE_UNKNOWN;
	return dossier->secure_s >= dossier->insecure_s ? POSTURE_SECURE : POSTURE_INSECURE;
}

// ---- findings ----

void find(struct findings *findings, enum severity severity, const char *format, ...)
{
	struct finding *finding;
	va_list args;

	if (findings->count == FINDINGS_MAX)
		return;
	finding = &findings->list[findings->count++];
	finding->severity = severity;
	va_start(args, format);
	vsnprintf(finding->text, sizeof(finding->text), format, args);
	va_end(args);
}

static void judge_status(const struct posture_facts *facts, enum posture_status status,
			 struct findings *out)
{
	const struct trust_link *own = &posture_own_link(facts)->trust;
	char left[WORDS_MAX], name[NAME_TEXT_MAX];

	for (size_t i = 0; i < facts->link_count; i++) {
		const struct posture_link *link = &facts->links[i];
		if (link->trust.word == TRUST_NTA && status == POSTURE_NTA)
			find(out, SEVERITY_WARNING,
			     "not validated for %s more, by the negative trust anchor "
			     "at " NAME_SHOWN,
			     duration_words((int64_t)(link->trust.left_ms / 1000), left),
			     name_to_text(link->zone, name));
		if (link->trust.word == TRUST_EXCEPTION && status == POSTURE_EXCEPTION)
			find(out, SEVERITY_NOTE, "not validated, by configuration of " NAME_SHOWN,
			     name_to_text(link->zone, name));
	}
	if (status != POSTURE_INSECURE)
		return;
	if (own->word == TRUST_INSECURE && own->ede != EDE_NONE)
		find(out, SEVERITY_WARNING, "signed, but not so that it can be validated here: %s",
		     ede_to_text(own->ede));
	else if (own->word == TRUST_INSECURE)
		find(out, SEVERITY_NOTE, "not signed: the zone above proves that it has no DS");
	else
		find(out, SEVERITY_NOTE, "insecure, as a zone above is");
}

// Why, as it was said when it happened.
static void say_trouble(struct findings *out, enum severity severity, const char *what,
			const struct trouble *trouble, int64_t now_s)
{
	char ago[WORDS_MAX], times[WORDS_MAX] = "";

	if (trouble->count > 1)
		snprintf(times, sizeof(times), " (%" PRIu32 " in all)", trouble->count);
	find(out, severity, "%s %s ago%s: %s%s%.180s", what,
	     duration_words(now_s - trouble->at_s, ago), times,
	     trouble->ede == EDE_NONE ? "no cause" : ede_to_text(trouble->ede),
	     trouble->text != NULL && trouble->text[0] != '\0' ? ": " : "",
	     trouble->text != NULL ? trouble->text : "");
}

static void judge_troubles(const struct posture_facts *facts, enum posture_status status,
			   struct findings *out)
{
	const struct dossier *dossier = facts->dossier;
	int64_t now_s = facts->now.s;

	if (dossier == NULL)
		return;
	if (dossier->bogus.at_s != 0 && now_s - dossier->bogus.at_s < RECENT_S)
		say_trouble(out, status == POSTURE_BOGUS ? SEVERITY_ALARM : SEVERITY_WARNING,
			    "an answer did not validate", &dossier->bogus, now_s);
	if (dossier->failure.until_ms <= facts->now.ms)
		return;
	bool good_since = dossier->answered_ms > dossier->failure.at_ms;
	say_trouble(out, good_since ? SEVERITY_WARNING : SEVERITY_ALARM, "a failure is held, of",
		    &dossier->failure, now_s);
}

// The worst first, otherwise as they were found.
static void sort(struct findings *findings)
{
	for (size_t i = 1; i < findings->count; i++) {
		struct finding finding = findings->list[i];
		size_t k = i;
		for (; k > 0 && findings->list[k - 1].severity < finding.severity; k--)
			findings->list[k] = findings->list[k - 1];
		findings->list[k] = finding;
	}
}

// ---- in one line ----

struct line {
	char *text;
	size_t len, size;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int len = vsnprintf(line->text + line->len, line->size - line->len, format, args);
	va_end(args);
	if (len > 0 && line->len + (size_t)len < line->size)
		line->len += (size_t)len;
}

static void sum_up_servers(const struct posture_facts *facts, struct line *line)
{
	if (facts->server_count == 0) {
		add(line, "; no server address is known now");
		return;
	}
	add(line, "; %u %s", facts->names, facts->names == 1 ? "server" : "servers");
	if (facts->names != facts->server_count)
		add(line, " with %zu addresses", facts->server_count);
	add(line, " in %u %s", facts->networks, facts->networks == 1 ? "network" : "networks");
	add(line, ", losing %u %s takes it down", facts->cut,
	    facts->cut == 1 ? "failure domain" : "failure domains");
}

static void sum_up_signatures(const struct posture_facts *facts, struct line *line)
{
	int64_t left_s = posture_least_left_s(facts);
	struct rhythm_facts rhythm;
	char text[WORDS_MAX];

	if (left_s == INT64_MAX)
		return;
	add(line, "; %s left of its signatures", duration_words(left_s, text));
	for (unsigned i = 0; i < SIGNED_CLASS_COUNT; i++) {
		dossier_rhythm(facts->dossier, i, facts->now.s, &rhythm);
		if (rhythm.usual_s == 0 || rhythm.steady)
			continue;
		add(line, ", renewed every %s (%s)", duration_words(rhythm.usual_s, text),
		    signed_class_words(i));
		return;
	}
}

static void sum_up(const struct posture_facts *facts, enum posture_status status,
		   struct findings *out)
{
	struct line line = {out->summary, 0, sizeof(out->summary)};
	size_t alarms = 0, warnings = 0;

	for (size_t i = 0; i < out->count; i++) {
		alarms += out->list[i].severity == SEVERITY_ALARM;
		warnings += out->list[i].severity == SEVERITY_WARNING;
	}
	add(&line, "%s", posture_status_words(status));
	sum_up_servers(facts, &line);
	if (status == POSTURE_SECURE || status == POSTURE_BOGUS)
		sum_up_signatures(facts, &line);
	if (alarms > 0)
		add(&line, "; %zu %s", alarms, alarms == 1 ? "alarm" : "alarms");
	if (warnings > 0)
		add(&line, "; %zu %s", warnings, warnings == 1 ? "warning" : "warnings");
}

void posture_judge(const struct posture_facts *facts, struct findings *out)
{
	enum posture_status status = posture_status(facts);

	out->count = 0;
	judge_troubles(facts, status, out);
	judge_status(facts, status, out);
	if (status == POSTURE_SECURE || status == POSTURE_BOGUS)
		judge_signatures(facts, out);
	judge_servers(facts, out);
	judge_denial(facts, out);
	judge_algorithms(facts, out);
	sort(out);
	sum_up(facts, status, out);
}
