// Texts of devices that no port can be opened by: refused with the line, whatever this host has.
#include "tests/unit/control/config/text.h"

static void fill(const char *device, char out[400])
{
	snprintf(out, 400, "ports:\n  - device: '%s'\nservice:\n  addresses: [192.0.2.53/24]\n",
		 device);
}

static void assert_refused(const char *device, const char *sentence)
{
	char text[400], err[CONFIG_ERROR_MAX];

	fill(device, text);
	struct config *config = load_text(text, err);
	const char *said = strstr(err, "ports[0].device: ");
	if (config != NULL || strncmp(err, "FILE:2: ", 8) != 0 || said == NULL ||
	    strncmp(said + strlen("ports[0].device: "), sentence, strlen(sentence)) != 0)
		fail_msg("%s\nwanted \"%s\", got \"%s\"", text, sentence, err);
}

// "": without a word.
static void assert_taken(const char *device, const char *warning)
{
	char text[400], err[CONFIG_ERROR_MAX];

	fill(device, text);
	struct config *config = load_text(text, err);
	assert_string_equal(err, "");
	const char *said = config->warning_count > 0 ? config->warnings[0] : "";
	if (config->warning_count != (warning[0] != '\0') || strstr(said, warning) == NULL)
		fail_msg("%s\nwanted \"%s\", got \"%s\"", text, warning, said);
	config_free(config);
}

static void b10_a_device_has_no_spaces(void **state)
{
	(void)state;
	assert_refused("net_af_xdp0, iface=port0", "\"net_af_xdp0, iface=port0\" has a space, or");
	assert_refused("net_af_xdp0 ,iface=port0", "\"net_af_xdp0 ,iface=port0\" has a space");
	assert_refused(" net_af_xdp0,iface=port0", "\" net_af_xdp0,iface=port0\" has a space");
	assert_refused("net_af_packet0,iface=port0 ", "\"net_af_packet0,iface=port0 \" has a");
	assert_refused("0000:01:00.0 ", "\"0000:01:00.0 \" has a space");
	assert_refused("net_af_xdp0,iface=p\xc3\xb6rt", "\"net_af_xdp0,iface=p\xc3\xb6rt\" has a");
}

static void b10_an_interface_is_named_once_and_leads_to_clients(void **state)
{
	(void)state;
	assert_refused("net_af_xdp0,iface=port0,iface=up0", "iface= stands in it twice");
	assert_refused("net_af_packet0,iface=port0,qpairs=1,qpairs=1",
		       "qpairs= stands in it twice");
	assert_refused("net_af_packet0,iface=lo",
		       "lo leads to this host alone: no client is behind");
	assert_refused("net_af_xdp0,iface=lo,force_copy=1", "lo leads to this host alone");
	assert_refused("eth_af_packet0,iface=lo", "lo leads to this host alone");
	assert_refused("net_af_packet0", "\"net_af_packet0\" needs iface=NAME");
	assert_refused("net_af_xdp0,iface=", "\"net_af_xdp0,iface=\" needs iface=NAME");
	assert_refused("net_af_xdp0,iface=interface-of-016",
		       "iface=interface-of-016: a name of an");
	assert_refused("net_af_xdp0,iface=a/b", "\"a/b\" is no name of an interface");
}

static void b10_queues_are_numbers(void **state)
{
	(void)state;
	assert_refused("net_af_xdp0,iface=port0,queue_count=-1",
		       "queue_count=-1 is no number of queues");
	assert_refused("net_af_xdp0,iface=port0,start_queue=-1,queue_count=1",
		       "start_queue=-1 is no number of queues");
	assert_refused("net_af_xdp0,queue_count=,iface=port0", "queue_count= is no number");
	assert_refused("net_af_xdp0,iface=port0,queue_count=two", "queue_count=two is no number");
	assert_refused("net_af_packet0,iface=port0,qpairs=0x2", "qpairs=0x2 is no number");
	assert_refused("net_af_xdp0,iface=port0,queue_count=99999999999999999999",
		       "queue_count=99999999999999999999 is no number");
}

static void b10_a_pci_address_can_be_one(void **state)
{
	static const char *const never[] = {
		"0000:zz:00.0",  "0000:01:00",     "0000:01:20.0",     "0000:01:00.8",
		"0000:001:00.0", "0000:01:00.0.1", "pci:0000:01:00.0", "01:00",
		"0000:01:00.0x", ":01:00.0",       "0000::00.0",       "000000000:01:00.0"};
	char sentence[80];

	(void)state;
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		snprintf(sentence, sizeof(sentence), "\"%s\" is no PCI address such as", never[i]);
		assert_refused(never[i], sentence);
	}
}

static void b10_what_can_be_a_device_is_taken(void **state)
{
	static const char *const good[] = {
		"0000:01:00.0",
		"01:00.0",
		"0000:ff:1f.7,rx_pseudo_header=1",
		"10000:01:00.0",
		"net_af_xdp0,iface=port0",
		"net_af_xdp0,iface=eth0.100,force_copy=1",
		"net_af_xdp0,start_queue=1,queue_count=64,iface=wlp2s0",
		"net_af_packet0,iface=br-lan",
		"net_pcap0,rx_pcap=a:b.pcap,rx_pcap=c.pcap",
		"net_ring0",
		"net_memif0,id=0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_taken(good[i], "");
	assert_taken("net_null0", ":2: ports[0].device: net_null0 is for tests: no question comes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(b10_a_device_has_no_spaces),
		cmocka_unit_test(b10_an_interface_is_named_once_and_leads_to_clients),
		cmocka_unit_test(b10_queues_are_numbers),
		cmocka_unit_test(b10_a_pci_address_can_be_one),
		cmocka_unit_test(b10_what_can_be_a_device_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
