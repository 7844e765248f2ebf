// What is looked at on a thread of its own, because the kernel or a disk may make it wait: the data
// plane's ports, rules and cores, the way to servers, the folder of the state files; and control
// itself, of which nobody else could say that it stands.
//
// The functions below belong to control.
#pragma once

#include "control/alarms/alarms.h"
#include "control/config/config.h"
#include "dataplane/dataplane.h"

#define LOOKER_MS         500                 // between two looks
#define LOOKER_STALL_MS   1000                // without a heartbeat control stands
#define LOOKER_ROOM_LEAST (UINT64_C(1) << 20) // bytes that the state's file system has to have

struct looker;

// Once rights have been given up: it has those of its caller. Both are borrowed, until it is
// stopped. NULL: no memory or
// no thread.
struct looker *looker_start(const struct config *config, struct dataplane *dataplane)
	__attribute__((nonnull, warn_unused_result));
void looker_stop(struct looker *looker);
// Every heartbeat.
void looker_beat(struct looker *looker) __attribute__((nonnull));
// An alarms_ask of a struct looker.
void looker_alarms(void *looker, struct alarms *alarms) __attribute__((nonnull));
