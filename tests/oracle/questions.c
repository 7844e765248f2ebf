// Questions of every type.
#include "tests/oracle/generator.h"

#include <stdio.h>
#include <string.h>

const char *pick_type(struct generator *g)
{
	static const char *const common[] = {"A",  "A",     "A",     "AAAA", "TXT",
					     "MX", "CNAME", "CNAME", "NS"};
	static const char *const others[] = {
		"DS",       "DS",    "DNSKEY", "NSEC",  "NSEC3", "NSEC3PARAM", "RRSIG",
		"ANY",      "SOA",   "DNAME",  "CAA",   "SRV",   "PTR",        "TYPE65400",
		"TYPE4711", "HTTPS", "NS",     "CNAME", "SOA",   "DS"};
	static const char *const meta[] = {"AXFR", "IXFR", "OPT", "TSIG", "MAILA", "TYPE128"};

	return percent(g, 55) ? PICK(g, common) : percent(g, 97) ? PICK(g, others) : PICK(g, meta);
}

void make_question(struct generator *g)
{
	char name[NAME_SIZE], flags[60] = "-";

	make_name(g, name);
	const char *there = g->there;
	if (percent(g, 10)) {
		for (char *p = name; *p != '\0'; p++)
			*p = *p >= 'a' && *p <= 'z' && percent(g, 50) ? (char)(*p - 32) : *p;
	}
	if (percent(g, 45))
		strcat(flags, ",do");
	if (percent(g, 30))
		strcat(flags, ",ad");
	if (percent(g, 15))
		strcat(flags, ",cd");
	if (percent(g, 15))
		strcat(flags, ",tcp");
	if (strstr(flags, ",do") == NULL && percent(g, 12))
		strcat(flags, ",plain");
	if (percent(g, 20))
		strcat(flags, ",beside");
	if (percent(g, 6))
		strcat(flags, ",gone");
	script_add(g->out, "ask %s %s %s", name,
		   there != NULL && percent(g, 35) ? there : pick_type(g), flags);
}

void ask_plainly(struct generator *g, const char *name, const char *type)
{
	static const char *const flags[] = {"-", "-,do", "-,ad", "-,do,cd"};

	script_add(g->out, "ask %s %s %s", name, type, PICK(g, flags));
}
