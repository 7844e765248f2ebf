#include "control/upstream_watch.h"

#include "control/config/host.h"
#include "control/log.h"

#include <stdbool.h>
#include <string.h>

#define WATCH_MS 1000

static struct {
	uint64_t next_ms;
	char missing[CONFIG_ERROR_MAX];
} watched;

void upstream_watch(const struct config *config, uint64_t now_ms)
{
	char sentence[CONFIG_ERROR_MAX];

	if (now_ms < watched.next_ms)
		return;
	watched.next_ms = now_ms + WATCH_MS;
	bool was_missing = watched.missing[0] != '\0';
	bool missing = host_upstream_missing(config, sentence);
	if (missing && !was_missing)
		log_warning("%s", sentence);
	else if (!missing && was_missing)
		log_info("upstream.interface and upstream.source are there again");
	if (missing)
		memcpy(watched.missing, sentence, sizeof(watched.missing));
	else
		watched.missing[0] = '\0';
}

const char *upstream_watch_alarm(void)
{
	return watched.missing;
}
