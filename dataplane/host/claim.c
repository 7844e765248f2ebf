#include "dataplane/host/claim.h"

#include "dataplane/nft.h"
#include "dataplane/sentence.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

// The longest: 64 addresses of 15 characters and ", ", twice 15 of the tap's name and four times
// the table's.
struct script {
	char text[NFT_SCRIPT_MAX];
};

static void table_name(const char *tap, char out[NFT_NAME_MAX])
{
	nft_name("assay_claim_", tap, out);
}

static size_t addresses_text(const struct service_addresses *service, char *out, size_t max)
{
	size_t count = 0, len = 0;

	for (size_t i = 0; i < service->count; i++) {
		const uint8_t *byte = service->list[i].bytes;

		if (service->list[i].family != 4)
			continue;
		len += (size_t)snprintf(out + len, max - len, "%s%u.%u.%u.%u", count ? ", " : "",
					byte[0], byte[1], byte[2], byte[3]);
		count++;
	}
	return count;
}

static void write_rules(const char *tap, const char *addresses, struct script *script)
{
	char table[NFT_NAME_MAX];

	table_name(tap, table);
	// Naming a table that may not exist makes deleting it safe; all of it is one transaction.
	snprintf(script->text, sizeof(script->text),
		 "table arp %s; delete table arp %s; table arp %s { "
		 "set service { type ipv4_addr; elements = { %s }; }; "
		 "chain input { type filter hook input priority 0; policy accept; "
		 "iifname != \"%s\" arp operation request arp daddr ip @service drop; }; "
		 "chain output { type filter hook output priority 0; policy accept; "
		 "oifname != \"%s\" arp operation request arp saddr ip @service "
		 "arp saddr ip set 0.0.0.0; }; }",
		 table, table, table, addresses, tap, tap);
}

int claim_begin(const char *tap, const struct service_addresses *service, char *err, size_t err_len)
{
	char addresses[64 * 17 + 1];
	struct script script;
	int code;

	if (addresses_text(service, addresses, sizeof(addresses)) == 0)
		return 0;
	write_rules(tap, addresses, &script);
	code = nft_run(script.text);
	if (code < 0)
		return sentence(err, err_len, code, "cannot run " NFT " (package nftables): %s",
				strerror(-code));
	if (code > 0)
		return sentence(err, err_len, -EPERM,
				"nft did not accept a table of ARP (exit status %d): it needs "
				"CAP_NET_ADMIN and the kernel's nf_tables with ARP",
				code);
	return 0;
}

int claim_holds(const char *tap, const struct service_addresses *service)
{
	static const char *const chains[] = {"input", "output"};
	char table[NFT_NAME_MAX], addresses[64 * 17 + 1];
	unsigned rules = 1;

	if (addresses_text(service, addresses, sizeof(addresses)) == 0)
		return 1;
	table_name(tap, table);
	for (size_t i = 0; i < 2 && rules > 0; i++) {
		int code = nft_chain("arp", table, chains[i], &rules);
		if (code < 0)
			return code == -ENOENT ? 0 : code;
	}
	return rules > 0;
}

static int setting(const char *path)
{
	FILE *stream = fopen(path, "re");
	int value;

	if (stream == NULL)
		return 0;
	if (fscanf(stream, "%d", &value) != 1)
		value = 0;
	fclose(stream);
	return value;
}

bool claim_needless(void)
{
	return setting("/proc/sys/net/ipv4/conf/all/arp_ignore") >= 1 &&
	       setting("/proc/sys/net/ipv4/conf/all/arp_announce") >= 2;
}

void claim_end(const char *tap)
{
	char table[NFT_NAME_MAX];
	struct script script;

	table_name(tap, table);
	snprintf(script.text, sizeof(script.text), "table arp %s; delete table arp %s", table,
		 table);
	// Nothing is left to be done when it fails: the next start replaces the table.
	(void)!nft_run(script.text);
}
