// Drills of whole resolutions show that a fault is taken for what it is: a server's, a zone's, or
// our own path's. (unit/control/upstream/health tells the same of every named failure.)
#include "tests/scenario/zones.h"

#define PLACES 5  // zones, and servers, of which each has two of the other
#define ROUNDS 16 // questions for each zone

static const struct fault_case {
	const char *fault;
	enum server_failure failure; // GOOD: TCP helps, so it is none
} faults[] = {
	{"drop", SERVER_TIMEOUT},      {"delay=6000", SERVER_TIMEOUT},
	{"servfail", SERVER_SERVFAIL}, {"refuse", SERVER_REFUSED},
	{"truncate", SERVER_GOOD},     {"strip-rrsig", SERVER_STRIPPED},
	{"bogus", SERVER_BOGUS},
};
#define FAULTS (sizeof(faults) / sizeof(faults[0]))

static void server_text(unsigned number, char out[32])
{
	snprintf(out, 32, "198.18.%u.1", number % PLACES);
}

static void start_places(void)
{
	static char apex[PLACES][32], servers[PLACES][128], text[PLACES][64];

	begin();
	for (unsigned i = 0; i < PLACES; i++) {
		char one[32], other[32];
		server_text(i, one);
		server_text(i + 1, other);
		snprintf(apex[i], sizeof(apex[i]), "z%u.com.", i);
		snprintf(servers[i], sizeof(servers[i]), "a.z%u.com.=%s b.z%u.com.=%s", i, one, i,
			 other);
		snprintf(text[i], sizeof(text[i]), "*.wild.z%u.com. 60 IN A 192.0.2.1\n", i);
		world_add(w, &(struct world_zone){
				     .apex = apex[i], .servers = servers[i], .text = text[i]});
	}
	world_start(w);
}

// One question for each zone at a time; how many of each were answered, with AD.
static void ask_rounds(unsigned first, unsigned rounds, unsigned good[PLACES])
{
	for (unsigned round = first; round < first + rounds; round++) {
		struct question *asked[PLACES];
		for (unsigned i = 0; i < PLACES; i++) {
			char name[64];
			snprintf(name, sizeof(name), "n%u.wild.z%u.com.", round, i);
			asked[i] = world_ask_later(w, name, TYPE_A, ASK_DO);
		}
		world_run(w);
		for (unsigned i = 0; i < PLACES; i++)
			good[i] += asked[i]->reply->rcode == RCODE_NOERROR &&
				   (asked[i]->reply->flags & FLAG_AD) != 0;
		world_advance(w, 100);
	}
}

// ---- what is thought of a server for a zone ----

struct standing {
	char server[32];
	enum server_failure failure; // that is to be said
	bool asked, good, blamed;
};

static void look(const char *line, void *arg)
{
	struct standing *standing = arg;
	size_t len = strlen(standing->server);
	const char *here = strstr(line, "; for this zone");

	if (strncmp(line, standing->server, len) != 0 || line[len] != ' ' || here == NULL)
		return;
	standing->asked = true;
	standing->good = strstr(here, "for this zone, good") != NULL;
	standing->blamed = strstr(here, server_failure_words(standing->failure)) != NULL;
}

static struct standing standing_of(unsigned zone, unsigned server, enum server_failure failure)
{
	struct standing standing = {.failure = failure};
	char name[32];

	server_text(server, standing.server);
	snprintf(name, sizeof(name), "z%u.com.", zone);
	resolver_servers(w->resolver, text_name(name), NULL, look, &standing);
	return standing;
}

// Of the pairs of a zone and its server: `guilty` says which are to be blamed; nobody else is.
// Servers that were not asked for a zone are not thought of.
static bool blamed_alone(bool (*guilty)(unsigned zone, unsigned server, unsigned which),
			 unsigned which, enum server_failure failure)
{
	unsigned blamed = 0;

	for (unsigned zone = 0; zone < PLACES; zone++) {
		for (unsigned k = 0; k < 2; k++) {
			unsigned server = (zone + k) % PLACES;
			bool is_guilty = failure != SERVER_GOOD && guilty(zone, server, which);
			struct standing s = standing_of(zone, server, failure);
			if (!s.asked)
				continue;
			if (is_guilty ? s.good || !s.blamed : !s.good)
				return false;
			blamed += is_guilty;
		}
	}
	return failure == SERVER_GOOD || blamed > 0;
}

