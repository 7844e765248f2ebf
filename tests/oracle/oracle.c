// Random worlds and questions, each answer judged by a model that knows the truth.
//
//   oracle [--stats] [--seed N] [--questions M] [--per-world K] [--static] [--keep-going] [--show]
//   oracle --play FILE [--seed N] [--show]
//
// --stats says what the worlds, questions and answers were. Prints the seed of each failure, and a
// script, made as short as it can be, that shows it (script.h says what its lines mean). Exit
// status 1: there was one.
#include "crypto/algorithm.h"
#include "tests/oracle/generate.h"
#include "tests/oracle/shrink.h"
#include "tests/oracle/stats.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct options {
	uint64_t seed;
	size_t questions, per_world;
	bool fixed, keep_going, show, no_shrink, stats;
	const char *file;
} options = {.seed = 1, .questions = 2000, .per_world = 160};

static void print_script(const struct script *script)
{
	for (size_t i = 0; i < script->count; i++)
		printf("    %s\n", script->lines[i]);
}

static void show_failure(struct script *script, uint64_t seed, struct played *played)
{
	static struct played last;

	printf("seed %llu: %s\n", (unsigned long long)seed, played->complaint);
	if (!options.no_shrink)
		shrink(script, seed, played);
	if (shrink_try(script, seed, &last))
		last = *played; // not the same each time
	printf("  shown by %zu lines: %s\n", script->count, last.complaint);
	print_script(script);
	if (last.line < script->count && last.reply[0] != '\0')
		printf("  at: %s\n%s", script->lines[last.line], last.reply);
	fflush(stdout);
}

static int play_file(void)
{
	struct script script = {0};
	static struct played played;

	script_read(&script, options.file);
	if (options.show)
		play(&script, options.seed, true, &played);
	else
		shrink_try(&script, options.seed, &played);
	if (played.complaint[0] != '\0')
		printf("line %zu: %s\n%s", played.line + 1, played.complaint, played.reply);
	printf("%zu questions\n", played.questions);
	return played.complaint[0] != '\0';
}

static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

static int run(void)
{
	static struct played played;
	struct timespec begun, now;
	size_t questions = 0, worlds = 0, failures = 0;

	// What costs much, once for all the processes that worlds are played in.
	(void)algorithm_supported(13);
	clock_gettime(CLOCK_MONOTONIC, &begun);
	signal(SIGTERM, end); // says what there was so far
	for (uint64_t seed = options.seed; questions < options.questions && !ended; seed++) {
		struct script script = {0};
		generate(seed, options.per_world, !options.fixed, &script);
		if (options.show)
			print_script(&script);
		worlds++;
		if (!shrink_try(&script, seed, &played)) {
			failures++;
			show_failure(&script, seed, &played);
		} else if (options.stats) {
			stats_add(&script, &played);
		}
		questions += played.questions > 0 ? played.questions : 1;
		script_clear(&script);
		if (failures > 0 && !options.keep_going)
			break;
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	double seconds =
		(double)(now.tv_sec - begun.tv_sec) + (double)(now.tv_nsec - begun.tv_nsec) / 1e9;
	if (options.stats)
		stats_print();
	printf("seeds %llu to %llu: %zu questions in %zu worlds, %zu failures, %.0f questions/s\n",
	       (unsigned long long)options.seed, (unsigned long long)(options.seed + worlds - 1),
	       questions, worlds, failures, (double)questions / (seconds > 0 ? seconds : 1));
	return failures > 0;
}

static void usage(void)
{
	fprintf(stderr,
		"usage: oracle [--stats] [--seed N] [--questions M] [--per-world K] [--static] "
		"[--keep-going] [--no-shrink] [--show]\n"
		"       oracle --play FILE [--seed N] [--show]\n");
	exit(2);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i], *value = i + 1 < argc ? argv[i + 1] : "";
		if (strcmp(word, "--static") == 0)
			options.fixed = true;
		else if (strcmp(word, "--keep-going") == 0)
			options.keep_going = true;
		else if (strcmp(word, "--no-shrink") == 0)
			options.no_shrink = true;
		else if (strcmp(word, "--stats") == 0)
			options.stats = true;
		else if (strcmp(word, "--show") == 0)
			options.show = true;
		else if (strcmp(word, "--seed") == 0 && ++i)
			options.seed = strtoull(value, NULL, 10);
		else if (strcmp(word, "--questions") == 0 && ++i)
			options.questions = strtoull(value, NULL, 10);
		else if (strcmp(word, "--per-world") == 0 && ++i)
			options.per_world = strtoull(value, NULL, 10);
		else if (strcmp(word, "--play") == 0 && ++i)
			options.file = value;
		else
			usage();
	}
	return options.file != NULL ? play_file() : run();
}
