#include "dataplane/faults_parts.h"
#include "dataplane/host/claim.h"
#include "dataplane/netlink.h"
#include "dataplane/port/addresses.h"
#include "dataplane/port/ingress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STALL_MS      1000
#define PREEMPTED     25 // percent of the time
#define SHARE_LEAST   50 // packets, and
#define SHARE_PERCENT 1

static uint64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct faults *faults_new(const struct faults_of *of)
{
	struct faults *faults = calloc(1, sizeof(*faults));

	if (!faults)
		return NULL;
	faults->of = *of;
	faults->tap_ifindex = of->host ? if_nametoindex(of->tap.name) : 0;
	faults->announce = true; // who knows the address from before may know another station's
	faults->silence.was_there = of->silent;
	faults->claim.was_there = of->claimed;
	for (size_t i = 0; i < of->port_count; i++)
		memcpy(faults->closed[i], of->ports[i].device.interface, IFNAMSIZ);
	pthread_mutex_init(&faults->lock, NULL);
	return faults;
}

void faults_free(struct faults *faults)
{
	if (!faults)
		return;
	pthread_mutex_destroy(&faults->lock);
	free(faults);
}

// ---- what is found ----

void faults_note(struct faults *faults, enum dataplane_fault kind, unsigned index, uint64_t for_ms,
		 const char *format, ...)
{
	struct fault *seen;
	va_list args;

	if (faults->seen_count == FAULTS_MAX)
		return;
	seen = &faults->seen[faults->seen_count++];
	seen->kind = kind;
	seen->index = index;
	seen->until_ms = faults->now_ms + for_ms;
	va_start(args, format);
	vsnprintf(seen->text, sizeof(seen->text), format, args);
	va_end(args);
}

static bool is_seen(const struct faults *faults, const struct fault *old)
{
	for (size_t i = 0; i < faults->seen_count; i++) {
		if (faults->seen[i].kind == old->kind && faults->seen[i].index == old->index)
			return true;
	}
	return false;
}

static void publish(struct faults *faults)
{
	for (size_t i = 0; i < faults->count && faults->seen_count < FAULTS_MAX; i++) {
		const struct fault *old = &faults->found[i];

		if (old->until_ms > faults->now_ms && !is_seen(faults, old))
			faults->seen[faults->seen_count++] = *old;
	}
	pthread_mutex_lock(&faults->lock);
	memcpy(faults->found, faults->seen, faults->seen_count * sizeof(faults->seen[0]));
	faults->count = faults->seen_count;
	pthread_mutex_unlock(&faults->lock);
}

void faults_each(struct faults *faults, dataplane_fault_visit visit, void *arg)
{
	struct fault found[FAULTS_MAX];
	size_t count;

	pthread_mutex_lock(&faults->lock);
	count = faults->count;
	memcpy(found, faults->found, count * sizeof(found[0]));
	pthread_mutex_unlock(&faults->lock);
	for (size_t i = 0; i < count; i++)
		visit(found[i].kind, found[i].index, found[i].text, arg);
}

uint64_t faults_repairs(const struct faults *faults)
{
	return atomic_load_explicit(&faults->repairs, memory_order_relaxed);
}

// ---- what is put back ----

bool faults_mended(struct faults *faults, struct repair *repair, int tried, unsigned index,
		   const char *what)
{
	if (tried != 0)
		return false;
	repair->why[0] = '\0';
	if (!repair->was_there)
		return true; // it could not be made at the start: nobody has taken it away
	atomic_fetch_add_explicit(&faults->repairs, 1, memory_order_relaxed);
	faults_note(faults, DATAPLANE_MENDED, index, HOLD_MS, "%s, and %s been put back", what,
		    index >= MENDED_PROGRAM ? "it has" : "they have");
	return true;
}

// Why it is not there, for the end of a sentence.
static const char *why(const struct faults *faults, const struct repair *repair, char *out,
		       size_t len)
{
	char wait[48];

	repair_wait(repair, faults->now_ms, wait, sizeof(wait));
	if (repair->why[0] != '\0')
		snprintf(out, len, "%s%s", repair->why, wait);
	else
		snprintf(out, len, "our nftables rules are taken away again and again%s", wait);
	return out;
}

// ---- ports ----

