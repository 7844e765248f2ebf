// The longest turn of the event loop for each verb of the control socket, and for what ends by
// itself, beside a large cache and many zones: store, resolver, validator and control socket as
// they are, over scripted servers and a scripted clock.
//
//   bench_control [entries=N] [zones=N] [cache_mib=N] [denials=N] [denied_zones=N] [load=N]
//
// Fills the cache with `entries`, the tables of delegations, of what is trusted and of servers with
// `zones`, cached denial with `denials`. Then asks each verb on the socket; every turn meanwhile
// also publishes `load` answers and puts a question. Prints a line of JSON for each: the longest
// turn in CPU time and by the clock, how many turns the answer took, and its length.
#include "bench/control_files.h"
#include "bench/control_fill.h"
#include "bench/denial.h"
#include "bench/fill.h"
#include "bench/moment.h"
#include "bench/names.h"
#include "bench/random.h"
#include "control/alarms/alarms.h"
#include "control/api/api.h"
#include "control/api/protocol.h"
#include "control/resolver/task.h"
#include "control/turns.h"
#include "control/upstream/state.h"
#include "tests/scenario/scenario.h"

#include <uv.h>

#include <inttypes.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SETTLE_TURNS 200 // after the answer: what a verb leaves behind

static struct world *w;
static uv_loop_t loop;
static struct alarms *alarms; // none
static char path[64];
static struct filling filling;
static struct control_files *files;
static uint64_t entries, zones, denied_zones, next_name, random_state, load;

// ---- the world ----

static void forget_answer(void *arg, struct store_result *result)
{
	(void)arg;
	store_result_unref(w->store, result);
}

static void fill_cache(void)
{
	struct cache_counters counters;

	filling.clock = world_clock(w);
	cache_counters(store_cache(w->store), &counters);
	if (counters.entries < entries)
		(void)filling_put_all(&filling, store_cache(w->store), next_name,
				      entries - counters.entries);
	next_name += entries;
}

static void make_world(uint64_t cache_mib, uint64_t denials)
{
	const struct store_clock *clock;

	w = world_new();
	w->denial = true;
	w->cache_bytes = cache_mib << 20;
	world_add_tlds(w);
	world_zone(w, "com.")->text = control_fill_text(zones);
	world_start(w);
	w->network.clock_ns = thread_ns;
	filling_init(&filling, false);
	control_fill_zones(w, zones);
	fill_cache();
	clock = &filling.clock;
	if (denials > 0 && !bench_fill_denial(store_cache(w->store), clock, denials))
		fprintf(stderr, "bench_control: not all denials were kept\n");
}

// ---- the loop ----

static struct turns cpu, wall;
static uint64_t lengths_us[1 << 17]; // of the turns, CPU time
static size_t length_count;

// The scripted servers run in this thread, and are none of control's.
static uint64_t own_us(void)
{
	return (thread_ns() - w->network.serving_ns) / 1000;
}

static void runs(void *arg, const char *verb)
{
	(void)arg;
	turns_at(&cpu, verb, own_us());
	turns_at(&wall, verb, wall_ns() / 1000);
}

static void end_turn(void)
{
	uint64_t began_us = cpu.began_us, now_us = own_us();

	if (length_count < sizeof(lengths_us) / sizeof(lengths_us[0]))
		lengths_us[length_count++] = now_us - began_us;
	turns_end(&cpu, "events", now_us);
	turns_end(&wall, "events", wall_ns() / 1000);
}

