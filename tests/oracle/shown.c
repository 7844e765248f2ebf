#include "tests/oracle/shown.h"

#include "dataplane/dns/types.h"

// clang-format off
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <stdlib.h>

struct shown_at {
	uint8_t name[NAME_MAX_LEN];
	uint16_t type;
	uint64_t first_us[3]; // since when the latest of each kind was said
};

static struct shown_at *find(struct shown *shown, const uint8_t *name, uint16_t type)
{
	for (size_t i = 0; i < shown->count; i++) {
		if (shown->list[i].type == type && name_equal(shown->list[i].name, name))
			return &shown->list[i];
	}
	shown->list = realloc(shown->list, (shown->count + 1) * sizeof(*shown->list));
	assert_non_null(shown->list);
	struct shown_at *at = &shown->list[shown->count++];
	*at = (struct shown_at){.type = type};
	name_copy(at->name, name);
	return at;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

// That there is no such name is said of all its types but the DS, which another zone knows.
static uint64_t contradicted_us(const struct shown *shown, const uint8_t *name,
				enum shown_kind kind)
{
	uint64_t at_us = 0;

	for (size_t i = 0; i < shown->count; i++) {
		const struct shown_at *at = &shown->list[i];
		if (at->type == TYPE_DS || !name_equal(at->name, name))
			continue;
		at_us = later(at_us, kind == SHOWN_NXDOMAIN ? later(at->first_us[SHOWN_DATA],
								    at->first_us[SHOWN_NODATA])
							    : at->first_us[SHOWN_NXDOMAIN]);
	}
	return at_us;
}

const char *shown_add(struct shown *shown, const uint8_t *name, uint16_t type, enum shown_kind kind,
		      const struct spell *spell, uint64_t asked_us)
{
	struct shown_at *at = find(shown, name, type);
	uint64_t of_type_us = 0;

	for (size_t i = 0; i < 3; i++)
		of_type_us = later(of_type_us, at->first_us[i]);
	// What ended before the newer began, and comes after it.
	if (spell->last_us < asked_us && spell->last_us < of_type_us)
		return "older than what was shown before";
	if (type != TYPE_DS && spell->settled_us < asked_us &&
	    spell->last_us <= contradicted_us(shown, name, kind))
		return kind == SHOWN_NXDOMAIN ? "denied, by what is older than what was shown of it"
					      : "older than its denial, which was shown";
	at->first_us[kind] = later(at->first_us[kind], spell->first_us);
	return NULL;
}

void shown_free(struct shown *shown)
{
	free(shown->list);
}