// Since Linux 6.16 a hook is on the interface of that name, and leaves one that gets another.
static bool follow_name(struct faults *faults, unsigned i, const char *interface)
{
	struct repair *repair = &faults->ingress[i];
	char *closed = faults->closed[i];

	if (strcmp(interface, closed) == 0)
		return true;
	if (ingress_close(faults->of.ports[i].device.interface, interface, repair->why,
			  sizeof(repair->why)) != 0)
		return false;
	snprintf(closed, sizeof(faults->closed[i]), "%s", interface);
	repair->why[0] = '\0';
	return true;
}

static void look_at_rules(struct faults *faults, unsigned i)
{
	const char *configured = faults->of.ports[i].device.interface;
	struct repair *repair = &faults->ingress[i];
	char what[96], text[320], interface[IFNAMSIZ];
	int there = follow_name(faults, i, port_interface(&faults->of.ports[i], interface))
			    ? ingress_is_closed(configured)
			    : 0;

	if (there > 0)
		repair_there(repair, faults->now_ms);
	if (there != 0)
		return;
	snprintf(what, sizeof(what), "our nftables rules for %s were gone", interface);
	repair->was_there = true; // or the start would have failed
	if (repair_due(repair, faults->now_ms) &&
	    faults_mended(faults, repair,
			  ingress_close(configured, interface, repair->why, sizeof(repair->why)), i,
			  what))
		return;
	faults_note(faults, DATAPLANE_RULES_LOST, i, 0,
		    "port %u: the kernel answers every packet on %s as well: %s", i, interface,
		    why(faults, repair, text, sizeof(text)));
}

// The sockets outlive their program: it is put on the interface again. Another's is left there.
static bool program_is_back(struct faults *faults, unsigned i)
{
	const struct port *port = &faults->of.ports[i];
	struct repair *repair = &faults->program[i];
	char what[96], interface[IFNAMSIZ];
	uint32_t id;

	repair->was_there = true;
	if (!port->program_held || netlink_xdp_program(port->device.ifindex, &id) != 0 || id != 0 ||
	    !repair_due(repair, faults->now_ms))
		return false;
	snprintf(what, sizeof(what), "the XDP program on %s was gone",
		 port_interface(port, interface));
	return faults_mended(faults, repair,
			     netlink_xdp_attach(port->device.ifindex, port->program_fd),
			     MENDED_PROGRAM + i, what);
}

// Ports are queues: what is said of an interface is said by the first of them.
static bool repeats_interface(const struct faults *faults, unsigned i)
{
	const struct device *device = &faults->of.ports[i].device;

	for (unsigned k = 0; device->ifindex != 0 && k < i; k++) {
		if (faults->of.ports[k].device.ifindex == device->ifindex)
			return true;
	}
	return false;
}

// Without a tap the frames of the host are dropped anyway.
static void look_at_host_address(struct faults *faults, unsigned i)
{
	const char *tap = faults->of.tap.name;
	char address[PORT_ADDRESS_TEXT_MAX], interface[IFNAMSIZ];

	if (faults->of.host == NULL ||
	    !port_address(port_interface(&faults->of.ports[i], interface), address))
		return;
	faults_note(
		faults, DATAPLANE_PORT_ADDRESS, i, 0,
		"%s stands on %s, whose frames go to the tap: the kernel loses its neighbours "
		"there, and with them TCP: ip address delete %s dev %s && ip address add %s dev %s",
		address, interface, address, interface, address, tap);
}