static int by_length(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static uint64_t median_us(void)
{
	qsort(lengths_us, length_count, sizeof(lengths_us[0]), by_length);
	return length_count > 0 ? lengths_us[length_count / 2] : 0;
}

static void answer_comes(void)
{
	const struct entry *entry;

	filling.clock = world_clock(w);
	if (cache_publish(store_cache(w->store), filling_spec(&filling, next_name++), &entry) !=
	    PUBLISH_FAILED)
		cache_unpin(store_cache(w->store), entry);
}

#define REPLIES_PER_TURN 16

static uint64_t monotonic_us(void *arg)
{
	(void)arg;
	return wall_ns() / 1000;
}

static void ask_another(void)
{
	char text[64];

	if (control_waiting() >= CONTROL_WAITING_MAX || load == 0)
		return;
	snprintf(text, sizeof(text), "n%" PRIx64 ".com.", random_next(&random_state));
	control_ask(w, text, TYPE_A);
}

// What the network has brought; where nothing of it is left, a millisecond passes.
static void hear(void)
{
	for (unsigned i = 0; i < REPLIES_PER_TURN; i++)
		(void)network_step(&w->network, w->network.now_us);
	if (!network_timer_due(&w->network))
		(void)network_step(&w->network, w->network.now_us + 1000);
	network_forget_log(&w->network);
}

// As daemon.c has it, over scripted servers.
static void turn(void)
{
	const struct store_clock clock = world_clock(w);

	runs(NULL, "events");
	uv_run(&loop, UV_RUN_NOWAIT);
	hear();
	if (network_timer_due(&w->network)) {
		runs(NULL, "timeouts");
		w->network.timer_us = UINT64_MAX;
		upstream_timer(w->upstream);
	}
	runs(NULL, "misses");
	store_set_clock(w->store, &clock);
	ask_another();
	for (uint64_t i = 0; i < load; i++)
		answer_comes();
	runs(NULL, "signatures");
	batch_run(w->batch, 64, monotonic_us, NULL, 200);
	runs(NULL, "resolver");
	(void)resolver_run(w->resolver, &clock);
	runs(NULL, "state files");
	control_files_run(files, &clock);
	runs(NULL, "cache");
	cache_maintain(store_cache(w->store), clock.now_ms);
	end_turn();
}

static void forget_turns(void)
{
	turn();
	cpu.longest_us = wall.longest_us = 0;
	cpu.count = wall.count = 1;
	cpu.longest = wall.longest = NULL;
	length_count = 0;
}

// ---- the operator ----

static struct {
	const char *request;
	atomic_bool answered;
	size_t len;
	char start[256];
} operator;

static void *operate(void *arg)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	FILE *stream = fdopen(fd, "r+");
	char *line = NULL;
	size_t size = 0;

	(void)arg;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || stream == NULL ||
	    getline(&line, &size, stream) <= 0)
		(fail)("socket", "no greeting");
	if (send(fd, operator.request, strlen(operator.request), 0) < 0)
		(fail)("socket", "nobody listens");
	ssize_t len = getline(&line, &size, stream);
	operator.len = len> 0 ? (size_t)len : 0;
	snprintf(operator.start, sizeof(operator.start), "%s", len > 0 ? line : "");
	free(line);
	fclose(stream);
	atomic_store(&operator.answered, true);
	return NULL;
}

static void print(const char *words, uint64_t turns)
{
	printf("{\"verb\": \"%s\", \"cpu_us\": %" PRIu64 ", \"median_us\": %" PRIu64
	       ", \"at\": \"%s\", \"wall_us\": %" PRIu64 ", \"turns\": %" PRIu64
	       ", \"bytes\": %zu, \"ok\": %s}\n",
	       words, cpu.longest_us, median_us(), cpu.longest ? cpu.longest : "", wall.longest_us,
	       turns, operator.len,
	       strncmp(operator.start, "{\"ok\":true", 10) == 0 ? "true" : "false");
	if (strncmp(operator.start, "{\"ok\":true", 10) != 0)
		fprintf(stderr, "bench_control: %s: %s\n", words, operator.start);
	fflush(stdout);
}

static void settle(void)
{
	for (int i = 0; i < SETTLE_TURNS; i++)
		turn();
}

