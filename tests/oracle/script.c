#include "tests/oracle/script.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append(struct script *script, char *line)
{
	script->lines = realloc(script->lines, (script->count + 1) * sizeof(*script->lines));
	if (script->lines == NULL || line == NULL)
		abort();
	script->lines[script->count++] = line;
}

void script_add(struct script *script, const char *format, ...)
{
	char *line = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&line, format, args) < 0)
		abort();
	va_end(args);
	append(script, line);
}

void script_take(struct script *script, const struct script *from, const bool *keep)
{
	for (size_t i = 0; i < from->count; i++) {
		if (keep == NULL || keep[i])
			append(script, strdup(from->lines[i]));
	}
}

void script_read(struct script *script, const char *path)
{
	char line[2048];
	FILE *file = fopen(path, "r");

	if (file == NULL) {
		perror(path);
		exit(2);
	}
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[strspn(line, " \t")] != '\0' && line[0] != '#')
			append(script, strdup(line + strspn(line, " \t")));
	}
	fclose(file);
}

void script_clear(struct script *script)
{
	for (size_t i = 0; i < script->count; i++)
		free(script->lines[i]);
	free(script->lines);
	*script = (struct script){0};
}

size_t script_words(const char *line, struct words *out, size_t max)
{
	char *p = out->text;

	snprintf(out->text, sizeof(out->text), "%s", line);
	out->count = 0;
	for (;;) {
		p += strspn(p, " ");
		if (*p == '\0')
			return out->count;
		out->at[out->count++] = p;
		if (out->count == max)
			return out->count;
		p += strcspn(p, " ");
		if (*p != '\0')
			*p++ = '\0';
	}
}
