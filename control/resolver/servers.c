// What is known of servers, for operators.

#include "control/resolver/task.h"
#include "control/upstream/domain.h"

#include <stdio.h>
#include <string.h>

static void describe_zone(struct resolver *resolver, struct delegation *cut,
			  void (*line)(const char *text, void *arg), void *arg)
{
	struct task asking = {.resolver = resolver, .cut = cut}; // nothing is asked
	char zone[NAME_TEXT_MAX], text[NAME_TEXT_MAX + 128];

	address_collect(&asking);
	snprintf(text, sizeof(text),
		 "%s has %u known addresses; least number of failure domains that takes all away: "
		 "%u",
		 name_to_text(cut->zone, zone), asking.server_count,
		 domain_cut(asking.servers, asking.server_count, cut->zone));
	line(text, arg);
	for (size_t i = 0; i < asking.server_count; i++)
		upstream_describe_server(resolver->parts.upstream, cut->zone,
					 &asking.servers[i].address, line, arg);
}

void resolver_servers(struct resolver *resolver, const uint8_t *name, const struct address *address,
		      void (*line)(const char *text, void *arg), void *arg)
{
	struct delegation *cut = NULL;

	if (address != NULL) {
		upstream_describe_server(resolver->parts.upstream, NULL, address, line, arg);
		return;
	}
	if (name == NULL) {
		upstream_describe(resolver->parts.upstream, line, arg);
		return;
	}
	if (route_find(resolver, name, 0, &cut) == NULL)
		cut = delegation_find(resolver->delegations, name, resolver->clock.now_ms);
	if (cut != NULL)
		describe_zone(resolver, cut, line, arg);
	delegation_unref(cut);
}
