#include "tests/oracle/shrink.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRIES_MAX 3000
#define LIMIT_S   60

bool shrink_try(const struct script *script, uint64_t seed, struct played *out)
{
	static struct played *shared;
	char words[900] = "";
	FILE *errors = tmpfile();
	int status;

	if (shared == NULL)
		shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || errors == NULL)
		abort();
	memset(shared, 0, sizeof(*shared));
	fflush(NULL);
	pid_t child = fork();
	if (child < 0)
		abort();
	if (child == 0) {
		signal(SIGTERM, SIG_IGN); // it ends with its world
		dup2(fileno(errors), 1);
		dup2(fileno(errors), 2);
		// Of its own time: how busy others are says nothing.
		const struct rlimit limit = {LIMIT_S, LIMIT_S};
		setrlimit(RLIMIT_CPU, &limit);
		play(script, seed, false, shared);
		fflush(NULL);
		_exit(0);
	}
	while (waitpid(child, &status, 0) < 0)
		continue;
	*out = *shared;
	if (status != 0 && out->complaint[0] == '\0') {
		rewind(errors);
		size_t len = fread(words, 1, sizeof(words) - 1, errors);
		words[len] = '\0';
		snprintf(out->complaint, sizeof(out->complaint), "ended with status %d: %s", status,
			 words);
	}
	fclose(errors);
	return out->complaint[0] == '\0';
}

// The complaint without names and numbers.
static void kind_of(const char *complaint, char *out, size_t cap)
{
	const char *from = strstr(complaint, ": ");
	size_t len = 0;

	for (const char *p = from != NULL ? from : complaint; *p != '\0' && len + 1 < cap; p++) {
		if (*p == '\n')
			break;
		if (*p < '0' || *p > '9')
			out[len++] = *p;
	}
	out[len] = '\0';
}

static bool still_fails(const struct script *script, const bool *keep, uint64_t seed,
			const char *kind)
{
	struct script candidate = {0};
	static struct played played;
	char now[400];

	script_take(&candidate, script, keep);
	bool passes = shrink_try(&candidate, seed, &played);
	script_clear(&candidate);
	if (passes)
		return false;
	kind_of(played.complaint, now, sizeof(now));
	return strcmp(now, kind) == 0;
}

void shrink(struct script *script, uint64_t seed, const struct played *failure)
{
	bool *keep = malloc(script->count * sizeof(*keep));
	struct script shorter = {0};
	char kind[400];
	int tries = 0;

	if (keep == NULL)
		abort();
	kind_of(failure->complaint, kind, sizeof(kind));
	for (size_t i = 0; i < script->count; i++)
		keep[i] = true;
	for (size_t chunk = script->count / 2, again = 1; chunk > 0 && tries < TRIES_MAX;) {
		bool any = false;
		for (size_t end = script->count; end > 0 && tries < TRIES_MAX;) {
			bool was[4096];
			size_t from = end, left = chunk;
			memcpy(was, keep, script->count);
			while (from > 0 && left > 0)
				left -= keep[--from] ? 1 : 0;
			if (left == chunk)
				break; // nothing is left before it
			memset(keep + from, false, end - from);
			tries++;
			if (still_fails(script, keep, seed, kind))
				any = true;
			else
				memcpy(keep, was, script->count);
			end = from;
		}
		if (chunk == 1 && any && again++ < 4)
			continue;
		chunk /= 2;
	}
	script_take(&shorter, script, keep);
	free(keep);
	script_clear(script);
	*script = shorter;
}
