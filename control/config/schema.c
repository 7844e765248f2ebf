#include "control/config/schema.h"

#include "control/config/check.h"
#include "control/config/config.h"

#include <cyaml/cyaml.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMPLAINT_MAX 256

#define TEXT_OPTIONAL(key, member_of, member)                                                      \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, member_of, member,   \
			       0, CYAML_UNLIMITED)
#define BOOL_OPTIONAL(key, member_of, member)                                                      \
	CYAML_FIELD_BOOL_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, member_of, member)
#define INT_OPTIONAL(key, member_of, member)                                                       \
	CYAML_FIELD_INT_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, member_of, member)
#define ENUM_OPTIONAL(key, member_of, member, words)                                               \
	CYAML_FIELD_ENUM_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT,    \
			     member_of, member, words, CYAML_ARRAY_LEN(words))
#define TEXTS(key, flags, member_of, member)                                                       \
	CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_POINTER | (flags), member_of, member.list,      \
				   member.count, &text_value, 0, CYAML_UNLIMITED)
#define SECTION(key, flags, member, fields)                                                        \
	CYAML_FIELD_MAPPING(key, flags, struct schema, member, fields)

static const cyaml_schema_value_t text_value = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, CYAML_UNLIMITED),
};
static const cyaml_schema_value_t int_value = {
	CYAML_VALUE_INT(CYAML_FLAG_DEFAULT, int64_t),
};

static const cyaml_strval_t mode_words[] = {{"busy", POLL_BUSY}, {"adaptive", POLL_ADAPTIVE}};
static const cyaml_strval_t hugepage_words[] = {
	{"off", HUGEPAGES_OFF}, {"auto", HUGEPAGES_AUTO}, {"require", HUGEPAGES_REQUIRE}};
static const cyaml_strval_t log_words[] = {{"error", LOG_LEVEL_ERROR},
					   {"warning", LOG_LEVEL_WARNING},
					   {"info", LOG_LEVEL_INFO},
					   {"debug", LOG_LEVEL_DEBUG}};
static const cyaml_strval_t zone_words[] = {{"stub", SCHEMA_STUB}, {"forward", SCHEMA_FORWARD}};
static const cyaml_strval_t transport_words[] = {
	{"udp", SCHEMA_UDP}, {"tcp", SCHEMA_TCP}, {"tls", SCHEMA_TLS}};
static const cyaml_strval_t zone_mode_words[] = {{"only", SCHEMA_ONLY}, {"first", SCHEMA_FIRST}};
static const cyaml_strval_t dnssec_words[] = {{"validate", SCHEMA_VALIDATE},
					      {"insecure", SCHEMA_INSECURE}};

static const cyaml_schema_field_t port_fields[] = {
	CYAML_FIELD_STRING_PTR("device", CYAML_FLAG_POINTER, struct schema_port, device, 0,
			       CYAML_UNLIMITED),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t port_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct schema_port, port_fields),
};

static const cyaml_schema_field_t server_fields[] = {
	CYAML_FIELD_STRING_PTR("address", CYAML_FLAG_POINTER, struct schema_server, address, 0,
			       CYAML_UNLIMITED),
	INT_OPTIONAL("priority", struct schema_server, priority),
	INT_OPTIONAL("weight", struct schema_server, weight),
	TEXT_OPTIONAL("domain", struct schema_server, domain),
	ENUM_OPTIONAL("transport", struct schema_server, transport, transport_words),
	TEXT_OPTIONAL("auth-name", struct schema_server, auth_name),
	TEXTS("pins", CYAML_FLAG_OPTIONAL, struct schema_server, pins),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t server_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct schema_server, server_fields),
};

static const cyaml_schema_field_t pool_fields[] = {
	CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct schema_pool, name, 0,
			       CYAML_UNLIMITED),
	CYAML_FIELD_SEQUENCE("servers", CYAML_FLAG_POINTER, struct schema_pool, servers,
			     &server_value, 0, CYAML_UNLIMITED),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t pool_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct schema_pool, pool_fields),
};

static const cyaml_schema_field_t zone_fields[] = {
	CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct schema_zone, name, 0,
			       CYAML_UNLIMITED),
	CYAML_FIELD_ENUM("type", CYAML_FLAG_STRICT, struct schema_zone, type, zone_words,
			 CYAML_ARRAY_LEN(zone_words)),
	TEXTS("servers", CYAML_FLAG_OPTIONAL, struct schema_zone, servers),
	TEXT_OPTIONAL("pool", struct schema_zone, pool),
	ENUM_OPTIONAL("mode", struct schema_zone, mode, zone_mode_words),
	BOOL_OPTIONAL("tcp", struct schema_zone, tcp),
	ENUM_OPTIONAL("dnssec", struct schema_zone, dnssec, dnssec_words),
	TEXTS("anchors", CYAML_FLAG_OPTIONAL, struct schema_zone, anchors),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t zone_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct schema_zone, zone_fields),
};

// The sections are anonymous structs of struct schema: offsets are taken inside them.
#define IN(section) __typeof__(((struct schema *)0)->section)

