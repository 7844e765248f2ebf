#include "control/config/config.h"
#include "control/upstream/labels.h"
#include "dataplane/dns/header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char file[64];

static int make_file(void **state)
{
	int fd;

	(void)state;
	snprintf(file, sizeof(file), "/tmp/assayd-config-XXXXXX");
	fd = mkstemp(file);
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(file);
}

#define MINIMAL "ports:\n  - device: net_ring0\nservice:\n  addresses: [192.0.2.53/24]\n"

#define DIGEST      "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
#define PIN         "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define ZONES(zone) MINIMAL "zones:\n  - " zone "\n"
#define POOL(list)  MINIMAL "pools:\n  - name: p\n    servers:\n      - " list "\n"

static struct config *load_file(const char *path, char err[CONFIG_ERROR_MAX])
{
	static struct config_errors errors;
	struct config *config = config_load(path, &errors);

	assert_in_range(errors.count, 0, 1);
	snprintf(err, CONFIG_ERROR_MAX, "%s", errors.count > 0 ? errors.list[0].sentence : "");
	return config;
}

static struct config *load(const char *text, char err[CONFIG_ERROR_MAX])
{
	FILE *stream = fopen(file, "w");

	assert_non_null(stream);
	fputs(text, stream);
	fclose(stream);
	return load_file(file, err);
}

static void minimal_file_gets_every_default(void **state)
{
	char err[CONFIG_ERROR_MAX];
	struct config *config = load(MINIMAL, err);

	(void)state;
	assert_string_equal(err, "");
	assert_non_null(config);
	assert_int_equal(config->dataplane.device_count, 1);
	assert_string_equal(config->dataplane.devices[0], "net_ring0");
	assert_int_equal(config->dataplane.service.count, 1);
	assert_int_equal(config->dataplane.service_prefix_v4, 24);
	assert_int_equal(config->dataplane.lcores[0], 1);
	assert_int_equal(config->dataplane.poll, POLL_ADAPTIVE);
	assert_string_equal(config->dataplane.tap_name, "assay0");
	assert_int_equal(config->dataplane.host_cpu, -1);
	assert_int_equal(config->dataplane.service.peer_count, 0);
	assert_int_equal(config->dataplane.syn_per_s, 10000);
	assert_int_equal(config->cache_bytes, 256 * 1024 * 1024);
	assert_int_equal(config->acl_rule_count, acl_default_rule_count);
	assert_int_equal(config->resolver.hint_count, 13);
	assert_int_equal(config->anchor_count, 2);
	assert_int_equal(config->anchors[0].type, TYPE_DS);
	assert_int_equal(wire_get16(config->anchors[0].rdata), 20326);
	assert_int_equal(wire_get16(config->anchors[1].rdata), 38696);
	assert_true(config->anchors[0].automatic);
	assert_true(config->anchors[1].automatic);
	assert_string_equal(config->trust_state, "/var/lib/assay/trust.state");
	assert_true(config->sentinel);
	assert_true(config->resolver.key_tag_signal);
	assert_true(config->resolver.validate);
	assert_true(config->upstream.case_randomisation);
	assert_false(config->source.tls);
	assert_false(config->allow_loopback_upstream);
	config_free(config);
}

// Whose name the host's stack is asked in: of those who may ask one that is not beside it.
static void a_client_behind_the_router_is_known(void **state)
{
	char err[CONFIG_ERROR_MAX];
	struct config *config = load(MINIMAL "  gateway: [192.0.2.1]\n"
					     "access: {drop: [203.0.113.0/24], allow: [192.0.2.0/24,"
					     " '2001:db8::/32', 198.51.100.0/24, 10.0.0.0/8]}\n",
				     err);

	(void)state;
	assert_string_equal(err, "");
	assert_int_equal(config->dataplane.distant_v4.family, 4);
	assert_memory_equal(config->dataplane.distant_v4.bytes, "\306\063\144\001", 4);
	assert_int_equal(config->dataplane.distant_v6.family, 0); // nor is there a router
	config_free(config);
}

