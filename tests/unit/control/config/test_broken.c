// Configurations that cannot mean what they say: each is refused, with the line, the key and what
// to do, or taken with a warning. None is taken silently.
#include "tests/unit/control/config/broken_each.h"

// All that were tried, for pairs of them.
static const struct broken *tried[512];
static size_t refused_count, warned_count;

void assert_each_refused(const struct broken *cases, size_t count)
{
	char err[CONFIG_ERROR_MAX];

	for (size_t i = 0; i < count; i++) {
		struct config *config = load_text(cases[i].text, err);

		assert_true(refused_count < sizeof(tried) / sizeof(tried[0]));
		tried[refused_count++] = &cases[i];

		if (config || strncmp(err, cases[i].sentence, strlen(cases[i].sentence)) != 0)
			fail_msg("case %zu: wanted \"%s\", got \"%s\"", i, cases[i].sentence, err);
	}
}

static void servers_that_may_never_be_asked_are_refused(void **state)
{
	EACH_REFUSED(
		{ZONE("servers: [127.0.0.1]"),
		 "FILE:6: zones[0].servers[0]: 127.0.0.1 may never be asked: a loopback address"},
		{ZONE("servers: ['::1']"), "FILE:6: zones[0].servers[0]: ::1 may never be asked: a "
					   "loopback address"},
		{ZONE("servers: [0.0.0.0]"),
		 "FILE:6: zones[0].servers[0]: 0.0.0.0 may never be asked"},
		{ZONE("servers: [224.0.0.1]"), "FILE:6: zones[0].servers[0]: 224.0.0.1 may never"},
		{ZONE("servers: [255.255.255.255]"),
		 "FILE:6: zones[0].servers[0]: 255.255.255.255 may"},
		{ZONE("servers: ['fe80::1']"),
		 "FILE:6: zones[0].servers[0]: fe80::1 may never be asked: a link-local address"},
		{ZONE("servers: ['fe80::1%eth0']"), "FILE:6: zones[0].servers[0]: \"fe80::1%eth0\" "
						    "is no server address: an address, and "
						    "@PORT where it is not 53"},
		{ZONE("servers: ['ff02::1']"),
		 "FILE:6: zones[0].servers[0]: ff02::1 may never be asked: "
		 "a multicast address"},
		{ZONE("servers: ['::ffff:10.0.0.1']"),
		 "FILE:6: zones[0].servers[0]: ::ffff:10.0.0.1 may never be asked: another form of "
		 "an "
		 "IPv4"},
		{ZONE("servers: [192.0.2.53]"), "FILE:6: zones[0].servers[0]: 192.0.2.53 may never "
						"be asked: our own service address"},
		{MINIMAL "upstream: {ipv6: false}\nzones:\n  - {name: a., type: stub, servers: "
			 "['2001:db8::1']}\n",
		 "FILE:7: zones[0].servers[0]: 2001:db8::1 may never be asked: IPv6 is off"},
		{POOL("{address: 127.0.0.53}"),
		 "FILE:6: pools[0].servers[0].address: 127.0.0.53 may never be asked"},
		{ZONE("servers: [10.0.0.1@0]"),
		 "FILE:6: zones[0].servers[0]: \"10.0.0.1@0\" is no"},
		{ZONE("servers: ['10.0.0.1:53']"),
		 "FILE:6: zones[0].servers[0]: \"10.0.0.1:53\" is no"},
		{ZONE("servers: [10.0.0.1@053]"),
		 "FILE:6: zones[0].servers[0]: \"10.0.0.1@053\" is"},
		{ZONE("servers: [10.0.0.1@65536]"),
		 "FILE:6: zones[0].servers[0]: \"10.0.0.1@65536\""},
		{ZONE("servers: [dns.example.net]"),
		 "FILE:6: zones[0].servers[0]: \"dns.example.net\" is no server address"},
		{ZONE("servers: []"), "FILE:6: zones[0].servers: 0 is outside 1 to 16 entries"},
		{ZONE("mode: first"), "FILE:6: zones[0]: either servers or a pool are needed"},
		{ZONE("pool: none"), "FILE:6: zones[0].pool: there is no pool \"none\""},
		{POOL("{address: 10.0.0.1, domain: 'rack 7'}"),
		 "FILE:6: pools[0].servers[0].domain: \"rack 7\": a label has letters, digits"});
}

