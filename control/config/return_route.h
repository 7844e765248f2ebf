// Whether the kernel would answer by the tap whoever may ask. TCP and ping come in by the tap; the
// answers of the host's stack go by its routes, which lead to networks behind a router by another
// interface, unless service.gateway or the operator sees to it.
//
// Thread: any; it may wait for the kernel.
#pragma once

#include "control/config/config.h"

#include <stdbool.h>
#include <stddef.h>

#define RETURN_ROUTES_AT_ONCE 32 // prefixes of access.allow that one call looks at

// Looks at the next prefixes from *at on, which then is where to go on; it stays at one that is
// bad. True: clients of such a prefix get no answer, with "FILE:LINE: PATH: sentence". Prefixes
// that allow by default say nothing of where clients are.
bool return_route_missing(const struct config *config, size_t *at, char sentence[CONFIG_ERROR_MAX])
	__attribute__((nonnull, warn_unused_result));
// The same of all of them, while no daemon runs: as far as can be known without the tap. Where a
// routing daemon speaks by it (service.peers) it makes the routes.
bool return_route_foreseen(const struct config *config, char sentence[CONFIG_ERROR_MAX])
	__attribute__((nonnull, warn_unused_result));
// Writes down, for who looks after the tap, a client behind service.gateway that may ask.
void return_route_clients(struct config *config) __attribute__((nonnull));
