// assayctl: sends one verb over the control socket and prints what comes back.

#include "control/api/protocol.h"

#include <jansson.h>

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define TIMEOUT_S 10

// Exit status: 0 done, 1 the daemon refused, 2 wrong usage, 3 no daemon.
enum { EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_NO_DAEMON = 3 };

static void print_usage(FILE *stream)
{
	fputs("usage: assayctl [-s SOCKET] [--json] VERB [ARGUMENT...]\n"
	      "  -s, --socket PATH  the daemon's control socket (default " PROTOCOL_SOCKET ")\n"
	      "  -j, --json         print the data for programs instead of the text\n"
	      "  -V, --version      print the version\n"
	      "verbs:\n",
	      stream);
#define X(name, arguments, help, least, most)                                                      \
	fprintf(stream, "  %-42s %s\n", #name " " arguments, help);
	PROTOCOL_VERBS(X)
#undef X
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = TIMEOUT_S};
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		fprintf(stderr, "assayctl: %s: the path is too long\n", path);
		return -1;
	}
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	fprintf(stderr, "assayctl: %s: %s%s\n", path, strerror(errno),
		errno == ENOENT || errno == ECONNREFUSED ? " (is assayd running?)" : "");
	close(fd);
	return -1;
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
		fprintf(stderr, "assayctl: no answer from the daemon%s%s\n", len > 0 ? ": " : "",
			len > 0 ? error.text : "");
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
	fprintf(stderr, "assayctl: the daemon speaks version %d of the protocol, this assayctl %d\n",
		(int)version, PROTOCOL_VERSION);
	return false;
}

static int send_request(int fd, char **words, int count)
{
	json_t *arguments = json_array(), *request;
	char *line;
	int status;

	for (int i = 1; i < count; i++)
		json_array_append_new(arguments, json_string(words[i]));
	request = json_pack("{s:s, s:o}", "verb", words[0], "arguments", arguments);
	line = request ? json_dumps(request, JSON_COMPACT) : NULL;
	json_decref(request);
	if (!line) {
		fprintf(stderr, "assayctl: the arguments are no UTF-8 text\n");
		return -1;
	}
	status = dprintf(fd, "%s\n", line) < 0 ? -1 : 0;
	free(line);
	return status;
}

static int print_answer(json_t *answer, bool as_json)
{
	if (!json_is_true(json_object_get(answer, "ok"))) {
		const char *error = json_string_value(json_object_get(answer, "error"));

		fprintf(stderr, "assayctl: %s\n", error ? error : "the daemon refused");
		return EXIT_REFUSED;
	}
	if (as_json && json_object_get(answer, "data")) {
		json_dumpf(json_object_get(answer, "data"), stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		const char *text = json_string_value(json_object_get(answer, "text"));

		fputs(text ? text : "", stdout);
	}
	return 0;
}

static int run(const char *path, char **words, int count, bool as_json)
{
	int fd = connect_to(path), status = EXIT_NO_DAEMON;
	FILE *stream = fd >= 0 ? fdopen(fd, "r") : NULL;
	json_t *answer = NULL;

	if (!stream)
		return EXIT_NO_DAEMON;
	if (hello_is_ours(stream) && send_request(fd, words, count) == 0)
		answer = read_line(stream);
	if (answer)
		status = print_answer(answer, as_json);
	json_decref(answer);
	fclose(stream);
	return status;
}

static int without_json_flag(char **words, int count, bool *as_json)
{
	int kept = 0;

	for (int i = 0; i < count; i++) {
		if (strcmp(words[i], "--json") == 0)
			*as_json = true;
		else
			words[kept++] = words[i];
	}
	return kept;
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{"socket", required_argument, NULL, 's'}, {"json", no_argument, NULL, 'j'},
		{"version", no_argument, NULL, 'V'},      {"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const char *path = PROTOCOL_SOCKET;
	bool as_json = false;
	int choice, count;

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
