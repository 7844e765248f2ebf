// ATTACKS A1, A3, A16: what a forger who has not seen a question has to guess, counted in each
// packet as it is sent: ID, case of the name, source port.
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/upstream/script.h"

#include <uv.h>

#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define SAMPLES   2000
#define SIGMAS    6 // both sides: 2e-9 for each bit
#define ID_BITS   16
#define PORT_MIN  1024
#define PORTS     64512
#define PORT_SPAN 256 // every so many-th port is free, where few are

// How often each bit was set in what was sent, and how often it differed from the packet before.
struct tally {
	unsigned samples;
	unsigned set[ID_BITS + NAME_MAX_LEN], changed[ID_BITS + NAME_MAX_LEN];
	bool before[ID_BITS + NAME_MAX_LEN];
	size_t bits; // of the ID, then one of each letter
};

static bool is_letter(uint8_t c)
{
	c |= 0x20;
	return c >= 'a' && c <= 'z';
}

static void count_bit(struct tally *tally, size_t i, bool bit)
{
	tally->set[i] += bit;
	tally->changed[i] += tally->samples > 0 && bit != tally->before[i];
	tally->before[i] = bit;
}

static void count_packet(struct tally *tally, const struct script_packet *packet)
{
	uint16_t id = header_id(packet->data);
	const uint8_t *name = packet->data + HEADER_LEN;
	size_t bits = 0;

	for (; bits < ID_BITS; bits++)
		count_bit(tally, bits, id >> bits & 1);
	for (size_t at = 0; name[at] != 0; at += 1u + name[at]) {
		for (size_t i = 1; i <= name[at]; i++) {
			if (is_letter(name[at + i]))
				count_bit(tally, bits++, !(name[at + i] & 0x20));
		}
	}
	assert_true(tally->samples == 0 || tally->bits == bits);
	tally->bits = bits;
	tally->samples++;
}

static void assert_even(unsigned count, unsigned samples)
{
	assert_true(fabs(count - samples / 2.0) < SIGMAS * sqrt(samples) / 2);
}

// Every bit is a fair coin, and says nothing about the next packet's.
static void assert_bits(const struct tally *tally, size_t bits)
{
	assert_int_equal(tally->bits, bits);
	for (size_t i = 0; i < bits; i++) {
		assert_even(tally->set[i], tally->samples);
		assert_even(tally->changed[i], tally->samples - 1);
	}
}

// The channel is the port's: each packet over UDP has one of its own.
static void answer_badly(struct script *s, unsigned attempt)
{
	unsigned opened = s->opened;

	if (attempt == 0) // without the cookie
		script_answer(s, (struct script_reply){.rcode = RCODE_FORMERR});
	else // without EDNS
		script_answer(s, (struct script_reply){.rcode = RCODE_FORMERR, .no_opt = true});
	script_expect_waiting(s);
	assert_int_equal(s->opened, opened + 1);
}

static void count_exchanges(const char *name, size_t letters)
{
	static struct tally tallies[3]; // by attempt
	struct exchange_request request;
	struct script s;

	memset(tallies, 0, sizeof(tallies));
	script_start(&s, &script_config);
	request = script_request(&s);
	request.name = script_name(name);
	for (unsigned i = 0; i < SAMPLES; i++) {
		s.charged = 0;
		script_ask(&s, &request);
		for (unsigned attempt = 0; attempt < 3; attempt++) {
			count_packet(&tallies[attempt], script_last(&s));
			if (attempt < 2)
				answer_badly(&s, attempt);
		}
		exchange_cancel(s.exchange);
	}
	for (unsigned attempt = 0; attempt < 3; attempt++)
		assert_bits(&tallies[attempt], ID_BITS + letters);
	script_stop(&s);
}

static void a1_id_and_case_of_every_packet_are_drawn_anew(void **state)
{
	(void)state;
	count_exchanges("www.example.", 10);
	count_exchanges("4.3.2.1.in-addr.arpa.", 10);
	count_exchanges("a.root-servers.net.", 15);
}

