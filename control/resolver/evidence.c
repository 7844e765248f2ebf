#include "control/resolver/evidence.h"

#include "dataplane/dns/types.h"

#include <stdlib.h>

#define SETS     8192 // power of two
#define WAYS     8
#define SILENT_2 2 // different questions, then the cut is down

struct record {
	uint64_t key;      // 0: free
	uint64_t since_ms; // what is said here is complete from then on
	uint64_t used_ms;
	uint64_t heard_ms, good_ms; // the last ones; 0: none
	uint64_t doubt_ms;          // when the question began that brought doubt; 0: there is none
	uint64_t bad_ms, bad;       // the first question that no server is good for; 0: none
	uint64_t failing_ms;        // when it began, once there is a second one; 0: there is not
	uint64_t down_until_ms;     // 0: not down since something was heard
	uint64_t silent;            // the first question that was silent to its end; 0: none
	uint16_t waiting;           // in doubt, and asking
	uint8_t steps;              // how often it went down since something was heard
	uint8_t errors;             // in a row, since something good was heard
	uint32_t generation;        // of another one: free
};

struct evidence {
	uint32_t generation; // forgetting all is a new one: nothing is walked through
	struct record sets[SETS][WAYS];
};

// What a cut's silence to its parent's questions is told by.
static const uint8_t referring[] = {EVIDENCE_A, EVIDENCE_STEP, EVIDENCE_AAAA, EVIDENCE_CLASSIC};

struct evidence *evidence_new(void)
{
	return calloc(1, sizeof(struct evidence));
}

void evidence_free(struct evidence *evidence)
{
	free(evidence);
}

void evidence_forget(struct evidence *evidence)
{
	evidence->generation++;
}

uint8_t evidence_kind(uint16_t type, bool minimised)
{
	switch (type) {
	case TYPE_A:
		return minimised ? EVIDENCE_STEP : EVIDENCE_A;
	case TYPE_AAAA:
		return EVIDENCE_AAAA;
	case TYPE_NS:
	case TYPE_CNAME:
	case TYPE_SOA:
	case TYPE_PTR:
	case TYPE_MX:
	case TYPE_TXT:
	case TYPE_DS:
		return EVIDENCE_CLASSIC;
	case TYPE_DNSKEY:
		return EVIDENCE_KEYS;
	case TYPE_SVCB:
	case TYPE_HTTPS:
		return EVIDENCE_SERVICE;
	default:
		return EVIDENCE_OTHER;
	}
}

static uint64_t key_of(uint64_t cut, uint8_t kind)
{
	uint64_t key = cut ^ (kind + 1) * UINT64_C(0x9e3779b97f4a7c15);

	return key != 0 ? key : 1;
}

static struct record *set_of(struct evidence *evidence, uint64_t key)
{
	return evidence->sets[key >> 20 & (SETS - 1)];
}

static struct record *find(const struct evidence *evidence, uint64_t cut, uint8_t kind)
{
	uint64_t key = key_of(cut, kind);
	struct record *set = set_of((struct evidence *)(uintptr_t)evidence, key);

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].key == key && set[i].generation == evidence->generation)
			return &set[i];
	}
	return NULL;
}

static struct record *use(struct evidence *evidence, uint64_t cut, uint8_t kind, uint64_t now_ms)
{
	struct record *record = find(evidence, cut, kind);

	if (record == NULL) {
		uint64_t key = key_of(cut, kind);
		struct record *set = set_of(evidence, key);
		record = set;
		for (size_t i = 1; i < WAYS; i++) {
			if (set[i].used_ms < record->used_ms)
				record = &set[i];
		}
		*record = (struct record){
			.key = key, .since_ms = now_ms, .generation = evidence->generation};
	}
	record->used_ms = now_ms;
	return record;
}

// Nothing is known of the time since the question began, or something was heard in it.
static bool outweighs(const struct record *record, uint64_t began_ms)
{
	return record == NULL || record->since_ms > began_ms || record->heard_ms > began_ms;
}

// The measure: addresses, asked for in the usual way.
static const struct record *measure(const struct evidence *evidence, uint64_t cut, uint8_t kind)
{
	return kind == EVIDENCE_A ? NULL : find(evidence, cut, EVIDENCE_A);
}

