#include "control/watch/looker.h"

#include "control/config/host.h"
#include "control/config/return_route.h"
#include "control/descriptors.h"
#include "control/log.h"
#include "control/watch/route.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

struct looker {
	const struct config *config;
	struct dataplane *dataplane;
	char folder[256]; // of the state files; "": there are none
	pthread_t thread;
	atomic_uint_least64_t beat_ms;
	uint64_t stood_ms; // control: for how long it stood last, until it is told

	pthread_mutex_t lock;
	pthread_cond_t stopping;
	bool stop;
	enum alarm_name state_alarm;
	char state[512];                 // what is wrong with the folder; "": nothing
	char upstream[CONFIG_ERROR_MAX]; // what keeps questions from leaving; "": nothing
	char clients[CONFIG_ERROR_MAX];  // what keeps answers from them; "": nothing
	char service[CONFIG_ERROR_MAX];  // where else its addresses stand; "": nowhere
	char descriptors[192];           // who finds none; "": there are enough
};

static uint64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

// ---- the folder of the state files ----

static void look_at_folder(struct looker *looker)
{
	enum alarm_name name = ALARM_STATE;
	char text[sizeof(looker->state)] = "";
	struct statvfs room;

	if (faccessat(AT_FDCWD, looker->folder, W_OK | X_OK, AT_EACCESS) != 0)
		snprintf(text, sizeof(text), "%s cannot be written: %s", looker->folder,
			 strerror(errno));
	else if (statvfs(looker->folder, &room) == 0 &&
		 ((uint64_t)room.f_bavail * room.f_frsize < LOOKER_ROOM_LEAST ||
		  (room.f_files > 0 && room.f_favail == 0))) {
		name = ALARM_DISK;
		snprintf(text, sizeof(text), "%s: %" PRIu64 " kB and %" PRIu64 " files are left",
			 looker->folder, (uint64_t)room.f_bavail * room.f_frsize / 1024,
			 (uint64_t)room.f_favail);
	}
	pthread_mutex_lock(&looker->lock);
	looker->state_alarm = name;
	memcpy(looker->state, text, sizeof(text));
	pthread_mutex_unlock(&looker->lock);
}

// ---- descriptors ----

// As many as a look takes at once, in one place or another.
#define DESCRIPTORS_NEEDED 4

static unsigned open_some(int fds[DESCRIPTORS_NEEDED])
{
	unsigned count = 0;

	while (count < DESCRIPTORS_NEEDED &&
	       (fds[count] = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0)
		count++;
	return count;
}

// False: none are left, and whatever is looked at would seem to be gone.
static bool look_at_descriptors(struct looker *looker)
{
	const unsigned limit = descriptors_limit();
	char text[sizeof(looker->descriptors)] = "";
	int fds[DESCRIPTORS_NEEDED];
	unsigned count = open_some(fds);
	bool enough = count == DESCRIPTORS_NEEDED;
	int error = enough ? 0 : errno;

	if (error == ENFILE)
		snprintf(text, sizeof(text),
			 "this host has no file descriptors left: nothing of it is looked at");
	else if (!enough)
		snprintf(text, sizeof(text),
			 "no file descriptors are left of %u: TCP clients and questions to servers "
			 "find none, and nothing of the host is looked at",
			 limit);
	else if ((unsigned)fds[0] >= descriptors_bound(DESCRIPTORS_SERVERS))
		snprintf(
			text, sizeof(text),
			"%d of %u file descriptors are taken: questions to servers and TCP clients "
			"find none",
			fds[0], limit);
	else if ((unsigned)fds[0] >= descriptors_bound(DESCRIPTORS_CLIENTS))
		snprintf(text, sizeof(text),
			 "%d of %u file descriptors are taken: TCP clients give way to each other",
			 fds[0], limit);
	while (count > 0)
		close(fds[--count]);
	pthread_mutex_lock(&looker->lock);
	memcpy(looker->descriptors, text, sizeof(text));
	pthread_mutex_unlock(&looker->lock);
	return enough;
}

// ---- the way to servers ----

static void look_at_upstream(struct looker *looker)
{
	char text[CONFIG_ERROR_MAX];

	if (!host_upstream_missing(looker->config, text) && !route_missing(looker->config, text))
		text[0] = '\0';
	pthread_mutex_lock(&looker->lock);
	memcpy(looker->upstream, text, sizeof(text));
	pthread_mutex_unlock(&looker->lock);
}

// ---- the way to clients ----

static void look_at_clients(struct looker *looker, size_t *at)
{
	char text[CONFIG_ERROR_MAX];

	if (!return_route_missing(looker->config, at, text))
		text[0] = '\0';
	pthread_mutex_lock(&looker->lock);
	memcpy(looker->clients, text, sizeof(text));
	pthread_mutex_unlock(&looker->lock);
}

// ---- the service addresses ----

static void look_at_service(struct looker *looker)
{
	char text[CONFIG_ERROR_MAX];

	if (!host_service_elsewhere(looker->config, text))
		text[0] = '\0';
	pthread_mutex_lock(&looker->lock);
	memcpy(looker->service, text, sizeof(text));
	pthread_mutex_unlock(&looker->lock);
}

// ---- control ----

// Says it while it lasts: afterwards control can speak for itself.
static void look_at_control(const struct looker *looker, bool *stands)
{
	uint64_t beat_ms = atomic_load_explicit(&looker->beat_ms, memory_order_relaxed);
	uint64_t for_ms = clock_ms() - beat_ms;

	if (for_ms < LOOKER_STALL_MS) {
		*stands = false;
		return;
	}
	if (*stands)
		return;
	*stands = true;
	log_error("alarm %s: control has done nothing for %" PRIu64 " ms; %s",
		  alarm_name(ALARM_CONTROL_STALLED), for_ms, alarm_remedy(ALARM_CONTROL_STALLED));
}

void looker_beat(struct looker *looker)
{
	uint64_t now_ms = clock_ms();
	uint64_t before_ms =
		atomic_exchange_explicit(&looker->beat_ms, now_ms, memory_order_relaxed);

	if (now_ms - before_ms >= LOOKER_STALL_MS)
		looker->stood_ms = now_ms - before_ms;
}

// ---- the thread ----

// False: it is to end.
static bool wait_a_moment(struct looker *looker)
{
	struct timespec until;
	bool stop;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOKER_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&looker->lock);
	while (!looker->stop &&
	       pthread_cond_timedwait(&looker->stopping, &looker->lock, &until) != ETIMEDOUT)
		;
	stop = looker->stop;
	pthread_mutex_unlock(&looker->lock);
	return !stop;
}

