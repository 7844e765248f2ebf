#include "control/config/nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX 32

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static int plain(char letter)
{
	return letter == '_' ? '-' : tolower((unsigned char)letter);
}

// Letters to change, insert, leave out or swap with their neighbour (optimal string alignment).
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned row[3][WORD_MAX + 1];

	for (unsigned j = 0; j <= b_len; j++)
		row[0][j] = j;
	for (unsigned i = 1; i <= a_len; i++) {
		unsigned *now = row[i % 3];
		const unsigned *before = row[(i + 2) % 3], *earlier = row[(i + 1) % 3];

		now[0] = i;
		for (unsigned j = 1; j <= b_len; j++) {
			bool same = plain(a[i - 1]) == plain(b[j - 1]);

			now[j] = least(before[j - 1] + !same, least(before[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && plain(a[i - 1]) == plain(b[j - 2]) &&
			    plain(a[i - 2]) == plain(b[j - 1]))
				now[j] = least(now[j], earlier[j - 2] + 1);
		}
	}
	return row[a_len % 3][b_len];
}

void nearest_try(struct nearest *nearest, const char *word)
{
	size_t given = strlen(nearest->given), len = strlen(word);

	if (given == 0 || given > WORD_MAX || len > WORD_MAX)
		return;
	unsigned away = distance(nearest->given, given, word, len);
	// A third of the letters may be wrong; of three letters one.
	if (away > (len + 2) / 3 || away >= len)
		return;
	if (nearest->word == NULL || away < nearest->distance) {
		nearest->word = word;
		nearest->distance = away;
	}
}

char *nearest_text(const struct nearest *nearest, char *out, size_t size)
{
	out[0] = '\0';
	if (nearest->word != NULL)
		snprintf(out, size, "; did you mean %s?", nearest->word);
	return out;
}
