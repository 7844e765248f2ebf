// A store with a small cache, an ACL of the documentation prefixes, and one query at a time.
#pragma once

#include "dataplane/store.h"
#include "tests/unit/dataplane/answer/given.h"

static struct store *store;
static struct acl *acl;
static struct serve serve;
static struct address client;
static struct bytes asked;
static uint8_t reply[66000];
static enum serve_verdict verdict;

static inline struct store_config served_config(void)
{
	struct store_config config = {
		.cache = {.memory_bytes = 16 << 20, .shards = 1, .one_shot_bytes = 1 << 20},
		.stale_ttl_s = 30,
		.identity = "node-7",
		.version = "assay",
	};

	memset(config.cookie_secret, 0x42, sizeof(config.cookie_secret));
	memset(config.cache.hash_key, 0x17, sizeof(config.cache.hash_key));
	return config;
}

static inline struct address address_of(const char *text)
{
	struct address a;

	assert_int_equal(address_from_text(text, &a), 0);
	return a;
}

static inline struct acl *served_acl(void)
{
	static const struct {
		const char *prefix;
		enum acl_action action;
	} rows[] = {{"192.0.2.0/24", ACL_ALLOW}, {"192.0.2.66", ACL_DROP},
		    {"2001:db8::/32", ACL_ALLOW}, {"2001:db8:bad::/48", ACL_DROP}};
	struct acl_rule rules[4];

	for (size_t i = 0; i < 4; i++) {
		rules[i].action = rows[i].action;
		assert_int_equal(acl_prefix_from_text(rows[i].prefix, &rules[i]), 0);
	}
	return acl_new(rules, 4);
}

static inline void served_moment(struct serve *s)
{
	s->client = &client;
	s->tcp = false;
	s->now_ms = NOW_MS;
	s->now_s = NOW_S;
	s->clock_trusted = true;
	s->rotation = 0;
}

static inline void served_store(const struct store_config *config)
{
	struct store_config with_acl = *config;
	char err[200];

	with_acl.acl = acl;
	store = store_new(&with_acl, err, sizeof(err));
	if (!store)
		fail_msg("%s", err);
	struct store_clock clock = {NOW_MS, NOW_S, true};
	store_set_clock(store, &clock);
}

static inline int served_start(void **state)
{
	(void)state;
	const struct store_config config = served_config();

	acl = served_acl();
	assert_non_null(acl);
	served_store(&config);
	client = address_of("192.0.2.7");
	memset(&serve, 0, sizeof(serve));
	served_moment(&serve);
	return 0;
}

static inline int served_end(void **state)
{
	(void)state;
	store_free(store);
	acl_free(acl);
	return 0;
}
#define served_test(f) cmocka_unit_test_setup_teardown(f, served_start, served_end)

// Pinned once: the caller may cache_unpin().
static inline const struct entry *publish(const struct given *given)
{
	static struct given_space space;
	const struct entry *entry;

	assert_int_not_equal(cache_publish(store_cache(store), given_spec(&space, given), &entry),
			     PUBLISH_FAILED);
	return entry;
}

static inline void put(const struct given *given)
{
	cache_unpin(store_cache(store), publish(given));
}

// Serves the message in `asked`, into a buffer of its own and in place: with one result.
static inline void serve_asked(void)
{
	struct serve again = serve;
	size_t cap = serve.tcp ? 65535 : 1232;
	static uint8_t place[66000];

	verdict = store_serve_query(store, asked.data, asked.len, &serve, reply, cap);
	memcpy(place, asked.data, asked.len);
	assert_int_equal(store_serve_query(store, place, asked.len, &again, place, cap), verdict);
	assert_int_equal(again.outcome, serve.outcome);
	assert_int_equal(again.reply_len, serve.reply_len);
	assert_int_equal(again.truncated, serve.truncated);
	if (verdict == SERVE_REPLY)
		assert_memory_equal(place, reply, serve.reply_len);
	else
		assert_memory_equal(place, asked.data, asked.len);
}

static inline void ask(unsigned flags, const char *question, const char *opt)
{
	given_query(&asked, flags, question, opt);
	serve_asked();
}

static inline void assert_reply(enum serve_outcome outcome, const char *golden)
{
	assert_int_equal(verdict, SERVE_REPLY);
	assert_golden(reply, serve.reply_len, golden);
	assert_int_equal(serve.outcome, outcome);
	assert_int_equal(serve.truncated, (header_flags(reply) & FLAG_TC) != 0);
}

static inline void assert_dropped(enum drop_reason reason)
{
	assert_int_equal(verdict, SERVE_DROP);
	assert_int_equal(serve.reason, reason);
	assert_int_equal(serve.outcome, OUTCOME_NONE);
	assert_int_equal(serve.reply_len, 0);
}

#define SOA_RDATA "@ns.c. @admin.c. #1 #2 #3 #4 #5" // 35 bytes

static inline struct given given_cname(const char *name, const char *rdata)
{
	return (struct given){.name = name, .kind = ENTRY_CNAME, .ttl_s = 60,
			      .security = SECURITY_SECURE,
			      .data = {{NULL, TYPE_CNAME, 60, rdata}}};
}

static inline struct given given_address(const char *name)
{
	return (struct given){.name = name, .type = TYPE_A, .kind = ENTRY_POSITIVE, .ttl_s = 60,
			      .security = SECURITY_SECURE,
			      .data = {{NULL, TYPE_A, 60, "c0000201"}}};
}

static inline struct given given_nxdomain(const char *name)
{
	return (struct given){.name = name, .kind = ENTRY_NXDOMAIN, .ttl_s = 60,
			      .security = SECURITY_SECURE,
			     .data = {{"c.", TYPE_SOA, 60, SOA_RDATA}}};
}

static inline struct given given_failure(const char *name, int ede)
{
	return (struct given){.name = name, .type = TYPE_A, .kind = ENTRY_FAILURE, .ttl_s = 5,
			      .rcode = RCODE_SERVFAIL, .ede = ede};
}
