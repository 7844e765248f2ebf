// For x86-64-v4: AVX-512.
#include "dataplane/short_lane.h"

size_t short_serve_wide(struct store *store, const struct plain_service *service,
			const struct short_turn *turn, struct short_frame *frames, size_t count)
{
	return lane_serve(store, service, turn, frames, count);
}
