// frames_take(): however a stream is cut into pieces, the same messages come out of it, and each holds
// the bytes that stood behind its length.
#include "control/upstream/frames.h"
#include "dataplane/dns/header.h"
#include "tests/fuzz/check.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frames frames = {.buf = NULL};
	size_t off = 0, start = 1; // of the message under way

	// The first byte says how large the pieces are.
	size_t step = size > 0 ? 1 + data[0] % 64 * 37u : 1;
	for (off = 1; off < size;) {
		size_t len = size - off < step ? size - off : step;
		uint8_t *message;
		size_t message_len;
		long taken = frames_take(&frames, data + off, len, &message, &message_len);

		CHECK(taken > 0 && (size_t)taken <= len);
		off += (size_t)taken;
		if (message == NULL) {
			CHECK((size_t)taken == len);
			continue;
		}
		CHECK(message_len == wire_get16(data + start));
		CHECK(off == start + FRAMES_LENGTH_BYTES + message_len);
		CHECK(memcmp(message, data + start + FRAMES_LENGTH_BYTES, message_len) == 0);
		memset(message, 0xa5, message_len); // which is ours
		start = off;
	}
	CHECK(frames.cap <= 2 * (size + 2048));
	frames_close(&frames);
	return 0;
}
