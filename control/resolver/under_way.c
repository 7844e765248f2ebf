// What a question that is under way waits for, in words for operators.

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#include <inttypes.h>
#include <stdio.h>

#define LINES_MAX 24 // of all questions that are shown
#define LEVEL_MAX 6  // of tasks that wait for tasks
#define WORDS_MAX 400

struct telling {
	void (*line)(const char *text, void *arg);
	void *arg;
	unsigned lines;
};

static void tell(struct telling *telling, unsigned level, const char *words)
{
	char text[WORDS_MAX + NAME_TEXT_MAX];

	telling->lines++;
	snprintf(text, sizeof(text), "%*s%s", (int)(2 * level), "", words);
	telling->line(text, telling->arg);
}

static void question_text(const struct task *task, char *text, size_t size)
{
	char name[NAME_TEXT_MAX], type[TYPE_TEXT_MAX];

	snprintf(text, size, "%.200s %s", name_to_text(task->name, name),
		 type_to_text(task->type, type));
}

static void reply_words(const struct task *task, char *text, size_t size)
{
	const struct inquiry *inquiry = task->inquiry;
	char name[NAME_TEXT_MAX], type[TYPE_TEXT_MAX], to[2][ADDRESS_TEXT_MAX];
	size_t legs = 0;

	for (size_t i = 0; i < 2; i++) {
		if (inquiry->legs[i].exchange != NULL)
			address_to_text(&inquiry->legs[i].server, to[legs++]);
	}
	snprintf(text, size, "waits for a reply of %s%s%s to %.150s %s%s", legs > 0 ? to[0] : "?",
		 legs > 1 ? " or " : "", legs > 1 ? to[1] : "", name_to_text(inquiry->name, name),
		 type_to_text(inquiry->type, type), inquiry->last_try ? ", the last try" : "");
}

static const char *const state_words[] = {
	[TASK_START] = "is about to begin",
	[TASK_ASK] = "is about to ask a server",
	[TASK_WAIT_REPLY] = "waits for a reply",
	[TASK_REPLY] = "has a reply to read",
	[TASK_WAIT_ADDRESS] = "waits for addresses of its zone's name servers",
	[TASK_WAIT_EVIDENCE] =
		"waits whether anybody hears of its zone's servers, which are silent",
	[TASK_WAIT_AGAIN] = "waits to ask servers again that have sent errors",
	[TASK_WAIT_STATE] = "waits whether its zone is signed",
	[TASK_WAIT_ABOVE] = "waits for the proof that there is no such name",
	[TASK_WAIT_PROOF] = "waits for the proof of the delegation that its answer came by",
	[TASK_ABOVE] = "is about to go by the proof that there is no such name",
	[TASK_JUDGE] = "is about to be validated",
	[TASK_WAIT_NEED] = "waits for what its validation needs",
	[TASK_WAIT_BATCH] = "waits for its signatures to be verified",
	[TASK_WAIT_ROOM] = "waits for room: something of our own is used up",
	[TASK_NEED] = "is about to ask for what its validation needs",
	[TASK_WAIT_KEYS] = "waits until its zone's keys may be asked for again",
	[TASK_TARGET] = "is about to follow an alias",
	[TASK_WAIT_TARGET] = "waits for what its alias leads to",
	[TASK_TYPE] = "is about to ask for an RRset of the name",
	[TASK_WAIT_TYPE] = "waits for an RRset of the name",
	[TASK_FINISH] = "is about to end",
};

static void wait_words(const struct task *task, char *text, size_t size)
{
	if (task->state == TASK_WAIT_REPLY && task->inquiry != NULL)
		reply_words(task, text, size);
	else
		snprintf(text, size, "%s", state_words[task->state]);
}

static void zone_words(const struct task *task, char *text, size_t size)
{
	char zone[NAME_TEXT_MAX], tried[TROUBLE_MAX];
	int len = 0;

	text[0] = '\0';
	if (task->cut == NULL)
		return;
	len = snprintf(text, size, "; zone %.150s", name_to_text(task->cut->zone, zone));
	if (len > 0 && (size_t)len < size && task->tried != NULL &&
	    tried_text(task->tried, name_labels(task->cut->zone), tried, sizeof(tried)))
		snprintf(text + len, size - (size_t)len, ", so far %s", tried);
}

static void tell_task(struct telling *telling, const struct task *task, unsigned level)
{
	char question[NAME_TEXT_MAX], waits[WORDS_MAX / 2], zone[WORDS_MAX];
	char words[2 * WORDS_MAX];
	const struct waiter *waiter;

	question_text(task, question, sizeof(question));
	wait_words(task, waits, sizeof(waits));
	zone_words(task, zone, sizeof(zone));
	snprintf(words, sizeof(words), "%.230s: under way for %" PRIu64 " ms, %s%s", question,
		 task->resolver->clock.now_ms - task->started_ms, waits, zone);
	tell(telling, level, words);
	cds_list_for_each_entry(waiter, &task->waits, in_parent)
	{
		if (level < LEVEL_MAX && telling->lines < LINES_MAX)
			tell_task(telling, waiter->task, level + 1);
	}
}

size_t resolver_under_way(struct resolver *resolver, const uint8_t *name, uint16_t type,
			  void (*line)(const char *text, void *arg), void *arg)
{
	struct telling telling = {line, arg, 0};
	const uint64_t hash = resolver_hash(resolver, name);
	const struct task *task;
	size_t count = 0;

	cds_list_for_each_entry(task, &resolver->tasks, in_order)
	{
		if (task->name_hash != hash || (type != 0 && task->type != type) ||
		    !name_equal(task->name, name))
			continue;
		if (telling.lines < LINES_MAX)
			tell_task(&telling, task, 0);
		count++;
	}
	return count;
}
