// THE seam to control (with dataplane/store.h): packets in, packets out, misses as tickets.
// No DPDK type in it. All functions belong to the control thread, which is also the thread
// that called dataplane_start() (EAL's main lcore).
#pragma once

#include "dataplane/cycles.h"
#include "dataplane/parse/packet.h"
#include "dataplane/silence.h"
#include "dataplane/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DATAPLANE_PORTS_MAX  8
#define DATAPLANE_LCORES_MAX 32

enum poll_mode { POLL_BUSY, POLL_ADAPTIVE };

struct dataplane_config {
	// DPDK device strings ("net_af_xdp0,iface=eth1", "0000:01:00.0"), in EAL's own syntax.
	// Must outlive the dataplane. A port of net_af_xdp does without a system call on every
	// empty poll when its string says busy_budget=0.
	const char *devices[DATAPLANE_PORTS_MAX];
	size_t device_count;
	struct service_addresses service; // answered; carried by the tap; and the peers
	uint32_t syn_per_s; // TCP connections begun, over all cores, that the host's stack sees
	unsigned lcores[DATAPLANE_LCORES_MAX]; // CPU numbers of the poll-mode cores
	size_t lcore_count;
	int control_cpu; // CPU of control and the rest; -1: not pinned
	int host_cpu;    // CPU of the host thread; -1: one that is left, else control's
	enum poll_mode poll;
	bool hugepages;             // allow them; used where they can be had
	bool hugepages_only;        // without them nothing starts
	bool hugepages_gone;        // at the start before, when they had been free: not used
	size_t packet_memory_bytes; // for mbufs, rings and EAL
	unsigned tickets;           // per lcore, power of two
	char file_prefix[32];       // EAL's
	char tap_name[16];          // "" : no exception path
	uint8_t service_prefix_v4,
		service_prefix_v6; // length of the on-link prefix the tap carries
	struct address gateway_v4,
		gateway_v6; // routers by which the host answers from them; family 0: none
	struct address distant_v4,
		distant_v6; // clients behind those, which may ask; family 0: nobody is named
	const struct silence_scope *silence; // whose rules are looked after; NULL: nobody's
	bool silent;                         // they are there
};

struct dataplane;
struct ticket; // one miss that waits for its result; memory of the lcore that made it

// What such a dataplane has for itself in its network namespace: interfaces and devices by which
// packets come, and the tap ("interface", "eth1").
typedef void (*owned_visit)(const char *kind, const char *name, void *arg);
void dataplane_owned(const struct dataplane_config *config, owned_visit visit, void *arg)
	__attribute__((nonnull(1, 2)));

// What the start would say of the devices, as far as their texts and this host's interfaces tell:
// nothing is opened. Of each that could not be opened its index, -errno and the sentence. ENODEV
// and ENETDOWN: at present.
typedef void (*device_visit)(size_t index, int code, const char *sentence, void *arg);
void dataplane_check_devices(const struct dataplane_config *config, device_visit visit, void *arg)
	__attribute__((nonnull(1, 2)));

// Initialises EAL, opens the ports, creates the tap and its thread, launches the lcores.
// Signals must be blocked already, and the store's clock set. Once in the life of a process:
// EAL cannot start again. The caller's CPU affinity becomes control_cpu, or stays as it was.
// 0, or -errno with a sentence that says what to do; -EAGAIN: hugepages that were free are gone,
// and another process may do without (hugepages_gone).
int dataplane_start(const struct dataplane_config *config, struct store *store,
		    struct dataplane **out, char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));

// Stop in the order of DESIGN §8. First no new misses (they are dropped, counted); control then
// fails or answers its tickets and calls dataplane_stop(), which answers SERVFAIL to misses
// not yet taken, waits at most 2 s for tickets outstanding, ends the lcores, closes ports and
// tap and leaves EAL. Tickets not returned by then, and their results, are gone.
void dataplane_drain(struct dataplane *dataplane) __attribute__((nonnull));
void dataplane_stop(struct dataplane *dataplane) __attribute__((nonnull));

// Readable when a lcore has queued misses or given tickets back while control slept.
int dataplane_wake_fd(const struct dataplane *dataplane) __attribute__((nonnull));
// Before control blocks: announces that it will sleep. False when something is queued
// already (do not block; dataplane_awake() is not needed then). After waking, for whatever
// reason: dataplane_awake(), which also empties the wake fd.
bool dataplane_may_sleep(struct dataplane *dataplane) __attribute__((nonnull));
void dataplane_awake(struct dataplane *dataplane) __attribute__((nonnull));

