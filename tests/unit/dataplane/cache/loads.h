// Included in front of everything by files that are compiled once more for tests of races: every
// atomic load that they make tells the test so, which may change what is published meanwhile. No
// file names the places where it loads: those that are written later are seen, too.
#pragma once

#include <stdatomic.h>

// Before each load; defined by the harness (tests/unit/dataplane/cache/race.c).
void race_load(void);

#undef atomic_load_explicit
#ifdef __clang__
#define atomic_load_explicit(place, order) (race_load(), __c11_atomic_load((place), (order)))
#else
#define atomic_load_explicit(place, order) (race_load(), __atomic_load_n((place), (order)))
#endif
