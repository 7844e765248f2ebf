// Values, keys and the file itself: what test_broken refuses before it knows what they mean.
#include "tests/unit/control/config/broken_each.h"

void flags_are_true_or_false(void **state)
{
	EACH_REFUSED(
		{MINIMAL "answers: {rotate: flase}\n",
		 "FILE:5: answers.rotate: \"flase\" is neither true nor false; did you mean "
		 "false?"},
		{MINIMAL "answers: {rotate: yes}\n",
		 "FILE:5: answers.rotate: \"yes\" is neither true nor false"},
		{MINIMAL "answers: {rotate: on}\n", "FILE:5: answers.rotate: \"on\" is neither"},
		{MINIMAL "answers: {rotate: 1}\n", "FILE:5: answers.rotate: \"1\" is neither"},
		{MINIMAL "answers: {rotate: tRUE}\n",
		 "FILE:5: answers.rotate: \"tRUE\" is neither"},
		{MINIMAL "answers: {rotate: \"true\"}\n",
		 "FILE:5: answers.rotate: \"true\" in quotes is text: write true or false without "
		 "them"},
		{MINIMAL "answers: {rotate: [true]}\n", "FILE:5: answers.rotate: wants one value"},
		{MINIMAL "answers: {rotate: }\n",
		 "FILE:5: answers.rotate: has no value: give it one, or leave the key out"},
		{MINIMAL "answers: {rotate: ~}\n", "FILE:5: answers.rotate: has no value"},
		{ZONE("servers: [10.0.0.1], tcp: ture"),
		 "FILE:6: zones[0].tcp: \"ture\" is neither true nor false; did you mean true?"});
}

void words_are_named_with_their_set(void **state)
{
	EACH_REFUSED(
		{MINIMAL "cores: {mode: lazy}\n",
		 "FILE:5: cores.mode: \"lazy\" is none of busy, adaptive"},
		{MINIMAL "memory: {hugepages: requird}\n",
		 "FILE:5: memory.hugepages: \"requird\" is none of off, auto, require; did you "
		 "mean "
		 "require?"},
		{MINIMAL "memory: {hugepages: true}\n",
		 "FILE:5: memory.hugepages: \"true\" is none of off, auto, require"},
		{MINIMAL "log: warn\n",
		 "FILE:5: log: \"warn\" is none of error, warning, info, debug; did you mean "
		 "warning?"},
		{MINIMAL "log: Debug\n", "FILE:5: log: \"Debug\" is none of error, warning, info, "
					 "debug; did you mean debug?"},
		{ZONE("servers: [10.0.0.1], mode: frist"),
		 "FILE:6: zones[0].mode: \"frist\" is none of only, first; did you mean first?"},
		{ZONE("servers: [10.0.0.1], dnssec: off"),
		 "FILE:6: zones[0].dnssec: \"off\" is none of validate, insecure"},
		{POOL("{address: 10.0.0.1, transport: quic}"),
		 "FILE:6: pools[0].servers[0].transport: \"quic\" is none of udp, tcp, tls"});
}

void unknown_keys_are_named_with_the_nearest(void **state)
{
	EACH_REFUSED(
		{MINIMAL "memory: {cahce: 1G}\n",
		 "FILE:5: memory.cahce: there is no such key; did you mean cache?"},
		{MINIMAL "resolver: {ttl_max: 60}\n",
		 "FILE:5: resolver.ttl_max: there is no such key; did you mean ttl-max?"},
		{MINIMAL "Log: info\n", "FILE:5: Log: there is no such key; did you mean log?"},
		{MINIMAL "hugepages: require\n",
		 "FILE:5: hugepages: there is no such key; did you mean memory.hugepages?"},
		{MINIMAL "speed: 11\n", "FILE:5: speed: there is no such key"},
		{POOL("{address: 10.0.0.1, wieght: 2}"),
		 "FILE:6: pools[0].servers[0].wieght: there is no such key; did you mean weight?"},
		{MINIMAL "memory:\n  cache: 1G\nmemory:\n  packets: 64M\n",
		 "FILE:7: memory: a second time; the first is in line 5"},
		{MINIMAL "memory:\n  cache: 1G\n  tickets: 64\n  cache: 2G\n",
		 "FILE:8: memory.cache: a second time; the first is in line 6"},
		{MINIMAL "memory: {<<: {cache: 1G}}\n",
		 "FILE:5: memory.<<: merge keys are not understood: write the keys out"},
		{MINIMAL "? [a, b]\n: 1\n", "FILE:5: a key is one word"},
		{"ports:\n  - device: x\n", "FILE:1: the key service is missing"},
		{POOL("{weight: 2}"), "FILE:6: pools[0].servers[0]: the key address is missing"});
}

