#include "control/validator/time.h"

enum signature_time signature_time(const struct rdata_rrsig *rrsig, int64_t now_s,
				   uint32_t inception_skew_s, uint32_t expiration_skew_s,
				   int64_t *expires_s)
{
	uint32_t now = (uint32_t)now_s;
	int32_t since_inception = (int32_t)(now - rrsig->inception);
	int32_t left = (int32_t)(rrsig->expiration - now);

	// RFC 1982 §3.2: a is before b when b - a, modulo 2^32, is below 2^31.
	if ((int32_t)(rrsig->expiration - rrsig->inception) < 0)
		return TIME_REVERSED;
	// RFC 4035 §5.3.1: inception <= now <= expiration.
	if (since_inception < 0 && -(int64_t)since_inception > inception_skew_s)
		return TIME_NOT_YET;
	*expires_s = now_s + left;
	if (left >= 0)
		return TIME_VALID;
	*expires_s += expiration_skew_s;
	return -(int64_t)left <= expiration_skew_s ? TIME_TOLERATED : TIME_EXPIRED;
}
