// For any x86-64-v2.
#include "dataplane/short_lane.h"

size_t short_serve_narrow(struct store *store, const struct plain_service *service,
			  const struct short_turn *turn, struct short_frame *frames, size_t count)
{
	return lane_serve(store, service, turn, frames, count);
}
