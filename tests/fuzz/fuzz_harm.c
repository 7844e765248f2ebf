// harm_message(): bounded, and what could be read before can be read afterwards, with no more in
// it.
#include "control/upstream/harm.h"
#include "tests/fuzz/check.h"

#include <string.h>

static size_t records(const struct message *m, bool signatures)
{
	size_t count = 0;

	for (size_t s = 0; s < SECTION_COUNT; s++) {
		for (size_t i = 0; i < m->sections[s].count; i++) {
			const struct rrset *rrset = m->sections[s].rrsets[i];
			count += signatures ? rrset->rrsig_count : rrset->count;
		}
	}
	return count;
}

static void compare(enum harm harm, const struct message *before, const uint8_t *msg, size_t len)
{
	struct message *after = NULL;
	enum message_verdict verdict = message_parse(msg, len, &after);

	if (verdict != MESSAGE_NO_MEMORY)
		CHECK(verdict == MESSAGE_OK);
	if (verdict == MESSAGE_OK) {
		CHECK(records(after, false) <= records(before, false));
		CHECK(records(after, true) <= records(before, true));
		CHECK(harm != HARM_STRIP || records(after, true) == 0);
	}
	message_free(after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message *before = NULL;

	if (size > UINT16_MAX || message_parse(data, size, &before) != MESSAGE_OK)
		before = NULL;
	for (enum harm harm = HARM_NONE; harm <= HARM_BOGUS; harm++) {
		uint8_t *msg = malloc(size + 1);
		CHECK(msg != NULL);
		memcpy(msg, data, size);
		size_t len = harm_message(harm, false, msg, size);
		CHECK(len <= size);
		if (before != NULL)
			compare(harm, before, msg, len);
		free(msg);
	}
	message_free(before);
	return 0;
}
