#include "control/resolver/delegation.h"

#include "control/validator/forgotten.h"
#include "dataplane/dns/edns.h" // siphash
#include "dataplane/dns/types.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 16384 // power of two
#define SLICE   4096  // looked at in a turn: empty buckets, or a sixteenth of it delegations

struct delegation_table {
	struct delegation *buckets[BUCKETS];
	struct delegation *oldest, *newest;
	size_t count, bytes, bytes_max;
	uint8_t key[16];
	struct forgotten forgotten;
	size_t bucket; // that the hand is at
};

// ---- one delegation ----

static size_t spec_bytes(const struct delegation_spec *spec)
{
	size_t bytes = sizeof(struct delegation) + spec->ns_count * sizeof(struct delegation_ns);

	bytes += name_len(spec->zone) + name_len(spec->parent);
	for (size_t i = 0; i < spec->ns_count; i++) {
		bytes += spec->ns[i].address_count * sizeof(struct address);
		if (spec->ns[i].name != NULL)
			bytes += name_len(spec->ns[i].name);
	}
	return bytes;
}

static const uint8_t *place_name(uint8_t **p, const uint8_t *name)
{
	size_t len = name_len(name);
	uint8_t *placed = *p;

	name_lower(placed, name, len);
	*p += len;
	return placed;
}

struct delegation *delegation_new(const struct delegation_spec *spec)
{
	size_t bytes = spec_bytes(spec);
	struct delegation *d = calloc(1, bytes);

	if (d == NULL)
		return NULL;
	d->expires_ms = spec->expires_ms;
	d->refs = 1;
	d->bytes = bytes;
	d->ns_count = (uint8_t)spec->ns_count;
	struct address *addresses = (struct address *)(d->ns + spec->ns_count);
	for (size_t i = 0; i < spec->ns_count; i++) {
		size_t count = spec->ns[i].address_count;
		memcpy(addresses, spec->ns[i].addresses, count * sizeof(*addresses));
		d->ns[i].addresses = addresses;
		d->ns[i].address_count = (uint8_t)count;
		addresses += count;
	}
	uint8_t *p = (uint8_t *)addresses;
	d->zone = place_name(&p, spec->zone);
	d->parent = place_name(&p, spec->parent);
	for (size_t i = 0; i < spec->ns_count; i++) {
		if (spec->ns[i].name != NULL)
			d->ns[i].name = place_name(&p, spec->ns[i].name);
	}
	return d;
}

static void take_addresses(struct delegation_spec *spec, size_t i, const struct rrset *rrset)
{
	uint8_t family = rrset->type == TYPE_A ? 4 : 6;
	uint16_t len = rrset->type == TYPE_A ? 4 : 16;

	for (size_t k = 0; k < rrset->count && spec->ns[i].address_count < REFERRAL_GLUE_MAX; k++) {
		if (rrset->rdatas[k].len != len)
			continue;
		struct address *address = &spec->ns[i].addresses[spec->ns[i].address_count++];
		*address = (struct address){.family = family};
		memcpy(address->bytes, rrset->rdatas[k].data, len);
	}
}

static void take_glue(struct delegation_spec *spec, const struct referral *referral)
{
	for (size_t i = 0; i < spec->ns_count; i++) {
		for (size_t g = 0; g < referral->glue_count; g++) {
			if (name_equal(referral->glue[g]->owner, spec->ns[i].name))
				take_addresses(spec, i, referral->glue[g]);
		}
	}
}

// The DS or its denial, as it came with the referral.
static void keep_ds(struct delegation *d, const struct response *response)
{
	if (response->referral.ds != NULL) {
		d->ds = rrset_clone(response->referral.ds);
		if (d->ds != NULL)
			d->bytes += rrset_bytes(d->ds);
	}
	for (size_t i = 0; i < response->proof_count && d->proof_count < DELEGATION_PROOFS_MAX;
	     i++) {
		struct rrset *proof = rrset_clone(response->proofs[i]);
		if (proof == NULL)
			break;
		d->bytes += rrset_bytes(proof);
		d->proofs[d->proof_count++] = proof;
	}
}

// False: it ends with this. TTL 0 holds for the moment.
static bool take_off(struct rrset *rrset, uint64_t passed_s)
{
	if (passed_s > 0 && passed_s >= rrset->ttl_s)
		return false;
	rrset->ttl_s -= (uint32_t)passed_s;
	return true;
}

