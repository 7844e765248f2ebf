// What the files share that look for faults (faults.h). Private to faults*.c.
#pragma once

#include "dataplane/faults.h"
#include "dataplane/repair.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#define HOLD_MS         2000 // what comes and goes from look to look is one fault
#define FAULTS_TEXT_MAX 384

struct fault {
	enum dataplane_fault kind;
	unsigned index;
	uint64_t until_ms;
	char text[FAULTS_TEXT_MAX];
};

struct core {
	uint64_t polls, polls_ms; // and when that was another number
	uint64_t waited_ns, waited_ms;
};

#define PROBES_MISSED 3 // in a row, of one client; one may be lost to a neighbour that has gone

// What the host's stack was asked by the last look, in whose name.
struct asked {
	struct probe_client client;
	uint64_t bits;   // service addresses
	unsigned index;  // of TCP: the one
	unsigned missed; // looks whose questions were not answered
	unsigned turn;
};

struct faults {
	struct faults_of of;
	unsigned tap_ifindex;
	pthread_mutex_t lock; // of what is found
	struct fault found[FAULTS_MAX];
	size_t count;
	atomic_uint_least64_t repairs;

	// The looking thread's.
	uint64_t now_ms;
	struct fault seen[FAULTS_MAX];
	size_t seen_count;
	struct core cores[DATAPLANE_LCORES_MAX];
	uint64_t received, lost, no_buffer, no_ticket, no_ring;
	bool counted;
	struct repair program[DATAPLANE_PORTS_MAX], ingress[DATAPLANE_PORTS_MAX], silence, claim;
	struct repair addresses[SERVICE_ADDRESSES_MAX], routes[SERVICE_ADDRESSES_MAX], gateway,
		link;
	struct asked asked_neighbours[2], asked_tcp[2]; // IPv4, IPv6
	unsigned probes;                                // looks that may have asked
	bool narrow;                                    // its MTU was below that of IPv6
	bool announce; // neighbours may have learned another hardware address of the tap
	char closed[DATAPLANE_PORTS_MAX][IFNAMSIZ]; // interfaces with our rules of AF_PACKET
	bool kept[DATAPLANE_PORTS_MAX]; // the port accepts the hardware address of the start
};

// What tells the things that were mended apart.
enum {
	MENDED_SILENCE = DATAPLANE_PORTS_MAX,
	MENDED_CLAIM,
	MENDED_GATEWAY,
	MENDED_PROGRAM, // from here on there is one of each
	MENDED_LINK = MENDED_PROGRAM + DATAPLANE_PORTS_MAX,
	MENDED_ADDRESS,
	MENDED_ROUTES = MENDED_ADDRESS + SERVICE_ADDRESSES_MAX
};

// What tells the things that are wrong with the tap apart, behind its addresses.
enum {
	TAP_GATEWAY = SERVICE_ADDRESSES_MAX,
	TAP_LINK,
	TAP_NEIGHBOURS, // IPv4, IPv6
	TAP_ROUTES = TAP_NEIGHBOURS + 2
};

void faults_note(struct faults *faults, enum dataplane_fault kind, unsigned index, uint64_t for_ms,
		 const char *format, ...) __attribute__((format(printf, 5, 6), nonnull));
// Mends nothing itself: tried says how that went, 0 or an error with repair->why.
bool faults_mended(struct faults *faults, struct repair *repair, int tried, unsigned index,
		   const char *what) __attribute__((nonnull));
// The tap: there, up, as it was made, with its addresses and routes.
void faults_look_at_tap(struct faults *faults) __attribute__((nonnull));
// Whether the host's stack answers by it. Where the tap is at fault itself it is not asked.
void faults_probe(struct faults *faults) __attribute__((nonnull));
