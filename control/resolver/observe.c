// What a task sees of the servers of its cut, put into the evidence that all tasks share
// (evidence.h), and what follows from that for the task.

#include "control/resolver/task.h"

// The servers of a route are others than those of a delegation of the same zone.
#define ROUTED UINT64_C(0xd6e8feb86659fd93)

// With a cut that is silent to a question, as its servers are, too, that are slow all at once.
#define PATIENCE_MS 3000
#define QUESTION_MS 3300 // from its start: whatever was dead on the way, there is an end within 4 s
#define OTHERS_MS   300  // after that, for servers that have not been asked
#define LAST_MS     500  // and for the last try
#define END_MS      3900 // where servers have erred, nothing is waited for any longer
#define TRY_MS_MIN  400
#define TRY_MS_LAST 100
#define ONLY_MS     2100 // where nobody else is left to ask
#define SLOW_RTT_US 150000

#define GIVEN_UP_MAX 32 // tasks in a turn
#define ANYBODYS     1  // in the place of a question's hash: which one it was is all the same

uint64_t observe_key(const struct resolver *resolver, const uint8_t *zone, bool routed)
{
	return resolver_hash(resolver, zone) ^ (routed ? ROUTED : 0);
}

// Forwarders are asked for everything in one way: what one of them says to anything shows that it
// is there.
static uint8_t kind_of(const struct task *task)
{
	if (task->route != NULL)
		return EVIDENCE_A;
	bool full = minimise_full(&task->minimise);
	uint8_t kind = full ? evidence_kind(task->type, false) : EVIDENCE_STEP;
	return task->over_tcp ? kind | EVIDENCE_TCP : kind;
}

void observe_begin(struct task *task)
{
	struct resolver *resolver = task->resolver;
	uint8_t kind = kind_of(task);

	if (task->kind_ms != 0 && task->kind == kind)
		return;
	observe_leave(task);
	task->kind = kind;
	task->kind_ms = resolver->clock.now_ms;
	evidence_asked(resolver->evidence, task->cut_key, kind, task->kind_ms);
}

void observe_leave(struct task *task)
{
	evidence_left(task->resolver->evidence, task->cut_key, task->kind, &task->in_doubt);
	cds_list_del_init(&task->in_doubting);
}

// Whether silence now says something: not while our own path is lost, and never past an NTA.
static bool counts(const struct task *task)
{
	return !task->past_nta && !upstream_uplink_lost(task->resolver->parts.upstream);
}

bool observe_may_ask(struct task *task)
{
	struct resolver *resolver = task->resolver;

	return ailing_probes(task) ||
	       evidence_down_until_ms(resolver->evidence, task->cut_key, task->kind,
				      resolver->clock.now_ms) == 0;
}

// ---- waiting in doubt ----

static uint64_t patient_until_ms(const struct task *task)
{
	uint64_t cut_ms = task->kind_ms + PATIENCE_MS, question_ms = task->began_ms + QUESTION_MS;

	return cut_ms < question_ms ? cut_ms : question_ms;
}

uint32_t observe_patience_ms(const struct task *task)
{
	const struct resolver *resolver = task->resolver;
	uint64_t until_ms = patient_until_ms(task), now_ms = resolver->clock.now_ms;

	if (evidence_outweighed(resolver->evidence, task->cut_key, task->kind, task->kind_ms))
		return UINT32_MAX; // it is not
	return until_ms > now_ms ? (uint32_t)(until_ms - now_ms) : 0;
}

// Half of what is left: the servers may be back before it is over, and be asked again.
static uint32_t share_of(uint32_t left_ms)
{
	if (left_ms / 2 > TRY_MS_MIN)
		return left_ms / 2;
	if (left_ms > TRY_MS_MIN)
		return TRY_MS_MIN;
	return left_ms > TRY_MS_LAST ? left_ms : TRY_MS_LAST;
}

uint32_t observe_try_ms(const struct task *task)
{
	return share_of(observe_patience_ms(task));
}

static void ask_on(struct task *task)
{
	cds_list_del_init(&task->in_doubting);
	task->state = TASK_ASK;
	task_ready(task);
}