static void questions_leave_from_this_host(void **state)
{
	EACH_REFUSED(
		{MINIMAL "upstream: {source: [192.0.2.53]}\n",
		 "FILE:5: upstream.source[0]: 192.0.2.53 cannot be asked from: a service address"},
		{MINIMAL "upstream: {source: [127.0.0.1]}\n",
		 "FILE:5: upstream.source[0]: 127.0.0.1 cannot be asked from: a loopback address"},
		{MINIMAL "upstream: {source: [0.0.0.0]}\n",
		 "FILE:5: upstream.source[0]: 0.0.0.0 cannot"},
		{MINIMAL "upstream: {source: ['2001:db8::1'], ipv6: false}\n",
		 "FILE:5: upstream.source[0]: 2001:db8::1 cannot be asked from: its family is off"},
		{MINIMAL "upstream: {source: ['fe80::1%eth0']}\n",
		 "FILE:5: upstream.source[0]: \"fe80::1%eth0\" is no address"},
		{MINIMAL "upstream: {interface: eth0/1}\n",
		 "FILE:5: upstream.interface: \"eth0/1\" is no name of an interface"},
		{MINIMAL "upstream: {interface: assay0}\n",
		 "FILE:5: upstream.interface: assay0 is the tap of the service addresses"},
		{MINIMAL "upstream: {interface: lo}\n",
		 "FILE:5: upstream.interface: lo leads to this host alone"},
		{"ports:\n  - device: 'net_af_xdp0,iface=eth1'\n"
		 "service:\n  addresses: [192.0.2.53/24]\nupstream: {interface: eth1}\n",
		 "FILE:5: upstream.interface: eth1 is the interface of a port, which takes"},
		{"ports:\n  - device: 'net_af_packet0,iface=eth1'\n"
		 "service:\n  addresses: [192.0.2.53/24]\nupstream: {interface: eth1}\n",
		 "FILE:5: upstream.interface: eth1 is the interface of a port, which takes"},
		{MINIMAL "  tap: all\n", "FILE:5: service.tap: \"all\" is the kernel's own name"},
		{MINIMAL "  tap: default\n",
		 "FILE:5: service.tap: \"default\" is the kernel's own name"},
		{MINIMAL "  tap: lo\n", "FILE:5: service.tap: \"lo\" is the kernel's own name"},
		{"ports:\n  - device: 'net_af_packet0,iface=eth1'\n"
		 "service:\n  addresses: [192.0.2.53/24]\n  tap: eth1\n",
		 "FILE:5: service.tap: eth1 is the interface of a port"},
		{MINIMAL "upstream: {interface: interface-of-16}\n" /* 15 */ "log: 1\n",
		 "FILE:6: log: \"1\" is none of"},
		{MINIMAL "upstream: {interface: interface-of-016}\n",
		 "FILE:5: upstream.interface: \"interface-of-016\": 16 is outside 0 to 15 "
		 "characters"});
}

#define PEERS(...) MINIMAL "  peers: [" __VA_ARGS__ "]\n"

static void peers_are_routers_that_a_service_address_can_speak_with(void **state)
{
	EACH_REFUSED(
		{PEERS("router1"), "FILE:5: service.peers[0]: \"router1\": no address, such as "
				   "192.0.2.1"},
		{PEERS("192.0.2.1/24"), "FILE:5: service.peers[0]: \"192.0.2.1/24\": no address"},
		{PEERS("192.0.2.53"), "FILE:5: service.peers[0]: \"192.0.2.53\": our own service "
				      "address (service.addresses), no router's"},
		{PEERS("192.0.2.1, 192.0.2.1"),
		 "FILE:5: service.peers[1]: \"192.0.2.1\": it stands here already"},
		{PEERS("127.0.0.1"), "FILE:5: service.peers[0]: \"127.0.0.1\": a loopback"},
		{PEERS("224.0.0.5"), "FILE:5: service.peers[0]: \"224.0.0.5\": a multicast"},
		{PEERS("'ff02::5'"), "FILE:5: service.peers[0]: \"ff02::5\": a multicast"},
		{PEERS("0.0.0.0"), "FILE:5: service.peers[0]: \"0.0.0.0\": "},
		{PEERS("'2001:db8::1'"), "FILE:5: service.peers[0]: \"2001:db8::1\": no service "
					 "address is of its family"},
		{PEERS("192.0.2.1") "  tap: \"\"\n",
		 "FILE:5: service.peers: without a tap (service.tap) nothing here speaks with "
		 "routers"},
		{PEERS("1.1.1.1, 1.1.1.2, 1.1.1.3, 1.1.1.4, 1.1.1.5, 1.1.1.6, 1.1.1.7, 1.1.1.8, "
		       "1.1.1.9, 1.1.1.10, 1.1.1.11, 1.1.1.12, 1.1.1.13, 1.1.1.14, 1.1.1.15, "
		       "1.1.1.16, 1.1.1.17"),
		 "FILE:5: service.peers: 17 is outside 0 to 16 entries"},
		{MINIMAL "  syn-limit: 99\n",
		 "FILE:5: service.syn-limit: 99 is outside 100 to 1000000 per second"},
		{MINIMAL "  peer: [192.0.2.1]\n",
		 "FILE:5: service.peer: there is no such key; did you mean peers?"});
}