// The tap goes on telling that of the start, and no other is taken for ours.
static void look_at_station(struct faults *faults, unsigned i)
{
	const struct port *port = &faults->of.ports[i];
	const uint8_t *mac = port->mac;
	char interface[IFNAMSIZ];
	struct netlink_link link;

	if (port->device.ifindex == 0 || memcmp(mac, faults->of.tap.mac, sizeof(port->mac)) != 0 ||
	    netlink_link(port->device.ifindex, &link) != 0 ||
	    memcmp(mac, link.mac, sizeof(link.mac)) == 0)
		return;
	if (!faults->kept[i])
		port_keep_station(port, mac);
	faults->kept[i] = true;
	port_interface(port, interface);
	faults_note(
		faults, DATAPLANE_PORT_MAC, i, 0,
		"%s has another hardware address than at the start, which neighbours are told: ip "
		"link set %s address %02x:%02x:%02x:%02x:%02x:%02x",
		interface, interface, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

// It goes on by its index; the next start looks for the name.
static void look_at_name(struct faults *faults, unsigned i)
{
	const struct port *port = &faults->of.ports[i];
	const char *configured = port->device.interface;
	char interface[IFNAMSIZ];

	if (strcmp(port_interface(port, interface), configured) != 0)
		faults_note(faults, DATAPLANE_PORT_RENAMED, i, 0,
			    "port %u: the interface %s is called %s now: questions by it are "
			    "answered, but the next start will not find it (ip link set %s name "
			    "%s, or write %s in the configuration)",
			    i, configured, interface, interface, configured, interface);
}

static void look_at_port(struct faults *faults, unsigned i)
{
	const struct port *port = &faults->of.ports[i];
	char text[FAULTS_TEXT_MAX];

	if (repeats_interface(faults, i))
		return;
	if (port_link_lost(port, i, text, sizeof(text))) {
		faults_note(faults, DATAPLANE_LINK_LOST, i, 0, "%s", text);
		return; // the rest would be said of nothing
	}
	if (!port_program_lost(port, i, text, sizeof(text)))
		repair_there(&faults->program[i], faults->now_ms);
	else if (!program_is_back(faults, i))
		faults_note(faults, DATAPLANE_PROGRAM_LOST, i, 0, "%s", text);
	if (port_queues_lost(faults->of.ports, faults->of.port_count, i, text, sizeof(text)))
		faults_note(faults, DATAPLANE_QUEUES_LOST, i, 0, "%s", text);
	if (port->ingress_closed)
		look_at_rules(faults, i);
	look_at_name(faults, i);
	look_at_host_address(faults, i);
	look_at_station(faults, i);
}

// there: below zero, it cannot be seen, and is believed to be as it was.
static bool is_there(const struct faults *faults, struct repair *repair, int there)
{
	if (there > 0)
		repair_there(repair, faults->now_ms);
	return there > 0 || (there < 0 && repair->was_there);
}

// ---- rules against ICMP errors ----

static void look_at_silence(struct faults *faults)
{
	const struct silence_scope *scope = faults->of.silence;
	struct repair *repair = &faults->silence;
	int there = scope ? silence_holds(scope) : 1;
	char text[320];

	if (is_there(faults, repair, there))
		return;
	if (repair_due(repair, faults->now_ms) &&
	    faults_mended(faults, repair, silence_begin(scope, repair->why, sizeof(repair->why)),
			  MENDED_SILENCE, "our nftables rules against ICMP errors were gone"))
		return;
	faults_note(faults, DATAPLANE_SILENCE_LOST, 0, 0,
		    "open ports towards servers may be told by ICMP: %s",
		    why(faults, repair, text, sizeof(text)));
}

// ---- rules that keep other interfaces from answering ARP ----

static void look_at_claim(struct faults *faults)
{
	const struct tap_config *tap = &faults->of.tap;
	struct repair *repair = &faults->claim;
	int there = faults->of.host ? claim_holds(tap->name, tap->service) : 1;
	char text[320];

	if (is_there(faults, repair, there))
		return;
	if (repair_due(repair, faults->now_ms) &&
	    faults_mended(faults, repair,
			  claim_begin(tap->name, tap->service, repair->why, sizeof(repair->why)),
			  MENDED_CLAIM,
			  "our nftables rules against ARP by other interfaces were gone"))
		return;
	if (!claim_needless())
		faults_note(faults, DATAPLANE_UNCLAIMED, 0, 0,
			    "other interfaces of the host may answer ARP for the service "
			    "addresses, and "
			    "questions go astray: %s",
			    why(faults, repair, text, sizeof(text)));
}

// ---- cores ----

// What the kernel let the thread wait for a CPU, in nanoseconds; 0: not known.
static uint64_t waited_ns(int tid)
{
	uint64_t ran, waited = 0;
	char path[64];
	FILE *stream;

	snprintf(path, sizeof(path), "/proc/self/task/%d/schedstat", tid);
	stream = tid > 0 ? fopen(path, "re") : NULL;
	if (!stream)
		return 0;
	if (fscanf(stream, "%" SCNu64 " %" SCNu64, &ran, &waited) != 2)
		waited = 0;
	fclose(stream);
	return waited;
}

static void look_at_waiting(struct faults *faults, unsigned i, struct core *core)
{
	uint64_t waited =
		waited_ns(atomic_load_explicit(&faults->of.lcores[i]->tid, memory_order_relaxed));
	uint64_t passed_ms = faults->now_ms - core->waited_ms;

	if (passed_ms < STALL_MS)
		return;
	uint64_t percent = (waited - core->waited_ns) / 10000 / passed_ms;
	if (core->waited_ms > 0 && waited > core->waited_ns && percent >= PREEMPTED)
		faults_note(faults, DATAPLANE_CORE_PREEMPTED, i, HOLD_MS,
			    "poll-mode core %u waits for CPU %u %" PRIu64
			    " %% of the time: something else runs there",
			    i, faults->of.cpus[i], percent);
	core->waited_ns = waited;
	core->waited_ms = faults->now_ms;
}

static void look_at_core(struct faults *faults, unsigned i)
{
	const struct lcore *lcore = faults->of.lcores[i];
	struct core *core = &faults->cores[i];
	uint64_t polls = COUNTED(lcore->counters.polls);

	if (polls != core->polls || core->polls_ms == 0) {
		core->polls = polls;
		core->polls_ms = faults->now_ms;
	} else if (faults->now_ms - core->polls_ms >= STALL_MS) {
		faults_note(faults, DATAPLANE_CORE_STALLED, i, 0,
			    "poll-mode core %u on CPU %u stands since %" PRIu64
			    " ms: nobody answers what comes by its queues",
			    i, faults->of.cpus[i], faults->now_ms - core->polls_ms);
	}
	look_at_waiting(faults, i, core);
}

// ---- what is lost ----

static uint64_t grown(uint64_t *before, uint64_t now)
{
	uint64_t more = now > *before ? now - *before : 0;

	*before = now;
	return more;
}

static void look_at_losses(struct faults *faults)
{
	struct lcore_counters sum = {0};
	uint64_t missed = 0, no_mbuf = 0, crowded = 0;

	for (size_t i = 0; i < faults->of.lcore_count; i++)
		lcore_counters_add(&sum, &faults->of.lcores[i]->counters);
	for (size_t i = 0; i < faults->of.port_count; i++)
		port_losses(&faults->of.ports[i], &missed, &no_mbuf);
	if (faults->of.host)
		crowded = COUNTED(faults->of.host->from_tap_dropped);
	no_mbuf += sum.drops[DROP_no_mbuf] + sum.from_host_dropped + sum.ticket_dropped;
	crowded += sum.drops[DROP_exception_full];
	uint64_t tickets = sum.drops[DROP_miss_full] + sum.stale_full;
	uint64_t lost = missed + no_mbuf + crowded + sum.drops[DROP_miss_full] + sum.tx_dropped;
	uint64_t received = grown(&faults->received, sum.received + missed);
	uint64_t more = grown(&faults->lost, lost);
	uint64_t buffers = grown(&faults->no_buffer, no_mbuf);
	uint64_t out = grown(&faults->no_ticket, tickets);
	uint64_t rings = grown(&faults->no_ring, crowded);

	if (!faults->counted) {
		faults->counted = true; // from here on
		return;
	}
	if (more >= SHARE_LEAST && more * 100 >= received * SHARE_PERCENT)
		faults_note(faults, DATAPLANE_DROPS, 0, HOLD_MS,
			    "%" PRIu64 " of %" PRIu64
			    " packets of the last half second were lost for "
			    "want of room (assayctl stats)",
			    more, received);
	if (buffers > 0)
		faults_note(faults, DATAPLANE_EXHAUSTED, 0, HOLD_MS,
			    "no packet buffer was left, for %" PRIu64 " packets", buffers);
	if (out > 0)
		faults_note(faults, DATAPLANE_EXHAUSTED, 1, HOLD_MS,
			    "no ticket was left, for %" PRIu64
			    " questions that control was to be asked about",
			    out);
	if (rings > 0)
		faults_note(faults, DATAPLANE_EXHAUSTED, 2, HOLD_MS,
			    "a ring between the cores and the tap was full, for %" PRIu64 " frames",
			    rings);
}

void faults_look(struct faults *faults)
{
	faults->now_ms = clock_ms();
	faults->seen_count = 0;
	for (unsigned i = 0; i < faults->of.port_count; i++)
		look_at_port(faults, i);
	faults_look_at_tap(faults);
	faults_probe(faults);
	look_at_silence(faults);
	look_at_claim(faults);
	for (unsigned i = 0; i < faults->of.lcore_count; i++)
		look_at_core(faults, i);
	look_at_losses(faults);
	publish(faults);
}
