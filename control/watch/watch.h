// What the daemon watches of itself and of its host, asked once a second: the functions behind most
// rows of control/alarms/names.h, a file for each part that they look at.
//
// Thread: control.
#pragma once

#include "control/alarms/alarms.h"
#include "control/config/config.h"
#include "control/resolver/resolver.h"
#include "control/upstream/upstream.h"
#include "control/validator/trust.h"
#include "control/validator/trust_points.h"
#include "dataplane/dataplane.h"
#include "dataplane/store.h"

// Borrowed; the alarms ask them until they are freed.
struct watch {
	const struct config *config;
	struct store *store;
	struct trust *trust;
	struct trust_points *points; // NULL: without trust anchors
	struct resolver *resolver;
	struct upstream *upstream;
	struct dataplane *dataplane;
	int64_t offset_s; // of the wall clock from the monotonic one, when it was last seen
	bool has_offset;
};

// All of the below, each an alarms_ask with a struct watch. False: no place.
bool watch_begin(struct watch *watch, struct alarms *alarms)
	__attribute__((nonnull, warn_unused_result));

// Whether every name is forwarded, and nobody stands behind the forwarders.
bool watch_forwards_all(const struct config *config) __attribute__((nonnull, pure));

void watch_config(void *watch, struct alarms *alarms);    // what it says and hardly means
void watch_upstream(void *watch, struct alarms *alarms);  // the way to servers
void watch_dataplane(void *watch, struct alarms *alarms); // ports and cores
void watch_store(void *watch, struct alarms *alarms);     // cache, clock, log
// Negative trust anchors, parents that prove nothing, signatures that are overdue.
void watch_resolver(void *watch, struct alarms *alarms);
