// The table of options says what the file may say: every bound is where it stands, and every key
// has a row.
#include "control/config/options.h"
#include "tests/unit/control/config/text.h"

#include <inttypes.h>

#define FILE_MAX_LEN (64u << 10)

static char file[FILE_MAX_LEN];

static bool below(const char *path, const char *section)
{
	return strncmp(path, section, strlen(section)) == 0;
}

// A file that is good but for the one value.
static void write_with(const char *path, const char *value)
{
	const char *ports = "[{device: net_ring0}]", *addresses = "[192.0.2.53/24]";
	const char *key = strrchr(path, '.') ? strrchr(path, '.') + 1 : path;
	char rest[FILE_MAX_LEN - 1024] = "";
	int section = (int)strcspn(path, ".");

	if (strcmp(path, "ports") == 0)
		ports = value;
	else if (strcmp(path, "service.addresses") == 0)
		addresses = value;
	else if (below(path, "service."))
		snprintf(rest, sizeof(rest), "  %s: %s\n", key, value);
	else if (strcmp(path, "pools.name") == 0)
		snprintf(rest, sizeof(rest),
			 "pools: [{name: %s, servers: [{address: 10.0.0.1}]}]\n", value);
	else if (strcmp(path, "pools.servers") == 0)
		snprintf(rest, sizeof(rest), "pools: [{name: p, servers: %s}]\n", value);
	else if (strcmp(path, "pools.servers.address") == 0)
		snprintf(rest, sizeof(rest), "pools: [{name: p, servers: [{address: %s}]}]\n",
			 value);
	else if (below(path, "pools.servers."))
		snprintf(rest, sizeof(rest),
			 "pools: [{name: p, servers: [{address: 10.0.0.1, %s: %s}]}]\n", key,
			 value);
	else if (strcmp(path, "zones.name") == 0)
		snprintf(rest, sizeof(rest),
			 "zones: [{name: %s, type: stub, servers: [10.0.0.1]}]\n", value);
	else if (strcmp(path, "zones.type") == 0)
		snprintf(rest, sizeof(rest), "zones: [{name: a, type: %s, servers: [10.0.0.1]}]\n",
			 value);
	else if (strcmp(path, "zones.servers") == 0)
		snprintf(rest, sizeof(rest), "zones: [{name: a, type: stub, servers: %s}]\n",
			 value);
	else if (below(path, "zones."))
		snprintf(rest, sizeof(rest),
			 "zones: [{name: a, type: stub, servers: [10.0.0.1], %s: %s}]\n", key,
			 value);
	else if (key == path)
		snprintf(rest, sizeof(rest), "%s: %s\n", path, value);
	else if (strcmp(path, "ports.device") != 0)
		snprintf(rest, sizeof(rest), "%.*s: {%s: %s}\n", section, path, key, value);
	if (strcmp(path, "ports.device") == 0)
		snprintf(file, sizeof(file), "ports: [{device: %s}]\nservice:\n  addresses: %s\n",
			 value, addresses);
	else
		snprintf(file, sizeof(file), "ports: %s\nservice:\n  addresses: %s\n%s", ports,
			 addresses, rest);
}

static void assert_refused(const struct option *option, const char *value, const char *words)
{
	char err[CONFIG_ERROR_MAX];

	write_with(option->path, value);
	struct config *config = load_text(file, err);
	if (config != NULL || strstr(err, words) == NULL)
		fail_msg("%s: %.60s: wanted \"%s\", got \"%s\"", option->path, value, words, err);
}

static void assert_taken(const struct option *option, const char *value)
{
	char err[CONFIG_ERROR_MAX];

	write_with(option->path, value);
	struct config *config = load_text(file, err);
	if (config == NULL)
		fail_msg("%s: %.60s: %s", option->path, value, err);
	config_free(config);
}

static void check_number(const struct option *option)
{
	char value[32], bounds[OPTION_BOUNDS_MAX];

	option_bounds_text(option, bounds);
	snprintf(value, sizeof(value), "%" PRId64, option->minimum);
	assert_taken(option, value);
	snprintf(value, sizeof(value), "%" PRId64, option->maximum);
	assert_taken(option, value);
	snprintf(value, sizeof(value), "%" PRId64, option->maximum + 1);
	assert_refused(option, value, bounds);
	assert_refused(option, "99999999999999999999999", bounds);
	snprintf(value, sizeof(value), "%" PRId64, option->minimum - 1);
	assert_refused(option, value, bounds);
}