bool delegation_ds_lasts(struct delegation *d, uint64_t now_ms)
{
	uint64_t passed_s = (now_ms - d->ds_ms) / 1000;
	bool lasts = d->ds == NULL || take_off(d->ds, passed_s);

	for (size_t i = 0; i < d->proof_count && lasts; i++)
		lasts = take_off(d->proofs[i], passed_s);
	if (lasts)
		d->ds_ms += passed_s * 1000;
	return lasts;
}

struct delegation *delegation_of_referral(const struct response *response,
					  const struct delegation *parent, uint64_t now_ms)
{
	const struct rrset *ns = response->referral.ns;
	struct delegation_spec spec = {.zone = ns->owner, .parent = parent->zone};
	uint64_t ttl_s = ns->ttl_s;

	// RFC 2181 §8: a TTL with its top bit set is 0 (ATTACKS E2).
	if (ttl_s > INT32_MAX)
		ttl_s = 0;
	if (ttl_s > DELEGATION_TTL_MAX_S)
		ttl_s = DELEGATION_TTL_MAX_S;
	spec.expires_ms = now_ms + ttl_s * 1000;
	if (spec.expires_ms > parent->expires_ms)
		spec.expires_ms = parent->expires_ms;
	for (size_t i = 0; i < ns->count && spec.ns_count < REFERRAL_NS_MAX; i++)
		spec.ns[spec.ns_count++].name = ns->rdatas[i].data;
	take_glue(&spec, &response->referral);
	struct delegation *d = delegation_new(&spec);
	if (d == NULL)
		return NULL;
	d->outdated = parent->outdated;
	d->ds_ms = d->made_ms = now_ms;
	keep_ds(d, response);
	return d;
}

void delegation_ref(struct delegation *d)
{
	d->refs++;
}

void delegation_unref(struct delegation *d)
{
	if (d == NULL || --d->refs > 0)
		return;
	rrset_free(d->ds);
	for (size_t i = 0; i < d->proof_count; i++)
		rrset_free(d->proofs[i]);
	delegation_unref(d->before);
	free(d->silence);
	free(d);
}

// ---- the table ----

struct delegation_table *delegation_table_new(size_t bytes_max, const uint8_t key[16])
{
	struct delegation_table *table = calloc(1, sizeof(*table));

	if (table == NULL)
		return NULL;
	table->bytes_max = bytes_max;
	memcpy(table->key, key, sizeof(table->key));
	forgotten_init(&table->forgotten, key);
	return table;
}

static void list_unlink(struct delegation_table *table, struct delegation *d)
{
	*(d->older != NULL ? &d->older->newer : &table->oldest) = d->newer;
	*(d->newer != NULL ? &d->newer->older : &table->newest) = d->older;
	d->older = d->newer = NULL;
}

static void list_append(struct delegation_table *table, struct delegation *d)
{
	d->older = table->newest;
	d->newer = NULL;
	*(table->newest != NULL ? &table->newest->newer : &table->oldest) = d;
	table->newest = d;
}

static void take_out(struct delegation_table *table, struct delegation *d)
{
	struct delegation **slot = &table->buckets[d->hash & (BUCKETS - 1)];

	while (*slot != d)
		slot = &(*slot)->next;
	*slot = d->next;
	d->next = NULL;
	list_unlink(table, d);
	table->count--;
	table->bytes -= d->bytes;
	d->stored = false;
	delegation_unref(d);
}

void delegation_table_free(struct delegation_table *table)
{
	if (table == NULL)
		return;
	while (table->oldest != NULL)
		take_out(table, table->oldest);
	free(table);
}

static uint64_t hash_of(const struct delegation_table *table, const uint8_t *lower_name)
{
	return siphash_1_3(table->key, lower_name, name_len(lower_name));
}

// The root's stays.
static bool is_gone(const struct delegation_table *table, const struct delegation *d)
{
	return is_forgotten(&table->forgotten, d->zone, d->made) && !name_is_root(d->zone);
}

static struct delegation *find_exact(const struct delegation_table *table,
				     const uint8_t *lower_name)
{
	uint64_t hash = hash_of(table, lower_name);
	struct delegation *d = table->buckets[hash & (BUCKETS - 1)];

	while (d != NULL &&
	       (d->hash != hash || !name_equal(d->zone, lower_name) || is_gone(table, d)))
		d = d->next;
	return d;
}

// What is in use is marked, and passed over once when room is made: moving it in a list at each use
// would write to its neighbours' memory.
static void make_room(struct delegation_table *table, const struct delegation *except)
{
	for (size_t tries = 2 * table->count; tries > 0 && table->bytes > table->bytes_max;
	     tries--) {
		struct delegation *d = table->oldest;

		if (d != except && !d->used_lately && !name_is_root(d->zone)) {
			take_out(table, d);
			continue;
		}
		d->used_lately = false;
		list_unlink(table, d);
		list_append(table, d);
	}
}

