// What clients were given. From memory nobody gets anything older than what somebody was given for
// the same name, whatever type it was asked for (ATTACKS B16).
#pragma once

#include "dataplane/dns/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum shown_kind { SHOWN_DATA, SHOWN_NODATA, SHOWN_NXDOMAIN };

// When some server said so: the versions of zones that do.
struct spell {
	uint64_t first_us, last_us;
	uint64_t settled_us; // none of their answers is under way any more, which others wait for
};

struct shown_at;
struct shown {
	struct shown_at *list; // by name and type
	size_t count;
};

// Notes it, or says why it must not be given to a question of asked_us: NULL, or words.
const char *shown_add(struct shown *shown, const uint8_t *name, uint16_t type, enum shown_kind kind,
		      const struct spell *spell, uint64_t asked_us);
void shown_free(struct shown *shown);
