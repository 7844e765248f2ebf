// Every option of assayd.yaml in one table: path, kind, default, bounds, unit, words. Defaults and
// bounds are applied from here (check.c), and help text and man page are printed from here.
#pragma once

#include <stddef.h>
#include <stdint.h>

// What the bounds of an option count: nothing (FLAG, WORD), the number itself, bytes, characters,
// entries of the list, or what its file holds, which the reader of that file counts.
enum option_kind {
	OPTION_FLAG,
	OPTION_WORD,
	OPTION_NUMBER,
	OPTION_SIZE,
	OPTION_TEXT,
	OPTION_LIST,
	OPTION_FILE
};

//  path, kind, default (as in the file), minimum, maximum, unit, words
#define CONFIG_OPTIONS(X)                                                                          \
	X("ports", LIST, "(required)", 1, 8, "entries",                                            \
	  "what packets come in by: a `device` each")                                              \
	X("ports.device", TEXT, "(required)", 1, 255, "characters",                                \
	  "a PCI address, or a virtual device with its options (net_af_xdp0,iface=eth1)")          \
	X("service.addresses", LIST, "(required)", 1, 64, "entries",                               \
	  "addresses to answer on, each with the length of its on-link prefix "                    \
	  "(192.0.2.53/24)")                                                                       \
	X("service.tap", TEXT, "assay0", 0, 15, "characters",                                      \
	  "interface that carries the service addresses for ARP, ND, ICMP and TCP; \"\" "          \
	  "for none")                                                                              \
	X("service.gateway", LIST, "[]", 0, 2, "entries",                                          \
	  "routers to clients outside of the service addresses' networks, at most one per "        \
	  "family, in one of these networks or link-local (192.0.2.1): TCP and ping are answered " \
	  "by the tap and this router, in a routing table of its own; UDP needs none")             \
	X("service.peers", LIST, "[]", 0, 16, "entries",                                           \
	  "addresses of the routers that this host speaks BGP or BFD with through the tap: their " \
	  "packets pass beside any flood of others")                                               \
	X("service.syn-limit", NUMBER, "10000", 100, 1000000, "per second",                        \
	  "TCP connections that may begin, over all poll-mode cores; other packets that "          \
	  "begin one are dropped before they cost the host anything")                              \
	X("cores.poll", LIST, "[1]", 1, 32, "entries", "CPU numbers of the poll-mode cores")       \
	X("cores.control", NUMBER, "-1", -1, 1023, "",                                             \
	  "CPU of control and its helpers, not one of cores.poll; -1 leaves it to the "            \
	  "kernel")                                                                                \
	X("cores.host", NUMBER, "-1", -1, 1023, "",                                                \
	  "CPU of the thread between the ports and the tap, not one of cores.poll; -1 takes one "  \
	  "that nobody else has, or else a quarter of control's at most")                          \
	X("cores.mode", WORD, "adaptive", 0, 0, "",                                                \
	  "busy polls without pause; adaptive sleeps after a millisecond without packets: on a "   \
	  "kernel interface until the next one comes, elsewhere half a millisecond at a time")     \
	X("memory.cache", SIZE, "256M", 16777216, 137438953472, "",                                \
	  "everything the cache may take, reserved at the start")                                  \
	X("memory.packets", SIZE, "64M", 33554432, 68719476736, "", "packet buffers and rings")    \
	X("memory.hugepages", WORD, "auto", 0, 0, "",                                              \
	  "off, auto (where they can be had) or require (cache and packets lie in them, or "       \
	  "nothing starts)")                                                                       \
	X("memory.tickets", NUMBER, "8192", 64, 1048576, "",                                       \
	  "misses that may wait per poll-mode core; a power of two")                               \
	X("access.allow", LIST, "(private prefixes)", 1, 4096, "entries",                          \
	  "prefixes that may ask; naming any here or below replaces the default (RFC 1918, "       \
	  "RFC 6598, ULA, link-local, loopback)")                                                  \
	X("access.refuse", LIST, "[]", 0, 4096, "entries",                                         \
	  "prefixes that are answered REFUSED, as all that match nothing are")                     \
	X("access.drop", LIST, "[]", 0, 4096, "entries", "prefixes that are not answered at all")  \
	X("answers.rotate", FLAG, "true", 0, 1, "",                                                \
	  "rotate A and AAAA records from answer to answer")                                       \
	X("answers.identity", TEXT, "\"\"", 0, 63, "characters",                                   \
	  "what id.server and hostname.bind say (class CH); \"\" refuses")                         \
	X("answers.version", TEXT, "\"\"", 0, 63, "characters",                                    \
	  "what version.server and version.bind say (class CH); \"\" refuses")                     \
	X("upstream.source", LIST, "[]", 0, 2, "entries",                                          \
	  "source addresses for questions to servers, at most one per family")                     \
	X("upstream.interface", TEXT, "\"\"", 0, 15, "characters",                                 \
	  "interface that questions to servers must leave by")                                     \
	X("upstream.domains", FILE, "(none)", 0, 65536, "prefixes",                                \
	  "file of lines with a prefix and a label (192.0.2.0/24 provider-a; # begins a "          \
	  "comment): what fails together, above the /24, /48 and operator that servers are "       \
	  "grouped by otherwise; the longest prefix counts; read at the start")                    \
	X("upstream.ipv4", FLAG, "true", 0, 1, "", "ask servers over IPv4")                        \
	X("upstream.ipv6", FLAG, "true", 0, 1, "", "ask servers over IPv6")                        \
	X("upstream.case-randomisation", FLAG, "true", 0, 1, "",                                   \
	  "0x20: random case in questions, checked in answers")                                    \
	X("upstream.cookies", FLAG, "true", 0, 1, "", "DNS cookies towards servers (RFC 7873)")    \
	X("upstream.ask-loopback", FLAG, "false", 0, 1, "", "allow servers on loopback addresses") \
	X("upstream.tls-ca-file", TEXT, "(the system's)", 1, 255, "characters",                    \
	  "PEM file of the authorities whose certificates prove the auth-name of servers "         \
	  "asked over TLS")                                                                        \
	X("resolver.root-hints", TEXT, "(built in)", 1, 4095, "characters",                        \
	  "addresses of the root servers in zone file format")                                     \
	X("resolver.qname-minimisation", FLAG, "true", 0, 1, "",                                   \
	  "send servers no more of a name than they need (RFC 9156)")                              \
	X("resolver.aggressive-denial", FLAG, "true", 0, 1, "",                                    \
	  "deny names by validated NSEC and NSEC3 records seen before, without asking (RFC "       \
	  "8198); a sixteenth of memory.cache is kept for them")                                   \
	X("resolver.local-zones", FLAG, "true", 0, 1, "",                                          \
	  "answer special-use zones (RFC 6761, RFC 6303) here")                                    \
	X("resolver.ttl-max", NUMBER, "86400", 1, 604800, "seconds",                               \
	  "longest life of an RRset in the cache")                                                 \
	X("resolver.ttl-min", NUMBER, "0", 0, 3600, "seconds",                                     \
	  "shortest life of an RRset in the cache, never beyond a signature; a TTL of 0 "          \
	  "stays 0; at most ttl-max and negative-ttl-max")                                         \
	X("resolver.negative-ttl-max", NUMBER, "3600", 1, 86400, "seconds",                        \
	  "longest life of NXDOMAIN and NODATA")                                                   \
	X("resolver.stale", NUMBER, "86400", 0, 259200, "seconds",                                 \
	  "how long after its TTL validated data may be served when it cannot be renewed "         \
	  "(RFC 8767); 0 for never")                                                               \
	X("resolver.waiting", NUMBER, "100", 1, 65536, "",                                         \
	  "clients that may wait for one question")                                                \
	X("resolver.questions", NUMBER, "65536", 16, 1048576, "", "questions under way at once")   \
	X("trust.anchor-files", LIST, "(built in)", 1, 16, "entries",                              \
	  "files of DS or DNSKEY records; naming one replaces the built-in root anchors")          \
	X("trust.anchors", LIST, "[]", 0, 64, "entries",                                           \
	  "DS or DNSKEY records that hold for as long as they stand here, whatever their "         \
	  "zone says; naming one replaces the built-in root anchors")                              \
	X("trust.auto-update", FLAG, "true", 0, 1, "",                                             \
	  "follow the keys of the built-in anchors and of those from anchor-files as their "       \
	  "zones roll and revoke them (RFC 5011); false: they hold as they are")                   \
	X("trust.state", TEXT, "/var/lib/assay/trust.state", 0, 255, "characters",                 \
	  "file in which auto-update keeps what it has seen; \"\": in memory only")                \
	X("trust.sentinel", FLAG, "true", 0, 1, "",                                                \
	  "answer for root-key-sentinel-is-ta and -not-ta which root keys are trusted (RFC "       \
	  "8509)")                                                                                 \
	X("trust.key-tag-signal", FLAG, "true", 0, 1, "",                                          \
	  "tell the zones of trust anchors which keys are trusted (_ta- queries, RFC 8145)")       \
	X("trust.validate", FLAG, "true", 0, 1, "",                                                \
	  "false only together with test-clock: nothing is validated")                             \
	X("trust.insecure", LIST, "[]", 0, 4096, "entries",                                        \
	  "zones below which nothing is validated, for ever: private zones, never .")              \
	X("trust.inception-skew", NUMBER, "3600", 0, 86400, "seconds",                             \
	  "how far a signature's inception may lie ahead")                                         \
	X("trust.expiration-skew", NUMBER, "0", 0, 86400, "seconds",                               \
	  "how long after its end a signature still counts, without AD")                           \
	X("trust.crypto-workers", NUMBER, "0", 0, 16, "",                                          \
	  "threads that verify signatures beside control")                                         \
	X("pools", LIST, "[]", 0, 64, "entries",                                                   \
	  "named lists of servers for zones: name, servers")                                       \
	X("pools.name", TEXT, "(required)", 1, 63, "characters",                                   \
	  "letters, digits, hyphens, underscores and dots")                                        \
	X("pools.servers", LIST, "(required)", 1, 16, "entries",                                   \
	  "the pool's servers, each with an address of its own")                                   \
	X("pools.servers.address", TEXT, "(required)", 1, 64, "characters",                        \
	  "address, with a port (10.0.0.1@5353) where it is not 53")                               \
	X("pools.servers.priority", NUMBER, "0", 0, 65535, "",                                     \
	  "class of the server: those of the least number are asked while one of them is "         \
	  "not out")                                                                               \
	X("pools.servers.weight", NUMBER, "1", 1, 1000, "",                                        \
	  "share of the questions beside others of its class, as long as it answers as fast")      \
	X("pools.servers.domain", TEXT, "(none)", 1, 63, "characters",                             \
	  "label of what it fails together with: after a failure, and for a second "               \
	  "question when the first is late, another label comes first; without one the /24 "       \
	  "or /48 counts")                                                                         \
	X("pools.servers.transport", WORD, "udp", 0, 0, "",                                        \
	  "udp (and TCP where a reply is truncated), tcp, or tls (RFC 7858, port 853 "             \
	  "unless the address names one): never asked otherwise, and only once it has "            \
	  "proved who it is")                                                                      \
	X("pools.servers.auth-name", TEXT, "(none)", 1, 253, "characters",                         \
	  "with tls: host name or address that the server's certificate must prove")               \
	X("pools.servers.pins", LIST, "(none)", 1, 4, "entries",                                   \
	  "with tls: digests of public keys (sha256/ and base64), of which the server's "          \
	  "own must be one; without auth-name nothing else of its certificate counts")             \
	X("zones", LIST, "[]", 0, 1024, "entries",                                                 \
	  "zones with servers of their own: name, type, and either servers or pool")               \
	X("zones.name", TEXT, "(required)", 1, 1003, "characters",                                 \
	  "the zone; questions at and below it go to its servers, the deepest zone counts; "       \
	  ". for all")                                                                             \
	X("zones.type", WORD, "(required)", 0, 0, "",                                              \
	  "forward (recursive servers) or stub (the zone's own servers)")                          \
	X("zones.servers", LIST, "(none)", 1, 16, "entries",                                       \
	  "addresses, each with a port where it is not 53 (10.0.0.1@5353): a pool of this "        \
	  "zone's own, all alike")                                                                 \
	X("zones.pool", TEXT, "(none)", 1, 63, "characters",                                       \
	  "name of the pool to ask, in the place of servers")                                      \
	X("zones.tcp", FLAG, "false", 0, 1, "", "ask the servers over TCP; with servers only")     \
	X("zones.mode", WORD, "only", 0, 0, "",                                                    \
	  "only (no other servers are asked) or first (recursion when they all fail, "             \
	  "validated as ever)")                                                                    \
	X("zones.dnssec", WORD, "validate", 0, 0, "",                                              \
	  "validate, or insecure: nothing at and below the zone is validated, for ever; "          \
	  "for private zones, never for .")                                                        \
	X("zones.anchors", LIST, "[]", 0, 64, "entries",                                           \
	  "DS or DNSKEY records of the zone itself, which it is validated by, beside the "         \
	  "other anchors")                                                                         \
	X("control.socket", TEXT, "/run/assay/control.sock", 1, 107, "characters",                 \
	  "socket for assayctl")                                                                   \
	X("control.operators", TEXT, "\"\"", 0, 31, "characters",                                  \
	  "group whose members may use the socket as root may")                                    \
	X("control.readers", TEXT, "\"\"", 0, 31, "characters",                                    \
	  "group whose members may use the socket for what changes nothing")                       \
	X("canary.names", LIST, "[. NS, . DNSKEY]", 0, 16, "entries",                              \
	  "names and types (A where none is given) that the daemon asks itself: when none is "     \
	  "answered, the alarm canary says that another host should be asked; a good set is "      \
	  "of several TLDs, with short TTLs")                                                      \
	X("canary.interval", NUMBER, "1", 1, 3600, "seconds", "between two rounds of them")        \
	X("canary.stale", FLAG, "true", 0, 1, "",                                                  \
	  "whether a stale answer is good enough: with false a host whose servers are all out "    \
	  "of reach is one not to be asked")                                                       \
	X("metrics.address", TEXT, "\"\"", 0, 63, "characters",                                    \
	  "address and port for counters over HTTP, such as 127.0.0.1:9953")                       \
	X("user", TEXT, "\"\"", 0, 31, "characters", "user to become once everything is open")     \
	X("log", WORD, "info", 0, 0, "", "error, warning, info or debug")                          \
	X("test-clock", TEXT, "\"\"", 0, 107, "characters",                                        \
	  "for tests: file that shifts the clocks")

struct option {
	const char *path;
	enum option_kind kind;
	const char *default_text;
	int64_t minimum, maximum;
	const char *unit, *words;
};

const struct option *option_find(const char *path) __attribute__((nonnull));
// The index-th, NULL behind the last.
const struct option *option_at(size_t index);

#define OPTION_SIZE_MAX 24
// "16M": what the file would say.
char *option_size_text(int64_t bytes, char out[OPTION_SIZE_MAX]) __attribute__((nonnull));
#define OPTION_BOUNDS_MAX 64
// "16M to 128G", "0 to 3600 seconds"; "" where there are none.
char *option_bounds_text(const struct option *option, char out[OPTION_BOUNDS_MAX])
	__attribute__((nonnull));
