#include "dataplane/port/eal.h"

#include "dataplane/sentence.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <rte_memory.h>

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define ARGS_MAX          48
#define HUGEPAGES_WAIT_MS 400

struct args {
	int count;
	char *list[ARGS_MAX];
};

static struct {
	char last[256];
	atomic_bool to_stderr;
	FILE *stream;
} words;

__attribute__((format(printf, 2, 3))) static void arg_add(struct args *args, const char *format,
							  ...)
{
	va_list values;
	char *text;

	va_start(values, format);
	if (vasprintf(&text, format, values) < 0)
		text = NULL;
	va_end(values);
	if (text != NULL && args->count < ARGS_MAX - 1)
		args->list[args->count++] = text;
	else
		free(text);
}

static void args_free(struct args *args)
{
	for (int i = 0; i < args->count; i++)
		free(args->list[i]);
}

// ---- log ----

// A line of DPDK's log: kept for an error's sentence while starting, an operator's warning later.
static ssize_t words_write(void *cookie, const char *text, size_t len)
{
	size_t kept = len < sizeof words.last - 1 ? len : sizeof words.last - 1;

	(void)cookie;
	if (atomic_load_explicit(&words.to_stderr, memory_order_relaxed)) {
		fprintf(stderr, "dpdk: %.*s", (int)len, text);
		return (ssize_t)len;
	}
	while (kept > 0 && text[kept - 1] == '\n')
		kept--;
	if (kept > 0) {
		memcpy(words.last, text, kept);
		words.last[kept] = '\0';
	}
	return (ssize_t)len;
}

static void words_open(void)
{
	cookie_io_functions_t functions = {.write = words_write};

	words.stream = fopencookie(NULL, "w", functions);
	if (words.stream != NULL) {
		setvbuf(words.stream, NULL, _IOLBF, BUFSIZ);
		rte_openlog_stream(words.stream);
	}
}

const char *eal_last_words(void)
{
	if (words.stream != NULL)
		fflush(words.stream);
	return words.last;
}

void eal_log_to_stderr(void)
{
	atomic_store_explicit(&words.to_stderr, true, memory_order_relaxed);
}

// ---- memory ----

