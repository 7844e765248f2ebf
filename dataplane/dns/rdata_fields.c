// Access to the fields of the types that we interpret.
#include "dataplane/dns/header.h"
#include "dataplane/dns/rdata.h"

#define RRSIG_FIXED_LEN  18
#define ALGORITHM_RSAMD5 1

bool rdata_rrsig(const uint8_t *rdata, size_t len, struct rdata_rrsig *out)
{
	if (len < RRSIG_FIXED_LEN)
		return false;
	int signer_len = name_check(rdata + RRSIG_FIXED_LEN, len - RRSIG_FIXED_LEN);
	if (signer_len < 0)
		return false;
	size_t fixed_len = RRSIG_FIXED_LEN + (size_t)signer_len;
	*out = (struct rdata_rrsig){
		.covered = wire_get16(rdata),
		.algorithm = rdata[2],
		.labels = rdata[3],
		.original_ttl = wire_get32(rdata + 4),
		.expiration = wire_get32(rdata + 8),
		.inception = wire_get32(rdata + 12),
		.key_tag = wire_get16(rdata + 16),
		.signer = rdata + RRSIG_FIXED_LEN,
		.signature = rdata + fixed_len,
		.signature_len = len - fixed_len,
		.fixed_len = fixed_len,
	};
	return true;
}

bool rdata_dnskey(const uint8_t *rdata, size_t len, struct rdata_dnskey *out)
{
	if (len < 4)
		return false;
	*out = (struct rdata_dnskey){
		.flags = wire_get16(rdata),
		.protocol = rdata[2],
		.algorithm = rdata[3],
		.key = rdata + 4,
		.key_len = len - 4,
	};
	return true;
}

uint16_t rdata_dnskey_tag(const uint8_t *rdata, size_t len)
{
	uint32_t sum = 0;

	// RFC 4034 B.1: for algorithm 1 the upper 16 of the modulus' lowest 24 bits.
	if (len >= 7 && rdata[3] == ALGORITHM_RSAMD5)
		return wire_get16(rdata + len - 3);
	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? rdata[i] : (uint32_t)rdata[i] << 8;
	return (uint16_t)(sum + (sum >> 16));
}

bool rdata_ds(const uint8_t *rdata, size_t len, struct rdata_ds *out)
{
	if (len < 5)
		return false;
	*out = (struct rdata_ds){
		.key_tag = wire_get16(rdata),
		.algorithm = rdata[2],
		.digest_type = rdata[3],
		.digest = rdata + 4,
		.digest_len = len - 4,
	};
	return true;
}

bool rdata_nsec(const uint8_t *rdata, size_t len, struct rdata_nsec *out)
{
	int next_len = name_check(rdata, len);

	if (next_len < 0)
		return false;
	*out = (struct rdata_nsec){
		.next = rdata,
		.bitmap = rdata + next_len,
		.bitmap_len = len - (size_t)next_len,
	};
	return true;
}

bool rdata_nsec3(const uint8_t *rdata, size_t len, struct rdata_nsec3 *out)
{
	if (len < 5)
		return false;
	size_t salt_len = rdata[4];
	size_t next_off = 5 + salt_len + 1;
	if (len < next_off)
		return false;
	size_t next_len = rdata[next_off - 1];
	if (next_len > len - next_off)
		return false;
	*out = (struct rdata_nsec3){
		.algorithm = rdata[0],
		.flags = rdata[1],
		.iterations = wire_get16(rdata + 2),
		.salt = rdata + 5,
		.salt_len = salt_len,
		.next = rdata + next_off,
		.next_len = next_len,
		.bitmap = rdata + next_off + next_len,
		.bitmap_len = len - next_off - next_len,
	};
	return true;
}

bool rdata_bitmap_has(const uint8_t *bitmap, size_t len, uint16_t type)
{
	uint8_t window = (uint8_t)(type >> 8);
	uint8_t octet = (type & 0xff) >> 3;
	size_t off = 0;

	while (len - off > 2) {
		uint8_t octets = bitmap[off + 1];
		if (octets > len - off - 2)
			return false;
		if (bitmap[off] == window)
			return octet < octets && bitmap[off + 2 + octet] & 0x80 >> (type & 7);
		off += (size_t)octets + 2;
	}
	return false;
}

uint16_t rdata_bitmap_next(const uint8_t *bitmap, size_t len, uint16_t after)
{
	for (size_t off = 0; len - off > 2;) {
		uint8_t octets = bitmap[off + 1];
		if (octets > len - off - 2)
			return 0;
		for (unsigned bit = 0; bit < octets * 8u; bit++) {
			uint16_t type = (uint16_t)(bitmap[off] << 8 | bit);
			if (type > after && bitmap[off + 2 + bit / 8] & 0x80 >> (bit & 7))
				return type;
		}
		off += (size_t)octets + 2;
	}
	return 0;
}

bool rdata_soa(const uint8_t *rdata, size_t len, struct rdata_soa *out)
{
	int mname_len = name_check(rdata, len);

	if (mname_len < 0)
		return false;
	int rname_len = name_check(rdata + mname_len, len - (size_t)mname_len);
	if (rname_len < 0 || len - (size_t)mname_len - (size_t)rname_len < 20)
		return false;
	const uint8_t *p = rdata + mname_len + rname_len;
	*out = (struct rdata_soa){
		.mname = rdata,
		.rname = rdata + mname_len,
		.serial = wire_get32(p),
		.refresh = wire_get32(p + 4),
		.retry = wire_get32(p + 8),
		.expire = wire_get32(p + 12),
		.minimum = wire_get32(p + 16),
	};
	return true;
}
