#include "control/upstream_watch.h"

#include "control/config/host.h"
#include "control/log.h"

#include <string.h>

#define WATCH_MS 1000

static struct {
	uint64_t next_ms;
	bool lost;
	char missing[CONFIG_ERROR_MAX];
} watched;

static void watch_path(bool lost)
{
	if (lost && !watched.lost)
		log_warning("our own path is lost: no server of any network answers, the root's "
			    "neither; what is cached is answered");
	else if (!lost && watched.lost)
		log_info("our own path is there again");
	watched.lost = lost;
}

void upstream_watch(const struct config *config, bool lost, uint64_t now_ms)
{
	char sentence[CONFIG_ERROR_MAX];

	if (now_ms < watched.next_ms)
		return;
	watched.next_ms = now_ms + WATCH_MS;
	watch_path(lost);
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
