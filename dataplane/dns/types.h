// Numbers of the DNS protocol (IANA registries), under the names of the registries.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rr_class { CLASS_IN = 1, CLASS_CH = 3, CLASS_NONE = 254, CLASS_ANY = 255 };

enum rr_type {
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_MD = 3,
	TYPE_MF = 4,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_MB = 7,
	TYPE_MG = 8,
	TYPE_MR = 9,
	TYPE_NULL = 10,
	TYPE_PTR = 12,
	TYPE_HINFO = 13,
	TYPE_MINFO = 14,
	TYPE_MX = 15,
	TYPE_TXT = 16,
	TYPE_RP = 17,
	TYPE_AFSDB = 18,
	TYPE_RT = 21,
	TYPE_SIG = 24,
	TYPE_KEY = 25,
	TYPE_PX = 26,
	TYPE_AAAA = 28,
	TYPE_LOC = 29,
	TYPE_NXT = 30,
	TYPE_SRV = 33,
	TYPE_NAPTR = 35,
	TYPE_KX = 36,
	TYPE_CERT = 37,
	TYPE_A6 = 38,
	TYPE_DNAME = 39,
	TYPE_OPT = 41,
	TYPE_APL = 42,
	TYPE_DS = 43,
	TYPE_SSHFP = 44,
	TYPE_IPSECKEY = 45,
	TYPE_RRSIG = 46,
	TYPE_NSEC = 47,
	TYPE_DNSKEY = 48,
	TYPE_DHCID = 49,
	TYPE_NSEC3 = 50,
	TYPE_NSEC3PARAM = 51,
	TYPE_TLSA = 52,
	TYPE_SMIMEA = 53,
	TYPE_HIP = 55,
	TYPE_CDS = 59,
	TYPE_CDNSKEY = 60,
	TYPE_OPENPGPKEY = 61,
	TYPE_CSYNC = 62,
	TYPE_ZONEMD = 63,
	TYPE_SVCB = 64,
	TYPE_HTTPS = 65,
	TYPE_SPF = 99,
	TYPE_EUI48 = 108,
	TYPE_EUI64 = 109,
	TYPE_NXNAME = 128, // RFC 9824
	TYPE_TKEY = 249,
	TYPE_TSIG = 250,
	TYPE_IXFR = 251,
	TYPE_AXFR = 252,
	TYPE_MAILB = 253,
	TYPE_MAILA = 254,
	TYPE_ANY = 255,
	TYPE_URI = 256,
	TYPE_CAA = 257,
};

enum opcode { OPCODE_QUERY = 0, OPCODE_IQUERY = 1, OPCODE_STATUS = 2, OPCODE_NOTIFY = 4,
	OPCODE_UPDATE = 5 };

enum rcode {
	RCODE_NOERROR = 0,
	RCODE_FORMERR = 1,
	RCODE_SERVFAIL = 2,
	RCODE_NXDOMAIN = 3,
	RCODE_NOTIMP = 4,
	RCODE_REFUSED = 5,
	RCODE_YXDOMAIN = 6,
	RCODE_NOTAUTH = 9,
	RCODE_BADVERS = 16, // needs OPT (RFC 6891 §9)
	RCODE_BADCOOKIE = 23,
};

// Extended DNS Errors (RFC 8914 and its registry).
enum ede {
	EDE_NONE = -1, // not a code of the registry: no error to report
	EDE_OTHER = 0,
	EDE_UNSUPPORTED_DNSKEY_ALGORITHM = 1,
	EDE_UNSUPPORTED_DS_DIGEST = 2,
	EDE_STALE_ANSWER = 3,
	EDE_FORGED_ANSWER = 4,
	EDE_DNSSEC_INDETERMINATE = 5,
	EDE_DNSSEC_BOGUS = 6,
	EDE_SIGNATURE_EXPIRED = 7,
	EDE_SIGNATURE_NOT_YET_VALID = 8,
	EDE_DNSKEY_MISSING = 9,
	EDE_RRSIGS_MISSING = 10,
	EDE_NO_ZONE_KEY_BIT = 11,
	EDE_NSEC_MISSING = 12,
	EDE_CACHED_ERROR = 13,
	EDE_NOT_READY = 14,
	EDE_BLOCKED = 15,
	EDE_PROHIBITED = 18,
	EDE_STALE_NXDOMAIN_ANSWER = 19,
	EDE_NOT_AUTHORITATIVE = 20,
	EDE_NOT_SUPPORTED = 21,
	EDE_NO_REACHABLE_AUTHORITY = 22,
	EDE_NETWORK_ERROR = 23,
	EDE_INVALID_DATA = 24,
	EDE_SIGNATURE_EXPIRED_BEFORE_VALID = 25,
	EDE_UNSUPPORTED_NSEC3_ITERATIONS = 27,
	EDE_SYNTHESIZED = 29,
	EDE_INVALID_QUERY_TYPE = 30,
	EDE_NEGATIVE_TRUST_ANCHOR = 33,
};

#define TYPE_TEXT_MAX 16 // "TYPE65535" and its NUL fit
// Mnemonic, or TYPEnnn (RFC 3597 §5). Returns out.
char *type_to_text(uint16_t type, char out[TYPE_TEXT_MAX]) __attribute__((nonnull));
// Returns 0, or -EINVAL.
int type_from_text(const char *text, uint16_t *type) __attribute__((nonnull, warn_unused_result));

const char *rcode_to_text(unsigned rcode); // static text, "RCODE?" for unknown ones
const char *ede_to_text(int code); // the registry's words, static

// Types that are never data in a zone: 0, OPT, 128 (NXNAME) and 249-255 (RFC 6895 §3.1).
bool type_is_meta(uint16_t type);

// Types that a CNAME at their name neither answers for nor excludes. RFC 4035 §2.5: RRSIG, NSEC and
// KEY stand beside it; RFC 2181 §10.1: SIG, NXT and KEY, their forerunners. DS stands with the zone
// above, whatever the zone's own servers have at its apex (RFC 4035 §3.1.4.1). Zones with a CNAME at
// their apex, which is forbidden and common, have DNSKEY, NSEC3PARAM, CDS and CDNSKEY beside it: what
// they say is of the zone, and a question for them is its servers' to answer.
bool type_beside_cname(uint16_t type) __attribute__((const));
