// Presentation form of names.
#include "dataplane/dns/name.h"

#include <errno.h>
#include <string.h>

#define LABEL_MAX 63

static char *put_byte(char *p, uint8_t c)
{
	// RFC 1035 §5.1: characters that mean something in a master file.
	if (c > ' ' && c < 0x7f && strchr(".\\\"();@$", c) != NULL) {
		*p++ = '\\';
		*p++ = (char)c;
	} else if (c > ' ' && c < 0x7f) {
		*p++ = (char)c;
	} else {
		*p++ = '\\';
		*p++ = (char)('0' + c / 100);
		*p++ = (char)('0' + c / 10 % 10);
		*p++ = (char)('0' + c % 10);
	}
	return p;
}

char *name_to_text(const uint8_t *name, char out[NAME_TEXT_MAX])
{
	char *p = out;

	if (*name == 0)
		*p++ = '.';
	while (*name != 0) {
		size_t len = *name++;
		for (size_t i = 0; i < len; i++)
			p = put_byte(p, name[i]);
		name += len;
		*p++ = '.';
	}
	*p = '\0';
	return out;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

// Reads one character, escaped or not. Returns what follows it, or NULL.
static const char *get_byte(const char *text, uint8_t *c)
{
	if (*text != '\\') {
		*c = (uint8_t)*text;
		return text + 1;
	}
	text++;
	if (*text == '\0')
		return NULL;
	if (!is_digit(*text)) {
		*c = (uint8_t)*text;
		return text + 1;
	}
	if (!is_digit(text[1]) || !is_digit(text[2]))
		return NULL;
	int value = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
	if (value > 255)
		return NULL;
	*c = (uint8_t)value;
	return text + 3;
}

// Reads the label at *text into out (a length octet first). Returns the bytes written,
// or 0 when it is empty, malformed or longer than room.
static size_t get_label(const char **text, uint8_t *out, size_t room)
{
	const char *p = *text;
	size_t len = 0;

	while (*p != '\0' && *p != '.') {
		uint8_t c;
		p = get_byte(p, &c);
		if (p == NULL || len == LABEL_MAX || len + 1 >= room)
			return 0;
		out[1 + len++] = c;
	}
	if (len == 0)
		return 0;
	out[0] = (uint8_t)len;
	*text = p;
	return len + 1;
}

int name_from_text(const char *text, uint8_t out[NAME_MAX_LEN])
{
	size_t len = 0;

	if (strcmp(text, ".") == 0) {
		out[0] = 0;
		return 1;
	}
	do {
		size_t label = get_label(&text, out + len, NAME_MAX_LEN - 1 - len);
		if (label == 0)
			return -EINVAL;
		len += label;
		if (*text == '.')
			text++;
	} while (*text != '\0');
	out[len++] = 0;
	return (int)len;
}
