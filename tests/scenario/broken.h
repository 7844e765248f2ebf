// A TLD, com., that proves nothing in one of several ways, with a signed and an unsigned zone below
// it.
#pragma once

#include "tests/scenario/zones.h"

#define COM_A  "192.5.6.30"
#define COM_B  "198.51.101.30"
#define ORG_A  "192.5.7.30"
#define ORG_B  "198.51.102.30"
#define ROOT_A "192.88.0.1"
#define ROOT_B "198.41.0.4"

#define SIGNED_NAME   "www.example.com."
#define UNSIGNED_NAME "www.free.com."

static inline uint64_t took_ms(const struct question *q)
{
	return (q->done_us - q->asked_us) / 1000;
}

// The unsigned zone.
static inline void add_free(void)
{
	world_add(w, &(struct world_zone){
			     .apex = "free.com.",
			     .servers = "ns1.free.com.=192.0.2.30 ns2.free.com.=198.51.100.30",
			     .text = "www.free.com. 300 IN A 192.0.2.95\n"
				     "*.wild.free.com. 300 IN A 192.0.2.96\n",
			     .options = {.unsigned_ = true}});
}

// com. with a signed and two unsigned zones, a sub-zone of each kind.
static inline int start(void **state)
{
	(void)state;
	begin();
	add_example(w);
	add_plain(w);
	add_free();
	world_add(w, &(struct world_zone){.apex = "other.com.",
					  .servers = "ns1.other.com.=203.0.113.30",
					  .text = "www.other.com. 300 IN A 192.0.2.97\n"});
	world_start(w);
	return 0;
}
#define broken(f) cmocka_unit_test_setup_teardown(f, start, end_world)

// ---- faults ----

enum tld_fault {
	SILENT,
	BOGUS,
	WRONG_KEY,
	EXPIRED,
	STRIPPED,
	SERVFAIL,
	REFUSED,
	ONE_KEY,
	MIXED,
	TLD_FAULTS
};
static const char *const fault_words[] = {"silent",  "bogus",    "signed by an unknown key",
					  "expired", "stripped", "SERVFAIL",
					  "REFUSED", "one key",  "bogus and silent"};
static const enum fault_kind fault_kinds[] = {FAULT_DROP,    FAULT_BOGUS, FAULT_UNKNOWN_KEY,
					      FAULT_EXPIRED, FAULT_STRIP, FAULT_SERVFAIL,
					      FAULT_REFUSED, FAULT_BOGUS, FAULT_BOGUS};

static inline void break_servers(enum tld_fault fault, const char *a, const char *b)
{
	// The SOA and DNSKEY of a TLD may validate while its DS do not.
	const uint16_t type = fault == ONE_KEY ? TYPE_DS : 0;

	with((struct fault){.kind = fault_kinds[fault], .server = a, .type = type});
	with((struct fault){.kind = fault == MIXED ? FAULT_DROP : fault_kinds[fault],
			    .server = b,
			    .type = type});
	if (fault != ONE_KEY)
		return;
	// In referrals, too: those are asked for with type A.
	with((struct fault){.kind = FAULT_BOGUS, .server = a, .type = TYPE_A});
	with((struct fault){.kind = FAULT_BOGUS, .server = b, .type = TYPE_A});
}

static inline void break_com(enum tld_fault fault)
{
	break_servers(fault, COM_A, COM_B);
}

static inline struct question *ask_number(const char *zone, unsigned n)
{
	char name[60];

	snprintf(name, sizeof(name), "n%u.wild.%s", n, zone);
	return world_ask(w, name, TYPE_A, ASK_DO);
}

static inline void know_all(void)
{
	assert_answer(world_ask(w, SIGNED_NAME, TYPE_A, ASK_DO), RCODE_NOERROR, true, EDE_NONE);
	assert_answer(world_ask(w, UNSIGNED_NAME, TYPE_A, ASK_DO), RCODE_NOERROR, false, EDE_NONE);
}

// Twice the TTL of NS, DS, DNSKEY passes, and of what denies a DS.
static inline void outlive(enum tld_fault fault)
{
	know_all();
	break_com(fault);
	world_advance(w, 7200000);
	network_forget_log(&w->network);
}

static inline void assert_lives(const struct question *q, const char *address)
{
	if (q->reply->rcode != RCODE_NOERROR || q->reply->edns.ede != EDE_STALE_ANSWER)
		network_print_log(&w->network);
	assert_answer(q, RCODE_NOERROR, false, EDE_STALE_ANSWER);
	assert_false(q->result->stale); // it is fresh
	assert_address(q, address);
	assert_true(q->reply->sections[SECTION_ANSWER].rrsets[0]->ttl_s <= 30);
}
