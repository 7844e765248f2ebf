#include "tests/scenario/scenario.h"

#include <malloc.h>
#include <stdlib.h>

#define ROOT_SERVERS "a.root.=192.88.0.1 b.root.=198.41.0.4"

// ---- zones ----

struct server_spec {
	char name[128], address[48];
};

static size_t parse_servers(const char *text, struct server_spec *out, size_t max)
{
	size_t count = 0;

	while (*text != '\0') {
		int used = 0;
		assert_true(count < max);
		assert_int_equal(sscanf(text, " %127[^=]=%47s%n", out[count].name,
					out[count].address, &used),
				 2);
		count++;
		text += used;
		while (*text == ' ')
			text++;
	}
	return count;
}

static bool below(const char *name, const char *zone)
{
	return name_within(text_name(name), text_name(zone));
}

static const char *address_type(const char *address)
{
	return strchr(address, ':') != NULL ? "AAAA" : "A";
}

// The zone that a name's data are in.
static const struct world_zone *zone_of(const struct world *world, const char *name)
{
	const struct world_zone *best = NULL;

	for (size_t i = 0; i < world->zone_count; i++) {
		const struct world_zone *zone = &world->zones[i];
		if (below(name, zone->apex) &&
		    (best == NULL ||
		     name_labels(text_name(zone->apex)) > name_labels(text_name(best->apex))))
			best = zone;
	}
	return best;
}

static const struct world_zone *parent_of(const struct world *world, const struct world_zone *child)
{
	const struct world_zone *best = NULL;

	for (size_t i = 0; i < world->zone_count; i++) {
		const struct world_zone *zone = &world->zones[i];
		if (zone == child || !below(child->apex, zone->apex) ||
		    name_equal(text_name(child->apex), text_name(zone->apex)))
			continue;
		if (best == NULL ||
		    name_labels(text_name(zone->apex)) > name_labels(text_name(best->apex)))
			best = zone;
	}
	return best;
}