void evidence_asked(struct evidence *evidence, uint64_t cut, uint8_t kind, uint64_t now_ms)
{
	(void)use(evidence, cut, kind, now_ms);
}

static unsigned hear(struct record *record, uint64_t now_ms)
{
	unsigned ends = (record->doubt_ms != 0 ? EVIDENCE_DOUBT_ENDS : 0) |
			(record->down_until_ms != 0 ? EVIDENCE_DOWN_ENDS : 0);

	record->heard_ms = now_ms;
	record->doubt_ms = record->down_until_ms = 0;
	record->silent = 0;
	record->steps = 0;
	return ends;
}

unsigned evidence_heard(struct evidence *evidence, uint64_t cut, uint8_t kind, uint64_t now_ms)
{
	struct record *all = find(evidence, cut, EVIDENCE_A);
	unsigned ends = all != NULL ? hear(all, now_ms) : 0;

	return kind == EVIDENCE_A && all != NULL
		       ? ends
		       : ends | hear(use(evidence, cut, kind, now_ms), now_ms);
}

bool evidence_outweighed(const struct evidence *evidence, uint64_t cut, uint8_t kind,
			 uint64_t began_ms)
{
	return outweighs(find(evidence, cut, kind), began_ms);
}

bool evidence_doubted(struct evidence *evidence, uint64_t cut, uint8_t kind, uint64_t began_ms,
		      uint64_t now_ms, bool *place)
{
	struct record *record = use(evidence, cut, kind, now_ms);

	if (outweighs(record, began_ms))
		return true;
	if (record->doubt_ms == 0)
		record->doubt_ms = began_ms;
	if (!*place && record->waiting < EVIDENCE_DOUBT_MAX) {
		record->waiting++;
		*place = true;
	}
	return *place;
}

void evidence_left(struct evidence *evidence, uint64_t cut, uint8_t kind, bool *place)
{
	struct record *record = *place ? find(evidence, cut, kind) : NULL;

	*place = false;
	if (record != NULL && record->waiting > 0) // else it is a later one
		record->waiting--;
}

static void take_down(struct record *record, uint64_t now_ms)
{
	uint64_t for_ms = (uint64_t)EVIDENCE_DOWN_MS << record->steps;

	if (now_ms < record->down_until_ms)
		return;
	if (for_ms < EVIDENCE_DOWN_MAX)
		record->steps++;
	else
		for_ms = EVIDENCE_DOWN_MAX;
	record->down_until_ms = now_ms + for_ms;
}

bool evidence_unanswered(struct evidence *evidence, uint64_t cut, uint8_t kind, uint64_t question,
			 uint64_t began_ms, uint64_t now_ms)
{
	struct record *record = use(evidence, cut, kind, now_ms);

	if (outweighs(record, began_ms))
		return false;
	if (record->doubt_ms == 0)
		record->doubt_ms = began_ms;
	if (record->silent == 0)
		record->silent = question != 0 ? question : 1;
	if (record->silent == question && record->down_until_ms == 0)
		return false;
	take_down(record, now_ms);
	return true;
}

bool evidence_take_down(struct evidence *evidence, uint64_t cut, uint8_t kind, uint64_t began_ms,
			uint64_t now_ms)
{
	struct record *record = use(evidence, cut, kind, now_ms);
	bool was_down = record->down_until_ms != 0;

	if (outweighs(record, began_ms))
		return false;
	if (record->doubt_ms == 0)
		record->doubt_ms = began_ms;
	record->down_until_ms = now_ms + EVIDENCE_DOWN_MAX;
	return !was_down;
}

bool evidence_was_down(const struct evidence *evidence, uint64_t cut, uint8_t kind)
{
	const struct record *own = find(evidence, cut, kind);
	const struct record *all = measure(evidence, cut, kind);

	return (own != NULL && own->down_until_ms != 0) || (all != NULL && all->down_until_ms != 0);
}

