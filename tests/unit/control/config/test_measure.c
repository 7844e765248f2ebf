// Files of a shape that no configuration has, and that would keep the parser busy for minutes: each
// is refused for that shape.
#include "tests/unit/control/config/text.h"

#define COUNT 100000

struct file {
	char *text;
	size_t len, size;
};

static void add(struct file *file, const char *text)
{
	const size_t len = strlen(text);

	if (file->len + len + 1 > file->size) {
		file->size = 2 * (file->size + len + 1);
		file->text = realloc(file->text, file->size);
		assert_non_null(file->text);
	}
	memcpy(file->text + file->len, text, len + 1);
	file->len += len;
}

// count times; a %u stands for which one.
static void add_many(struct file *file, const char *format, unsigned count)
{
	const char *number = strstr(format, "%u");
	char text[128];

	for (unsigned i = 0; i < count; i++) {
		if (number != NULL)
			snprintf(text, sizeof(text), "%.*s%u%s", (int)(number - format), format, i,
				 number + 2);
		add(file, number != NULL ? text : format);
	}
}

static void assert_refused(const char *before, const char *repeated, unsigned count,
			   const char *after, const char *sentence)
{
	char err[CONFIG_ERROR_MAX];
	struct file file = {0};

	add(&file, before);
	add_many(&file, repeated, count);
	add(&file, after);
	struct config *config = load_bytes(file.text, file.len, err);
	free(file.text);
	if (config != NULL || strncmp(err, sentence, strlen(sentence)) != 0)
		fail_msg("%u \"%s\": wanted \"%s\", got \"%s\"", count, repeated, sentence, err);
}

#define DEEP "lists and keys lie in each other more than 32 times"

static void b11_what_lies_too_deep_is_refused(void **state)
{
	(void)state;
	assert_refused("", "[", COUNT, "", "FILE:1: " DEEP);
	assert_refused(MINIMAL "x: ", "[\n", COUNT, "", "FILE:36: " DEEP);
	assert_refused("", "{a: ", COUNT, "", "FILE:1: " DEEP);
	assert_refused("", "- ", COUNT, "a\n", "FILE:1: " DEEP);
	assert_refused("", "? ", COUNT, "a\n", "FILE:1: " DEEP);
	assert_refused(MINIMAL "x: [",
		       "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]],", 1000,
		       "]\n", "FILE:5: " DEEP);
	// Behind a first document as well.
	assert_refused(MINIMAL "---\n", "[", COUNT, "", "FILE:6: a second document begins here");
}

static void b11_what_is_too_many_is_refused(void **state)
{
	(void)state;
	assert_refused(MINIMAL "x: [", "&a%u y,", COUNT, "]\n",
		       "FILE:5: more than 1000 anchors (&NAME)");
	assert_refused("", "%TAG !a%u! b\n", COUNT, "---\n" MINIMAL,
		       "FILE:1: more than 16 directives (%TAG)");
	assert_refused(MINIMAL, "k%u: 1\n", 10000, "", "FILE:1: 10002 keys: there are not so many");
	assert_refused(MINIMAL "memory: {", "k%u: 1,", 10000, "}\n",
		       "FILE:5: memory: 10000 keys: there are not so many");
	assert_refused(MINIMAL "access: {allow: [", "10.0.0.0/8,", 500000, "]}\n",
		       "FILE:5: more than 500000 keys and values");
}

// The largest that the options allow.
static void b11_a_large_configuration_is_read(void **state)
{
	char err[CONFIG_ERROR_MAX];
	struct file file = {0};

	(void)state;
	add(&file, MINIMAL "trust: {insecure: [");
	add_many(&file, "z%u.example,", 4096);
	add(&file, "]}\nzones:\n");
	add_many(&file,
		 "  - {name: y%u.example, type: stub, servers: [10.0.0.1, 10.0.0.2, 10.0.0.3, "
		 "10.0.0.4]}\n",
		 1024);
	struct config *config = load_bytes(file.text, file.len, err);
	free(file.text);
	assert_string_equal(err, "");
	assert_int_equal(config->insecure_count, 4096);
	assert_int_equal(config->resolver.route_count, 1024);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(b11_what_lies_too_deep_is_refused),
		cmocka_unit_test(b11_what_is_too_many_is_refused),
		cmocka_unit_test(b11_a_large_configuration_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
