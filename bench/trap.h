// Hostile questions, judged by the product's validator within a client query's budget: the zone's
// keys are known, everything else is done anew for each question.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define TRAP_KEYS 100 // of one tag and algorithm; as many signatures by them

struct trap;

// KeyTrap (CVE-2023-50387): an answer of one RRset, or with `denial` as many RRsets as a denial may
// hold, whose signatures are all wrong. algorithm: 8 (1024 bits), 13 or 14.
struct trap *trap_keys_new(uint8_t algorithm, bool denial) __attribute__((warn_unused_result));
// NSEC3 encloser (CVE-2023-50868): a name of 125 labels and 16 NSEC3 that match none of them.
struct trap *trap_hashes_new(uint16_t iterations) __attribute__((warn_unused_result));
void trap_free(struct trap *trap);

struct trap_work { // done, not only charged
	uint64_t questions;
	uint64_t verified, failed;
	uint64_t hashes;                               // NSEC3 hashes
	uint64_t most_failed, most_tried, most_hashes; // by one question
};

// One question, the next of many.
void trap_ask(struct trap *trap) __attribute__((nonnull));
const struct trap_work *trap_work(const struct trap *trap) __attribute__((nonnull, pure));
