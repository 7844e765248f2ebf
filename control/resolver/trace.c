// The life of questions, told as it goes (`assayctl log debug NAME`). Told to nobody, it costs a
// look at a pointer.

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_LEN 1600

void resolver_trace(struct resolver *resolver, const uint8_t *name, uint64_t for_ms,
		    resolver_trace_line line, void *arg)
{
	struct trace *trace = &resolver->trace;

	*trace = (struct trace){.line = line, .arg = arg, .every = name == NULL};
	trace->until_ms = for_ms != 0 ? resolver->clock.now_ms + for_ms : UINT64_MAX;
	if (name != NULL)
		name_lower(trace->name, name, name_len(name));
}

bool resolver_traced(const struct resolver *resolver, uint8_t name[NAME_MAX_LEN], uint64_t *left_ms)
{
	const struct trace *trace = &resolver->trace;

	if (trace->line == NULL || trace->every || trace->until_ms <= resolver->clock.now_ms)
		return false;
	name_copy(name, trace->name);
	*left_ms = trace->until_ms - resolver->clock.now_ms;
	return true;
}

// Questions of our own (recovery probes, checks) are told by name only.
static bool is_told(const struct resolver *resolver, const struct client *client)
{
	const struct trace *trace = &resolver->trace;

	if (trace->line == NULL || client == NULL || resolver->clock.now_ms >= trace->until_ms)
		return false;
	return trace->every ? !client->fresh : name_equal(client->name, trace->name);
}

__attribute__((format(printf, 3, 4))) static void
tell(const struct resolver *resolver, const struct client *client, const char *format, ...)
{
	char line[LINE_MAX_LEN], name[NAME_TEXT_MAX], type[TYPE_TEXT_MAX];
	va_list arguments;
	int used = snprintf(line, sizeof(line), "%s %s: ", name_to_text(client->name, name),
			    type_to_text(client->question.qtype, type));

	if (used < 0 || (size_t)used >= sizeof(line))
		return;
	va_start(arguments, format);
	vsnprintf(line + used, sizeof(line) - (size_t)used, format, arguments);
	va_end(arguments);
	resolver->trace.line(resolver->trace.arg, resolver->clock.now_ms, line);
}

void trace_asked(const struct resolver *resolver, const struct client *client)
{
	if (is_told(resolver, client))
		tell(resolver, client, "asked%s, and not answered from the cache",
		     client->cd ? " with CD=1" : "");
}

void trace_refused(const struct resolver *resolver, const struct client *client)
{
	if (is_told(resolver, client))
		tell(resolver, client, "refused: too much is under way");
}

void trace_sent(const struct task *task, const struct address *server, const uint8_t *qname,
		uint16_t qtype, uint32_t timeout_ms)
{
	const struct resolver *resolver = task->resolver;
	char address[ADDRESS_TEXT_MAX], zone[NAME_TEXT_MAX], name[NAME_TEXT_MAX],
		type[TYPE_TEXT_MAX];

	if (is_told(resolver, task->payer))
		tell(resolver, task->payer, "asks %s (%.255s) for %.255s %s, for %u ms at most",
		     address_to_text(server, address), name_to_text(task->cut->zone, zone),
		     name_to_text(qname, name), type_to_text(qtype, type), timeout_ms);
}

void trace_heard(const struct task *task, const struct address *server,
		 const struct exchange_reply *reply)
{
	const struct resolver *resolver = task->resolver;
	char address[ADDRESS_TEXT_MAX];

	if (!is_told(resolver, task->payer))
		return;
	address_to_text(server, address);
	if (reply->outcome == UPSTREAM_OK && reply->message != NULL)
		tell(resolver, task->payer, "%s answers %s after %u ms%s", address,
		     rcode_to_text(reply->message->rcode), reply->waited_ms,
		     reply->tcp ? " over TCP" : "");
	else
		tell(resolver, task->payer, "%s: %s, after %u ms", address,
		     upstream_outcome_words(reply->outcome), reply->waited_ms);
}

void trace_judged(const struct task *task, enum verdict verdict,
		  const struct validation_result *result)
{
	static const char *const words[] = {
		[VERDICT_SECURE] = "secure",
		[VERDICT_INSECURE] = "insecure",
		[VERDICT_BOGUS] = "bogus",
		[VERDICT_FAILED] = "not to be judged",
	};
	const struct resolver *resolver = task->resolver;
	char name[NAME_TEXT_MAX], type[TYPE_TEXT_MAX];

	if (verdict == VERDICT_NEED || verdict == VERDICT_WAIT || !is_told(resolver, task->payer))
		return;
	tell(resolver, task->payer, "%.255s %s is %s%s%.160s", name_to_text(task->step.name, name),
	     type_to_text(task->type, type), words[verdict], result->reason[0] != '\0' ? ": " : "",
	     result->reason);
}

static const char *security_words(const struct store_result *result)
{
	struct entry_facts facts;
	enum entry_security least = SECURITY_SECURE;

	for (size_t i = 0; i < result->count; i++) {
		entry_facts(result->links[i], &facts);
		if (facts.security != SECURITY_SECURE)
			least = facts.security;
	}
	return least == SECURITY_SECURE     ? "secure"
	       : least == SECURITY_INSECURE ? "insecure"
					    : "unproven";
}

void trace_answered(const struct resolver *resolver, const struct client *client,
		    const struct store_result *result)
{
	if (!is_told(resolver, client))
		return;
	uint64_t taken_ms = resolver->clock.now_ms + BUDGET_TIME_MS - client->budget.deadline_ms;
	struct entry_facts last = {.kind = ENTRY_FAILURE, .rcode = result->rcode};
	if (result->count > 0)
		entry_facts(result->links[result->count - 1], &last);
	if (last.kind == ENTRY_FAILURE)
		tell(resolver, client, "answered %s after %llu ms (EDE %d)",
		     rcode_to_text(last.rcode), (unsigned long long)taken_ms,
		     result->count > 0 ? last.ede : result->ede);
	else
		tell(resolver, client, "answered%s with %s data after %llu ms",
		     result->stale ? " stale," : "", security_words(result),
		     (unsigned long long)taken_ms);
}