static void everything_can_be_set(void **state)
{
	char err[CONFIG_ERROR_MAX];
	struct config *config = load(
		MINIMAL "  tap: t0\n  gateway: [192.0.2.1]\n  peers: [192.0.2.1, 'fe80::1']\n  syn-limit: 500\n"
			"cores: {poll: [2, 3], control: 0, host: 4, mode: busy}\n"
			"memory: {cache: 1G, packets: 128M, hugepages: require, tickets: 1024}\n"
			"access: {allow: [10.0.0.0/8, '2001:db8::/32'], drop: [10.9.0.0/16]}\n"
			"answers: {rotate: false, identity: ns1, version: assay}\n"
			"upstream: {source: [192.0.2.9], interface: eth1, ipv6: false, cookies: false}\n"
			"resolver: {qname-minimisation: false, aggressive-denial: false, ttl-max: 600, stale: 0}\n"
			"trust: {anchors: ['. IN DS 1 8 2 "
			"E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D'],"
			" insecure: [corp.example], crypto-workers: 1}\n"
			"zones: [{name: corp.example, type: stub, servers: [10.1.1.1@5353, 10.1.1.2]},"
			" {name: lan.example, type: forward, servers: [10.1.1.3], dnssec: insecure}]\n"
			"control: {socket: /run/x.sock}\nmetrics: {address: '127.0.0.1:9953'}\n"
			"user: nobody\nlog: debug\n",
		err);

	(void)state;
	assert_string_equal(err, "");
	assert_non_null(config);
	assert_int_equal(config->dataplane.lcore_count, 2);
	assert_int_equal(config->dataplane.lcores[1], 3);
	assert_int_equal(config->dataplane.poll, POLL_BUSY);
	assert_int_equal(config->dataplane.host_cpu, 4);
	assert_int_equal(config->dataplane.gateway_v4.bytes[3], 1);
	assert_int_equal(config->dataplane.gateway_v6.family, 0);
	assert_int_equal(config->dataplane.distant_v4.family, 4); // 10.0.0.1
	assert_int_equal(config->dataplane.service.peer_count, 2);
	assert_int_equal(config->dataplane.service.peers[1].family, 6);
	assert_int_equal(config->dataplane.syn_per_s, 500);
	assert_int_equal(config->cache_bytes, 1 << 30);
	assert_int_equal(config->hugepages, HUGEPAGES_REQUIRE);
	assert_int_equal(config->resolver.places, 2 * 1024); // tickets are the least of all bounds
	assert_int_equal(config->acl_rule_count, 3);
	assert_int_equal(config->acl_rules[2].action, ACL_DROP);
	assert_int_equal(config->source.source_v4.family, 4);
	assert_false(config->upstream.ipv6);
	assert_int_equal(config->anchor_count, 1);
	assert_int_equal(config->insecure_count, 2);
	assert_int_equal(config->resolver.route_count, 2);
	assert_int_equal(config->routes[0].pool->count, 2);
	assert_int_equal(config->routes[0].pool->servers[0].port, 5353);
	assert_int_equal(config->routes[0].pool->servers[1].port, 53);
	assert_string_equal(config->routes[0].pool->name, "");
	assert_false(config->routes[0].forward);
	assert_false(config->routes[0].first);
	assert_int_equal(config->routes[0].dnssec, ROUTE_VALIDATE);
	assert_true(config->routes[1].forward);
	assert_int_equal(config->routes[1].dnssec, ROUTE_INSECURE);
	assert_string_equal(config->user, "nobody");
	assert_int_equal(config->log_level, LOG_LEVEL_DEBUG);
	config_free(config);
}

