// Whether the host's stack answers who is beside or behind the tap: asked as host/probe.h says, in
// the name of a client that the kernel knows beside the tap, another one each time.
#include "dataplane/faults_parts.h"
#include "dataplane/netlink_route.h"
#include "dataplane/parse/acl.h"
#include "dataplane/store.h"

#include <stdlib.h>
#include <string.h>

// Whose name can be used: who is beside the tap, its hardware address known, which the access list
// allows or, for ARP and ND, anybody.
struct choice {
	const struct store *store; // NULL: anybody
	const struct asked *asked;
	struct probe_client found;
	unsigned seen;
	bool kept;
	const struct address *gateway;
	struct probe_client router; // it, once it is seen beside the tap
};

static void consider(const struct netlink_neighbour *neighbour, void *arg)
{
	struct choice *choice = arg;
	const struct asked *asked = choice->asked;
	const struct address *address = &neighbour->address;
	const bool link_local =
		address->family == 6 && address->bytes[0] == 0xfe && address->bytes[1] == 0x80;

	if (memcmp(address, choice->gateway, sizeof(*address)) == 0) {
		choice->router.address = *address;
		memcpy(choice->router.mac, neighbour->mac, sizeof(neighbour->mac));
	}
	if (link_local || choice->kept ||
	    (choice->store != NULL && !store_allows(choice->store, address)))
		return;
	// TCP is asked for again in the name of who was not answered. Of ARP and ND no single
	// client decides, whom the operator may have shut out: that is critical.
	choice->kept = choice->store != NULL && asked->missed > 0 &&
		       memcmp(address, &asked->client.address, sizeof(*address)) == 0;
	if (choice->kept || choice->seen == 0 || choice->seen == asked->turn) {
		choice->found.address = *address;
		memcpy(choice->found.mac, neighbour->mac, sizeof(neighbour->mac));
	}
	choice->seen++;
}

// False: there was never anybody whose name could be used. Who was there last is used where there
// is nobody any more: a packet filter that keeps neighbours from us makes the kernel forget them.
static bool choose(struct faults *faults, struct asked *asked, uint8_t family,
		   const struct store *store)
{
	const struct tap_config *tap = &faults->of.tap;
	const struct address *distant = family == 4 ? &tap->distant_v4 : &tap->distant_v6;
	struct choice choice = {
		.store = store,
		.asked = asked,
		.gateway = family == 4 ? &tap->gateway_v4 : &tap->gateway_v6,
	};

	if (netlink_neighbours(family, faults->tap_ifindex, consider, &choice) != 0)
		return false;
	asked->turn = asked->turn + 1 < choice.seen ? asked->turn + 1 : 0;
	// Where all who may ask are behind the router, one of them; what is sent to it goes there.
	if (choice.seen == 0 && store != NULL && choice.router.address.family != 0 &&
	    distant->family != 0 && store_allows(store, distant)) {
		choice.found = choice.router;
		choice.found.address = *distant;
		choice.seen = 1;
	}
	if (choice.seen > 0)
		asked->client = choice.found;
	return asked->client.address.family != 0;
}

// ---- what was not answered ----

static uint64_t of_family(const struct faults *faults, uint8_t family)
{
	const struct service_addresses *service = faults->of.tap.service;
	uint64_t bits = 0;

	for (size_t i = 0; i < service->count; i++)
		bits |= (uint64_t)(service->list[i].family == family) << i;
	return bits;
}

// The first one that was asked about and is still waited for.
static const struct address *missing(struct faults *faults, const struct asked *asked,
				     uint64_t awaited)
{
	const struct service_addresses *service = faults->of.tap.service;
	uint64_t bits = awaited & asked->bits;

	return bits != 0 ? &service->list[__builtin_ctzll(bits)] : NULL;
}

static void judge_tcp(struct faults *faults, struct asked *asked, unsigned family,
		      const struct address *service)
{
	const char *tap = faults->of.tap.name;
	char client[ADDRESS_TEXT_MAX], address[ADDRESS_TEXT_MAX];

	if (asked->missed < PROBES_MISSED)
		return;
	address_to_text(&asked->client.address, client);
	address_to_text(service, address);
	faults_note(faults, DATAPLANE_TCP_LOST, family, 0,
		    "this host does not answer TCP from %s to %s port 53, by which whoever gets "
		    "TC=1 asks again: its packet filter has to let tcp dport 53 in on %s and the "
		    "answers out (nft list ruleset), a route to lead back (ip route get %s from %s "
		    "iif %s)",
		    client, address, tap, address, client, tap);
}

static void judge_neighbour(struct faults *faults, struct asked *asked, unsigned family,
			    const struct address *service)
{
	const char *tap = faults->of.tap.name;
	char client[ADDRESS_TEXT_MAX], address[ADDRESS_TEXT_MAX];

	if (asked->missed < PROBES_MISSED)
		return;
	address_to_text(&asked->client.address, client);
	address_to_text(service, address);
	faults_note(faults, DATAPLANE_TAP_LOST, TAP_NEIGHBOURS + (family == 6), 0,
		    "this host does not answer %s from %s for %s on the tap %s: once clients "
		    "forget its hardware address they reach it no more (%s)",
		    family == 4 ? "ARP" : "neighbour discovery", client, address, tap,
		    family == 4
			    ? "sysctl net.ipv4.conf.all.arp_ignore and that of the tap, nft list "
			      "ruleset, ip route"
			    : "nft list ruleset: ICMPv6 of the types nd-neighbor-solicit and "
			      "nd-neighbor-advert has to pass");
}

