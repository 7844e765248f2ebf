// Prints a man page with every option of the configuration in place of the line @OPTIONS@, and
// every alarm in place of the line @ALARMS@.
//   options TEMPLATE
#include "control/config/options.h"

#include "control/alarms/names.h"

#include <stdio.h>
#include <string.h>

// What scdoc(5) would take for markup.
static void print_text(const char *text)
{
	for (; *text; text++) {
		if (strchr("*_\\`", *text))
			putchar('\\');
		putchar(*text);
	}
}

static void print_option(const struct option *option)
{
	char bounds[OPTION_BOUNDS_MAX];

	putchar('*');
	print_text(option->path);
	printf("*\n\t");
	print_text(option->words);
	printf(".\n\n\tDefault: ");
	print_text(option->default_text);
	option_bounds_text(option, bounds);
	if (bounds[0] != '\0')
		printf(". Bounds: %s", bounds);
	printf(".\n\n");
}

static void print_options(void)
{
	const struct option *option;

	for (size_t i = 0; (option = option_at(i)) != NULL; i++)
		print_option(option);
}

static void print_alarm(const char *name, const char *severity, const char *meaning,
			const char *remedy)
{
	printf("*");
	print_text(name);
	printf("* (");
	for (; *severity; severity++)
		putchar(*severity | ('a' - 'A'));
	printf(")\n\t");
	print_text(meaning);
	printf(". Remedy: ");
	print_text(remedy);
	printf(".\n\n");
}

static void print_alarms(void)
{
#define X(name, words, severity, meaning, remedy) print_alarm(words, #severity, meaning, remedy);
	ALARMS(X)
#undef X
}

int main(int argc, char **argv)
{
	FILE *template = argc == 2 ? fopen(argv[1], "r") : NULL;
	char line[512];

	if (!template) {
		fprintf(stderr, "usage: options TEMPLATE\n");
		return 1;
	}
	while (fgets(line, sizeof(line), template)) {
		if (strcmp(line, "@OPTIONS@\n") == 0)
			print_options();
		else if (strcmp(line, "@ALARMS@\n") == 0)
			print_alarms();
		else
			fputs(line, stdout);
	}
	fclose(template);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
