#include "control/upstream/tls.h"

#include <openssl/evp.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#define BASE64_LEN 44 // of 32 bytes, with its padding

bool tls_pin_parse(const char *text, uint8_t pin[TLS_PIN_LEN])
{
	static const char *const heads[] = {"sha256/", "pin-sha256="};
	uint8_t out[BASE64_LEN / 4 * 3];

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		if (strncmp(text, heads[i], strlen(heads[i])) == 0) {
			text += strlen(heads[i]);
			break;
		}
	}
	// 32 bytes leave two bits of the last letter, which must not hold anything.
	if (strlen(text) != BASE64_LEN || text[BASE64_LEN - 1] != '=' ||
	    text[BASE64_LEN - 2] == '=' || strchr("AEIMQUYcgkosw048", text[BASE64_LEN - 2]) == NULL)
		return false;
	for (size_t i = 0; i < BASE64_LEN - 1; i++) {
		if (!isalnum((unsigned char)text[i]) && text[i] != '+' && text[i] != '/')
			return false;
	}
	if (EVP_DecodeBlock(out, (const unsigned char *)text, BASE64_LEN) != sizeof(out))
		return false;
	memcpy(pin, out, TLS_PIN_LEN);
	return true;
}

static bool is_host_name(const char *text)
{
	size_t label = 0;

	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '.') {
			if (label == 0 || at[-1] == '-')
				return false;
			label = 0;
			continue;
		}
		if (!isalnum((unsigned char)*at) && (*at != '-' || label == 0))
			return false;
		if (++label > 63)
			return false;
	}
	return label > 0 && text[strlen(text) - 1] != '-';
}

bool tls_name_parse(const char *text, char name[TLS_NAME_MAX])
{
	uint8_t address[16];
	size_t len = strlen(text);

	if (len > 1 && text[len - 1] == '.')
		len--; // certificates name hosts without the root's dot
	if (len == 0 || len >= TLS_NAME_MAX)
		return false;
	memcpy(name, text, len);
	name[len] = '\0';
	if (inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1)
		return true;
	// Digits and dots that are no address would be taken for a host.
	return is_host_name(name) && strspn(name, "0123456789.") != len;
}
