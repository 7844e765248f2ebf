// Every option of assayd.yaml in one table: path, default, bounds, unit, words. Defaults and
// bounds are applied from here, and help text and man page are printed from here.
#pragma once

#include <stdint.h>

//  path, default (as in the file), minimum, maximum, unit, words
#define CONFIG_OPTIONS(X)                                                                          \
	X("ports", "(required)", 1, 8, "",                                                         \
	  "list of `device`: a DPDK device each, a PCI address or a virtual device with its "      \
	  "options")                                                                               \
	X("service.addresses", "(required)", 1, 64, "",                                            \
	  "addresses to answer on, each with the length of its on-link prefix (192.0.2.53/24)")    \
	X("service.tap", "assay0", 0, 15, "characters",                                            \
	  "interface that carries the service addresses for ARP, ND, ICMP and TCP; \"\" for none") \
	X("cores.poll", "[1]", 1, 32, "", "CPU numbers of the poll-mode cores")                    \
	X("cores.control", "-1", -1, 1023, "",                                                     \
	  "CPU of control and its helpers; -1 leaves it to the kernel")                            \
	X("cores.mode", "adaptive", 0, 0, "",                                                      \
	  "busy polls without pause; adaptive sleeps at most 100 microseconds when idle")          \
	X("memory.cache", "256M", 16777216, 1099511627776, "bytes",                                \
	  "everything the cache may take, reserved at the start")                                  \
	X("memory.packets", "64M", 33554432, 68719476736, "bytes", "packet buffers and rings")     \
	X("memory.hugepages", "auto", 0, 0, "", "off, auto (where they can be had) or require")    \
	X("memory.tickets", "8192", 64, 1048576, "",                                               \
	  "misses that may wait per poll-mode core; a power of two")                               \
	X("access.allow", "private prefixes", 0, 4096, "",                                         \
	  "prefixes that may ask; naming any here or below replaces the default (RFC 1918, RFC "   \
	  "6598, ULA, link-local, loopback)")                                                      \
	X("access.refuse", "[]", 0, 4096, "",                                                      \
	  "prefixes that are answered REFUSED, as all that match nothing are")                     \
	X("access.drop", "[]", 0, 4096, "", "prefixes that are not answered at all")               \
	X("answers.rotate", "true", 0, 1, "", "rotate A and AAAA records from answer to answer")   \
	X("answers.identity", "\"\"", 0, 63, "characters",                                         \
	  "what id.server and hostname.bind say (class CH); \"\" refuses")                         \
	X("answers.version", "\"\"", 0, 63, "characters",                                          \
	  "what version.server and version.bind say (class CH); \"\" refuses")                     \
	X("upstream.source", "[]", 0, 2, "",                                                       \
	  "source addresses for questions to servers, at most one per family")                     \
	X("upstream.interface", "\"\"", 0, 15, "characters",                                       \
	  "interface that questions to servers must leave by")                                     \
	X("upstream.domains", "(none)", 0, 65536, "prefixes",                                      \
	  "file of lines with a prefix and a label (192.0.2.0/24 provider-a; # begins a "          \
	  "comment): what fails together, above the /24, /48 and operator that servers are "       \
	  "grouped by otherwise; the longest prefix counts; read at the start")                    \
	X("upstream.ipv4", "true", 0, 1, "", "ask servers over IPv4")                              \
	X("upstream.ipv6", "true", 0, 1, "", "ask servers over IPv6")                              \
	X("upstream.case-randomisation", "true", 0, 1, "",                                         \
	  "0x20: random case in questions, checked in answers")                                    \
	X("upstream.cookies", "true", 0, 1, "", "DNS cookies towards servers (RFC 7873)")          \
	X("upstream.ask-loopback", "false", 0, 1, "", "allow servers on loopback addresses")       \
	X("upstream.tls-ca-file", "(the system's)", 0, 255, "path",                                \
	  "PEM file of the authorities whose certificates prove the auth-name of servers asked "   \
	  "over TLS")                                                                              \
	X("resolver.root-hints", "(built in)", 0, 0, "file",                                       \
	  "addresses of the root servers in zone file format")                                     \
	X("resolver.qname-minimisation", "true", 0, 1, "",                                         \
	  "send servers no more of a name than they need (RFC 9156)")                              \
	X("resolver.aggressive-denial", "true", 0, 1, "",                                          \
	  "deny names by validated NSEC and NSEC3 records seen before, without asking (RFC "       \
	  "8198); a sixteenth of memory.cache is kept for them")                                   \
	X("resolver.local-zones", "true", 0, 1, "",                                                \
	  "answer special-use zones (RFC 6761, RFC 6303) here")                                    \
	X("resolver.ttl-max", "86400", 1, 604800, "seconds",                                       \
	  "longest life of an RRset in the cache")                                                 \
	X("resolver.ttl-min", "0", 0, 3600, "seconds", "shortest life; never beyond a signature")  \
	X("resolver.negative-ttl-max", "3600", 1, 86400, "seconds",                                \
	  "longest life of NXDOMAIN and NODATA")                                                   \
	X("resolver.stale", "86400", 0, 259200, "seconds",                                         \
	  "how long after its TTL validated data may be served when it cannot be renewed (RFC "    \
	  "8767); 0 for never")                                                                    \
	X("resolver.waiting", "100", 1, 65536, "", "clients that may wait for one question")       \
	X("resolver.questions", "65536", 16, 1048576, "", "questions under way at once")           \
	X("trust.anchor-files", "(built in)", 0, 16, "",                                           \
	  "files of DS or DNSKEY records; naming one replaces the built-in root anchors")          \
	X("trust.anchors", "[]", 0, 64, "",                                                        \
	  "DS or DNSKEY records that hold for as long as they stand here, whatever their zone "    \
	  "says; naming one replaces the built-in root anchors")                                   \
	X("trust.auto-update", "true", 0, 1, "",                                                   \
	  "follow the keys of the built-in anchors and of those from anchor-files as their zones " \
	  "roll and revoke them (RFC 5011); false: they hold as they are")                         \
	X("trust.state", "/var/lib/assay/trust.state", 0, 255, "path",                             \
	  "file in which auto-update keeps what it has seen; \"\": in memory only")                \
	X("trust.sentinel", "true", 0, 1, "",                                                      \
	  "answer for root-key-sentinel-is-ta and -not-ta which root keys are trusted (RFC 8509)") \
	X("trust.key-tag-signal", "true", 0, 1, "",                                                \
	  "tell the zones of trust anchors which keys are trusted (_ta- queries, RFC 8145)")       \
	X("trust.validate", "true", 0, 1, "",                                                      \
	  "false only together with test-clock: nothing is validated")                             \
	X("trust.insecure", "[]", 0, 4096, "",                                                     \
	  "zones below which nothing is validated, for ever: private zones, never .")              \
	X("trust.inception-skew", "3600", 0, 86400, "seconds",                                     \
	  "how far a signature's inception may lie ahead")                                         \
	X("trust.expiration-skew", "0", 0, 86400, "seconds",                                       \
	  "how long after its end a signature still counts, without AD")                           \
	X("trust.crypto-workers", "0", 0, 16, "", "threads that verify signatures beside control") \
	X("pools", "[]", 0, 64, "", "named lists of servers for zones: name, servers")             \
	X("pools.name", "(required)", 1, 63, "characters",                                         \
	  "letters, digits, hyphens, underscores and dots")                                        \
	X("pools.servers", "(required)", 1, 16, "",                                                \
	  "the pool's servers, each with an address of its own")                                   \
	X("pools.servers.address", "(required)", 0, 0, "",                                         \
	  "address, with a port (10.0.0.1@5353) where it is not 53")                               \
	X("pools.servers.priority", "0", 0, 65535, "",                                             \
	  "class of the server: those of the least number are asked while one of them is not out") \
	X("pools.servers.weight", "1", 1, 1000, "",                                                \
	  "share of the questions beside others of its class, as long as it answers as fast")      \
	X("pools.servers.domain", "(none)", 1, 63, "characters",                                   \
	  "label of what it fails together with: after a failure, and for a second question when " \
	  "the first is late, another label comes first; without one the /24 or /48 counts")       \
	X("pools.servers.transport", "udp", 0, 0, "",                                              \
	  "udp (and TCP where a reply is truncated), tcp, or tls (RFC 7858, port 853 unless the "  \
	  "address names one): never asked otherwise, and only once it has proved who it is")      \
	X("pools.servers.auth-name", "(none)", 1, 253, "characters",                               \
	  "with tls: host name or address that the server's certificate must prove")               \
	X("pools.servers.pins", "[]", 1, 4, "",                                                    \
	  "with tls: digests of public keys (sha256/ and base64), of which the server's own must " \
	  "be one; without auth-name nothing else of its certificate counts")                      \
	X("zones", "[]", 0, 1024, "",                                                              \
	  "zones with servers of their own: name, type, and either servers or pool")               \
	X("zones.name", "(required)", 0, 0, "",                                                    \
	  "the zone; questions at and below it go to its servers, the deepest zone counts; . for " \
	  "all")                                                                                   \
	X("zones.type", "(required)", 0, 0, "",                                                    \
	  "forward (recursive servers) or stub (the zone's own servers)")                          \
	X("zones.servers", "[]", 1, 16, "",                                                        \
	  "addresses, each with a port where it is not 53 (10.0.0.1@5353): a pool of this zone's " \
	  "own, all alike")                                                                        \
	X("zones.pool", "(none)", 0, 0, "", "name of the pool to ask, in the place of servers")    \
	X("zones.tcp", "false", 0, 1, "", "ask the servers over TCP; with servers only")           \
	X("zones.mode", "only", 0, 0, "",                                                          \
	  "only (no other servers are asked) or first (recursion when they all fail, validated "   \
	  "as ever)")                                                                              \
	X("zones.dnssec", "validate", 0, 0, "",                                                    \
	  "validate, or insecure: nothing at and below the zone is validated, for ever; for "      \
	  "private zones, never for .")                                                            \
	X("zones.anchors", "[]", 0, 64, "",                                                        \
	  "DS or DNSKEY records of the zone itself, which it is validated by, beside the other "   \
	  "anchors")                                                                               \
	X("control.socket", "/run/assay/control.sock", 1, 107, "path", "socket for assayctl")      \
	X("metrics.address", "\"\"", 0, 63, "",                                                    \
	  "address and port for counters over HTTP, such as 127.0.0.1:9953")                       \
	X("user", "\"\"", 0, 31, "characters", "user to become once everything is open")           \
	X("log", "info", 0, 0, "", "error, warning, info or debug")                                \
	X("test-clock", "\"\"", 0, 107, "path", "for tests: file that shifts the clocks")

struct option {
	const char *path, *default_text;
	int64_t minimum, maximum;
	const char *unit, *words;
};

const struct option *option_find(const char *path) __attribute__((nonnull));
