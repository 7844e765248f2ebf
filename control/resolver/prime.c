// The root's servers: hints first, then what the root itself says (RFC 8109). What is known is
// kept until something better is validated (ATTACKS O24).

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

static bool learn_addresses(struct delegation_spec *spec, size_t i, const struct message *message,
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
	return rrset != NULL;
}

// What the response leaves out about a name known already.
static void keep_addresses(struct delegation_spec *spec, size_t i, const struct delegation *old)
{
	for (size_t k = 0; old != NULL && k < old->ns_count; k++) {
		if (old->ns[k].name == NULL || !name_equal(old->ns[k].name, spec->ns[i].name))
			continue;
		memcpy(spec->ns[i].addresses, old->ns[k].addresses,
		       old->ns[k].address_count * sizeof(struct address));
		spec->ns[i].address_count = old->ns[k].address_count;
	}
}

// ns: validated. The addresses cannot be; they only say where to ask.
void prime_learn(struct resolver *resolver, const struct message *message, const struct rrset *ns)
{
	struct delegation *old =
		delegation_find(resolver->delegations, ROOT, resolver->clock.now_ms);
	struct delegation_spec spec = {
		.zone = ROOT,
		.parent = ROOT,
		.expires_ms = DELEGATION_NEVER_EXPIRES,
	};
	size_t addresses = 0;

	for (size_t k = 0; k < ns->count && spec.ns_count < REFERRAL_NS_MAX; k++) {
		size_t i = spec.ns_count++;
		spec.ns[i].name = ns->rdatas[k].data;
		bool known = learn_addresses(&spec, i, message, TYPE_A);
		known = learn_addresses(&spec, i, message, TYPE_AAAA) || known;
		if (!known)
			keep_addresses(&spec, i, old);
		addresses += spec.ns[i].address_count;
	}
	if (addresses > 0 && old != NULL) {
		uint64_t ttl_ms = 1000ULL * ns->ttl_s;
		replace_root(resolver, &spec);
		resolver->counters.primed++;
		resolver->prime_due_ms = resolver->clock.now_ms +
					 (ttl_ms < PRIME_INTERVAL_MIN_MS ? PRIME_INTERVAL_MIN_MS
					  : ttl_ms > PRIME_INTERVAL_MS   ? PRIME_INTERVAL_MS
									 : ttl_ms);
	}
	delegation_unref(old);
}

static void done(void *arg, struct store_result *result)
{
	struct resolver *resolver = arg;
	uint64_t retry_ms = (uint64_t)PRIME_RETRY_MS
			    << (resolver->prime_failures < 9 ? resolver->prime_failures : 9);

	store_result_unref(resolver->parts.store, result);
	resolver->priming = false;
	if (resolver->prime_due_ms > resolver->clock.now_ms) {
		resolver->prime_failures = 0;
		return;
	}
	resolver->counters.prime_failures++;
	resolver->prime_failures++;
	resolver->prime_due_ms = resolver->clock.now_ms +
				 (retry_ms < PRIME_RETRY_MAX_MS ? retry_ms : PRIME_RETRY_MAX_MS);
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

// DESIGN §7: whether our own path has returned is seen even when no client asks. The root servers
// are the most diverse there are.
static uint64_t watch_uplink(struct resolver *resolver)
{
	uint64_t now_ms = resolver->clock.now_ms;

	if (!upstream_uplink_lost(resolver->parts.upstream))
		return UINT64_MAX;
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