static void add_line(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add_line(char **text, const char *format, ...)
{
	size_t len = *text != NULL ? strlen(*text) : 0;
	va_list args;

	va_start(args, format);
	int more = vsnprintf(NULL, 0, format, args);
	va_end(args);
	assert_true(more >= 0);
	*text = realloc(*text, len + (size_t)more + 1);
	assert_non_null(*text);
	va_start(args, format);
	vsnprintf(*text + len, (size_t)more + 1, format, args);
	va_end(args);
}

static void add_apex(const struct world *world, const struct world_zone *zone, char **text)
{
	struct server_spec servers[128];
	size_t count = parse_servers(zone->servers, servers, 128);
	uint32_t negative_ttl_s = zone->negative_ttl_s ? zone->negative_ttl_s : 300;

	add_line(text, "%s %u IN SOA ns.invalid. host.invalid. 1 7200 3600 1209600 %u\n",
		 zone->apex, negative_ttl_s, negative_ttl_s);
	for (size_t i = 0; i < count; i++)
		add_line(text, "%s 3600 IN NS %s\n", zone->apex, servers[i].name);
	// The addresses of every server of the world whose name lies here.
	for (size_t z = 0; z < world->zone_count; z++) {
		count = parse_servers(world->zones[z].servers, servers, 128);
		for (size_t i = 0; i < count && !world->zones[z].ghosts; i++) {
			if (zone_of(world, servers[i].name) != zone)
				continue;
			char line[300];
			snprintf(line, sizeof(line), "%s 3600 IN %s %s\n", servers[i].name,
				 address_type(servers[i].address), servers[i].address);
			if (strstr(*text, line) == NULL)
				add_line(text, "%s", line);
		}
	}
}

// "child. 3600 IN DS ..." with another TTL.
static void add_ds(const struct world_zone *child, char **text)
{
	const char *ds = signer_zone_ds_text(child->zone);
	const char *after_ttl = strstr(ds, " IN DS");

	if (child->ds_ttl_s == 0 || after_ttl == NULL)
		add_line(text, "%s", ds);
	else
		add_line(text, "%s %u%s", child->apex, child->ds_ttl_s, after_ttl);
}

static void add_delegation(const struct world_zone *zone, const struct world_zone *child,
			   char **text)
{
	struct server_spec servers[128];
	size_t count = parse_servers(child->servers, servers, 128);

	for (size_t i = 0; i < count; i++) {
		add_line(text, "%s %u IN NS %s\n", child->apex,
			 child->ns_ttl_s ? child->ns_ttl_s : 3600, servers[i].name);
		// Glue of names below the cut; sibling glue stands where those names' zone is.
		if (!child->no_glue && below(servers[i].name, child->apex))
			add_line(text, "%s 3600 IN %s %s\n", servers[i].name,
				 address_type(servers[i].address), servers[i].address);
	}
	if (child->ds_text != NULL)
		add_line(text, "%s", child->ds_text);
	else if (!child->options.unsigned_ && !child->no_ds)
		add_ds(child, text);
	(void)zone;
}

static void sign_zone(struct world *world, struct world_zone *zone)
{
	char *text = NULL;

	add_apex(world, zone, &text);
	if (zone->text != NULL)
		add_line(&text, "%s", zone->text);
	for (size_t i = 0; i < world->zone_count; i++) {
		if (parent_of(world, &world->zones[i]) == zone)
			add_delegation(zone, &world->zones[i], &text);
	}
	zone->zone = signer_zone_new(zone->apex, text, &zone->options);
	free(text);
}

static void serve_zone(struct world *world, struct world_zone *zone)
{
	struct server_spec servers[128];
	size_t count = parse_servers(zone->servers, servers, 128);

	for (size_t i = 0; i < count; i++)
		network_serve(&world->network, servers[i].address, zone->zone);
}

// Children before parents, whose DS records they make.
static void sign_all(struct world *world)
{
	for (size_t depth = NAME_MAX_LABELS + 1; depth-- > 0;) {
		for (size_t i = 0; i < world->zone_count; i++) {
			if (name_labels(text_name(world->zones[i].apex)) != depth)
				continue;
			if (world->zones[i].zone == NULL)
				sign_zone(world, &world->zones[i]);
			serve_zone(world, &world->zones[i]);
		}
	}
}

struct world_zone *world_zone(struct world *world, const char *apex)
{
	for (size_t i = 0; i < world->zone_count; i++) {
		if (strcmp(world->zones[i].apex, apex) == 0)
			return &world->zones[i];
	}
	fail_msg("no zone %s", apex);
	return NULL;
}

static void sign_again(struct world *world, struct world_zone *zone)
{
	network_withdraw(&world->network, zone->zone);
	signer_zone_free(zone->zone);
	sign_zone(world, zone);
	serve_zone(world, zone);
}

static void replace_rrset(struct world_zone *zone, struct rrset *rrset)
{
	struct rrset *is_signed =
		signer_sign(rrset, signer_zone_zsk(zone->zone), signer_zone_apex(zone->zone), NULL);

	rrset_free(rrset);
	signer_zone_replace(zone->zone, is_signed);
}

void world_roll(struct world *world, const char *apex, bool ds)
{
	struct world_zone *zone = world_zone(world, apex);

	sign_again(world, zone);
	if (ds)
		world_publish_ds(world, apex);
}

void world_publish_ds(struct world *world, const char *apex)
{
	struct world_zone *zone = world_zone(world, apex);

	replace_rrset(world_zone(world, parent_of(world, zone)->apex),
		      signer_rrset(signer_zone_ds_text(zone->zone)));
}

void world_undelegate(struct world *world, const char *apex)
{
	const struct world_zone *parent = parent_of(world, world_zone(world, apex));
	const char *parent_apex = parent->apex;
	static struct world_zone gone[WORLD_ZONES_MAX];

	// Served on, with all that is below, but the parent (with new keys, which its own parent
	// vouches for) no longer knows it.
	memcpy(gone, world->zones, sizeof(gone));
	for (size_t i = 0; i < world->zone_count; i++) {
		if (!below(gone[i].apex, apex))
			continue;
		world->zones[i].apex = "gone.invalid.";
		world->zones[i].ghosts = true;
	}
	world_roll(world, parent_apex, true);
	for (size_t i = 0; i < world->zone_count; i++) {
		world->zones[i].apex = gone[i].apex;
		world->zones[i].ghosts = gone[i].ghosts;
	}
}

// ---- the resolver and all below it ----

static void add_hints(struct world *world)
{
	struct server_spec servers[HINTS_MAX];
	size_t count = parse_servers(world_zone(world, ".")->servers, servers, HINTS_MAX);

	// The addresses of one server stand behind each other.
	struct root_hint *hint = NULL;

	world->config.hint_count = 0;
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || strcmp(servers[i].name, servers[i - 1].name) != 0) {
			hint = &world->config.hints[world->config.hint_count++];
			name_copy(hint->name, text_name(servers[i].name));
			hint->address_count = 0;
		}
		assert_int_equal(address_from_text(servers[i].address,
						   &hint->addresses[hint->address_count++]),
				 0);
	}
}

