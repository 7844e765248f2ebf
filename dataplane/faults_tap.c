#include "dataplane/faults_parts.h"
#include "dataplane/host/routes.h"
#include "dataplane/netlink.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

// What tells what is wrong with it apart, behind its addresses.
enum { TAP_GATEWAY = SERVICE_ADDRESSES_MAX };

static bool same_address(const struct sockaddr *found, const struct address *wanted)
{
	if (wanted->family == 4)
		return found->sa_family == AF_INET &&
		       memcmp(&((const struct sockaddr_in *)(const void *)found)->sin_addr,
			      wanted->bytes, 4) == 0;
	return found->sa_family == AF_INET6 &&
	       memcmp(&((const struct sockaddr_in6 *)(const void *)found)->sin6_addr, wanted->bytes,
		      16) == 0;
}

static bool tap_has(const struct faults *faults, const struct ifaddrs *list,
		    const struct address *address)
{
	for (; list; list = list->ifa_next) {
		if (list->ifa_addr && strcmp(list->ifa_name, faults->of.tap.name) == 0 &&
		    same_address(list->ifa_addr, address))
			return true;
	}
	return false;
}

// Whether it is back.
static bool look_at_address(struct faults *faults, unsigned i)
{
	const struct tap_config *tap = &faults->of.tap;
	const struct address *address = &tap->service->list[i];
	uint8_t prefix = address->family == 4 ? tap->prefix_v4 : tap->prefix_v6;
	uint8_t whole = address->family == 4 ? 32 : 128;
	struct repair *repair = &faults->addresses[i];
	char text[ADDRESS_TEXT_MAX], what[128], wait[48];
	int code = 0;

	if (prefix == 0)
		prefix = whole;
	address_to_text(address, text);
	snprintf(what, sizeof(what), "the address %s of the tap %s was gone", text, tap->name);
	repair->was_there = true;
	if (repair_due(repair, faults->now_ms)) {
		code = netlink_address_add(faults->tap_ifindex, address, prefix);
		if (faults_mended(faults, repair, code, MENDED_ADDRESS + i, what))
			return true;
		repair_failed(repair);
	}
	faults_note(
		faults, DATAPLANE_TAP_LOST, i, 0,
		"the tap %s has no address %s%s%s: nobody answers ARP, ND, ping and TCP for it (ip "
		"address add %s/%u dev %s)%s",
		tap->name, text, code < 0 ? ", and takes none: " : "",
		code < 0 ? strerror(-code) : "", text, prefix, tap->name,
		repair_wait(repair, faults->now_ms, wait, sizeof(wait)));
	return false;
}

// ---- the way to clients behind a router ----

static void look_at_gateway(struct faults *faults)
{
	const struct tap_config *tap = &faults->of.tap;
	struct repair *repair = &faults->gateway;
	char wait[48];
	int code = 0;

	if (routes_hold(tap, faults->tap_ifindex) != 0) {
		repair_there(repair, faults->now_ms);
		return;
	}
	repair->was_there = true;
	if (repair_due(repair, faults->now_ms)) {
		code = routes_put(tap, faults->tap_ifindex);
		if (faults_mended(faults, repair, code, MENDED_GATEWAY,
				  "routes or rules of service.gateway were gone"))
			return;
		repair_failed(repair);
	}
	faults_note(faults, DATAPLANE_TAP_LOST, TAP_GATEWAY, 0,
		    "routes of table %u or rules of priority %d are %s%s: TCP and ping of clients "
		    "behind service.gateway get no answer by the tap %s (ip rule, ip route show "
		    "table %u)%s",
		    routes_table(tap->name), ROUTES_PRIORITY,
		    code < 0 ? "gone, and cannot be made: " : "taken away again and again",
		    code < 0 ? strerror(-code) : "", tap->name, routes_table(tap->name),
		    repair_wait(repair, faults->now_ms, wait, sizeof(wait)));
}

void faults_look_at_tap(struct faults *faults)
{
	const struct tap_config *tap = &faults->of.tap;
	struct ifaddrs *list;
	int flags;

	if (!faults->of.host)
		return;
	flags = if_nametoindex(tap->name) == faults->tap_ifindex ? interface_flags(tap->name) : -1;
	if (flags < 0)
		faults_note(
			faults, DATAPLANE_TAP_LOST, 0, 0,
			"the tap %s is gone: nobody answers ARP, ND, ping and TCP for the service "
			"addresses",
			tap->name);
	else if (!(flags & IFF_UP))
		faults_note(
			faults, DATAPLANE_TAP_LOST, 0, 0,
			"the tap %s is down: nobody answers ARP, ND, ping and TCP for the service "
			"addresses",
			tap->name);
	if (flags < 0 || !(flags & IFF_UP) || getifaddrs(&list) != 0)
		return;
	bool all = true;
	for (unsigned i = 0; i < tap->service->count; i++) {
		if (tap_has(faults, list, &tap->service->list[i]))
			repair_there(&faults->addresses[i], faults->now_ms);
		else
			all &= look_at_address(faults, i);
	}
	freeifaddrs(list);
	if (all) // a route by an address that is not there could not be made
		look_at_gateway(faults);
}
