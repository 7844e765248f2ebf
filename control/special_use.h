// Names that are set aside: RFC 6761 (localhost, invalid, test), RFC 6303 (reverse zones of private
// and special addresses), RFC 6762 (local), RFC 7686 (onion), RFC 8375 (home.arpa).
//
// Thread: one at a time.
#pragma once

#include "dataplane/dns/name.h"

#include <stdbool.h>

// The zone at or above the name that no server of the Internet has data of; NULL: none. It lives as
// long as the program, or is a part of the name.
const uint8_t *special_use_zone(const uint8_t *name) __attribute__((nonnull));
void special_use_each(void (*visit)(const uint8_t *zone, void *arg), void *arg)
	__attribute__((nonnull(1)));
// Of a zone that special_use_zone() has returned.
bool special_use_is_localhost(const uint8_t *zone) __attribute__((nonnull));
// A name of one label that is not set aside for private or special use.
bool special_use_is_tld(const uint8_t *name) __attribute__((nonnull, pure));