#define GATEWAY(...) MINIMAL "  gateway: [" __VA_ARGS__ "]\n"
#define BOTH_FAMILIES                                                                              \
	"ports:\n  - device: net_ring0\nservice:\n  addresses: [192.0.2.53/24, "                   \
	"'2001:db8:53::53/64']\n  gateway: "

static void a_gateway_is_a_router_that_the_tap_can_reach(void **state)
{
	char err[CONFIG_ERROR_MAX];
	struct config *config = load_text(BOTH_FAMILIES "['fe80::1', 192.0.2.1]\n", err);

	assert_non_null(config);
	assert_int_equal(config->dataplane.gateway_v4.family, 4);
	assert_int_equal(config->dataplane.gateway_v6.bytes[0], 0xfe);
	config_free(config);
	EACH_REFUSED(
		{GATEWAY("router1"), "FILE:5: service.gateway[0]: \"router1\": no address, such as "
				     "192.0.2.1"},
		{GATEWAY("192.0.2.1/24"),
		 "FILE:5: service.gateway[0]: \"192.0.2.1/24\": no address"},
		{GATEWAY("192.0.2.53"),
		 "FILE:5: service.gateway[0]: \"192.0.2.53\": our own service "
		 "address (service.addresses), no router's"},
		{GATEWAY("198.51.100.1"), "FILE:5: service.gateway[0]: \"198.51.100.1\": it is in "
					  "the network of no service address"},
		{GATEWAY("192.0.2.0"), "FILE:5: service.gateway[0]: \"192.0.2.0\": this address "
				       "stands for its whole network, not for a router"},
		{GATEWAY("192.0.2.255"),
		 "FILE:5: service.gateway[0]: \"192.0.2.255\": this address "
		 "stands for its whole network"},
		{GATEWAY("127.0.0.1"), "FILE:5: service.gateway[0]: \"127.0.0.1\": a loopback"},
		{GATEWAY("0.0.0.0"), "FILE:5: service.gateway[0]: \"0.0.0.0\": "},
		{GATEWAY("'fe80::1'"),
		 "FILE:5: service.gateway[0]: \"fe80::1\": no service address "
		 "is of its family"},
		{GATEWAY("192.0.2.1, 192.0.2.2"), "FILE:5: service.gateway[1]: \"192.0.2.2\": a "
						  "second router of this family: one is used"},
		{GATEWAY("192.0.2.1, 192.0.2.2, 192.0.2.3"),
		 "FILE:5: service.gateway: 3 is outside 0 to 2 entries"},
		{BOTH_FAMILIES "['2001:db8:54::1']\n",
		 "FILE:5: service.gateway[0]: \"2001:db8:54::1\": it is in the network of no"},
		{BOTH_FAMILIES "['2001:db8:53::']\n",
		 "FILE:5: service.gateway[0]: \"2001:db8:53::\": this address stands for its "
		 "whole"},
		{"ports:\n  - device: net_ring0\nservice:\n  addresses: [192.0.2.53/32]\n"
		 "  gateway: [192.0.2.1]\n",
		 "FILE:5: service.gateway[0]: \"192.0.2.1\": it is in the network of no service"},
		{GATEWAY("192.0.2.1") "  tap: \"\"\n",
		 "FILE:5: service.gateway: without a tap (service.tap) nothing here answers TCP"},
		{MINIMAL "  gateways: [192.0.2.1]\n",
		 "FILE:5: service.gateways: there is no such key; did you mean gateway?"});
}

