// Which queues of an interface are taken, and what is said where they cannot be (ATTACKS O30).
#include "dataplane/port/queues.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

static char err[512];
static struct device device;

static int choose(enum device_kind kind, const char *text, struct device_channels channels,
		  unsigned core_count)
{
	device = (struct device){.text = text, .kind = kind, .interface = "eth1", .ifindex = 7};
	snprintf(device.probe, sizeof(device.probe), "%s", text);
	err[0] = '\0';
	return queues_choose(&device, &channels, core_count, err, sizeof(err));
}

static void assert_taken(unsigned count, const char *probe)
{
	assert_string_equal(err, "");
	assert_int_equal(device.queue_count, count);
	assert_string_equal(device.probe, probe);
}

static void assert_says(const char *command)
{
	if (!strstr(err, command))
		fail_msg("\"%s\" does not say \"%s\"", err, command);
}

#define XDP    "net_af_xdp0,iface=eth1"
#define PACKET "net_af_packet0,iface=eth1"

static void all_combined_channels_are_taken(void **state)
{
	(void)state;
	for (unsigned cores = 1; cores <= 8; cores++) {
		assert_int_equal(choose(DEVICE_AF_XDP, XDP, (struct device_channels){8}, cores), 0);
		assert_taken(8, XDP ",queue_count=8");
	}
	assert_int_equal(choose(DEVICE_AF_XDP, XDP, (struct device_channels){1}, 1), 0);
	assert_taken(1, XDP ",queue_count=1");
}

static void o30_channels_that_cannot_be_taken_are_refused_with_the_command(void **state)
{
	(void)state;
	// veth
	assert_int_equal(choose(DEVICE_AF_XDP, XDP, (struct device_channels){0, 9, 9, true}, 1),
			 -EINVAL);
	assert_says("ethtool -L eth1 rx 8");
	assert_int_equal(choose(DEVICE_AF_XDP, XDP, (struct device_channels){0, 1, 1, true}, 1), 0);
	assert_taken(1, XDP ",queue_count=1");
	// Some combined ones and some that only receive; all separate, where it could be otherwise.
	assert_int_equal(choose(DEVICE_AF_XDP, XDP, (struct device_channels){4, 2, 0, false}, 2),
			 -EINVAL);
	assert_says("ethtool -L eth1 rx 0 combined 4");
	assert_int_equal(choose(DEVICE_AF_XDP, XDP, (struct device_channels){0, 8, 8, false}, 2),
			 -EINVAL);
	assert_says("ethtool -L eth1 rx 0 tx 0 combined 2");
	assert_int_equal(choose(DEVICE_AF_XDP, XDP, (struct device_channels){65}, 2), -EINVAL);
	assert_says("ethtool -L eth1 combined 64");
}

// veth: the driver takes one queue of those that only receive; several devices take them all.
static void o30_separate_channels_are_taken_in_parts(void **state)
{
	struct device part;

	(void)state;
	for (unsigned cores = 1; cores <= 4; cores++) {
		assert_int_equal(
			choose(DEVICE_AF_XDP, XDP, (struct device_channels){0, 4, 4, true}, cores),
			0);
		assert_int_equal(device.parts, 4);
	}
	assert_int_equal(choose(DEVICE_AF_XDP, XDP, (struct device_channels){0, 4, 4, true}, 5),
			 -EINVAL);
	assert_says("4 queues, but there are 5 poll-mode cores");
	snprintf(device.name, sizeof(device.name), "net_af_xdp0");
	device_part(&device, 0, &part);
	assert_string_equal(part.probe, XDP ",start_queue=0,queue_count=1");
	device_part(&device, 3, &part);
	assert_string_equal(part.name, "net_af_xdp0q3");
	assert_string_equal(part.probe, "net_af_xdp0q3,iface=eth1,start_queue=3,queue_count=1");
	assert_int_equal(part.first_queue, 3);
	assert_int_equal(part.queue_count, 1);
}

