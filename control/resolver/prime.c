// The root's servers: hints first, then what the root itself says (RFC 8109). What is known is
// kept until something better is validated (ATTACKS O24). Their addresses are not signed, and the
// root's name has no letter whose case could guard the question: an address that is not known yet
// comes in a reply that cannot be forged blindly, or from two servers (ATTACKS A16).

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#include <stdlib.h>
#include <string.h>

#define CANARY_MS             1000
#define ROOT                  ((const uint8_t *)"")
#define PRIME_RETRY_MS        10000
#define PRIME_RETRY_MAX_MS    3600000
#define PRIME_INTERVAL_MS     86400000ULL
#define PRIME_INTERVAL_MIN_MS 60000

static void replace_root(struct resolver *resolver, const struct delegation_spec *spec)
{
	struct delegation *root = delegation_new(spec);

	if (root == NULL)
		return;
	delegation_put(resolver->delegations, root);
	delegation_unref(root);
}

void prime_hints(struct resolver *resolver)
{
	const struct resolver_config *config = &resolver->config;
	struct delegation_spec spec = {
		.zone = ROOT,
		.parent = ROOT,
		.expires_ms = DELEGATION_NEVER_EXPIRES,
	};

	for (size_t i = 0; i < config->hint_count && spec.ns_count < REFERRAL_NS_MAX; i++) {
		const struct root_hint *hint = &config->hints[i];
		size_t n = spec.ns_count++;
		spec.ns[n].name = hint->name;
		for (size_t k = 0; k < hint->address_count && k < REFERRAL_GLUE_MAX; k++)
			spec.ns[n].addresses[spec.ns[n].address_count++] = hint->addresses[k];
	}
	if (spec.ns_count > 0)
		replace_root(resolver, &spec);
}

static void learn_addresses(struct delegation_spec *spec, size_t i, const struct message *message,
			    uint16_t type)
{
	uint16_t len = type == TYPE_A ? 4 : 16;
	const struct rrset *rrset =
		message_find(message, SECTION_ADDITIONAL, spec->ns[i].name, type);

	for (size_t k = 0; rrset != NULL && k < rrset->count; k++) {
		if (rrset->rdatas[k].len != len || spec->ns[i].address_count == REFERRAL_GLUE_MAX)
			continue;
		struct address *address = &spec->ns[i].addresses[spec->ns[i].address_count++];
		*address = (struct address){.family = type == TYPE_A ? 4 : 6};
		memcpy(address->bytes, rrset->rdatas[k].data, len);
	}
}

static const struct delegation_ns *find_ns(const struct delegation *delegation, const uint8_t *name)
{
	for (size_t i = 0; delegation != NULL && i < delegation->ns_count; i++) {
		if (delegation->ns[i].name != NULL && name_equal(delegation->ns[i].name, name))
			return &delegation->ns[i];
	}
	return NULL;
}

// What the response leaves out about a name known already, or says without proof.
static void keep_addresses(struct delegation_spec *spec, size_t i, const struct delegation *old)
{
	const struct delegation_ns *ns = find_ns(old, spec->ns[i].name);

	spec->ns[i].address_count = 0;
	if (ns == NULL)
		return;
	memcpy(spec->ns[i].addresses, ns->addresses, ns->address_count * sizeof(struct address));
	spec->ns[i].address_count = ns->address_count;
}

static bool among(const struct address *addresses, size_t count, const struct address *address)
{
	for (size_t i = 0; i < count; i++) {
		if (memcmp(&addresses[i], address, sizeof(*address)) == 0)
			return true;
	}
	return false;
}

static bool is_hinted(const struct resolver *resolver, const uint8_t *name,
		      const struct address *address)
{
	const struct resolver_config *config = &resolver->config;

	for (size_t i = 0; i < config->hint_count; i++) {
		const struct root_hint *hint = &config->hints[i];
		if (name_equal(hint->name, name) &&
		    among(hint->addresses, hint->address_count, address))
			return true;
	}
	return false;
}

