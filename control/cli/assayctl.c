// assayctl: sends one verb over the control socket and prints what comes back.

#include "control/api/protocol.h"

#include <jansson.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define TIMEOUT_S        10
#define TIMEOUT_FLUSH_S  120 // answered when a large cache has been gone through, beside all else
#define TIMEOUT_HEALTH_S 2   // who cannot answer in time is not well, and check scripts wait

enum { EXIT_REFUSED = 1, EXIT_UNWELL = 1, EXIT_USAGE = 2, EXIT_CRITICAL = 2, EXIT_NO_DAEMON = 3 };

// What does not fit beside its explanation stands above it.
static void print_verb(FILE *stream, const char *verb, const char *help)
{
	const int width = 42;

	if (strlen(verb) > (size_t)width)
		fprintf(stream, "  %s\n  %*s %s\n", verb, width, "", help);
	else
		fprintf(stream, "  %-*s %s\n", width, verb, help);
}

static void print_usage(FILE *stream)
{
	fputs("usage: assayctl [-s SOCKET] [--json] VERB [ARGUMENT...]\n"
	      "  -s, --socket PATH  the daemon's control socket (default " PROTOCOL_SOCKET ")\n"
	      "  -j, --json         print the data for programs instead of the text\n"
	      "  -V, --version      print the version\n"
	      "verbs:\n",
	      stream);
#define X(name, arguments, help, least, most, reads) print_verb(stream, #name " " arguments, help);
	PROTOCOL_VERBS(X)
#undef X
	fputs("exit status: 0 done, 1 the daemon refused, the output could not be written, or "
	      "health\n"
	      "             has something to tell, 2 wrong usage, 3 no daemon, or none that "
	      "answers\n",
	      stream);
}

static const char *hint(int error)
{
	if (error == ENOENT || error == ECONNREFUSED)
		return " (is assayd running?)";
	return error == EACCES
		       ? " (are you root, or of a group of control.operators or control.readers?)"
		       : "";
}

static unsigned timeout_of(const char *verb)
{
	if (strcmp(verb, "health") == 0)
		return TIMEOUT_HEALTH_S;
	return strcmp(verb, "flush") == 0 ? TIMEOUT_FLUSH_S : TIMEOUT_S;
}

// A descriptor, or an exit status below 0.
static int connect_to(const char *path, unsigned timeout_s)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = timeout_s};
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		fprintf(stderr, "assayctl: %s: the path is too long\n", path);
		return -EXIT_USAGE;
	}
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		fprintf(stderr, "assayctl: no socket: %s\n", strerror(errno));
		return -EXIT_NO_DAEMON;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	fprintf(stderr, "assayctl: %s: %s%s\n", path, strerror(errno), hint(errno));
	close(fd);
	return -EXIT_NO_DAEMON;
}

static const char *why_no_answer(FILE *stream, ssize_t len, const json_error_t *error)
{
	if (len > 0)
		return error->text;
	if (feof(stream))
		return "it closed the connection";
	return errno == EAGAIN ? "none came in time" : strerror(errno);
}

// Reads one line of JSON; NULL with a message on standard error.
static json_t *read_line(FILE *stream)
{
	json_error_t error;
	json_t *value = NULL;
	char *line = NULL;
	size_t size = 0;
	ssize_t len = getline(&line, &size, stream);

	if (len > 0)
		value = json_loadb(line, (size_t)len, 0, &error);
	if (!value)
		fprintf(stderr, "assayctl: no answer from the daemon: %s\n",
			why_no_answer(stream, len, &error));
	free(line);
	return value;
}

static bool hello_is_ours(FILE *stream)
{
	json_t *hello = read_line(stream);
	json_int_t version = json_integer_value(json_object_get(hello, "assay"));

	json_decref(hello);
	if (!hello || version == PROTOCOL_VERSION)
		return hello != NULL;
	fprintf(stderr,
		"assayctl: the daemon speaks version %d of the protocol, this assayctl %d\n",
		(int)version, PROTOCOL_VERSION);
	return false;
}

// The request as a line of its own, freed by the caller. NULL when a word is no text: leaving it
// out would ask for something else.
static char *request_line(char **words, int count)
{
	json_t *request = json_object(), *arguments = json_array();
	int failed = json_object_set_new(request, "verb", json_string(words[0]));
	char *line = NULL;

	for (int i = 1; i < count; i++)
		failed |= json_array_append_new(arguments, json_string(words[i]));
	failed |= json_object_set_new(request, "arguments", arguments);
	if (!failed)
		line = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	return line;
}

static int send_line(int fd, const char *line)
{
	if (dprintf(fd, "%s\n", line) > 0)
		return 0;
	fprintf(stderr, "assayctl: the request could not be sent: %s\n", strerror(errno));
	return -1;
}

