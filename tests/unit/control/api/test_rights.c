// Who may give which orders: root, a group that may everything, one that may read, and strangers.
#include "control/api/protocol.h"
#include "control/api/rights.h"
#include "tests/unit/control/api/operator.h"

#include <errno.h>
#include <grp.h>
#include <sys/wait.h>

#define OPERATORS 23001
#define READERS   23002
#define STRANGERS 23003
#define STRANGER  23004 // a user

enum outcome { CANNOT_CONNECT, TURNED_AWAY, REFUSED, DONE, BROKEN };

struct peer {
	uid_t user;
	gid_t group, beside; // its supplementary one
};

static enum outcome ask_as_this(const char *at, const char *request)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char line[4096], *end;
	size_t len = 0;
	FILE *stream;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", at);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		return errno == EACCES ? CANNOT_CONNECT : BROKEN;
	stream = fdopen(fd, "r+");
	if (!fgets(line, sizeof(line), stream))
		return TURNED_AWAY;
	len = (size_t)fprintf(stream, "%s\n", request);
	fflush(stream);
	end = len > 0 ? fgets(line, sizeof(line), stream) : NULL;
	if (!end)
		return BROKEN;
	if (strstr(line, "\"ok\":true"))
		return DONE;
	return strstr(line, "only root and members of the group of control.operators") ? REFUSED
										       : BROKEN;
}

static enum outcome ask_as(struct peer peer, const char *at, const char *request)
{
	int status = -1;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(120); // it asks and waits; the parent may have failed
		if (setgroups(1, &peer.beside) != 0 ||
		    setresgid(peer.group, peer.group, peer.group) != 0 ||
		    setresuid(peer.user, peer.user, peer.user) != 0)
			_exit(BROKEN);
		_exit((int)ask_as_this(at, request));
	}
	until(waitpid(pid, &status, WNOHANG) == pid);
	assert_true(WIFEXITED(status));
	return (enum outcome)WEXITSTATUS(status);
}

static struct api *open_for(const struct api_groups *those, char at[100])
{
	char err[256];
	struct api *other;

	assert_int_equal(chmod(folder, 0755), 0);
	snprintf(at, 100, "%s/groups.sock", folder);
	groups = those;
	other = open_api(at, err, sizeof(err));
	groups = NULL;
	if (!other)
		fail_msg("%s", err);
	return other;
}

static const char *const reads = "{\"verb\": \"status\"}";
static const char *const changes = "{\"verb\": \"flush\", \"arguments\": [\"www.example.\"]}";

static void groups_have_the_rights_that_they_are_given(void **state)
{
	static const struct {
		struct peer peer;
		enum outcome reading, changing;
	} rows[] = {
		{{0, 0, 0}, DONE, DONE},
		{{STRANGER, OPERATORS, STRANGERS}, DONE, DONE},
		{{STRANGER, STRANGERS, OPERATORS}, DONE, DONE},
		{{STRANGER, READERS, OPERATORS}, DONE, DONE},
		{{STRANGER, READERS, STRANGERS}, DONE, REFUSED},
		{{STRANGER, STRANGERS, READERS}, DONE, REFUSED},
		{{STRANGER, STRANGERS, STRANGERS}, CANNOT_CONNECT, CANNOT_CONNECT},
	};
	const struct api_groups both = {.operators = OPERATORS, .readers = READERS};
	char at[100];
	struct api *other;

	(void)state;
	if (geteuid() != 0)
		skip();
	other = open_for(&both, at);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum outcome reading = ask_as(rows[i].peer, at, reads);
		enum outcome changing = ask_as(rows[i].peer, at, changes);
		if (reading != rows[i].reading || changing != rows[i].changing)
			fail_msg("row %zu: %d, %d", i, reading, changing);
	}
	api_close(other);
	turn();
}

