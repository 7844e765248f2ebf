// Which CPU the host thread has.
#pragma once

#include "dataplane/dataplane.h"

#include <sched.h>
#include <stdbool.h>

struct place {
	cpu_set_t cpus;
	bool shared; // with control: a share of it alone
};

// allowed: the CPUs of this process before anything was bound. The configured one; else those that
// are neither a poll-mode core's nor control's; else control's.
struct place place_choose(const struct dataplane_config *config, const cpu_set_t *allowed)
	__attribute__((nonnull));
