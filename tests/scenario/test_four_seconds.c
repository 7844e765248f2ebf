// Whatever the servers of a zone do, each in its own way, a question that they leave unanswered
// ends within four seconds, and with what is the matter: dead, erring, lame, stripping, lying ones
// and those that break off TCP, in every mixture.
#include "tests/scenario/failures.h"

#include <stdlib.h>

#define LIMIT_MS    4000
#define SERVERS_MAX 13

struct habit {
	const char *words;
	struct fault faults[2];
};

static const struct habit habits[] = {
	{"silent", {{.kind = FAULT_DROP}}},
	{"SERVFAIL", {{.kind = FAULT_SERVFAIL}}},
	{"REFUSED", {{.kind = FAULT_REFUSED}}},
	{"FORMERR", {{.kind = FAULT_FORMERR}}},
	{"lame", {{.kind = FAULT_LAME}}},
	{"without AA", {{.kind = FAULT_NO_AA}}},
	{"stripped", {{.kind = FAULT_STRIP}}},
	{"bogus", {{.kind = FAULT_BOGUS}}},
	{"malformed", {{.kind = FAULT_MALFORMED}}},
	{"other question", {{.kind = FAULT_WRONG_QUESTION}}},
	{"unreachable", {{.kind = FAULT_UNREACHABLE}}},
	{"bare FORMERR", {{.kind = FAULT_BARE, .flags = 1}}},
	{"NXDOMAIN without proof", {{.kind = FAULT_NXDOMAIN}}},
	{"truncated always", {{.kind = FAULT_TRUNCATE_ALWAYS}}},
	{"truncated, TCP silent",
	 {{.kind = FAULT_TRUNCATE}, {.kind = FAULT_DROP, .tcp_only = true}}},
	{"truncated, TCP reset",
	 {{.kind = FAULT_TRUNCATE}, {.kind = FAULT_RESET, .tcp_only = true}}},
	{"SERVFAIL, TCP silent",
	 {{.kind = FAULT_SERVFAIL}, {.kind = FAULT_DROP, .tcp_only = true}}},
	{"bare FORMERR, TCP silent",
	 {{.kind = FAULT_BARE, .flags = 1}, {.kind = FAULT_DROP, .tcp_only = true}}},
	{"silent, TCP SERVFAIL",
	 {{.kind = FAULT_DROP}, {.kind = FAULT_SERVFAIL, .tcp_only = true}}},
};
#define HABITS (sizeof(habits) / sizeof(habits[0]))

static char servers[1200], addresses[SERVERS_MAX][40];
static uint64_t seed;

static unsigned draw(unsigned below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % below;
}

// Each on a network of its own; every third one has an IPv6 address.
static void add_zone(unsigned count, bool is_signed)
{
	size_t len = 0;

	for (unsigned i = 0; i < count; i++) {
		snprintf(addresses[i], sizeof(addresses[i]),
			 i % 3 == 2 ? "2001:db8:%u::53" : "192.1.%u.53", i + 1);
		len += (size_t)snprintf(servers + len, sizeof(servers) - len, "ns%u.zone.com.=%s ",
					i, addresses[i]);
	}
	world_add(w, &(struct world_zone){.apex = "zone.com.",
					  .servers = servers,
					  .text = "*.zone.com. 60 IN A 192.0.2.81\n",
					  .options = {.unsigned_ = !is_signed}});
}

static void spoil(unsigned server, const struct habit *habit)
{
	for (size_t i = 0; i < 2; i++) {
		struct fault fault = habit->faults[i];
		fault.server = addresses[server];
		if (i == 0 || fault.kind != FAULT_NONE)
			with(fault);
	}
}

struct mixture {
	unsigned count;
	uint8_t habits[SERVERS_MAX];
	bool is_signed;
	bool known; // the zone, but not the name
	uint16_t type;
};

static void print_mixture(const struct mixture *m)
{
	print_message("%s zone, %s, type %u:", m->is_signed ? "signed" : "unsigned",
		      m->known ? "known" : "new", m->type);
	for (unsigned i = 0; i < m->count; i++)
		print_message(" %s%s", habits[m->habits[i]].words, i + 1 < m->count ? "," : "\n");
}

static bool ends_in_time(const struct mixture *m, const char *name)
{
	struct question *q = world_ask(w, name, m->type, ASK_DO);
	unsigned took_ms = (unsigned)((q->done_us - q->asked_us) / 1000);
	bool failed = q->reply->rcode != RCODE_NOERROR && q->reply->rcode != RCODE_NXDOMAIN;

	if (took_ms <= LIMIT_MS && (!failed || q->reply->edns.ede != EDE_NONE))
		return true;
	print_message("%s: rcode %u, EDE %d %s after %u ms; ", name, q->reply->rcode,
		      q->reply->edns.ede, q->result->ede_text, took_ms);
	print_mixture(m);
	return false;
}

static bool holds(const struct mixture *m)
{
	begin();
	w->upstream_config.ipv6 = true;
	add_zone(m->count, m->is_signed);
	world_start(w);
	if (m->known)
		(void)world_ask(w, "known.zone.com.", TYPE_A, ASK_DO);
	for (unsigned i = 0; i < m->count; i++)
		spoil(i, &habits[m->habits[i]]);
	bool good = ends_in_time(m, m->type == TYPE_DNSKEY ? "zone.com." : "new1.zone.com.");
	good = ends_in_time(m, "new2.zone.com.") && good;
	world_run(w);
	end_world(NULL);
	return good;
}

// MIXTURES=n: so many times as many, which takes as much longer.
static unsigned times(void)
{
	const char *text = getenv("MIXTURES");

	return text != NULL && atoi(text) > 0 ? (unsigned)atoi(text) : 1;
}

static const uint16_t types[] = {TYPE_A, TYPE_DNSKEY, TYPE_AAAA, TYPE_HTTPS, TYPE_DS, 65400};

static void two_servers_with_any_two_habits_end_in_time(void **state)
{
	const unsigned turns = times();
	unsigned bad = 0;

	(void)state;
	seed = turns;
	for (unsigned i = 0; i < turns * HABITS * HABITS; i++) {
		const struct mixture m = {
			.count = 2,
			.habits = {(uint8_t)(i % HABITS), (uint8_t)(i / HABITS % HABITS)},
			.is_signed = draw(2) == 0,
			.known = draw(2) == 0,
			.type = types[draw(6)],
		};
		if (m.habits[0] <= m.habits[1])
			bad += !holds(&m);
	}
	assert_int_equal(bad, 0);
}

static void up_to_thirteen_servers_with_habits_of_their_own_end_in_time(void **state)
{
	unsigned bad = 0;

	(void)state;
	seed = 11;
	for (unsigned n = 0; n < 80 * times(); n++) {
		struct mixture m = {
			.count = 3 + draw(SERVERS_MAX - 2),
			.is_signed = draw(2) == 0,
			.known = draw(2) == 0,
			.type = types[draw(6)],
		};
		// Few habits in one mixture: many servers with the same one are another matter.
		const unsigned some[3] = {draw(HABITS), draw(HABITS), draw(HABITS)};
		for (unsigned i = 0; i < m.count; i++)
			m.habits[i] = (uint8_t)some[draw(3)];
		bad += !holds(&m);
	}
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(two_servers_with_any_two_habits_end_in_time),
		scenario(up_to_thirteen_servers_with_habits_of_their_own_end_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
