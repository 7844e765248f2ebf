// Frames at random that ask for names out of a list: most of them sound, some of every other kind.
#pragma once

#include "tests/unit/dataplane/parse/frames.h"
#include "tests/unit/dataplane/store/served.h"

struct random_names {
	const char *const *list;
	size_t count;
};

static inline unsigned below(unsigned *random, unsigned limit)
{
	return (unsigned)rand_r(random) % limit;
}

static inline size_t random_message(unsigned *random, const struct random_names *names,
				    uint8_t *out)
{
	static const unsigned types[] = {1,  1,  1,  1,     1, 1,  1,   1,  28, 28,
					 16, 16, 15, 65280, 0, 46, 255, 41, 43, 47};
	static const unsigned classes[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 4};
	static const unsigned flags[] = {FLAG_RD,
					 FLAG_RD,
					 FLAG_RD,
					 0,
					 FLAG_RD | FLAG_CD,
					 FLAG_RD | FLAG_AD,
					 FLAG_RD | FLAG_Z | FLAG_AA | FLAG_TC | 5,
					 FLAG_RD,
					 FLAG_RD,
					 FLAG_QR,
					 0x2000};
	static const char *const opts[] = {NULL,
					   NULL,
					   OPT_PLAIN,
					   OPT_PLAIN,
					   OPT_DO,
					   OPT_DO,
					   OPT_DO,
					   "00 %41 %100 #0 %0",
					   "00 %41 %800 #4278206208 %0",
					   "00 %41 %65535 #32895 %0",
					   "00 %41 %512 #32768 %12 %10 %8 0102030405060708",
					   "00 %41 %1232 00010000 %0",
					   "00 %41 %1232 #0 %4 %11 %0",
					   "01 61 00 %41 %800 #0 %0",
					   "00 %1 %1 #0 %0"};
	static struct bytes b;
	char question[160];

	snprintf(question, sizeof(question), "@%s %%%u %%%u",
		 names->list[below(random, (unsigned)names->count)], types[below(random, 20)],
		 classes[below(random, 12)]);
	given_query(&b, flags[below(random, 11)], question, opts[below(random, 15)]);
	b.data[0] = (uint8_t)rand_r(random);
	b.data[1] = (uint8_t)rand_r(random);
	if (below(random, 5) == 0) { // mutated
		for (unsigned n = 1 + below(random, 3); n > 0; n--)
			b.data[below(random, (unsigned)b.len)] = (uint8_t)rand_r(random);
		if (below(random, 4) == 0)
			b.len = below(random, (unsigned)b.len + 1);
		else if (below(random, 4) == 0)
			b.data[b.len++] = (uint8_t)rand_r(random);
	}
	memcpy(out, b.data, b.len);
	return b.len;
}

static inline void random_frame(unsigned *random, const struct random_names *names, struct frame *f)
{
	static const uint8_t options[8] = {1, 1, 1, 1, 1, 1, 1, 1};
	static const uint8_t hop_by_hop[8] = {17, 0, 1, 4};
	uint8_t message[1024];
	struct frame_spec spec = frame_default(below(random, 2) ? 4 : 6);
	const bool options_too = below(random, 20) == 0;

	spec.vlan_count = below(random, 8) == 0 ? 1 + below(random, 2) : 0;
	if (options_too) {
		spec.options = spec.family == 4 ? options : hop_by_hop;
		spec.options_len = 8;
	}
	spec.source_port = (uint16_t)(below(random, 50) == 0 ? 0 : rand_r(random));
	if (below(random, 50) == 0)
		spec.destination_port = 54;
	spec.dns = message;
	spec.dns_len = random_message(random, names, message);
	frame_make(f, &spec);
	if (below(random, 10) == 0) { // in the headers, mostly healed
		f->bytes[below(random, (unsigned)f->dns)] = (uint8_t)rand_r(random);
		if (f->family == 4 && (f->bytes[f->ip] & 15) == 5 && below(random, 4) != 0)
			frame_fix_ip_checksum(f);
		if (below(random, 4) != 0 && f->bytes[f->udp + 4] == 0)
			frame_fix_udp_checksum(f);
	}
	if (below(random, 40) == 0)
		frame_put16(f->bytes + f->udp + 6, 0);
	if (below(random, 40) == 0) // padded, or cut
		f->len += below(random, 30);
	else if (below(random, 40) == 0)
		f->len = below(random, (unsigned)f->len + 1);
}
