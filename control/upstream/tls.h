// DNS over TLS towards servers (RFC 7858): who a server must prove to be. Strict, always: what does
// not prove it is never asked, and there is no way back to clear text (RFC 8310 §5).
//
// A server proves a name by a certificate of an authority that we trust, whose subjectAltName holds
// the name (RFC 6125; never its subject), or an address. It proves a pin by the key of its own
// certificate (RFC 7858 §4.2): with pins alone nothing else of the certificate matters, neither who
// made it nor until when. With both, both must hold; of several pins one.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TLS_NAME_MAX 254 // with its NUL
#define TLS_PINS_MAX 4
#define TLS_PIN_LEN  32 // SHA-256 of a SubjectPublicKeyInfo
#define TLS_PORT     853

struct tls_peer {
	char name[TLS_NAME_MAX]; // host name or address; "": pins alone
	uint8_t pin_count;
	uint8_t pins[TLS_PINS_MAX][TLS_PIN_LEN];
};

// Base64, with or without "sha256/" or "pin-sha256=" before it. False: it is no such pin.
bool tls_pin_parse(const char *text, uint8_t pin[TLS_PIN_LEN]) __attribute__((nonnull));
// A host name of letters, digits, hyphens and dots, or an address; no wildcard.
bool tls_name_parse(const char *text, char name[TLS_NAME_MAX]) __attribute__((nonnull));
