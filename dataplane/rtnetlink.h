// Messages of rtnetlink: building a request, and reading the kernel's answer. Private to
// netlink*.c.
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct rtnetlink {
	struct nlmsghdr header;
	uint8_t body[256];
};

// Begins a request; its body, of len bytes, zeroed. It asks for an acknowledgement.
void *rtnetlink_body(struct rtnetlink *message, uint16_t type, uint16_t flags, size_t len)
	__attribute__((nonnull));
struct rtattr *rtnetlink_attribute(struct rtnetlink *message, uint16_t type, const void *data,
				   size_t len) __attribute__((nonnull(1)));
void rtnetlink_nest_end(struct rtnetlink *message, struct rtattr *nest) __attribute__((nonnull));

// Sends the request and reads the kernel's one message of answer. Its length, or -errno.
ssize_t rtnetlink_exchange(const struct rtnetlink *message, void *answer, size_t max)
	__attribute__((nonnull, warn_unused_result));
// For requests that the kernel only acknowledges. 0 or -errno.
int rtnetlink_transact(const struct rtnetlink *message)
	__attribute__((nonnull, warn_unused_result));
// For requests with NLM_F_DUMP: one call for each message of the answer. 0 or -errno.
typedef void (*rtnetlink_visit)(const struct nlmsghdr *header, void *arg);
int rtnetlink_dump(const struct rtnetlink *message, rtnetlink_visit visit, void *arg)
	__attribute__((nonnull(1, 2), warn_unused_result));
// The first attribute of a type, nested or not; NULL: none.
const struct rtattr *rtnetlink_find(const struct rtattr *attr, int len, uint16_t type);
