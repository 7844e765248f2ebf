#include "control/daemon/parts.h"

#include "control/api/api.h"
#include "control/log.h"
#include "control/notify.h"
#include "control/own.h"
#include "control/watch/exceptions.h"

#include <openssl/rand.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DENIAL_SHARE   16 // of the cache's memory for aggressive denial
#define ONE_SHOT_BYTES (16u << 20)

int start_fail(const char *sentence)
{
	char status[640];

	log_error("%s", sentence);
	snprintf(status, sizeof(status), "STATUS=cannot start: %s", sentence);
	notify(status);
	return -1;
}

// Before any port, program, table, tap or socket is touched.
int start_locks(void)
{
	char err[512];
	int status = own_take(&assayd.locks, assayd.config, err, sizeof(err));

	assayd.in_use = status == -EBUSY;
	return status == 0 ? 0 : start_fail(err);
}

int start_store(void)
{
	const struct config *config = assayd.config;
	struct store_config store = {
		.cache = {.memory_bytes = config->cache_bytes,
			  .shards = 1,
			  .hugepages = config->hugepages != HUGEPAGES_OFF,
			  .hugepages_only = config->hugepages == HUGEPAGES_REQUIRE,
			  .one_shot_bytes = ONE_SHOT_BYTES,
			  .denial_bytes = config->aggressive_denial
						  ? config->cache_bytes / DENIAL_SHARE
						  : 0},
		.rotate = config->rotate,
		.stale_ttl_s = 30,
	};
	char err[256];

	assayd.acl = acl_new(config->acl_rules, config->acl_rule_count);
	if (!assayd.acl)
		return start_fail("out of memory for the access list");
	store.acl = assayd.acl;
	if (RAND_bytes(store.cache.hash_key, sizeof(store.cache.hash_key)) != 1 ||
	    RAND_bytes(store.cookie_secret, sizeof(store.cookie_secret)) != 1)
		return start_fail("the system gives no random numbers");
	memcpy(store.identity, config->identity, sizeof(store.identity));
	memcpy(store.version, config->version, sizeof(store.version));
	assayd.store = store_new(&store, err, sizeof(err));
	return assayd.store ? 0 : start_fail(err);
}

int start_dataplane(void)
{
	struct dataplane_config config = assayd.config->dataplane;
	char err[512];

	if (assayd.has_scope)
		config.silence = &assayd.scope;
	config.silent = assayd.silent;
	snprintf(config.file_prefix, sizeof(config.file_prefix), "assay-%d", (int)getpid());
	int code = dataplane_start(&config, assayd.store, &assayd.dataplane, err, sizeof(err));
	if (code == -EAGAIN) {
		assayd.hugepages_gone = true;
		log_warning("%s: hugepages that were free are gone; starts again without", err);
		return -1;
	}
	if (code != 0)
		return start_fail(err);
	dataplane_heartbeat(assayd.dataplane, &assayd.now);
	return 0;
}

// On a crypto worker's thread.
static void on_verified(void *arg)
{
	(void)arg;
	uv_async_send(&assayd.results);
}

static void warn_of_exception(const char *text, void *arg)
{
	(void)arg;
	log_warning("%s", text);
}

int start_trust(void)
{
	const struct config *config = assayd.config;
	struct trust_config trust = {.inception_skew_s = config->inception_skew_s,
				     .expiration_skew_s = config->expiration_skew_s,
				     .nsec3_iterations_max = 50};
	struct batch_config batch = {.workers = config->crypto_workers, .wake = on_verified};
	char err[256];

	assayd.batch = batch_new(&batch);
	if (!assayd.batch)
		return start_fail("no memory or no threads for signature verification");
	assayd.trust = trust_new(&trust, assayd.batch);
	if (!assayd.trust)
		return start_fail("out of memory for trust anchors");
	assayd.anchors = trust_state_open(&assayd.loop, config, assayd.trust, assayd.store, err,
					  sizeof(err));
	if (!assayd.anchors)
		return start_fail(err);
	for (size_t i = 0; i < config->insecure_count; i++) {
		if (trust_insecure_add(assayd.trust, config->insecure[i].name, UINT64_MAX, false) !=
		    0)
			return start_fail("out of memory for insecure zones");
		if (!cache_denial_bar(store_cache(assayd.store), config->insecure[i].name))
			return start_fail(
				"no room for insecure zones beside cached denial: enlarge "
				"memory.cache");
	}
	exceptions_describe(config, warn_of_exception, NULL);
	return 0;
}