static void every_core_needs_a_queue(void **state)
{
	(void)state;
	assert_int_equal(choose(DEVICE_AF_XDP, XDP, (struct device_channels){2}, 3), -EINVAL);
	assert_says("2 queues, but there are 3 poll-mode cores");
	assert_says("ethtool -L eth1 combined 3");
	assert_int_equal(
		choose(DEVICE_AF_PACKET, PACKET ",qpairs=2", (struct device_channels){1}, 3),
		-EINVAL);
	assert_says("qpairs=3");
}

// B10: "1 to 64 queues", "queue 0 cannot be set up" and too little packet memory were said instead.
static void b10_queues_that_are_not_there_are_refused(void **state)
{
	const struct device_channels one = {0, 1, 1, true}, eight = {8}, four = {0, 4, 4, true};

	(void)state;
	assert_int_equal(choose(DEVICE_AF_XDP, XDP ",queue_count=9", one, 1), -EINVAL);
	assert_says(
		"eth1 receives on 1 queue, and start_queue and queue_count name those from 0 to "
		"8: leave both out, and all are taken");
	assert_int_equal(choose(DEVICE_AF_XDP, XDP ",start_queue=5", one, 1), -EINVAL);
	assert_says("name those from 5 to 5");
	assert_int_equal(choose(DEVICE_AF_XDP, XDP ",start_queue=7,queue_count=2", eight, 1),
			 -EINVAL);
	assert_says("eth1 receives on 8 queues, and start_queue and queue_count name those from 7 "
		    "to 8");
	assert_int_equal(choose(DEVICE_AF_XDP, XDP ",queue_count=2", four, 1), -EINVAL);
	assert_says("the driver of eth1 gives one queue to a device");
	assert_int_equal(choose(DEVICE_AF_XDP, XDP ",start_queue=7,queue_count=1", eight, 1), 0);
	assert_int_equal(choose(DEVICE_AF_XDP, XDP ",start_queue=99999,queue_count=65", eight, 1),
			 -EINVAL);
	assert_says("1 to 64 queues are possible");
}

static void the_operators_word_counts(void **state)
{
	(void)state;
	assert_int_equal(
		choose(DEVICE_AF_XDP, XDP ",queue_count=2", (struct device_channels){8}, 2), 0);
	assert_taken(2, XDP ",queue_count=2");
	assert_int_equal(choose(DEVICE_AF_XDP, XDP ",start_queue=3",
				(struct device_channels){0, 4, 4, true}, 1),
			 0);
	assert_taken(1, XDP ",start_queue=3");
	assert_int_equal(device.first_queue, 3);
	for (unsigned i = 0; i < 3; i++) {
		static const char *const wrong[] = {XDP ",queue_count=0", XDP ",queue_count=65",
						    XDP ",queue_count=x"};

		assert_int_equal(choose(DEVICE_AF_XDP, wrong[i], (struct device_channels){8}, 1),
				 -EINVAL);
	}
}

static void sockets_of_af_packet_are_as_many_as_cores_or_as_named(void **state)
{
	(void)state;
	assert_int_equal(choose(DEVICE_AF_PACKET, PACKET, (struct device_channels){1}, 2), 0);
	assert_taken(2, PACKET ",qpairs=2");
	assert_int_equal(
		choose(DEVICE_AF_PACKET, PACKET ",qpairs=4", (struct device_channels){1}, 1), 0);
	assert_taken(4, PACKET ",qpairs=4");
}

static void other_devices_have_a_queue_for_each_core(void **state)
{
	(void)state;
	assert_int_equal(choose(DEVICE_PCI, "0000:01:00.0", (struct device_channels){1}, 3), 0);
	assert_taken(3, "0000:01:00.0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_combined_channels_are_taken),
		cmocka_unit_test(o30_channels_that_cannot_be_taken_are_refused_with_the_command),
		cmocka_unit_test(o30_separate_channels_are_taken_in_parts),
		cmocka_unit_test(every_core_needs_a_queue),
		cmocka_unit_test(b10_queues_that_are_not_there_are_refused),
		cmocka_unit_test(the_operators_word_counts),
		cmocka_unit_test(sockets_of_af_packet_are_as_many_as_cores_or_as_named),
		cmocka_unit_test(other_devices_have_a_queue_for_each_core),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
