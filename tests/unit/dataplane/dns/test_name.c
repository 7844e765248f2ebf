#include "dataplane/dns/name.h"
#include "tests/unit/dataplane/dns/wire.h"

#include <errno.h>

static struct wire w;

static int parse_at(size_t off, uint8_t out[NAME_MAX_LEN], size_t *next)
{
	return name_parse(wire_exact(&w), w.len, off, out, next);
}

static int parse_fails(size_t off)
{
	uint8_t out[NAME_MAX_LEN];
	size_t next;

	return parse_at(off, out, &next);
}

static void start(void)
{
	wire_header(&w, 0, 0, 0, 0, 0);
}

// Labels that add up to a name of `len` bytes.
static void long_name(struct wire *to, size_t len)
{
	char label[63];

	memset(label, 'x', sizeof(label));
	while (len > 1) {
		size_t n = len - 2 < 63 ? len - 2 : 63;
		if (len - 1 - (n + 1) == 1) // one byte left over is no label
			n--;
		wire_8(to, (unsigned)n);
		wire_bytes(to, label, n);
		len -= n + 1;
	}
	wire_8(to, 0);
}

static void plain_name_is_copied_in_its_case(void **state)
{
	(void)state;
	uint8_t out[NAME_MAX_LEN];
	size_t next = 0;

	start();
	wire_name(&w, "wWw.ExAmple");
	wire_8(&w, 7);
	assert_int_equal(parse_at(12, out, &next), 13);
	assert_memory_equal(out, "\3wWw\7ExAmple", 13);
	assert_int_equal(next, 25);
}

static void pointer_is_followed_and_next_is_behind_it(void **state)
{
	(void)state;
	uint8_t out[NAME_MAX_LEN];
	size_t next = 0;

	start();
	wire_name(&w, "example.com"); // 12
	wire_8(&w, 3);                // 25
	wire_bytes(&w, "www", 3);
	wire_pointer(&w, 12);
	wire_8(&w, 1); // 31
	wire_bytes(&w, "a", 1);
	wire_pointer(&w, 25); // to a name that ends in a pointer
	assert_int_equal(parse_at(25, out, &next), 17);
	assert_memory_equal(out, "\3www\7example\3com", 17);
	assert_int_equal(next, 31);
	assert_int_equal(parse_at(31, out, &next), 19);
	assert_memory_equal(out, "\1a\3www\7example\3com", 19);
	assert_int_equal(next, 35);
}

static void compression_loop_is_refused(void **state)
{
	(void)state;

	start();
	wire_pointer(&w, 12); // to itself
	assert_int_equal(parse_fails(12), -EBADMSG);
	start();
	wire_8(&w, 1);
	wire_bytes(&w, "a", 1);
	wire_pointer(&w, 12); // to the label before it
	assert_int_equal(parse_fails(12), -EBADMSG);
	start();
	wire_pointer(&w, 14);
	wire_pointer(&w, 12); // two that point at each other
	assert_int_equal(parse_fails(14), -EBADMSG);
	start();
	wire_bytes(&w, "\1a", 2);
	wire_bytes(&w, "\1b", 2);
	wire_pointer(&w, 14); // into its own run, not to its start
	assert_int_equal(parse_fails(12), -EBADMSG);
}

static void forward_pointer_is_refused(void **state)
{
	(void)state;

	start();
	wire_pointer(&w, 14);
	wire_name(&w, "a");
	assert_int_equal(parse_fails(12), -EBADMSG);
	// Backwards first, then ahead of where the first one led.
	start();
	wire_pointer(&w, 14); // 12
	wire_name(&w, "b");   // 14
	wire_pointer(&w, 12); // 17
	assert_int_equal(parse_fails(17), -EBADMSG);
	start();
	wire_pointer(&w, 5000); // past the end
	assert_int_equal(parse_fails(12), -EBADMSG);
}

static void pointer_into_the_header_is_refused(void **state)
{
	(void)state;

	for (unsigned target = 0; target < HEADER_LEN; target++) {
		start();
		memset(w.buf, 0, HEADER_LEN); // each byte there would read as a root label
		wire_pointer(&w, target);
		assert_int_equal(parse_fails(12), -EBADMSG);
	}
	start();
	wire_8(&w, 0);
	wire_pointer(&w, HEADER_LEN);
	uint8_t out[NAME_MAX_LEN];
	size_t next;
	assert_int_equal(parse_at(13, out, &next), 1);
}

