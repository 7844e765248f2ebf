// The exception path: a thread between the poll-mode cores and the kernel's tap. What is not
// DNS over UDP to a service address goes through here, and what the host's stack sends.
//
// One tap serves all ports, with the first port's hardware address (every port accepts it). A
// frame of the host's goes out by the port where its receiver was last seen as a sender, by the
// first port when it was never seen, and by all interfaces when it is a broadcast or multicast.
//
// Each class of frames has rings and a weight of its own in both directions. A turn of the thread
// is bounded; where it has to run on control's CPU it takes SHARE_PERCENT of it at most and gives
// way to control beyond that.
#pragma once

#include "dataplane/counters.h"
#include "dataplane/host/classes.h"
#include "dataplane/host/frames.h"
#include "dataplane/host/place.h"
#include "dataplane/host/probe.h"
#include "dataplane/host/tap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct host;
struct wake;

struct host_config {
	struct tap_config tap;
	struct peer_sessions *sessions; // those of tap.service
	struct place place;
	struct wake *senders[DATAPLANE_PORTS_MAX]; // sleep of the lcore that sends by the port
	bool repeats[DATAPLANE_PORTS_MAX];         // an earlier port sends by the same interface
	unsigned lcore_count, port_count;
};

// Opens the tap and starts the thread. 0, or -errno with a sentence.
int host_start(const struct host_config *config, struct host **out, char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));
// The lcores have ended. The tap disappears.
void host_stop(struct host *host);

// ---- poll-mode cores ----
// Copies a frame that came in by a port; false: the ring of its class is full, or the frame too
// long.
bool host_offer(struct host *host, unsigned lcore, enum exception_class class, uint8_t port,
		const uint8_t *frame, size_t len) __attribute__((nonnull));
// After a burst in which something was offered: wakes the thread if it sleeps.
void host_signal(struct host *host) __attribute__((nonnull));
// Frames to be sent by a port, lane by lane; one lcore per port reads them.
const struct frame *host_front(struct host *host, uint8_t port, enum sent_lane lane)
	__attribute__((nonnull));
void host_pop(struct host *host, uint8_t port, enum sent_lane lane) __attribute__((nonnull));

// ---- control ----
// Whether claim.h's rules could be made at the start.
bool host_claimed(const struct host *host) __attribute__((nonnull));
// What probe.h shares with the host thread, and a frame as if it had come from a client. Whoever
// looks, one at a time.
struct probe *host_probe(struct host *host) __attribute__((nonnull));
bool host_write(struct host *host, const uint8_t *frame, size_t len) __attribute__((nonnull));
// Whether the host's stack has sent something that the thread has not taken yet.
bool host_is_behind(const struct host *host) __attribute__((nonnull));
const struct host_counters *host_counters(const struct host *host) __attribute__((nonnull));
