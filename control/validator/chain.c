#include "control/validator/chain.h"

#include "dataplane/dns/name.h"
#include "dataplane/dns/types.h"

#define STEP_BY_STEP_MAX 6 // unknown names in a row that are asked for from the top

static size_t step_by_step_max(enum chain_order order)
{
	return order == CHAIN_FROM_TOP ? SIZE_MAX : order == CHAIN_TO_APEX ? STEP_BY_STEP_MAX : 0;
}

void chain_reach(struct trust *trust, const uint8_t *target, enum chain_order order,
		 const struct moment *moment, struct chain *out)
{
	size_t labels = name_labels(target), unknown = 0;
	const uint8_t *topmost = NULL, *at = target;
	bool target_unknown = false;

	*out = (struct chain){
		.end = CHAIN_INSECURE,
		.standing = {.ede = EDE_NONE, .expires_s = VALIDATION_NEVER_EXPIRES},
	};
	for (size_t up = 0; up <= labels; up++, at = name_skip(at, 1)) {
		struct standing standing;
		trust_standing(trust, at, moment, &standing);
		switch (standing.cut) {
		case CUT_UNKNOWN:
			topmost = at;
			unknown++;
			target_unknown |= up == 0;
			continue;
		case CUT_NONE:
			continue;
		case CUT_NOTHING_BELOW:
			topmost = NULL;
			unknown = 0;
			continue;
		case CUT_INSECURE:
			zone_touch(standing.zone);
			out->zone = at;
			out->standing = standing;
			return;
		case CUT_SECURE:
			break;
		}
		zone_touch(standing.zone);
		out->zone = at;
		out->standing = standing;
		out->need = target_unknown && unknown > step_by_step_max(order) ? target : topmost;
		out->end = topmost != NULL ? CHAIN_NEED : up == 0 ? CHAIN_SECURE : CHAIN_NO_CUT;
		return;
	}
}
