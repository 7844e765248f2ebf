#include "dataplane/rtnetlink.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define DUMP_MAX 32768 // of what the kernel sends at once

void *rtnetlink_body(struct rtnetlink *message, uint16_t type, uint16_t flags, size_t len)
{
	*message = (struct rtnetlink){
		.header = {.nlmsg_len = (uint32_t)NLMSG_SPACE(len),
			   .nlmsg_type = type,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags,
			   .nlmsg_seq = 1},
	};
	return NLMSG_DATA(&message->header);
}

struct rtattr *rtnetlink_attribute(struct rtnetlink *message, uint16_t type, const void *data,
				   size_t len)
{
	size_t at = NLMSG_ALIGN(message->header.nlmsg_len);
	struct rtattr *attr = (struct rtattr *)((uint8_t *)message + at);

	assert(at + RTA_SPACE(len) <= sizeof *message);
	attr->rta_type = type;
	attr->rta_len = (uint16_t)RTA_LENGTH(len);
	if (len > 0)
		memcpy(RTA_DATA(attr), data, len);
	message->header.nlmsg_len = (uint32_t)(at + RTA_SPACE(len));
	return attr;
}

void rtnetlink_nest_end(struct rtnetlink *message, struct rtattr *nest)
{
	nest->rta_len =
		(uint16_t)((uint8_t *)message + message->header.nlmsg_len - (uint8_t *)nest);
}

ssize_t rtnetlink_exchange(const struct rtnetlink *message, void *answer, size_t max)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	ssize_t got;

	if (fd < 0)
		return -errno;
	got = send(fd, message, message->header.nlmsg_len, 0);
	if (got >= 0)
		got = recv(fd, answer, max, 0);
	if (got < 0)
		got = -errno;
	close(fd);
	return got;
}

int rtnetlink_transact(const struct rtnetlink *message)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		uint8_t rest[512];
	} answer;
	ssize_t got = rtnetlink_exchange(message, &answer, sizeof answer);

	if (got < 0)
		return (int)got;
	if ((size_t)got < sizeof answer.header + sizeof(int) ||
	    answer.header.nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	return answer.error.error;
}

const struct rtattr *rtnetlink_find(const struct rtattr *attr, int len, uint16_t type)
{
	for (; RTA_OK(attr, len); attr = RTA_NEXT(attr, len)) {
		if ((attr->rta_type & NLA_TYPE_MASK) == type)
			return attr;
	}
	return NULL;
}

// True: that was the last one.
static bool dump_read(const struct nlmsghdr *header, ssize_t left, rtnetlink_visit visit, void *arg,
		      int *code)
{
	for (; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
		if (header->nlmsg_type == NLMSG_ERROR)
			memcpy(code, NLMSG_DATA(header), sizeof *code);
		if (header->nlmsg_type == NLMSG_DONE &&
		    header->nlmsg_len >= NLMSG_LENGTH(sizeof *code))
			memcpy(code, NLMSG_DATA(header), sizeof *code);
		if (header->nlmsg_type == NLMSG_ERROR || header->nlmsg_type == NLMSG_DONE)
			return true;
		visit(header, arg);
	}
	return false;
}

int rtnetlink_dump(const struct rtnetlink *message, rtnetlink_visit visit, void *arg)
{
	const struct timeval limit = {.tv_sec = 1};
	const int one = 1;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	_Alignas(struct nlmsghdr) char answer[DUMP_MAX];
	ssize_t got;
	int code = 0;

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	// Or the kernel would send all tables. Who does not know it sends more, no less.
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof one);
	got = send(fd, message, message->header.nlmsg_len, 0);
	while (got >= 0) {
		got = recv(fd, answer, sizeof answer, 0);
		if (got >= 0 && dump_read((const struct nlmsghdr *)answer, got, visit, arg, &code))
			break;
	}
	if (got < 0)
		code = -errno;
	close(fd);
	return code;
}
