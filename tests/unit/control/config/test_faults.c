// A configuration with several faults: all are told at once, by line, and their number where they
// have no end.
#include "tests/unit/control/config/broken.h"

#define FAULTS_MAX 9

struct faulty {
	const char *text, *sentences[FAULTS_MAX]; // how they begin, by line
};

static void all_faults_of_a_file_are_told_at_once_by_line(void **state)
{
	static const struct faulty cases[] = {
		{MINIMAL "memory: {cahce: 1G, packets: 1M}\nlog: warn\nmetrics: {address: here}\n",
		 {"FILE:5: memory.cahce: there is no such key",
		  "FILE:5: memory.packets: 1M is outside", "FILE:6: log: \"warn\" is none of",
		  "FILE:7: metrics.address: \"here\" is no"}},
		{"speed: 1\nanswers: {rotate: maybe, identity: [a]}\n",
		 {"FILE:1: speed: there is no such key", "FILE:1: the key ports is missing",
		  "FILE:1: the key service is missing", "FILE:2: answers.rotate: \"maybe\"",
		  "FILE:2: answers.identity: wants one value"}},
		{MINIMAL "zones:\n  - {name: a., type: forwrad, servers: [127.0.0.1]}\n"
			 "  - {name: b..c, type: forward, servers: [10.0.0.1, me], mode: frist}\n"
			 "  - {type: stub, servers: ['::1'], tcp: flase}\n  - zone\n",
		 {"FILE:6: zones[0].type: \"forwrad\"",
		  "FILE:6: zones[0].servers[0]: 127.0.0.1 may",
		  "FILE:7: zones[1].mode: \"frist\" is", "FILE:7: zones[1].name: \"b..c\" is no",
		  "FILE:7: zones[1].servers[1]: \"me\" is no", "FILE:8: zones[2].tcp: \"flase\" is",
		  "FILE:8: zones[2]: the key name is missing",
		  "FILE:8: zones[2].servers[0]: ::1 may never",
		  "FILE:9: zones[3]: wants keys with values"}},
		{MINIMAL "base: &base {cache: 1G}\nmemory: {<<: *base, tickets: 3}\n",
		 {"FILE:5: base: there is no such key", "FILE:6: memory.<<: merge keys are not",
		  "FILE:6: memory.tickets: 3 is"}},
		{MINIMAL
		 "access:\n  allow: [10.0.0.0/8, any, 10.0.0.0/8]\n  drop: [all, 10.0.0.1/8]\n",
		 {"FILE:6: access.allow[1]: \"any\"", "FILE:6: access.allow[2]: 10.0.0.0/8 stands",
		  "FILE:7: access.drop[0]: \"all\"", "FILE:7: access.drop[1]: \"10.0.0.1/8\""}},
		{"ports:\n  - device: x\n  - device: x\nservice:\n  addresses: [1.2.3.4, "
		 "5.6.7.8/24]\n"
		 "  peers: [router, 5.6.7.8]\n",
		 {"FILE:3: ports[1]: x is the device",
		  "FILE:5: service.addresses[0]: \"1.2.3.4\" is no",
		  "FILE:6: service.peers[0]: \"router\"",
		  "FILE:6: service.peers[1]: \"5.6.7.8\": our"}},
		{MINIMAL "trust: {validate: false, anchors: [a, b], insecure: ['.', 'x..']}\n",
		 {"FILE:5: trust.validate: validation can be",
		  "FILE:5: trust.insecure[0]: this would", "FILE:5: trust.insecure[1]: \"x..\" is",
		  "FILE:5: trust.anchors[0]: \"a\"", "FILE:5: trust.anchors[1]: \"b\""}},
		{POOL("{address: a, transport: tls}, {address: 10.0.0.1, pins: [x]}, {weight: no}"),
		 {"FILE:6: pools[0].servers[2].weight: \"no\" is",
		  "FILE:6: pools[0].servers[2]: the key address is missing",
		  "FILE:6: pools[0].servers[0].address: \"a\" is",
		  "FILE:6: pools[0].servers[0].transport: tls needs",
		  "FILE:6: pools[0].servers[1].pins: go with transport: tls"}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t count = 0;

		while (count < FAULTS_MAX && cases[i].sentences[count])
			count++;
		assert_told(cases[i].text, cases[i].sentences, count);
	}
}

static void count_lines(const char *text, void *arg)
{
	size_t *count = arg;

	if (++*count == CONFIG_ERRORS_MAX + 1)
		assert_string_equal(text, "25 errors, 5 of them not shown");
}

static void faults_without_end_are_counted(void **state)
{
	static struct config_errors errors;
	char text[1024] = MINIMAL;
	size_t count = 0;

	(void)state;
	for (unsigned i = 25; i > 0; i--)
		sprintf(text + strlen(text), "unknown%u: 1\n", i);
	assert_null(load_faulty(text, strlen(text), &errors));
	assert_int_equal(errors.count, 25);
	assert_string_equal(errors.list[0].sentence, "FILE:5: unknown25: there is no such key");
	assert_string_equal(errors.list[19].sentence, "FILE:24: unknown6: there is no such key");
	config_errors_each(&errors, count_lines, &count);
	assert_int_equal(count, CONFIG_ERRORS_MAX + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_faults_of_a_file_are_told_at_once_by_line),
		cmocka_unit_test(faults_without_end_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
