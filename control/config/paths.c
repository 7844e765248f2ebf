// Files that the daemon writes: none of them may be another file that the configuration names, or
// is. What is written would take its place.

#include "control/config/loader.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define HISTORY_NAME "drill.history"

// "/var/lib/assay/trust.state" → "/var/lib/assay/drill.history"
void config_history_path(const struct config *config, char path[CONFIG_HISTORY_PATH_MAX])
{
	const char *slash = strrchr(config->trust_state, '/');

	path[0] = '\0';
	if (config->trust_state[0] == '\0')
		return;
	snprintf(path, CONFIG_HISTORY_PATH_MAX, "%.*s%s",
		 slash != NULL ? (int)(slash - config->trust_state) + 1 : 0, config->trust_state,
		 HISTORY_NAME);
}

// ---- one file under two names ----

// Without links, "//" and "/./"; what is not there yet keeps its name below what is.
static void resolve(const char *path, char out[PATH_MAX])
{
	char plain[PATH_MAX], parent[PATH_MAX];
	size_t len = strlen(path);

	if (realpath(path, out) != NULL)
		return;
	while (len > 1 && path[len - 1] == '/')
		len--;
	snprintf(plain, sizeof(plain), "%.*s", (int)len, path);
	char *slash = strrchr(plain, '/');
	if (slash == plain || strcmp(plain, ".") == 0 || len >= sizeof(plain)) {
		snprintf(out, PATH_MAX, "%s", plain);
		return;
	}
	if (slash != NULL)
		*slash = '\0';
	resolve(slash != NULL ? plain : ".", parent);
	snprintf(out, PATH_MAX, "%.3000s/%.1000s", parent, slash != NULL ? slash + 1 : plain);
}

static bool is_same_file(const char *a, const char *b)
{
	char one[PATH_MAX], other[PATH_MAX];
	struct stat first, second;

	if (stat(a, &first) == 0 && stat(b, &second) == 0)
		return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
	resolve(a, one);
	resolve(b, other);
	return strcmp(one, other) == 0;
}

// ---- what is written, and what it would be written over ----

struct written {
	const char *option;          // which says where
	const char *path;            // "": nothing is written
	const char *const *suffixes; // of its path, and of what is made beside it
};

struct comparison {
	struct loader *loader;
	const struct written *written;
	bool told; // one fault of an option is enough
};

// In words: "control.socket", "the configuration itself".
static void compare(struct comparison *comparison, const char *path, const char *words)
{
	const struct written *written = comparison->written;
	char name[PATH_MAX];

	if (comparison->told || path == NULL || path[0] == '\0' || written->path[0] == '\0')
		return;
	for (const char *const *suffix = written->suffixes; *suffix != NULL; suffix++) {
		snprintf(name, sizeof(name), "%.4000s%s", written->path, *suffix);
		if (!is_same_file(name, path))
			continue;
		loader_fail(comparison->loader, written->option,
			    "%.200s would be written over %s: give each a file of its own", name,
			    words);
		comparison->told = true;
		return;
	}
}

static void compare_with_written(struct comparison *comparison, const struct written *other)
{
	char path[PATH_MAX], words[PATH_MAX];

	for (const char *const *suffix = other->suffixes; *suffix != NULL; suffix++) {
		if (other->path[0] == '\0')
			return;
		snprintf(path, sizeof(path), "%.4000s%s", other->path, *suffix);
		snprintf(words, sizeof(words), "%s (%.200s)", other->option, path);
		compare(comparison, path, words);
	}
}

static void compare_with_read(struct comparison *comparison)
{
	const struct schema *schema = comparison->loader->schema;
	const struct text_list *anchors = &schema->trust.anchor_files;
	char option[LOADER_PATH_MAX];

	compare(comparison, document_file(comparison->loader->document),
		"this configuration itself");
	compare(comparison, schema->resolver.root_hints, "resolver.root-hints");
	compare(comparison, schema->upstream.domains, "upstream.domains");
	compare(comparison, schema->upstream.tls_ca_file, "upstream.tls-ca-file");
	compare(comparison, schema->test_clock, "test-clock");
	for (unsigned i = 0; i < anchors->count; i++)
		compare(comparison, anchors->list[i], loader_item(option, "trust.anchor-files", i));
}

void check_paths(struct loader *loader)
{
	static const char *const kept[] = {"", ".lock", ".new", ".unused", NULL};
	static const char *const bound[] = {"", ".lock", NULL};
	char history[CONFIG_HISTORY_PATH_MAX];
	const struct written all[] = {
		{"trust.state", loader->config->trust_state, kept},
		{"trust.state", history, kept},
		{"control.socket", loader->config->control_socket, bound},
	};
	const size_t count = sizeof(all) / sizeof(all[0]);

	config_history_path(loader->config, history);
	for (size_t i = 0; i < count; i++) {
		struct comparison comparison = {.loader = loader, .written = &all[i]};

		compare_with_read(&comparison);
		for (size_t j = i + 1; j < count; j++)
			compare_with_written(&comparison, &all[j]);
	}
}