static void pointer_cut_off_is_refused(void **state)
{
	(void)state;

	start();
	wire_8(&w, 0xc0);
	assert_int_equal(parse_fails(12), -EBADMSG);
}

static void label_types_01_and_10_are_refused(void **state)
{
	(void)state;

	for (unsigned label = 64; label < 192; label++) {
		start();
		wire_8(&w, label);
		for (unsigned i = 0; i < label; i++)
			wire_8(&w, 'a');
		wire_8(&w, 0);
		assert_int_equal(parse_fails(12), -EBADMSG);
		assert_int_equal(name_check(w.buf + 12, w.len - 12), -EBADMSG);
	}
}

static void name_over_255_bytes_is_refused(void **state)
{
	(void)state;
	uint8_t out[NAME_MAX_LEN];
	size_t next;

	start();
	long_name(&w, 255);
	assert_int_equal(w.len - 12, 255);
	assert_int_equal(parse_at(12, out, &next), 255);
	assert_int_equal(name_check(w.buf + 12, w.len - 12), 255);
	start();
	long_name(&w, 256);
	assert_int_equal(w.len - 12, 256);
	assert_int_equal(parse_fails(12), -EBADMSG);
	assert_int_equal(name_check(w.buf + 12, w.len - 12), -EBADMSG);
	// By way of a pointer.
	start();
	long_name(&w, 254);
	size_t at = w.len;
	wire_bytes(&w, "\1a", 2);
	wire_pointer(&w, 12);
	assert_int_equal(parse_fails(at), -EBADMSG);
}

static void name_that_passes_the_end_is_refused(void **state)
{
	(void)state;

	start();
	wire_name(&w, "example.com");
	size_t full = w.len;
	for (w.len = 12; w.len < full; w.len++) {
		assert_int_equal(parse_fails(12), -EBADMSG);
		assert_int_equal(name_check(w.buf + 12, w.len - 12), -EBADMSG);
	}
	w.len = full;
	assert_int_equal(name_check(w.buf + 12, w.len - 12), 13);
}

static void pointer_chain_is_bounded(void **state)
{
	(void)state;
	uint8_t out[NAME_MAX_LEN];
	size_t next;

	// Each pointer goes to the one before it; the first to a root label.
	start();
	wire_8(&w, 0);
	wire_pointer(&w, 12);
	for (unsigned i = 1; i < 200; i++)
		wire_pointer(&w, 13 + 2 * (i - 1));
	assert_int_equal(parse_at(13 + 2 * (NAME_MAX_LABELS - 1), out, &next), 1);
	assert_int_equal(parse_fails(13 + 2 * NAME_MAX_LABELS), -EBADMSG);
}

static void check_refuses_pointers(void **state)
{
	(void)state;
	const uint8_t pointer[] = {1, 'a', 0xc0, 12};

	assert_int_equal(name_check(pointer, sizeof(pointer)), -EBADMSG);
	assert_int_equal(name_check(pointer, 0), -EBADMSG);
}

static void name_of_127_labels_is_taken(void **state)
{
	(void)state;
	uint8_t out[NAME_MAX_LEN];
	size_t next;

	start();
	for (unsigned i = 0; i < NAME_MAX_LABELS; i++)
		wire_bytes(&w, "\1a", 2);
	wire_8(&w, 0);
	assert_int_equal(parse_at(12, out, &next), 255);
	assert_int_equal(name_labels(out), NAME_MAX_LABELS);
	assert_int_equal(name_len(out), 255);
	assert_int_equal(name_compare(out, out), 0);
	assert_int_equal(name_common_labels(out, out), NAME_MAX_LABELS);
}

static void only_ascii_letters_are_folded(void **state)
{
	(void)state;
	uint8_t in[256], out[256];

	for (unsigned i = 0; i < 256; i++)
		in[i] = (uint8_t)i;
	name_lower(out, in, 256);
	for (unsigned i = 0; i < 256; i++)
		assert_int_equal(out[i], i >= 'A' && i <= 'Z' ? i + 32 : i);
}

static void folding_writes_exactly_len_bytes(void **state)
{
	(void)state;

	for (size_t len = 0; len < 40; len++) {
		uint8_t in[40], out[41];
		memset(in, 'Q', sizeof(in));
		memset(out, '#', sizeof(out));
		name_lower(out, in, len);
		for (size_t i = 0; i < sizeof(out); i++)
			assert_int_equal(out[i], i < len ? 'q' : '#');
		name_lower(in, in, len); // in place
		for (size_t i = 0; i < sizeof(in); i++)
			assert_int_equal(in[i], i < len ? 'q' : 'Q');
	}
}