static uint64_t number_in(const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned long long value = 0;

	if (file == NULL)
		return 0;
	if (fscanf(file, "%llu", &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

// Bytes in huge pages of every size, by the kernel's count of that name.
static uint64_t hugepages_bytes(const char *count_name)
{
	const char *base = "/sys/kernel/mm/hugepages";
	DIR *dir = opendir(base);
	struct dirent *entry;
	uint64_t bytes = 0;

	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL) {
		unsigned long long kib;
		char path[512];

		if (sscanf(entry->d_name, "hugepages-%llukB", &kib) != 1)
			continue;
		snprintf(path, sizeof path, "%s/%s/%s", base, entry->d_name, count_name);
		bytes += number_in(path) * kib * 1024;
	}
	closedir(dir);
	return bytes;
}

// A process that was killed may still hold its pages: the kernel needs some 100 ms to take an
// AF_XDP socket's memory apart. Who restarts at once shall not run without hugepages for that.
static bool hugepages_available(uint64_t bytes)
{
	const struct timespec turn = {.tv_nsec = 10 * 1000000};

	if (hugepages_bytes("nr_hugepages") < bytes)
		return false;
	for (unsigned waited_ms = 0; waited_ms < HUGEPAGES_WAIT_MS; waited_ms += 10) {
		if (hugepages_bytes("free_hugepages") >= bytes)
			return true;
		clock_nanosleep(CLOCK_MONOTONIC, 0, &turn, NULL);
	}
	return false;
}

static int dump_none(const struct rte_memseg_list *list, const struct rte_memseg *segment,
		     size_t len, void *arg)
{
	(void)list;
	(void)arg;
	// Best effort: without it a dump is larger than it should be.
	(void)madvise(segment->addr, len, MADV_DONTDUMP);
	return 0;
}

void eal_hide_memory_from_dumps(void)
{
	rte_memseg_contig_walk(dump_none, NULL);
}

// ---- CPUs ----

static int cpus_check(const struct dataplane_config *config, const cpu_set_t *allowed, char *err,
		      size_t err_len)
{
	if (config->lcore_count == 0 || config->lcore_count > DATAPLANE_LCORES_MAX)
		return sentence(err, err_len, -EINVAL,
				"1 to %d poll-mode cores are possible, not %zu",
				DATAPLANE_LCORES_MAX, config->lcore_count);
	for (size_t i = 0; i < config->lcore_count; i++) {
		unsigned cpu = config->lcores[i];

		if (cpu >= CPU_SETSIZE || !CPU_ISSET(cpu, allowed))
			return sentence(err, err_len, -EINVAL,
					"poll-mode core on CPU %u: this process may use %d CPUs, "
					"and that one is not among them",
					cpu, CPU_COUNT(allowed));
		for (size_t j = 0; j < i; j++) {
			if (config->lcores[j] == cpu)
				return sentence(
					err, err_len, -EINVAL,
					"CPU %u has two poll-mode cores: each needs its own", cpu);
		}
	}
	if (config->control_cpu >= CPU_SETSIZE ||
	    (config->control_cpu >= 0 && !CPU_ISSET((unsigned)config->control_cpu, allowed)))
		return sentence(err, err_len, -EINVAL,
				"control on CPU %d: this process may use %d CPUs, and that one is "
				"not among them",
				config->control_cpu, CPU_COUNT(allowed));
	return 0;
}

// "0@(0,1),1@1": control (lcore 0) on its CPU or wherever it may run now, then the
// poll-mode cores.
static void arg_lcores(struct args *args, const struct dataplane_config *config,
		       const cpu_set_t *allowed)
{
	char text[4096];
	size_t len;

	if (config->control_cpu >= 0) {
		len = (size_t)snprintf(text, sizeof text, "0@%d", config->control_cpu);
	} else {
		len = (size_t)snprintf(text, sizeof text, "0@(");
		for (int cpu = 0, first = 1; cpu < CPU_SETSIZE && len < sizeof text / 2; cpu++) {
			if (!CPU_ISSET(cpu, allowed))
				continue;
			len += (size_t)snprintf(text + len, sizeof text - len, "%s%d",
						first ? "" : ",", cpu);
			first = 0;
		}
		len += (size_t)snprintf(text + len, sizeof text - len, ")");
	}
	for (size_t i = 0; i < config->lcore_count; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, ",%u@%u", EAL_LCORE(i),
					config->lcores[i]);
	arg_add(args, "--lcores=%s", text);
}

// ---- start and stop ----

static void args_build(struct args *args, const struct dataplane_config *config,
		       const struct device *devices, size_t device_count, const cpu_set_t *allowed,
		       bool hugepages)
{
	bool pci = false;

	arg_add(args, "assay");
	arg_add(args, "--file-prefix=%s", config->file_prefix);
	arg_add(args, "--no-telemetry");
	arg_add(args, "--iova-mode=va");
	arg_add(args, "--log-level=error");
	arg_lcores(args, config, allowed);
	arg_add(args, "--main-lcore=0");
	arg_add(args, "-m");
	arg_add(args, "%zu", config->packet_memory_bytes >> 20);
	if (hugepages) {
		arg_add(args, "--in-memory");
	} else {
		arg_add(args, "--no-huge");
		arg_add(args, "--no-shconf");
	}
	for (size_t i = 0; i < device_count; i++) {
		if (devices[i].kind != DEVICE_PCI)
			continue;
		arg_add(args, "-a");
		arg_add(args, "%s", devices[i].text);
		pci = true;
	}
	if (!pci)
		arg_add(args, "--no-pci");
}

int eal_start(const struct dataplane_config *config, const struct device *devices,
	      size_t device_count, bool *hugepages, char *err, size_t err_len)
{
	struct args args = {0};
	char *list[ARGS_MAX];
	cpu_set_t allowed;
	int code;

	code = -pthread_getaffinity_np(pthread_self(), sizeof allowed, &allowed);
	if (code < 0)
		return sentence(err, err_len, code, "cannot ask for the CPUs of this process: %s",
				strerror(-code));
	code = cpus_check(config, &allowed, err, err_len);
	if (code < 0)
		return code;
	*hugepages = config->hugepages && !config->hugepages_gone &&
		     hugepages_available(config->packet_memory_bytes);
	if (config->hugepages_only && !*hugepages)
		return sentence(
			err, err_len, -ENOMEM,
			"too few hugepages are free for %zu MiB of packets: reserve more (sysctl "
			"vm.nr_hugepages), or let memory.hugepages be auto",
			config->packet_memory_bytes >> 20);
	words_open();
	args_build(&args, config, devices, device_count, &allowed, *hugepages);
	// EAL's getopt() permutes the list it is given.
	memcpy(list, args.list, sizeof list);
	code = rte_eal_init(args.count, list) < 0 ? -rte_errno : 0;
	args_free(&args);
	if (code == -EALREADY)
		return sentence(err, err_len, code,
				"DPDK was started in this process before and cannot start again");
	if (code < 0)
		return sentence(err, err_len, code,
				"DPDK does not start: %s (%s; needs root, and %zu MiB of %s)",
				strerror(-code), eal_last_words(),
				config->packet_memory_bytes >> 20,
				*hugepages ? "hugepages" : "memory");
	// Nothing is shared with other processes, so the folder that EAL made for that is empty;
	// left alone, one would stay for each start.
	rmdir(rte_eal_get_runtime_dir());
	// EAL bound this thread to lcore 0's CPUs.
	if (config->control_cpu < 0)
		pthread_setaffinity_np(pthread_self(), sizeof allowed, &allowed);
	return 0;
}

void eal_stop(void)
{
	rte_eal_cleanup();
	rte_openlog_stream(NULL);
	if (words.stream != NULL)
		fclose(words.stream);
	words.stream = NULL;
}
