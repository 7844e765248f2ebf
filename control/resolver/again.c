// Servers that answer some questions with errors and others well: one that is overloaded, or one
// bad node behind an address that many share. An error like SERVFAIL says nothing of the name, so
// once all addresses have been asked those that erred are asked again, after a pause that doubles,
// while there is time. Three questions in all to each (RFC 9520 §3.1 has that of servers that are
// silent); five where the zone has just given others good answers, and errors are known to be
// chance.
//
// What has said nothing but errors to anybody for a while is not asked again: a dead zone costs no
// more than its first few questions. Forwarders that recursion stands in for are not, either, nor
// where a former proof serves in the place of an answer (broken.h).

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#define ROUNDS      2
#define ROUNDS_MAX  4  // of a zone that answers others
#define ROUNDS_KEYS 7  // for its DS or DNSKEY RRset, without which all its names are lost
#define ERRORS_MAX  10 // of all servers, to a question
#define PAUSE_MS    20 // before the first round; doubles, three times
#define LATELY_MS   10000
#define LATEST_MS   3300 // of the question: it ends within four seconds (observe.c)
#define AT_ONCE     256  // tasks in a turn
#define EARLY       4    // rounds before servers that are silent are waited for

// Errors that need not be the answer next time. That a server is no server of the zone is one only
// where it has been heard to be.
static bool is_chance(const struct task *task, enum server_failure failure)
{
	switch (failure) {
	case SERVER_SERVFAIL:
	case SERVER_REFUSED:
		return true;
	case SERVER_LAME:
	case SERVER_FORMERR:
		return evidence_good_ms(task->resolver->evidence, task->cut_key, task->kind) != 0;
	default:
		return false;
	}
}

void again_note(struct task *task, const struct address *server, enum server_failure failure,
		bool bare)
{
	struct resolver *resolver = task->resolver;
	const int i = iterate_server_index(task, server);
	const uint32_t bit = i >= 0 ? UINT32_C(1) << i : 0;

	if (broken_trouble(failure) == TROUBLE_ERROR) {
		evidence_erred(resolver->evidence, task->cut_key, task->kind,
			       resolver->clock.now_ms);
		task->errors += task->errors < UINT8_MAX;
	}
	if (!bare && is_chance(task, failure) && (task->resorts & bit) == 0)
		task->erring |= bit;
	else
		task->erring &= ~bit;
}

static unsigned rounds_max(const struct task *task)
{
	const struct resolver *resolver = task->resolver;
	uint64_t good_ms = evidence_any_good_ms(resolver->evidence, task->cut_key);

	if (forward_holds(task))
		return 1;
	if (good_ms == 0 || good_ms + LATELY_MS <= resolver->clock.now_ms)
		return ROUNDS;
	return task->type == TYPE_DS || task->type == TYPE_DNSKEY ? ROUNDS_KEYS : ROUNDS_MAX;
}

// All of a list wait for the same time.
static size_t list_of(const struct task *task)
{
	return task->rounds < AGAIN_PAUSES ? task->rounds : AGAIN_PAUSES - 1;
}

static bool may_ask_again(const struct task *task)
{
	const struct resolver *resolver = task->resolver;

	return task->erring != 0 && task->errors < ERRORS_MAX && task->rounds < rounds_max(task) &&
	       !task->last_resort && !task->for_glue && !task->past_nta &&
	       !forward_falls_back(task) && !ailing_probes(task) &&
	       resolver->clock.now_ms + (PAUSE_MS << list_of(task)) < task->began_ms + LATEST_MS &&
	       !evidence_only_errs(resolver->evidence, task->cut_key, task->kind);
}

// Each server has been asked, or has been silent to others lately.
static bool all_had_their_turn(const struct task *task)
{
	struct server_facts facts;

	for (size_t i = 0; i < task->server_count; i++) {
		if (task->servers[i].tries > 0)
			continue;
		upstream_server_facts(task->resolver->parts.upstream, task->cut->zone,
				      &task->servers[i].address, &facts);
		if (facts.standing != SERVER_OUT || broken_trouble(facts.cause) != TROUBLE_SILENT)
			return false;
	}
	return true;
}

bool again_wait(struct task *task, bool others_left)
{
	struct resolver *resolver = task->resolver;

	if (!may_ask_again(task) ||
	    (others_left && (task->rounds >= EARLY || !all_had_their_turn(task))))
		return false;
	task->again_ms = resolver->clock.now_ms + (PAUSE_MS << list_of(task));
	cds_list_add_tail(&task->in_again, &resolver->again[list_of(task)]);
	task->rounds++;
	task->state = TASK_WAIT_AGAIN;
	resolver->counters.asked_again++;
	return true;
}

static void go_on(struct task *task)
{
	cds_list_del_init(&task->in_again);
	task->again = task->erring;
	for (size_t i = 0; i < task->server_count; i++) {
		if (task->again & UINT32_C(1) << i)
			task->servers[i].tries = TASK_TRIES_LAST - 1;
	}
	task->state = TASK_ASK;
	task_ready(task);
}

uint64_t again_run(struct resolver *resolver)
{
	uint64_t next_ms = UINT64_MAX;
	unsigned left = AT_ONCE;

	for (size_t i = 0; i < AGAIN_PAUSES; i++) {
		struct cds_list_head *list = &resolver->again[i];
		while (!cds_list_empty(list)) {
			struct task *task = cds_list_entry(list->next, struct task, in_again);
			if (task->again_ms > resolver->clock.now_ms) {
				if (task->again_ms < next_ms)
					next_ms = task->again_ms;
				break;
			}
			if (left-- == 0)
				return resolver->clock.now_ms;
			go_on(task);
		}
	}
	return next_ms;
}

void again_forget(struct task *task)
{
	cds_list_del_init(&task->in_again);
	task->erring = task->again = 0;
	task->errors = task->rounds = 0;
}