// Something has been heard: each server is worth another try, once.
static void hearten(struct task *task)
{
	for (size_t i = 0; i < task->server_count && !task->heartened; i++) {
		if (task->servers[i].tries >= TASK_TRIES_LAST)
			task->servers[i].tries = TASK_TRIES_LAST - 1;
	}
	task->failures = task->heartened ? task->failures : 0;
	task->heartened = true;
	ask_on(task);
}

// It answers other questions after we had given them up; or far_ones: not much earlier.
static bool is_slow(const struct task *task, size_t server, bool far_ones)
{
	struct server_facts facts;

	upstream_server_facts(task->resolver->parts.upstream, task->cut->zone,
			      &task->servers[server].address, &facts);
	return facts.slow_us > 0 || (far_ones && facts.rtt_us > SLOW_RTT_US);
}

static bool some_server_is_slow(const struct task *task, bool far_ones)
{
	for (size_t i = 0; i < task->server_count; i++) {
		if (is_slow(task, i, far_ones))
			return true;
	}
	return false;
}

// Of the whole question, not of this cut alone.
static uint32_t left_ms(const struct task *task, uint32_t most_ms)
{
	uint64_t age_ms = task->resolver->clock.now_ms - task->began_ms;

	return age_ms < most_ms ? most_ms - (uint32_t)age_ms : 0;
}

// In this task, or as far as is known of it.
static bool was_no_good(const struct task *task, size_t server)
{
	struct server_facts facts;

	if (task->servers[server].trouble != 0)
		return task->servers[server].trouble & ~TROUBLE_SILENT;
	upstream_server_facts(task->resolver->parts.upstream, task->cut->zone,
			      &task->servers[server].address, &facts);
	return facts.here && broken_trouble(facts.cause) & ~TROUBLE_SILENT;
}

static bool some_server_was_no_good(const struct task *task)
{
	for (size_t i = 0; i < task->server_count; i++) {
		if (was_no_good(task, i))
			return true;
	}
	return false;
}

// Servers that are slow, and have said nothing else, are waited for as long as the client does.
static bool is_worth_any_time(const struct task *task)
{
	return !some_server_was_no_good(task) && some_server_is_slow(task, true);
}

bool observe_some_are_slow(const struct task *task)
{
	return some_server_is_slow(task, false);
}

// All others have said something that is of no use, and this one nothing yet.
static bool is_only_one_left(const struct task *task, size_t server)
{
	if (task->servers[server].trouble & ~TROUBLE_SILENT)
		return false;
	for (size_t i = 0; i < task->server_count; i++) {
		if (i != server && !(task->servers[i].trouble & ~TROUBLE_SILENT))
			return false;
	}
	return task->server_count > 1;
}

uint32_t observe_only_ms(const struct task *task, size_t server)
{
	uint32_t most_ms = left_ms(task, QUESTION_MS);

	const bool only = task->servers[server].trouble != 0 && is_only_one_left(task, server);

	// Where one is bogus, a second is enough (broken_is_enough()).
	for (size_t i = 0; i < task->server_count; i++) {
		if (task->servers[i].trouble & (TROUBLE_BOGUS | TROUBLE_BELOW))
			return 0;
	}
	if (!only && !(task->failures > 0 && is_slow(task, server, true)))
		return 0;
	return most_ms < ONLY_MS ? most_ms : ONLY_MS;
}

static uint32_t most_ms(const struct task *task, size_t server)
{
	uint32_t question_ms = left_ms(task, QUESTION_MS);

	if (is_slow(task, server, true) && !some_server_was_no_good(task))
		return 0;
	if (task->last_try)
		return left_ms(task, QUESTION_MS + LAST_MS);
	if (observe_only_ms(task, server) > share_of(question_ms))
		return observe_only_ms(task, server);
	if (task->failures > 0)
		return share_of(question_ms);
	return question_ms > TRY_MS_MIN ? question_ms : TRY_MS_MIN;
}

uint32_t observe_most_ms(const struct task *task, size_t server)
{
	uint32_t most = most_ms(task, server), rest_ms = left_ms(task, END_MS);

	if (!some_server_was_no_good(task))
		return most;
	if (rest_ms < TRY_MS_LAST)
		rest_ms = TRY_MS_LAST;
	return most == 0 || most > rest_ms ? rest_ms : most;
}

