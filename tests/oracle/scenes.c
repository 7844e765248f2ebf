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
	const struct zone *gone = percent(g, 60) ? zone_of(g, wildcard) : pick_zone(g);
	script_add(g->out, "%s %s", percent(g, 60) ? "hide" : "show", gone->apex);
	if (percent(g, 40)) // what denies names there, now that it is gone
		ask_plainly(g, gone->apex, "TXT");
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
	const bool known = percent(g, 40);
	if (known) { // for long enough
		script_add(g->out, "add %s %s 86400 TXT \"known\"", apex, name);
		ask_plainly(g, name, "TXT");
		ask_plainly(g, apex, "SOA"); // in the place of which its denial is kept
		script_add(g->out, "del %s %s TXT", apex, name);
	}
	script_add(g->out, "hide %s", apex);
	ask_plainly(g, percent(g, 50) ? apex : name, pick_type(g));
	if (known) {
		script_add(g->out, "wait 3700000");
		ask_plainly(g, apex, "SOA");
		ask_plainly(g, name, pick_type(g));
		ask_plainly(g, name, "TXT");
	}
	script_add(g->out, "wait %s", PICK(g, pauses));
	ask_plainly(g, name, pick_type(g));
	script_add(g->out, "show %s", apex);
	script_add(g->out, "wait %s", PICK(g, pauses));
	ask_plainly(g, name, pick_type(g));
}

static void ask_beside(struct generator *g, const char *name, const char *type)
{
	script_add(g->out, "ask %s %s -,%sbeside", name, type, percent(g, 50) ? "do," : "");
}

// With several servers; often one that proves nothing.
static const struct zone *pick_busy_zone(struct generator *g)
{
	const bool is_unsigned = percent(g, 40);
	const struct zone *zone = pick_zone(g);

	for (size_t i = 0; i < 3 * g->zone_count; i++) {
		if (zone->server_count > 1 && (!is_unsigned || strcmp(zone->mode, "unsigned") == 0))
			break;
		zone = pick_zone(g);
	}
	return zone;
}

static void all_servers(struct generator *g, const struct zone *zone, const char *verb,
			const char *kind)
{
	for (size_t i = 0; i < zone->server_count; i++)
		script_add(g->out, "%s %s%s", verb, zone->servers[i], kind);
}

// A name comes or goes while questions for it, or for one beside it, are under way: after the first
// is with its server and before its answer. Where slow, that answer comes last, but before another
// server is asked.
static void overtake(struct generator *g, const struct zone *zone, const char *name,
		     const char *first_name, const char *type, bool comes)
{
	const bool slow = percent(g, 60);

	if (slow)
		all_servers(g, zone, "fault", " slow");
	ask_beside(g, first_name, comes ? type : "TXT");
	script_add(g->out, "wait %d", slow ? 12 : 9);
	if (slow)
		all_servers(g, zone, "heal", "");
	if (comes)
		script_add(g->out, "add %s %s 300 TXT \"came\"", zone->apex, name);
	else
		script_add(g->out, "del %s %s TXT", zone->apex, name);
	ask_beside(g, name, comes ? "TXT" : type);
	if (percent(g, 40)) {
		script_add(g->out, "wait 1");
		ask_beside(g, name, pick_type(g));
	}
	script_add(g->out, "wait 300");
}

static void play_overtaking(struct generator *g)
{
	static const char *const types[] = {"A", "A", "A", "MX", "AAAA"};
	const struct zone *zone = pick_busy_zone(g);
	const bool comes = percent(g, 50), again = percent(g, 50);
	const char *type = PICK(g, types);
	char name[NAME_SIZE], beside[NAME_SIZE], label[8];

	make_owner(g, zone->apex, name);
	make_owner(g, zone->apex, beside);
	if (percent(g, 60)) { // nothing is there
		snprintf(label, sizeof(label), "n%u", below(g, 1000));
		prepend(name, label, zone->apex);
	}
	if (!comes)
		script_add(g->out, "add %s %s 300 TXT \"there\"", zone->apex, name);
	ask_plainly(g, zone->apex, "SOA"); // what leads there is known then
	overtake(g, zone, name, percent(g, 60) ? name : beside, type, comes);
	ask_plainly(g, name, again ? type : "TXT");
	ask_plainly(g, name, again ? "TXT" : type);
	ask_plainly(g, name, PICK(g, types));
}

static bool may_be_signed(const struct generator *g, const struct zone *zone)
{
	return strcmp(zone->apex, ".") != 0 && strcmp(zone->mode, "unsigned") == 0 &&
	       strcmp(zone_above(g, zone->apex)->mode, "unsigned") != 0;
}