static void without_groups_root_alone_may_connect(void **state)
{
	const struct api_groups none = {.operators = GROUP_NOBODY, .readers = GROUP_NOBODY};
	const struct api_groups readers = {.operators = GROUP_NOBODY, .readers = READERS};
	char at[100];
	struct api *other;

	(void)state;
	if (geteuid() != 0)
		skip();
	other = open_for(&none, at);
	assert_int_equal(ask_as((struct peer){STRANGER, 0, 0}, at, reads), CANNOT_CONNECT);
	assert_int_equal(ask_as((struct peer){0, 0, 0}, at, changes), DONE);
	api_close(other);
	turn();
	other = open_for(&readers, at);
	assert_int_equal(ask_as((struct peer){STRANGER, OPERATORS, 0}, at, reads), CANNOT_CONNECT);
	assert_int_equal(ask_as((struct peer){STRANGER, READERS, 0}, at, reads), DONE);
	assert_int_equal(ask_as((struct peer){STRANGER, READERS, 0}, at, changes), REFUSED);
	api_close(other);
	turn();
}

// Whoever reaches the socket by a door that the file does not guard is let in by the kernel's word
// alone.
static void a_stranger_who_gets_through_is_turned_away(void **state)
{
	const struct api_groups both = {.operators = OPERATORS, .readers = READERS};
	char at[100];
	struct api *other;

	(void)state;
	if (geteuid() != 0)
		skip();
	other = open_for(&both, at);
	assert_int_equal(chmod(at, 0666), 0);
	assert_int_equal(ask_as((struct peer){STRANGER, STRANGERS, STRANGERS}, at, reads),
			 TURNED_AWAY);
	assert_int_equal(ask_as((struct peer){STRANGER, READERS, STRANGERS}, at, reads), DONE);
	api_close(other);
	turn();
}

// At most 16 of a kind: the oldest reader gives way to a reader, and no operator does.
static void readers_take_no_place_of_operators(void **state)
{
	const struct api_groups both = {.operators = OPERATORS, .readers = READERS};
	char at[100], greeting[64];
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct api *other;

	(void)state;
	if (geteuid() != 0)
		skip();
	other = open_for(&both, at);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", at);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	until(read(fd, greeting, sizeof(greeting)) > 0);
	for (int i = 0; i < 40; i++)
		assert_int_equal(ask_as((struct peer){STRANGER, READERS, STRANGERS}, at, reads),
				 DONE);
	assert_int_equal(send(fd, "{\"verb\": \"status\"}\n", 19, MSG_NOSIGNAL), 19);
	until(read(fd, greeting, sizeof(greeting)) > 0);
	close(fd);
	api_close(other);
	turn();
}

static void orders_that_change_nothing_are_told_from_others(void **state)
{
	static const char *const list[] = {"list"}, *const add[] = {"add", "a."},
				 *const plan[] = {"plan"}, *const start[] = {"start"},
				 *const part[] = {"pla"}, *const empty[] = {""};

	(void)state;
	assert_true(right_reads("status", NULL, 0));
	assert_true(right_reads("explain", add, 2));
	assert_true(right_reads("nta", list, 1));
	assert_true(right_reads("drill", plan, 1));
	assert_true(right_reads("no-verb", NULL, 0)); // and is told so
	assert_false(right_reads("nta", add, 2));
	assert_false(right_reads("nta", NULL, 0));
	assert_false(right_reads("drill", start, 1));
	assert_false(right_reads("drill", part, 1));
	assert_false(right_reads("drill", empty, 1));
	assert_false(right_reads("flush", list, 1));
	assert_false(right_reads("log", list, 1));
	assert_false(right_reads("stop", NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(groups_have_the_rights_that_they_are_given, setup,
						teardown),
		cmocka_unit_test_setup_teardown(without_groups_root_alone_may_connect, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_stranger_who_gets_through_is_turned_away, setup,
						teardown),
		cmocka_unit_test_setup_teardown(readers_take_no_place_of_operators, setup,
						teardown),
		cmocka_unit_test(orders_that_change_nothing_are_told_from_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
