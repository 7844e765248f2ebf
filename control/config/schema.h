// assayd.yaml as libcyaml reads it: words and numbers, each within its own bounds (check.c), not
// judged together yet.
#pragma once

#include "control/config/document.h"
#include "control/config/errors.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text_list {
	char **list;
	unsigned count;
};

struct schema_port {
	char *device;
};

enum schema_transport { SCHEMA_UDP, SCHEMA_TCP, SCHEMA_TLS };

struct schema_server {
	char *address;
	int64_t *priority, *weight;
	char *domain;
	int *transport;
	char *auth_name;
	struct text_list pins;
};

struct schema_pool {
	char *name;
	struct schema_server *servers;
	unsigned servers_count;
};

enum schema_zone_type { SCHEMA_STUB, SCHEMA_FORWARD };
enum schema_mode { SCHEMA_ONLY, SCHEMA_FIRST };
enum schema_dnssec { SCHEMA_VALIDATE, SCHEMA_INSECURE };

struct schema_zone {
	char *name;
	int type;
	struct text_list servers;
	char *pool;
	int *mode;
	bool *tcp;
	int *dnssec;
	struct text_list anchors;
};

// Pointers are NULL where the file says nothing.
struct schema {
	struct schema_port *ports;
	unsigned ports_count;
	struct {
		struct text_list addresses, gateway, peers;
		char *tap;
		int64_t *syn_limit;
	} service;
	struct {
		int64_t *poll;
		unsigned poll_count;
		int64_t *control, *host;
		int *mode;
	} cores;
	struct {
		char *cache, *packets;
		int *hugepages;
		int64_t *tickets;
	} memory;
	struct {
		struct text_list allow, refuse, drop;
	} access;
	struct {
		bool *rotate;
		char *identity, *version;
	} answers;
	struct {
		struct text_list source;
		char *interface, *tls_ca_file, *domains;
		bool *ipv4, *ipv6, *case_randomisation, *cookies, *ask_loopback;
	} upstream;
	struct {
		char *root_hints;
		bool *qname_minimisation, *aggressive_denial, *local_zones;
		int64_t *ttl_max, *ttl_min, *negative_ttl_max, *stale, *waiting, *questions;
	} resolver;
	struct {
		struct text_list anchor_files, anchors, insecure;
		bool *validate, *auto_update, *sentinel, *key_tag_signal;
		char *state;
		int64_t *inception_skew, *expiration_skew, *crypto_workers;
	} trust;
	struct schema_pool *pools;
	unsigned pools_count;
	struct schema_zone *zones;
	unsigned zones_count;
	struct {
		char *socket, *operators, *readers;
	} control;
	struct {
		struct text_list names;
		int64_t *interval;
		bool *stale;
	} canary;
	struct {
		char *address;
	} metrics;
	char *user;
	int *log;
	char *test_clock;
};

// Every fault of keys and values goes to errors. What comes back with some is the rest of the file,
// to find others in; NULL: nothing is left, or enough faults are known.
struct schema *schema_load(const struct document *document, struct config_errors *errors)
	__attribute__((nonnull, warn_unused_result));
void schema_free(struct schema *schema);
