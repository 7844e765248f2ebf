#include "dataplane/port/ingress.h"

#include "dataplane/sentence.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NFT "/usr/sbin/nft"

extern char **environ;

// "assay_eth1": nft's identifiers take letters, digits and '_' without quoting.
static void table_name(const char *interface, char out[IFNAMSIZ + 8])
{
	size_t len = (size_t)snprintf(out, IFNAMSIZ + 8, "assay_%s", interface);

	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)out[i]))
			out[i] = '_';
	}
}

static int spawn_nft(const char *script, pid_t *pid)
{
	char command[] = "nft", text[512];
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

// 0; -errno when nft could not be run; its exit status when it refused.
static int nft(const char *script)
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

int ingress_close(const char *interface, char *err, size_t err_len)
{
	char table[IFNAMSIZ + 8], script[512];
	int code;

	table_name(interface, table);
	// Naming a table that may not exist makes deleting it safe; all of it is one transaction.
	snprintf(script, sizeof script,
		 "table netdev %s; delete table netdev %s; table netdev %s { chain ingress { "
		 "type filter hook ingress device \"%s\" priority 0; policy drop; }; }",
		 table, table, table, interface);
	code = nft(script);
	if (code == -ENOENT)
		return sentence(err, err_len, code,
				"net_af_packet on %s needs " NFT
				" (package nftables), or the kernel "
				"would answer every packet as well",
				interface);
	if (code < 0)
		return sentence(err, err_len, code, "cannot run " NFT ": %s", strerror(-code));
	if (code > 0)
		return sentence(err, err_len, -EPERM,
				"nft did not accept an ingress chain for %s (exit status %d): "
				"net_af_packet needs the kernel's netdev hook and CAP_NET_ADMIN",
				interface, code);
	return 0;
}

void ingress_open(const char *interface)
{
	char table[IFNAMSIZ + 8], script[128];

	table_name(interface, table);
	snprintf(script, sizeof script, "table netdev %s; delete table netdev %s", table, table);
	// Nothing is left to be done when it fails: the next start replaces the table.
	(void)nft(script);
}