// What an answer that says that something is wrong ends with.
static int unwell_status(const json_t *answer)
{
	const json_t *data = json_object_get(answer, "data");
	const json_t *status = data ? json_object_get(data, "status") : NULL;

	if (!json_is_true(json_object_get(answer, "unwell")))
		return 0;
	return status && json_integer_value(status) == EXIT_CRITICAL ? EXIT_CRITICAL : EXIT_UNWELL;
}

static int print_answer(const json_t *answer, bool as_json)
{
	const char *text = json_string_value(json_object_get(answer, "text"));
	const char *error = json_string_value(json_object_get(answer, "error"));
	const json_t *data = json_object_get(answer, "data");

	if (!json_is_true(json_object_get(answer, "ok"))) {
		fprintf(stderr, "assayctl: %s\n", error ? error : "the daemon refused");
		return json_is_true(json_object_get(answer, "misuse")) ? EXIT_USAGE : EXIT_REFUSED;
	}
	if (as_json) {
		json_dumpf(data ? data : json_null(), stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
		putchar('\n');
	} else {
		fputs(text ? text : "", stdout);
	}
	if (fflush(stdout) == 0 && !ferror(stdout))
		return unwell_status(answer);
	fprintf(stderr, "assayctl: the answer could not be written: %s\n", strerror(errno));
	return EXIT_REFUSED;
}

static int ask(int fd, const char *line, bool as_json)
{
	FILE *stream = fdopen(fd, "r");
	int status = EXIT_NO_DAEMON;
	json_t *answer = NULL;

	if (!stream) {
		close(fd);
		return EXIT_NO_DAEMON;
	}
	if (hello_is_ours(stream) && send_line(fd, line) == 0)
		answer = read_line(stream);
	if (answer)
		status = print_answer(answer, as_json);
	json_decref(answer);
	fclose(stream);
	return status;
}

// What is no verb, or has too few or too many words, is wrong whether a daemon runs or not.
static bool is_verb(const char *verb, int arguments)
{
	static const struct {
		const char *name, *arguments;
		int least, most;
	} verbs[] = {
#define X(name, arguments, help, least, most, reads) {#name, arguments, least, most},
		PROTOCOL_VERBS(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].name, verb) != 0)
			continue;
		if (arguments >= verbs[i].least && arguments <= verbs[i].most)
			return true;
		fprintf(stderr, "usage: assayctl %s%s%s\n", verb, verbs[i].arguments[0] ? " " : "",
			verbs[i].arguments);
		return false;
	}
	fprintf(stderr, "assayctl: \"%s\" is no verb; assayctl --help lists them\n", verb);
	return false;
}

static int run(const char *path, char **words, int count, bool as_json)
{
	char *line = request_line(words, count);
	int fd, status = EXIT_USAGE;

	if (!line)
		fprintf(stderr, "assayctl: the arguments are no UTF-8 text\n");
	else if (is_verb(words[0], count - 1)) {
		fd = connect_to(path, timeout_of(words[0]));
		status = fd < 0 ? -fd : ask(fd, line, as_json);
	}
	free(line);
	return status;
}

static int without_json_flag(char **words, int count, bool *as_json)
{
	int kept = 0;

	for (int i = 0; i < count; i++) {
		if (strcmp(words[i], "--json") == 0 || strcmp(words[i], "-j") == 0)
			*as_json = true;
		else
			words[kept++] = words[i];
	}
	return kept;
}

// A caller may have closed 0 to 2 (">&-"): the daemon's socket must not get their numbers, and what
// is written there must fail rather than seem to be printed. Hence read-only.
static bool fill_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
	return fd >= 0;
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{"socket", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const char *path = PROTOCOL_SOCKET;
	bool as_json = false;
	int choice, count;

	if (!fill_standard())
		return EXIT_REFUSED;
	signal(SIGPIPE, SIG_IGN); // a daemon that is gone is said, not died of
	// "+": options of a verb, such as flush --zone, are the verb's.
	while ((choice = getopt_long(argc, argv, "+s:jVh", long_options, NULL)) != -1) {
		switch (choice) {
		case 's':
			path = optarg;
			break;
		case 'j':
			as_json = true;
			break;
		case 'V':
			printf("assayctl %s\n", ASSAY_VERSION);
			return 0;
		case 'h':
			print_usage(stdout);
			return 0;
		default:
			print_usage(stderr);
			return EXIT_USAGE;
		}
	}
	count = without_json_flag(argv + optind, argc - optind, &as_json);
	if (count == 0) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	return run(path, argv + optind, count, as_json);
}
