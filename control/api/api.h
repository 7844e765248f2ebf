// The control socket's server side (control/api/protocol.h): verbs in one table, each a function of
// (context, arguments) → text and data.
//
// Thread: control.
#pragma once

#include "control/alarms/alarms.h"
#include "control/resolver/resolver.h"
#include "dataplane/dataplane.h"

#include <stddef.h>
#include <stdint.h>

struct uv_loop_s;
struct api;
struct drill_host; // control/drill/host.h
struct api_groups; // control/api/rights.h

typedef void (*api_counter_visit)(const char *name, const char *words, uint64_t value, void *arg);

// What the verbs work on. Pointers are borrowed.
struct api_context {
	struct store *store;
	struct resolver *resolver;
	struct upstream *upstream;
	struct trust *trust;
	struct drill_host *drills;
	const struct alarms *alarms;
	struct trust_points *points;     // NULL: without trust anchors
	const struct api_groups *groups; // who may connect beside the owner; NULL: nobody
	void (*counters)(void *arg, api_counter_visit visit,
			 void *visit_arg); // all of the daemon's
	// One line per call: ports, anchors, exceptions.
	void (*describe)(void *arg, void (*line)(const char *text, void *line_arg), void *line_arg);
	// As dataplane_cycles() has it.
	bool (*cycles)(void *arg, struct cycles *out, uint64_t *hz);
	void (*runs)(void *arg, const char *verb); // before each verb; NULL: nobody wants to know
	void (*stop)(void *arg);                   // asks the daemon to end
	void *arg;
	uint64_t started_ms; // set by api_open(), after which `status` counts the uptime
};

// Logs the life of every question from now on, as `log debug` does.
void api_log_questions(struct resolver *resolver) __attribute__((nonnull));

// Creates the socket (mode 0600, and an access list where there are groups; in a folder that is
// made when it is missing), owned by the calling thread's user. A stale socket is replaced; a live
// one, or a file that is no socket, is an error. The store's clock must be set. NULL with a
// sentence in err. The loop must run once more after a failure and after api_close().
struct api *api_open(struct uv_loop_s *loop, const char *path, const struct api_context *context,
		     char *err, size_t err_len) __attribute__((nonnull, warn_unused_result));
void api_close(struct api *api); // removes the socket