static void measure(const char *words)
{
	char request[512], copy[256];
	size_t used = 0;
	pthread_t thread;

	snprintf(copy, sizeof(copy), "%s", words);
	for (char *save, *word = strtok_r(copy, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save)) {
		const char *form = used == 0 ? "{\"verb\":\"%s\",\"arguments\":[" : "\"%s\",";
		used += (size_t)snprintf(request + used, sizeof(request) - used, form, word);
	}
	used -= request[used - 1] == ',';
	snprintf(request + used, sizeof(request) - used, "]}\n");
	operator.request = request;
	atomic_store(&operator.answered, false);
	forget_turns();
	if (pthread_create(&thread, NULL, operate, NULL) != 0)
		(fail)("thread", "none to be had");
	while (!atomic_load(&operator.answered))
		turn();
	uint64_t turns = cpu.count - 1;
	settle();
	pthread_join(thread, NULL);
	print(words, turns);
}

// What happens without a verb.
static void measure_event(const char *words, void (*event)(void))
{
	operator.len = 0;
	snprintf(operator.start, sizeof(operator.start), "{\"ok\":true");
	forget_turns();
	runs(NULL, words);
	event();
	settle();
	print(words, cpu.count - 1);
}

static void nothing(void) {}

static void nta_ends(void)
{
	w->network.now_us += 61000000; // one of a minute
}

static void ntas_end(void)
{
	w->network.now_us += 3601000000;
}

static void questions_end(void)
{
	w->network.now_us += 60000000;
}

// Of names that nobody answers.
static void ask_silence(size_t count)
{
	static const struct fault silence = {.kind = FAULT_DROP, .below = "silent.com."};
	char text[64];

	network_fault(&w->network, &silence);
	for (size_t i = 0; i < count; i++) {
		snprintf(text, sizeof(text), "s%zu.s%zu.silent.com.", i, i % 16);
		struct ticket_question question = {
			.flags = FLAG_RD,
			.qtype = TYPE_A,
			.qclass = CLASS_IN,
			.edns = {.present = true, .udp_size = 1232, .ede = EDE_NONE},
			.client = {.family = 4, .bytes = {127, 0, 0, 1}},
			.arrival_ms = w->network.now_us / 1000,
		};
		question.name_len = (uint8_t)name_from_text(text, question.name);
		(void)!resolver_ask(w->resolver, &question, forget_answer, NULL);
		network_forget_log(&w->network);
	}
}

static void counters(void *arg, api_counter_visit visit, void *visit_arg)
{
	struct cache_counters cache;

	(void)arg;
	cache_counters(store_cache(w->store), &cache);
#define X(field, words) visit("cache." #field, words, cache.field, visit_arg);
	CACHE_COUNTERS(X)
#undef X
	resolver_counters(w->resolver, visit, visit_arg);
	upstream_counters(w->upstream, visit, visit_arg);
}

static void keys_are_learnt(void)
{
	const struct store_clock now = world_clock(w);

	control_files_learn(files, &now);
}

static void files_may_be_written(void)
{
	control_files_release(files);
}

static void page_is_made(void)
{
	control_files_page(files, counters);
}

static void alarms_are_looked_for(void)
{
	const struct store_clock now = world_clock(w);

	control_files_alarms(files, &now);
}

static void all_expire(void)
{
	w->network.now_us += 3 * 86400000000ull;
}

// ---- the socket ----

static void describe(void *arg, void (*line)(const char *text, void *line_arg), void *line_arg)
{
	(void)arg;
	control_files_describe(files, line, line_arg);
}

static void stop(void *arg)
{
	(void)arg;
}

static struct api *open_socket(void)
{
	char err[256], folder[] = "/tmp/assay-bench-XXXXXX";

	alarms = alarms_new();
	if (alarms == NULL)
		(fail)("alarms", "no memory");
	world_drill(w, "--scope uplink --fault drop --for 1s"); // makes the host of drills
	world_advance(w, 600000);
	const struct api_context context = {.store = w->store,
					    .resolver = w->resolver,
					    .upstream = w->upstream,
					    .trust = w->trust,
					    .drills = w->drills,
					    .alarms = alarms,
					    .counters = counters,
					    .describe = describe,
					    .runs = runs,
					    .stop = stop};

