// Where a zone's name servers are: glue of the parent's referral, validated addresses from
// the cache, and look-ups of the rest, few at a time and few in all (ATTACKS D1, C4).

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#include <errno.h>
#include <string.h>

#define FETCHES_AT_ONCE 2 // NS names

static bool add_server(struct task *task, const struct address *address, const uint8_t *ns_name,
		       const struct pool_server *pool)
{
	const int known = iterate_server_index(task, address);

	if (known >= 0) {
		if ((task->held_back & UINT32_C(1) << known) != 0)
			task->servers[known].tries = 0;
		task->held_back &= ~(UINT32_C(1) << known);
		return true;
	}
	if (task->server_count == TASK_SERVERS_MAX)
		return false;
	// ATTACKS A14
	if (!upstream_may_ask(task->resolver->parts.upstream, address))
		return false;
	task->servers[task->server_count] =
		(struct candidate){.address = *address, .ns_name = ns_name, .pool = pool};
	task->servers[task->server_count].label =
		upstream_label(task->resolver->parts.upstream, address);
	task->server_count++;
	return true;
}

static size_t add_entry(struct task *task, const uint8_t *ns_name, const uint8_t *owner,
			const struct entry *entry, enum entry_security least,
			const struct entry_moment *at)
{
	struct entry_reader reader;
	struct entry_facts facts;
	enum entry_part part;
	struct record record;
	size_t added = 0;

	if (!entry_addresses(entry, owner, least, at, &reader))
		return 0;
	entry_facts(entry, &facts);
	if (facts.provenance == FROM_NON_AUTHORITY)
		return 0;
	while (added < REFERRAL_GLUE_MAX && entry_next(&reader, &part, &record)) {
		struct address address = {.family = record.type == TYPE_A ? 4 : 6};
		if (part != ENTRY_DATA || record.rdlen != (record.type == TYPE_A ? 4 : 16))
			continue;
		memcpy(address.bytes, record.rdata, record.rdlen);
		added += add_server(task, &address, ns_name, NULL);
	}
	return added;
}

static size_t add_cached(struct task *task, const uint8_t *ns_name, uint16_t type)
{
	const struct entry_moment now = resolver_moment(task->resolver);

	return add_entry(task, ns_name, ns_name, cache_find(task->resolver->cache, ns_name, type),
			 SECURITY_INSECURE, &now);
}

// The names of the root's servers are in a zone that is not signed, so what is cached of them may
// be forged; prime.c says where the root is (ATTACKS A16).
static bool is_root(const struct task *task)
{
	return name_is_root(task->cut->zone);
}

static void collect_ns(struct task *task, size_t i)
{
	const struct delegation_ns *ns = &task->cut->ns[i];
	size_t glue = 0, cached = 0;

	for (size_t k = 0; k < ns->address_count; k++)
		glue += add_server(task, &ns->addresses[k], ns->name, NULL);
	if (ns->name != NULL && !is_root(task)) {
		cached += add_cached(task, ns->name, TYPE_A);
		cached += add_cached(task, ns->name, TYPE_AAAA);
	}
	task->ns_state[i] = cached > 0 ? NS_KNOWN : glue > 0 ? NS_GLUE : NS_UNKNOWN;
}

static void collect_route(struct task *task)
{
	const struct pool *pool = task->route->pool;

	for (size_t i = 0; i < pool->count; i++)
		add_server(task, &pool->servers[i].address, NULL, &pool->servers[i]);
}

void address_collect(struct task *task)
{
	task->servers_known = true;
	if (task->route != NULL) {
		collect_route(task);
		return;
	}
	// Where not all may find room, others do each time.
	const size_t count = task->cut->ns_count;
	const size_t first =
		count > TASK_SERVERS_MAX / 2
			? upstream_draw(task->resolver->parts.upstream, (uint32_t)count)
			: 0;
	for (size_t i = 0; i < count; i++)
		collect_ns(task, (first + i) % count);
}

static bool look_up(struct task *task, size_t i, uint16_t type)
{
	if (task_wait(task, WAIT_ADDRESS, task->cut->ns[i].name, type, (uint8_t)i) != 0)
		return false;
	task->ns_pending[i]++;
	if ((task->ns_unproven & UINT32_C(1) << i) != 0)
		cds_list_entry(task->waits.prev, struct waiter, in_parent)->task->past_failure =
			true;
	return true;
}

static bool fetch(struct task *task, size_t i)
{
	struct resolver *resolver = task->resolver;
	bool started = false;

	resolver->counters.address_fetches++;
	task->fetches++;
	task->ns_state[i] = NS_FETCHING;
	if (resolver->ipv4)
		started = look_up(task, i, TYPE_A);
	if (resolver->ipv6)
		started = look_up(task, i, TYPE_AAAA) || started;
	if (!started)
		task->ns_state[i] = NS_FAILED;
	return started;
}

