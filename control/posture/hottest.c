#include "control/posture/hottest.h"

#include <string.h>

#define SHARE 256

static void weigh(const struct dossier *dossier, void *arg)
{
	struct hottest *hottest = arg;
	uint32_t heat = dossier_heat(dossier, hottest->now_ms);
	size_t i = hottest->count < hottest->max ? hottest->count : hottest->max - 1;

	if (heat == 0 || (hottest->count == hottest->max && hottest->list[i].heat >= heat))
		return;
	if (hottest->count < hottest->max)
		hottest->count++;
	size_t place = 0;
	while (place < i && hottest->list[place].heat >= heat)
		place++;
	memmove(&hottest->list[place + 1], &hottest->list[place],
		(i - place) * sizeof(hottest->list[0]));
	name_copy(hottest->list[place].zone, dossier->zone);
	hottest->list[place].heat = heat;
}

bool hottest_some(struct hottest *hottest, const struct dossiers *dossiers, uint64_t now_ms)
{
	hottest->now_ms = now_ms;
	return hottest->max > 0 && dossiers_some(dossiers, &hottest->at, SHARE, weigh, hottest);
}
