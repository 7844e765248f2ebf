#include "dataplane/port/ingress.h"

#include "dataplane/nft.h"
#include "dataplane/sentence.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int ingress_close(const char *interface, const char *now, char *err, size_t err_len)
{
	char table[NFT_NAME_MAX], script[512];
	int code;

	nft_name("assay_", interface, table);
	// Naming a table that may not exist makes deleting it safe; all of it is one transaction.
	snprintf(script, sizeof script,
		 "table netdev %s; delete table netdev %s; table netdev %s { chain ingress { "
		 "type filter hook ingress device \"%s\" priority 0; policy drop; }; }",
		 table, table, table, now);
	code = nft_run(script);
	if (code == -ENOENT)
		return sentence(err, err_len, code,
				"net_af_packet on %s needs " NFT
				" (package nftables), or the kernel "
				"would answer every packet as well",
				interface);
	if (code < 0)
		return sentence(err, err_len, code, "cannot run " NFT ": %s", strerror(-code));
	if (code > 0)
		return sentence(err, err_len, -EPERM,
				"nft did not accept an ingress chain for %s (exit status %d): "
				"net_af_packet needs the kernel's netdev hook and CAP_NET_ADMIN",
				interface, code);
	return 0;
}

void ingress_open(const char *interface)
{
	char table[NFT_NAME_MAX], script[128];

	nft_name("assay_", interface, table);
	snprintf(script, sizeof script, "table netdev %s; delete table netdev %s", table, table);
	// Nothing is left to be done when it fails: the next start replaces the table.
	(void)!nft_run(script);
}

int ingress_is_closed(const char *interface)
{
	char table[NFT_NAME_MAX];
	unsigned rules;
	int code;

	nft_name("assay_", interface, table);
	code = nft_chain("netdev", table, "ingress", &rules);
	return code == -ENOENT ? 0 : code < 0 ? code : 1;
}