static void equality_ignores_case_and_nothing_else(void **state)
{
	(void)state;

	assert_true(name_equal(name_of("WWW.example.COM"), name_of("www.EXAMPLE.com")));
	assert_true(name_equal(name_of("."), name_of(".")));
	assert_true(name_equal(name_of("A"), name_of("a")));
	assert_false(name_equal(name_of("www.example.com"), name_of("www.example.con")));
	assert_false(name_equal(name_of("www.example.com"), name_of("example.com")));
	assert_false(name_equal(name_of("ab.c"), name_of("a.bc")));
	// '@' and '`', '[' and '{' differ by the bit that folds letters.
	assert_false(name_equal(name_of("@"), name_of("`")));
	assert_false(name_equal(name_of("["), name_of("{")));
	assert_false(name_equal(name_of("\xc1"), name_of("\xe1")));
	assert_false(name_equal(name_of("longenough[.x"), name_of("longenough{.x")));
}

// The list of RFC 4034 §6.1.
static void canonical_order_is_that_of_rfc4034(void **state)
{
	(void)state;
	static const uint8_t sorted[][24] = {
		"\7example",          "\1a\7example",       "\10yljkjljk\1a\7example",
		"\1Z\1a\7example",    "\4zABC\1a\7EXAMPLE", "\1z\7example",
		"\1\001\1z\7example", "\1*\1z\7example",    "\1\310\1z\7example",
	};
	const size_t count = sizeof(sorted) / sizeof(sorted[0]);

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count; j++) {
			int order = name_compare(sorted[i], sorted[j]);
			if (i < j)
				assert_true(order < 0);
			else if (i > j)
				assert_true(order > 0);
			else
				assert_int_equal(order, 0);
		}
		assert_true(name_compare(name_of("."), sorted[i]) < 0);
	}
	assert_int_equal(name_compare(name_of("A.b"), name_of("a.B")), 0);
}

static void shorter_label_sorts_before_its_extension(void **state)
{
	(void)state;

	assert_true(name_compare(name_of("ab.example"), name_of("abc.example")) < 0);
	assert_true(name_compare(name_of("abc.example"), name_of("ab.example")) > 0);
	// The label counts, not the bytes of the whole name.
	assert_true(name_compare(name_of("zzzz.a"), name_of("a.b")) < 0);
}

static void within_holds_for_self_and_descendants_by_label(void **state)
{
	(void)state;

	assert_true(name_within(name_of("a.Example.com"), name_of("example.COM")));
	assert_true(name_within(name_of("example.com"), name_of("example.com")));
	assert_true(name_within(name_of("example.com"), name_of(".")));
	assert_true(name_within(name_of("."), name_of(".")));
	assert_false(name_within(name_of("."), name_of("com")));
	assert_false(name_within(name_of("badexample.com"), name_of("example.com")));
	assert_false(name_within(name_of("com"), name_of("example.com")));
	// The bytes agree, but the label does not begin there: "x\3com" . "" against "com".
	assert_false(name_within((const uint8_t *)"\5x\3com", name_of("com")));
}

static void skip_and_ancestor_stop_at_the_root(void **state)
{
	(void)state;
	const uint8_t *name = name_of("a.b.c");

	assert_int_equal(name_labels(name), 3);
	assert_ptr_equal(name_skip(name, 0), name);
	assert_ptr_equal(name_skip(name, 2), name + 4);
	assert_true(name_is_root(name_skip(name, 3)));
	assert_true(name_is_root(name_skip(name, 200)));
	assert_true(name_is_root(name_ancestor(name, 0)));
	assert_ptr_equal(name_ancestor(name, 1), name + 4);
	assert_ptr_equal(name_ancestor(name, 3), name);
	assert_ptr_equal(name_ancestor(name, 9), name);
	assert_false(name_is_root(name));
}

