// The alarms that there are, in one table: what `assayctl health`, `status`, the metrics page, the
// log and `assayd --alarms` say comes from here.
#pragma once

enum alarm_severity {
	ALARM_CRITICAL, // questions to this host are not answered as they should be: ask another
			// one
	ALARM_ERROR,    // it answers, but something is lost, or will be
	ALARM_WARNING,  // it answers well, and something that protects it or its clients is off
};

//  name in C, name for operators, severity, what it means, what to do
#define ALARMS(X)                                                                                  \
	X(CLOCK, "clock", CRITICAL,                                                                \
	  "the time is wrong: signatures cannot be judged, or are judged by a wrong date",         \
	  "set the clock, and see that it is kept (timedatectl, chronyc tracking)")                \
	X(QUEUES, "queues", CRITICAL,                                                              \
	  "an interface receives on queues that nobody polls: the questions there are lost",       \
	  "give the interface as many channels as are polled (ethtool -L), or restart assayd")     \
	X(LINK, "link", CRITICAL, "a port's interface is gone, down or without a carrier",         \
	  "ip link set INTERFACE up; look at the cable and the switch; restart assayd if it is "   \
	  "another interface now")                                                                 \
	X(XDP, "xdp", CRITICAL,                                                                    \
	  "the XDP program that gives packets to a port is gone or another one",                   \
	  "see who takes it away (bpftool net), then restart assayd")                              \
	X(NFT, "nft", CRITICAL,                                                                    \
	  "the nftables rules that keep the kernel from answering beside a port are gone",         \
	  "see who takes them away (a firewall's `flush ruleset`); they are put back at growing "  \
	  "distances, at once by a restart of assayd")                                             \
	X(TAP, "tap", CRITICAL,                                                                    \
	  "the tap is gone, down, not as it was made, or without its addresses or routes: nobody " \
	  "answers ARP, ND, ping and TCP",                                                         \
	  "ip link set TAP up; restart assayd if it is gone")                                      \
	X(CORE_STALLED, "core-stalled", CRITICAL,                                                  \
	  "a poll-mode core does nothing: what comes by its queues is lost",                       \
	  "see what has its CPU (top -H); give it one of its own (cores.poll, isolcpus)")          \
	X(CONTROL_STALLED, "control-stalled", CRITICAL,                                            \
	  "control stands: no question that is not cached is answered",                            \
	  "see what has its CPU or its memory (top -H); the watchdog of systemd starts it anew")   \
	X(UPSTREAM_MISSING, "upstream-missing", CRITICAL,                                          \
	  "the interface, the source address or every route of questions to servers is not there", \
	  "bring up the interface of upstream.interface, give it its address and its route; add "  \
	  "the address of upstream.source")                                                        \
	X(CANARY, "canary", CRITICAL,                                                              \
	  "none of the names that we ask ourselves for is answered: clients' are not either",      \
	  "the other alarms say why; assayctl explain NAME; names that always are: canary.names")  \
	X(PATH_LOST, "path-lost", ERROR,                                                           \
	  "no server of any network answers, the root's neither, or none has since the start: "    \
	  "what is cached is answered",                                                            \
	  "look at the route, the packet filter and the provider; assayctl servers")               \
	X(FORWARDERS_OUT, "forwarders-out", CRITICAL,                                              \
	  "no forwarder of the root gives a good answer, and nobody else may be asked (mode: "     \
	  "only): what is cached is answered",                                                     \
	  "see what they say (assayctl servers .); name other ones, or mode: first")               \
	X(ROOT_BOGUS, "root-bogus", CRITICAL,                                                      \
	  "the root does not validate by the trust anchors given: every name fails",               \
	  "correct trust.anchors or trust.anchor-files (assayctl anchors); see who answers for "   \
	  "the root: root hints, forwarders, what stands in the path")                             \
	X(FAMILY_LOST, "family-lost", ERROR,                                                       \
	  "no server answers over IPv4, or over IPv6, any more, while those of the other do",      \
	  "look at its route and packet filter; upstream.ipv4, upstream.ipv6: false where it is "  \
	  "gone for good")                                                                         \
	X(PORT_ADDRESS, "port-address", ERROR,                                                     \
	  "an address of the host stands on a port's own interface, where TCP dies with time",     \
	  "move the address to the tap, which the alarm names")                                    \
	X(SERVICE_ADDRESS, "service-address", ERROR,                                               \
	  "a service address stands on another interface of the host, too: TCP may be answered "   \
	  "by that one's routes",                                                                  \
	  "ip address delete ADDRESS dev INTERFACE, which the alarm names; see who adds it")       \
	X(RETURN_ROUTE, "return-route", ERROR,                                                     \
	  "clients behind a router get no answer by TCP and ping: the kernel's route to them is "  \
	  "not by the tap",                                                                        \
	  "name their router in service.gateway, or give the host a route to them by the tap")     \
	X(TCP_LOST, "tcp-lost", ERROR,                                                             \
	  "the host's own stack does not answer TCP to a service address: answers that are too "   \
	  "large for UDP are lost",                                                                \
	  "let tcp dport 53 in on the tap (nft list ruleset); see that routes lead back to "       \
	  "clients by it")                                                                         \
	X(PORT_MAC, "port-mac", ERROR,                                                             \
	  "a port's interface has another hardware address than at the start: what is sent to "    \
	  "the new one is dropped",                                                                \
	  "give it the one that the alarm names, or restart assayd to take the new one")           \
	X(CORE_PREEMPTED, "core-preempted", ERROR,                                                 \
	  "a poll-mode core has to wait for its CPU: answers are late and packets are lost",       \
	  "keep everything else off the CPUs of cores.poll (isolcpus, CPUAffinity=)")              \
	X(UNCLAIMED, "unclaimed", ERROR,                                                           \
	  "other interfaces of the host may answer ARP for the service addresses: clients that "   \
	  "believe them are refused",                                                              \
	  "see who takes our nftables rules away (a firewall's `flush ruleset`), install nft, or " \
	  "set arp_ignore=1 and arp_announce=2 (sysctl net.ipv4.conf.all)")                        \
	X(DROPS, "drops", ERROR, "more than 1 % of the packets are lost for want of room",         \
	  "assayctl stats says where; more cores or queues, memory.packets, memory.tickets")       \
	X(EXHAUSTED, "exhausted", ERROR,                                                           \
	  "packet buffers, tickets, rings or file descriptors have run out",                       \
	  "raise memory.packets, memory.tickets, or LimitNOFILE= of the unit (ulimit -n, the "     \
	  "container's limit); see who floods (assayctl stats)")                                   \
	X(CACHE_STALLED, "cache-stalled", ERROR,                                                   \
	  "the cache takes nothing in: a poll-mode core does not let go of old entries",           \
	  "see why the core does not run (core alarms); restart assayd if it does not end")        \
	X(POOL_OUT, "pool-out", ERROR,                                                             \
	  "none of the configured servers of a zone answers: its names fail, or are stale",        \
	  "see why they are silent (assayctl servers ZONE), or name other ones")                   \
	X(PARENT, "parent", ERROR,                                                                 \
	  "a zone (a TLD, the root) proves nothing about the zones below it any more",             \
	  "nothing of yours: known zones live on their last proofs; assayctl explain --zone ZONE") \
	X(TLD_FAILING, "tld-failing", ERROR,                                                       \
	  "no server of a TLD, or of the root, gives a good answer: new names below it fail",      \
	  "see whether others reach it; assayctl servers ZONE, assayctl explain --zone ZONE")      \
	X(ANCHORS, "anchors", ERROR, "the keys of a trust anchor are not followed (RFC 5011)",     \
	  "assayctl anchors says why; where servers did not answer it ends once they do, after a " \
	  "roll that was missed put the zone's keys of today into trust.anchors")                  \
	X(STATE, "state", ERROR,                                                                   \
	  "a state file could not be read or cannot be written: what is learned is lost at the "   \
	  "next start",                                                                            \
	  "as the alarm says: owner and rights of the folder (user), a file system that is "       \
	  "read-only or gone, a path that is no plain file, or another's, which is left as it "    \
	  "is; it ends with the next good write")                                                  \
	X(DISK, "disk", ERROR,                                                                     \
	  "the file system of the state files is full: what is learned is lost at the next start", \
	  "make room there")                                                                       \
	X(METRICS, "metrics", ERROR, "the metrics page cannot be served",                          \
	  "add the address of metrics.address to this host, or see who has the port (ss -ltnp)")   \
	X(VALIDATION_OFF, "validation-off", WARNING,                                               \
	  "nothing is validated, or nothing below the root is",                                    \
	  "remove trust.validate, give the root its anchors")                                      \
	X(TLD_INSECURE, "tld-insecure", WARNING, "no name below a TLD is validated",               \
	  "assayctl nta remove NAME, or take it out of trust.insecure, or its dnssec: insecure "   \
	  "out of zones")                                                                          \
	X(NTA_ENDS, "nta-ends", WARNING,                                                           \
	  "a negative trust anchor ends within ten minutes and its zone does not validate yet",    \
	  "assayctl nta add NAME again, or let its names fail")                                    \
	X(SIGNATURES, "signatures", WARNING,                                                       \
	  "a zone that is much asked for is overdue with the renewal of its signatures",           \
	  "tell who runs it before they end; assayctl posture ZONE")                               \
	X(OPEN, "open", WARNING,                                                                   \
	  "more of the Internet may ask than any network has: others can be attacked through it",  \
	  "name the prefixes of its clients in access.allow")                                      \
	X(ONE_DOMAIN, "one-domain", WARNING, "all forwarders of a zone fail together",             \
	  "name another in a network of its own, or mode: first")                                  \
	X(RENAMED, "renamed", WARNING,                                                             \
	  "a port's interface is called otherwise than in the configuration: the next start will " \
	  "not find it",                                                                           \
	  "ip link set NAME name OLDNAME, or write the new name in the configuration")             \
	X(DESCRIPTORS, "descriptors", WARNING,                                                     \
	  "the limit of file descriptors is low for what may be under way at once",                \
	  "raise the hard limit (LimitNOFILE= of the unit, ulimit -Hn, the container's) and "      \
	  "restart assayd")                                                                        \
	X(CONFIGURATION, "configuration", WARNING,                                                 \
	  "the configuration says something that is hardly meant",                                 \
	  "change it, or know that it is meant; assayd --check-config says the same")              \
	X(MENDED, "mended", WARNING,                                                               \
	  "rules, addresses, routes or settings of ours were taken away, and have been put back",  \
	  "see who takes them away (a firewall's `flush ruleset`, a network manager)")             \
	X(ICMP, "icmp", WARNING, "open ports towards servers may be told by ICMP",                 \
	  "see who takes our nftables rules away (a firewall's `flush ruleset`); where nft "       \
	  "cannot be run, install it")                                                             \
	X(LOG_LOST, "log-lost", WARNING, "log lines were lost: nobody reads standard error",       \
	  "see what reads it (journald), and whether its disk is full")                            \
	X(ALARMS_LOST, "alarms-lost", WARNING, "there are more alarms than are kept",              \
	  "mend the others first")

enum alarm_name {
#define X(name, words, severity, meaning, remedy) ALARM_##name,
	ALARMS(X)
#undef X
		ALARM_COUNT
};