static const cyaml_schema_field_t service_fields[] = {
	TEXTS("addresses", 0, IN(service), addresses),
	TEXT_OPTIONAL("tap", IN(service), tap),
	TEXTS("gateway", CYAML_FLAG_OPTIONAL, IN(service), gateway),
	TEXTS("peers", CYAML_FLAG_OPTIONAL, IN(service), peers),
	INT_OPTIONAL("syn-limit", IN(service), syn_limit),
	CYAML_FIELD_END,
};
static const cyaml_schema_field_t cores_fields[] = {
	CYAML_FIELD_SEQUENCE_COUNT("poll", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, IN(cores),
				   poll, poll_count, &int_value, 0, CYAML_UNLIMITED),
	INT_OPTIONAL("control", IN(cores), control),
	INT_OPTIONAL("host", IN(cores), host),
	ENUM_OPTIONAL("mode", IN(cores), mode, mode_words),
	CYAML_FIELD_END,
};
static const cyaml_schema_field_t memory_fields[] = {
	TEXT_OPTIONAL("cache", IN(memory), cache),
	TEXT_OPTIONAL("packets", IN(memory), packets),
	ENUM_OPTIONAL("hugepages", IN(memory), hugepages, hugepage_words),
	INT_OPTIONAL("tickets", IN(memory), tickets),
	CYAML_FIELD_END,
};
static const cyaml_schema_field_t access_fields[] = {
	TEXTS("allow", CYAML_FLAG_OPTIONAL, IN(access), allow),
	TEXTS("refuse", CYAML_FLAG_OPTIONAL, IN(access), refuse),
	TEXTS("drop", CYAML_FLAG_OPTIONAL, IN(access), drop),
	CYAML_FIELD_END,
};
static const cyaml_schema_field_t answers_fields[] = {
	BOOL_OPTIONAL("rotate", IN(answers), rotate),
	TEXT_OPTIONAL("identity", IN(answers), identity),
	TEXT_OPTIONAL("version", IN(answers), version),
	CYAML_FIELD_END,
};
static const cyaml_schema_field_t upstream_fields[] = {
	TEXTS("source", CYAML_FLAG_OPTIONAL, IN(upstream), source),
	TEXT_OPTIONAL("interface", IN(upstream), interface),
	TEXT_OPTIONAL("domains", IN(upstream), domains),
	BOOL_OPTIONAL("ipv4", IN(upstream), ipv4),
	BOOL_OPTIONAL("ipv6", IN(upstream), ipv6),
	BOOL_OPTIONAL("case-randomisation", IN(upstream), case_randomisation),
	BOOL_OPTIONAL("cookies", IN(upstream), cookies),
	BOOL_OPTIONAL("ask-loopback", IN(upstream), ask_loopback),
	TEXT_OPTIONAL("tls-ca-file", IN(upstream), tls_ca_file),
	CYAML_FIELD_END,
};
static const cyaml_schema_field_t resolver_fields[] = {
	TEXT_OPTIONAL("root-hints", IN(resolver), root_hints),
	BOOL_OPTIONAL("qname-minimisation", IN(resolver), qname_minimisation),
	BOOL_OPTIONAL("aggressive-denial", IN(resolver), aggressive_denial),
	BOOL_OPTIONAL("local-zones", IN(resolver), local_zones),
	INT_OPTIONAL("ttl-max", IN(resolver), ttl_max),
	INT_OPTIONAL("ttl-min", IN(resolver), ttl_min),
	INT_OPTIONAL("negative-ttl-max", IN(resolver), negative_ttl_max),
	INT_OPTIONAL("stale", IN(resolver), stale),
	INT_OPTIONAL("waiting", IN(resolver), waiting),
	INT_OPTIONAL("questions", IN(resolver), questions),
	CYAML_FIELD_END,
};
static const cyaml_schema_field_t trust_fields[] = {
	TEXTS("anchor-files", CYAML_FLAG_OPTIONAL, IN(trust), anchor_files),
	TEXTS("anchors", CYAML_FLAG_OPTIONAL, IN(trust), anchors),
	TEXTS("insecure", CYAML_FLAG_OPTIONAL, IN(trust), insecure),
	BOOL_OPTIONAL("validate", IN(trust), validate),
	BOOL_OPTIONAL("auto-update", IN(trust), auto_update),
	TEXT_OPTIONAL("state", IN(trust), state),
	BOOL_OPTIONAL("sentinel", IN(trust), sentinel),
	BOOL_OPTIONAL("key-tag-signal", IN(trust), key_tag_signal),
	INT_OPTIONAL("inception-skew", IN(trust), inception_skew),
	INT_OPTIONAL("expiration-skew", IN(trust), expiration_skew),
	INT_OPTIONAL("crypto-workers", IN(trust), crypto_workers),
	CYAML_FIELD_END,
};
static const cyaml_schema_field_t control_fields[] = {
	TEXT_OPTIONAL("socket", IN(control), socket),
	TEXT_OPTIONAL("operators", IN(control), operators),
	TEXT_OPTIONAL("readers", IN(control), readers),
	CYAML_FIELD_END,
};
static const cyaml_schema_field_t canary_fields[] = {
	TEXTS("names", CYAML_FLAG_OPTIONAL, IN(canary), names),
	INT_OPTIONAL("interval", IN(canary), interval),
	BOOL_OPTIONAL("stale", IN(canary), stale),
	CYAML_FIELD_END,
};
static const cyaml_schema_field_t metrics_fields[] = {
	TEXT_OPTIONAL("address", IN(metrics), address),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t top_fields[] = {
	CYAML_FIELD_SEQUENCE("ports", CYAML_FLAG_POINTER, struct schema, ports, &port_value, 0,
			     CYAML_UNLIMITED),
	SECTION("service", CYAML_FLAG_DEFAULT, service, service_fields),
	SECTION("cores", CYAML_FLAG_OPTIONAL, cores, cores_fields),
	SECTION("memory", CYAML_FLAG_OPTIONAL, memory, memory_fields),
	SECTION("access", CYAML_FLAG_OPTIONAL, access, access_fields),
	SECTION("answers", CYAML_FLAG_OPTIONAL, answers, answers_fields),
	SECTION("upstream", CYAML_FLAG_OPTIONAL, upstream, upstream_fields),
	SECTION("resolver", CYAML_FLAG_OPTIONAL, resolver, resolver_fields),
	SECTION("trust", CYAML_FLAG_OPTIONAL, trust, trust_fields),
	CYAML_FIELD_SEQUENCE("pools", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct schema,
			     pools, &pool_value, 0, CYAML_UNLIMITED),
	CYAML_FIELD_SEQUENCE("zones", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct schema,
			     zones, &zone_value, 0, CYAML_UNLIMITED),
	SECTION("control", CYAML_FLAG_OPTIONAL, control, control_fields),
	SECTION("canary", CYAML_FLAG_OPTIONAL, canary, canary_fields),
	SECTION("metrics", CYAML_FLAG_OPTIONAL, metrics, metrics_fields),
	TEXT_OPTIONAL("user", struct schema, user),
	ENUM_OPTIONAL("log", struct schema, log, log_words),
	TEXT_OPTIONAL("test-clock", struct schema, test_clock),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t top_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct schema, top_fields),
};

