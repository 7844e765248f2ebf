#include "dataplane/faults_parts.h"
#include "dataplane/host/announce.h"
#include "dataplane/host/routes.h"
#include "dataplane/netlink.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

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

// The kernel takes IPv6 away from such an interface.
static bool is_too_narrow(const struct faults *faults, const struct address *address)
{
	struct netlink_link link;

	return address->family == 6 && netlink_link(faults->tap_ifindex, &link) == 0 &&
	       link.mtu < TAP_MTU_IPV6;
}

static void note_narrow(struct faults *faults, unsigned i, const char *text)
{
	const struct tap_config *tap = &faults->of.tap;

	faults_note(faults, DATAPLANE_TAP_LOST, i, 0,
		    "the tap %s has no address %s, and takes none, as its MTU is below the %u of "
		    "IPv6: nobody answers ND, ping and TCP for it (ip link set %s mtu %u)",
		    tap->name, text, TAP_MTU_IPV6, tap->name, tap->mtu);
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
	if (is_too_narrow(faults, address)) {
		note_narrow(faults, i, text);
		return false;
	}
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

// ---- what the kernel knows of an address ----

// The kernel makes both with the address; without them it neither takes for its own what comes for
// it nor answers who is beside.
static void look_at_routes(struct faults *faults, unsigned i)
{
	const struct tap_config *tap = &faults->of.tap;
	struct repair *repair = &faults->routes[i];
	const struct address *address = &tap->service->list[i];
	char text[ADDRESS_TEXT_MAX], what[128], wait[48];
	int code = 0;

	if (address_routes_hold(tap, faults->tap_ifindex, address) != 0) {
		repair_there(repair, faults->now_ms);
		return;
	}
	address_to_text(address, text);
	snprintf(what, sizeof(what), "a route of the address %s of the tap %s was gone", text,
		 tap->name);
	repair->was_there = true;
	if (repair_due(repair, faults->now_ms)) {
		code = address_routes_put(tap, faults->tap_ifindex, address);
		if (faults_mended(faults, repair, code, MENDED_ROUTES + i, what))
			return;
		repair_failed(repair);
	}
	faults_note(faults, DATAPLANE_TAP_LOST, TAP_ROUTES + i, 0,
		    "the address %s stands on the tap %s, but the kernel has lost its route%s%s: "
		    "nobody answers ping and TCP for it (ip route show table all dev %s)%s",
		    text, tap->name, code < 0 ? ", and takes none: " : "",
		    code < 0 ? strerror(-code) : "", tap->name,
		    repair_wait(repair, faults->now_ms, wait, sizeof(wait)));
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

// ---- the interface itself ----

// Neighbours learn the tap's hardware address by ARP and ND; what they send to another than the
// port's is another station's.
static const char *link_changed(const struct tap_config *tap, const struct netlink_link *link)
{
	if (memcmp(link->mac, tap->mac, sizeof(tap->mac)) != 0)
		return "another hardware address";
	if (link->flags & IFF_NOARP)
		return "ARP turned off";
	if (!(link->flags & IFF_MULTICAST))
		return "multicast turned off";
	if (link->master != 0)
		return "become part of a bridge or bond";
	return link->mtu != tap->mtu ? "another MTU" : NULL;
}

// That addresses went with the MTU is no other quarrel than the one about the MTU.
static void forgive_addresses(struct faults *faults, const struct netlink_link *link)
{
	const struct service_addresses *service = faults->of.tap.service;

	if (link->mtu >= TAP_MTU_IPV6)
		return;
	faults->narrow = true;
	for (size_t i = 0; i < service->count; i++) {
		if (service->list[i].family != 6)
			continue;
		faults->addresses[i] = (struct repair){.was_there = true};
		faults->routes[i] = (struct repair){.was_there = true};
	}
}

static void look_at_link(struct faults *faults)
{
	const struct tap_config *tap = &faults->of.tap;
	struct netlink_link link, wanted = {.flags = IFF_MULTICAST, .mtu = tap->mtu};
	struct repair *repair = &faults->link;
	char what[128], wait[48];
	int code = 0;

	if (netlink_link(faults->tap_ifindex, &link) != 0)
		return; // which is said by itself
	const char *changed = link_changed(tap, &link);
	if (changed == NULL) {
		repair_there(repair, faults->now_ms);
		if (faults->narrow)
			tap_quiet_again(tap, faults->tap_ifindex);
		if (faults->announce)
			announce(tap, faults->tap_ifindex);
		faults->announce = faults->narrow = false;
		return;
	}
	faults->announce = true; // once it is as it was, by whomever
	forgive_addresses(faults, &link);
	snprintf(what, sizeof(what), "the tap %s had %s", tap->name, changed);
	memcpy(wanted.mac, tap->mac, sizeof(wanted.mac));
	repair->was_there = true;
	if (repair_due(repair, faults->now_ms)) {
		code = netlink_link_put(faults->tap_ifindex, &wanted);
		if (faults_mended(faults, repair, code, MENDED_LINK, what))
			return;
		repair_failed(repair);
	}
	faults_note(
		faults, DATAPLANE_TAP_LOST, TAP_LINK, 0,
		"%s%s%s: who is told of it by ARP and ND gets no answer (ip link set %s address "
		"%02x:%02x:%02x:%02x:%02x:%02x mtu %u arp on multicast on nomaster)%s",
		what, code < 0 ? ", and takes no other: " : "", code < 0 ? strerror(-code) : "",
		tap->name, tap->mac[0], tap->mac[1], tap->mac[2], tap->mac[3], tap->mac[4],
		tap->mac[5], tap->mtu, repair_wait(repair, faults->now_ms, wait, sizeof(wait)));
}

// ---- all of it ----

static void look_at_addresses(struct faults *faults)
{
	const struct tap_config *tap = &faults->of.tap;
	struct ifaddrs *list;
	bool all = true;

	if (getifaddrs(&list) != 0)
		return;
	for (unsigned i = 0; i < tap->service->count; i++) {
		if (tap_has(faults, list, &tap->service->list[i])) {
			repair_there(&faults->addresses[i], faults->now_ms);
			look_at_routes(faults, i);
		} else {
			all &= look_at_address(faults, i);
		}
	}
	freeifaddrs(list);
	if (all) // a route by an address that is not there could not be made
		look_at_gateway(faults);
}

void faults_look_at_tap(struct faults *faults)
{
	const struct tap_config *tap = &faults->of.tap;
	char now[IF_NAMESIZE];
	int flags;

	if (!faults->of.host)
		return;
	flags = interface_is(tap->name, faults->tap_ifindex) ? interface_flags(tap->name) : -1;
	if (flags < 0 && if_indextoname(faults->tap_ifindex, now) != NULL)
		faults_note(
			faults, DATAPLANE_TAP_LOST, 0, 0,
			"the tap %s is called %s now, and our rules are for the old name: nobody "
			"answers ARP for the service addresses (ip link set %s name %s)",
			tap->name, now, now, tap->name);
	else if (flags < 0)
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
	if (flags < 0 || !(flags & IFF_UP))
		return;
	look_at_link(faults);
	look_at_addresses(faults);
}
