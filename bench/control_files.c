#include "bench/control_files.h"

#include "control/config/config.h"
#include "control/drill/drill.h"
#include "control/log.h"
#include "control/metrics/metrics.h"
#include "control/state/drills.h"
#include "control/state/trust.h"
#include "control/watch/exceptions.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/validator/signer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEYS           4    // of each trust point
#define EXCEPTIONS_MAX 4096 // of a configuration
#define DAY_S          86400

struct control_files {
	struct world *world;
	struct config *config;
	char folder[64];
	// Trust points of their own: those of the world stay as they are.
	struct trust *trust;
	struct store *store;
	struct acl *acl;
	struct config_anchor anchors[TRUST_POINTS_MAX], *given;
	size_t given_count;
	uint8_t ds[TRUST_POINTS_MAX][64];
	struct signer_key *keys[TRUST_POINTS_MAX][KEYS];
	struct trust_state *anchor_state;
	struct drill_state *drill_state;
	struct metrics *metrics;
	struct alarms *alarms;
	bool held;
};

static const uint8_t *zone_of(size_t i)
{
	char text[32];

	snprintf(text, sizeof(text), "a%zu.anchored.", i);
	return signer_name(text);
}

static struct config *load_config(const char *folder, size_t exceptions)
{
	static struct config_errors errors;
	char path[96];

	snprintf(path, sizeof(path), "%s/assayd.yaml", folder);
	FILE *stream = fopen(path, "w");
	if (stream == NULL)
		(fail)("configuration", "cannot be written");
	fprintf(stream,
		"ports:\n  - device: net_ring0\nservice:\n  addresses: [192.0.2.53/24]\n"
		"trust:\n  state: %s/trust.state\n  insecure:\n    - example.\n",
		folder);
	// One has been written.
	for (size_t i = 1; i < exceptions && i < EXCEPTIONS_MAX; i++)
		fprintf(stream, "    - i%zu.insecure.example.\n", i);
	fclose(stream);
	struct config *config = config_load(path, &errors);
	(void)unlink(path);
	if (config == NULL)
		(fail)("configuration", errors.list[0].sentence);
	return config;
}

static void set_anchors(struct control_files *files)
{
	for (size_t i = 0; i < TRUST_POINTS_MAX; i++) {
		for (size_t k = 0; k < KEYS; k++)
			files->keys[i][k] = signer_key_new(13, 0, 257);
		size_t len = signer_ds(files->keys[i][0], zone_of(i), 2, files->ds[i]);
		files->anchors[i] = (struct config_anchor){
			.type = TYPE_DS,
			.rdata = files->ds[i],
			.rdlen = (uint16_t)len,
			.automatic = true,
		};
		name_copy(files->anchors[i].owner, zone_of(i));
	}
	files->given = files->config->anchors;
	files->given_count = files->config->anchor_count;
	files->config->anchors = files->anchors;
	files->config->anchor_count = TRUST_POINTS_MAX;
}

static void open_states(struct control_files *files, uv_loop_t *loop)
{
	const struct trust_config trust = {.inception_skew_s = 3600};
	struct store_config store = {
		.cache = {.memory_bytes = 8 << 20, .shards = 1, .one_shot_bytes = 1 << 20}};
	const struct store_clock now = world_clock(files->world);
	char err[256];

	files->acl = acl_new(NULL, 0);
	store.acl = files->acl;
	files->trust = trust_new(&trust, files->world->batch);
	files->store = store_new(&store, err, sizeof(err));
	if (files->trust == NULL || files->store == NULL)
		(fail)("state", "no memory");
	store_set_clock(files->store, &now);
	files->anchor_state =
		trust_state_open(loop, files->config, files->trust, files->store, err, sizeof(err));
	if (files->anchor_state == NULL)
		(fail)("trust.state", err);
	files->drill_state = drill_state_open(loop, files->config, files->world->drills);
	if (files->drill_state == NULL)
		(fail)("drill.history", "no memory");
}

// Of TCP, at present.
static unsigned free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		(fail)("metrics", "no port");
	close(fd);
	return ntohs(address.sin_port);
}

