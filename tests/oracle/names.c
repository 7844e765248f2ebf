// Names of the zones and of what is asked for.
#include "tests/oracle/generator.h"

#include <stdio.h>
#include <string.h>

const char *pick_label(struct generator *g)
{
	static const char *const labels[] = {"a", "b", "c",  "d", "e", "w", "x",
					     "y", "z", "ww", "0", "-", "m", "_tcp"};

	return PICK(g, labels);
}

void remember(struct generator *g, const char *name, const char *type)
{
	if (g->name_count == NAMES_MAX)
		return;
	snprintf(g->types[g->name_count], sizeof(g->types[0]), "%s", type);
	snprintf(g->names[g->name_count++], NAME_SIZE, "%.250s", name);
}

// One label more; the root's is not doubled.
void prepend(char *out, const char *label, const char *name)
{
	char copy[NAME_SIZE];

	snprintf(copy, sizeof(copy), "%s", name);
	snprintf(out, NAME_SIZE, "%.63s.%.190s", label, strcmp(copy, ".") == 0 ? "" : copy);
}

// Below an apex, most often one label, wildcards among them.
void make_owner(struct generator *g, const char *apex, char *out)
{
	unsigned labels = 1 + (percent(g, 35) ? 1 : 0) + (percent(g, 12) ? 1 : 0);

	snprintf(out, NAME_SIZE, "%s", apex);
	for (unsigned i = 0; i < labels; i++) {
		bool wildcard = i + 1 == labels ? percent(g, 22) : percent(g, 4);
		prepend(out, wildcard ? "*" : pick_label(g), out);
	}
}

void make_target(struct generator *g, char *out)
{
	if (g->name_count > 0 && percent(g, 60))
		snprintf(out, NAME_SIZE, "%s", g->names[below(g, g->name_count)]);
	else
		make_owner(g, pick_zone(g)->apex, out);
	if (percent(g, 10))
		prepend(out, pick_label(g), out);
}

// ---- what is asked for ----

// What is cached shows most where a name is asked for again, by another type or nearby.
static void make_new_name(struct generator *g, char *out)
{
	size_t i = below(g, g->name_count);
	unsigned kind = below(g, 100);

	snprintf(out, NAME_SIZE, "%s", g->names[i]);
	if (kind < 50) {
		g->there = g->types[i];
		return;
	}
	if (kind < 62) { // below it
		prepend(out, pick_label(g), out);
		if (percent(g, 25))
			prepend(out, pick_label(g), out);
	} else if (kind < 72) { // above it
		const char *dot = strchr(out, '.');
		if (dot[1] != '\0')
			memmove(out, dot + 1, strlen(dot));
	} else if (kind < 82) { // in the place of its wildcard
		if (strncmp(out, "*.", 2) == 0)
			prepend(out, pick_label(g), out + 2);
	} else if (kind < 86) {
		prepend(out, "*", out);
	} else if (kind < 92) { // beside it
		const char *dot = strchr(out, '.');
		char rest[NAME_SIZE];
		snprintf(rest, sizeof(rest), "%s", dot[1] != '\0' ? dot + 1 : ".");
		prepend(out, pick_label(g), rest);
	} else {
		make_owner(g, pick_zone(g)->apex, out);
	}
}

void make_name(struct generator *g, char *out)
{
	g->there = NULL;
	if (g->asked_count > 0 && percent(g, 35)) {
		size_t kept = g->asked_count < ASKED_MAX ? g->asked_count : ASKED_MAX;
		memcpy(out, g->asked[below(g, kept)], NAME_SIZE);
		return;
	}
	make_new_name(g, out);
	memcpy(g->asked[g->asked_count++ % ASKED_MAX], out, NAME_SIZE);
}
