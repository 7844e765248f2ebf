// What others may have made the resolver know: as much of it as it keeps.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct world;

// Failed resolutions, each with a cause that is not recorded, of as many zones.
void control_fill_failures(struct world *world, size_t count);
// Zones that were asked for lately, the hotter the later.
void control_fill_dossiers(struct world *world, size_t count);
// Zones without more than an SOA among cached denial.
void control_fill_denied(struct world *world, size_t count);
// For so long. NAME is of the first: n0.nta.example.
void control_fill_ntas(struct world *world, size_t count, uint32_t lifetime_s);
