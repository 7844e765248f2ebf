// What an operator is told of a failed resolution.
#pragma once

#include "tests/scenario/zones.h"

struct explained {
	size_t count;
	struct failed failed; // the newest
	struct failed_view view;
	char text[8000]; // of all
};

static inline void explained_line(const char *text, void *arg)
{
	struct explained *e = arg;
	size_t len = strlen(e->text);

	// Whatever comes from the network: a terminal shall survive it.
	for (const char *c = text; *c != '\0'; c++)
		assert_true(*c >= ' ' && *c <= '~');
	snprintf(e->text + len, sizeof(e->text) - len, "%s\n", text);
}

static inline void explained_one(const struct failed_view *view, void *arg)
{
	struct explained *e = arg;

	if (e->count++ == 0) {
		e->failed = *view->failed;
		e->view = *view;
		e->view.failed = &e->failed;
	}
	failed_describe(view, explained_line, e);
}

// name NULL: all.
static inline const struct explained *explain(const char *name, uint16_t type)
{
	static struct explained e;
	uint8_t wire[NAME_MAX_LEN];
	struct explain_filter filter = {.type = type, .max = 100};

	memset(&e, 0, sizeof(e));
	if (name != NULL) {
		name_copy(wire, text_name(name));
		filter.name = wire;
	}
	size_t count = resolver_explain(w->resolver, &filter, explained_one, &e);
	assert_int_equal(count, e.count);
	return &e;
}

static inline void assert_explained(const struct explained *e, const char *part)
{
	if (strstr(e->text, part) == NULL)
		fail_msg("\"%s\" is not in:\n%s", part, e->text);
}

static inline const char *ede_text_of(const struct question *q)
{
	static struct entry_facts facts;

	if (q->result->count == 0)
		return q->result->ede_text;
	entry_facts(q->result->links[q->result->count - 1], &facts);
	return facts.ede_text;
}
