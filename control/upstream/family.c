#include "control/upstream/family.h"

static struct family *of(struct families *families, const struct address *server)
{
	return server->family == 4 ? &families->v4 : &families->v6;
}

void families_answer(struct families *families, const struct address *server, uint64_t now_us)
{
	struct family *family = of(families, server);

	family->answered_us = now_us;
	family->silent = 0;
}

void families_silence(struct families *families, const struct address *server, uint64_t zone,
		      uint64_t now_us)
{
	struct family *family = of(families, server);
	uint64_t network = 0;

	for (unsigned i = 0; i < (server->family == 4 ? 3u : 6u); i++)
		network = network << 8 | server->bytes[i];
	for (unsigned i = 0; i < family->silent; i++) {
		if (family->networks[i] == network)
			return;
	}
	if (family->silent == FAMILY_MANY || (family->silent > 0 && family->zone == zone))
		return;
	family->zone = zone;
	family->networks[family->silent++] = network;
	family->probe_us = now_us + FAMILY_PROBE_US;
}

static bool is_silent(const struct family *family, uint64_t now_us)
{
	bool was_well = family->answered_us != 0 && now_us < family->answered_us + FAMILY_WELL_US;

	return family->silent >= (was_well ? FAMILY_MANY : 1);
}

bool families_in_doubt(const struct families *families, const struct address *server,
		       uint64_t now_us)
{
	const struct family *own = server->family == 4 ? &families->v4 : &families->v6;
	const struct family *other = server->family == 4 ? &families->v6 : &families->v4;

	// When neither answers it is no family's fault.
	return is_silent(own, now_us) && !is_silent(other, now_us) && now_us < own->probe_us;
}

void families_probed(struct families *families, const struct address *server, uint64_t now_us)
{
	struct family *family = of(families, server);

	if (family->silent > 0 && now_us >= family->probe_us)
		family->probe_us = now_us + FAMILY_PROBE_US;
}

uint64_t families_lost_us(const struct families *families, unsigned family, uint64_t now_us)
{
	const struct family *own = family == 4 ? &families->v4 : &families->v6;
	const struct family *other = family == 4 ? &families->v6 : &families->v4;

	if (own->answered_us == 0 || own->silent < FAMILY_MANY || is_silent(other, now_us))
		return 0;
	return now_us - own->answered_us;
}
