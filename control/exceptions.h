// What is not validated although validation is on: zones that the configuration excepts, and all
// that no trust anchor stands above. Nothing of it goes unsaid.
//
// Thread: control.
#pragma once

#include "control/config/config.h"
#include "control/validator/trust.h"
#include "dataplane/store.h"

// One line per call, as in struct api_context: an exception of a whole TLD, and a root without an
// anchor that holds, begin with "alarm: ".
void exceptions_describe(const struct config *config, const struct trust *trust,
			 const struct store_clock *now, void (*line)(const char *text, void *arg),
			 void *arg) __attribute__((nonnull(1, 2, 3, 4)));
// True for a name of one label that is not set aside for private or special use.
bool exceptions_is_tld(const uint8_t *name) __attribute__((nonnull, pure));