bool observe_too_late(const struct task *task)
{
	bool asked_all = true;

	if (task->failures == 0 || left_ms(task, QUESTION_MS) > 0 || task->last_resort ||
	    task->resolver->clock.now_ms < task->kind_ms + TRY_MS_MIN || is_worth_any_time(task))
		return false;
	for (size_t i = 0; i < task->server_count; i++)
		asked_all = asked_all && task->servers[i].tries > 0;
	return asked_all || left_ms(task, QUESTION_MS + OTHERS_MS) == 0;
}

// Somebody has heard of the cut since it began: there is nothing to wait for, but each server is
// worth another try, and one more where that may have been too short.
static bool try_again(struct task *task)
{
	if (task->heartened && (task->slow_again || !some_server_is_slow(task, true)))
		return false;
	task->slow_again = task->heartened;
	task->heartened = false;
	hearten(task);
	return true;
}

bool observe_wait(struct task *task)
{
	struct resolver *resolver = task->resolver;
	uint64_t until_ms = patient_until_ms(task);
	struct cds_list_head *after = resolver->doubting.prev;

	// The question that sees whether anybody is there is put again every second.
	if (task->answered || forward_falls_back(task) || !task->timed_out || !counts(task) ||
	    ailing_probes(task))
		return false;
	// That a server answers late says of every kind that its tries were too short.
	if (evidence_outweighed(resolver->evidence, task->cut_key, task->kind, task->kind_ms) ||
	    (!task->heartened && some_server_is_slow(task, false)))
		return try_again(task);
	if (until_ms <= resolver->clock.now_ms ||
	    evidence_was_down(resolver->evidence, task->cut_key, task->kind))
		return false;
	while (after != &resolver->doubting &&
	       cds_list_entry(after, struct task, in_doubting)->doubt_until_ms > until_ms)
		after = after->prev;
	task->doubt_until_ms = until_ms;
	cds_list_add(&task->in_doubting, after);
	task->state = TASK_WAIT_EVIDENCE;
	return true;
}

// Those who wait for the cut, whatever it is that they ask it.
static void hearten_all(struct resolver *resolver, uint64_t cut)
{
	struct task *task, *following;

	cds_list_for_each_entry_safe(task, following, &resolver->doubting, in_doubting)
	{
		if (task->cut_key == cut)
			hearten(task);
	}
}

// Those who wait for the same cut and kind, or whatever the cut is down for.
static void settle(struct resolver *resolver, uint64_t cut, uint8_t kind,
		   void (*then)(struct task *task))
{
	struct task *task, *following;

	cds_list_for_each_entry_safe(task, following, &resolver->doubting, in_doubting)
	{
		if (task->cut_key == cut && (task->kind == kind || task->kind == EVIDENCE_A))
			then(task);
	}
}

uint64_t observe_run(struct resolver *resolver)
{
	for (unsigned i = 0; !cds_list_empty(&resolver->doubting); i++) {
		struct task *task =
			cds_list_entry(resolver->doubting.next, struct task, in_doubting);
		if (task->doubt_until_ms > resolver->clock.now_ms)
			return task->doubt_until_ms;
		if (i == GIVEN_UP_MAX)
			return resolver->clock.now_ms;
		cds_list_del_init(&task->in_doubting);
		iterate_give_up(task);
	}
	return UINT64_MAX;
}

// ---- what is seen ----

// Too late for its question, but somebody is there, and slow.
void observe_heard(void *arg, const uint8_t *zone, bool pooled, uint16_t type, bool tcp)
{
	struct resolver *resolver = arg;
	uint64_t key = observe_key(resolver, zone, pooled), now_ms = resolver->clock.now_ms;
	uint8_t way = tcp && !pooled ? EVIDENCE_TCP : 0;
	uint8_t kind = pooled ? EVIDENCE_A : evidence_kind(type, false) | way;
	unsigned ends = evidence_heard(resolver->evidence, key, kind, now_ms);

	if (kind == (EVIDENCE_A | way) && !pooled) { // or it was part of a name
		kind = EVIDENCE_STEP | way;
		ends |= evidence_heard(resolver->evidence, key, kind, now_ms);
	}
	hearten_all(resolver, key);
	if (pooled && ends & EVIDENCE_DOWN_ENDS && resolver->pool_tell != NULL)
		resolver->pool_tell(resolver->pool_tell_arg, zone, false);
}