// What of a name's addresses nobody has vouched for yet.
static bool is_doubtful(const struct resolver *resolver, const struct delegation_spec *spec,
			size_t i, const struct delegation *old, const struct delegation *other)
{
	const uint8_t *name = spec->ns[i].name;
	const struct delegation_ns *known = find_ns(old, name), *claimed = find_ns(other, name);

	for (size_t k = 0; k < spec->ns[i].address_count; k++) {
		const struct address *address = &spec->ns[i].addresses[k];
		if (!is_hinted(resolver, name, address) &&
		    !(known != NULL && among(known->addresses, known->address_count, address)) &&
		    !(claimed != NULL &&
		      among(claimed->addresses, claimed->address_count, address)))
			return true;
	}
	return false;
}

static uint64_t retry_ms(unsigned failures)
{
	uint64_t ms = (uint64_t)PRIME_RETRY_MS << (failures < 9 ? failures : 9);

	return ms < PRIME_RETRY_MAX_MS ? ms : PRIME_RETRY_MAX_MS;
}

// Remembers what one server said alone, and has the root asked again soon.
static void doubt(struct resolver *resolver, const struct delegation_spec *said,
		  const struct address *server)
{
	delegation_unref(resolver->root_claim);
	resolver->root_claim = delegation_new(said);
	resolver->root_claimant = *server;
	resolver->counters.prime_doubts++;
	resolver->prime_due_ms = resolver->clock.now_ms + retry_ms(resolver->prime_doubted);
	if (resolver->prime_doubted < UINT8_MAX)
		resolver->prime_doubted++;
}

static void settle(struct resolver *resolver, uint32_t ttl_s)
{
	uint64_t ttl_ms = 1000ULL * ttl_s;

	delegation_unref(resolver->root_claim);
	resolver->root_claim = NULL;
	resolver->prime_doubted = 0;
	resolver->prime_due_ms =
		resolver->clock.now_ms + (ttl_ms < PRIME_INTERVAL_MIN_MS ? PRIME_INTERVAL_MIN_MS
					  : ttl_ms > PRIME_INTERVAL_MS   ? PRIME_INTERVAL_MS
									 : ttl_ms);
}

// One server by two of its addresses: whoever spoils what one of them says spoils the other's, too.
static bool is_one_server(const struct delegation *root, const struct address *a,
			  const struct address *b)
{
	for (size_t i = 0; root != NULL && i < root->ns_count; i++) {
		const struct delegation_ns *ns = &root->ns[i];
		if (!among(ns->addresses, ns->address_count, a))
			continue;
		for (size_t k = 0; k < root->ns_count; k++) {
			const struct delegation_ns *other = &root->ns[k];
			if (among(other->addresses, other->address_count, b) &&
			    name_equal(ns->name, other->name))
				return true;
		}
	}
	return memcmp(a, b, sizeof(*a)) == 0;
}

void prime_learn(struct resolver *resolver, const struct reply *reply, const struct rrset *ns)
{
	struct delegation *old =
		delegation_find(resolver->delegations, ROOT, resolver->clock.now_ms);
	bool another = !is_one_server(old, &resolver->root_claimant, &reply->server);
	const struct delegation *other = another ? resolver->root_claim : NULL;
	struct delegation_spec spec = {
		.zone = ROOT,
		.parent = ROOT,
		.expires_ms = DELEGATION_NEVER_EXPIRES,
	};
	struct delegation_spec said;
	bool doubtful = false;
	size_t addresses = 0;

	for (size_t k = 0; k < ns->count && spec.ns_count < REFERRAL_NS_MAX; k++) {
		size_t i = spec.ns_count++;
		spec.ns[i].name = ns->rdatas[k].data;
		learn_addresses(&spec, i, reply->message, TYPE_A);
		learn_addresses(&spec, i, reply->message, TYPE_AAAA);
	}
	said = spec;
	for (size_t i = 0; i < spec.ns_count; i++) {
		bool doubt_it = !reply->strong && is_doubtful(resolver, &spec, i, old, other);
		if (doubt_it || spec.ns[i].address_count == 0)
			keep_addresses(&spec, i, old);
		doubtful = doubtful || doubt_it;
		addresses += spec.ns[i].address_count;
	}
	if (addresses > 0 && old != NULL) {
		replace_root(resolver, &spec);
		resolver->counters.primed++;
		if (doubtful)
			doubt(resolver, &said, &reply->server);
		else
			settle(resolver, ns->ttl_s);
	}
	delegation_unref(old);
}

