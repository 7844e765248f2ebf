#include "crypto/memo.h"

#include <stdlib.h>
#include <string.h>

#define WAYS 4

struct entry {
	struct fingerprint print;
	uint64_t used; // 0: free
};

struct memo {
	struct entry (*sets)[WAYS];
	size_t mask;
	uint64_t tick;
};

struct memo *memo_new(size_t entries_max)
{
	struct memo *memo = calloc(1, sizeof(*memo));
	size_t sets = 1;

	if (memo == NULL)
		return NULL;
	while (sets * 2 * WAYS <= entries_max)
		sets *= 2;
	memo->mask = sets - 1;
	memo->sets = calloc(sets, sizeof(memo->sets[0]));
	if (memo->sets == NULL) {
		free(memo);
		return NULL;
	}
	return memo;
}

void memo_free(struct memo *memo)
{
	if (memo == NULL)
		return;
	free(memo->sets);
	free(memo);
}

// The hash of the signature is keyed, so nobody chooses the set.
static struct entry *set_of(struct memo *memo, const struct fingerprint *print)
{
	return memo->sets[print->signature & memo->mask];
}

static struct entry *find(struct entry *set, const struct fingerprint *print)
{
	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].used != 0 && memcmp(&set[i].print, print, sizeof(*print)) == 0)
			return &set[i];
	}
	return NULL;
}

bool memo_has(struct memo *memo, const struct fingerprint *print)
{
	struct entry *entry = find(set_of(memo, print), print);

	if (entry != NULL)
		entry->used = ++memo->tick;
	return entry != NULL;
}

void memo_add(struct memo *memo, const struct fingerprint *print)
{
	struct entry *set = set_of(memo, print);
	struct entry *to = find(set, print);

	if (to == NULL) {
		to = &set[0];
		for (size_t i = 1; i < WAYS; i++) {
			if (set[i].used < to->used)
				to = &set[i];
		}
	}
	*to = (struct entry){.print = *print, .used = ++memo->tick};
}
