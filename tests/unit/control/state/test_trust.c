// Trust anchors and their file: what it holds counts only if what is trusted has signed it, and
// what is learnt gets into it.
#include "control/state/file.h"
#include "control/state/trust.h"
#include "control/validator/state_text.h"
#include "crypto/batch.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/testing.h"
#include "tests/unit/control/validator/signer.h"

#include <uv.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DAY_S 86400
#define ROOT  ((const uint8_t *)"")

static char folder[64], path[128], unused[160];
static uv_loop_t loop;
static struct batch *batch;
static struct trust *trust;
static struct acl *acl;
static struct store *store;
static struct signer_key *old_key, *new_key, *strange_key;
static struct config_anchor anchor;
static struct config config;
static uint8_t ds[64];
static bool disk_fails;

// A disk that takes what is written, and loses it.
int fsync(int fd)
{
	if (disk_fails) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fsync, fd);
}

static struct store_clock clock_at(int64_t now_s)
{
	return (struct store_clock){.now_ms = 1000000 + (uint64_t)(now_s - SIGNER_NOW) * 1000,
				    .now_s = now_s,
				    .trusted = true};
}

static void set_anchor(const struct signer_key *key, uint8_t digest_type)
{
	anchor = (struct config_anchor){.type = TYPE_DS, .rdata = ds, .automatic = true};
	anchor.rdlen = (uint16_t)signer_ds(key, ROOT, 2, ds);
	ds[3] = digest_type;
}

static int start(void **state)
{
	static const struct trust_config trust_config = {.inception_skew_s = 3600};
	struct store_config store_config = {
		.cache = {.memory_bytes = 8 << 20, .shards = 1, .one_shot_bytes = 1 << 20},
	};
	const struct store_clock now = clock_at(SIGNER_NOW);
	char err[256];

	(void)state;
	disk_fails = false;
	snprintf(folder, sizeof(folder), "/tmp/assay-trust-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/trust.state", folder);
	snprintf(unused, sizeof(unused), "%s.unused", path);
	batch = batch_new(&(struct batch_config){0});
	trust = trust_new(&trust_config, batch);
	acl = acl_new(NULL, 0);
	store_config.acl = acl;
	store = store_new(&store_config, err, sizeof(err));
	assert_non_null(trust);
	assert_non_null(store);
	store_set_clock(store, &now);
	old_key = signer_key_new(13, 0, 257);
	new_key = signer_key_new(13, 0, 257);
	strange_key = signer_key_new(13, 0, 257);
	set_anchor(old_key, 2);
	config = (struct config){.anchors = &anchor, .anchor_count = 1, .inception_skew_s = 3600};
	snprintf(config.trust_state, sizeof(config.trust_state), "%s", path);
	return uv_loop_init(&loop);
}

