// The world that most tests of validation begin with: a root, example. and a signed zone below it.
#pragma once

#include "tests/unit/control/validator/driver.h"

#define ZONE signer_name("signed.example.")

static struct world w;

static inline int open_world(void **state)
{
	(void)state;
	world_standard(&w, NULL);
	return 0;
}

static inline int close_world(void **state)
{
	(void)state;
	world_close(&w);
	return 0;
}