void numbers_are_decimal_digits(void **state)
{
	EACH_REFUSED(
		{MINIMAL "resolver: {ttl-max: 0x10}\n",
		 "FILE:5: resolver.ttl-max: \"0x10\" is no whole number in decimal digits"},
		{MINIMAL "resolver: {ttl-max: 010}\n",
		 "FILE:5: resolver.ttl-max: \"010\" is no whole"},
		{MINIMAL "resolver: {ttl-max: 1_000}\n",
		 "FILE:5: resolver.ttl-max: \"1_000\" is no"},
		{MINIMAL "resolver: {ttl-max: 1h}\n",
		 "FILE:5: resolver.ttl-max: \"1h\" is no whole"},
		{MINIMAL "resolver: {ttl-max: 60 s}\n", "FILE:5: resolver.ttl-max: \"60 s\" is no"},
		{MINIMAL "resolver: {ttl-max: 1e3}\n", "FILE:5: resolver.ttl-max: \"1e3\" is no"},
		{MINIMAL "resolver: {ttl-max: +60}\n", "FILE:5: resolver.ttl-max: \"+60\" is no"},
		{MINIMAL "resolver: {ttl-max: '60'}\n",
		 "FILE:5: resolver.ttl-max: \"60\" in quotes is text: write the number without"},
		{MINIMAL "resolver: {ttl-max: -60}\n",
		 "FILE:5: resolver.ttl-max: -60 is outside 1 to 604800 seconds"},
		{MINIMAL "resolver: {ttl-max: 4294967297}\n",
		 "FILE:5: resolver.ttl-max: 4294967297 is outside 1 to 604800 seconds"},
		{MINIMAL "resolver: {ttl-max: 18446744073709551617}\n",
		 "FILE:5: resolver.ttl-max: 18446744073709551617 is outside 1 to 604800 seconds"},
		{MINIMAL "cores: {poll: [18446744073709551617]}\n",
		 "FILE:5: cores.poll[0]: 18446744073709551617 is too large"},
		{MINIMAL "memory: {tickets: 1000}\n",
		 "FILE:5: memory.tickets: 1000 is no power of two"});
}

void sizes_have_one_unit(void **state)
{
	EACH_REFUSED(
		{MINIMAL "memory: {cache: 1.5G}\n",
		 "FILE:5: memory.cache: \"1.5G\" is no size: digits, and K, M, G or T behind them"},
		{MINIMAL "memory: {cache: 1GB}\n", "FILE:5: memory.cache: \"1GB\" is no size"},
		{MINIMAL "memory: {cache: 1GiB}\n", "FILE:5: memory.cache: \"1GiB\" is no size"},
		{MINIMAL "memory: {cache: 1 G}\n", "FILE:5: memory.cache: \"1 G\" is no size"},
		{MINIMAL "memory: {cache: -1G}\n", "FILE:5: memory.cache: \"-1G\" is no size"},
		{MINIMAL "memory: {cache: ' 1G'}\n", "FILE:5: memory.cache: \" 1G\" is no size"},
		{MINIMAL "memory: {cache: 50%}\n", "FILE:5: memory.cache: \"50%\" is no size"},
		{MINIMAL "memory: {cache: 512G}\n",
		 "FILE:5: memory.cache: 512G is outside 16M to 128G"},
		{MINIMAL "memory: {cache: 8000000T}\n",
		 "FILE:5: memory.cache: 8000000T is outside 16M to 128G"},
		{MINIMAL "memory: {cache: 99999999999G}\n",
		 "FILE:5: memory.cache: 99999999999G is outside 16M to 128G"},
		{MINIMAL "memory: {packets: 1M}\n",
		 "FILE:5: memory.packets: 1M is outside 32M to 64G"});
}

void the_file_is_one_document_of_one_kind(void **state)
{
	EACH_REFUSED(
		{"", "FILE:1: the file is empty"}, {"# all of it\n", "FILE:1: the file is empty"},
		{"[1, 2]\n", "FILE:1: wants keys with values"},
		{MINIMAL "---\nlog: debug\n", "FILE:6: a second document begins here"},
		{MINIMAL "...\n--- !!map {}\n", "FILE:6: a second document begins here"},
		{MINIMAL "cores:\n\tmode: busy\n", "FILE:6: this is no YAML: found character that "
						   "cannot start any token; indent with "
						   "spaces, not tabs"},
		{MINIMAL "log: [info\n", "FILE:6: this is no YAML: "},
		{MINIMAL "log: \x80\n", "FILE:5: this is no YAML: "},
		{MINIMAL "upstream:\n", "FILE:5: upstream: has no value"},
		{MINIMAL "upstream: true\n", "FILE:5: upstream: wants keys with values"},
		{MINIMAL "upstream: [a]\n", "FILE:5: upstream: wants keys with values"},
		{MINIMAL "access: {allow: 10.0.0.0/8}\n",
		 "FILE:5: access.allow: wants a list, such as [one, two]"},
		{MINIMAL "log: !!str info\n  extra\n", "FILE:5: log: \"info extra\" is none of"},
		{MINIMAL "log: !mine info\n", "FILE:5: log: tags such as !mine are not understood"},
		{MINIMAL "user: \"assay\\0root\"\n",
		 "FILE:5: user: holds a control character or a line's end"},
		{MINIMAL "user: |\n  assay\n", "FILE:5: user: holds a control character"},
		{MINIMAL "log: *level\n", "FILE:5: this is no YAML: found undefined alias"});
}

void a_byte_order_mark_is_no_part_of_the_first_key(void **state)
{
	char err[CONFIG_ERROR_MAX];
	struct config *config = load_text("\xef\xbb\xbf" MINIMAL, err);

	(void)state;
	assert_string_equal(err, "");
	config_free(config);
}

void anchors_of_YAML_stand_for_what_they_name(void **state)
{
	char err[CONFIG_ERROR_MAX];
	struct config *config =
		load_text(MINIMAL "access:\n  allow: &ours [10.0.0.0/8]\nlog: &level debug\n"
				  "answers: {identity: *level}\n",
			  err);

	(void)state;
	assert_string_equal(err, "");
	assert_string_equal(config->identity, "debug");
	assert_int_equal(config->log_level, LOG_LEVEL_DEBUG);
	config_free(config);
}

void a_file_beyond_all_measure_is_not_read(void **state)
{
	static struct config_errors errors;
	const char *sentence = errors.list[0].sentence;

	(void)state;
	assert_null(config_load("/dev/zero", &errors));
	assert_non_null(strstr(sentence, "/dev/zero: cannot be read: File too large"));
	assert_null(config_load("/tmp", &errors));
	assert_non_null(strstr(sentence, "/tmp: cannot be read: Is a directory"));
}
