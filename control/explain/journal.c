#include "control/explain/journal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILTER 4096 // power of two

// What is looked through; the records themselves are not touched for it.
struct index {
	uint64_t question, zone, parent;
	uint64_t last;         // number of its last failure
	bool used, open, once; // open: not over; once: has failed one time only
};

struct journal {
	size_t count;
	uint64_t number;         // of failures
	uint16_t filter[FILTER]; // open records by hash: most questions have none
	struct journal_counters counters;
	struct index index[JOURNAL_RECORDS];
	struct failed records[JOURNAL_RECORDS];
};

static_assert(JOURNAL_RECORDS * sizeof(struct failed) <= 1600 << 10, "1.6 MB at most");

struct journal *journal_new(void)
{
	return calloc(1, sizeof(struct journal)); // pages that no record needs are never touched
}

void journal_free(struct journal *journal)
{
	free(journal);
}

static uint16_t *filter(struct journal *journal, uint64_t question_hash)
{
	return &journal->filter[question_hash & (FILTER - 1)];
}

static void set_open(struct journal *journal, struct index *index, bool open)
{
	if (index->open == open)
		return;
	index->open = open;
	*filter(journal, index->question) += open ? 1 : -1;
}

// The record that is open, or NULL.
static struct index *find(struct journal *journal, uint64_t question_hash)
{
	if (*filter(journal, question_hash) == 0)
		return NULL;
	for (size_t i = 0; i < JOURNAL_RECORDS; i++) {
		if (journal->index[i].open && journal->index[i].question == question_hash)
			return &journal->index[i];
	}
	return NULL;
}

static struct failed *record_of(struct journal *journal, const struct index *index)
{
	return &journal->records[index - journal->index];
}

// ---- which one gives way ----

struct share {
	size_t count;
	struct index *first; // to give way
};

static bool goes_before(const struct index *a, const struct index *b)
{
	return a->once != b->once ? a->once : a->last < b->last;
}

static void count_in(struct share *share, struct index *index)
{
	share->count++;
	if (share->first == NULL || goes_before(index, share->first))
		share->first = index;
}

static struct index *make_room(struct journal *journal, const struct failure *failure)
{
	struct share zone = {0}, parent = {0}, all = {0};
	struct index *unused = NULL;

	for (size_t i = 0; i < JOURNAL_RECORDS; i++) {
		struct index *index = &journal->index[i];
		if (!index->used) {
			unused = index;
			continue;
		}
		count_in(&all, index);
		if (index->parent == failure->parent_hash)
			count_in(&parent, index);
		if (index->zone == failure->zone_hash)
			count_in(&zone, index);
	}
	struct index *place = unused;
	if (zone.count >= JOURNAL_ZONE_MAX)
		place = zone.first;
	else if (parent.count >= JOURNAL_PARENT_MAX)
		place = parent.first;
	else if (place == NULL)
		place = all.first;
	if (!place->used) {
		journal->count++;
		return place;
	}
	journal->counters.displaced++;
	journal->counters.displaced_zone += zone.count >= JOURNAL_ZONE_MAX;
	set_open(journal, place, false);
	return place;
}

// ---- writing ----

static void copy_text(char out[JOURNAL_TEXT_MAX], const char *text)
{
	snprintf(out, JOURNAL_TEXT_MAX, "%s", text != NULL ? text : "");
}

static void begin(struct journal *journal, const struct failure *failure)
{
	struct index *index = make_room(journal, failure);
	struct failed *failed = record_of(journal, index);

	*index = (struct index){.question = failure->question_hash,
				.zone = failure->zone_hash,
				.parent = failure->parent_hash,
				.last = journal->number,
				.used = true,
				.once = true};
	set_open(journal, index, true);
	memset(failed, 0, offsetof(struct failed, name));
	failed->type = failure->type;
	failed->zone_labels = failure->zone_labels;
	failed->zone_known = failure->zone_known;
	failed->kind = failure->kind;
	failed->ede = failed->last_ede = failure->ede;
	failed->step = failure->step;
	failed->first_ms = failed->last_ms = failure->now_ms;
	failed->first_s = failed->last_s = failure->now_s;
	failed->took_ms = (uint32_t)(failure->now_ms - failure->started_ms);
	failed->times = 1;
	failed->stale = failure->stale;
	name_copy(failed->name, failure->name);
	copy_text(failed->text, failure->text);
	failed->last_text[0] = '\0';
	if (failure->tried != NULL)
		failed->tried = *failure->tried;
	else
		failed->tried.count = failed->tried.beyond = 0;
	journal->counters.recorded++;
}

static void repeat(struct journal *journal, struct index *index, const struct failure *failure)
{
	struct failed *failed = record_of(journal, index);

	failed->stale += failure->stale;
	// Clients of one question whose time is over together.
	if (failure->now_ms == failed->last_ms)
		return;
	index->last = journal->number;
	index->once = false;
	failed->times += failed->times < UINT32_MAX;
	failed->last_ms = failure->now_ms;
	failed->last_s = failure->now_s;
	failed->last_ede = failure->ede;
	copy_text(failed->last_text, failure->text);
	journal->counters.repeated++;
}

