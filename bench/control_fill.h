// What others may have made the resolver know: as much of it as it keeps.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct world;

// Text of com. with so many delegations: z0.com., at ns.z0.com., and so on. To be freed.
char *control_fill_text(size_t zones);
// Asks for the DS of each, and makes its delegation and its server known.
void control_fill_zones(struct world *world, size_t zones);
#define CONTROL_WAITING_MAX 64 // at once
// One question; its answer is forgotten. How many of them wait.
void control_ask(struct world *world, const char *name, uint16_t type);
size_t control_waiting(void);
// Failed resolutions, each with a cause that is not recorded, of as many zones.
void control_fill_failures(struct world *world, size_t count);
// Zones that were asked for lately, the hotter the later.
void control_fill_dossiers(struct world *world, size_t count);
// Zones without more than an SOA among cached denial.
void control_fill_denied(struct world *world, size_t count);
// For so long. NAME is of the first: n0.nta.example.
void control_fill_ntas(struct world *world, size_t count, uint32_t lifetime_s);
