// Whether a reply is one that the truth allows.
#pragma once

#include "tests/oracle/script.h"
#include "tests/oracle/shown.h"
#include "tests/oracle/truth.h"

struct asked {
	uint8_t name[NAME_MAX_LEN]; // lower case
	uint16_t type;
	unsigned flags;
	uint64_t asked_us, done_us;
	const struct message *reply;
};

struct judge {
	struct authority *authority;
	bool calm;             // nothing has changed or failed for so long that everything works
	bool lenient;          // another resolver: its data, RCODE and AD alone
	uint64_t restarted_us; // what was said before is not known; 0: never
	struct shown shown;    // what clients were given
	char complaint[1000];
};

// False: `complaint` says why not.
bool judge_reply(struct judge *judge, const struct asked *asked);
void judge_free(struct judge *judge);