uint64_t evidence_down_until_ms(const struct evidence *evidence, uint64_t cut, uint8_t kind,
				uint64_t now_ms)
{
	const struct record *own = find(evidence, cut, kind);
	const struct record *all = measure(evidence, cut, kind);

	if (own != NULL && own->down_until_ms > now_ms)
		return own->down_until_ms;
	if (all == NULL || all->down_until_ms <= now_ms ||
	    (own != NULL && own->heard_ms >= all->doubt_ms))
		return 0;
	return all->down_until_ms;
}

uint64_t evidence_heard_ms(const struct evidence *evidence, uint64_t cut)
{
	uint64_t heard_ms = 0;

	for (size_t i = 0; i < sizeof(referring); i++) {
		const struct record *record = find(evidence, cut, referring[i]);
		if (record != NULL && record->heard_ms > heard_ms)
			heard_ms = record->heard_ms;
	}
	return heard_ms;
}

uint64_t evidence_silent_ms(const struct evidence *evidence, uint64_t cut)
{
	uint64_t heard_ms = evidence_heard_ms(evidence, cut), silent_ms = 0;

	for (size_t i = 0; i < sizeof(referring); i++) {
		const struct record *record = find(evidence, cut, referring[i]);
		if (record != NULL && record->doubt_ms >= heard_ms && record->doubt_ms != 0 &&
		    (silent_ms == 0 || record->doubt_ms < silent_ms))
			silent_ms = record->doubt_ms;
	}
	return silent_ms;
}

void evidence_no_good(struct evidence *evidence, uint64_t cut, uint8_t kind, uint64_t question,
		      uint64_t began_ms, uint64_t now_ms)
{
	struct record *record = use(evidence, cut, kind, now_ms);

	if (record->since_ms > began_ms || record->good_ms >= began_ms)
		return;
	if (record->bad_ms == 0) {
		record->bad_ms = began_ms;
		record->bad = question;
	} else if (record->bad != question && record->failing_ms == 0) {
		record->failing_ms = record->bad_ms;
	}
}

static void be_good(struct record *record, uint64_t now_ms)
{
	record->good_ms = now_ms;
	record->bad_ms = record->failing_ms = 0;
	record->errors = 0;
}

void evidence_good(struct evidence *evidence, uint64_t cut, uint8_t kind, uint64_t now_ms)
{
	struct record *whole =
		(kind & 7) == EVIDENCE_STEP ? find(evidence, cut, EVIDENCE_A | (kind & ~7)) : NULL;

	be_good(use(evidence, cut, kind, now_ms), now_ms);
	if (whole != NULL)
		be_good(whole, now_ms);
}

bool evidence_failing(const struct evidence *evidence, uint64_t cut, uint8_t kind)
{
	const struct record *own = find(evidence, cut, kind);
	const struct record *all = measure(evidence, cut, kind);

	if (own != NULL && own->failing_ms != 0)
		return true;
	return all != NULL && all->failing_ms != 0 &&
	       (own == NULL || own->good_ms < all->failing_ms);
}

void evidence_erred(struct evidence *evidence, uint64_t cut, uint8_t kind, uint64_t now_ms)
{
	struct record *record = use(evidence, cut, kind, now_ms);

	record->errors += record->errors < EVIDENCE_ERRORS;
}

bool evidence_only_errs(const struct evidence *evidence, uint64_t cut, uint8_t kind)
{
	const struct record *record = find(evidence, cut, kind);

	return record != NULL && record->errors == EVIDENCE_ERRORS;
}

uint64_t evidence_good_ms(const struct evidence *evidence, uint64_t cut, uint8_t kind)
{
	const struct record *record = find(evidence, cut, kind);

	return record != NULL ? record->good_ms : 0;
}

uint64_t evidence_any_good_ms(const struct evidence *evidence, uint64_t cut)
{
	uint64_t good_ms = 0;

	for (uint8_t kind = 0; kind < EVIDENCE_TYPES; kind++) {
		uint64_t udp_ms = evidence_good_ms(evidence, cut, kind);
		uint64_t tcp_ms = evidence_good_ms(evidence, cut, kind | EVIDENCE_TCP);
		if (udp_ms > good_ms)
			good_ms = udp_ms;
		if (tcp_ms > good_ms)
			good_ms = tcp_ms;
	}
	return good_ms;
}
