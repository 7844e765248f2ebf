// Clients that ask on, while a TLD proves nothing at all of its servers or at some of them: no
// known name is lost from the first question on, and from the second second on nobody waits.
#include "tests/scenario/many.h"

#include <stdlib.h>

#define EVERY_MS  40
#define FOR_MS    24000
#define TTL_S     6 // so that every proof ends several times
#define ASKED     (FOR_MS / EVERY_MS)
#define HEALED_AT (ASKED * 3 / 4)
#define P99_MS    40
#define DELAY_MS  500

static const struct {
	const char *words;
	enum fault_kind kind;
	uint16_t type;
	bool slow; // it is found out late
	bool good_keys;
	uint32_t delay_ms; // 0: DELAY_MS
} faults[] = {
	{"silent", FAULT_DROP, 0},
	{"bogus", FAULT_BOGUS, 0},
	{"stripped", FAULT_STRIP, 0},
	{"SERVFAIL", FAULT_SERVFAIL, 0},
	{"REFUSED", FAULT_REFUSED, 0},
	{"FORMERR", FAULT_FORMERR, 0},
	{"upward referrals", FAULT_LAME, 0},
	{"malformed", FAULT_MALFORMED, 0,
	 true}, // which a forger may send: the right one is waited for
	{"unreachable", FAULT_UNREACHABLE, 0},
	{"truncated", FAULT_TRUNCATE_ALWAYS, 0, true},
	{"late", FAULT_DELAY, 0, true},
	{"a second late", FAULT_DELAY, 0, true, .delay_ms = 1000},
	{"two seconds late", FAULT_DELAY, 0, true, .delay_ms = 2000},
	{"three seconds late", FAULT_DELAY, 0, true, .delay_ms = 3000},
	{"three and a half seconds late", FAULT_DELAY, 0, true, .delay_ms = 3500},
	{"five seconds late", FAULT_DELAY, 0, true, .delay_ms = 5000},
	{"NXDOMAIN without proof", FAULT_NXDOMAIN, 0},
	{"bogus DS", FAULT_BOGUS, TYPE_DS},
	{"bogus DNSKEY", FAULT_BOGUS, TYPE_DNSKEY},
	{"silent to DS", FAULT_DROP, TYPE_DS},
	{"bogus, with good keys", FAULT_BOGUS, 0, .good_keys = true},
	{"signed by an unknown key", FAULT_UNKNOWN_KEY, 0},
	{"signed by an unknown key, with good keys", FAULT_UNKNOWN_KEY, 0, .good_keys = true},
	{"expired", FAULT_EXPIRED, 0},
	{"expired, with good keys", FAULT_EXPIRED, 0, .good_keys = true},
};
#define FAULTS (sizeof(faults) / sizeof(faults[0]))

static const struct {
	const char *words;
	unsigned providers, hosts, broken;
} places[] = {
	{"at all", 4, 2, 4},
	{"at 3 of 4", 4, 1, 3},
	{"at 1 of 2", 2, 1, 1},
	{"at both", 2, 1, 2},
};
#define PLACES (sizeof(places) / sizeof(places[0]))

static struct question *asked[ASKED];
static unsigned numbers;

static void name_of(unsigned n, char name[60])
{
	const char *apex = children[n % CHILDREN];

	if (n / CHILDREN % 2 == 0)
		snprintf(name, 60, "www.%s", apex);
	else
		snprintf(name, 60, "n%u.wild.%s", numbers++, apex);
}

static unsigned took_ms(size_t i)
{
	return (unsigned)((asked[i]->done_us - asked[i]->asked_us) / 1000);
}

// From the second second on, once somebody has noticed.
static bool is_fast(unsigned *late)
{
	size_t first = 0;

	while (first < ASKED && took_ms(first) <= P99_MS)
		first++;
	first += 1000 / EVERY_MS;
	*late = 0;
	for (size_t i = first; i < ASKED; i++)
		*late += took_ms(i) > P99_MS;
	return first >= ASKED || *late * 100 <= ASKED - first;
}

static unsigned count_lost(char *what, size_t size)
{
	unsigned lost = 0;

	for (size_t i = 0; i < ASKED; i++) {
		const struct question *q = asked[i];
		bool good = q->reply->rcode == RCODE_NOERROR &&
			    question_count_of(q, SECTION_ANSWER, TYPE_A) == 1;
		if (!good && lost++ == 0)
			snprintf(what, size, "number %zu: rcode %u, EDE %d %.80s after %u ms", i,
				 q->reply->rcode, q->reply->edns.ede, q->result->ede_text,
				 took_ms(i));
	}
	return lost;
}

static bool ask_on(size_t fault, size_t place, enum denial denial)
{
	const struct tld tld = {denial, places[place].providers, places[place].hosts, TTL_S};
	char name[60], what[300] = "";

	start_tld(&tld);
	for (unsigned n = 0; n < 2 * CHILDREN; n++) {
		name_of(n, name);
		assert_int_equal(world_ask(w, name, TYPE_A, ASK_DO)->reply->rcode, RCODE_NOERROR);
	}
	break_providers(&tld, denial, places[place].broken, faults[fault].kind, faults[fault].type);
	for (size_t i = 0; i < w->network.fault_count; i++) {
		uint32_t delay_ms = faults[fault].delay_ms;
		w->network.faults[i].delay_ms = delay_ms != 0 ? delay_ms : DELAY_MS;
		w->network.faults[i].good_keys = faults[fault].good_keys;
	}
	network_forget_log(&w->network);
	for (unsigned n = 0; n < ASKED; n++) {
		name_of(n, name);
		if (n == HEALED_AT)
			network_heal(&w->network);
		asked[n] = world_ask_later(w, name, TYPE_A, ASK_DO);
		assert_non_null(asked[n]);
		world_advance(w, EVERY_MS);
	}
	world_run(w);
	unsigned late, lost = count_lost(what, sizeof(what));
	bool fast = is_fast(&late) || faults[fault].slow;
	if (lost > 0 || !fast)
		print_message("%s %s, %s: %u of %u lost, %u late; %s\n", faults[fault].words,
			      places[place].words, denial_words[denial], lost, ASKED, late, what);
	end_world(NULL);
	return lost == 0 && fast;
}

static void b17_no_known_name_is_lost_or_waits_whatever_the_fault(void **state)
{
	unsigned bad = 0;

	(void)state;
	for (size_t fault = 0; fault < FAULTS; fault++) {
		if (getenv("ONLY") != NULL && strstr(faults[fault].words, getenv("ONLY")) == NULL)
			continue;
		for (size_t place = 0; place < PLACES; place++) {
			enum denial denial = (enum denial)((fault + place) % DENIALS);
			bad += !ask_on(fault, place, denial);
		}
	}
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(b17_no_known_name_is_lost_or_waits_whatever_the_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