static int end(void **state)
{
	char command[160];

	(void)state;
	assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(uv_loop_close(&loop), 0);
	store_free(store);
	acl_free(acl);
	trust_free(trust);
	batch_free(batch);
	signer_key_free(old_key);
	signer_key_free(new_key);
	signer_key_free(strange_key);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static struct trust_state *open_state(void)
{
	char err[256] = "";
	struct trust_state *state =
		trust_state_open(&loop, &config, trust, store, err, sizeof(err));

	assert_string_equal(err, "");
	assert_non_null(state);
	return state;
}

// Both keys, signed by one of them.
static void see(struct trust_state *state, const struct signer_key *by, int64_t at_s)
{
	struct signer_key *keys[] = {old_key, new_key};
	const struct signer_options options = {.inception_s = at_s - DAY_S,
					       .expiration_s = at_s + 14 * DAY_S};
	struct rrset *rrset = signer_dnskey_rrset(ROOT, keys, 2, 172800);
	struct rrset *signed_ = signer_sign(rrset, by, ROOT, &options);
	const struct store_clock at = clock_at(at_s);

	assert_int_equal(trust_points_observe(trust_state_points(state), signed_, at.now_ms, at_s),
			 TRUST_OBSERVED);
	rrset_free(rrset);
	rrset_free(signed_);
}

static void turn(struct trust_state *state, int64_t now_s)
{
	const struct store_clock now = clock_at(now_s);

	trust_state_run(state, &now);
	uv_run(&loop, UV_RUN_DEFAULT);
}

struct wanted {
	const char *name;
	uint64_t value;
	bool found;
};

static void take(const char *name, const char *words, uint64_t value, void *arg)
{
	struct wanted *wanted = arg;

	(void)words;
	if (strcmp(name, wanted->name) == 0) {
		wanted->value = value;
		wanted->found = true;
	}
}

static uint64_t counter(const struct trust_state *state, const char *name)
{
	struct wanted wanted = {.name = name};

	trust_state_counters(state, take, &wanted);
	assert_true(wanted.found);
	return wanted.value;
}

static void add_line(const char *text, void *arg)
{
	char *all = arg;

	snprintf(all + strlen(all), 4096 - strlen(all), "%s\n", text);
}

static void add_alarm(const struct alarm *alarm, void *arg)
{
	add_line(alarm->text, arg);
}

static void add_alarms(const struct trust_state *state, char *all)
{
	const struct store_clock now = {.now_ms = 1000, .now_s = 1000};
	struct alarms *alarms = alarms_new();

	assert_true(alarms_add(alarms, trust_state_alarms, (void *)(uintptr_t)state));
	alarms_now(alarms, &now);
	alarms_each(alarms, add_alarm, all);
	alarms_free(alarms);
}

static void assert_says(const struct trust_state *state, const char *words)
{
	char all[4096] = "";

	trust_state_describe(state, add_line, all);
	add_alarms(state, all);
	if (strstr(all, words) == NULL)
		fail_msg("\"%s\" is not in: %s", words, all);
}

static size_t anchors(const struct trust_state *state)
{
	return (size_t)counter(state, "trust.anchors");
}

// A roll seen through to the end, as an earlier process saw it.
static void roll(void)
{
	struct trust_state *state = open_state();

	for (int64_t day = 0; day <= 40; day += 10) {
		see(state, old_key, SIGNER_NOW + day * DAY_S);
		turn(state, SIGNER_NOW + day * DAY_S);
	}
	assert_int_equal(anchors(state), 2);
	trust_state_close(state);
	uv_run(&loop, UV_RUN_DEFAULT);
}

static void what_was_learnt_holds_at_the_next_start(void **arg)
{
	(void)arg;
	roll();
	struct trust_state *state = open_state();
	assert_int_equal(anchors(state), 2);
	assert_int_equal(counter(state, "trust.state_left"), 0);
	assert_int_equal(counter(state, "trust.alarms"), 0);
	trust_state_close(state);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(access(unused, F_OK), -1);
}

static void what_changes_is_written_while_it_runs(void **arg)
{
	(void)arg;
	struct trust_state *state = open_state();
	see(state, old_key, SIGNER_NOW);
	turn(state, SIGNER_NOW);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(counter(state, "trust.state_writes"), 1);
	turn(state, SIGNER_NOW + 1);
	assert_int_equal(counter(state, "trust.state_writes"), 1);
	trust_state_close(state);
}

static void what_changed_last_is_written_at_the_end(void **arg)
{
	(void)arg;
	struct trust_state *state = open_state();
	turn(state, SIGNER_NOW);
	unlink(path);
	see(state, old_key, SIGNER_NOW + 1);
	trust_state_close(state);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(access(path, F_OK), 0);
}

// It has learned nothing, and may not have the rights of the user whose folder it is.
static void a_start_that_comes_to_nothing_writes_nothing(void **arg)
{
	(void)arg;
	trust_state_close(open_state());
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(access(path, F_OK), -1);
}

// The file of another who holds other keys: whoever can write to it makes nothing trusted.
static void entries_that_do_not_verify_do_not_count_and_are_said(void **arg)
{
	(void)arg;
	roll();
	set_anchor(strange_key, 2);
	struct trust_state *state = open_state();
	assert_int_equal(anchors(state), 1);
	assert_true(counter(state, "trust.state_left") > 0);
	assert_int_equal(access(unused, F_OK), 0);
	trust_state_close(state);
}

static void a_file_that_is_damaged_is_kept_and_an_alarm(void **arg)
{
	(void)arg;
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs("assay-trust-state 1\nseen yesterday\n", file);
	fclose(file);
	struct trust_state *state = open_state();
	assert_int_equal(anchors(state), 1);
	assert_int_equal(counter(state, "trust.alarms"), 1);
	assert_says(state, "was not used at the start; the configured trust anchors hold");
	assert_int_equal(access(unused, F_OK), 0);
	// It ends when there is a good file again, which waits for no change.
	turn(state, SIGNER_NOW);
	assert_int_equal(counter(state, "trust.alarms"), 0);
	assert_int_equal(access(path, F_OK), 0);
	trust_state_close(state);
}

// One slip in the configuration, and a file of keys or the configuration itself became a state.
static void b5_a_file_that_is_no_state_is_left_as_it_is(void **arg)
{
	(void)arg;
	char text[64] = "";
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs("ports:\n", file);
	fclose(file);
	struct trust_state *state = open_state();
	assert_int_equal(anchors(state), 1);
	turn(state, SIGNER_NOW);
	assert_int_equal(counter(state, "trust.state_writes"), 0);
	assert_says(state, "is no file that assayd has written, and is not replaced");
	trust_state_close(state);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(access(unused, F_OK), -1);
	file = fopen(path, "r");
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	assert_string_equal(text, "ports:\n");
}

// After the way back from a version that writes it in another form: nothing is guessed out of it,
// and the next upgrade finds it where it was kept.
static void o26_a_state_of_another_version_is_kept_and_not_used(void **arg)
{
	(void)arg;
	char text[64] = "";
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs("assay-trust-state 2\nof another form\nend 0\n", file);
	fclose(file);
	struct trust_state *state = open_state();
	assert_int_equal(anchors(state), 1);
	assert_says(state, "the first line is not \"assay-trust-state 1\"");
	turn(state, SIGNER_NOW);
	assert_int_equal(counter(state, "trust.alarms"), 0);
	trust_state_close(state);
	uv_run(&loop, UV_RUN_DEFAULT);
	file = fopen(unused, "r");
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	assert_string_equal(text, "assay-trust-state 2\n");
}

static void without_a_usable_anchor_there_is_no_start(void **arg)
{
	char err[256] = "";

	(void)arg;
	set_anchor(old_key, 99);
	assert_null(trust_state_open(&loop, &config, trust, store, err, sizeof(err)));
	assert_string_equal(err, "none of the trust anchors can be used");
	config.anchor_count = 0;
	trust_state_close(open_state());
}

static void one_usable_anchor_of_two_is_enough(void **arg)
{
	struct config_anchor two[2];
	static uint8_t bad[64];

	(void)arg;
	two[0] = two[1] = anchor;
	memcpy(bad, ds, sizeof(bad));
	bad[3] = 99;
	two[0].rdata = bad;
	config.anchors = two;
	config.anchor_count = 2;
	struct trust_state *state = open_state();
	assert_int_equal(anchors(state), 1);
	trust_state_close(state);
}

static void folder_alarm(void *arg, struct alarms *alarms)
{
	alarm_holds(alarms, *(enum alarm_name *)arg, "folder", "cannot be written");
}

// One cause, one alarm.
static void assert_one_alarm_with_that_of_the_folder(struct trust_state *state)
{
	static enum alarm_name names[] = {ALARM_STATE, ALARM_DISK};
	const struct store_clock now = {.now_ms = 1000, .now_s = SIGNER_NOW};

	for (unsigned i = 0; i < 2; i++) {
		struct alarms *alarms = alarms_new();
		assert_true(alarms_add(alarms, folder_alarm, &names[i]));
		assert_true(alarms_add(alarms, trust_state_alarms, state));
		alarms_now(alarms, &now);
		assert_int_equal(alarms_of(alarms, ALARM_ERROR), 1);
		alarms_free(alarms);
	}
}

static void a_disk_that_does_not_keep_it_is_an_alarm(void **arg)
{
	(void)arg;
	struct trust_state *state = open_state();
	disk_fails = true;
	see(state, old_key, SIGNER_NOW);
	turn(state, SIGNER_NOW);
	assert_int_equal(counter(state, "trust.state_write_failures"), 1);
	assert_int_equal(counter(state, "trust.alarms"), 1);
	assert_says(state, "what is learned about trust anchors is lost at the next start");
	assert_one_alarm_with_that_of_the_folder(state);
	assert_int_equal(access(path, F_OK), -1);
	// It is owed, and written at the end.
	disk_fails = false;
	trust_state_close(state);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(access(path, F_OK), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_learnt_holds_at_the_next_start),
		TEST(what_changes_is_written_while_it_runs),
		TEST(what_changed_last_is_written_at_the_end),
		TEST(a_start_that_comes_to_nothing_writes_nothing),
		TEST(entries_that_do_not_verify_do_not_count_and_are_said),
		TEST(a_file_that_is_damaged_is_kept_and_an_alarm),
		TEST(b5_a_file_that_is_no_state_is_left_as_it_is),
		TEST(o26_a_state_of_another_version_is_kept_and_not_used),
		TEST(without_a_usable_anchor_there_is_no_start),
		TEST(one_usable_anchor_of_two_is_enough),
		TEST(a_disk_that_does_not_keep_it_is_an_alarm),
	};

	return cmocka_run_group_tests_name("state-trust", tests, NULL, NULL);
}
