// assayd: command line, configuration, signals, then the daemon.

#include "control/alarms/alarms.h"
#include "control/config/config.h"
#include "control/config/host.h"
#include "control/daemon/daemon.h"
#include "control/log.h"
#include "control/watch/exceptions.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
	"assayd: a validating DNS cache\n"
	"usage: assayd [-c FILE] [--check-config]\n"
	"  -c, --config FILE   configuration (default " DAEMON_CONFIG ")\n"
	"  --check-config      read and check the configuration, start nothing\n"
	"  --options           print every option of the configuration\n"
	"  --alarms            print every alarm: name, severity, meaning, remedy\n"
	"  -V, --version       print the version\n"
	"  -h, --help          print this\n";

enum { OPTION_CHECK = 256, OPTION_OPTIONS, OPTION_ALARMS };

static void print_line(const char *text, void *stream)
{
	fprintf(stream, "%s\n", text);
}

static void print_error(const char *text, void *arg)
{
	(void)arg;
	fprintf(stderr, "assayd: %s\n", text);
}

struct check {
	bool refused;
	unsigned warnings;
};

static void print_finding(const char *sentence, bool later, void *arg)
{
	struct check *check = arg;

	fprintf(stderr, "assayd: %s%s\n", later ? "warning: " : "", sentence);
	check->refused |= !later;
	check->warnings += later;
}

// With the remedy, as the alarm has it; that of `configuration` leads here.
static void print_warning(enum alarm_name alarm, const char *sentence, void *arg)
{
	char text[2 * CONFIG_ERROR_MAX];

	if (alarm == ALARM_CONFIGURATION)
		snprintf(text, sizeof(text), "%s", sentence);
	else
		snprintf(text, sizeof(text), "%s; %s", sentence, alarm_remedy(alarm));
	print_finding(text, true, arg);
}

struct device_check {
	const struct config *config;
	struct check *findings;
};

// What is not there at present is the host's to say (host_check()); what is down, or cannot be
// asked for by whoever checks, is no fault of the configuration.
static void print_device(size_t index, int code, const char *sentence, void *arg)
{
	struct device_check *check = arg;
	char path[32], text[CONFIG_ERROR_MAX];

	if (code == -ENODEV)
		return;
	snprintf(path, sizeof(path), "ports[%zu].device", index);
	config_sentence(check->config, path, text, "%s", sentence);
	print_finding(text, code != -EINVAL, check->findings);
}

// What the start would refuse, and what would be an alarm of the daemon from its start on.
static int check(const char *path, const struct config *config)
{
	struct check findings = {0};

	for (size_t i = 0; i < config->warning_count; i++)
		print_warning(config->alarms[i], config->warnings[i], &findings);
	exceptions_foreseen(config, print_warning, &findings);
	host_check(config, print_finding, &findings);
	dataplane_check_devices(&config->dataplane, print_device,
				&(struct device_check){config, &findings});
	if (findings.refused)
		return 1;
	if (findings.warnings > 0)
		printf("%s: configuration is good, with %u warning%s\n", path, findings.warnings,
		       findings.warnings == 1 ? "" : "s");
	else
		printf("%s: configuration is good\n", path);
	return 0;
}

// Before any thread exists, so that all inherit it: control's loop alone takes signals.
static void block_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	// Faults of our own must still end the process at once.
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGILL);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGABRT);
	sigprocmask(SIG_BLOCK, &all, NULL);
	signal(SIGPIPE, SIG_IGN);
}

// Told to the next start of this process.
#define HUGEPAGES_GONE "ASSAYD_HUGEPAGES_GONE"

// DPDK cannot be started a second time in a process that has this program's memory.
static int start_without_hugepages(char *const argv[])
{
	setenv(HUGEPAGES_GONE, "1", 1);
	execv("/proc/self/exe", argv);
	log_error("cannot start again without hugepages: %s", strerror(errno));
	return 1;
}

static int run(const char *path, bool check_only, char *const argv[])
{
	struct config_errors errors;
	struct config *config = config_load(path, &errors);
	int status;

	if (!config) {
		config_errors_each(&errors, print_error, NULL);
		return 1;
	}
	if (check_only) {
		status = check(path, config);
	} else {
		block_signals();
		config->dataplane.hugepages_gone = getenv(HUGEPAGES_GONE) != NULL;
		status = daemon_run(config);
	}
	config_free(config);
	return status == DAEMON_NO_HUGEPAGES ? start_without_hugepages(argv) : status;
}

// Started with closed descriptors, what is opened next would get their numbers, and what is
// printed.
static bool open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

// glibc keeps small blocks that are freed apart and puts them together in one go, milliseconds
// after a long answer: at once costs nanoseconds each.
static void join_freed_memory(void)
{
	(void)mallopt(M_MXFAST, 0);
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{"config", required_argument, NULL, 'c'},
		{"check-config", no_argument, NULL, OPTION_CHECK},
		{"options", no_argument, NULL, OPTION_OPTIONS},
		{"alarms", no_argument, NULL, OPTION_ALARMS},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const char *path = NULL;
	bool check_only = false;
	int choice;

	if (!open_standard())
		return 1; // there is nobody to tell
	join_freed_memory();
	while ((choice = getopt_long(argc, argv, "c:Vh", long_options, NULL)) != -1) {
		switch (choice) {
		case 'c':
			if (path) {
				fprintf(stderr, "assayd: two configurations: %s and %s\n", path,
					optarg);
				return 2;
			}
			path = optarg;
			break;
		case OPTION_CHECK:
			check_only = true;
			break;
		case OPTION_OPTIONS:
			config_print_options(print_line, stdout);
			return 0;
		case OPTION_ALARMS:
			alarms_print(print_line, stdout);
			return 0;
		case 'V':
			printf("assayd %s\n", ASSAY_VERSION);
			return 0;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "assayd: \"%s\" is not understood\n%s", argv[optind], usage);
		return 2;
	}
	return run(path ? path : DAEMON_CONFIG, check_only, argv);
}
