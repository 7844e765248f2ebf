// What the parts of the generator share: a world while it is made.
#pragma once

#include "tests/oracle/random.h"
#include "tests/oracle/script.h"

#define ZONES_MAX      32
#define NAMES_MAX      600
#define SERVERS_MAX    80
#define ASKED_MAX      6
#define FAULTY_MAX     12
#define FORWARDERS_MAX 4
#define NAME_SIZE      256

struct zone {
	char apex[NAME_SIZE];
	const char *mode;
	char servers[6][48];
	size_t server_count;
	bool shares; // its first server has other zones, too
	bool bogus;
};

struct generator {
	uint64_t random;
	struct script *out;
	struct zone zones[ZONES_MAX];
	size_t zone_count;
	char names[NAMES_MAX][NAME_SIZE]; // that own something
	char types[NAMES_MAX][12];        // what
	const char *there;                // the type that the name just made has, or NULL
	size_t name_count;
	char servers[SERVERS_MAX][48];
	size_t server_count;
	char asked[ASKED_MAX][NAME_SIZE]; // lately
	size_t asked_count;
	char forwarders[FORWARDERS_MAX][48];
	size_t forwarder_count;
	bool harsh;    // every server of a zone may fail
	bool operated; // operators do things
	char faulty[FAULTY_MAX][48];
	size_t faulty_count;
};

static inline unsigned below(struct generator *g, size_t bound)
{
	return random_below(&g->random, (unsigned)bound);
}

static inline bool percent(struct generator *g, unsigned of_hundred)
{
	return random_percent(&g->random, of_hundred);
}

#define PICK(g, list) (list)[below(g, sizeof(list) / sizeof((list)[0]))]

static inline const struct zone *pick_zone(struct generator *g)
{
	return &g->zones[below(g, g->zone_count)];
}

static inline const char *pick_server(struct generator *g, const struct zone *zone)
{
	return zone->servers[below(g, zone->server_count)];
}

// The deepest that a name is in; the one above an apex other than the root's. (generate.c)
const struct zone *zone_of(const struct generator *g, const char *name);
const struct zone *zone_above(const struct generator *g, const char *apex);

// ---- names (names.c) ----

const char *pick_label(struct generator *g);
void remember(struct generator *g, const char *name, const char *type);
// One label more; the root's is not doubled.
void prepend(char *out, const char *label, const char *name);
// Below an apex, most often one label, wildcards among them.
void make_owner(struct generator *g, const char *apex, char *out);
void make_target(struct generator *g, char *out);
// To be asked for: one that owns something, or is near it, or was asked for lately. Then g->there
// is what it owns, or NULL.
void make_name(struct generator *g, char *out);

// ---- records (records.c) ----

unsigned pick_ttl(struct generator *g);
// verb: "rec" in the beginning, "add" later.
void make_record(struct generator *g, const struct zone *zone, const char *verb);
void make_records(struct generator *g);

// ---- questions (questions.c) ----

const char *pick_type(struct generator *g);
void make_question(struct generator *g);
void ask_plainly(struct generator *g, const char *name, const char *type);

// ---- what happens (changes.c) ----

const struct zone *find_zone(const struct generator *g, const char *apex);
void make_change(struct generator *g);
void make_act(struct generator *g);

// ---- what chance brings together too seldom (scenes.c) ----

void make_scene(struct generator *g);