void observe_reply(struct task *task)
{
	struct resolver *resolver = task->resolver;

	task->answered = true;
	unsigned ends = evidence_heard(resolver->evidence, task->cut_key, task->kind,
				       resolver->clock.now_ms);
	if (ends != 0)
		settle(resolver, task->cut_key, task->kind, hearten);
	if (ends & EVIDENCE_DOWN_ENDS && task->route != NULL && resolver->pool_tell != NULL)
		resolver->pool_tell(resolver->pool_tell_arg, task->cut->zone, false);
}

void observe_good(struct task *task)
{
	struct resolver *resolver = task->resolver;

	evidence_good(resolver->evidence, task->cut_key, task->kind, resolver->clock.now_ms);
	// What the question finds out that sees whether the zone has recovered holds for all.
	if (ailing_probes(task))
		evidence_good(resolver->evidence, task->cut_key, EVIDENCE_A,
			      resolver->clock.now_ms);
}

void observe_no_good(struct task *task)
{
	struct resolver *resolver = task->resolver;

	// What a forwarder says to a name may be said of somebody else's servers.
	if (!counts(task) || (forward_holds(task) && task->answered))
		return;
	// For the measure of all kinds it takes our own question: any others may have been chosen.
	bool own = ailing_probes(task);
	uint64_t question = task->kind == EVIDENCE_A && !own ? ANYBODYS : task->hash;
	evidence_no_good(resolver->evidence, task->cut_key, task->kind, question, task->kind_ms,
			 resolver->clock.now_ms);
	if (own)
		evidence_no_good(resolver->evidence, task->cut_key, EVIDENCE_A, task->hash,
				 task->kind_ms, resolver->clock.now_ms);
}

bool observe_doubt(struct task *task)
{
	struct resolver *resolver = task->resolver;

	if (!counts(task) || !task->timed_out ||
	    evidence_outweighed(resolver->evidence, task->cut_key, task->kind, task->kind_ms))
		return true;
	ailing_doubted(task);
	return evidence_doubted(resolver->evidence, task->cut_key, task->kind, task->kind_ms,
				resolver->clock.now_ms, &task->in_doubt);
}

// As long as one question would wait for an answer.
static bool silent_long_enough(const struct task *task)
{
	const struct resolver *resolver = task->resolver;
	uint64_t silent_ms = evidence_silent_ms(resolver->evidence, task->cut_key);

	return silent_ms != 0 && silent_ms + PATIENCE_MS <= resolver->clock.now_ms;
}

// A forwarder that says nothing to a question may be waiting for somebody else's servers. That none
// of a pool's servers says anything to the zone's own SOA, either, means that nobody is there; for
// as long as that is asked again and again.
static void pool_unanswered(struct task *task)
{
	struct resolver *resolver = task->resolver;

	for (size_t i = 0; i < task->server_count; i++) {
		if (task->servers[i].tries == 0)
			return;
	}
	if (!ailing_probes(task) || !silent_long_enough(task))
		return;
	if (evidence_take_down(resolver->evidence, task->cut_key, task->kind, task->kind_ms,
			       resolver->clock.now_ms) &&
	    resolver->pool_tell != NULL)
		resolver->pool_tell(resolver->pool_tell_arg, task->cut->zone, true);
	explain_down(task);
	settle(resolver, task->cut_key, task->kind, ask_on);
}

void observe_unanswered(struct task *task)
{
	struct resolver *resolver = task->resolver;

	if (task->cut == NULL || task->answered || task->failures == 0 || !counts(task))
		return;
	if (task->route != NULL) {
		pool_unanswered(task);
		return;
	}
	bool down = evidence_unanswered(resolver->evidence, task->cut_key, task->kind, task->hash,
					task->kind_ms, resolver->clock.now_ms);
	// Nobody has chosen that question but us.
	if (ailing_probes(task) && silent_long_enough(task))
		down = evidence_take_down(resolver->evidence, task->cut_key, EVIDENCE_A,
					  task->kind_ms, resolver->clock.now_ms) ||
		       down;
	if (!down)
		return;
	explain_down(task);
	settle(resolver, task->cut_key, ailing_probes(task) ? EVIDENCE_A : task->kind, ask_on);
}