// Glue may be out of date: names outside the zone can be asked for (inside, only the
// zone's own servers would know).
static bool worth_fetching(const struct task *task, size_t i, enum ns_state wanted)
{
	const uint8_t *name = task->cut->ns[i].name;

	if (task->ns_state[i] != wanted || name == NULL)
		return false;
	return wanted == NS_UNKNOWN || !name_within(name, task->cut->zone);
}

static unsigned fetch_some(struct task *task, enum ns_state wanted)
{
	unsigned started = 0;

	for (size_t i = 0; i < task->cut->ns_count; i++) {
		if (started == FETCHES_AT_ONCE || task->fetches == TASK_FETCHES_MAX)
			break;
		if (worth_fetching(task, i, wanted))
			started += fetch(task, i);
	}
	return started;
}

static bool has_state(const struct task *task, enum ns_state state)
{
	for (size_t i = 0; i < task->cut->ns_count; i++) {
		if (task->ns_state[i] == state)
			return true;
	}
	return false;
}

// The zone that a server's name is in may be silent, and nothing of the zones that it serves: where
// the server was counts on, as long as stale data do (RFC 8767).
static size_t add_stale(struct task *task, size_t i)
{
	const uint8_t *name = task->cut->ns[i].name;
	size_t found = 0;

	for (int k = 0; k < 2; k++) {
		const struct entry *entry =
			stale_entry(task->resolver, name, k == 0 ? TYPE_A : TYPE_AAAA);
		if (entry != NULL)
			found += add_entry(task, name, name, entry, SECURITY_INSECURE, NULL);
	}
	return found;
}

bool address_fetch(struct task *task)
{
	if (task->route != NULL || is_root(task))
		return false;
	if (has_state(task, NS_FETCHING) || fetch_some(task, NS_UNKNOWN) > 0 ||
	    fetch_some(task, NS_GLUE) > 0)
		return true;
	bool held_up = has_state(task, NS_HELD_UP);
	if (held_up)
		address_hold_up(task);
	return held_up;
}

void address_forget(struct task *task)
{
	for (size_t i = 0; i < REFERRAL_NS_MAX; i++) {
		if (task->ns_state[i] == NS_FETCHING || task->ns_state[i] == NS_HELD_UP)
			task->ns_state[i] = NS_UNKNOWN;
		task->ns_pending[i] = 0;
	}
}

// Whoever wants an address of this look-up need not wait for it before it looks up others.
void address_hold_up(struct task *task)
{
	struct waiter *waiter;

	cds_list_for_each_entry(waiter, &task->waiters, in_task)
	{
		struct task *parent = waiter->parent;
		if (waiter->purpose != WAIT_ADDRESS ||
		    parent->ns_state[waiter->slot] != NS_FETCHING)
			continue;
		parent->ns_state[waiter->slot] = NS_HELD_UP;
		if (parent->state != TASK_WAIT_ADDRESS)
			continue;
		add_stale(parent, waiter->slot);
		task_ready(parent);
	}
}

// While the servers whose addresses are known are asked.
bool address_fetch_more(struct task *task)
{
	return task->route == NULL && !is_root(task) &&
	       (has_state(task, NS_FETCHING) || fetch_some(task, NS_UNKNOWN) > 0 ||
		has_state(task, NS_HELD_UP));
}

// What the parents' referrals down to a server's own zone said of its address: for when that zone
// does not tell it, or tells one that is dead. Only delegations of zones at or above the name
// count.
// XXX: a referral that has ended, while what the zone itself said has not, is not asked for anew.
static size_t add_glue_of(struct task *task, const uint8_t *ns_name)
{
	struct resolver *resolver = task->resolver;
	const uint8_t *name = ns_name;
	size_t found = 0;

	while (found == 0) {
		struct delegation *d =
			delegation_find(resolver->delegations, name, resolver->clock.now_ms);
		if (d == NULL)
			break;
		for (size_t i = 0; i < d->ns_count; i++) {
			if (d->ns[i].name == NULL || !name_equal(d->ns[i].name, ns_name))
				continue;
			for (size_t k = 0; k < d->ns[i].address_count; k++)
				found += add_server(task, &d->ns[i].addresses[k], ns_name, NULL);
		}
		bool root = name_is_root(d->zone);
		if (!root)
			name = name_skip(ns_name, (uint8_t)(name_labels(ns_name) -
							    name_labels(d->zone) + 1));
		delegation_unref(d);
		if (root)
			break;
	}
	return found;
}

// ---- servers that are asked last ----

static void hold_back(struct task *task, uint32_t servers)
{
	task->held_back |= servers;
	for (size_t i = 0; i < task->server_count; i++) {
		if ((task->held_back & UINT32_C(1) << i) != 0)
			task->servers[i].tries = TASK_TRIES_MAX;
	}
}

// All those from the first on.
static uint32_t servers_from(const struct task *task, size_t first)
{
	uint32_t servers = 0;

	for (size_t i = first; i < task->server_count; i++)
		servers |= UINT32_C(1) << i;
	return servers;
}