static void service_addresses_are_those_of_a_host(void **state)
{
	EACH_REFUSED(
		{SERVICE "[192.0.2.53]\n",
		 "FILE:4: service.addresses[0]: \"192.0.2.53\" is no address "
		 "with the length of its prefix, such as 192.0.2.53/24"},
		{SERVICE "[192.0.2.53/33]\n",
		 "FILE:4: service.addresses[0]: \"192.0.2.53/33\" is no"},
		{SERVICE "[192.0.2.53/0]\n",
		 "FILE:4: service.addresses[0]: \"192.0.2.53/0\" is no"},
		{SERVICE "[192.0.2.53/024]\n",
		 "FILE:4: service.addresses[0]: \"192.0.2.53/024\" is no"},
		{SERVICE "['192.0.2.53/ 24']\n",
		 "FILE:4: service.addresses[0]: \"192.0.2.53/ 24\" is"},
		{SERVICE "[192.0.2.53/24x]\n",
		 "FILE:4: service.addresses[0]: \"192.0.2.53/24x\" is no"},
		{SERVICE "['fe80::1%eth0/64']\n",
		 "FILE:4: service.addresses[0]: \"fe80::1%eth0/64\" is"},
		{SERVICE "['fe80::1/64']\n",
		 "FILE:4: service.addresses[0]: \"fe80::1/64\": a link-local address"},
		{SERVICE "[127.0.0.1/8]\n",
		 "FILE:4: service.addresses[0]: \"127.0.0.1/8\": a loopback"},
		{SERVICE "[224.0.0.53/24]\n",
		 "FILE:4: service.addresses[0]: \"224.0.0.53/24\": a multi"},
		{SERVICE "[192.0.2.0/24]\n", "FILE:4: service.addresses[0]: \"192.0.2.0/24\": this "
					     "address stands for its whole "
					     "network"},
		{SERVICE "[192.0.2.255/24]\n", "FILE:4: service.addresses[0]: \"192.0.2.255/24\": "
					       "this address stands for its whole"},
		{SERVICE "['2001:db8::/64']\n", "FILE:4: service.addresses[0]: \"2001:db8::/64\": "
						"this address stands for its whole"},
		{SERVICE "[192.0.2.53/24, 192.0.2.53/24]\n",
		 "FILE:4: service.addresses[1]: \"192.0.2.53/24\": it stands here already"},
		{SERVICE "[192.0.2.53/24, 192.0.2.54/25]\n",
		 "FILE:4: service.addresses[1]: \"192.0.2.54/25\": all addresses of a family must "
		 "have"},
		{MINIMAL "  tap: a/b\n", "FILE:5: service.tap: \"a/b\" is no name of an interface"},
		{MINIMAL "  tap: assay%d\n", "FILE:5: service.tap: \"assay%d\" is no name of an"},
		{"ports:\n  - device: net_ring0\n  - device: net_ring0\nservice:\n  addresses: "
		 "[192.0.2.53/24]\n",
		 "FILE:3: ports[1]: net_ring0 is the device of ports[0] already"},
		{"ports:\n  - device: 'net_af_xdp0,iface=eth1,force_copy=1'\n"
		 "  - device: 'net_af_packet0,iface=eth1'\nservice:\n  addresses: "
		 "[192.0.2.53/24]\n",
		 "FILE:3: ports[1]: net_af_packet0,iface=eth1 is the device of ports[0] already"});
}

static void control_has_a_CPU_of_its_own(void **state)
{
	EACH_REFUSED(
		{MINIMAL "cores: {poll: [2, 3], control: 3}\n",
		 "FILE:5: cores.control: CPU 3 is a poll-mode core's (cores.poll): give control "
		 "another"},
		{MINIMAL "cores: {control: 1}\n",
		 "FILE:5: cores.control: CPU 1 is a poll-mode core's"},
		{MINIMAL "cores: {poll: [2, 3], host: 2}\n",
		 "FILE:5: cores.host: CPU 2 is a poll-mode core's (cores.poll): give the host "
		 "thread another, or -1"},
		{MINIMAL "cores: {poll: []}\n", "FILE:5: cores.poll: 0 is outside 1 to 32 entries"},
		{MINIMAL "cores: {poll: [-1]}\n", "FILE:5: cores.poll[0]: -1 is no CPU number"},
		{MINIMAL "cores: {poll: [2, 2]}\n", "FILE:5: cores.poll[1]: CPU 2 is named twice"},
		{MINIMAL "cores: {poll: 1-3}\n", "FILE:5: cores.poll: wants a list"},
		{MINIMAL "cores: {poll: [1-3]}\n",
		 "FILE:5: cores.poll[0]: \"1-3\" is no whole number"});
}

