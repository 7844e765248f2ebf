#include "tests/oracle/reply_text.h"

#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"

#include <stdio.h>

static size_t put_data(const struct rrset *rrset, size_t i, char *out, size_t cap)
{
	const uint8_t *data = rrset->rdatas[i].data;
	char name[NAME_TEXT_MAX];
	size_t len = 0;

	if (rrset->type == TYPE_A)
		return (size_t)snprintf(out, cap, "%u.%u.%u.%u", data[0], data[1], data[2],
					data[3]);
	if (rrset->type == TYPE_CNAME || rrset->type == TYPE_DNAME || rrset->type == TYPE_NS ||
	    rrset->type == TYPE_SOA || rrset->type == TYPE_NSEC)
		return (size_t)snprintf(out, cap, "%s", name_to_text(data, name));
	for (size_t k = 0; k < rrset->rdatas[i].len && k < 12 && len + 3 < cap; k++)
		len += (size_t)snprintf(out + len, cap - len, "%02x", data[k]);
	return len;
}

void reply_text(const struct message *reply, char *out, size_t cap)
{
	static const char *const sections[] = {"answer", "authority", "additional"};
	char name[NAME_TEXT_MAX], type[TYPE_TEXT_MAX], data[NAME_TEXT_MAX];
	size_t len = (size_t)snprintf(out, cap, "  %s%s%s EDE %d\n", rcode_to_text(reply->rcode),
				      reply->flags & FLAG_AD ? " AD" : "",
				      reply->flags & FLAG_TC ? " TC" : "", reply->edns.ede);

	for (int s = 0; s < SECTION_COUNT; s++) {
		for (size_t i = 0; i < reply->sections[s].count; i++) {
			const struct rrset *rrset = reply->sections[s].rrsets[i];
			for (size_t k = 0; k < rrset->count && len < cap; k++) {
				put_data(rrset, k, data, sizeof(data));
				len += (size_t)snprintf(
					out + len, cap - len, "  %s: %s %u %s %s%s\n", sections[s],
					name_to_text(rrset->owner, name), rrset->ttl_s,
					type_to_text(rrset->type, type), data,
					rrset->rrsig_count > 0 ? " (signed)" : "");
			}
		}
	}
}