bool address_let_go(struct task *task)
{
	const bool any = task->held_back != 0;

	if (!task->lasts_known)
		return false;
	for (size_t i = 0; i < task->server_count; i++) {
		if ((task->held_back & UINT32_C(1) << i) != 0)
			task->servers[i].tries = 0;
	}
	task->held_back = 0;
	return any;
}

// RFC 2181 §10.3: an NS name is no alias. One link is followed all the same, as others do.
static size_t add_alias(struct task *task, const uint8_t *ns_name, const struct chain *chain)
{
	const uint32_t held_back = task->held_back;
	const size_t before = task->server_count;
	uint8_t target[NAME_MAX_LEN];

	if (!entry_alias(chain->links[0], ns_name, TYPE_A, SECURITY_INSECURE, NULL, target))
		return 0;
	const size_t found =
		add_entry(task, ns_name, target, chain->links[1], SECURITY_INSECURE, NULL);

	hold_back(task, held_back | servers_from(task, before));
	return found;
}

static bool more_to_fetch(const struct task *task)
{
	if (has_state(task, NS_FETCHING) || has_state(task, NS_HELD_UP))
		return true;
	for (size_t i = 0; i < task->cut->ns_count; i++) {
		if (task->fetches < TASK_FETCHES_MAX &&
		    (worth_fetching(task, i, NS_UNKNOWN) || worth_fetching(task, i, NS_GLUE)))
			return true;
	}
	return false;
}

void address_find_last(struct task *task)
{
	const size_t before = task->server_count;

	if (task->route != NULL || task->lasts_known || more_to_fetch(task))
		return;
	task->lasts_known = true;
	for (size_t i = 0; i < task->cut->ns_count; i++) {
		if (task->cut->ns[i].name != NULL && task->ns_state[i] == NS_KNOWN)
			add_glue_of(task, task->cut->ns[i].name);
	}
	hold_back(task, servers_from(task, before));
}

// Validated, or proven insecure.
static size_t add_delivered(struct task *task, const uint8_t *ns_name, const struct chain *chain)
{
	if (chain->failed)
		return 0;
	if (chain->count == 1)
		return add_entry(task, ns_name, ns_name, chain->links[0], SECURITY_INSECURE, NULL);
	return chain->count == 2 ? add_alias(task, ns_name, chain) : 0;
}

// ---- addresses that do not validate ----

static bool is_bogus(const struct chain *chain)
{
	struct entry_facts facts;

	if (!chain->failed || chain->count == 0)
		return false;
	entry_facts(chain->links[chain->count - 1], &facts);
	return facts.kind == ENTRY_FAILURE && ede_is_of_validation(facts.ede);
}

// The zone that a server's name is in may be broken, and nothing of the zones that it serves. An
// address proves nothing: who forges one could as well forge the answer, signed data prove
// themselves, and glue is believed that nobody proves. It holds for this question.
bool address_fetch_unproven(struct task *task)
{
	unsigned started = 0;

	if (task->route != NULL || is_root(task))
		return false;
	for (size_t i = 0; i < task->cut->ns_count; i++) {
		if (started == FETCHES_AT_ONCE || task->fetches == TASK_FETCHES_MAX)
			break;
		if ((task->ns_bogus & ~task->ns_unproven & UINT32_C(1) << i) == 0)
			continue;
		task->ns_unproven |= UINT32_C(1) << i;
		started += fetch(task, i);
	}
	return started > 0;
}

static size_t add_unproven(struct task *task, uint8_t slot, const struct task *child)
{
	const uint8_t *name = task->cut->ns[slot].name;

	if ((task->ns_unproven & UINT32_C(1) << slot) == 0 || !child->has_unproven ||
	    child->unproven.count != 1)
		return 0;
	return add_entry(task, name, name, child->unproven.links[0], SECURITY_UNPROVEN, NULL);
}

// What is known of an address that could not be looked up.
static bool find_otherwise(struct task *task, uint8_t slot)
{
	const uint32_t held_back = task->held_back;

	if (add_glue_of(task, task->cut->ns[slot].name) > 0)
		return true;
	const size_t before = task->server_count;
	if (add_stale(task, slot) == 0)
		return false;
	hold_back(task, held_back | servers_from(task, before));
	return true;
}

void address_deliver(struct task *task, uint8_t slot, const struct task *child)
{
	const bool bogus = is_bogus(&child->chain);

	if (add_delivered(task, task->cut->ns[slot].name, &child->chain) > 0 ||
	    add_unproven(task, slot, child) > 0)
		task->ns_state[slot] = NS_KNOWN;
	else if (bogus)
		task->ns_bogus |= UINT32_C(1) << slot;
	task->ns_pending[slot]--;
	bool fetching = task->ns_state[slot] == NS_FETCHING || task->ns_state[slot] == NS_HELD_UP;
	if (!fetching || task->ns_pending[slot] != 0) {
		iterate_servers_found(task);
		return;
	}
	task->ns_state[slot] = find_otherwise(task, slot) ? NS_KNOWN : NS_FAILED;
	if (task->ns_state[slot] == NS_FAILED)
		explain_no_address(task, task->cut->ns[slot].name, bogus);
	iterate_servers_found(task);
}
