// The short lane of the poll-mode cores (dataplane/short.h), in front of everything else.
#pragma once

#include "dataplane/store.h"

// A message over UDP. The length of the reply, or 0: the short lane leaves it to the others.
size_t fast_ask(struct store *store, const struct store_clock *clock, const uint8_t *query,
		size_t len, uint8_t *reply, size_t cap);