static void access_lists_say_one_thing(void **state)
{
	EACH_REFUSED({MINIMAL "access: {allow: []}\n",
		      "FILE:5: access.allow: 0 is outside 1 to 4096 entries"},
		     {MINIMAL "access: {drop: [10.9.0.0/16]}\n",
		      "FILE:5: access: nobody would be answered: what is named here replaces the "
		      "default"},
		     {MINIMAL "access: {allow: [10.0.0.0/8], drop: [10.0.0.0/8]}\n",
		      "FILE:5: access.drop[0]: 10.0.0.0/8 stands in access.allow already"},
		     {MINIMAL "access: {allow: [10.0.0.0/8, 10.0.0.0/8]}\n",
		      "FILE:5: access.allow[1]: 10.0.0.0/8 stands in access.allow already"},
		     {MINIMAL "access: {allow: [10.0.0.1/8]}\n",
		      "FILE:5: access.allow[0]: \"10.0.0.1/8\" is no prefix, or has bits set below "
		      "its length"},
		     {MINIMAL "access: {allow: [any]}\n",
		      "FILE:5: access.allow[0]: \"any\" is no prefix"},
		     {MINIMAL "access: {allow: [10.0.0.0/255.0.0.0]}\n",
		      "FILE:5: access.allow[0]: \"10.0.0.0/2"});
}

static void lives_and_trust_do_not_contradict_themselves(void **state)
{
	EACH_REFUSED(
		{MINIMAL "resolver: {ttl-min: 600, ttl-max: 300}\n",
		 "FILE:5: resolver.ttl-min: 600 is more than ttl-max, 300"},
		{MINIMAL "resolver: {ttl-min: 600, negative-ttl-max: 300}\n",
		 "FILE:5: resolver.ttl-min: 600 is more than negative-ttl-max, 300"},
		{MINIMAL "trust: {insecure: [corp.example, Corp.Example.]}\n",
		 "FILE:5: trust.insecure[1]: \"Corp.Example.\" stands here already"},
		{MINIMAL
		 "trust: {insecure: [corp.example], anchors: ['corp.example. IN DS 1 8 2 " DIGEST
		 "']}\n",
		 "FILE:5: trust.insecure: corp.example. has a trust anchor: either that, or "
		 "insecure"},
		{MINIMAL "trust: {anchors: ['. IN DS 20326 8 2 AABB']}\n",
		 "FILE:5: trust.anchors[0]: \". IN DS 20326 8 2 AABB\": the digest has not the "
		 "length"},
		{MINIMAL "trust: {anchors: ['. IN DS 20326 250 2 " DIGEST "']}\n",
		 "FILE:5: trust: none of its trust anchors counts: nothing would be proven"},
		{ZONE("servers: [10.0.0.1], anchors: ['a. IN DS 1 250 2 " DIGEST "']"),
		 "FILE:6: zones[0].anchors[0]: it would prove nothing: revoked, or of an "
		 "algorithm"},
		{MINIMAL "trust: {anchors: ['. CH DS 20326 8 2 " DIGEST "']}\n",
		 "FILE:5: trust.anchors[0]: \". CH DS 20326 8 2 " DIGEST "\": the class is not IN"},
		{MINIMAL "trust: {anchors: ['. IN DNSKEY 0 3 13 " KEY "']}\n",
		 "FILE:5: trust.anchors[0]: \". IN DNSKEY 0 3 13 " KEY
		 "\": no key of a zone: the flags"},
		{MINIMAL "trust: {anchor-files: []}\n",
		 "FILE:5: trust.anchor-files: 0 is outside 1 to 16 entries"},
		{MINIMAL "metrics: {address: 'localhost:9953'}\n",
		 "FILE:5: metrics.address: \"localhost:9953\" is no address and port such as "
		 "127.0.0.1:9953"},
		{MINIMAL "metrics: {address: '127.0.0.1:0'}\n",
		 "FILE:5: metrics.address: \"127.0.0.1:0\" is"},
		{MINIMAL "metrics: {address: 127.0.0.1}\n",
		 "FILE:5: metrics.address: \"127.0.0.1\" is no"},
		{MINIMAL "metrics: {address: '::1:9953'}\n",
		 "FILE:5: metrics.address: \"::1:9953\" is no"},
		{MINIMAL "control: {socket: '/run/" LONG "'}\n", "FILE:5: control.socket: \"/run/"},
		{MINIMAL "resolver: {root-hints: /dev/zero}\n",
		 "FILE:5: resolver.root-hints: /dev/zero: this is no file of records"},
		{MINIMAL "trust: {anchor-files: [/tmp]}\n",
		 "FILE:5: trust.anchor-files[0]: /tmp: this is no file of records"},
		{MINIMAL "test-clock: /nowhere/clock\n",
		 "FILE:5: test-clock: /nowhere/clock: No such file or directory"},
		{MINIMAL "control: {socket: ''}\n",
		 "FILE:5: control.socket: \"\": 0 is outside 1 to 107 characters"});
}

