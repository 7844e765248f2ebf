// Faults of a configuration and how the sentences begin that tell them: what the programs about
// them share.
#pragma once

#include "tests/unit/control/config/text.h"

#define SERVICE   "ports:\n  - device: net_ring0\nservice:\n  addresses: "
#define ZONE(...) MINIMAL "zones:\n  - {name: a., type: forward, " __VA_ARGS__ "}\n"
#define POOL(...) MINIMAL "pools:\n  - {name: p, servers: [" __VA_ARGS__ "]}\n"

#define DIGEST "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
#define KEY                                                                                        \
	"oJMRESz5E4gYzS/q6XDrvU1qMPYIjCWzJaOau8XNEZeqCYKD5ar0IRd8KqXXFJkqmVfRvMGPmM1x8fGAa2XhSA=="
#define LONG                                                                                       \
	"a-path-that-is-longer-than-a-socket-may-have-because-the-kernel-keeps-it-in-one-hundred-" \
	"and-eight-bytes.sock"

struct broken {
	const char *text, *sentence; // how the sentence begins
};

static inline void assert_told(const char *text, const char *const *wanted, size_t count)
{
	static struct config_errors errors;

	assert_null(load_faulty(text, strlen(text), &errors));
	for (size_t i = 0; i < count || i < errors.count; i++) {
		const char *told = i < errors.count ? errors.list[i].sentence : "nothing";
		const char *sentence = i < count ? wanted[i] : "nothing";

		if (strncmp(told, sentence, strlen(sentence)) != 0)
			fail_msg("%s\nsentence %zu: wanted \"%s\", got \"%s\"", text, i, sentence,
				 told);
	}
}
