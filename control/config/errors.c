#include "control/config/errors.h"

#include <stdio.h>
#include <string.h>

// "zones[0]" is above "zones[0].name" and "zones", not above "zones[01]".
static bool is_at_or_above(const char *above, const char *path)
{
	size_t len = strlen(above);

	return strncmp(above, path, len) == 0 &&
	       (len == 0 || path[len] == '\0' || path[len] == '.' || path[len] == '[');
}

static size_t told(const struct config_errors *errors)
{
	return errors->count < CONFIG_ERRORS_MAX ? errors->count : CONFIG_ERRORS_MAX;
}

static bool follows(const struct config_errors *errors, const struct config_error *error)
{
	for (size_t i = 0; i < told(errors); i++) {
		const struct config_error *known = &errors->list[i];

		if (strcmp(known->path, error->path) == 0 && known->line == error->line &&
		    !error->shape)
			return true;
		if (known->shape && !error->shape &&
		    (is_at_or_above(known->path, error->path) ||
		     is_at_or_above(error->path, known->path)))
			return true;
	}
	return false;
}

bool config_errors_add(struct config_errors *errors, const struct config_error *error)
{
	size_t count = told(errors), at = count;

	if (follows(errors, error))
		return false;
	errors->count++;
	while (at > 0 && errors->list[at - 1].line > error->line)
		at--;
	if (at == CONFIG_ERRORS_MAX)
		return true;
	if (count == CONFIG_ERRORS_MAX)
		count--;
	memmove(&errors->list[at + 1], &errors->list[at], (count - at) * sizeof(errors->list[0]));
	errors->list[at] = *error;
	return true;
}

bool config_errors_touch(const struct config_errors *errors, const char *path)
{
	for (size_t i = 0; i < told(errors); i++) {
		if (is_at_or_above(path, errors->list[i].path))
			return true;
	}
	return false;
}

void config_errors_each(const struct config_errors *errors,
			void (*line)(const char *text, void *arg), void *arg)
{
	char text[64];

	for (size_t i = 0; i < told(errors); i++)
		line(errors->list[i].sentence, arg);
	if (errors->count <= 1)
		return;
	if (errors->count > told(errors))
		snprintf(text, sizeof(text), "%zu errors, %zu of them not shown", errors->count,
			 errors->count - told(errors));
	else
		snprintf(text, sizeof(text), "%zu errors", errors->count);
	line(text, arg);
}