// Taken, and said for as long as it runs.
static void warned(const char *text, const char *sentence)
{
	char err[CONFIG_ERROR_MAX];
	struct config *config = load_text(text, err);
	const char *said =
		config && config->warning_count == 1 ? strstr(config->warnings[0], ":") : "";

	if (!config || strncmp(said, sentence, strlen(sentence)) != 0)
		fail_msg("wanted \"%s\", got \"%s%s\"", sentence, said, err);
	config_free(config);
	warned_count++;
}

static void what_is_hardly_meant_is_warned_of(void **state)
{
	(void)state;
	warned(MINIMAL "access: {allow: [0.0.0.0/0]}\n",
	       ":5: access.allow[0]: open to the world: with 0.0.0.0/0 more of the Internet");
	warned(MINIMAL "access: {allow: [10.0.0.0/8, '::/0']}\n",
	       ":5: access.allow[1]: open to the world: with ::/0 ");
	warned(MINIMAL "access: {allow: [0.0.0.0/1, 128.0.0.0/1]}\n",
	       ":5: access.allow[0]: open to");
	warned(MINIMAL "access: {allow: [11.0.0.0/8, 12.0.0.0/8, 13.0.0.0/8]}\n",
	       ":5: access.allow[2]: open to the world: with 13.0.0.0/8 ");
	warned(MINIMAL "access: {allow: ['2000::/3']}\n", ":5: access.allow[0]: open to the world");
	warned(ZONE("servers: [10.0.0.1, 10.0.0.2]"),
	       ":6: zones[0]: all 2 forwarders are in one failure domain (one network)");
	warned(ZONE("servers: ['2001:db8:0:1::1', '2001:db8:0:2::1']"),
	       ":6: zones[0]: all 2 forwarders are in one failure domain (one network)");
	warned(ZONE("servers: [10.0.0.1]"),
	       ":6: zones[0]: one forwarder alone: its failure takes the "
	       "zone away");
	warned(POOL("{address: 10.0.0.1, domain: east}, {address: 10.9.0.1, domain: east}") "zones:"
											    " [{"
											    "name: "
											    "., "
											    "type: "
											    "forwar"
											    "d, "
											    "pool: "
											    "p}]\n",
	       ":7: zones[0]: all 2 forwarders are in one failure domain (east)");
	warned(POOL("{address: 10.0.0.1}"), ":6: pools[0]: no zone uses the pool p");
	warned(MINIMAL "trust: {anchors: ['. IN DS 1 8 2 " DIGEST "', '. IN DS 1 3 1 "
		       "E06D44B80B8F1D39A95C0B0D7C65D08458E88040']}\n",
	       ":5: trust.anchors: a trust anchor of . counts for nothing: its algorithm or "
	       "digest");
	warned(MINIMAL "test-clock: /dev/null\n", ":5: test-clock: for tests alone");
}