// Nothing but ID and port guards these: what has no signature is believed of them only when the
// reply is strong (prime.c, judge.c).
static void a16_the_root_and_names_of_digits_have_no_case(void **state)
{
	(void)state;
	count_exchanges(".", 0);
	count_exchanges("1.2.3.", 0);
}

// A cookie counts where it comes back; what is sent first has 64 bits that nobody else knows.
static void a15_each_server_has_a_client_cookie_that_says_nothing_of_another(void **state)
{
	struct exchange_request request;
	unsigned set[64] = {0};
	struct script s;

	(void)state;
	script_start(&s, &script_config);
	request = script_request(&s);
	for (unsigned i = 0; i < SAMPLES; i++) {
		struct query query;

		s.charged = 0;
		request.server.bytes[2] = (uint8_t)(i >> 8);
		request.server.bytes[3] = (uint8_t)(i & 255);
		script_ask(&s, &request);
		if (s.exchange == NULL || s.done > 0)
			continue;
		query = script_query(&s);
		for (unsigned bit = 0; bit < 64; bit++)
			set[bit] += query.edns.client_cookie[bit / 8] >> bit % 8 & 1;
		exchange_cancel(s.exchange);
	}
	for (unsigned bit = 0; bit < 64; bit++)
		assert_even(set[bit], SAMPLES);
	script_stop(&s);
}

// ---- ports: the real transport, on a host that has few left ----

int __real_bind(int fd, const struct sockaddr *address, socklen_t len);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t len);

static bool few;
static unsigned bound, refused, last_port, per_port[PORTS / PORT_SPAN];

int __wrap_bind(int fd, const struct sockaddr *address, socklen_t len)
{
	unsigned port = ntohs(((const struct sockaddr_in *)address)->sin_port);

	assert_true(port >= PORT_MIN);
	if (few && (port - PORT_MIN) % PORT_SPAN != 0) {
		refused++;
		errno = EADDRINUSE;
		return -1;
	}
	int error = __real_bind(fd, address, len);
	if (error == 0 && few) {
		bound++;
		per_port[(port - PORT_MIN) / PORT_SPAN]++;
	}
	last_port = port;
	return error;
}

static void nothing(void *arg)
{
	(void)arg;
}

static void no_event(void *arg, enum channel_event event, const uint8_t *data, size_t len,
		     const struct address *from)
{
	(void)arg, (void)event, (void)data, (void)len, (void)from;
}

// No port is looked for in any order: each of those that are left is as likely, and where none is
// found by chance the question is not sent at all.
static void a4_a_host_with_few_ports_draws_among_all_that_are_left(void **state)
{
	const struct address server = script_address("127.0.0.1");
	const unsigned ports = PORTS / PORT_SPAN;
	struct socket_transport *sockets;
	struct transport transport;
	unsigned opened = 0, unused = 0;
	double bits = 0;
	uv_loop_t loop;

	(void)state;
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(socket_transport_open(&loop, &(struct socket_transport_config){0}, nothing,
					       NULL, &transport, &sockets),
			 0);
	few = true;
	for (unsigned i = 0; i < 40000; i++) {
		struct channel *channel =
			transport.open(transport.ctx, &server, 53, false, NULL, no_event, NULL);
		if (channel == NULL)
			continue;
		opened++;
		transport.close(channel);
	}
	few = false;
	socket_transport_close(sockets);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	// 32 draws find one of 252 in 64512 in an eighth of all cases.
	assert_in_range(opened, 3000, 7000);
	assert_int_equal(opened, bound);
	assert_true(refused > 1000000);
	for (unsigned i = 0; i < ports; i++) {
		double p = (double)per_port[i] / opened;
		bits -= p > 0 ? p * log2(p) : 0;
		unused += per_port[i] == 0;
	}
	assert_int_equal(unused, 0);
	assert_true(bits > log2(ports) - 0.1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a1_id_and_case_of_every_packet_are_drawn_anew),
		cmocka_unit_test(a16_the_root_and_names_of_digits_have_no_case),
		cmocka_unit_test(a15_each_server_has_a_client_cookie_that_says_nothing_of_another),
		cmocka_unit_test(a4_a_host_with_few_ports_draws_among_all_that_are_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