static void add_anchor(struct world *world)
{
	const struct signer_zone *root = world_zone(world, ".")->zone;
	uint8_t rdata[64];

	if (world->no_anchor || world_zone(world, ".")->options.unsigned_)
		return;
	size_t len = signer_ds(signer_zone_ksk(root), signer_zone_apex(root), 2, rdata);
	if (world->auto_update) {
		const struct trust_points_config config = {.inception_skew_s = 3600};
		const struct store_clock clock = world_clock(world);
		world->points = trust_points_new(world->trust, &config);
		assert_non_null(world->points);
		assert_int_equal(trust_points_add(world->points, signer_zone_apex(root), TYPE_DS,
						  rdata, len, true),
				 0);
		trust_points_begin(world->points, clock.now_ms, clock.now_s);
		return;
	}
	assert_int_equal(
		trust_anchor_add(world->trust, signer_zone_apex(root), TYPE_DS, rdata, len), 0);
}

struct world *world_new(void)
{
	// Tables that few of a world's questions reach stay pages that nobody has touched.
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	network_open(&world->network);
	world->start_us = world->network.now_us;
	world->upstream_config = (struct upstream_config){.case_randomisation = true, .ipv4 = true};
	world->config = (struct resolver_config){
		.qname_minimisation = true,
		.local_zones = true,
		.validate = true,
		.ttl_max_s = 86400,
		.negative_ttl_max_s = 3600,
		.stale_s = 86400,
	};
	return world;
}

void world_add(struct world *world, const struct world_zone *zone)
{
	assert_true(world->zone_count < WORLD_ZONES_MAX);
	world->zones[world->zone_count++] = *zone;
}

void world_add_tlds(struct world *world)
{
	world_add(world, &(struct world_zone){.apex = ".", .servers = ROOT_SERVERS});
	world_add(world, &(struct world_zone){
				 .apex = "com.",
				 .servers = "ns1.com.=192.5.6.30 ns2.com.=198.51.101.30",
			 });
	world_add(world, &(struct world_zone){
				 .apex = "org.",
				 .servers = "ns1.org.=192.5.7.30 ns2.org.=198.51.102.30",
				 .options = {.nsec3 = true},
			 });
	world_add(world, &(struct world_zone){
				 .apex = "net.",
				 .servers = "ns1.net.=192.5.8.30 ns2.net.=198.51.103.30",
				 .options = {.nsec3 = true, .params = {.opt_out = true}},
			 });
}

struct store_clock world_clock(const struct world *world)
{
	return (struct store_clock){
		.now_ms = world->network.now_us / 1000,
		.now_s = SIGNER_NOW + world->wall_offset_s +
			 (int64_t)((world->network.now_us - world->start_us) / 1000000),
		.trusted = !world->clock_untrusted,
	};
}

// The same one for all worlds of a program.
static const struct acl *default_acl(void)
{
	static struct acl *acl;

	if (acl == NULL)
		acl = acl_new(acl_default_rules, acl_default_rule_count);
	assert_non_null(acl);
	return acl;
}

