#include "control/resolver/crowd.h"

#include <assert.h>
#include <stdlib.h>

#define SLOTS 16384 // power of two

struct crowd {
	size_t places, taken;
	uint32_t counts[SLOTS];
};

struct crowd *crowd_new(size_t places)
{
	struct crowd *crowd = calloc(1, sizeof(*crowd));

	if (crowd != NULL)
		crowd->places = places;
	return crowd;
}

void crowd_free(struct crowd *crowd)
{
	free(crowd);
}

void crowd_leave(struct crowd *crowd, uint16_t *place)
{
	if (*place == 0)
		return;
	assert(crowd->counts[*place - 1] > 0 && crowd->taken > 0);
	crowd->counts[*place - 1]--;
	crowd->taken--;
	*place = 0;
}

void crowd_enter(struct crowd *crowd, uint16_t *place, uint64_t zone_hash)
{
	crowd_leave(crowd, place);
	*place = (uint16_t)(1 + (zone_hash & (SLOTS - 1)));
	crowd->counts[*place - 1]++;
	crowd->taken++;
}

bool crowd_is_full(const struct crowd *crowd, uint16_t place, size_t labels)
{
	const size_t half = crowd->places / 2;
	const size_t share = labels < 2 ? half : crowd->places / 8;

	return place != 0 && crowd->taken > half && crowd->counts[place - 1] > share;
}
