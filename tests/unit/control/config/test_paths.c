// Files that are written, and files that are read: one under two names is refused.
#include "tests/unit/control/config/text.h"

#include <sys/stat.h>

static char folder[64];

static int start(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/assay-paths-XXXXXX");
	return mkdtemp(folder) == NULL;
}

static int end(void **state)
{
	char command[160];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

// Every @ of the text stands for the folder.
static void fill(const char *format, char out[1200])
{
	size_t used = 0;

	for (; *format != '\0'; format++)
		used += (size_t)snprintf(out + used, 1200 - used, "%.*s", *format == '@' ? 63 : 1,
					 *format == '@' ? folder : format);
}

static void put(const char *name, const char *text)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *stream = fopen(path, "w");
	assert_non_null(stream);
	fputs(text, stream);
	fclose(stream);
}

static void assert_refused(const char *text, const char *sentence)
{
	char filled[1200], wanted[1200];

	fill(text, filled);
	fill(sentence, wanted);
	assert_text_refused(filled, wanted);
}

static void assert_taken(const char *text)
{
	char filled[1200], err[CONFIG_ERROR_MAX];

	fill(text, filled);
	struct config *config = load_text(filled, err);
	if (config == NULL)
		fail_msg("%s\ngot \"%s\"", filled, err);
	config_free(config);
}

#define DS         ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n"
#define HINTS      ". 3600 IN NS a.root.\na.root. 3600 IN A 192.0.2.1\n"
#define TRUST(...) MINIMAL "trust: {" __VA_ARGS__ "}\n"

static void b5_what_is_read_is_not_written_over(void **state)
{
	(void)state;
	put("root.ds", DS);
	put("root.hints", HINTS);
	put("domains", "192.0.2.0/24 a\n");
	put("ca.pem", "");
	assert_refused(
		TRUST("state: @/root.ds, anchor-files: [@/root.ds]"),
		"FILE:5: trust.state: @/root.ds would be written over trust.anchor-files[0]: "
		"give each a file of its own");
	assert_refused(
		TRUST("state: @/root.hints") "resolver: {root-hints: @/root.hints}\n",
		"FILE:5: trust.state: @/root.hints would be written over resolver.root-hints");
	assert_refused(TRUST("state: @/domains") "upstream: {domains: @/domains}\n",
		       "FILE:5: trust.state: @/domains would be written over upstream.domains");
	assert_refused(TRUST("state: @/ca.pem") "upstream: {tls-ca-file: @/ca.pem}\n",
		       "FILE:5: trust.state: @/ca.pem would be written over upstream.tls-ca-file");
	assert_refused(TRUST("state: @/ca.pem") "test-clock: @/ca.pem\n",
		       "FILE:5: trust.state: @/ca.pem would be written over test-clock");
	assert_refused(MINIMAL "control: {socket: @/root.ds}\ntrust: {anchor-files: [@/root.ds]}\n",
		       "FILE:5: control.socket: @/root.ds would be written over "
		       "trust.anchor-files[0]");
}

static void b5_what_is_made_beside_counts_as_well(void **state)
{
	static const char *const beside[] = {"lock", "new", "unused"};
	char name[32], text[400], sentence[400];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "a.%s", beside[i]);
		put(name, DS);
		snprintf(text, sizeof(text), TRUST("state: @/a, anchor-files: [@/%s]"), name);
		snprintf(sentence, sizeof(sentence),
			 "FILE:5: trust.state: @/%s would be written over trust.anchor-files[0]",
			 name);
		assert_refused(text, sentence);
	}
	put("drill.history", DS);
	assert_refused(TRUST("state: @/a, anchor-files: [@/drill.history]"),
		       "FILE:5: trust.state: @/drill.history would be written over "
		       "trust.anchor-files[0]");
}

static void b5_what_is_written_has_places_of_its_own(void **state)
{
	(void)state;
	assert_refused(TRUST("state: @/a") "control: {socket: @/a}\n",
		       "FILE:5: trust.state: @/a would be written over control.socket (@/a)");
	assert_refused(TRUST("state: @/drill.history"),
		       "FILE:5: trust.state: @/drill.history would be written over");
	assert_refused(TRUST("state: @/a") "control: {socket: @/drill.history}\n",
		       "FILE:5: trust.state: @/drill.history would be written over control.socket");
	assert_refused(TRUST("state: @/a") "control: {socket: @/a.new}\n",
		       "FILE:5: trust.state: @/a.new would be written over control.socket");
	assert_refused(TRUST("state: @/a.lock") "control: {socket: @/a}\n",
		       "FILE:5: trust.state: @/a.lock would be written over control.socket "
		       "(@/a.lock)");
	assert_taken(TRUST("state: @/a") "control: {socket: @/b}\n");
	assert_taken(TRUST("state: ''") "control: {socket: @/drill.history}\n");
}

static void b5_another_name_of_a_file_is_that_file(void **state)
{
	char target[160], other[160];

	(void)state;
	put("root.ds", DS);
	snprintf(target, sizeof(target), "%s/root.ds", folder);
	snprintf(other, sizeof(other), "%s/hard", folder);
	assert_int_equal(link(target, other), 0);
	snprintf(other, sizeof(other), "%s/soft", folder);
	assert_int_equal(symlink(target, other), 0);
	snprintf(other, sizeof(other), "%s/again", folder);
	assert_int_equal(symlink(folder, other), 0);
	assert_refused(TRUST("state: @/soft, anchor-files: [@/root.ds]"),
		       "FILE:5: trust.state: @/soft would be");
	assert_refused(TRUST("state: @/hard, anchor-files: [@/root.ds]"),
		       "FILE:5: trust.state: @/hard would be");
	assert_refused(TRUST("state: @//again/./root.ds, anchor-files: [@/root.ds]"),
		       "FILE:5: trust.state: @//again/./root.ds would be");
	// Where nothing is yet, by the folder.
	assert_refused(TRUST("state: @/again/a") "control: {socket: @/a}\n",
		       "FILE:5: trust.state: @/again/a would be");
	assert_refused(TRUST("state: @/none//a") "control: {socket: @/again/none/a}\n",
		       "FILE:5: trust.state: @/none//a would be");
}

static void b5_the_configuration_is_not_written_over(void **state)
{
	static struct config_errors errors;
	char path[160], text[400];

	(void)state;
	snprintf(path, sizeof(path), "%s/self.yaml", folder);
	snprintf(text, sizeof(text), TRUST("state: %s/self.yaml"), folder);
	put("self.yaml", text);
	assert_null(config_load(path, &errors));
	assert_int_equal(errors.count, 1);
	assert_non_null(strstr(errors.list[0].sentence, "/self.yaml would be written over this "
							"configuration itself: give each a file"));
	snprintf(text, sizeof(text), MINIMAL "control: {socket: %s/self.yaml}\n", folder);
	put("self.yaml", text);
	assert_null(config_load(path, &errors));
	assert_non_null(strstr(errors.list[0].sentence, "control.socket: "));
}

#define paths_test(f) cmocka_unit_test_setup_teardown(f, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		paths_test(b5_what_is_read_is_not_written_over),
		paths_test(b5_what_is_made_beside_counts_as_well),
		paths_test(b5_what_is_written_has_places_of_its_own),
		paths_test(b5_another_name_of_a_file_is_that_file),
		paths_test(b5_the_configuration_is_not_written_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
