#include "dataplane/netlink.h"

#include "dataplane/rtnetlink.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

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

int netlink_xdp_program(unsigned ifindex, uint32_t *id)
{
	static const size_t max = 32768; // a link's description with many addresses is some KiB
	struct rtnetlink message;
	struct ifinfomsg *body = rtnetlink_body(&message, RTM_GETLINK, 0, sizeof *body);
	struct nlmsghdr *answer = malloc(max);
	const struct rtattr *attr = NULL;
	ssize_t got;
	int code = 0;

	body->ifi_index = (int)ifindex;
	got = answer == NULL ? -ENOMEM : rtnetlink_exchange(&message, answer, max);
	*id = 0;
	if (got < 0)
		code = (int)got;
	else if (!NLMSG_OK(answer, (size_t)got) || answer->nlmsg_type == NLMSG_ERROR)
		code = -EPROTO;
	if (code == 0)
		attr = rtnetlink_find(IFLA_RTA(NLMSG_DATA(answer)), (int)IFLA_PAYLOAD(answer),
				      IFLA_XDP);
	if (attr != NULL)
		attr = rtnetlink_find(RTA_DATA(attr), (int)RTA_PAYLOAD(attr), IFLA_XDP_PROG_ID);
	if (attr != NULL)
		memcpy(id, RTA_DATA(attr), sizeof *id);
	free(answer);
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