	if (mkdtemp(folder) == NULL || uv_loop_init(&loop) != 0)
		(fail)("socket", "no folder or no loop");
	snprintf(path, sizeof(path), "%s/s", folder);
	files = control_files_open(&loop, w, folder, zones);
	struct api *api = api_open(&loop, path, &context, err, sizeof(err));
	if (api == NULL)
		(fail)("socket", err);
	return api;
}

static void close_socket(struct api *api)
{
	api_close(api);
	control_files_close(files);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	alarms_free(alarms);
	*strrchr(path, '/') = '\0';
	(void)rmdir(path);
}

static void print_filled(void)
{
	struct cache_counters cache;

	cache_counters(store_cache(w->store), &cache);
	printf("{\"filled\": true, \"entries\": %" PRIu64 ", \"zones\": %zu, \"denials\": %" PRIu64
	       ", \"bytes\": %" PRIu64 "}\n",
	       cache.entries, delegation_count(w->resolver->delegations), cache.denial_records,
	       cache.bytes_used);
	fflush(stdout);
}

#define FAILURES 1024 // as many as are kept
#define DOSSIERS 16384
#define NTAS     1000
#define SILENT   3000

static void measure_each(const char *const *verbs)
{
	for (; *verbs != NULL; verbs++)
		measure(*verbs);
}

static void measure_lists(void)
{
	static const char *const before[] = {
		"status",
		"health",
		"stats --all",
		"lookup www.z1.com.",
		"lookup z1.com. DS",
		"denial",
		"denial com.",
		"servers",
		"servers z1.com.",
		"servers 203.0.0.1",
		"posture z1.com.",
		"posture --top 100",
		"explain www.f1.failing.example.",
		"explain www.other.failing.example.",
		"explain --last 1024",
		"explain --zone example.",
		"anchors",
		"log debug www.z1.com.",
		"drill plan --scope uplink --fault drop",
		"drill start --scope domain:203.0.0.0/16 --fault drop --for 1",
		"drill stop",
		"drill report --all",
		NULL,
	};

	control_fill_failures(w, FAILURES);
	control_fill_dossiers(w, DOSSIERS);
	control_fill_denied(w, denied_zones);
	measure_event("nothing", nothing);
	measure_each(before);
	ask_silence(SILENT);
	measure("requests");
	measure_event("questions that end", questions_end);
}

// What the daemon does without being asked.
static void measure_files(void)
{
	control_files_hold(files);
	keys_are_learnt();
	measure_event("trust.state is written", files_may_be_written);
	control_files_hold(files);
	control_files_drill(files);
	measure_event("drill.history is written", files_may_be_written);
	measure("drill report --all");
	measure_event("metrics page", page_is_made);
	measure_event("alarms, with many exceptions", alarms_are_looked_for);
	measure("status");
}

static void measure_flushes(void)
{
	static const char *const walks[] = {
		"flush z1.com.",
		"flush z1.com. DS",
		"flush --zone z1.com.",
		"nta add z1.com. 1d",
		"nta remove z1.com.",
		"nta add z2.com. 60s",
		NULL,
	};

	measure_each(walks);
	measure_event("end of an NTA", nta_ends);
	control_fill_ntas(w, NTAS, 3600);
	measure("nta list");
	measure("status");
	measure_event("end of 1,000 NTAs", ntas_end);
	measure("flush --zone flooded.example.");
	measure("flush --zone com.");
	fill_cache();
	measure("flush --all");
	fill_cache();
	measure_event("expiry of everything", all_expire);
}

int main(int argc, char **argv)
{
	(void)mallopt(M_MXFAST, 0); // as assayd does
	entries = option_number(argc, argv, "entries", 20000);
	zones = option_number(argc, argv, "zones", 200);
	denied_zones = option_number(argc, argv, "denied_zones", zones);
	load = option_number(argc, argv, "load", 16);
	make_world(option_number(argc, argv, "cache_mib", 64),
		   option_number(argc, argv, "denials", 1000));
	struct api *api = open_socket();
	print_filled();
	measure_lists();
	measure_files();
	measure_flushes();
	close_socket(api);
	world_free(w);
	return 0;
}
