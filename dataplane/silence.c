#include "dataplane/silence.h"

#include "dataplane/nft.h"
#include "dataplane/port/device.h"
#include "dataplane/sentence.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct script {
	char text[NFT_SCRIPT_MAX];
	size_t len;
};

// Bounded by what it is made of: an interface's name and two addresses.
static void add(struct script *script, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void add(struct script *script, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	script->len += (size_t)vsnprintf(script->text + script->len,
					 sizeof(script->text) - script->len, format, args);
	va_end(args);
}

static const char *address_text(const struct address *address, char out[INET6_ADDRSTRLEN])
{
	return inet_ntop(address->family == 4 ? AF_INET : AF_INET6, address->bytes, out,
			 INET6_ADDRSTRLEN);
}

bool silence_has_scope(const struct silence_scope *scope)
{
	return scope->interface[0] != '\0' || scope->sources[0].family || scope->sources[1].family;
}

// "assay_upstream_eth1_of_eth0", "assay_upstream_192_0_2_1_of_0000_01_00_0": nobody else has the
// port.
static void table_name(const struct silence_scope *scope, char out[NFT_NAME_MAX])
{
	const struct address *source = &scope->sources[scope->sources[0].family ? 0 : 1];
	char text[INET6_ADDRSTRLEN], of[2 * INET6_ADDRSTRLEN], port[DEVICE_NAME_MAX];
	const char *from = scope->interface;

	if (from[0] == '\0')
		from = address_text(source, text);
	(void)device_owned(scope->port, port);
	snprintf(of, sizeof(of), "%s_of_%.40s", from, port);
	nft_name("assay_upstream_", of, out);
}

// ICMP: 2 protocol, 3 port. ICMPv6: 4 port; 1 unknown next header, as the parameter problem it is.
static void add_rules(struct script *script, const char *from, bool v4, bool v6)
{
	if (v4)
		add(script, "%s icmp type 3 icmp code { 2, 3 } drop; ", from);
	if (v6)
		add(script,
		    "%s icmpv6 type 1 icmpv6 code 4 drop; %s icmpv6 type 4 icmpv6 code 1 drop; ",
		    from, from);
}

static void add_removal(struct script *script, const char *table)
{
	// Naming a table that may not exist makes deleting it safe; all of it is one transaction.
	add(script, "table inet %s; delete table inet %s; ", table, table);
}

static void write_rules(const struct silence_scope *scope, const char *table, struct script *script)
{
	char from[INET6_ADDRSTRLEN + 16], text[INET6_ADDRSTRLEN];

	add_removal(script, table);
	add(script,
	    "table inet %s { chain output { type filter hook output priority 0; policy accept; ",
	    table);
	if (scope->interface[0] != '\0') {
		snprintf(from, sizeof(from), "oifname \"%s\"", scope->interface);
		add_rules(script, from, true, true);
	}
	for (size_t i = 0; i < SILENCE_SOURCES_MAX; i++) {
		const struct address *source = &scope->sources[i];

		if (!source->family)
			continue;
		snprintf(from, sizeof(from), "%s saddr %s", source->family == 4 ? "ip" : "ip6",
			 address_text(source, text));
		add_rules(script, from, source->family == 4, source->family == 6);
	}
	add(script, "}; }");
}

int silence_begin(const struct silence_scope *scope, char *err, size_t err_len)
{
	struct script script = {.len = 0};
	char table[NFT_NAME_MAX];
	int code;

	table_name(scope, table);
	write_rules(scope, table, &script);
	code = nft_run(script.text);
	if (code < 0)
		return sentence(err, err_len, code, "cannot run " NFT " (package nftables): %s",
				strerror(-code));
	if (code > 0)
		return sentence(
			err, err_len, -EPERM,
			"nft did not accept table %s (exit status %d): it needs CAP_NET_ADMIN",
			table, code);
	return 0;
}

int silence_holds(const struct silence_scope *scope)
{
	char table[NFT_NAME_MAX];
	unsigned rules = 0;
	int code;

	table_name(scope, table);
	code = nft_chain("inet", table, "output", &rules);
	return code == -ENOENT ? 0 : code < 0 ? code : rules > 0;
}

void silence_end(const struct silence_scope *scope)
{
	struct script script = {.len = 0};
	char table[NFT_NAME_MAX];

	table_name(scope, table);
	add_removal(&script, table);
	// Nothing is left to be done when it fails: the next start replaces the table.
	(void)!nft_run(script.text);
}