static void zones_share_pools(void **state)
{
	char err[CONFIG_ERROR_MAX];
	struct config *config = load(
		MINIMAL
		"pools:\n"
		"  - name: isp-1\n"
		"    servers:\n"
		"      - {address: 10.0.0.1, domain: east, weight: 3}\n"
		"      - {address: 10.0.0.2@5353, domain: west, transport: tcp}\n"
		"      - {address: '2001:db8::1', priority: 10}\n"
		"      - {address: 10.0.0.4, transport: tls, auth-name: dns.example.}\n"
		"      - {address: 10.0.0.5@8853, transport: tls, pins: [" PIN "]}\n"
		"  - {name: other, servers: [{address: 10.0.0.1}]}\n"
		"zones:\n"
		"  - {name: ., type: forward, pool: isp-1, mode: first}\n"
		"  - {name: Corp.Example, type: forward, pool: isp-1, mode: only, dnssec: validate,"
		" anchors: ['corp.example. IN DS 1 8 2 "
		"E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D']}\n"
		"  - {name: lan, type: stub, servers: [10.0.0.3], tcp: true, dnssec: insecure}\n",
		err);

	(void)state;
	assert_string_equal(err, "");
	assert_int_equal(config->pool_count, 2);
	assert_int_equal(config->resolver.route_count, 3);
	const struct route *all = &config->routes[0], *corp = &config->routes[1];
	const struct pool *pool = all->pool;
	assert_ptr_equal(pool, &config->pools[0]);
	assert_ptr_equal(corp->pool, pool);
	assert_string_equal(pool->name, "isp-1");
	assert_int_equal(pool->count, 5);
	assert_string_equal(pool->servers[0].domain, "east");
	assert_int_equal(pool->servers[0].weight, 3);
	assert_int_equal(pool->servers[0].port, 53);
	assert_int_equal(pool->servers[1].port, 5353);
	assert_int_equal(pool->servers[1].transport, POOL_TCP);
	assert_int_equal(pool->servers[1].weight, 1);
	assert_int_equal(pool->servers[2].address.family, 6);
	assert_int_equal(pool->servers[2].priority, 10);
	assert_string_equal(pool->servers[2].domain, "");
	assert_true(config->source.tls);
	assert_int_equal(pool->servers[3].transport, POOL_TLS);
	assert_int_equal(pool->servers[3].port, 853);
	assert_string_equal(pool->servers[3].tls.name, "dns.example");
	assert_int_equal(pool->servers[3].tls.pin_count, 0);
	assert_int_equal(pool->servers[4].port, 8853);
	assert_string_equal(pool->servers[4].tls.name, "");
	assert_int_equal(pool->servers[4].tls.pin_count, 1);
	assert_true(all->first && all->forward);
	assert_false(corp->first);
	assert_int_equal(corp->dnssec, ROUTE_ANCHORED);
	assert_int_equal(config->anchor_count, 3); // beside those of the root
	assert_false(config->anchors[2].automatic);
	assert_memory_equal(corp->zone, config->anchors[2].owner, name_len(corp->zone));
	assert_int_equal(config->routes[2].pool->servers[0].transport, POOL_TCP);
	assert_int_equal(config->insecure_count, 1);
	config_free(config);
}

// Which anchors follow their zones (RFC 5011) is the operator's choice by where they stand.
static void anchors_of_files_are_followed_and_those_here_hold(void **state)
{
	static const char record[] = ". IN DS 1 8 2 "
				     "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D";
	char err[CONFIG_ERROR_MAX], anchors[160], text[800];
	struct config *config;

	(void)state;
	snprintf(anchors, sizeof(anchors), "%s.anchors", file);
	FILE *stream = fopen(anchors, "w");
	assert_non_null(stream);
	fprintf(stream, "%s\n", record);
	fclose(stream);
	for (int automatic = 0; automatic < 2; automatic++) {
		snprintf(text, sizeof(text),
			 MINIMAL "trust: {anchor-files: [%s], anchors: ['%s'], auto-update: %s,"
				 " state: '', sentinel: false, key-tag-signal: false}\n",
			 anchors, record, automatic ? "true" : "false");
		config = load(text, err);
		assert_string_equal(err, "");
		assert_int_equal(config->anchor_count, 2);
		assert_int_equal(config->anchors[0].automatic, automatic);
		assert_false(config->anchors[1].automatic);
		assert_string_equal(config->trust_state, "");
		assert_false(config->sentinel);
		assert_false(config->resolver.key_tag_signal);
		config_free(config);
	}
	config = load(MINIMAL "trust: {auto-update: false}\n", err);
	assert_int_equal(config->anchor_count, 2);
	assert_false(config->anchors[0].automatic);
	config_free(config);
	unlink(anchors);
}