static void what_is_meant_is_not_warned_of(void **state)
{
	static const char *const texts[] = {
		MINIMAL,
		MINIMAL "access: {allow: [10.0.0.0/8, 172.16.0.0/12, 'fc00::/7', 198.51.0.0/16, "
			"'2001:db8::/32', 127.0.0.0/8]}\n",
		MINIMAL "access: {allow: ['2a01:c000::/19']}\n",
		ZONE("servers: [10.0.0.1, 10.0.1.1]"),
		ZONE("servers: [10.0.0.1], mode: first"),
		MINIMAL "zones: [{name: a., type: stub, servers: [10.0.0.1]}]\n",
		POOL("{address: 10.0.0.1, domain: east}, {address: 10.0.0.2, domain: "
		     "west}") "zones: [{name: ., type: forward, pool: p}]\n",
	};
	char err[CONFIG_ERROR_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct config *config = load_text(texts[i], err);

		assert_string_equal(err, "");
		if (config->warning_count > 0)
			fail_msg("case %zu: %s", i, config->warnings[0]);
		config_free(config);
	}
}

// ---- two faults, and what follows from one ----

// Each has one, though others would be seen if the value were what is used in its place.
static void what_follows_from_a_fault_is_not_told(void **state)
{
	EACH_REFUSED(
		{MINIMAL "  adresses: [1.2.3.4/24]\n", "FILE:5: service.adresses: there is no"},
		{"ports:\n  - device: x\nservice:\n  adresses: [192.0.2.53/24]\n  peers: "
		 "[192.0.2.1]\n",
		 "FILE:4: service.adresses: there is no such key; did you mean addresses?"},
		{SERVICE "[192.0.2.53]\n  peers: [192.0.2.1]\n", "FILE:4: service.addresses[0]: "},
		{SERVICE "192.0.2.53/24\n  peers: [192.0.2.1]\n",
		 "FILE:4: service.addresses: wants"},
		{MINIMAL "  tap: [x]\n  peers: [192.0.2.1]\n",
		 "FILE:5: service.tap: wants one value"},
		{MINIMAL "cores: {pol: [2], control: 1}\n", "FILE:5: cores.pol: there is no such"},
		{MINIMAL "cores: {poll: [x, 2], control: 1023}\n",
		 "FILE:5: cores.poll[0]: \"x\" is no"},
		{MINIMAL "cores: {poll: [-1], control: -1, host: -1}\n",
		 "FILE:5: cores.poll[0]: -1 is"},
		{MINIMAL "resolver: {ttl-max: 1d, ttl-min: 3600}\n",
		 "FILE:5: resolver.ttl-max: \"1d\""},
		{MINIMAL "resolver: {ttl_max: 100, ttl-min: 3600, negative-ttl-max: 3600}\n",
		 "FILE:5: resolver.ttl_max: there is no such key"},
		{MINIMAL "upstream: {ipv4: false, ipv6: false, source: [198.51.100.1]}\nzones:\n"
			 "  - {name: a., type: stub, servers: [10.0.0.1]}\n",
		 "FILE:5: upstream: ipv4 and ipv6 are both off"},
		{MINIMAL "upstream: {ask-loopback: yes}\nzones:\n"
			 "  - {name: a., type: stub, servers: [127.0.0.1]}\n",
		 "FILE:5: upstream.ask-loopback: \"yes\" is neither"},
		{MINIMAL "access: {allow: 10.0.0.0/8, drop: [10.1.0.0/16]}\n",
		 "FILE:5: access.allow: wants a list"},
		{MINIMAL "trust: {validate: false}\ntest-clock: [a]\n",
		 "FILE:6: test-clock: wants"},
		{MINIMAL "trust: {anchors: ['. IN DS 20326 250 2 " DIGEST "', x]}\n",
		 "FILE:5: trust.anchors[1]: \"x\""},
		{MINIMAL "pools:\n  - {name: 'a b', servers: [{address: 10.0.0.1}]}\nzones:\n"
			 "  - {name: a., type: stub, pool: p}\n",
		 "FILE:6: pools[0].name: \"a b\" is no name"},
		{MINIMAL "pools: p\nzones:\n  - {name: a., type: stub, pool: p}\n",
		 "FILE:5: pools: wants a list"},
		{POOL("{address: 10.0.0.1, transport: dot, auth-name: a.example}"),
		 "FILE:6: pools[0].servers[0].transport: \"dot\" is none"},
		{POOL("{address: 10.0.0.1, transport: tls, auth_name: a.example}"),
		 "FILE:6: pools[0].servers[0].auth_name: there is no such key"},
		{ZONE("servers: 10.0.0.1"), "FILE:6: zones[0].servers: wants a list"},
		{MINIMAL
		 "zones:\n  - {nmae: a., type: stub, servers: [10.0.0.1], anchors: ['a. IN DS 1 8 "
		 "2 " DIGEST "']}\n",
		 "FILE:6: zones[0].nmae: there is no such key; did you mean name?"},
		{MINIMAL
		 "zones:\n  - {name: b..c, type: stub, servers: [10.0.0.1], dnssec: insecure}\n"
		 "  - {name: '?', type: stub, servers: [10.0.0.1]}\n",
		 "FILE:6: zones[0].name: \"b..c\" is no zone name"});
}

