#include "dataplane/netlink.h"

#include <assert.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct request {
	struct nlmsghdr header;
	uint8_t body[256];
};

static void *request_body(struct request *request, uint16_t type, uint16_t flags, size_t len)
{
	*request = (struct request){
		.header = {.nlmsg_len = (uint32_t)NLMSG_SPACE(len),
			   .nlmsg_type = type,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags,
			   .nlmsg_seq = 1},
	};
	return NLMSG_DATA(&request->header);
}

static struct rtattr *attribute(struct request *request, uint16_t type, const void *data,
				size_t len)
{
	size_t at = NLMSG_ALIGN(request->header.nlmsg_len);
	struct rtattr *attr = (struct rtattr *)((uint8_t *)request + at);

	assert(at + RTA_SPACE(len) <= sizeof *request);
	attr->rta_type = type;
	attr->rta_len = (uint16_t)RTA_LENGTH(len);
	if (len > 0)
		memcpy(RTA_DATA(attr), data, len);
	request->header.nlmsg_len = (uint32_t)(at + RTA_SPACE(len));
	return attr;
}

static void nest_end(struct request *request, struct rtattr *nest)
{
	nest->rta_len =
		(uint16_t)((uint8_t *)request + request->header.nlmsg_len - (uint8_t *)nest);
}

// Sends the request and reads the kernel's one message of answer. Its length, or -errno.
static ssize_t exchange(const struct request *request, void *answer, size_t max)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	ssize_t got;

	if (fd < 0)
		return -errno;
	got = send(fd, request, request->header.nlmsg_len, 0);
	if (got >= 0)
		got = recv(fd, answer, max, 0);
	if (got < 0)
		got = -errno;
	close(fd);
	return got;
}

// For requests that the kernel only acknowledges.
static int transact(const struct request *request)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		uint8_t rest[512];
	} answer;
	ssize_t got = exchange(request, &answer, sizeof answer);

	if (got < 0)
		return (int)got;
	if ((size_t)got < sizeof answer.header + sizeof(int) ||
	    answer.header.nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	return answer.error.error;
}

static const struct rtattr *find(const struct rtattr *attr, int len, uint16_t type)
{
	for (; RTA_OK(attr, len); attr = RTA_NEXT(attr, len)) {
		if ((attr->rta_type & NLA_TYPE_MASK) == type)
			return attr;
	}
	return NULL;
}

int netlink_address_add(unsigned ifindex, const struct address *address, uint8_t prefix_len)
{
	struct request request;
	size_t len = address->family == 4 ? 4 : 16;
	struct ifaddrmsg *body =
		request_body(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof *body);
	int code;

	body->ifa_family = address->family == 4 ? AF_INET : AF_INET6;
	body->ifa_prefixlen = prefix_len;
	body->ifa_flags = address->family == 6 ? IFA_F_NODAD : 0;
	body->ifa_index = ifindex;
	attribute(&request, IFA_LOCAL, address->bytes, len);
	attribute(&request, IFA_ADDRESS, address->bytes, len);
	code = transact(&request);
	return code == -EEXIST ? 0 : code;
}

int netlink_no_link_local(unsigned ifindex)
{
	struct request request;
	struct ifinfomsg *body = request_body(&request, RTM_NEWLINK, 0, sizeof *body);
	const uint8_t mode = IN6_ADDR_GEN_MODE_NONE;
	struct rtattr *spec, *family;

	body->ifi_index = (int)ifindex;
	spec = attribute(&request, IFLA_AF_SPEC, NULL, 0);
	family = attribute(&request, AF_INET6, NULL, 0);
	attribute(&request, IFLA_INET6_ADDR_GEN_MODE, &mode, sizeof mode);
	nest_end(&request, family);
	nest_end(&request, spec);
	return transact(&request);
}

int netlink_xdp_program(unsigned ifindex, uint32_t *id)
{
	static const size_t max = 32768; // a link's description with many addresses is some KiB
	struct request request;
	struct ifinfomsg *body = request_body(&request, RTM_GETLINK, 0, sizeof *body);
	struct nlmsghdr *answer = malloc(max);
	const struct rtattr *attr = NULL;
	ssize_t got;
	int code = 0;

	body->ifi_index = (int)ifindex;
	got = answer == NULL ? -ENOMEM : exchange(&request, answer, max);
	*id = 0;
	if (got < 0)
		code = (int)got;
	else if (!NLMSG_OK(answer, (size_t)got) || answer->nlmsg_type == NLMSG_ERROR)
		code = -EPROTO;
	if (code == 0)
		attr = find(IFLA_RTA(NLMSG_DATA(answer)), (int)IFLA_PAYLOAD(answer), IFLA_XDP);
	if (attr != NULL)
		attr = find(RTA_DATA(attr), (int)RTA_PAYLOAD(attr), IFLA_XDP_PROG_ID);
	if (attr != NULL)
		memcpy(id, RTA_DATA(attr), sizeof *id);
	free(answer);
	return code;
}

static int xdp_set(unsigned ifindex, int program, uint32_t flags)
{
	struct request request;
	struct ifinfomsg *body = request_body(&request, RTM_SETLINK, 0, sizeof *body);
	struct rtattr *xdp;

	body->ifi_index = (int)ifindex;
	xdp = attribute(&request, IFLA_XDP | NLA_F_NESTED, NULL, 0);
	attribute(&request, IFLA_XDP_FD, &program, sizeof program);
	if (flags != 0)
		attribute(&request, IFLA_XDP_FLAGS, &flags, sizeof flags);
	nest_end(&request, xdp);
	return transact(&request);
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