// What is wrong, the line it must name and a word of the sentence.
static const struct {
	const char *text;
	unsigned line;
	const char *word;
} broken[] = {
	{MINIMAL "speed: 11\n", 5, "speed"},
	{MINIMAL "memory:\n  cahce: 1G\n", 6, "cahce"},
	{MINIMAL "memory:\n  cache: lots\n", 6, "size"},
	{MINIMAL "memory:\n  cache: 1M\n", 6, "outside"},
	{MINIMAL "memory:\n  cache: 99999999999G\n", 6, "outside 16M to 128G"},
	{MINIMAL "memory:\n  tickets: 1000\n", 6, "power of two"},
	{MINIMAL "cores:\n  mode: lazy\n", 6, ""},
	{MINIMAL "cores:\n  poll: [1,\n    1]\n", 7, "twice"},
	{MINIMAL "cores:\n  poll: [5000]\n", 6, "CPU"},
	{MINIMAL "cores:\n  poll: yes please\n", 6, ""},
	{MINIMAL "access:\n  allow:\n    - 10.0.0.0/8\n    - 10.0.0.1/8\n", 8, "10.0.0.1/8"},
	{MINIMAL "upstream:\n  source: [nowhere]\n", 6, "nowhere"},
	{MINIMAL "upstream:\n  source: [192.0.2.1, 192.0.2.2]\n", 6, "second"},
	{MINIMAL "upstream: {ipv4: false, ipv6: false}\n", 5, "both off"},
	{MINIMAL "resolver:\n  ttl-max: 0\n", 6, "outside"},
	{MINIMAL "resolver:\n  root-hints: /nonexistent/hints\n", 6, "/nonexistent/hints"},
	{MINIMAL "trust:\n  anchors: [garbage]\n", 6, "garbage"},
	{MINIMAL "trust:\n  anchors: ['. IN A 192.0.2.1']\n", 6, "DS or DNSKEY"},
	{MINIMAL "trust:\n  validate: false\n", 6, "test"},
	{MINIMAL "trust:\n  crypto-workers: 17\n", 6, "outside"},
	{MINIMAL "trust:\n  insecure: ['..']\n", 6, "no name"},
	{MINIMAL "trust:\n  insecure: ['.']\n", 6, "turn all validation off"},
	{MINIMAL "trust:\n  insecure: [corp.example,\n    .]\n", 7, "trust.insecure[1]"},
	{MINIMAL "zones:\n  - {name: a., type: stub, servers: []}\n", 6, "servers"},
	{MINIMAL "zones:\n  - {name: a., type: stub, servers: ['10.0.0.1@0']}\n", 6, "10.0.0.1@0"},
	{MINIMAL "zones:\n  - {name: a., type: alias, servers: [10.0.0.1]}\n", 6, ""},
	{ZONES("{name: a., type: stub}"), 6, "servers or a pool"},
	{ZONES("{name: a., type: stub, pool: b}"), 6, "zones[0].pool: there is no pool \"b\""},
	{ZONES("{name: a., type: stub, servers: [10.0.0.1,\n  10.0.0.1@54]}"), 7,
	 "zones[0].servers[1]"},
	{ZONES("{name: a., type: stub, servers: [10.0.0.1], mode: never}"), 6, ""},
	{ZONES("{name: a., type: stub, servers: [10.0.0.1]}\n"
	       "  - {name: A, type: stub, servers: [10.0.0.1]}"),
	 7, "already"},
	{ZONES("{name: ., type: forward, servers: [10.0.0.1],\n    dnssec: insecure}"), 7,
	 "turn all validation off"},
	{ZONES("{name: a., type: stub, servers: [10.0.0.1],\n    anchors: [garbage]}"), 7,
	 "garbage"},
	{ZONES("{name: a., type: stub, servers: [10.0.0.1], anchors: ['b. IN DS 1 8 2 " DIGEST
	       "']}"),
	 6, "another name"},
	{ZONES("{name: a., type: stub, servers: [10.0.0.1], dnssec: insecure,\n"
	       "    anchors: ['a. IN DS 1 8 2 " DIGEST "']}"),
	 6, "in spite of anchors"},
	{POOL("{address: nowhere}"), 8, "pools[0].servers[0].address: \"nowhere\""},
	{POOL("{address: 10.0.0.1@x}"), 8, "10.0.0.1@x"},
	{POOL("{address: 10.0.0.1}\n      - {address: 10.0.0.1@54}"), 9,
	 "another server has this address"},
	{POOL("{address: 10.0.0.1,\n         priority: -1}"), 9,
	 "pools[0].servers[0].priority: -1 is outside"},
	{POOL("{address: 10.0.0.1, weight: 0}"), 8, "outside"},
	{POOL("{address: 10.0.0.1, weight: 1001}"), 8, "outside"},
	{POOL("{address: 10.0.0.1, domain: ''}"), 8, "1 to 63 characters"},
	{POOL("{address: 10.0.0.1, transport: quic}"), 8, ""},
	{POOL("{address: 10.0.0.1,\n         transport: tls}"), 9,
	 "pools[0].servers[0].transport: tls needs auth-name, pins or both"},
	{POOL("{address: 10.0.0.1, transport: tls,\n         auth-name: a..b}"), 9,
	 "auth-name: \"a..b\""},
	{POOL("{address: 10.0.0.1, transport: tls,\n         pins: [" PIN ", sha256/xy]}"), 9,
	 "pins[1]: \"sha256/xy\" is no pin"},
	{POOL("{address: 10.0.0.1, transport: tls, pins: [" PIN ", " PIN ", " PIN ", " PIN ", " PIN
	      "]}"),
	 8, "5 is outside 1 to 4 entries"},
	{POOL("{address: 10.0.0.1, transport: tcp, auth-name: dns.example}"), 8, "auth-name"},
	{MINIMAL "upstream:\n  tls-ca-file: /nonexistent.pem\n", 6, "/nonexistent.pem"},
	{POOL("{address: 10.0.0.1, auth-name: dns.example}"), 8, "auth-name"},
	{POOL("{address: 10.0.0.1, pins: [x]}"), 8, "pins"},
	{POOL("{weight: 1}"), 8, ""},
	{MINIMAL "pools:\n  - {name: p, servers: []}\n", 6, "0 is outside 1 to 16 entries"},
	{MINIMAL "pools:\n  - {name: '', servers: [{address: 10.0.0.1}]}\n", 6, "1 to 63 characters"},
	{MINIMAL "pools:\n  - {name: 'a b', servers: [{address: 10.0.0.1}]}\n", 6, "no name"},
	{POOL("{address: 10.0.0.1}\n  - {name: p, servers: [{address: 10.0.0.1}]}"), 9,
	 "a second pool"},
	{POOL("{address: 10.0.0.1}\nzones: [{name: a., type: stub, pool: p, servers: [10.0.0.1]}]"),
	 9, "either servers or a pool"},
	{POOL("{address: 10.0.0.1}\nzones: [{name: a., type: stub, pool: p, tcp: true}]"), 9,
	 "zones[0].tcp"},
	{MINIMAL "service:\n  addresses: [192.0.2.1/24]\n", 5, ""},
	{"ports: []\nservice:\n  addresses: [192.0.2.1/24]\n", 1, ""},
	{"ports:\n  - device: x\nservice:\n  addresses: [192.0.2.1]\n", 4, "prefix"},
	{"ports:\n  - device: x\nservice:\n  addresses: [192.0.2.1/24, 192.0.2.2/25]\n", 4, "one"},
	{"ports:\n  - device: x\nservice:\n  addresses: []\n", 4, "0 is outside 1 to 64 entries"},
	{"ports:\n  - device: x\n", 1, "service"},
	{"ports:\n  - device: x\n\tservice:\n", 3, ""},
	{"", 1, ""},
	{"[1, 2]", 1, ""},
};