// A zone is signed while it is known to be unsigned still: what was taken for insecure, good or
// not, is there when its names are denied with proof.
static void play_signing(struct generator *g)
{
	static const char *const modes[] = {"nsec", "nsec", "nsec3"};
	static const char *const faults[] = {"bogus", "unknown_key"};
	const struct zone *zone = pick_zone(g);
	const bool spoilt = percent(g, 85);
	char wildcard[NAME_SIZE], name[NAME_SIZE];

	for (size_t i = 0; i < 3 * g->zone_count && !may_be_signed(g, zone); i++)
		zone = pick_zone(g);
	if (!may_be_signed(g, zone))
		return;
	// It may have been signed before, and nothing may have been asked of it lately.
	script_add(g->out, "unsign %s", zone->apex);
	script_add(g->out, "wait 3700000");
	prepend(name, "before", zone->apex);
	ask_plainly(g, name, "A");
	prepend(wildcard, "*", zone->apex);
	script_add(g->out, "add %s %s 86400 A 10.7.7.%u", zone->apex, wildcard, below(g, 250));
	script_add(g->out, "sign %s %s", zone->apex, PICK(g, modes));
	for (size_t i = 0; spoilt && i < zone->server_count; i++)
		script_add(g->out, "fault %s %s", zone->servers[i], PICK(g, faults));
	script_add(g->out, "ask %s A -,do", wildcard);
	for (size_t i = 0; spoilt && i < zone->server_count; i++)
		script_add(g->out, "heal %s", zone->servers[i]);
	script_add(g->out, "wait 3700000"); // as long as a proof is used that it is not signed
	make_owner(g, zone->apex, name);
	ask_plainly(g, name, "TXT");
	prepend(name, "nobody", zone->apex);
	ask_plainly(g, name, "TXT");
	script_add(g->out, "ask %s A -,do,ad", name);
}

// A failure with nothing behind it, and then silence for longer than it is remembered.
static void play_silence(struct generator *g)
{
	const struct zone *zone = pick_zone(g);
	char name[NAME_SIZE];

	make_name(g, name);
	for (size_t i = 0; i < zone->server_count; i++)
		script_add(g->out, "fault %s %s", zone->servers[i],
			   percent(g, 50) ? "drop" : "servfail");
	ask_plainly(g, name, pick_type(g));
	make_owner(g, zone->apex, name);
	ask_plainly(g, name, "A");
	script_add(g->out, "wait 70000");
	ask_plainly(g, name, "A");
	for (size_t i = 0; i < zone->server_count; i++)
		script_add(g->out, "heal %s", zone->servers[i]);
	script_add(g->out, "wait 310000");
	ask_plainly(g, name, "A");
}

// An alias from the zone above into one that proves nothing, which its servers may have as well.
static void play_alias(struct generator *g)
{
	const struct zone *zone = pick_zone(g);
	char name[NAME_SIZE], target[NAME_SIZE], label[8];

	for (size_t i = 0; i < 4 * g->zone_count && !zone->bogus; i++)
		zone = pick_zone(g);
	if (strcmp(zone->apex, ".") == 0)
		return;
	const struct zone *above = zone_above(g, zone->apex);
	snprintf(label, sizeof(label), "l%u", below(g, 1000));
	prepend(name, label, above->apex);
	make_owner(g, zone->apex, target);
	script_add(g->out, "add %s %s 300 CNAME %s", above->apex, name, target);
	ask_plainly(g, name, pick_type(g));
	ask_plainly(g, name, "A");
}

// A name goes, so that it is denied in the place of its data, and comes back once that is over;
// then there is silence, and what was known last is all that there is.
static void play_return(struct generator *g)
{
	static const char *const types[] = {"A", "A", "MX", "AAAA"};
	const struct zone *zone = pick_busy_zone(g);
	const char *type = PICK(g, types);
	char name[NAME_SIZE], label[8];

	snprintf(label, sizeof(label), "r%u", below(g, 1000));
	prepend(name, label, zone->apex);
	script_add(g->out, "add %s %s 60 TXT \"first\"", zone->apex, name);
	ask_plainly(g, name, "TXT");
	script_add(g->out, "del %s %s TXT", zone->apex, name);
	script_add(g->out, "wait 70000");
	ask_plainly(g, name, type);
	script_add(g->out, "wait 3700000");
	script_add(g->out, "add %s %s 3600 TXT \"again\"", zone->apex, name);
	ask_plainly(g, name, "TXT");
	all_servers(g, zone, "fault", " drop");
	ask_plainly(g, name, type);
	script_add(g->out, "wait 31000");
	ask_plainly(g, name, "TXT");
	all_servers(g, zone, "heal", "");
}

void make_scene(struct generator *g)
{
	unsigned kind = below(g, 100);

	if (kind < 25)
		play_wildcard(g);
	else if (kind < 35 && g->operated)
		play_exception(g);
	else if (kind < 45)
		play_removal(g);
	else if (kind < 73)
		play_overtaking(g);
	else if (kind < 81)
		play_alias(g);
	else if (kind < 94)
		play_signing(g);
	else if (g->harsh)
		kind < 97 ? play_silence(g) : play_return(g);
}