static void *look(void *arg)
{
	struct looker *looker = arg;
	bool stands = false;
	size_t at = 0;

	pthread_setname_np(pthread_self(), "assay-look");
	do {
		look_at_control(looker, &stands);
		if (look_at_descriptors(looker)) {
			dataplane_look(looker->dataplane);
			look_at_upstream(looker);
			look_at_clients(looker, &at);
			look_at_service(looker);
		}
		if (looker->folder[0] != '\0')
			look_at_folder(looker);
	} while (wait_a_moment(looker));
	return NULL;
}

static void set_folder(struct looker *looker, const char *file)
{
	const char *slash = strrchr(file, '/');

	if (file[0] == '\0')
		return;
	snprintf(looker->folder, sizeof(looker->folder), "%.*s",
		 slash == NULL   ? 1
		 : slash == file ? 1
				 : (int)(slash - file),
		 slash == NULL ? "." : file);
}

struct looker *looker_start(const struct config *config, struct dataplane *dataplane)
{
	struct looker *looker = calloc(1, sizeof(*looker));
	pthread_condattr_t attributes;

	if (!looker)
		return NULL;
	looker->config = config;
	looker->dataplane = dataplane;
	set_folder(looker, config->trust_state);
	atomic_init(&looker->beat_ms, clock_ms());
	pthread_mutex_init(&looker->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&looker->stopping, &attributes);
	pthread_condattr_destroy(&attributes);
	if (pthread_create(&looker->thread, NULL, look, looker) == 0)
		return looker;
	free(looker);
	return NULL;
}

void looker_stop(struct looker *looker)
{
	if (!looker)
		return;
	pthread_mutex_lock(&looker->lock);
	looker->stop = true;
	pthread_cond_signal(&looker->stopping);
	pthread_mutex_unlock(&looker->lock);
	pthread_join(looker->thread, NULL);
	pthread_cond_destroy(&looker->stopping);
	pthread_mutex_destroy(&looker->lock);
	free(looker);
}

void looker_alarms(void *arg, struct alarms *alarms)
{
	struct looker *looker = arg;
	char state[sizeof(looker->state)], upstream[sizeof(looker->upstream)];
	char clients[sizeof(looker->clients)], service[sizeof(looker->service)];
	char descriptors[sizeof(looker->descriptors)];
	enum alarm_name name;

	if (looker->stood_ms > 0)
		alarm_raise(alarms, ALARM_CONTROL_STALLED, "", 2 * ALARMS_BEAT_MS,
			    "control stood for %" PRIu64 " ms", looker->stood_ms);
	looker->stood_ms = 0;
	pthread_mutex_lock(&looker->lock);
	name = looker->state_alarm;
	memcpy(state, looker->state, sizeof(state));
	memcpy(upstream, looker->upstream, sizeof(upstream));
	memcpy(clients, looker->clients, sizeof(clients));
	memcpy(service, looker->service, sizeof(service));
	memcpy(descriptors, looker->descriptors, sizeof(descriptors));
	pthread_mutex_unlock(&looker->lock);
	if (upstream[0] != '\0')
		alarm_holds(alarms, ALARM_UPSTREAM_MISSING, "", "%s", upstream);
	if (clients[0] != '\0')
		alarm_holds(alarms, ALARM_RETURN_ROUTE, "", "%s", clients);
	if (service[0] != '\0')
		alarm_holds(alarms, ALARM_SERVICE_ADDRESS, "", "%s", service);
	if (descriptors[0] != '\0')
		alarm_holds(alarms, ALARM_EXHAUSTED, "descriptors", "%s", descriptors);
	if (descriptors_are_few(descriptors, sizeof(descriptors)))
		alarm_holds(alarms, ALARM_DESCRIPTORS, "", "%s", descriptors);
	if (state[0] != '\0')
		alarm_holds(alarms, name, "folder", "%s", state);
}
