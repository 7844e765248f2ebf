// Pools: servers that stand in for one another because an operator says so (forward and stub
// zones).
//
// A question goes to the class with the lowest number that has a server which is neither out nor
// in doubt nor has failed this question; servers of other classes are not asked, not even to
// measure them. In the class, a server is asked in proportion to its weight divided by the square
// of how many times longer than the fastest it takes (smoothed RTT and variance; a quarter longer
// is as fast): of two that are equally fast, one with weight 3 gets three questions of four; of
// two with equal weights, one that takes twice as long gets one of five. One that has not answered
// yet counts as fast as the fastest. After a failure those come first that share no failure domain
// with the server that failed.
//
// Whether a server is out is upstream's knowledge (rating.h): it returns to its class, and the
// class to service, as it has answered its probe.
//
// Thread: control; pure.
#pragma once

#include "control/upstream/tls.h"
#include "dataplane/store.h" // struct address

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POOL_SERVERS_MAX 16
#define POOL_NAME_MAX    64 // with its NUL
#define POOL_DOMAIN_MAX  64
#define POOL_WEIGHT_MAX  1000

enum pool_transport { POOL_UDP, POOL_TCP, POOL_TLS };

struct pool_server {
	struct address address;
	uint16_t port;                // 0: 53, over TLS 853
	uint16_t priority;            // of its class, lower first
	uint16_t weight;              // 0: 1
	uint8_t transport;            // enum pool_transport
	char domain[POOL_DOMAIN_MAX]; // label of its failure domain; "": its /24 or /48
	struct tls_peer tls;          // POOL_TLS: who it must prove to be
};

// Servers differ in their address: health is kept for that.
struct pool {
	char name[POOL_NAME_MAX]; // "": of one zone alone, without a name
	size_t count;
	struct pool_server servers[POOL_SERVERS_MAX];
};

// A server on its way to be chosen.
struct pool_runner {
	bool runs;         // may be asked at all
	bool known;        // score_us was measured
	uint8_t standing;  // what speaks against it; the least goes first
	uint8_t shared;    // what it has in common with the server that failed last
	uint8_t tries;     // for this question
	uint16_t priority; // as above
	uint16_t weight;
	uint64_t score_us;
};

// How a zone uses its pool, for upstream_select_pool().
enum pool_use {
	POOL_INSTEAD = 1,   // there is somebody else to ask: none that is out but for a probe, and
			    // none twice
	POOL_RECURSIVE = 2, // the servers may have to ask others before they answer
};

// Uniform over 0..below-1.
typedef uint32_t (*pool_draw)(void *arg, uint32_t below);
// Index of the one to ask next, -1: none runs. Takes the others out of the race.
int pool_pick(struct pool_runner *runners, size_t count, pool_draw draw, void *arg)
	__attribute__((nonnull(1, 3), warn_unused_result));
