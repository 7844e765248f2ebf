// Words that stand for names. A word that is none, taken for one, is answered with "nothing there",
// which reads as a fact; so it is refused, with what would be right.
#include "control/api/protocol.h"
#include "control/api/verbs.h"
#include "dataplane/dns/types.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

static bool is_address(const char *text)
{
	uint8_t bytes[16];

	return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

// Without the last dot: with it the writer means a name.
static bool ends_in_number(const char *text)
{
	const char *dot = strrchr(text, '.');
	const char *label = dot ? dot + 1 : text;

	return label[0] != '\0' && label[strspn(label, "0123456789")] == '\0';
}

// Names of delegations by parts of an octet have a slash (RFC 2317).
static bool is_reverse(const char *text)
{
	const char *end = strstr(text, ".arpa");

	return end && (strcmp(end, ".arpa") == 0 || strcmp(end, ".arpa.") == 0);
}

// What nobody writes into a name but with a backslash. NULL: none is there.
static const char *strange_byte(const char *text)
{
	bool reverse = is_reverse(text);

	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '\\' && at[1] != '\0')
			at++;
		else if (*at <= ' ' || *at > '~' || *at == ':' || *at == '@' ||
			 (*at == '/' && !reverse))
			return at;
	}
	return NULL;
}

bool argument_is_name(const char *text, struct reply *reply)
{
	uint8_t name[NAME_MAX_LEN];
	const char *strange = strange_byte(text);

	if (is_address(text))
		reply_misuse(reply, "\"%.128s\" is an address and no domain name", text);
	else if (strstr(text, "://"))
		reply_misuse(reply, "\"%.128s\" is a URL and no domain name", text);
	else if (strange && (unsigned char)*strange > '~')
		reply_misuse(reply,
			     "\"%.128s\" is no domain name: one that is not ASCII is written with "
			     "xn-- (idn2 says how)",
			     text);
	else if (strange)
		reply_misuse(reply, "\"%.128s\" is no domain name: \"%c\" in one is written \\%03u",
			     text, *strange, (unsigned)(unsigned char)*strange);
	else if (ends_in_number(text))
		reply_misuse(reply,
			     "\"%.128s\" is no address and no domain name: no top-level domain is "
			     "a number",
			     text);
	else if (text[0] == '-')
		reply_misuse(reply, "\"%.128s\" is no domain name", text);
	else if (name_from_text(text, name) < 0)
		reply_misuse(reply, "\"%.128s\" is no domain name", text);
	else
		return true;
	return false;
}

static const char *usage_of(const struct reply *reply)
{
	static const struct {
		const char *name, *arguments;
	} verbs[] = {
#define X(name, arguments, help, least, most, reads) {#name, arguments},
		PROTOCOL_VERBS(X)
#undef X
	};

	for (size_t i = 0; reply->verb && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].name, reply->verb) == 0)
			return verbs[i].arguments;
	}
	return "";
}

// "all" and "-all" where the verb has an option --all.
static const char *meant_option(const char *text, const struct reply *reply)
{
	const char *word = text + strspn(text, "-");
	size_t len = strlen(word);

	if (len == 0)
		return NULL;
	for (const char *at = usage_of(reply); (at = strstr(at, "--")) != NULL; at += 2) {
		if (strncmp(at + 2, word, len) == 0 && !isalnum((unsigned char)at[2 + len]))
			return word;
	}
	return NULL;
}

int argument_name(const char *text, uint8_t name[NAME_MAX_LEN], struct reply *reply)
{
	const char *option = meant_option(text, reply);

	if (option) {
		reply_misuse(reply,
			     "\"%.128s\" is no domain name; did you mean --%.64s? (The name is "
			     "written %.64s.)",
			     text, option, option);
		return -1;
	}
	if (strcmp(text, "all") == 0 && usage_of(reply)[0] == '[') {
		reply_misuse(reply, "\"all\" is no domain name; leave it out for all (the name is "
				    "written all.)");
		return -1;
	}
	if (!argument_is_name(text, reply))
		return -1;
	int len = name_from_text(text, name);
	name_lower(name, name, (size_t)len);
	return 0;
}

int argument_type(const char *text, uint16_t *type, struct reply *reply)
{
	if (type_from_text(text, type) == 0)
		return 0;
	reply_misuse(reply, "\"%.128s\" is no type", text);
	return -1;
}