// Answers are worth more than silence about ports: no reason not to start. The data plane tries
// again, and says why not.
void start_silence(void)
{
	const struct socket_transport_config *source = &assayd.config->source;
	char err[256];

	assayd.scope = (struct silence_scope){.interface = source->interface,
					      .port = assayd.config->dataplane.devices[0],
					      .sources = {source->source_v4, source->source_v6}};
	assayd.has_scope = silence_has_scope(&assayd.scope);
	if (!assayd.has_scope) {
		log_info(
			"neither upstream.interface nor upstream.source is set: that no ICMP error "
			"tells of open ports is left to the host's packet filter");
		return;
	}
	assayd.silent = silence_begin(&assayd.scope, err, sizeof(err)) == 0;
}

void stop_silence(void)
{
	if (assayd.has_scope)
		silence_end(&assayd.scope);
}

static void say_of_tls(void *arg, const char *text)
{
	(void)arg;
	log_warning("%s", text);
}

int start_resolver(void)
{
	const struct config *config = assayd.config;
	struct resolver_parts parts = {.store = assayd.store,
				       .trust = assayd.trust,
				       .batch = assayd.batch,
				       .points = trust_state_points(assayd.anchors)};

	struct socket_transport_config sockets = config->source;
	sockets.say = say_of_tls;
	int error = socket_transport_open(&assayd.loop, &sockets, on_upstream_timer, NULL,
					  &assayd.transport, &assayd.sockets);
	if (error == -EINVAL && sockets.tls)
		return start_fail(
			"no certificate of an authority can be read for TLS towards servers: "
			"see upstream.tls-ca-file");
	if (error != 0)
		return start_fail("sockets towards servers cannot be opened");
	assayd.upstream = upstream_new(&config->upstream, &assayd.transport);
	if (!assayd.upstream)
		return start_fail("out of memory for questions to servers");
	for (size_t i = 0; i < config->dataplane.service.count; i++)
		upstream_own_address_add(assayd.upstream, &config->dataplane.service.list[i]);
	upstream_allow_loopback(assayd.upstream, config->allow_loopback_upstream);
	parts.upstream = assayd.upstream;
	assayd.resolver = resolver_new(&config->resolver, &parts);
	if (!assayd.resolver)
		return start_fail("out of memory for the resolver");
	resolver_nta_watch(assayd.resolver, on_nta_end, NULL);
	resolver_pool_watch(assayd.resolver, on_pool, NULL);
	resolver_crowd_watch(assayd.resolver, on_crowd, NULL);
	if (config->log_level == LOG_LEVEL_DEBUG)
		api_log_questions(assayd.resolver);
	return 0;
}

static void say_of_drill(void *arg, const char *text)
{
	(void)arg;
	log_warning("%s", text);
}

static uint64_t wall_ms(void *arg)
{
	struct timespec now;

	(void)arg;
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int start_drills(void)
{
	const struct drill_host_config config = {
		.resolver = assayd.resolver,
		.upstream = assayd.upstream,
		.trust = assayd.trust,
		.random = assayd.transport.random,
		.random_arg = assayd.transport.ctx,
		.counters = all_counters,
		.wall_ms = wall_ms,
		.say = say_of_drill,
	};

	assayd.drills = drill_host_new(&config);
	if (assayd.drills)
		assayd.drill_state = drill_state_open(&assayd.loop, assayd.config, assayd.drills);
	return assayd.drill_state ? 0 : start_fail("out of memory for drills");
}
