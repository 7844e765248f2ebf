#include "control/api/order.h"

#include "control/log.h"

#include <stdio.h>
#include <sys/socket.h>

#define LINES_S  20
#define TEXT_MAX 512 // what is longer is cut

static const char *order_text(const struct order *order, char out[TEXT_MAX])
{
	size_t used = (size_t)snprintf(out, TEXT_MAX, "%.64s", order->verb);

	for (size_t i = 0; i < order->count && used < TEXT_MAX; i++)
		used += (size_t)snprintf(out + used, TEXT_MAX - used, " %s", order->arguments[i]);
	if (used >= TEXT_MAX)
		snprintf(out + TEXT_MAX - 4, 4, "...");
	return out;
}

void order_log(const struct order *order, uint64_t now_ms)
{
	static struct log_limit limit = {.burst = LINES_S};
	char text[TEXT_MAX];

	log_limited(&limit, now_ms, LOG_LEVEL_INFO, "order of uid %u, pid %d: %s",
		    (unsigned)order->from->uid, (int)order->from->pid, order_text(order, text));
}

void order_log_refused(const struct order *order, uint64_t now_ms, const char *why)
{
	static struct log_limit limit = {.burst = LINES_S};
	char text[TEXT_MAX];

	log_limited(&limit, now_ms, LOG_LEVEL_INFO, "order of uid %u, pid %d refused: %s: %.160s",
		    (unsigned)order->from->uid, (int)order->from->pid, order_text(order, text),
		    why);
}
