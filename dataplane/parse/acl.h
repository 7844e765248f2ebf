// Who may ask: prefixes with an action, longest match wins, closed by default.
// Built by control, immutable afterwards, read by poll-mode cores.
#pragma once

#include "dataplane/parse/packet.h"

#include <stdbool.h>
#include <stddef.h>

enum acl_action { ACL_REFUSE, ACL_ALLOW, ACL_DROP, ACL_MIXED };

struct acl_rule {
	struct address prefix;
	uint8_t prefix_len;
	enum acl_action action;
};

// What the first 16 bits of an address say for all that begin with them.
// ACL_MIXED: not the same for all.
struct acl_top {
	uint8_t actions[1 << 16];
};

struct acl; // begins with two of them: IPv4, IPv6
// RFC 1918, RFC 6598, ULA, link-local and loopback.
extern const struct acl_rule acl_default_rules[];
extern const size_t acl_default_rule_count;

// Two rules for one prefix: the later one holds. NULL when there is no memory.
struct acl *acl_new(const struct acl_rule *rules, size_t count) __attribute__((warn_unused_result));
void acl_free(struct acl *acl);
// REFUSE when nothing matches. Bounded work whatever the number of rules. IPv4-mapped IPv6
// addresses are looked up as IPv6.
enum acl_action acl_lookup(const struct acl *acl, const struct address *client)
	__attribute__((nonnull, pure));
// The same from two bytes of the address, for most: or ACL_MIXED.
static inline enum acl_action acl_glance(const struct acl *acl, uint8_t family,
					 const uint8_t *bytes)
{
	const struct acl_top *top = (const struct acl_top *)acl + (family == 6);

	return (enum acl_action)top->actions[bytes[0] << 8 | bytes[1]];
}
// "192.0.2.0/24", "2001:db8::/32", or an address alone. 0 or -EINVAL (host bits set is an error).
int acl_prefix_from_text(const char *text, struct acl_rule *out)
	__attribute__((nonnull, warn_unused_result));
int address_from_text(const char *text, struct address *out)
	__attribute__((nonnull, warn_unused_result));
#define ADDRESS_TEXT_MAX 46
char *address_to_text(const struct address *address, char out[ADDRESS_TEXT_MAX])
	__attribute__((nonnull));
