#include "control/explain/describe.h"

#include "control/upstream/domain.h"
#include "dataplane/dns/types.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LINE_MAX_BYTES (2 * NAME_TEXT_MAX + 512)

struct page {
	void (*line)(const char *text, void *arg);
	void *arg;
	int indent;
};

__attribute__((format(printf, 2, 3))) static void say(struct page *page, const char *format, ...)
{
	char text[LINE_MAX_BYTES];
	va_list args;

	int used = snprintf(text, sizeof(text), "%*s", page->indent, "");
	va_start(args, format);
	vsnprintf(text + used, sizeof(text) - (size_t)used, format, args);
	va_end(args);
	page->line(text, page->arg);
}

const char *failed_time_text(int64_t at_s, char out[FAILED_TIME_MAX])
{
	time_t seconds = (time_t)at_s;
	struct tm utc;

	if (gmtime_r(&seconds, &utc) == NULL ||
	    strftime(out, FAILED_TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		snprintf(out, FAILED_TIME_MAX, "%" PRId64, at_s);
	return out;
}

static uint64_t ago_s(uint64_t now_ms, uint64_t at_ms)
{
	return now_ms > at_ms ? (now_ms - at_ms) / 1000 : 0;
}

// ---- the link of the chain of trust ----

// The IANA registry's mnemonics of those that are in use.
static const char *algorithm_name(unsigned algorithm)
{
	static const char *const names[] = {
		[5] = "RSASHA1",          [7] = "RSASHA1-NSEC3-SHA1",
		[8] = "RSASHA256",        [10] = "RSASHA512",
		[13] = "ECDSAP256SHA256", [14] = "ECDSAP384SHA384",
		[15] = "ED25519",         [16] = "ED448",
	};

	if (algorithm >= sizeof(names) / sizeof(names[0]) || names[algorithm] == NULL)
		return "unknown";
	return names[algorithm];
}

static void signature_text(const struct failed_step *step, int64_t seen_s, char *out, size_t size)
{
	char time[FAILED_TIME_MAX], algorithm[64] = "", when[96] = "";

	if (step->algorithm != 0)
		snprintf(algorithm, sizeof(algorithm), ", algorithm %u (%s)", step->algorithm,
			 algorithm_name(step->algorithm));
	if (step->expiration_s != 0 && step->expiration_s <= seen_s)
		snprintf(when, sizeof(when), ", expired since %s",
			 failed_time_text(step->expiration_s, time));
	else if (step->inception_s != 0 && step->inception_s > seen_s)
		snprintf(when, sizeof(when), ", not valid before %s",
			 failed_time_text(step->inception_s, time));
	snprintf(out, size, ": key tag %u%s%s", step->key_tag, algorithm, when);
}

void failed_step_text(const struct failed *failed, char *out, size_t size)
{
	const struct failed_step *step = &failed->step;
	char name[NAME_TEXT_MAX], zone[NAME_TEXT_MAX], type[TYPE_TEXT_MAX], signature[200] = "";

	out[0] = '\0';
	if (!step->known)
		return;
	if (step->need_type != 0) {
		snprintf(out, size, "it needs the %s of %s, which failed",
			 type_to_text(step->need_type, type),
			 name_to_text(name_ancestor(failed->name, step->need_labels), name));
		return;
	}
	if (step->signature)
		signature_text(step, failed->first_s, signature, sizeof(signature));
	bool proof =
		step->type != failed->type &&
		(step->type == TYPE_NSEC || step->type == TYPE_NSEC3 || step->type == TYPE_SOA);
	snprintf(out, size, "%s %s %s, to be signed by %s%s", type_to_text(step->type, type),
		 proof ? "that denies" : "of", name_to_text(failed->name, name),
		 name_to_text(name_ancestor(failed->name, step->signer_labels), zone), signature);
}

// ---- servers ----

void failed_domain_text(const struct tried *tried, const struct tried_server *server, char *out,
			size_t size)
{
	const uint8_t *holder =
		domain_operator(tried_name(tried, server), tried_zone(tried, server));
	struct address network = server->address;
	char text[INET6_ADDRSTRLEN], name[NAME_TEXT_MAX];
	size_t kept = network.family == 4 ? 3 : 6;

	memset(network.bytes + kept, 0, sizeof(network.bytes) - kept);
	inet_ntop(network.family == 4 ? AF_INET : AF_INET6, network.bytes, text, sizeof(text));
	const char *label = tried_label(tried, server);
	snprintf(out, size, "%s/%u%s%s%s%s", text, network.family == 4 ? 24 : 48,
		 holder != NULL ? ", " : "", holder != NULL ? name_to_text(holder, name) : "",
		 label != NULL ? ", label " : "", label != NULL ? label : "");
}

static void say_server(struct page *page, const struct tried *tried,
		       const struct tried_server *server)
{
	char address[ADDRESS_TEXT_MAX], name[NAME_TEXT_MAX] = "", domain[NAME_TEXT_MAX + 64];
	char more[160] = "", ede[80] = "";
	const uint8_t *ns_name = tried_name(tried, server);

	if (ns_name != NULL)
		name_to_text(ns_name, name);
	if (server->address.family == 0) {
		say(page, "    %s: %s", ns_name != NULL ? name : "a name server",
		    tried_cause_words(server->cause));
		return;
	}
	if (server->count > 1)
		snprintf(more, sizeof(more), ", %u times%s%s", server->count,
			 server->last_cause != server->cause ? ", at last: " : "",
			 server->last_cause != server->cause ? tried_cause_words(server->last_cause)
							     : "");
	if (server->ede != EDE_NONE)
		snprintf(ede, sizeof(ede), ", with EDE %d (%s)", server->ede,
			 ede_to_text(server->ede));
	failed_domain_text(tried, server, domain, sizeof(domain));
	say(page, "    %s%s%s%s (%s) over %s, %" PRIu32 " ms: %s%s%s",
	    server->forwarder ? "forwarder " : "", address_to_text(&server->address, address),
	    ns_name != NULL ? " " : "", name, domain, tried_over(server), server->ms,
	    tried_cause_words(server->cause), ede, more);
}

static void say_servers(struct page *page, const struct failed *failed)
{
	const struct tried *tried = &failed->tried;
	char zone[NAME_TEXT_MAX], question[NAME_TEXT_MAX], type[TYPE_TEXT_MAX], for_what[1200];
	int labels = -1;

	for (size_t i = 0; i < tried->count; i++) {
		const struct tried_server *server = &tried->servers[i];
		if (server->zone_labels != labels) {
			labels = server->zone_labels;
			for_what[0] = '\0';
			if (tried->type != failed->type ||
			    !name_equal(tried->question, failed->name))
				snprintf(for_what, sizeof(for_what), ", asked for %s %s",
					 name_to_text(tried->question, question),
					 type_to_text(tried->type, type));
			say(page, "  servers of %s%s, in the order in which they failed:",
			    name_to_text(tried_zone(tried, server), zone), for_what);
		}
		say_server(page, tried, server);
	}
	if (tried->beyond > 0)
		say(page, "    and %u failures of others", tried->beyond);
}

static void say_step(struct page *page, const struct failed *failed)
{
	char step[LINE_MAX_BYTES];

	failed_step_text(failed, step, sizeof(step));
	if (step[0] != '\0')
		say(page, "  chain of trust: %s", step);
}

// What is not known of its own servers, where another question's failure tells it.
static void say_related(struct page *page, const struct failed *related, const char *words,
			uint64_t now_ms)
{
	char name[NAME_TEXT_MAX], type[TYPE_TEXT_MAX];

	if (related == NULL)
		return;
	say(page, "  %s: %s %s, which failed %" PRIu64 " s ago: %s", words,
	    name_to_text(related->name, name), type_to_text(related->type, type),
	    ago_s(now_ms, related->first_ms), related->text);
	page->indent = 2;
	say_step(page, related);
	say_servers(page, related);
	page->indent = 0;
}

// ---- the whole ----

static void say_cause(struct page *page, const char *words, int ede, const char *text)
{
	if (ede == EDE_NONE)
		say(page, "  %s: %s", words, text);
	else
		say(page, "  %s: %s (EDE %d, %s)", words, text[0] != '\0' ? text : "-", ede,
		    ede_to_text(ede));
}

static void say_when(struct page *page, const struct failed_view *view)
{
	const struct failed *failed = view->failed;
	char name[NAME_TEXT_MAX], type[TYPE_TEXT_MAX], first[FAILED_TIME_MAX],
		last[FAILED_TIME_MAX];
	char again[96] = "";

	if (failed->times > 1)
		snprintf(again, sizeof(again), ", %" PRIu32 " times until %s (%" PRIu64 " s ago)",
			 failed->times, failed_time_text(failed->last_s, last),
			 ago_s(view->now_ms, failed->last_ms));
	say(page, "%s %s failed at %s (%" PRIu64 " s ago) after %" PRIu32 " ms%s: %s",
	    name_to_text(failed->name, name), type_to_text(failed->type, type),
	    failed_time_text(failed->first_s, first), ago_s(view->now_ms, failed->first_ms),
	    failed->took_ms, again, failed_kind_words(failed->kind));
}

static void say_served(struct page *page, const struct failed *failed)
{
	if (failed->failed + failed->stale > 0)
		say(page,
		    "  told to clients: %" PRIu64 " SERVFAIL, %" PRIu64
		    " stale data (the poll-mode cores repeat it from the cache, not counted here)",
		    failed->failed, failed->stale);
	if (failed->needed > 0)
		say(page, "  %" PRIu64 " resolutions that needed it failed with it",
		    failed->needed);
}

static void say_now(struct page *page, const struct failed_view *view)
{
	const struct failed *failed = view->failed;
	const char *instead = view->stale ? ", stale data are served instead" : "";

	if (failed->over_ms != 0)
		say(page, "  over: answered again %" PRIu64 " s ago",
		    ago_s(view->now_ms, failed->over_ms));
	else if (view->recovered)
		say(page, "  its zone has given a good answer since: the next question asks again");
	else if (view->held_until_ms > view->now_ms)
		say(page, "  held for %" PRIu64 " ms more%s%s", view->held_until_ms - view->now_ms,
		    instead,
		    view->probed ? "; its zone is probed all the time, a good answer ends it" : "");
	else
		say(page, "  held no more: the next question asks again%s", instead);
}

void failed_describe(const struct failed_view *view, void (*line)(const char *text, void *arg),
		     void *arg)
{
	struct page page = {line, arg, 0};
	const struct failed *failed = view->failed;

	say_when(&page, view);
	say_cause(&page, "first cause", failed->ede, failed->text);
	if (failed->last_text[0] != '\0' && strcmp(failed->last_text, failed->text) != 0)
		say_cause(&page, "last cause", failed->last_ede, failed->last_text);
	say_step(&page, failed);
	say_servers(&page, failed);
	say_related(&page, view->because, "because of", view->now_ms);
	say_related(&page, view->servers, "the servers of its zone were asked last for",
		    view->now_ms);
	say_served(&page, failed);
	say_now(&page, view);
}