static void open_store(struct world *world)
{
	const size_t bytes = world->cache_bytes != 0 ? world->cache_bytes : 8 << 20;
	struct store_config config = {
		.cache = {.memory_bytes = bytes,
			  .shards = 1,
			  .one_shot_bytes = bytes / 8,
			  .denial_bytes = world->denial ? bytes / 4 : 0},
		.stale_ttl_s = 30,
	};
	char err[256] = "";

	memset(config.cache.hash_key, 7, sizeof(config.cache.hash_key));
	config.acl = default_acl();
	world->store = store_new(&config, err, sizeof(err));
	if (world->store == NULL)
		fail_msg("store: %s", err);
	const struct store_clock clock = world_clock(world);
	store_set_clock(world->store, &clock);
}

// ---- routes ----

static void add_pool_server(struct pool *pool, char *text)
{
	struct pool_server *server = &pool->servers[pool->count++];
	char *save = NULL;
	char *word = strtok_r(text, ",", &save);

	*server = (struct pool_server){.weight = 1};
	assert_int_equal(address_from_text(word, &server->address), 0);
	while ((word = strtok_r(NULL, ",", &save)) != NULL) {
		unsigned number = 0;
		if (sscanf(word, "priority=%u", &number) == 1)
			server->priority = (uint16_t)number;
		else if (sscanf(word, "weight=%u", &number) == 1)
			server->weight = (uint16_t)number;
		else if (strcmp(word, "tcp") == 0)
			server->transport = POOL_TCP;
		else if (sscanf(word, "tls=%253s", server->tls.name) == 1)
			server->transport = POOL_TLS;
		else
			assert_int_equal(sscanf(word, "domain=%63s", server->domain), 1);
	}
}

struct route *world_route(struct world *world, const char *zone, bool forward, const char *servers)
{
	struct route *route = &world->routes[world->route_count];
	struct pool *pool = &world->pools[world->route_count++];
	char text[512], *save = NULL;

	assert_true(world->route_count <= WORLD_ROUTES_MAX);
	*pool = (struct pool){0};
	*route = (struct route){.forward = forward, .pool = pool};
	name_copy(route->zone, text_name(zone));
	snprintf(text, sizeof(text), "%s", servers);
	for (char *word = strtok_r(text, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save))
		add_pool_server(pool, word);
	world->config.routes = world->routes;
	world->config.route_count = world->route_count;
	return route;
}

static void add_own_anchor(struct world *world, const uint8_t *name)
{
	char text[NAME_TEXT_MAX];
	uint8_t rdata[64];
	const struct signer_zone *zone = world_zone(world, name_to_text(name, text))->zone;
	size_t len = signer_ds(signer_zone_ksk(zone), name, 2, rdata);

	assert_int_equal(trust_anchor_add(world->trust, name, TYPE_DS, rdata, len), 0);
}

static void trust_routes(struct world *world)
{
	for (size_t i = 0; i < world->route_count; i++) {
		const struct route *route = &world->routes[i];
		if (route->dnssec == ROUTE_INSECURE)
			assert_int_equal(
				trust_insecure_add(world->trust, route->zone, UINT64_MAX, false),
				0);
		else if (route->dnssec == ROUTE_ANCHORED)
			add_own_anchor(world, route->zone);
	}
}

void world_serve_all(struct world *world, const char *address)
{
	for (size_t i = 0; i < world->zone_count; i++)
		network_serve(&world->network, address, world->zones[i].zone);
}

