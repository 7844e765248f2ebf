// The packet path's parts, behind dataplane.h: dataplane.c starts and stops them, lcores.c the
// poll-mode cores, tickets.c is what control takes and gives back each turn, report.c what it says.
//
// Thread: control, unless another is named.
#pragma once

#include "dataplane/counters.h"
#include "dataplane/dataplane.h"
#include "dataplane/faults.h"
#include "dataplane/parse/exception.h"
#include "dataplane/port/port.h"
#include "dataplane/worker.h"

struct dataplane {
	struct dataplane_config config;     // device strings: the caller's, for starting only
	struct plain_service plain_service; // of config.service
	struct store *store;
	struct orders orders;
	struct beat beat;
	struct wake wake; // control's sleep
	struct wake core_wakes[DATAPLANE_LCORES_MAX];
	uint64_t measure_until_ms; // by the store's clock
	struct cycles reported;    // what dataplane_cycles() has seen
	bool eal, hugepages, launched;
	struct peer_sessions sessions;
	struct place place; // of the host thread
	struct host *host;
	struct faults *faults;
	size_t port_count, lcore_count; // so far
	struct port ports[DATAPLANE_PORTS_MAX];
	struct lcore *lcores[DATAPLANE_LCORES_MAX];
	struct device devices[DATAPLANE_PORTS_MAX];
	size_t device_count; // the configuration's, in parts where they have some
};

// ---- lcores.c ----

// The core, of those configured, that polls this queue of a port.
unsigned core_of(const struct dataplane *dataplane, const struct port *port, unsigned queue)
	__attribute__((nonnull));
int lcores_launch(struct dataplane *dataplane, char *err, size_t err_len) __attribute__((nonnull));
// Once they have ended, what they did not take any more is dropped with them.
void lcore_free(struct dataplane *dataplane, struct lcore *lcore) __attribute__((nonnull));
void results_drop(struct dataplane *dataplane, struct ticket_pool *pool) __attribute__((nonnull));