static uint64_t ended_ms(const struct delegation *d)
{
	if (d->unproven && d->before_ms != 0)
		return d->before_ms;
	return d->ended_ms != 0 ? d->ended_ms : d->expires_ms;
}

static bool has_addresses(const struct delegation_ns *ns, const struct delegation_ns *of)
{
	for (size_t i = 0; i < of->address_count; i++) {
		size_t k = 0;
		while (k < ns->address_count &&
		       memcmp(&ns->addresses[k], &of->addresses[i], sizeof(of->addresses[i])) != 0)
			k++;
		if (k == ns->address_count)
			return false;
	}
	return true;
}

static const struct delegation_ns *find_ns(const struct delegation *d, const uint8_t *name)
{
	for (size_t i = 0; i < d->ns_count; i++) {
		if (d->ns[i].name != NULL && name != NULL && name_equal(d->ns[i].name, name))
			return &d->ns[i];
	}
	return NULL;
}

// All that `d` names was named by the other one, too.
static bool names_no_others(const struct delegation *d, const struct delegation *other)
{
	for (size_t i = 0; i < d->ns_count; i++) {
		const struct delegation_ns *ns = find_ns(other, d->ns[i].name);
		if (ns == NULL || !has_addresses(ns, &d->ns[i]))
			return false;
	}
	return true;
}

static void drop_before(struct delegation_table *table, struct delegation *d)
{
	if (d->before == NULL)
		return;
	d->bytes -= d->before->bytes;
	if (d->stored)
		table->bytes -= d->before->bytes;
	delegation_unref(d->before);
	d->before = NULL;
}

// RFC 4035 §3.1.4: a signed zone's referral has a DS or the proof that there is none.
static bool without_proof(const struct delegation *d)
{
	return d->ds == NULL && d->proof_count == 0 && d->before != NULL;
}

// Before what stood in its place is taken out.
static void keep_proven(struct delegation *d, struct delegation *old)
{
	// Servers that the last proof came with are good enough, whoever has named them since.
	struct delegation *proven = old->unproven && old->before_ms == 0 ? old->before : old;

	if (!d->unproven || d->before != NULL || proven == NULL)
		return;
	if (names_no_others(d, proven)) {
		d->before_ms = ended_ms(proven);
		return;
	}
	delegation_ref(proven);
	d->before = proven;
	d->bytes += proven->bytes;
	d->doubtful = without_proof(d);
}

void delegation_prove(struct delegation_table *table, const uint8_t *zone, bool by_referral)
{
	struct delegation *d = find_exact(table, zone);

	if (d == NULL || !d->unproven)
		return;
	if (d->doubtful && !by_referral) {
		// One without any proof stays beside the servers to go back to.
		if (!without_proof(d))
			take_out(table, d);
		return;
	}
	d->unproven = false;
	d->before_ms = 0;
	drop_before(table, d);
}

void delegation_put(struct delegation_table *table, struct delegation *d)
{
	struct delegation *old = find_exact(table, d->zone);

	if (d->stored)
		return;
	if (old != NULL) {
		// How its servers do is not for a referral to say.
		d->good_ms = old->good_ms;
		d->probed_ms = old->probed_ms;
		d->late_ms = old->late_ms;
		keep_proven(d, old);
		take_out(table, old);
	}
	d->hash = hash_of(table, d->zone);
	d->made = table->forgotten.moment;
	d->next = table->buckets[d->hash & (BUCKETS - 1)];
	table->buckets[d->hash & (BUCKETS - 1)] = d;
	list_append(table, d);
	table->count++;
	table->bytes += d->bytes;
	d->stored = true;
	delegation_ref(d);
	make_room(table, d);
}

struct delegation *delegation_at(struct delegation_table *table, const uint8_t *zone,
				 uint64_t now_ms)
{
	struct delegation *d = find_exact(table, zone);

	return d != NULL && d->expires_ms > now_ms ? d : NULL;
}

const struct delegation *delegation_last(const struct delegation_table *table, const uint8_t *zone)
{
	return find_exact(table, zone);
}

struct delegation *delegation_find(struct delegation_table *table, const uint8_t *name,
				   uint64_t now_ms)
{
	for (;; name = name_skip(name, 1)) {
		struct delegation *d = delegation_at(table, name, now_ms);
		if (d != NULL) {
			d->used_lately = true;
			delegation_ref(d);
			return d;
		}
		if (name_is_root(name))
			return NULL;
	}
}

