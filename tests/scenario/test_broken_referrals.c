// A signed TLD that refers to other servers, with neither a DS nor the proof that there is none
// (RFC 4035 §3.1.4 wants one of them): the servers of the last proof serve.
#include "tests/scenario/broken.h"
#include "tests/scenario/text.h"

#include <stdio.h>

#define OTHERS "198.18.1.66"

static void write_line(struct builder *b, enum section section, const char *line)
{
	struct text_record record;

	text_record(line, &record);
	builder_record(b, section, record.owner, record.type, CLASS_IN, record.ttl_s, record.rdata,
		       record.rdlen);
}

static void refer_elsewhere(const struct network_query *query, enum section section,
			    struct builder *b, void *arg)
{
	const char *zone = arg;
	char line[80];

	(void)query;
	snprintf(line, sizeof(line), "%s 300 IN NS other.%s", zone, zone);
	if (section == SECTION_AUTHORITY)
		write_line(b, section, line);
	snprintf(line, sizeof(line), "other.%s 300 IN A " OTHERS, zone);
	if (section == SECTION_ADDITIONAL)
		write_line(b, section, line);
}

static char kept_com[] = "kept.com.", open_com[] = "open.com.";

static int start_short(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 2; i++)
		world_add(w, &(struct world_zone){
				     .apex = i == 0 ? kept_com : open_com,
				     .servers = i == 0 ? "ns.kept.com.=192.0.2.40"
						       : "ns.open.com.=192.0.2.41",
				     .text = i == 0 ? "*.wild.kept.com. 1 IN A 192.0.2.50\n"
						    : "*.wild.open.com. 1 IN A 192.0.2.51\n",
				     .ns_ttl_s = 60,
				     .options = {.unsigned_ = i == 1}});
	world_start(w);
	return 0;
}

// What these servers say is not so.
static void take_over(void)
{
	for (int i = 0; i < 2; i++) {
		char *zone = i == 0 ? kept_com : open_com;
		network_serve(&w->network, OTHERS, world_zone(w, zone)->zone);
		with((struct fault){.server = COM_A,
				    .below = zone,
				    .replace = refer_elsewhere,
				    .hook_arg = zone});
		with((struct fault){.server = COM_B,
				    .below = zone,
				    .replace = refer_elsewhere,
				    .hook_arg = zone});
	}
	with((struct fault){.kind = FAULT_FORGED, .server = OTHERS});
}

static void assert_own_data(unsigned n)
{
	struct question *q = ask_number(kept_com, n);

	assert_int_equal(q->reply->rcode, RCODE_NOERROR);
	assert_address(q, "192.0.2.50");
	q = ask_number(open_com, n);
	assert_int_equal(q->reply->rcode, RCODE_NOERROR);
	assert_address(q, "192.0.2.51");
	assert_false(q->reply->flags & FLAG_AD);
}

// While the DS and its denial are within their TTL, at their end, and long after it.
static void b17_a_referral_without_ds_and_without_proof_takes_no_zone_away(void **state)
{
	unsigned n = 0;

	(void)state;
	assert_own_data(n++);
	take_over();
	for (unsigned minutes = 1; minutes < 150; minutes += minutes < 10 ? 1 : 35) {
		world_advance(w, minutes < 10 ? 61000 : 2100000);
		for (int i = 0; i < 5; i++)
			assert_own_data(n++);
	}
	network_heal(&w->network);
	network_forget_log(&w->network);
	world_advance(w, 6000);
	for (int i = 0; i < 5; i++) {
		assert_own_data(n++);
		assert_true(i == 0 || ask_number(kept_com, n++)->reply->flags & FLAG_AD);
	}
	assert_int_equal(network_sent(&w->network, OTHERS, NULL, 0), 0);
}

// One of two servers of the TLD says it right.
static void nor_when_one_server_of_the_tld_is_well(void **state)
{
	unsigned n = 0;

	(void)state;
	assert_own_data(n++);
	take_over();
	w->network.faults[1].server = w->network.faults[3].server = "192.0.2.255";
	for (int i = 0; i < 20; i++) {
		world_advance(w, 61000);
		assert_own_data(n++);
	}
}

// A referral of this kind is all that an old server knows to say.
static void a_zone_that_was_not_known_is_proven_by_a_question_for_its_ds(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_STRIP, .server = COM_A, .type = TYPE_A});
	with((struct fault){.kind = FAULT_STRIP, .server = COM_B, .type = TYPE_A});
	assert_own_data(0);
	assert_true(ask_number(kept_com, 1)->reply->flags & FLAG_AD);
}

int main(void)
{
#define short_lived(f) cmocka_unit_test_setup_teardown(f, start_short, end_world)
	const struct CMUnitTest tests[] = {
		short_lived(b17_a_referral_without_ds_and_without_proof_takes_no_zone_away),
		short_lived(nor_when_one_server_of_the_tld_is_well),
		short_lived(a_zone_that_was_not_known_is_proven_by_a_question_for_its_ds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
