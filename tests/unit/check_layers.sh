#!/usr/bin/env bash
# scripts/check-layers must fail a tree in which a wrong arrow was planted, and only then.
#   check_layers.sh SOURCE_ROOT
set -euo pipefail

root=$1
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
failed=0

# fresh_copy FILE...: a tree of these files only, because the script reads every file it finds.
fresh_copy() {
	rm -rf "${copy:?}"/*
	mkdir -p "$copy/scripts" "$copy/dataplane" "$copy/control" "$copy/crypto"
	cp "$root/scripts/check-layers" "$copy/scripts/"
	(cd "$root" && cp --parents -t "$copy" "$@")
}

fails() {
	local out
	if out=$("$copy/scripts/check-layers" 2>&1); then
		printf 'check-layers passed %s\n' "$1" >&2
		failed=1
	elif ! grep -qF "$1" <<<"$out"; then
		printf 'check-layers does not name %s but says: %s\n' "$1" "$out" >&2
		failed=1
	fi
}

# plant FILE LINE: passes as it is, and is complained of by name with the line added.
plant() {
	fresh_copy "$1"
	if ! "$copy/scripts/check-layers"; then
		printf 'check-layers complains of %s without a wrong arrow\n' "$1" >&2
		failed=1
	fi
	printf '%s\n' "$2" >>"$copy/$1"
	fails "$1"
}

plant dataplane/dns/name.c '#include "dataplane/cache/cache.h"'
plant dataplane/cache/cache.c '#include "dataplane/answer/answer.h"'
plant dataplane/cache/cache.c '#include "control/log.h"'
plant dataplane/answer/reply.c '  #  include   "dataplane/port/port.h"'
plant dataplane/parse/packet.c '#include <rte_mbuf.h>'
plant dataplane/dns/query.c '#include <openssl/evp.h>'
plant dataplane/worker.c '#include "crypto/batch.h"'
plant dataplane/store.c '#include <rte_ring.h>'
plant crypto/batch.c '#include "dataplane/store.h"'
plant crypto/batch.h '#include "control/log.h"'
plant control/resolver/resolver.c '#include <rte_eal.h>'
plant control/resolver/resolver.c '#include "dataplane/cache/entry.h"'
plant control/posture/posture.c '#include "control/resolver/resolver.h"'
plant control/drill/drill.c '#include "control/upstream/exchange.h"'
plant control/drill/host.c '#include "control/api/api.h"'
plant control/daemon/parts.c '#include "dataplane/port/port.h"'
plant control/cli/assayctl.c '#include "control/api/api.h"'
plant control/cli/assayctl.c '#include "dataplane/dns/name.h"'

# A folder without a rule is one, too.
fresh_copy crypto/batch.c
mkdir "$copy/crypto/new"
echo 'int nothing;' >"$copy/crypto/new/new.c"
fails crypto/new/new.c

exit $failed
