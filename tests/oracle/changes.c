// Zones change, servers fail, operators act.
#include "tests/oracle/generator.h"

#include <stdio.h>
#include <string.h>

static void fault_all(struct generator *g, const struct zone *zone, const char *kind)
{
	for (size_t k = 0; k < zone->server_count && g->faulty_count < FAULTY_MAX; k++) {
		script_add(g->out, "fault %s %s", zone->servers[k], kind);
		memmove(g->faulty[g->faulty_count++], zone->servers[k], 48);
	}
}

static void make_forwarder_fault(struct generator *g, const char *kind)
{
	// In most worlds one of them stays as it is.
	size_t i = g->harsh ? below(g, g->forwarder_count) : 0;

	if (!g->harsh && g->forwarder_count < 2)
		return;
	script_add(g->out, "fault %s %s", g->forwarders[i], kind);
	memmove(g->faulty[g->faulty_count++], g->forwarders[i], 48);
}

static void make_fault(struct generator *g)
{
	static const char *const kinds[] = {"drop",
					    "drop",
					    "drop",
					    "servfail",
					    "refused",
					    "formerr",
					    "lame",
					    "strip",
					    "bogus",
					    "noaa",
					    "no_edns",
					    "malformed",
					    "truncate",
					    "delay",
					    "reset",
					    "unreachable",
					    "cache",
					    "no_soa",
					    "wrong_id",
					    "bogus",
					    "strip",
					    "wrong_question",
					    "wrong_case",
					    "servfail",
					    "truncate_always",
					    "bare",
					    "expired",
					    "unknown_key",
					    "bare_formerr",
					    "bare_notimp",
					    "drop_edns",
					    "drop_cookie",
					    "formerr_cookie",
					    "drop_mixed",
					    "refuse_mixed",
					    "servfail_mixed",
					    "drop_udp",
					    "refuse_tcp",
					    "made_up_cookie",
					    "cookie",
					    "trailing",
					    "ede",
					    "twice",
					    "late"};
	const struct zone *zone = pick_zone(g);

	if (g->faulty_count > 0 && (percent(g, 50) || g->faulty_count == FAULTY_MAX)) {
		size_t i = below(g, g->faulty_count);
		script_add(g->out, "heal %s", g->faulty[i]);
		memmove(g->faulty[i], g->faulty[--g->faulty_count], 48);
		return;
	}
	if (g->harsh && percent(g, 25)) {
		fault_all(g, zone, PICK(g, kinds));
		return;
	}
	if (g->forwarder_count > 0 && percent(g, 20)) {
		make_forwarder_fault(g, PICK(g, kinds));
		return;
	}
	// In most worlds some server of each zone stays as it is.
	const char *address = g->harsh ? pick_server(g, zone) : zone->servers[0];
	if (!g->harsh && (zone->server_count < 2 || zone->shares))
		return;
	script_add(g->out, "fault %s %s", address, PICK(g, kinds));
	memmove(g->faulty[g->faulty_count++], address, 48);
}

static void delete_record(struct generator *g)
{
	char copy[600], *words[5] = {0}, *save = NULL;

	for (int tries = 0; tries < 40; tries++) {
		const char *line = g->out->lines[below(g, g->out->count)];
		if (strncmp(line, "rec ", 4) != 0 && strncmp(line, "add ", 4) != 0)
			continue;
		snprintf(copy, sizeof(copy), "%s", line);
		for (int i = 0; i < 5; i++)
			words[i] = strtok_r(i == 0 ? copy : NULL, " ", &save);
		script_add(g->out, "del %s %s %s", words[1], words[2], words[4]);
		if (percent(g, 50)) // and other data in its place
			make_record(g, find_zone(g, words[1]), "add");
		return;
	}
}

void make_change(struct generator *g)
{
	static const char *const keys[] = {"zsk", "ksk", "both"};
	static const char *const modes[] = {"nsec", "nsec3", "optout"};
	const struct zone *zone = pick_zone(g);
	unsigned kind = below(g, 100);

	if (kind < 30)
		delete_record(g);
	else if (kind < 50)
		make_record(g, zone, "add");
	else if (kind < 58)
		script_add(g->out, "roll %s %s", zone->apex, PICK(g, keys));
	else if (kind < 61)
		script_add(g->out, "sign %s %s", zone->apex, PICK(g, modes));
	else if (kind < 63)
		script_add(g->out, "unsign %s", zone->apex);
	else if (kind < 66)
		script_add(g->out, "%s %s", percent(g, 40) ? "hide" : "show", zone->apex);
	else if (kind < 74)
		script_add(g->out, "%s %s %s", percent(g, 55) ? "lag" : "catchup", zone->apex,
			   pick_server(g, zone));
	else
		make_fault(g);
}

void make_act(struct generator *g)
{
	char name[NAME_SIZE];
	const struct zone *zone = pick_zone(g);

	if (percent(g, 60)) {
		make_name(g, name);
		script_add(g->out, percent(g, 60) ? "flush %s" : "flush %s %s", name, pick_type(g));
	} else if (percent(g, 60)) {
		script_add(g->out, "nta %s %u", zone->apex, percent(g, 30) ? 0 : 3600);
	} else {
		script_add(g->out, "restart");
	}
}
