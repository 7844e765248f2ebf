// Names, addresses and failures for tests of control/explain.
#pragma once

#include "control/explain/journal.h"
#include "dataplane/dns/name.h"
#include "dataplane/dns/types.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <string.h>

#define NOW_MS 1000000u
#define NOW_S  1800000000

static inline const uint8_t *name_of(const char *text)
{
	static uint8_t names[8][NAME_MAX_LEN];
	static unsigned turn;
	uint8_t *name = names[turn++ % 8];

	assert_true(name_from_text(text, name) > 0);
	return name;
}

static inline struct tried_server server_of(unsigned host, enum server_failure cause,
					    unsigned zone_labels)
{
	return (struct tried_server){
		.address = {4, {192, 0, 2, (uint8_t)host}},
		.cause = (uint8_t)cause,
		.zone_labels = (uint8_t)zone_labels,
		.ede = EDE_NONE,
		.ms = 20,
	};
}
