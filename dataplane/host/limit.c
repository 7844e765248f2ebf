#include "dataplane/host/limit.h"

#define TOKEN 1000

void limit_init(struct limit *limit, uint32_t syn_per_s, uint64_t now_ms)
{
	limit->then_ms = now_ms;
	limit->syn_per_s = syn_per_s;
	for (unsigned i = 0; i < EXCEPTION_CLASS_COUNT; i++)
		limit->tokens[i] = class_terms[i].burst * TOKEN;
}

static uint32_t per_s(const struct limit *limit, unsigned class)
{
	return class == EXCEPTION_SYN ? limit->syn_per_s : class_terms[class].per_s;
}

void limit_tick(struct limit *limit, uint64_t now_ms)
{
	uint64_t passed_ms = now_ms - limit->then_ms;

	if (passed_ms == 0)
		return;
	// Put right: nothing has passed.
	if (now_ms < limit->then_ms)
		passed_ms = 0;
	limit->then_ms = now_ms;
	for (unsigned i = 0; i < EXCEPTION_CLASS_COUNT; i++) {
		uint64_t full = (uint64_t)class_terms[i].burst * TOKEN;
		// Packets per second are thousandths of a packet per millisecond. After a minute
		// every bucket is full, whatever the clock says.
		uint64_t more = (passed_ms < 60000 ? passed_ms : 60000) * per_s(limit, i);
		uint64_t tokens = limit->tokens[i] + more;

		limit->tokens[i] = (uint32_t)(tokens < full ? tokens : full);
	}
}

bool limit_take(struct limit *limit, enum exception_class class)
{
	if (limit->tokens[class] < TOKEN)
		return false;
	limit->tokens[class] -= TOKEN;
	return true;
}
