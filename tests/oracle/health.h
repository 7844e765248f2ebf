// Whether each zone has a server of use: one that answers, with data that can be proven by what the
// servers above it say. Where every zone has one, and had for long enough, no question may fail.
#pragma once

#include "tests/oracle/authority.h"

struct health {
	struct active_fault {
		char address[48];
		size_t kind; // of those that health.c lists
	} faults[40];
	size_t fault_count;
};

// A line "fault ADDRESS KIND" or "heal ADDRESS"; false: it is neither.
bool health_change(struct health *health, struct network *network, const char *line);
// After each change of zones or faults.
void health_look(const struct health *health, struct authority *authority);
