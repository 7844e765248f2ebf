#include "dataplane/dns/types.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static const struct {
	uint16_t type;
	const char *text;
} type_names[] = {
	{TYPE_A, "A"},
	{TYPE_NS, "NS"},
	{TYPE_MD, "MD"},
	{TYPE_MF, "MF"},
	{TYPE_CNAME, "CNAME"},
	{TYPE_SOA, "SOA"},
	{TYPE_MB, "MB"},
	{TYPE_MG, "MG"},
	{TYPE_MR, "MR"},
	{TYPE_NULL, "NULL"},
	{TYPE_PTR, "PTR"},
	{TYPE_HINFO, "HINFO"},
	{TYPE_MINFO, "MINFO"},
	{TYPE_MX, "MX"},
	{TYPE_TXT, "TXT"},
	{TYPE_RP, "RP"},
	{TYPE_AFSDB, "AFSDB"},
	{TYPE_RT, "RT"},
	{TYPE_SIG, "SIG"},
	{TYPE_KEY, "KEY"},
	{TYPE_PX, "PX"},
	{TYPE_AAAA, "AAAA"},
	{TYPE_LOC, "LOC"},
	{TYPE_NXT, "NXT"},
	{TYPE_SRV, "SRV"},
	{TYPE_NAPTR, "NAPTR"},
	{TYPE_KX, "KX"},
	{TYPE_CERT, "CERT"},
	{TYPE_A6, "A6"},
	{TYPE_DNAME, "DNAME"},
	{TYPE_OPT, "OPT"},
	{TYPE_APL, "APL"},
	{TYPE_DS, "DS"},
	{TYPE_SSHFP, "SSHFP"},
	{TYPE_IPSECKEY, "IPSECKEY"},
	{TYPE_RRSIG, "RRSIG"},
	{TYPE_NSEC, "NSEC"},
	{TYPE_DNSKEY, "DNSKEY"},
	{TYPE_DHCID, "DHCID"},
	{TYPE_NSEC3, "NSEC3"},
	{TYPE_NSEC3PARAM, "NSEC3PARAM"},
	{TYPE_TLSA, "TLSA"},
	{TYPE_SMIMEA, "SMIMEA"},
	{TYPE_HIP, "HIP"},
	{TYPE_CDS, "CDS"},
	{TYPE_CDNSKEY, "CDNSKEY"},
	{TYPE_OPENPGPKEY, "OPENPGPKEY"},
	{TYPE_CSYNC, "CSYNC"},
	{TYPE_ZONEMD, "ZONEMD"},
	{TYPE_SVCB, "SVCB"},
	{TYPE_HTTPS, "HTTPS"},
	{TYPE_SPF, "SPF"},
	{TYPE_EUI48, "EUI48"},
	{TYPE_EUI64, "EUI64"},
	{TYPE_NXNAME, "NXNAME"},
	{TYPE_TKEY, "TKEY"},
	{TYPE_TSIG, "TSIG"},
	{TYPE_IXFR, "IXFR"},
	{TYPE_AXFR, "AXFR"},
	{TYPE_MAILB, "MAILB"},
	{TYPE_MAILA, "MAILA"},
	{TYPE_ANY, "ANY"},
	{TYPE_URI, "URI"},
	{TYPE_CAA, "CAA"},
};

#define TYPE_NAMES (sizeof(type_names) / sizeof(type_names[0]))

char *type_to_text(uint16_t type, char out[TYPE_TEXT_MAX])
{
	for (size_t i = 0; i < TYPE_NAMES; i++) {
		if (type_names[i].type == type) {
			snprintf(out, TYPE_TEXT_MAX, "%s", type_names[i].text);
			return out;
		}
	}
	snprintf(out, TYPE_TEXT_MAX, "TYPE%u", (unsigned)type);
	return out;
}

int type_from_text(const char *text, uint16_t *type)
{
	for (size_t i = 0; i < TYPE_NAMES; i++) {
		if (strcasecmp(type_names[i].text, text) == 0) {
			*type = type_names[i].type;
			return 0;
		}
	}
	// RFC 3597 §5: "TYPE" and a decimal number; strtoul() alone would let signs pass.
	if (strncasecmp(text, "TYPE", 4) != 0 || text[4] < '0' || text[4] > '9')
		return -EINVAL;
	char *end;
	unsigned long value = strtoul(text + 4, &end, 10);
	if (*end != '\0' || value > UINT16_MAX)
		return -EINVAL;
	*type = (uint16_t)value;
	return 0;
}