static void broken_file_is_refused_with_line_and_sentence(void **state)
{
	char err[CONFIG_ERROR_MAX], where[128];

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct config *config = load(broken[i].text, err);

		snprintf(where, sizeof(where), "%s:%u:", file, broken[i].line);
		if (config || strncmp(err, where, strlen(where)) != 0 ||
		    !strstr(err, broken[i].word) || strlen(err) < strlen(where) + 8)
			fail_msg("case %zu: wanted \"%s … %s\", got \"%s\"", i, where, broken[i].word,
				 err);
	}
}

static void missing_file_is_named(void **state)
{
	char err[CONFIG_ERROR_MAX];

	(void)state;
	assert_null(load_file("/nonexistent/assayd.yaml", err));
	assert_non_null(strstr(err, "/nonexistent/assayd.yaml"));
}

static void count_line(const char *text, void *arg)
{
	assert_non_null(strchr(text, ':'));
	(*(int *)arg)++;
}

static void every_option_is_described(void **state)
{
	int lines = 0;

	(void)state;
	config_print_options(count_line, &lines);
	assert_true(lines > 40);
}

static struct config *load_domains(const char *domains, char err[CONFIG_ERROR_MAX])
{
	char path[] = "/tmp/assayd-domains-XXXXXX", text[256];
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, domains, strlen(domains)), (ssize_t)strlen(domains));
	close(fd);
	snprintf(text, sizeof(text), MINIMAL "upstream:\n  domains: %s\n", path);
	struct config *config = load(text, err);
	unlink(path);
	return config;
}