// "cores" of "cores: {...}"; 0: more than one key, or none.
static size_t only_key(const char *fragment)
{
	size_t len = strspn(fragment, "abcdefghijklmnopqrstuvwxyz-");

	for (const char *line = fragment; (line = strchr(line, '\n')) != NULL;) {
		if (*++line != '\0' && *line != ' ')
			return 0;
	}
	return fragment[len] == ':' ? len : 0;
}

static const char *fragment_of(const struct broken *broken)
{
	size_t len = strlen(MINIMAL);

	if (strncmp(broken->text, MINIMAL, len) != 0 || strstr(broken->sentence, "no YAML") ||
	    strstr(broken->sentence, "in line")) // of another place in the pair
		return NULL;
	return only_key(broken->text + len) > 0 ? broken->text + len : NULL;
}

static unsigned lines_of(const char *text)
{
	unsigned lines = 0;

	for (; *text != '\0'; text++)
		lines += *text == '\n';
	return lines;
}

// Faults of two sections that know nothing of each other.
static void each_of_two_faults_is_told(void **state)
{
	size_t pairs = 0;

	(void)state;
	for (size_t i = 0; i < refused_count; i++) {
		for (size_t j = i + 1; j < refused_count; j++) {
			const char *one = fragment_of(tried[i]), *other = fragment_of(tried[j]);
			char text[4096], second[1024];
			unsigned line, used;

			if ((i + j) % 5 != 0 || !one || !other ||
			    (only_key(one) == only_key(other) &&
			     strncmp(one, other, only_key(one)) == 0))
				continue;
			snprintf(text, sizeof(text), "%s%s%s", MINIMAL, one, other);
			assert_int_equal(sscanf(tried[j]->sentence, "FILE:%u%n", &line, &used), 1);
			snprintf(second, sizeof(second), "FILE:%u%s", line + lines_of(one),
				 tried[j]->sentence + used);
			assert_told(text, (const char *const[]){tried[i]->sentence, second}, 2);
			pairs++;
		}
	}
	print_message("# pairs of faults: %zu, each told\n", pairs);
	assert_true(pairs > 500);
}

static int print_counts(void **state)
{
	(void)state;
	print_message("# 60+ broken configurations: %zu refused, %zu alarmed/warned, 0 silent\n",
		      refused_count, warned_count);
	return refused_count + warned_count >= 60 ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_are_true_or_false),
		cmocka_unit_test(words_are_named_with_their_set),
		cmocka_unit_test(unknown_keys_are_named_with_the_nearest),
		cmocka_unit_test(numbers_are_decimal_digits),
		cmocka_unit_test(sizes_have_one_unit),
		cmocka_unit_test(the_file_is_one_document_of_one_kind),
		cmocka_unit_test(a_byte_order_mark_is_no_part_of_the_first_key),
		cmocka_unit_test(anchors_of_YAML_stand_for_what_they_name),
		cmocka_unit_test(a_file_beyond_all_measure_is_not_read),
		cmocka_unit_test(servers_that_may_never_be_asked_are_refused),
		cmocka_unit_test(questions_leave_from_this_host),
		cmocka_unit_test(service_addresses_are_those_of_a_host),
		cmocka_unit_test(peers_are_routers_that_a_service_address_can_speak_with),
		cmocka_unit_test(a_gateway_is_a_router_that_the_tap_can_reach),
		cmocka_unit_test(control_has_a_CPU_of_its_own),
		cmocka_unit_test(access_lists_say_one_thing),
		cmocka_unit_test(lives_and_trust_do_not_contradict_themselves),
		cmocka_unit_test(what_is_hardly_meant_is_warned_of),
		cmocka_unit_test(what_is_meant_is_not_warned_of),
		cmocka_unit_test(what_follows_from_a_fault_is_not_told),
		cmocka_unit_test(each_of_two_faults_is_told), // of those above
	};

	return cmocka_run_group_tests(tests, NULL, print_counts);
}