// ---- a look ----

static void write_probe(struct faults *faults, const uint8_t *frame, size_t len)
{
	(void)host_write(faults->of.exception, frame, len);
}

static void ask_neighbours(struct faults *faults, struct asked *asked, struct probe *probe)
{
	const struct service_addresses *service = faults->of.tap.service;
	uint8_t frame[PROBE_FRAME_MAX];

	probe_await(probe, &asked->client, asked->bits);
	for (unsigned i = 0; i < service->count; i++) {
		if (asked->bits >> i & 1)
			write_probe(faults, frame,
				    probe_neighbour(&asked->client, &service->list[i], frame));
	}
}

// The host answers a client by another interface in the same network: the client hears that, and
// we do not. XXX: where strict reverse path filtering drops such a client, nothing is said of it.
static bool leads_elsewhere(const struct faults *faults, const struct address *client,
			    const struct address *service)
{
	struct netlink_route route;

	return netlink_route_find(client, service, 0, &route) == 0 && route.ifindex != 0 &&
	       route.ifindex != faults->tap_ifindex;
}

// One address at a time, as packet filters may count the connections of a client; that which was
// not answered is asked for again.
static void ask_tcp(struct faults *faults, struct asked *asked, uint64_t bits, struct probe *probe)
{
	const struct service_addresses *service = faults->of.tap.service;
	uint8_t frame[PROBE_FRAME_MAX];

	while (asked->missed == 0 || (bits >> asked->index & 1) == 0) {
		asked->index = asked->index + 1 < service->count ? asked->index + 1 : 0;
		if (bits >> asked->index & 1)
			break;
	}
	if (leads_elsewhere(faults, &asked->client.address, &service->list[asked->index]))
		return;
	asked->bits = UINT64_C(1) << asked->index;
	atomic_fetch_or_explicit(&probe->tcp, asked->bits, memory_order_relaxed);
	write_probe(faults, frame,
		    probe_tcp(probe, asked->index, &asked->client, faults->of.tap.mac,
			      &service->list[asked->index], frame));
}

typedef void (*judge_of)(struct faults *faults, struct asked *asked, unsigned family,
			 const struct address *service);

// What the last look asked is answered within microseconds, if at all. behind: what the host's
// stack has sent since is not all heard, as the machine is crowded.
static void hear(struct faults *faults, struct asked *asked, unsigned family, uint64_t awaited,
		 bool behind, judge_of judge)
{
	const struct address *service = missing(faults, asked, awaited);

	if (service == NULL)
		asked->missed = 0;
	else if (!behind && asked->missed < PROBES_MISSED)
		asked->missed++;
	if (service != NULL)
		judge(faults, asked, family, service);
}

static void hear_all(struct faults *faults, struct probe *probe)
{
	const bool behind = host_is_behind(faults->of.exception);
	const uint64_t neighbour = atomic_load_explicit(&probe->neighbour, memory_order_relaxed);
	const uint64_t tcp = atomic_load_explicit(&probe->tcp, memory_order_relaxed);

	for (unsigned i = 0; i < 2; i++) {
		hear(faults, &faults->asked_neighbours[i], i == 0 ? 4 : 6, neighbour, behind,
		     judge_neighbour);
		hear(faults, &faults->asked_tcp[i], i == 0 ? 4 : 6, tcp, behind, judge_tcp);
	}
}

// Every other look is enough while all is well.
static bool is_due(const struct faults *faults, const struct asked *asked)
{
	return asked->missed > 0 || (faults->probes & 1) == 0;
}

static void ask_all(struct faults *faults, struct probe *probe)
{
	faults->probes++;
	for (unsigned i = 0; i < 2; i++) {
		struct asked *neighbours = &faults->asked_neighbours[i];
		struct asked *tcp = &faults->asked_tcp[i];
		const uint8_t family = i == 0 ? 4 : 6;
		const uint64_t bits = of_family(faults, family);

		if (bits == 0)
			continue;
		if (is_due(faults, neighbours) && choose(faults, neighbours, family, NULL)) {
			neighbours->bits = bits;
			ask_neighbours(faults, neighbours, probe);
		}
		if (is_due(faults, tcp) && choose(faults, tcp, family, faults->of.store))
			ask_tcp(faults, tcp, bits, probe);
	}
}

static bool tap_is_lost(const struct faults *faults)
{
	for (size_t i = 0; i < faults->seen_count; i++) {
		if (faults->seen[i].kind == DATAPLANE_TAP_LOST)
			return true;
	}
	return false;
}

void faults_probe(struct faults *faults)
{
	const bool lost = tap_is_lost(faults);

	if (faults->of.host == NULL)
		return;
	struct probe *probe = host_probe(faults->of.exception);
	if (!lost)
		hear_all(faults, probe);
	atomic_store_explicit(&probe->neighbour, 0, memory_order_relaxed);
	atomic_store_explicit(&probe->tcp, 0, memory_order_relaxed);
	for (unsigned i = 0; i < 2; i++)
		faults->asked_neighbours[i].bits = faults->asked_tcp[i].bits = 0;
	// A port that hardly any client uses, and numbers of their own for each look.
	atomic_store_explicit(&probe->connection,
			      (UINT64_C(1024) + arc4random() % 64512) << 32 | arc4random(),
			      memory_order_relaxed);
	if (!lost)
		ask_all(faults, probe);
}
