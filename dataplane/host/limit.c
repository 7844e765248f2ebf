#include "dataplane/host/limit.h"

// Packets per second and at once, per poll-mode core. ARP, ND and ping need little; TCP carries
// clients' queries, and "other" answers of authorities when queries leave by the tap.
static const struct {
	uint32_t per_s, burst;
} rates[EXCEPTION_CLASS_COUNT] = {
	[EXCEPTION_ARP] = {1000, 256},     [EXCEPTION_ND] = {1000, 256},
	[EXCEPTION_ICMP] = {1000, 256},    [EXCEPTION_TCP] = {20000, 2048},
	[EXCEPTION_OTHER] = {20000, 2048},
};

#define TOKEN 1000

void limit_init(struct limit *limit, uint64_t now_ms)
{
	limit->then_ms = now_ms;
	for (unsigned i = 0; i < EXCEPTION_CLASS_COUNT; i++)
		limit->tokens[i] = rates[i].burst * TOKEN;
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
		uint64_t full = (uint64_t)rates[i].burst * TOKEN;
		// Packets per second are thousandths of a packet per millisecond. After a minute
		// every bucket is full, whatever the clock says.
		uint64_t more = (passed_ms < 60000 ? passed_ms : 60000) * rates[i].per_s;
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