static void check_text(const struct option *option)
{
	static char value[8192];
	char bounds[OPTION_BOUNDS_MAX];

	memset(value, 'x', sizeof(value));
	value[option->maximum + 1] = '\0';
	assert_refused(option, value, option_bounds_text(option, bounds));
	if (option->minimum > 0)
		assert_refused(option, "''", bounds);
}

static void check_list(const struct option *option)
{
	static char value[32768];
	char bounds[OPTION_BOUNDS_MAX];
	size_t used = 1;

	option_bounds_text(option, bounds);
	value[0] = '[';
	for (int64_t i = 0; i <= option->maximum; i++) {
		memcpy(value + used, "x, ", 3);
		used += 3;
	}
	memcpy(value + used, "]", 2);
	assert_refused(option, value, bounds);
	assert_refused(option, "one", "wants a list");
	if (option->minimum > 0)
		assert_refused(option, "[]", bounds);
}

static void check_flag(const struct option *option)
{
	assert_refused(option, "flase", "neither true nor false; did you mean false?");
	assert_refused(option, "yes", "neither true nor false");
	assert_refused(option, "1", "neither true nor false");
	assert_refused(option, "'true'", "in quotes is text");
}

// The words of the sentence are those of the table, and each is taken.
static void check_word(const struct option *option)
{
	char err[CONFIG_ERROR_MAX], word[32];

	write_with(option->path, "no-word-of-it");
	assert_null(load_text(file, err));
	const char *list = strstr(err, " is none of ");
	assert_non_null(list);
	for (list += strlen(" is none of "); *list != '\0'; list += strspn(list, ", ")) {
		size_t len = strcspn(list, ",");

		snprintf(word, sizeof(word), "%.*s", (int)len, list);
		if (strstr(option->words, word) == NULL)
			fail_msg("%s: nobody is told of %s", option->path, word);
		if (strcmp(word, "tls") != 0) // wants a proof beside it
			assert_taken(option, word);
		list += len;
	}
}

static void every_bound_is_where_the_table_says(void **state)
{
	static void (*const check[])(const struct option *option) = {
		[OPTION_FLAG] = check_flag,     [OPTION_WORD] = check_word,
		[OPTION_NUMBER] = check_number, [OPTION_SIZE] = check_number,
		[OPTION_TEXT] = check_text,     [OPTION_LIST] = check_list,
	};
	const struct option *option;

	(void)state;
	for (size_t i = 0; (option = option_at(i)) != NULL; i++) {
		if (option->kind != OPTION_FILE)
			check[option->kind](option);
	}
}

// What the file says and the table's default are the same to the daemon.
static void every_default_can_be_written(void **state)
{
	const struct option *option;

	(void)state;
	for (size_t i = 0; (option = option_at(i)) != NULL; i++) {
		if (option->default_text[0] != '(' && strcmp(option->path, "zones.mode") != 0)
			assert_taken(option, option->default_text);
	}
}

static void every_row_is_a_key(void **state)
{
	char err[CONFIG_ERROR_MAX];
	const struct option *option;

	(void)state;
	for (size_t i = 0; (option = option_at(i)) != NULL; i++) {
		write_with(option->path, "{}");
		struct config *config = load_text(file, err);
		if (config != NULL || strstr(err, "no such key") != NULL)
			fail_msg("%s: %s", option->path, err);
	}
}

static void sizes_are_said_as_the_file_would(void **state)
{
	char text[OPTION_SIZE_MAX];

	(void)state;
	assert_string_equal(option_size_text(16 << 20, text), "16M");
	assert_string_equal(option_size_text((int64_t)128 << 30, text), "128G");
	assert_string_equal(option_size_text(1000, text), "1000");
	assert_string_equal(option_size_text(0, text), "0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_bound_is_where_the_table_says),
		cmocka_unit_test(every_default_can_be_written),
		cmocka_unit_test(every_row_is_a_key),
		cmocka_unit_test(sizes_are_said_as_the_file_would),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
