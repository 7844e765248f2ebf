// Rules of nftables: the nft program is run and waited for.
#pragma once

#define NFT            "/usr/sbin/nft"
#define NFT_NAME_MAX   112
#define NFT_SCRIPT_MAX 2048

// "assay_" of "eth1" is "assay_eth1": identifiers take letters, digits and '_' without quoting.
void nft_name(const char *prefix, const char *of, char out[NFT_NAME_MAX]) __attribute__((nonnull));
// The number of rules of a chain of family "netdev", "inet" or "arp": asked of the kernel, without nft. 0
// or -errno; -ENOENT: there is no such table or chain; -EPERM without CAP_NET_ADMIN.
int nft_chain(const char *family, const char *table, const char *chain, unsigned *rules)
	__attribute__((nonnull, warn_unused_result));
// One transaction. 0; -errno when nft could not be run; its exit status when it refused.
int nft_run(const char *script) __attribute__((nonnull, warn_unused_result));
