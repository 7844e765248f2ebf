// Whether a reply is one that the truth allows.
#pragma once

#include "tests/oracle/truth.h"

#define ASKED_DO    1
#define ASKED_AD    2
#define ASKED_CD    4
#define ASKED_TCP   8
#define ASKED_PLAIN 16 // without EDNS

struct asked {
	uint8_t name[NAME_MAX_LEN]; // lower case
	uint16_t type;
	unsigned flags;
	uint64_t asked_us, done_us;
	const struct message *reply;
};

struct judge {
	struct authority *authority;
	bool calm;           // nothing has changed or failed for so long that everything works
	struct shown *shown; // what clients were given, by name and type
	size_t shown_count;
	char complaint[1000];
};

// False: `complaint` says why not.
bool judge_reply(struct judge *judge, const struct asked *asked);
void judge_free(struct judge *judge);
