#include "control/upstream/labels.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX_BITS 128

struct prefix {
	uint8_t key[2 + 16]; // family, length, bytes: their order
	char label[LABEL_MAX];
	unsigned line;
};

struct labels {
	size_t count, room;
	bool has_len[2][PREFIX_BITS + 1]; // by family: some prefix is that long
	struct prefix *list;              // in order, once settled
};

struct labels *labels_new(void)
{
	return calloc(1, sizeof(struct labels));
}

void labels_free(struct labels *labels)
{
	if (!labels)
		return;
	free(labels->list);
	free(labels);
}

static void make_key(uint8_t key[18], const struct address *address, unsigned len)
{
	memset(key, 0, 18);
	key[0] = address->family;
	key[1] = (uint8_t)len;
	for (unsigned i = 0; i < (address->family == 4 ? 4 : 16); i++) {
		unsigned kept = len > i * 8 ? len - i * 8 : 0;
		key[2 + i] = address->bytes[i] & (uint8_t)(kept < 8 ? 0xff00 >> kept : 0xff);
	}
}

int labels_add(struct labels *labels, const struct address *prefix, unsigned prefix_len,
	       const char *label, unsigned line)
{
	struct prefix *grown;

	if (labels->count == LABELS_MAX)
		return -E2BIG;
	if (labels->count == labels->room) {
		size_t room = labels->room ? labels->room * 2 : 64;
		grown = realloc(labels->list, room * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		labels->list = grown;
		labels->room = room;
	}
	struct prefix *added = &labels->list[labels->count++];
	*added = (struct prefix){.line = line};
	make_key(added->key, prefix, prefix_len);
	memcpy(added->label, label, strnlen(label, LABEL_MAX - 1));
	labels->has_len[prefix->family == 6][prefix_len] = true;
	return 0;
}

static int by_key_and_line(const void *a, const void *b)
{
	const struct prefix *one = a, *other = b;
	int order = memcmp(one->key, other->key, sizeof(one->key));

	return order != 0 ? order : (one->line > other->line) - (one->line < other->line);
}

unsigned labels_settle(struct labels *labels)
{
	if (labels->count > 0)
		qsort(labels->list, labels->count, sizeof(labels->list[0]), by_key_and_line);
	for (size_t i = 1; i < labels->count; i++) {
		const struct prefix *prefix = &labels->list[i];
		if (memcmp(prefix->key, prefix[-1].key, sizeof(prefix->key)) == 0)
			return prefix->line;
	}
	return 0;
}

static int by_key(const void *key, const void *prefix)
{
	return memcmp(key, ((const struct prefix *)prefix)->key, 18);
}

const char *labels_find(const struct labels *labels, const struct address *address)
{
	uint8_t key[18];

	if (!labels || labels->count == 0)
		return NULL;
	for (int len = address->family == 4 ? 32 : PREFIX_BITS; len >= 0; len--) {
		if (!labels->has_len[address->family == 6][len])
			continue;
		make_key(key, address, (unsigned)len);
		const struct prefix *found =
			bsearch(key, labels->list, labels->count, sizeof(labels->list[0]), by_key);
		if (found)
			return found->label;
	}
	return NULL;
}
