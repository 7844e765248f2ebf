// IPv4 and IPv6 as a whole: when servers of one family are silent and the other's answer, questions
// go to the other first, so that a family that is dead costs no question more than one timeout
// (ATTACKS O23). One question every few seconds sees whether it is back.
//
// Thread: control.
#pragma once

#include "dataplane/store.h" // struct address

#include <stdbool.h>
#include <stdint.h>

#define FAMILY_MANY     3                        // silent networks, of a family that used to answer
#define FAMILY_WELL_US  (60 * UINT64_C(1000000)) // how long that counts
#define FAMILY_PROBE_US (5 * UINT64_C(1000000))

struct family {
	uint64_t answered_us; // 0: never
	uint64_t probe_us;    // it may be asked again
	uint64_t networks[FAMILY_MANY];
	uint64_t zone;  // hash, of the last silence
	uint8_t silent; // networks since the last answer
};
struct families {
	struct family v4, v6;
};

void families_answer(struct families *families, const struct address *server, uint64_t now_us)
	__attribute__((nonnull));
// One zone that all its servers drop says nothing about a family that answers others.
void families_silence(struct families *families, const struct address *server, uint64_t zone,
		      uint64_t now_us) __attribute__((nonnull));
// Servers of the family come after others.
bool families_in_doubt(const struct families *families, const struct address *server,
		       uint64_t now_us) __attribute__((nonnull));
// For how long a family that used to answer has been silent in several networks while the other one
// answers; 0: it is not so. A family that never answered is not missed.
uint64_t families_lost_us(const struct families *families, unsigned family, uint64_t now_us)
	__attribute__((nonnull));
// A question goes to it although it was in doubt.
void families_probed(struct families *families, const struct address *server, uint64_t now_us)
	__attribute__((nonnull));
