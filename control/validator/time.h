// Validity of signatures in time (RFC 4034 §3.1.5: serial number arithmetic of RFC 1982, so that
// it goes on past 2038 and 2106).
#pragma once

#include "dataplane/dns/rdata.h"

#include <stdint.h>

enum signature_time {
	TIME_VALID,
	TIME_TOLERATED, // expired, but within the tolerance that was configured
	TIME_EXPIRED,
	TIME_NOT_YET,
	TIME_REVERSED, // expires before it begins
};

// *expires_s: POSIX seconds at which it stops being VALID or TOLERATED; set for these two.
enum signature_time signature_time(const struct rdata_rrsig *rrsig, int64_t now_s,
				   uint32_t inception_skew_s, uint32_t expiration_skew_s,
				   int64_t *expires_s) __attribute__((nonnull));
