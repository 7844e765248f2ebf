#include "tests/oracle/stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 300

// "ask A", "fault drop": the first words of a line, those that are of a few kinds.
static struct row {
	char words[40];
	size_t count;
} rows[ROWS_MAX];
static size_t row_count;
static struct played total;

static void add(const char *verb, const char *word)
{
	char words[40];
	size_t i = 0;

	snprintf(words, sizeof(words), "%.15s %.20s", verb, word);
	while (i < row_count && strcmp(rows[i].words, words) != 0)
		i++;
	if (i == ROWS_MAX)
		return;
	if (i == row_count)
		memcpy(rows[row_count++].words, words, sizeof(words));
	rows[i].count++;
}

static void add_flags(const char *list)
{
	char copy[100], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", list);
	for (char *word = strtok_r(copy, ",", &save); word != NULL;
	     word = strtok_r(NULL, ",", &save)) {
		if (strcmp(word, "-") != 0)
			add("ask with", word);
	}
}

static void add_line(const char *line)
{
	struct words words;
	size_t count = script_words(line, &words, SCRIPT_WORDS_MAX);
	const char *const *w = words.at;

	if (strcmp(w[0], "ask") == 0 && count >= 4) {
		add("ask for", w[2]);
		add_flags(w[3]);
	} else if (strcmp(w[0], "zone") == 0 && count >= 4) {
		add("zone", w[2]);
		for (size_t i = 4; i < count; i++)
			add("zone with", strncmp(w[i], "host=", 5) == 0 ? "host" : w[i]);
	} else if (strcmp(w[0], "rec") == 0 && count >= 5) {
		add("rec", w[4]);
		add("rec with", strncmp(w[2], "*.", 2) == 0 ? "wildcard" : "name");
	} else if ((strcmp(w[0], "roll") == 0 || strcmp(w[0], "sign") == 0 ||
		    strcmp(w[0], "fault") == 0) &&
		   count >= 3) {
		add(w[0], w[2]);
	} else {
		add(w[0], "");
	}
}

void stats_add(const struct script *script, const struct played *played)
{
	for (size_t i = 0; i < script->count; i++)
		add_line(script->lines[i]);
#define X(name) total.outcomes.name += played->outcomes.name;
	PLAYED_OUTCOMES(X)
#undef X
	total.questions += played->questions;
}

static int by_words(const void *a, const void *b)
{
	return strcmp(((const struct row *)a)->words, ((const struct row *)b)->words);
}

void stats_print(void)
{
	qsort(rows, row_count, sizeof(rows[0]), by_words);
	for (size_t i = 0; i < row_count; i++)
		printf("%9zu %s\n", rows[i].count, rows[i].words);
#define X(name) printf("%9zu answers: " #name "\n", total.outcomes.name);
	PLAYED_OUTCOMES(X)
#undef X
	printf("%9zu answers\n", total.questions);
}