// ---- past their end ----

// From `above` down, one zone at a time: the servers of each know best about the next.
static struct delegation *find_ended(const struct delegation_table *table, const uint8_t *name,
				     const uint8_t *above, uint64_t stale_ms, uint64_t now_ms)
{
	for (size_t labels = name_labels(above) + 1; labels <= name_labels(name); labels++) {
		struct delegation *d = find_exact(table, name_ancestor(name, labels));
		if (d != NULL && d->unproven && d->before != NULL)
			d = d->before;
		if (d != NULL)
			return now_ms < ended_ms(d) + stale_ms ? d : NULL;
	}
	return NULL;
}

const struct delegation *delegation_ended(const struct delegation_table *table, const uint8_t *name,
					  const uint8_t *above, uint64_t stale_ms, uint64_t now_ms)
{
	return find_ended(table, name, above, stale_ms, now_ms);
}

static void copy_spec(struct delegation_spec *spec, const struct delegation *d)
{
	*spec = (struct delegation_spec){.zone = d->zone, .parent = d->parent};
	for (size_t i = 0; i < d->ns_count; i++) {
		spec->ns[i].name = d->ns[i].name;
		spec->ns[i].address_count = d->ns[i].address_count;
		memcpy(spec->ns[i].addresses, d->ns[i].addresses,
		       d->ns[i].address_count * sizeof(struct address));
	}
	spec->ns_count = d->ns_count;
}

// What was said about its DS stays behind: it would need the parent's keys.
struct delegation *delegation_revive(struct delegation_table *table, const uint8_t *name,
				     const uint8_t *above, uint64_t stale_ms, uint64_t now_ms)
{
	struct delegation *old = find_ended(table, name, above, stale_ms, now_ms);
	struct delegation_spec spec;

	if (old == NULL)
		return NULL;
	copy_spec(&spec, old);
	spec.expires_ms = now_ms + DELEGATION_REVIVED_MS;
	if (spec.expires_ms > ended_ms(old) + stale_ms)
		spec.expires_ms = ended_ms(old) + stale_ms;
	struct delegation *d = delegation_new(&spec);
	if (d == NULL)
		return NULL;
	d->ended_ms = ended_ms(old);
	d->outdated = true;
	d->unproven = old->unproven && old->before_ms == 0;
	delegation_put(table, d);
	return d;
}

bool delegation_end(struct delegation_table *table, const uint8_t *zone, uint64_t now_ms)
{
	struct delegation *d = delegation_at(table, zone, now_ms);

	if (d != NULL)
		d->expires_ms = now_ms;
	return d != NULL;
}

bool delegation_revoke(struct delegation_table *table, const uint8_t *zone)
{
	struct delegation *d = find_exact(table, zone);

	if (d != NULL)
		take_out(table, d);
	return d != NULL;
}

void delegation_forget(struct delegation_table *table, const uint8_t *name)
{
	forgotten_add(&table->forgotten, name, BUCKETS);
}

static size_t sweep(struct delegation_table *table, struct delegation *d)
{
	size_t cost = 1;

	for (struct delegation *next; d != NULL; d = next, cost += 16) {
		next = d->next;
		if (is_gone(table, d))
			take_out(table, d);
	}
	return cost;
}

bool delegation_run(struct delegation_table *table)
{
	size_t seen = 0;

	while (seen < SLICE && forgotten_any(&table->forgotten)) {
		seen += sweep(table, table->buckets[table->bucket]);
		table->bucket = (table->bucket + 1) & (BUCKETS - 1);
		forgotten_passed(&table->forgotten, 1);
	}
	return forgotten_any(&table->forgotten);
}

bool delegation_some(const struct delegation_table *table, size_t *at, size_t share,
		     uint64_t ended_ms, uint64_t now_ms,
		     void (*visit)(struct delegation *delegation, void *arg), void *arg)
{
	const size_t first = *at;

	for (size_t seen = 0; seen < share && *at < BUCKETS && *at < first + SLICE; (*at)++) {
		for (struct delegation *d = table->buckets[*at]; d != NULL; d = d->next) {
			if (d->expires_ms + ended_ms <= now_ms || is_gone(table, d))
				continue;
			visit(d, arg);
			seen++;
		}
	}
	return *at < BUCKETS;
}

size_t delegation_count(const struct delegation_table *table)
{
	return table->count;
}
