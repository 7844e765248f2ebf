// Prints a man page with every option of the configuration in place of the line @OPTIONS@.
//   options TEMPLATE
#include "control/config/options.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct option options[] = {
#define X(path, default_text, minimum, maximum, unit, words)                                       \
	{path, default_text, minimum, maximum, unit, words},
	CONFIG_OPTIONS(X)
#undef X
};

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
	bool flag = option->minimum == 0 && option->maximum <= 1;

	putchar('*');
	print_text(option->path);
	printf("*\n\t");
	print_text(option->words);
	printf(".\n\n\tDefault: ");
	print_text(option->default_text);
	if (!flag) {
		printf(". Bounds: %" PRId64 " to %" PRId64, option->minimum, option->maximum);
		if (option->unit[0] != '\0')
			printf(" %s", option->unit);
	}
	printf(".\n\n");
}

static void print_options(void)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		print_option(&options[i]);
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
		else
			fputs(line, stdout);
	}
	fclose(template);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
