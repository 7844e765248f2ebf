// A trust point with really signed DNSKEY RRsets and a clock that the test moves.
#pragma once

#include "control/validator/trust_points.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/validator/signer.h"
#include "tests/unit/control/validator/signer_check.h"
#include "tests/unit/crypto/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ZONE  signer_name(".")
#define DAY_S 86400
#define KSK   257
#define ZSK   256
#define KEYS  6

static struct signer_key *keys[KEYS]; // KSKs; made once
static struct signer_key *zsk;

struct setting {
	struct batch *batch;
	struct trust *trust;
	struct trust_points *points;
	uint64_t now_ms;
	int64_t now_s;
	uint32_t ttl_s;
	int64_t lifetime_s; // of signatures
	bool as_ds;         // the anchors are DS records
	bool is_static;
	const struct signer_key *anchors[KEYS];
	size_t anchor_count;
	unsigned alarms;
};
static struct setting s;

static inline void on_say(void *arg, bool alarm, const char *text)
{
	(void)arg, (void)text;
	s.alarms += alarm;
}

static inline void open_points(void)
{
	static const struct trust_config trust = {.inception_skew_s = 3600};
	const struct trust_points_config config = {.inception_skew_s = 3600, .say = on_say};
	uint8_t ds[64];

	s.batch = batch_new(&(struct batch_config){0});
	s.trust = trust_new(&trust, s.batch);
	s.points = trust_points_new(s.trust, &config);
	CHECK(s.batch != NULL && s.trust != NULL && s.points != NULL);
	for (size_t i = 0; i < s.anchor_count; i++) {
		const struct signer_key *key = s.anchors[i];
		int rc = s.as_ds ? trust_points_add(s.points, ZONE, TYPE_DS, ds,
						    signer_ds(key, ZONE, 2, ds), !s.is_static)
				 : trust_points_add(s.points, ZONE, TYPE_DNSKEY, key->rdata,
						    key->rdlen, !s.is_static);
		assert_int_equal(rc, 0);
	}
}

static inline void close_points(void)
{
	trust_points_free(s.points);
	trust_free(s.trust);
	batch_free(s.batch);
}

static inline void begin(const struct signer_key *const *anchors, size_t count)
{
	s.now_ms = 5000000;
	s.now_s = SIGNER_NOW;
	s.ttl_s = 172800;
	s.lifetime_s = 14 * DAY_S;
	s.anchor_count = count;
	memcpy(s.anchors, anchors, count * sizeof(anchors[0]));
	open_points();
	trust_points_begin(s.points, s.now_ms, s.now_s);
}

static inline int start(void **state)
{
	(void)state;
	s = (struct setting){.as_ds = true};
	begin((const struct signer_key *[]){keys[0]}, 1);
	return 0;
}

static inline int end(void **state)
{
	(void)state;
	close_points();
	return 0;
}

static inline void pass(int64_t days)
{
	s.now_s += days * DAY_S;
	s.now_ms += (uint64_t)days * DAY_S * 1000;
}

// What the zone publishes: digits name keys, "r" after one that it is revoked, "+" after one that
// it signs. "0+1" is key 0, which signs, and key 1.
static inline struct rrset *published(const char *what)
{
	struct signer_key copies[KEYS], *list[KEYS + 1];
	const struct signer_key *signers[KEYS];
	size_t count = 0, signer_count = 0;

	for (; *what != '\0'; what++) {
		struct signer_key *copy = &copies[count];
		*copy = *keys[*what - '0'];
		for (; what[1] == 'r' || what[1] == '+'; what++) {
			if (what[1] == 'r')
				signer_key_set_flags(copy, KSK | DNSKEY_REVOKE);
			else
				signers[signer_count++] = copy;
		}
		list[count++] = copy;
	}
	list[count++] = zsk;
	const struct signer_options options = {
		.inception_s = s.now_s - DAY_S,
		.expiration_s = s.now_s + s.lifetime_s,
	};
	struct rrset *rrset = signer_dnskey_rrset(ZONE, list, count, s.ttl_s);
	for (size_t i = 0; i < signer_count; i++) {
		struct rrset *more = signer_sign(rrset, signers[i], ZONE, &options);
		rrset_free(rrset);
		rrset = more;
	}
	return rrset;
}

static inline enum trust_observed see(const char *what)
{
	struct rrset *rrset = published(what);
	enum trust_observed seen = trust_points_observe(s.points, rrset, s.now_ms, s.now_s);

	rrset_free(rrset);
	return seen;
}

static inline const struct trust_zone *zone(void)
{
	return trust_points_zone(s.points, 0);
}

// "Start" is NULL.
static inline const char *state_of(size_t k)
{
	const struct trust_ledger *ledger = trust_point_ledger(zone()->point);

	for (size_t i = 0; i < ledger->count; i++) {
		if (ledger->keys[i].tag == keys[k]->tag)
			return trust_key_state_words(ledger->keys[i].state);
	}
	return "start";
}

static inline bool trusts(size_t k)
{
	uint16_t tags[TRUST_POINT_KEYS_MAX];
	size_t count = trust_points_tags(s.points, ZONE, tags, TRUST_POINT_KEYS_MAX);

	for (size_t i = 0; i < count; i++) {
		if (tags[i] == keys[k]->tag)
			return true;
	}
	return false;
}

#define assert_state(k, words) assert_string_equal(state_of(k), words)
#define assert_seen(what)      assert_int_equal(see(what), TRUST_OBSERVED)

// The process ends; all that the next one has is the configuration and the history.
static inline void restart(void)
{
	const struct observation *const *history;
	size_t count = trust_point_history(zone()->point, &history);
	struct rrset *copies[TRUST_POINT_HISTORY_MAX];
	int64_t at_s[TRUST_POINT_HISTORY_MAX];

	for (size_t i = 0; i < count; i++) {
		copies[i] = rrset_clone(history[i]->rrset);
		at_s[i] = history[i]->at_s;
	}
	close_points();
	open_points();
	for (size_t i = 0; i < count; i++) {
		assert_true(trust_points_restore(s.points, copies[i], at_s[i]));
		rrset_free(copies[i]);
	}
	s.now_ms = 7000000;
	trust_points_begin(s.points, s.now_ms, s.now_s);
}

static inline int make_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < KEYS; i++)
		keys[i] = signer_key_new(13, 0, KSK);
	zsk = signer_key_new(13, 0, ZSK);
	return 0;
}

static inline int free_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < KEYS; i++)
		signer_key_free(keys[i]);
	signer_key_free(zsk);
	return 0;
}

#define test(f)  cmocka_unit_test_setup_teardown(f, start, end)
#define alone(f) cmocka_unit_test_setup_teardown(f, NULL, end)
