#include "dataplane/nft.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

void nft_name(const char *prefix, const char *of, char out[NFT_NAME_MAX])
{
	snprintf(out, NFT_NAME_MAX, "%s%s", prefix, of);
	for (char *c = out; *c; c++) {
		if (!isalnum((unsigned char)*c))
			*c = '_';
	}
}

static int spawn_nft(const char *script, pid_t *pid)
{
	char command[] = "nft", text[NFT_SCRIPT_MAX];
	char *const argv[] = {command, text, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int code;

	snprintf(text, sizeof text, "%s", script);
	// The caller blocks signals; its child must not.
	sigemptyset(&none);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	code = -posix_spawn(pid, NFT, &actions, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return code;
}

int nft_run(const char *script)
{
	pid_t pid;
	int status;
	int code = spawn_nft(script, &pid);

	if (code < 0)
		return code;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

// ---- looking ----

#define MESSAGE_MAX 8192

struct chain_request {
	struct nlmsghdr header;
	struct nfgenmsg family;
	uint8_t attributes[2 * (NLA_HDRLEN + NLA_ALIGN(NFT_NAME_MAX))];
};

static void add_text(struct chain_request *request, uint16_t type, const char *text)
{
	struct nlattr attribute = {.nla_len = (uint16_t)(NLA_HDRLEN + strlen(text) + 1),
				   .nla_type = type};
	uint8_t *at = (uint8_t *)request + request->header.nlmsg_len;

	memcpy(at, &attribute, sizeof attribute);
	memcpy(at + NLA_HDRLEN, text, strlen(text) + 1);
	request->header.nlmsg_len += (uint32_t)NLA_ALIGN(attribute.nla_len);
}

// The answer's length, or -errno.
static ssize_t ask_kernel(const struct chain_request *request, void *answer)
{
	const struct timeval limit = {.tv_sec = 1};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	ssize_t got;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	got = send(fd, request, request->header.nlmsg_len, 0);
	if (got >= 0)
		got = recv(fd, answer, MESSAGE_MAX, 0);
	if (got < 0)
		got = -errno;
	close(fd);
	return got;
}

// The number of rules stands in one of the chain's attributes, in network order.
static unsigned rules_of(const struct nlmsghdr *header)
{
	const uint8_t *at = (const uint8_t *)header + NLMSG_HDRLEN + sizeof(struct nfgenmsg);
	const uint8_t *end = (const uint8_t *)header + header->nlmsg_len;
	struct nlattr attribute;
	uint32_t rules;

	for (; end - at >= NLA_HDRLEN; at += NLA_ALIGN(attribute.nla_len)) {
		memcpy(&attribute, at, sizeof attribute);
		if (attribute.nla_len < NLA_HDRLEN || attribute.nla_len > end - at)
			break;
		if ((attribute.nla_type & NLA_TYPE_MASK) == NFTA_CHAIN_USE &&
		    attribute.nla_len >= NLA_HDRLEN + sizeof rules) {
			memcpy(&rules, at + NLA_HDRLEN, sizeof rules);
			return ntohl(rules);
		}
	}
	return 0;
}

int nft_chain(const char *family, const char *table, const char *chain, unsigned *rules)
{
	_Alignas(struct nlmsghdr) uint8_t answer[MESSAGE_MAX];
	struct nlmsghdr *header = (struct nlmsghdr *)answer;
	struct chain_request request = {
		.header = {.nlmsg_len = NLMSG_SPACE(sizeof(struct nfgenmsg)),
			   .nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN,
			   .nlmsg_flags = NLM_F_REQUEST},
		.family = {.nfgen_family = strcmp(family, "netdev") == 0 ? NFPROTO_NETDEV
					   : strcmp(family, "arp") == 0  ? NFPROTO_ARP
									 : NFPROTO_INET},
	};
	ssize_t got;
	int code;

	if (strlen(table) >= NFT_NAME_MAX || strlen(chain) >= NFT_NAME_MAX)
		return -EINVAL;
	add_text(&request, NFTA_CHAIN_TABLE, table);
	add_text(&request, NFTA_CHAIN_NAME, chain);
	got = ask_kernel(&request, answer);
	if (got < 0)
		return (int)got;
	if (!NLMSG_OK(header, (size_t)got))
		return -EPROTO;
	if (header->nlmsg_type == NLMSG_ERROR) {
		memcpy(&code, NLMSG_DATA(header), sizeof code);
		return code < 0 ? code : -EPROTO;
	}
	*rules = rules_of(header);
	return 0;
}
