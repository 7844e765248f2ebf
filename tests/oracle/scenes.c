// Scenes: what chance brings together too seldom.
#include "tests/oracle/generator.h"

#include <stdio.h>
#include <string.h>

// A name that a wildcard makes, and another one.
static void make_beside(struct generator *g, const char *wildcard, const char *type)
{
	char name[NAME_SIZE];

	for (unsigned i = 0; i < 2; i++) {
		prepend(name, pick_label(g), wildcard + 2);
		ask_plainly(g, name, percent(g, 70) ? type : pick_type(g));
	}
}

// A wildcard itself, what it makes, and the same once its zone, or one above, has changed.
static void play_wildcard(struct generator *g)
{
	size_t from = below(g, g->name_count), i = from;
	char wildcard[NAME_SIZE], type[12];

	while (strncmp(g->names[i], "*.", 2) != 0) {
		i = (i + 1) % g->name_count;
		if (i == from)
			return;
	}
	memcpy(wildcard, g->names[i], NAME_SIZE);
	memcpy(type, g->types[i], sizeof(type));
	if (percent(g, 60))
		ask_plainly(g, wildcard, type);
	make_beside(g, wildcard, type);
	if (percent(g, 30)) // what is above it, and what is not there
		ask_plainly(g, wildcard + 2, "TYPE4711");
	script_add(g->out, "%s %s", percent(g, 50) ? "hide" : "show", pick_zone(g)->apex);
	make_beside(g, wildcard, type);
	if (percent(g, 40))
		ask_plainly(g, wildcard, type);
}

// An exception that begins and ends again.
static void play_exception(struct generator *g)
{
	const char *apex = pick_zone(g)->apex;
	char name[NAME_SIZE];

	make_name(g, name);
	ask_plainly(g, name, pick_type(g));
	script_add(g->out, "nta %s 3600", apex);
	ask_plainly(g, name, pick_type(g));
	make_owner(g, apex, name);
	ask_plainly(g, name, pick_type(g));
	script_add(g->out, "nta %s 0", apex);
	ask_plainly(g, name, pick_type(g));
}

// A zone that goes and comes back, with questions for it and for what is below it.
static void play_removal(struct generator *g)
{
	static const char *const pauses[] = {"1", "1000", "6000", "70000"};
	const char *apex = pick_zone(g)->apex;
	char name[NAME_SIZE];

	make_owner(g, apex, name);
	ask_plainly(g, name, pick_type(g));
	script_add(g->out, "hide %s", apex);
	ask_plainly(g, percent(g, 50) ? apex : name, pick_type(g));
	script_add(g->out, "wait %s", PICK(g, pauses));
	ask_plainly(g, name, pick_type(g));
	script_add(g->out, "show %s", apex);
	script_add(g->out, "wait %s", PICK(g, pauses));
	ask_plainly(g, name, pick_type(g));
}

void make_scene(struct generator *g)
{
	unsigned kind = below(g, 100);

	if (kind < 60)
		play_wildcard(g);
	else if (kind < 75 && g->operated)
		play_exception(g);
	else if (kind >= 75)
		play_removal(g);
}
