// Whether this host has what a configuration asks for: CPUs, memory, hugepages, the user,
// interfaces, addresses. Asks the kernel, changes nothing.
//
// Thread: any.
#pragma once

#include "control/config/config.h"

#include <stdbool.h>

// later: it may come by itself (an interface, an address): no reason not to start. Otherwise the
// start would fail.
typedef void (*host_visit)(const char *sentence, bool later, void *arg);

// One call for each thing that is missing, with "FILE:LINE: PATH: sentence".
void host_check(const struct config *config, host_visit visit, void *arg)
	__attribute__((nonnull(1, 2)));
// What keeps questions from leaving at present: upstream.interface or an address of upstream.source
// is not there, or the interface is down. False: nothing. Cheap enough for every second.
bool host_upstream_missing(const struct config *config, char sentence[CONFIG_ERROR_MAX])
	__attribute__((nonnull));
// Whether a service address stands on another interface than the tap at present, which is no tap
// and no loopback interface. Cheap enough for every second.
bool host_service_elsewhere(const struct config *config, char sentence[CONFIG_ERROR_MAX])
	__attribute__((nonnull));
