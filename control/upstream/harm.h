// What a drill does to the bytes of a reply. The result is never longer, holds no record that was
// not there, and answers the same question under the same ID, so that it is matched as the reply
// itself would have been.
//
// Thread: any; pure.
#pragma once

#include "control/upstream/upstream.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Alters the message in place and returns its new length. What has no form stays as it is from
// there on.
size_t harm_message(enum harm harm, bool tcp, uint8_t *msg, size_t len)
	__attribute__((nonnull, warn_unused_result));
