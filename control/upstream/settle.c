// TCP for what may be a forgery: errors without a question, cookies that are wrong or lost, names
// in another case, fragments. A forger needs no more than ID and port for these, or the port alone,
// so they are bounded: of the other questions the answer is waited for as before.
#include "control/upstream/exchange.h"

#include <string.h>

bool settle_start(struct exchange *exchange)
{
	struct upstream *upstream = exchange->upstream;
	size_t same = 0;

	if (exchange->settling)
		return true;
	for (size_t i = 0; i < upstream->settler_count; i++)
		same += server_address_equal(&upstream->settlers[i]->request.server,
					     &exchange->request.server);
	if (upstream->settler_count == SETTLERS_MAX || same >= SETTLERS_PER_SERVER) {
		upstream->counters.unsettled++;
		return false;
	}
	upstream->settlers[upstream->settler_count++] = exchange;
	exchange->settling = true;
	exchange->tcp = true;
	return true;
}

void settle_forget(struct exchange *exchange)
{
	struct upstream *upstream = exchange->upstream;
	size_t i = 0;

	if (!exchange->settling)
		return;
	while (upstream->settlers[i] != exchange)
		i++;
	upstream->settlers[i] = upstream->settlers[--upstream->settler_count];
	exchange->settling = false;
}