static void common_labels_are_counted_from_the_root(void **state)
{
	(void)state;

	assert_int_equal(name_common_labels(name_of("a.b.example"), name_of("x.B.Example")), 2);
	assert_int_equal(name_common_labels(name_of("a.b"), name_of("a.c")), 0);
	assert_int_equal(name_common_labels(name_of("example"), name_of("a.b.example")), 1);
	assert_int_equal(name_common_labels(name_of("."), name_of("a")), 0);
	// Equal labels left of a difference do not count.
	assert_int_equal(name_common_labels(name_of("a.b.x.com"), name_of("a.b.y.com")), 1);
}

static void wildcard_is_recognised_and_made(void **state)
{
	(void)state;
	uint8_t out[NAME_MAX_LEN];
	struct wire big = {.len = 0};

	assert_true(name_is_wildcard(name_of("*.example")));
	assert_false(name_is_wildcard(name_of("a.*.example")));
	assert_false(name_is_wildcard(name_of("**.example")));
	assert_false(name_is_wildcard(name_of(".")));
	assert_int_equal(name_wildcard_of(name_of("Example"), out), 11);
	assert_memory_equal(out, "\1*\7Example", 11);
	assert_int_equal(name_wildcard_of(name_of("."), out), 3);
	long_name(&big, 253);
	assert_int_equal(name_wildcard_of(big.buf, out), 255);
	big.len = 0;
	long_name(&big, 254);
	assert_int_equal(name_wildcard_of(big.buf, out), -ENAMETOOLONG);
}

static void dname_substitution_replaces_the_suffix(void **state)
{
	(void)state;
	uint8_t out[NAME_MAX_LEN];

	assert_int_equal(name_substitute(name_of("Www.a.OLD.example"), name_of("old.example"),
					 name_of("new.test"), out),
			 16);
	assert_memory_equal(out, "\3Www\1a\3new\4test", 16);
	assert_int_equal(name_substitute(name_of("a.old"), name_of("old"), name_of("."), out), 3);
	assert_memory_equal(out, "\1a", 3);
	assert_int_equal(name_substitute(name_of("old"), name_of("old"), name_of("new"), out),
			 -EINVAL);
	assert_int_equal(name_substitute(name_of("a.b"), name_of("old"), name_of("new"), out),
			 -EINVAL);
}

static void dname_substitution_over_255_bytes_is_too_long(void **state)
{
	(void)state;
	uint8_t out[NAME_MAX_LEN];
	struct wire to = {.len = 0};

	long_name(&to, 253);
	assert_int_equal(name_substitute(name_of("a.old"), name_of("old"), to.buf, out), 255);
	assert_int_equal(name_substitute(name_of("ab.old"), name_of("old"), to.buf, out),
			 -ENAMETOOLONG);
}

static void copy_takes_the_whole_name(void **state)
{
	(void)state;
	uint8_t out[NAME_MAX_LEN];

	memset(out, '#', sizeof(out));
	name_copy(out, name_of("a.b"));
	assert_memory_equal(out, "\1a\1b\0#", 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_name_is_copied_in_its_case),
		cmocka_unit_test(pointer_is_followed_and_next_is_behind_it),
		cmocka_unit_test(compression_loop_is_refused),
		cmocka_unit_test(forward_pointer_is_refused),
		cmocka_unit_test(pointer_into_the_header_is_refused),
		cmocka_unit_test(pointer_cut_off_is_refused),
		cmocka_unit_test(label_types_01_and_10_are_refused),
		cmocka_unit_test(name_over_255_bytes_is_refused),
		cmocka_unit_test(name_that_passes_the_end_is_refused),
		cmocka_unit_test(pointer_chain_is_bounded),
		cmocka_unit_test(check_refuses_pointers),
		cmocka_unit_test(name_of_127_labels_is_taken),
		cmocka_unit_test(only_ascii_letters_are_folded),
		cmocka_unit_test(folding_writes_exactly_len_bytes),
		cmocka_unit_test(equality_ignores_case_and_nothing_else),
		cmocka_unit_test(canonical_order_is_that_of_rfc4034),
		cmocka_unit_test(shorter_label_sorts_before_its_extension),
		cmocka_unit_test(within_holds_for_self_and_descendants_by_label),
		cmocka_unit_test(skip_and_ancestor_stop_at_the_root),
		cmocka_unit_test(common_labels_are_counted_from_the_root),
		cmocka_unit_test(wildcard_is_recognised_and_made),
		cmocka_unit_test(dname_substitution_replaces_the_suffix),
		cmocka_unit_test(dname_substitution_over_255_bytes_is_too_long),
		cmocka_unit_test(copy_takes_the_whole_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