const char *rcode_to_text(unsigned rcode)
{
	switch (rcode) {
	case RCODE_NOERROR:
		return "NOERROR";
	case RCODE_FORMERR:
		return "FORMERR";
	case RCODE_SERVFAIL:
		return "SERVFAIL";
	case RCODE_NXDOMAIN:
		return "NXDOMAIN";
	case RCODE_NOTIMP:
		return "NOTIMP";
	case RCODE_REFUSED:
		return "REFUSED";
	case RCODE_YXDOMAIN:
		return "YXDOMAIN";
	case RCODE_NOTAUTH:
		return "NOTAUTH";
	case RCODE_BADVERS:
		return "BADVERS";
	case RCODE_BADCOOKIE:
		return "BADCOOKIE";
	default:
		return "RCODE?";
	}
}

static const char *const ede_names[] = {
	[EDE_OTHER] = "Other Error",
	[EDE_UNSUPPORTED_DNSKEY_ALGORITHM] = "Unsupported DNSKEY Algorithm",
	[EDE_UNSUPPORTED_DS_DIGEST] = "Unsupported DS Digest Type",
	[EDE_STALE_ANSWER] = "Stale Answer",
	[EDE_FORGED_ANSWER] = "Forged Answer",
	[EDE_DNSSEC_INDETERMINATE] = "DNSSEC Indeterminate",
	[EDE_DNSSEC_BOGUS] = "DNSSEC Bogus",
	[EDE_SIGNATURE_EXPIRED] = "Signature Expired",
	[EDE_SIGNATURE_NOT_YET_VALID] = "Signature Not Yet Valid",
	[EDE_DNSKEY_MISSING] = "DNSKEY Missing",
	[EDE_RRSIGS_MISSING] = "RRSIGs Missing",
	[EDE_NO_ZONE_KEY_BIT] = "No Zone Key Bit Set",
	[EDE_NSEC_MISSING] = "NSEC Missing",
	[EDE_CACHED_ERROR] = "Cached Error",
	[EDE_NOT_READY] = "Not Ready",
	[EDE_BLOCKED] = "Blocked",
	[16] = "Censored",
	[17] = "Filtered",
	[EDE_PROHIBITED] = "Prohibited",
	[EDE_STALE_NXDOMAIN_ANSWER] = "Stale NXDOMAIN Answer",
	[EDE_NOT_AUTHORITATIVE] = "Not Authoritative",
	[EDE_NOT_SUPPORTED] = "Not Supported",
	[EDE_NO_REACHABLE_AUTHORITY] = "No Reachable Authority",
	[EDE_NETWORK_ERROR] = "Network Error",
	[EDE_INVALID_DATA] = "Invalid Data",
	[EDE_SIGNATURE_EXPIRED_BEFORE_VALID] = "Signature Expired before Valid",
	[26] = "Too Early",
	[EDE_UNSUPPORTED_NSEC3_ITERATIONS] = "Unsupported NSEC3 Iterations Value",
	[28] = "Unable to conform to policy",
	[EDE_SYNTHESIZED] = "Synthesized",
	[EDE_INVALID_QUERY_TYPE] = "Invalid Query Type",
	[EDE_NEGATIVE_TRUST_ANCHOR] = "Negative Trust Anchor",
};

const char *ede_to_text(int code)
{
	if (code == EDE_NONE)
		return "no error";
	if (code < 0 || (size_t)code >= sizeof(ede_names) / sizeof(ede_names[0]) ||
	    ede_names[code] == NULL)
		return "unknown code";
	return ede_names[code];
}

bool type_is_meta(uint16_t type)
{
	// RFC 6895 §3.1: zero is never allocated for data.
	return type == 0 || type == TYPE_OPT || type == TYPE_NXNAME ||
	       (type >= TYPE_TKEY && type <= TYPE_ANY);
}

bool type_beside_cname(uint16_t type)
{
	switch (type) {
	case TYPE_SIG:
	case TYPE_KEY:
	case TYPE_NXT:
	case TYPE_DS:
	case TYPE_RRSIG:
	case TYPE_NSEC:
	case TYPE_DNSKEY:
	case TYPE_NSEC3PARAM:
	case TYPE_CDS:
	case TYPE_CDNSKEY:
		return true;
	default:
		return false;
	}
}
