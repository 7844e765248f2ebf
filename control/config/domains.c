// upstream.domains: a line for each prefix, "192.0.2.0/24 provider-a"; # begins a comment.
#include "control/config/loader.h"
#include "control/upstream/labels.h"
#include "dataplane/dataplane.h" // prefixes

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_LEN 256
#define BLANKS       " \t\r\n"

static bool is_label(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)text[i]) && strchr("-_.", text[i]) == NULL)
			return false;
	}
	return len > 0 && len < LABEL_MAX;
}

// NULL, or what is wrong with the line.
static const char *read_line(char *line, unsigned number, struct labels *labels)
{
	struct acl_rule rule;
	char *rest;

	line[strcspn(line, "#")] = '\0';
	const char *prefix = strtok_r(line, BLANKS, &rest);
	if (prefix == NULL)
		return NULL;
	const char *label = strtok_r(NULL, BLANKS, &rest);
	if (acl_prefix_from_text(prefix, &rule) != 0)
		return "no prefix, or one with bits set below its length";
	if (label == NULL || strtok_r(NULL, BLANKS, &rest) != NULL)
		return "a line is a prefix and one label, as in 192.0.2.0/24 provider-a";
	if (!is_label(label))
		return "a label has 1 to 63 letters, digits, hyphens, underscores and dots";
	switch (labels_add(labels, &rule.prefix, rule.prefix_len, label, number)) {
	case 0:
		return NULL;
	case -E2BIG:
		return "too many prefixes: at most 65536";
	default:
		return "out of memory";
	}
}

static const char *read_lines(FILE *stream, struct labels *labels, unsigned *number)
{
	char line[LINE_MAX_LEN];

	for (*number = 1; fgets(line, sizeof(line), stream) != NULL; (*number)++) {
		size_t len = strlen(line);
		// A line of text ends with its end, or with that of the file.
		if (len == 0 || (line[len - 1] != '\n' && !feof(stream)))
			return len == sizeof(line) - 1 ? "the line is too long"
						       : "this is no text: it holds NUL";
		const char *complaint = read_line(line, *number, labels);
		if (complaint != NULL)
			return complaint;
	}
	if (ferror(stream))
		return "cannot be read";
	*number = labels_settle(labels);
	return *number > 0 ? "this prefix has a label already" : NULL;
}

void load_domains(struct loader *loader)
{
	const char *path = loader->schema->upstream.domains;
	const char *complaint;
	unsigned number;

	if (path == NULL)
		return;
	struct labels *labels = labels_new();
	loader->config->upstream.labels = labels;
	if (labels == NULL) {
		loader_fail(loader, "upstream.domains", "out of memory");
		return;
	}
	FILE *stream = fopen(path, "re");
	if (stream == NULL) {
		loader_fail(loader, "upstream.domains", "%s: %s", path, strerror(errno));
		return;
	}
	complaint = read_lines(stream, labels, &number);
	if (complaint != NULL)
		loader_fail(loader, "upstream.domains", "%s:%u: %s", path, number, complaint);
	fclose(stream);
}