// What check_document() lets pass libcyaml takes; its own words are for what was overlooked there.
static void note_complaint(cyaml_log_t level, void *arg, const char *format, va_list arguments)
{
	char *sentence = arg;

	if (level < CYAML_LOG_ERROR || sentence[0] != '\0')
		return;
	vsnprintf(sentence, COMPLAINT_MAX, format, arguments);
	sentence[strcspn(sentence, "\n")] = '\0';
}

static cyaml_config_t reader(char complaint[COMPLAINT_MAX])
{
	return (cyaml_config_t){
		.log_fn = note_complaint,
		.log_ctx = complaint,
		.mem_fn = cyaml_mem,
		.log_level = CYAML_LOG_WARNING,
	};
}

static struct schema *convert(const uint8_t *text, size_t len, char complaint[COMPLAINT_MAX])
{
	cyaml_config_t config = reader(complaint);
	cyaml_data_t *data = NULL;
	cyaml_err_t status = cyaml_load_data(text, len, &config, &top_value, &data, NULL);

	if (status == CYAML_OK && data)
		return (struct schema *)data;
	if (complaint[0] == '\0')
		snprintf(complaint, COMPLAINT_MAX, "%s", cyaml_strerror(status));
	return NULL;
}

// What is left without the faults. NULL: nothing.
static struct schema *convert_rest(const struct document *document, const struct repairs *repairs)
{
	char complaint[COMPLAINT_MAX] = "";
	size_t len;
	uint8_t *text = repairs_apply(repairs, document, &len);
	struct schema *schema = text ? convert(text, len, complaint) : NULL;

	free(text);
	return schema;
}

struct schema *schema_load(const struct document *document, struct config_errors *errors)
{
	struct config_error error = {.line = 1, .shape = true};
	char complaint[COMPLAINT_MAX] = "";
	struct repairs repairs = {0};
	struct schema *schema = NULL;
	size_t len;
	const uint8_t *text = document_text(document, &len);
	const bool something = check_document(document, &top_value, errors, &repairs);

	if (errors->count == 0) {
		schema = convert(text, len, complaint);
		if (schema == NULL) {
			snprintf(error.sentence, sizeof(error.sentence), "%s:1: %s",
				 document_file(document), complaint);
			config_errors_add(errors, &error);
		}
	} else if (something && errors->count < CONFIG_ERRORS_MAX) {
		schema = convert_rest(document, &repairs);
	}
	repairs_free(&repairs);
	return schema;
}

void schema_free(struct schema *schema)
{
	char complaint[COMPLAINT_MAX] = "";
	cyaml_config_t config = reader(complaint);

	cyaml_free(&config, &top_value, schema, 0);
}
