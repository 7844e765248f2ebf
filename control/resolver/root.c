// Whether the root validates by the trust anchors given. Where it does not, every name below it
// fails, whatever its own zones do: that is told of the root alone. Its keys are asked for by
// ourselves then, so that the end is seen on a host that nobody asks any more.

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#include <stdio.h>

#define ROOT         ((const uint8_t *)"")
#define ROOT_ASK_MS  2000
#define ROOT_BUSY_MS 120000 // after that it is asked more rarely
#define ROOT_IDLE_MS 15000

static bool is_keys(const struct task *task)
{
	return task->type == TYPE_DNSKEY && name_is_root(task->name) && !task->past_nta;
}

void root_failed(const struct task *task)
{
	struct resolver *resolver = task->resolver;

	// What a drill has spoilt is no finding.
	if (!task->bogus_answer || task->past_nta)
		return;
	if (!is_keys(task)) {
		// Without signatures it has not come to its keys.
		resolver->root_doubted |= task->cut != NULL && name_is_root(task->cut->zone);
		return;
	}
	if (!resolver->root_bogus)
		resolver->root_bogus_ms = resolver->clock.now_ms;
	resolver->root_bogus = true;
	snprintf(resolver->root_text, sizeof(resolver->root_text), "%s", task->bogus_text);
}

void root_good(const struct task *task)
{
	if (is_keys(task))
		task->resolver->root_bogus = false;
}

const char *resolver_root_bogus(const struct resolver *resolver, uint64_t *for_ms)
{
	if (!resolver->root_bogus)
		return NULL;
	*for_ms = resolver->clock.now_ms - resolver->root_bogus_ms;
	return resolver->root_text;
}

static void asked(void *arg, struct store_result *result)
{
	struct resolver *resolver = arg;
	struct entry_facts facts = {.kind = ENTRY_FAILURE};

	if (result != NULL && result->count > 0 && !result->stale)
		entry_facts(result->links[result->count - 1], &facts);
	// What failed was the renewal of keys that still hold.
	if (facts.kind != ENTRY_FAILURE)
		resolver->root_bogus = false;
	store_result_unref(resolver->parts.store, result);
}

uint64_t root_run(struct resolver *resolver)
{
	uint64_t now_ms = resolver->clock.now_ms;

	if ((!resolver->root_bogus && !resolver->root_doubted) || resolver->closing)
		return UINT64_MAX;
	if (now_ms >= resolver->root_ask_ms) {
		bool lasts =
			resolver->root_bogus && now_ms > resolver->root_bogus_ms + ROOT_BUSY_MS;
		resolver->root_ask_ms = now_ms + (lasts ? ROOT_IDLE_MS : ROOT_ASK_MS);
		resolver->root_doubted = false;
		// What is remembered of the last failure must not answer it.
		cache_flush_failure(resolver->cache, ROOT, TYPE_DNSKEY);
		failure_over(resolver->failures,
			     task_question_hash(resolver_hash(resolver, ROOT), TYPE_DNSKEY));
		(void)client_ask(resolver, ROOT, TYPE_DNSKEY, asked);
	}
	return resolver->root_bogus || resolver->root_doubted ? resolver->root_ask_ms : UINT64_MAX;
}
