#include "control/config/kernel_route.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct request {
	struct nlmsghdr header;
	struct rtmsg route;
	uint8_t attributes[2 * RTA_SPACE(16) + RTA_SPACE(sizeof(unsigned))];
};

static void add(struct request *request, uint16_t type, const void *data, size_t len)
{
	struct rtattr *attribute =
		(struct rtattr *)(void *)((uint8_t *)request + request->header.nlmsg_len);

	attribute->rta_type = type;
	attribute->rta_len = (uint16_t)RTA_LENGTH(len);
	memcpy(RTA_DATA(attribute), data, len);
	request->header.nlmsg_len += (uint32_t)RTA_SPACE(len);
}

static int read_route(const struct nlmsghdr *header, struct kernel_route *out)
{
	const struct rtmsg *route = NLMSG_DATA(header);
	int len = (int)RTM_PAYLOAD(header);

	if (header->nlmsg_type != RTM_NEWROUTE || header->nlmsg_len < NLMSG_LENGTH(sizeof(*route)))
		return -EPROTO;
	*out = (struct kernel_route){.local = route->rtm_type == RTN_LOCAL};
	for (const struct rtattr *attr = RTM_RTA(route); RTA_OK(attr, len);
	     attr = RTA_NEXT(attr, len)) {
		if (attr->rta_type == RTA_OIF && RTA_PAYLOAD(attr) >= sizeof(out->ifindex))
			memcpy(&out->ifindex, RTA_DATA(attr), sizeof(out->ifindex));
	}
	return 0;
}

static int ask_kernel(const struct request *request, struct kernel_route *out)
{
	const struct timeval limit = {.tv_sec = 1};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	_Alignas(struct nlmsghdr) uint8_t answer[4096];
	const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)answer;
	int code = 0;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	ssize_t got = send(fd, request, request->header.nlmsg_len, 0);
	if (got >= 0)
		got = recv(fd, answer, sizeof(answer), 0);
	if (got < 0)
		code = -errno;
	else if (!NLMSG_OK(header, (size_t)got))
		code = -EPROTO;
	else if (header->nlmsg_type == NLMSG_ERROR)
		memcpy(&code, NLMSG_DATA(header), sizeof(code));
	else
		code = read_route(header, out);
	close(fd);
	return code;
}

// IPv4 takes everything for on-link where an interface is given and no route leads there: only
// RTM_F_FIB_MATCH asks what the tables say.
int kernel_route_find(const struct address *to, const struct address *from, unsigned ifindex,
		      struct kernel_route *out)
{
	const size_t len = to->family == 4 ? 4 : 16;
	struct request request = {
		.header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
			   .nlmsg_type = RTM_GETROUTE,
			   .nlmsg_flags = NLM_F_REQUEST},
		.route = {.rtm_family = to->family == 4 ? AF_INET : AF_INET6,
			  .rtm_dst_len = (uint8_t)(8 * len),
			  .rtm_flags = RTM_F_FIB_MATCH},
	};

	*out = (struct kernel_route){0};
	add(&request, RTA_DST, to->bytes, len);
	if (from->family == to->family) {
		request.route.rtm_src_len = (uint8_t)(8 * len);
		add(&request, RTA_SRC, from->bytes, len);
	}
	if (ifindex != 0)
		add(&request, RTA_OIF, &ifindex, sizeof(ifindex));
	return ask_kernel(&request, out);
}
