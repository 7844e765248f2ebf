// Plays resolver for the validator's tests: a world of signed zones in which every NEED is
// answered, validated by a validation of its own, and learned, as far as it takes.
#pragma once

#include "control/validator/validator.h"
#include "crypto/batch.h"
#include "tests/unit/control/validator/signer.h"
#include "tests/unit/crypto/unit.h"

#define WORLD_ZONES_MAX 16
#define WORLD_STEPS_MAX 16
#define WORLD_ASKED_MAX 128

// Everything a step points at.
struct fixture {
	struct step step;
	const struct rrset *proofs[STEP_PROOFS_MAX];
};

struct world {
	struct batch *batch;
	struct trust *trust;
	struct budget budget;
	uint64_t now_ms;
	int64_t now_s;
	struct signer_zone *zones[WORLD_ZONES_MAX]; // owned
	size_t zone_count;
	struct {
		const uint8_t *name;
		uint16_t type;
		struct fixture fixture;
	} instead[WORLD_STEPS_MAX]; // of what the zones say
	size_t instead_count;
	struct rrset *kept[1024]; // owned
	size_t kept_count;
	struct {
		const uint8_t *name;
		uint16_t type;
		bool fresh;
	} asked[WORLD_ASKED_MAX]; // by NEED
	size_t asked_count;
	unsigned depth, depth_max;
	struct validation_result result; // of the last world_judge()
};

// No zones, no anchors.
void world_open(struct world *w);
void world_close(struct world *w);
// Takes the zone over.
struct signer_zone *world_add(struct world *w, struct signer_zone *zone);
void world_anchor(struct world *w, const struct signer_zone *zone); // a DS of its KSK

// Root, example., and signed.example. and others below (driver.c has the texts), the root's key
// being the anchor. `options` are those of signed.example.
void world_standard(struct world *w, const struct signer_zone_options *options);
extern const char world_signed_text[]; // of signed.example.
struct signer_zone *world_zone(struct world *w, const char *apex);

// The step that the zones' servers would lead to. False: nobody answers.
bool world_step(struct world *w, const char *name, uint16_t type, struct fixture *out);
// Another step in its place, also for NEEDs. Copied; its RRsets must live on (world_keep()).
void world_instead(struct world *w, const char *name, uint16_t type, const struct fixture *fixture);
struct rrset *world_keep(struct world *w, struct rrset *rrset);

// Validates to the end. WAIT never comes back, and NEED neither.
enum verdict world_judge(struct world *w, const struct step *step);
enum verdict world_ask(struct world *w, const char *name, uint16_t type);
// How often a NEED was asked for.
size_t world_asked(const struct world *w, const char *name, uint16_t type);

#define assert_verdict(seen, expected, w)                                                          \
	do {                                                                                       \
		enum verdict seen_ = (seen);                                                       \
		if (seen_ != (expected))                                                           \
			print_error("ede %d: %s\n", (w)->result.ede, (w)->result.reason);          \
		assert_int_equal(seen_, expected);                                                 \
	} while (0)