static bool of_server(unsigned zone, unsigned server, unsigned which)
{
	(void)zone;
	return server == which;
}

static bool of_zone(unsigned zone, unsigned server, unsigned which)
{
	(void)server;
	return zone == which;
}

static bool of_all(unsigned zone, unsigned server, unsigned which)
{
	(void)zone, (void)server, (void)which;
	return true;
}

// ---- rehearsals ----

static void begin_drill(const char *scope, const struct fault_case *fault)
{
	char words[128];

	snprintf(words, sizeof(words), "--scope %s --fault %s --for 600 --abort-if servfail>100%%",
		 scope, fault->fault);
	assert_true(world_drill(w, words));
}

// Others stand in for it, and nobody notices.
static bool taken_for_a_servers(const struct fault_case *fault, unsigned which)
{
	unsigned good[PLACES] = {0}, all = 0;
	char scope[64] = "upstream:";

	start_places();
	server_text(which, scope + strlen(scope));
	ask_rounds(0, 4, good);
	begin_drill(scope, fault);
	unsigned rounds = 4;
	// It may be the slower one for both of its zones, and be asked for exploration alone.
	for (; rounds < 4 + ROUNDS || (world_drilled(w)->affected == 0 && rounds < 100); rounds++)
		ask_rounds(rounds, 1, good);
	for (unsigned i = 0; i < PLACES; i++)
		all += good[i];
	return all == PLACES * rounds && world_drilled(w)->affected > 0 &&
	       blamed_alone(of_server, which, fault->failure) && !upstream_uplink_lost(w->upstream);
}

// Its servers go on to answer for all other zones.
static bool taken_for_a_zones(const struct fault_case *fault, unsigned which)
{
	unsigned good[PLACES] = {0};
	char scope[64];

	start_places();
	snprintf(scope, sizeof(scope), "zone:z%u.com", which);
	ask_rounds(0, 4, good);
	begin_drill(scope, fault);
	ask_rounds(4, ROUNDS, good);
	for (unsigned i = 0; i < PLACES; i++) {
		unsigned wanted = i == which && fault->failure != SERVER_GOOD ? 4 : 4 + ROUNDS;
		if (good[i] != wanted)
			return false;
	}
	return world_drilled(w)->affected > 0 && blamed_alone(of_zone, which, fault->failure) &&
	       !upstream_uplink_lost(w->upstream);
}

// Silence alone is: nobody is blamed then, and all is as before when it is over. What is said in
// answer was said by somebody.
static bool taken_for_our_paths(const struct fault_case *fault, unsigned which)
{
	bool silence = fault->failure == SERVER_TIMEOUT;
	unsigned good[PLACES] = {0};

	(void)which;
	start_places();
	ask_rounds(0, 4, good);
	begin_drill("uplink", fault);
	ask_rounds(4, 6, good);
	if (upstream_uplink_lost(w->upstream) != silence)
		return false;
	if (!silence)
		return blamed_alone(of_all, 0, fault->failure);
	assert_true(drill_host_stop(w->drills));
	world_advance(w, 3000);
	unsigned after[PLACES] = {0};
	ask_rounds(10, 4, after);
	for (unsigned i = 0; i < PLACES; i++) {
		if (after[i] != 4)
			return false;
	}
	return blamed_alone(of_all, 0, SERVER_GOOD) && !upstream_uplink_lost(w->upstream);
}

static void drilled_faults_are_taken_for_what_they_are(void **state)
{
	static const struct {
		const char *words;
		bool (*rehearse)(const struct fault_case *fault, unsigned which);
	} whose[] = {{"a server", taken_for_a_servers},
		     {"a zone", taken_for_a_zones},
		     {"our path", taken_for_our_paths}};
	unsigned count = 0, right = 0;

	for (size_t f = 0; f < FAULTS; f++) {
		for (size_t i = 0; i < 3; i++) {
			for (unsigned which = 0; which < (i < 2 ? PLACES : 1); which++) {
				bool is_right = whose[i].rehearse(&faults[f], which);
				count++;
				right += is_right;
				if (!is_right)
					print_message("%s of %s %u\n", faults[f].fault,
						      whose[i].words, which);
				end_world(state);
			}
		}
	}
	print_message("%u of %u drilled faults are taken for what they are\n", right, count);
	assert_true(right * 100 >= count * 95);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drilled_faults_are_taken_for_what_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
