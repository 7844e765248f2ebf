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

static const struct {
	const char *word;
	unsigned flag;
} flag_words[] = {
	{"do", ASKED_DO},       {"ad", ASKED_AD},     {"cd", ASKED_CD},         {"tcp", ASKED_TCP},
	{"plain", ASKED_PLAIN}, {"gone", ASKED_GONE}, {"beside", ASKED_BESIDE},
};

static bool has_flag(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; (p = strstr(p, word)) != NULL; p += len) {
		if ((p == list || p[-1] == ',') && (p[len] == '\0' || p[len] == ','))
			return true;
	}
	return false;
}

unsigned script_flags(const char *list)
{
	unsigned flags = 0;

	for (size_t i = 0; i < sizeof(flag_words) / sizeof(flag_words[0]); i++)
		flags |= has_flag(list, flag_words[i].word) ? flag_words[i].flag : 0;
	return flags;
}