// Where one server alone has named an address, every other question goes over TCP, the ones between
// to another server if there is one.
void prime_prepare(struct task *task)
{
	const struct resolver *resolver = task->resolver;

	if (resolver->prime_doubted == 0 || !name_is_root(task->name) || task->type != TYPE_NS)
		return;
	task->over_tcp = resolver->prime_doubted % 2 == 1;
	task->avoid = resolver->root_claimant;
	task->has_avoid = true;
}

void prime_close(struct resolver *resolver)
{
	delegation_unref(resolver->root_claim);
	resolver->root_claim = NULL;
}

static void done(void *arg, struct store_result *result)
{
	struct resolver *resolver = arg;

	store_result_unref(resolver->parts.store, result);
	resolver->priming = false;
	if (resolver->prime_due_ms > resolver->clock.now_ms) {
		resolver->prime_failures = 0;
		return;
	}
	resolver->counters.prime_failures++;
	resolver->prime_due_ms = resolver->clock.now_ms + retry_ms(resolver->prime_failures);
	resolver->prime_failures++;
	// What TCP could not settle, another server may.
	if (resolver->prime_doubted > 0 && resolver->prime_doubted < UINT8_MAX)
		resolver->prime_doubted++;
}

static void start(struct resolver *resolver)
{
	resolver->priming = client_ask(resolver, ROOT, TYPE_NS, done);
	if (!resolver->priming)
		resolver->prime_due_ms = resolver->clock.now_ms + PRIME_RETRY_MS;
}

static void canary_done(void *arg, struct store_result *result)
{
	struct resolver *resolver = arg;

	store_result_unref(resolver->parts.store, result);
}

// DESIGN §7: whether our own path is lost, and whether it has returned, is seen even when no client
// asks. The root servers are the most diverse there are, and nobody chooses them but us.
static uint64_t watch_uplink(struct resolver *resolver)
{
	uint64_t now_ms = resolver->clock.now_ms;
	uint64_t in_ms = upstream_uplink_doubted_in_ms(resolver->parts.upstream);

	if (in_ms > 0)
		return in_ms == UINT64_MAX ? UINT64_MAX : now_ms + in_ms;
	if (now_ms >= resolver->canary_ms) {
		resolver->canary_ms = now_ms + CANARY_MS;
		resolver->counters.canaries += client_ask(resolver, ROOT, TYPE_NS, canary_done);
	}
	return resolver->canary_ms;
}

uint64_t prime_run(struct resolver *resolver)
{
	struct delegation *cut = NULL;

	if (resolver->config.hint_count == 0 || resolver->closing)
		return UINT64_MAX;
	// The root itself is forwarded: nobody here asks its servers, and canaries go to the
	// forwarders.
	bool routed = route_find(resolver, ROOT, TYPE_NS, &cut) != NULL;
	delegation_unref(cut);
	if (routed)
		return watch_uplink(resolver);
	if (!resolver->priming && resolver->prime_due_ms <= resolver->clock.now_ms)
		start(resolver);
	uint64_t canary_ms = watch_uplink(resolver);
	return resolver->priming || canary_ms < resolver->prime_due_ms ? canary_ms
								       : resolver->prime_due_ms;
}
