// What a scripted server says, in lines of text.
#pragma once

#include "tests/scenario/scenario.h"

static inline void put(struct builder *b, enum section section, const char *line)
{
	struct text_record record;

	text_record(line, &record);
	builder_record(b, section, record.owner, record.type, CLASS_IN, record.ttl_s, record.rdata,
		       record.rdlen);
}

#define LINES_MAX 12

// What a server says: lines "an RECORD", "ns RECORD", "ar RECORD", ended by NULL.
struct lines {
	const char *line[LINES_MAX];
};

static inline void say(const struct network_query *query, enum section section, struct builder *b,
		       void *arg)
{
	static const char *const words[] = {"an ", "ns ", "ar "};
	const struct lines *lines = arg;

	(void)query;
	for (size_t i = 0; lines->line[i] != NULL; i++) {
		if (strncmp(lines->line[i], words[section], 3) == 0)
			put(b, section, lines->line[i] + 3);
	}
}

// Each of 16 calls in a row has its own space.
static inline void *lines_of(const struct lines *lines)
{
	static struct lines kept[16];
	static unsigned next;

	kept[next % 16] = *lines;
	return &kept[next++ % 16];
}
#define LINES(...) lines_of(&(struct lines){{__VA_ARGS__}})
