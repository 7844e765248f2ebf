#include "dataplane/parse/acl.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <string.h>

static_assert(ADDRESS_TEXT_MAX >= INET6_ADDRSTRLEN, "every address fits");

int address_from_text(const char *text, struct address *out)
{
	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, out->bytes) == 1) {
		out->family = 4;
		return 0;
	}
	if (inet_pton(AF_INET6, text, out->bytes) == 1) {
		out->family = 6;
		return 0;
	}
	memset(out, 0, sizeof(*out));
	return -EINVAL;
}

char *address_to_text(const struct address *address, char out[ADDRESS_TEXT_MAX])
{
	int family = address->family == 4 ? AF_INET : AF_INET6;

	if (address->family == 0 || !inet_ntop(family, address->bytes, out, ADDRESS_TEXT_MAX))
		memcpy(out, "none", sizeof("none"));
	return out;
}

// Decimal without sign or leading zero, at most max. Returns it or -EINVAL.
static int prefix_len_from_text(const char *text, int max)
{
	int len = 0;

	if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0'))
		return -EINVAL;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		len = len * 10 + (*text - '0');
		if (len > max)
			return -EINVAL;
	}
	return len;
}

static bool host_bits_set(const struct address *address, unsigned prefix_len, unsigned max)
{
	for (unsigned bit = prefix_len; bit < max; bit++) {
		if (address->bytes[bit / 8] & (0x80 >> bit % 8))
			return true;
	}
	return false;
}

int acl_prefix_from_text(const char *text, struct acl_rule *out)
{
	char address[ADDRESS_TEXT_MAX];
	const char *slash = strchrnul(text, '/');
	size_t len = (size_t)(slash - text);

	if (len >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, len);
	address[len] = '\0';
	if (address_from_text(address, &out->prefix) < 0)
		return -EINVAL;
	int max = out->prefix.family == 4 ? 32 : 128;
	int prefix_len = *slash == '/' ? prefix_len_from_text(slash + 1, max) : max;
	if (prefix_len < 0 || host_bits_set(&out->prefix, (unsigned)prefix_len, (unsigned)max))
		return -EINVAL;
	out->prefix_len = (uint8_t)prefix_len;
	return 0;
}