// Takes up to max misses; also collects tickets that were given back and drops their
// results' references. Returns how many.
size_t dataplane_misses(struct dataplane *dataplane, struct ticket **out, size_t max)
	__attribute__((nonnull));
const struct ticket_question *ticket_question(const struct ticket *ticket) __attribute__((nonnull));
// Gives the ticket back to its lcore with its result (takes a reference of its own; NULL: there was
// no memory for one). Each ticket exactly once. Cannot fail: the ring holds as many as there are
// tickets.
void dataplane_return(struct dataplane *dataplane, struct ticket *ticket,
		      struct store_result *result) __attribute__((nonnull(1, 2)));

// Publishes the clocks to the lcores and to the store (store_set_clock()) and says that control
// is alive. At least every 100 ms.
void dataplane_heartbeat(struct dataplane *dataplane, const struct store_clock *clock)
	__attribute__((nonnull));

// Counters summed over the lcores, drops by reason, ports, tap, tickets. `name` is a stable
// dotted name ("dataplane.hit"), words the operator's words; both are the visit's only.
// dataplane/counters.h has the list and what adds up to what.
typedef void (*counter_visit)(const char *name, const char *words, uint64_t value, void *arg);
void dataplane_counters(struct dataplane *dataplane, counter_visit visit, void *arg)
	__attribute__((nonnull(1, 2)));
// Where the poll-mode cores' time went since the last call, summed over them. The first call only
// begins to measure: false. It ends DATAPLANE_MEASURE_MS after the last one. *hz: of the counter.
#define DATAPLANE_MEASURE_MS 10000
bool dataplane_cycles(struct dataplane *dataplane, struct cycles *out, uint64_t *hz)
	__attribute__((nonnull));
// Ports, drivers, links, hugepages, queues in words: one line per call.
void dataplane_describe(struct dataplane *dataplane, void (*line)(const char *text, void *arg),
			void *arg) __attribute__((nonnull(1, 2)));
// What is wrong at present, with a sentence. index: of the port, the poll-mode core, or whatever
// tells it from others of its kind.
enum dataplane_fault {
	DATAPLANE_LINK_LOST,      // a port's interface is gone, down or without a carrier
	DATAPLANE_PROGRAM_LOST,   // its XDP program
	DATAPLANE_QUEUES_LOST,    // it receives on queues that nobody polls
	DATAPLANE_RULES_LOST,     // nftables: the kernel answers as well
	DATAPLANE_SILENCE_LOST,   // nftables: ICMP tells of open ports
	DATAPLANE_TAP_LOST,       // it is gone, down, changed, or without its addresses or routes
	DATAPLANE_CORE_STALLED,   // a poll-mode core does nothing
	DATAPLANE_CORE_PREEMPTED, // something else has its CPU
	DATAPLANE_DROPS,          // more packets are lost than a share
	DATAPLANE_EXHAUSTED,      // buffers, tickets or rings
	DATAPLANE_PORT_ADDRESS,   // an address of the host stands on a port's kernel interface
	DATAPLANE_PORT_MAC,       // a port's interface has another hardware address
	DATAPLANE_PORT_RENAMED,   // a port's interface is called otherwise than configured
	DATAPLANE_TCP_LOST,       // the host's stack does not answer TCP to a service address
	DATAPLANE_UNCLAIMED, // other interfaces of the host may answer ARP for service addresses
	DATAPLANE_MENDED,    // something of ours had been taken away, and has been put back
	DATAPLANE_FAULT_COUNT
};
// Looks, and mends what can be mended without harm. May wait for the kernel: on a thread of its
// own, which has CAP_NET_ADMIN; one call at a time, and none once dataplane_stop() has begun. What
// it finds is then given to dataplane_faults(), on control.
void dataplane_look(struct dataplane *dataplane) __attribute__((nonnull));
typedef void (*dataplane_fault_visit)(enum dataplane_fault fault, unsigned index, const char *text,
				      void *arg);
void dataplane_faults(struct dataplane *dataplane, dataplane_fault_visit visit, void *arg)
	__attribute__((nonnull(1, 2)));
