// Prints a man page with every option of the configuration in place of the line @OPTIONS@.
//   options TEMPLATE
#include "control/config/options.h"

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
