#include "control/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048 // below PIPE_BUF: a line is written whole or not at all

static _Atomic int current_level = LOG_LEVEL_INFO;
static _Atomic uint64_t lines_lost;

static const char *const level_names[] = {"error", "warning", "info", "debug"};

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&current_level, (int)level, memory_order_relaxed);
}

enum log_level log_get_level(void)
{
	return (enum log_level)atomic_load_explicit(&current_level, memory_order_relaxed);
}

const char *log_level_to_text(enum log_level level)
{
	return level_names[level];
}

int log_level_from_text(const char *text, enum log_level *level)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
		if (strcasecmp(text, level_names[i]) == 0) {
			*level = (enum log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

uint64_t log_lines_lost(void)
{
	return atomic_load_explicit(&lines_lost, memory_order_relaxed);
}

// A pipe with room for a line takes it whole and at once (pipe(7)): nobody else of this process may
// write between the question and the line.
// XXX: another process that writes to the same pipe may fill it in between, and the line then waits
// until it is read. Services do not share theirs.
static bool write_to_pipe_or_file(const char *line, size_t len)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct pollfd descriptor = {.fd = STDERR_FILENO, .events = POLLOUT};
	bool done;

	pthread_mutex_lock(&lock);
	done = poll(&descriptor, 1, 0) == 1 && (descriptor.revents & POLLOUT) != 0 &&
	       write(STDERR_FILENO, line, len) == (ssize_t)len;
	pthread_mutex_unlock(&lock);
	return done;
}

// A pipe or socket that nobody reads must not hold up resolution: the line is lost instead.
static void write_line(const char *line, size_t len)
{
	ssize_t sent = send(STDERR_FILENO, line, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	bool done = sent == (ssize_t)len;

	if (sent < 0 && errno == ENOTSOCK)
		done = write_to_pipe_or_file(line, len);
	if (!done)
		atomic_fetch_add_explicit(&lines_lost, 1, memory_order_relaxed);
}

void log_printable(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] < ' ' || (unsigned char)text[i] > '~')
			text[i] = '?';
	}
}

static void log_arguments(enum log_level level, const char *format, va_list arguments)
{
	char line[LINE_MAX_BYTES];
	struct timespec now;
	struct tm utc;
	int used, written;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	used = (int)strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%S", &utc);
	used += snprintf(line + used, sizeof(line) - (size_t)used,
			 ".%03ldZ assayd %s: ", now.tv_nsec / 1000000, level_names[level]);
	written = vsnprintf(line + used, sizeof(line) - (size_t)used - 1, format, arguments);
	if (written < 0)
		return;
	if (written > (int)sizeof(line) - used - 2)
		written = (int)sizeof(line) - used - 2;
	log_printable(line + used, (size_t)written);
	line[used + written] = '\n';
	write_line(line, (size_t)(used + written + 1));
}

void log_line(enum log_level level, const char *format, ...)
{
	va_list arguments;

	if (level > log_get_level())
		return;
	va_start(arguments, format);
	log_arguments(level, format, arguments);
	va_end(arguments);
}

static void log_now(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void log_now(enum log_level level, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_arguments(level, format, arguments);
	va_end(arguments);
}

static bool takes_another(struct log_limit *limit, uint64_t now_ms, enum log_level level)
{
	if (limit->second != now_ms / 1000) {
		if (limit->left_out > 0)
			log_now(level, "%u more lines of this kind were left out", limit->left_out);
		limit->second = now_ms / 1000;
		limit->lines = 0;
		limit->left_out = 0;
	}
	if (limit->lines >= limit->burst) {
		limit->left_out++;
		return false;
	}
	limit->lines++;
	return true;
}

void log_limited(struct log_limit *limit, uint64_t now_ms, enum log_level level, const char *format,
		 ...)
{
	va_list arguments;

	if (level > log_get_level() || !takes_another(limit, now_ms, level))
		return;
	va_start(arguments, format);
	log_arguments(level, format, arguments);
	va_end(arguments);
}

void log_traced(struct log_limit *limit, uint64_t now_ms, const char *format, ...)
{
	va_list arguments;

	if (!takes_another(limit, now_ms, LOG_LEVEL_DEBUG))
		return;
	va_start(arguments, format);
	log_arguments(LOG_LEVEL_DEBUG, format, arguments);
	va_end(arguments);
}
