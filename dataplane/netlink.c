#include "dataplane/netlink.h"

#include "dataplane/rtnetlink.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define LINK_MAX 32768 // a description with many addresses is some KiB

int netlink_address_add(unsigned ifindex, const struct address *address, uint8_t prefix_len)
{
	struct rtnetlink message;
	size_t len = address->family == 4 ? 4 : 16;
	struct ifaddrmsg *body =
		rtnetlink_body(&message, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof *body);
	int code;

	body->ifa_family = address->family == 4 ? AF_INET : AF_INET6;
	body->ifa_prefixlen = prefix_len;
	body->ifa_flags = address->family == 6 ? IFA_F_NODAD : 0;
	body->ifa_index = ifindex;
	rtnetlink_attribute(&message, IFA_LOCAL, address->bytes, len);
	rtnetlink_attribute(&message, IFA_ADDRESS, address->bytes, len);
	code = rtnetlink_transact(&message);
	return code == -EEXIST ? 0 : code;
}

int netlink_address_delete(unsigned ifindex, const struct address *address, uint8_t prefix_len)
{
	struct rtnetlink message;
	struct ifaddrmsg *body = rtnetlink_body(&message, RTM_DELADDR, 0, sizeof *body);
	int code;

	body->ifa_family = address->family == 4 ? AF_INET : AF_INET6;
	body->ifa_prefixlen = prefix_len;
	body->ifa_index = ifindex;
	rtnetlink_attribute(&message, IFA_LOCAL, address->bytes, address->family == 4 ? 4 : 16);
	code = rtnetlink_transact(&message);
	return code == -EADDRNOTAVAIL ? 0 : code;
}

int netlink_no_link_local(unsigned ifindex)
{
	struct rtnetlink message;
	struct ifinfomsg *body = rtnetlink_body(&message, RTM_NEWLINK, 0, sizeof *body);
	const uint8_t mode = IN6_ADDR_GEN_MODE_NONE;
	struct rtattr *spec, *family;

	body->ifi_index = (int)ifindex;
	spec = rtnetlink_attribute(&message, IFLA_AF_SPEC, NULL, 0);
	family = rtnetlink_attribute(&message, AF_INET6, NULL, 0);
	rtnetlink_attribute(&message, IFLA_INET6_ADDR_GEN_MODE, &mode, sizeof mode);
	rtnetlink_nest_end(&message, family);
	rtnetlink_nest_end(&message, spec);
	return rtnetlink_transact(&message);
}

// Reads the kernel's description of an interface into answer, of LINK_MAX bytes.
static int link_get(unsigned ifindex, struct nlmsghdr *answer)
{
	struct rtnetlink message;
	struct ifinfomsg *body = rtnetlink_body(&message, RTM_GETLINK, 0, sizeof *body);
	ssize_t got;
	int code = -EPROTO;

	body->ifi_index = (int)ifindex;
	got = rtnetlink_exchange(&message, answer, LINK_MAX);
	if (got < 0)
		return (int)got;
	if (!NLMSG_OK(answer, (size_t)got))
		return -EPROTO;
	if (answer->nlmsg_type == NLMSG_ERROR)
		memcpy(&code, NLMSG_DATA(answer), sizeof code);
	return answer->nlmsg_type == NLMSG_ERROR ? code : 0;
}

static const struct rtattr *link_attribute(const struct nlmsghdr *answer, uint16_t type, size_t len)
{
	const struct rtattr *attr =
		rtnetlink_find(IFLA_RTA(NLMSG_DATA(answer)), (int)IFLA_PAYLOAD(answer), type);

	return attr != NULL && RTA_PAYLOAD(attr) >= len ? attr : NULL;
}

static void take_number(const struct rtattr *attr, uint32_t *out)
{
	if (attr != NULL)
		memcpy(out, RTA_DATA(attr), sizeof *out);
}

static void take_link(const struct nlmsghdr *answer, struct netlink_link *out)
{
	const struct ifinfomsg *body = NLMSG_DATA(answer);
	const struct rtattr *mac = link_attribute(answer, IFLA_ADDRESS, sizeof out->mac);
	const struct rtattr *xdp = link_attribute(answer, IFLA_XDP, 0);

	*out = (struct netlink_link){.flags = body->ifi_flags};
	if (mac != NULL)
		memcpy(out->mac, RTA_DATA(mac), sizeof out->mac);
	take_number(link_attribute(answer, IFLA_MTU, sizeof out->mtu), &out->mtu);
	take_number(link_attribute(answer, IFLA_MASTER, sizeof out->master), &out->master);
	if (xdp != NULL)
		xdp = rtnetlink_find(RTA_DATA(xdp), (int)RTA_PAYLOAD(xdp), IFLA_XDP_PROG_ID);
	if (xdp != NULL && RTA_PAYLOAD(xdp) >= sizeof out->program)
		take_number(xdp, &out->program);
}

int netlink_link(unsigned ifindex, struct netlink_link *out)
{
	struct nlmsghdr *answer = malloc(LINK_MAX);
	int code = answer == NULL ? -ENOMEM : link_get(ifindex, answer);

	if (code == 0)
		take_link(answer, out);
	free(answer);
	return code;
}

int netlink_link_put(unsigned ifindex, const struct netlink_link *link)
{
	struct rtnetlink message;
	struct ifinfomsg *body = rtnetlink_body(&message, RTM_SETLINK, 0, sizeof *body);

	body->ifi_index = (int)ifindex;
	body->ifi_flags = link->flags;
	body->ifi_change = IFF_NOARP | IFF_MULTICAST;
	rtnetlink_attribute(&message, IFLA_ADDRESS, link->mac, sizeof link->mac);
	rtnetlink_attribute(&message, IFLA_MTU, &link->mtu, sizeof link->mtu);
	rtnetlink_attribute(&message, IFLA_MASTER, &link->master, sizeof link->master);
	return rtnetlink_transact(&message);
}

int netlink_xdp_program(unsigned ifindex, uint32_t *id)
{
	struct netlink_link link = {0};
	int code = netlink_link(ifindex, &link);

	*id = link.program;
	return code;
}

static int xdp_set(unsigned ifindex, int program, uint32_t flags)
{
	struct rtnetlink message;
	struct ifinfomsg *body = rtnetlink_body(&message, RTM_SETLINK, 0, sizeof *body);
	struct rtattr *xdp;

	body->ifi_index = (int)ifindex;
	xdp = rtnetlink_attribute(&message, IFLA_XDP | NLA_F_NESTED, NULL, 0);
	rtnetlink_attribute(&message, IFLA_XDP_FD, &program, sizeof program);
	if (flags != 0)
		rtnetlink_attribute(&message, IFLA_XDP_FLAGS, &flags, sizeof flags);
	rtnetlink_nest_end(&message, xdp);
	return rtnetlink_transact(&message);
}

int netlink_xdp_attach(unsigned ifindex, int program)
{
	return xdp_set(ifindex, program, XDP_FLAGS_UPDATE_IF_NOEXIST);
}

int netlink_xdp_attach_native(unsigned ifindex, int program)
{
	return xdp_set(ifindex, program, XDP_FLAGS_UPDATE_IF_NOEXIST | XDP_FLAGS_DRV_MODE);
}

int netlink_xdp_detach(unsigned ifindex)
{
	return xdp_set(ifindex, -1, 0);
}