static void start_parts(struct world *world)
{
	const struct batch_config batch = {.jobs_max = world->signatures_max};
	const struct trust_config trust = {
		.inception_skew_s = 3600,
		.expiration_skew_s = world->expiration_skew_s,
		.nsec3_iterations_max = 50,
	};

	open_store(world);
	world->batch = batch_new(&batch);
	world->trust = trust_new(&trust, world->batch);
	world->upstream = upstream_new(&world->upstream_config, &world->network.transport);
	assert_non_null(world->trust);
	assert_non_null(world->upstream);
	add_hints(world);
	add_anchor(world);
	trust_routes(world);
	const struct resolver_parts parts = {
		.store = world->store,
		.trust = world->trust,
		.batch = world->batch,
		.upstream = world->upstream,
		.points = world->points,
	};
	world->resolver = resolver_new(&world->config, &parts);
	assert_non_null(world->resolver);
	world_advance(world, 200);
	network_forget_log(&world->network);
}

void world_start(struct world *world)
{
	sign_all(world);
	world->started = true;
	start_parts(world);
}

static void free_question(struct world *world, struct question *question)
{
	if (question->result != NULL)
		store_result_unref(world->store, question->result);
	message_free(question->reply);
	free(question);
}

void world_forget_questions(struct world *world)
{
	world_run(world);
	for (size_t i = 0; i < world->question_count; i++) {
		assert_int_equal(world->questions[i]->times_done, 1);
		free_question(world, world->questions[i]);
	}
	world->question_count = 0;
}

static void all_counters(void *arg, upstream_counter_visit visit, void *visit_arg)
{
	const struct world *world = arg;

	resolver_counters(world->resolver, visit, visit_arg);
	upstream_counters(world->upstream, visit, visit_arg);
}

static uint64_t wall_ms(void *arg)
{
	return (uint64_t)world_clock(arg).now_s * 1000;
}

static void open_drills(struct world *world)
{
	const struct drill_host_config config = {
		.resolver = world->resolver,
		.upstream = world->upstream,
		.trust = world->trust,
		.random = world->network.transport.random,
		.random_arg = world->network.transport.ctx,
		.counters = all_counters,
		.counters_arg = world,
		.wall_ms = wall_ms,
		.wall_arg = world,
	};

	world->drills = drill_host_new(&config);
	assert_non_null(world->drills);
}

bool world_drill(struct world *world, const char *words)
{
	const struct store_clock clock = world_clock(world);
	char copy[256], err[DRILL_ERROR_MAX];
	const char *list[16];
	struct drill_spec spec;
	size_t count = 0;

	if (world->drills == NULL)
		open_drills(world);
	snprintf(copy, sizeof(copy), "%s", words);
	for (char *word = strtok(copy, " "); word != NULL && count < 16; word = strtok(NULL, " "))
		list[count++] = word;
	if (drill_spec_read(list, count, true, &spec, err) != 0)
		fail_msg("%s: %s", words, err);
	struct drill_plan plan = {0};
	while (drill_host_plan(world->drills, &spec, &plan))
		;
	return drill_host_start(world->drills, &spec, &plan, &clock) == 0;
}

const struct drill_report *world_drilled(const struct world *world)
{
	return drill_report(drill_host_drill(world->drills), 0);
}

static void free_parts(struct world *world)
{
	drill_host_free(world->drills);
	resolver_free(world->resolver);
	for (size_t i = 0; i < world->question_count; i++)
		assert_int_equal(world->questions[i]->times_done, 1);
	upstream_free(world->upstream);
	trust_points_free(world->points);
	world->points = NULL;
	world->drills = NULL;
	trust_free(world->trust);
	batch_free(world->batch);
	for (size_t i = 0; i < world->question_count; i++)
		free_question(world, world->questions[i]);
	// No pin may be left on a one-shot entry.
	struct cache_counters counters;
	cache_counters(store_cache(world->store), &counters);
	assert_int_equal(counters.bytes_one_shot, 0);
	if (world->cache_bytes == CACHE_SMALL)
		assert_int_equal(counters.evicted, 0);
	store_free(world->store);
}

void world_restart(struct world *world)
{
	free_parts(world);
	world->question_count = 0;
	start_parts(world);
}

void world_free(struct world *world)
{
	if (world == NULL)
		return;
	if (world->started)
		free_parts(world);
	network_close(&world->network);
	for (size_t i = 0; i < world->zone_count; i++)
		signer_zone_free(world->zones[i].zone);
	free(world);
}