static const char *label_of(const struct config *config, uint8_t a, uint8_t b, uint8_t c)
{
	const struct address address = {.family = 4, .bytes = {a, b, c, 1}};

	return labels_find(config->upstream.labels, &address);
}

static void failure_domains_are_read_from_their_file(void **state)
{
	char err[CONFIG_ERROR_MAX];
	struct config *config = load_domains("# who hosts what\n\n"
					     "192.0.2.0/24\tprovider-a # here\n"
					     "  198.51.100.0/22 provider_b.eu  \n"
					     "192.0.0.0/16 rest\r\n"
					     "2001:db8::/32 provider-a",
					     err);
	const struct address v6 = {.family = 6, .bytes = {0x20, 0x01, 0x0d, 0xb8, 1}};

	(void)state;
	assert_string_equal(err, "");
	assert_string_equal(label_of(config, 192, 0, 2), "provider-a");
	assert_string_equal(label_of(config, 192, 0, 3), "rest");
	assert_string_equal(label_of(config, 198, 51, 103), "provider_b.eu");
	assert_null(label_of(config, 10, 0, 0));
	assert_string_equal(labels_find(config->upstream.labels, &v6), "provider-a");
	config_free(config);
}

static void errors_in_failure_domains_name_file_and_line(void **state)
{
	static const struct {
		const char *text, *complaint;
	} cases[] = {
		{"10.0.0.0/8 a\nnonsense b\n", ":2: no prefix"},
		{"10.0.0.1/8 a\n", ":1: no prefix, or one with bits set below its length"},
		{"#\n\n10.0.0.0/8\n", ":3: a line is a prefix and one label"},
		{"10.0.0.0/8 a b\n", ":1: a line is a prefix and one label"},
		{"10.0.0.0/8 a,b\n", ":1: a label has 1 to 63"},
		{"10.0.0.0/8 a\n9.0.0.0/8 b\n10.0.0.0/8 c\n", ":3: this prefix has a label"},
		{"10.0.0.0/8 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
		 ":1: a label has 1 to 63"},
	};
	char err[CONFIG_ERROR_MAX], huge[400];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_null(load_domains(cases[i].text, err));
		assert_non_null(strstr(err, cases[i].complaint));
		assert_non_null(strstr(err, ":6: upstream.domains: /tmp/assayd-domains-"));
	}
	memset(huge, '#', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	assert_null(load_domains(huge, err));
	assert_non_null(strstr(err, ":1: the line is too long"));
	assert_null(load(MINIMAL "upstream:\n  domains: /dev/zero\n", err));
	assert_non_null(strstr(err, "/dev/zero:1: this is no text: it holds NUL"));
	assert_null(load(MINIMAL "upstream:\n  domains: /nowhere/at-all\n", err));
	assert_non_null(strstr(err, "/nowhere/at-all: No such file"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(minimal_file_gets_every_default, make_file,
						remove_file),
		cmocka_unit_test_setup_teardown(everything_can_be_set, make_file, remove_file),
		cmocka_unit_test_setup_teardown(a_client_behind_the_router_is_known, make_file,
						remove_file),
		cmocka_unit_test_setup_teardown(zones_share_pools, make_file, remove_file),
		cmocka_unit_test_setup_teardown(anchors_of_files_are_followed_and_those_here_hold,
						make_file, remove_file),
		cmocka_unit_test_setup_teardown(broken_file_is_refused_with_line_and_sentence,
						make_file, remove_file),
		cmocka_unit_test(missing_file_is_named),
		cmocka_unit_test(every_option_is_described),
		cmocka_unit_test(failure_domains_are_read_from_their_file),
		cmocka_unit_test(errors_in_failure_domains_name_file_and_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
