#include "dataplane/dns/ede.h"

#include "dataplane/dns/types.h"

bool ede_is_of_validation(int ede)
{
	switch (ede) {
	case EDE_UNSUPPORTED_DNSKEY_ALGORITHM:
	case EDE_UNSUPPORTED_DS_DIGEST:
	case EDE_DNSSEC_INDETERMINATE:
	case EDE_DNSSEC_BOGUS:
	case EDE_SIGNATURE_EXPIRED:
	case EDE_SIGNATURE_NOT_YET_VALID:
	case EDE_DNSKEY_MISSING:
	case EDE_RRSIGS_MISSING:
	case EDE_NO_ZONE_KEY_BIT:
	case EDE_NSEC_MISSING:
	case EDE_SIGNATURE_EXPIRED_BEFORE_VALID:
	case EDE_UNSUPPORTED_NSEC3_ITERATIONS:
		return true;
	default:
		return false;
	}
}