struct control_files *control_files_open(uv_loop_t *loop, struct world *world, const char *folder,
					 size_t exceptions)
{
	struct control_files *files = calloc(1, sizeof(*files));
	char address[32], err[256];

	if (files == NULL)
		(fail)("files", "no memory");
	log_set_level(LOG_LEVEL_ERROR);
	files->world = world;
	snprintf(files->folder, sizeof(files->folder), "%s", folder);
	files->config = load_config(folder, exceptions);
	set_anchors(files);
	open_states(files, loop);
	snprintf(address, sizeof(address), "127.0.0.1:%u", free_port());
	files->metrics = metrics_open(address, err, sizeof(err));
	files->alarms = alarms_new();
	if (files->metrics == NULL || files->alarms == NULL)
		(fail)("metrics", err);
	return files;
}

static void forget_file(const struct control_files *files, const char *name)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/%s", files->folder, name);
	(void)unlink(path);
}

void control_files_close(struct control_files *files)
{
	metrics_close(files->metrics);
	drill_state_close(files->drill_state);
	trust_state_close(files->anchor_state);
	trust_free(files->trust);
	store_free(files->store);
	acl_free(files->acl);
	alarms_free(files->alarms);
	files->config->anchors = files->given;
	files->config->anchor_count = files->given_count;
	config_free(files->config);
	for (size_t i = 0; i < TRUST_POINTS_MAX; i++) {
		for (size_t k = 0; k < KEYS; k++)
			signer_key_free(files->keys[i][k]);
	}
	forget_file(files, "trust.state");
	forget_file(files, "drill.history");
	free(files);
}

void control_files_run(struct control_files *files, const struct store_clock *now)
{
	if (files->held)
		return;
	trust_state_run(files->anchor_state, now);
	drill_state_run(files->drill_state, now->now_ms);
}

void control_files_hold(struct control_files *files)
{
	files->held = true;
}

void control_files_release(struct control_files *files)
{
	files->held = false;
}

void control_files_learn(struct control_files *files, const struct store_clock *now)
{
	const struct signer_options options = {.inception_s = now->now_s - DAY_S,
					       .expiration_s = now->now_s + 14 * DAY_S};

	for (size_t i = 0; i < TRUST_POINTS_MAX; i++) {
		struct rrset *keys = signer_dnskey_rrset(zone_of(i), files->keys[i], KEYS, 172800);
		struct rrset *signed_ = signer_sign(keys, files->keys[i][0], zone_of(i), &options);

		if (trust_points_observe(trust_state_points(files->anchor_state), signed_,
					 now->now_ms, now->now_s) != TRUST_OBSERVED)
			fprintf(stderr, "bench_control: a trust point learnt nothing\n");
		rrset_free(keys);
		rrset_free(signed_);
	}
}

void control_files_drill(struct control_files *files)
{
	for (size_t i = 0; i < DRILL_REPORTS_MAX; i++) {
		if (!world_drill(files->world, "--scope uplink --fault drop --for 1s"))
			(fail)("drill", "another one runs");
		world_advance(files->world, 2000);
		(void)drill_host_stop(files->world->drills);
		world_advance(files->world, 1000);
	}
}

void control_files_page(struct control_files *files,
			void (*counters)(void *arg, upstream_counter_visit visit, void *visit_arg))
{
	metrics_begin(files->metrics);
	counters(NULL, metrics_value, files->metrics);
	for (int i = 0; i < ALARM_COUNT; i++)
		metrics_alarm(files->metrics, alarm_name(i), alarm_severity_name(alarm_severity(i)),
			      alarms_named(files->alarms, i) > 0);
	metrics_end(files->metrics);
}

void control_files_alarms(struct control_files *files, const struct store_clock *now)
{
	exceptions_alarms(files->config, files->trust, now, files->alarms);
	trust_state_alarms(files->anchor_state, files->alarms);
	drill_state_alarms(files->drill_state, files->alarms);
}

void control_files_describe(struct control_files *files, void (*line)(const char *text, void *arg),
			    void *arg)
{
	trust_state_describe(files->anchor_state, line, arg);
	drill_state_describe(files->drill_state, line, arg);
	exceptions_describe(files->config, line, arg);
}