// While what is wrong changes between two faults, the first record tells of both.
static bool goes_on(const struct failed *failed, const struct failure *failure)
{
	return failure->now_ms <= failed->last_ms + JOURNAL_EPISODE_MS &&
	       (failure->kind == failed->kind ||
		failure->now_ms < failed->first_ms + JOURNAL_CHANGE_MS);
}

void journal_add(struct journal *journal, const struct failure *failure)
{
	struct index *index = find(journal, failure->question_hash);

	journal->number++;
	if (index != NULL && goes_on(record_of(journal, index), failure)) {
		repeat(journal, index, failure);
		return;
	}
	if (index != NULL) // that one stays as history
		set_open(journal, index, false);
	begin(journal, failure);
}

void journal_client(struct journal *journal, uint64_t question_hash, bool stale)
{
	struct index *index = find(journal, question_hash);

	if (index == NULL)
		return;
	struct failed *failed = record_of(journal, index);
	if (stale)
		failed->stale++;
	else
		failed->failed++;
	// A flood asks for each name once.
	index->once = index->once && failed->failed + failed->stale <= 1;
}

void journal_needed(struct journal *journal, uint64_t question_hash)
{
	struct index *index = find(journal, question_hash);

	if (index == NULL)
		return;
	record_of(journal, index)->needed++;
	index->once = false;
}

void journal_flush(struct journal *journal, const uint8_t *zone)
{
	for (size_t i = 0; i < JOURNAL_RECORDS; i++) {
		if (journal->index[i].open && name_within(journal->records[i].name, zone))
			set_open(journal, &journal->index[i], false);
	}
}

void journal_over(struct journal *journal, uint64_t question_hash, uint64_t now_ms)
{
	struct index *index = find(journal, question_hash);

	if (index == NULL)
		return;
	record_of(journal, index)->over_ms = now_ms;
	set_open(journal, index, false);
}

// ---- reading ----

struct aged {
	uint64_t last;
	uint16_t place;
};

static int newest_first(const void *a, const void *b)
{
	const struct aged *x = a, *y = b;

	return x->last < y->last ? 1 : x->last > y->last ? -1 : 0;
}

size_t journal_order(const struct journal *journal, uint16_t places[JOURNAL_RECORDS])
{
	struct aged aged[JOURNAL_RECORDS];
	size_t count = 0;

	for (size_t i = 0; i < JOURNAL_RECORDS; i++) {
		if (journal->index[i].used)
			aged[count++] = (struct aged){journal->index[i].last, (uint16_t)i};
	}
	qsort(aged, count, sizeof(aged[0]), newest_first);
	for (size_t i = 0; i < count; i++)
		places[i] = aged[i].place;
	return count;
}

const struct failed *journal_at(const struct journal *journal, uint16_t place)
{
	return &journal->records[place];
}

void journal_each(const struct journal *journal,
		  bool (*visit)(const struct failed *failed, void *arg), void *arg)
{
	uint16_t places[JOURNAL_RECORDS];
	size_t count = journal_order(journal, places);

	for (size_t i = 0; i < count && visit(&journal->records[places[i]], arg); i++)
		;
}

// The newest of those that are of the question, or whose servers were asked and are of the zone.
static const struct failed *newest(const struct journal *journal, const uint64_t *question,
				   const uint64_t *zone)
{
	const struct index *found = NULL;

	for (size_t i = 0; i < JOURNAL_RECORDS; i++) {
		const struct index *index = &journal->index[i];
		if (!index->used || (found != NULL && index->last < found->last))
			continue;
		if (question != NULL ? index->question == *question
				     : index->zone == *zone && journal->records[i].zone_known &&
					       journal->records[i].tried.count > 0)
			found = index;
	}
	return found != NULL ? &journal->records[found - journal->index] : NULL;
}

const struct failed *journal_of_question(const struct journal *journal, uint64_t question_hash)
{
	return newest(journal, &question_hash, NULL);
}

const struct failed *journal_of_zone(const struct journal *journal, uint64_t zone_hash)
{
	return newest(journal, NULL, &zone_hash);
}

size_t journal_count(const struct journal *journal)
{
	return journal->count;
}

const struct journal_counters *journal_counted(const struct journal *journal)
{
	return &journal->counters;
}

// ---- words ----

const char *failed_kind_word(enum failed_kind kind)
{
	static const char *const word[] = {
#define X(symbol, programs, words) programs,
		FAILED_KINDS(X)
#undef X
	};

	return word[kind];
}

const char *failed_kind_words(enum failed_kind kind)
{
	static const char *const sentences[] = {
#define X(symbol, programs, words) words,
		FAILED_KINDS(X)
#undef X
	};

	return sentences[kind];
}

const uint8_t *failed_zone(const struct failed *failed)
{
	return name_ancestor(failed->name, failed->zone_labels);
}
