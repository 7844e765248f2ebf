// assayd.yaml: read through a schema, checked whole before anything is started. Every error is told
// at once, each one sentence with file and line.
//
// Thread: any; a configuration is immutable once loaded.
#pragma once

#include "control/alarms/names.h"
#include "control/config/errors.h"
#include "control/resolver/resolver.h"
#include "control/watch/canary.h"
#include "dataplane/dataplane.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct document;

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum hugepage_use { HUGEPAGES_OFF, HUGEPAGES_AUTO, HUGEPAGES_REQUIRE };

struct config_anchor {
	uint8_t owner[NAME_MAX_LEN];
	uint16_t type; // TYPE_DS or TYPE_DNSKEY
	uint16_t rdlen;
	uint8_t *rdata;
	bool automatic; // followed as its zone rolls its keys (RFC 5011)
};

// A zone below which nothing is validated, by the operator's word.
struct config_insecure {
	uint8_t name[NAME_MAX_LEN];
	char path[32]; // where it stands: "trust.insecure[0]", "zones[3].dnssec"
};

struct config {
	struct dataplane_config dataplane; // device strings are owned by the configuration
	size_t cache_bytes;
	bool aggressive_denial;
	enum hugepage_use hugepages;
	struct acl_rule *acl_rules;
	size_t acl_rule_count;
	bool acl_named; // false: the default
	bool rotate;
	char identity[64], version[64];
	struct resolver_config resolver; // hints and routes filled
	struct route *routes;            // resolver.routes
	struct pool *pools;              // of the routes: the named ones, then one for each zone
	size_t pool_count;               // the named ones
	struct upstream_config upstream;
	struct socket_transport_config source;
	char tls_ca_file[256];        // source.tls_ca_file; "": the system's
	bool allow_loopback_upstream; // test and lab set-ups only
	struct config_anchor *anchors;
	size_t anchor_count;
	struct config_insecure *insecure;
	size_t insecure_count;
	char trust_state[256]; // "" : in memory only
	bool sentinel;         // RFC 8509
	uint32_t inception_skew_s, expiration_skew_s;
	unsigned crypto_workers;
	char control_socket[108];
	char operators[32], readers[32]; // groups that may use it; "": none
	char user[32];                   // to become after start; "" stays
	enum log_level log_level;
	struct canary_config canary;
	char metrics_address[64];  // "" : off; "127.0.0.1:9953"
	char test_clock[108];      // path of a test-only clock offset file; "" : none
	struct document *document; // the file, for the lines that sentences name
	char **warnings;           // what it says of itself: lines of FILE:LINE: PATH: sentence
	enum alarm_name *alarms;   // as what it is told, for each of them
	size_t warning_count;
};

// NULL with all that is wrong in errors. Files it names (hints, anchors) are read too; without
// anchors the built-in root anchors (tags 20326 and 38696) hold, without hints the built-in root
// servers.
struct config *config_load(const char *path, struct config_errors *errors)
	__attribute__((nonnull, warn_unused_result));
void config_free(struct config *config);

// "FILE:LINE: PATH: sentence" about an option, in out.
void config_sentence(const struct config *config, const char *path, char out[CONFIG_ERROR_MAX],
		     const char *format, ...) __attribute__((nonnull, format(printf, 4, 5)));

// The file of drills' reports, beside trust.state; "" where nothing is kept.
#define CONFIG_HISTORY_PATH_MAX 320
void config_history_path(const struct config *config, char path[CONFIG_HISTORY_PATH_MAX])
	__attribute__((nonnull));

// The table of options (control/config/options.h), a line each: name, default, bounds, unit, words.
void config_print_options(void (*line)(const char *text, void *arg), void *arg)
	__attribute__((nonnull(1)));
