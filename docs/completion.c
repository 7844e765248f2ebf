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
	       "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb= words= socket= at\n"
	       "\tfor ((at = 1; at < COMP_CWORD; at++)); do\n"
	       "\t\tcase ${COMP_WORDS[at]} in\n"
	       "\t\t-s | --socket) at=$((at + 1)) socket=${COMP_WORDS[at]} ;;\n"
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
	// What only holds behind a word. The daemon is asked for names, and not waited for.
	printf("\tesac\n"
	       "\tcase $verb:$before in\n"
	       "\tdrill:drill) words=\"--json plan start status stop report\" ;;\n"
	       "\tdrill:report) words=\"--all --json\" ;;\n"
	       "\tdrill:--scope) words=\"upstream: domain: zone: pool: uplink clock\" ;;\n"
	       "\tdrill:--fault) words=\"drop delay= servfail refuse truncate strip-rrsig bogus skew=\" ;;\n"
	       "\tdrill:--share | drill:--for) words= ;;\n"
	       "\tdrill:--abort-if) words= ;;\n"
	       "\tdrill:*) words=\"--json --scope --fault --share --for --abort-if\" ;;\n"
	       "\tnta:nta) words=\"--json add remove list\" ;;\n"
	       "\tnta:remove) words=$(timeout 1 \"${COMP_WORDS[0]}\" ${socket:+-s \"$socket\"} nta list --json "
	       "2>/dev/null |\n"
	       "\t\tsed -n 's/^ *\"name\": \"\\([A-Za-z0-9._-]*\\)\".*/\\1/p') ;;\n"
	       "\tnta:*) words=--json ;;\n"
	       "\tesac\n"
	       "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
	       "\t[[ ${#COMPREPLY[@]} == 1 && $COMPREPLY == *[:=] ]] && compopt -o nospace 2>/dev/null\n"
	       "\treturn 0\n"
	       "}\n"
	       "complete -F _assayctl assayctl\n");
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
