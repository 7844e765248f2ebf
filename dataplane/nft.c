#include "dataplane/nft.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
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
