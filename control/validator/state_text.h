// The state of trust points as text: what a person can read of it stands in comments; what counts
// are the DNSKEY RRsets with their signatures and the times at which they were seen. Who reads them
// verifies them (trust_points_restore()), so that the file can make nothing trusted by itself.
//
// Thread: any.
#pragma once

#include "control/validator/trust_points.h"

#include <stddef.h>
#include <stdint.h>

#define STATE_TEXT_MAX  (2u << 20) // bytes that are read or written
#define STATE_ERROR_MAX 256
// How the text begins, whatever its version.
#define STATE_TEXT_MARK "assay-trust-state "

// Ended by NUL; the caller frees it. NULL: no memory.
char *state_text_write(const struct trust_points *points, int64_t now_s)
	__attribute__((nonnull, warn_unused_result));

// Calls take() for each observation, in the file's order, after the whole text was found to be well
// formed. The RRset is freed afterwards. 0, or -1 with "LINE: sentence" in err: nothing was taken.
int state_text_read(const char *text, size_t len,
		    void (*take)(const struct rrset *rrset, int64_t at_s, void *arg), void *arg,
		    char err[STATE_ERROR_MAX])
	__attribute__((nonnull(1, 3, 5), warn_unused_result));
