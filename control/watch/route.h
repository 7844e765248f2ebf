// Whether questions can leave the host at all: the kernel is asked for a route and for a source
// address towards servers, by upstream.interface and from upstream.source where they are set. An
// interface that keeps its link may have lost both.
//
// Thread: any; it may wait for the kernel.
#pragma once

#include "control/config/config.h"

#include <stdbool.h>

#define ROUTE_SERVERS_MAX 64 // that are looked at, of the root and of configured zones

// True: no server that is known by its configuration, of the root or of another zone, can be asked,
// with "FILE:LINE: PATH: sentence". What the kernel does not say counts as a route.
bool route_missing(const struct config *config, char sentence[CONFIG_ERROR_MAX])
	__attribute__((nonnull, warn_unused_result));
