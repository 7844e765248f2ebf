// Prints the completion of assayctl for bash(1), from the table of its verbs.
#include "control/api/protocol.h"

#include <stdio.h>
#include <string.h>

// Words that are typed as they stand: options and lower case. Those in capitals stand for something.
static void print_words(const char *arguments)
{
	static const char *const apart = " []|";

	for (const char *at = arguments; *at; at += strcspn(at, apart)) {
		at += strspn(at, apart);
		size_t len = strcspn(at, apart);
		if ((at[0] >= 'a' && at[0] <= 'z') || strncmp(at, "--", 2) == 0) {
			putchar(' ');
			fwrite(at, 1, len, stdout);
		}
	}
}

static void print_verb(const char *verb, const char *arguments)
{
	printf("\t%s) words=\"--json", verb);
	print_words(arguments);
	printf("\" ;;\n");
}

int main(void)
{
	printf("# Completion of assayctl(8) for bash(1).\n"
	       "_assayctl() {\n"
	       "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb= words= at\n"
	       "\tfor ((at = 1; at < COMP_CWORD; at++)); do\n"
	       "\t\tcase ${COMP_WORDS[at]} in\n"
	       "\t\t-s | --socket) at=$((at + 1)) ;;\n"
	       "\t\t-*) ;;\n"
	       "\t\t*) verb=${COMP_WORDS[at]} && break ;;\n"
	       "\t\tesac\n"
	       "\tdone\n"
	       "\tif [[ -z $verb && ($before == -s || $before == --socket) ]]; then\n"
	       "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
	       "\t\treturn\n"
	       "\tfi\n"
	       "\tcase $verb in\n"
	       "\t\"\") words=\"-s --socket -j --json -V --version -h --help");
#define X(name, arguments, help, least, most, reads) printf(" " #name);
	PROTOCOL_VERBS(X)
#undef X
	printf("\" ;;\n");
#define X(name, arguments, help, least, most, reads) print_verb(#name, arguments);
	PROTOCOL_VERBS(X)
#undef X
	printf("\tesac\n"
	       "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
	       "}\n"
	       "complete -F _assayctl assayctl\n");
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
