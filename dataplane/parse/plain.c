#include "dataplane/parse/plain.h"

void plain_service_make(const struct service_addresses *service, struct plain_service *out)
{
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < service->count; i++) {
		const uint8_t *bytes = service->list[i].bytes;

		if (service->list[i].family == 4) {
			memcpy(&out->v4[out->v4_count], bytes, 4);
			out->v4_bits |= plain_bit(out->v4[out->v4_count++]);
		} else if (service->list[i].family == 6) {
			memcpy(out->v6[out->v6_count++], bytes, 16);
		}
	}
	out->station_count = (uint32_t)service->station_count;
	for (size_t i = 0; i < service->station_count; i++)
		memcpy(&out->stations[i], service->stations[i], 6);
}
