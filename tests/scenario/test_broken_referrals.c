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

static void start_for(uint32_t stale_s)
{
	begin();
	w->config.stale_s = stale_s;
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
}

static int start_short(void **state)
{
	(void)state;
	start_for(86400);
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

static void deny_by_the_root(const struct network_query *query, enum section section,
			     struct builder *b, void *arg)
{
	(void)query, (void)arg;
	if (section == SECTION_AUTHORITY)
		write_line(b, section, ". 300 IN SOA a. b. 1 60 60 60 60");
}

static void lie_of_addresses(const struct network_query *query, enum section section,
			     struct builder *b, void *arg)
{
	char line[NAME_TEXT_MAX + 40], name[NAME_TEXT_MAX];

	(void)arg;
	snprintf(line, sizeof(line), "%s 300 IN A " OTHERS, name_to_text(query->name, name));
	if (section == SECTION_ANSWER)
		write_line(b, section, line);
}

// In the place of referrals all of its servers deny the names below, with the SOA of a zone above,
// or give addresses of theirs as caches do. It is not the unsigned zone that says so: without stale
// data nothing does in its place, with them the servers of the last proof.
static void b17_nor_does_a_last_resort_at_the_tlds_servers(void **state)
{
	static const uint16_t flags[] = {FLAG_AA, FLAG_AA | RCODE_NXDOMAIN, FLAG_RA};
	static const char *const servers[] = {COM_A, COM_B};

	for (size_t way = 0; way < 6; way++) {
		unsigned n = 0;
		const bool stale = way < 3;
		start_for(stale ? 86400 : 0);
		assert_own_data(n++);
		for (size_t i = 0; i < 4; i++)
			with((struct fault){.server = servers[i % 2],
					    .below = i < 2 ? kept_com : open_com,
					    .replace = way % 3 < 2 ? deny_by_the_root
								   : lie_of_addresses,
					    .flags = flags[way % 3]});
		for (unsigned minutes = 1; minutes < 10; minutes++) {
			world_advance(w, 61000);
			if (stale)
				assert_own_data(n++);
			else
				assert_answer(ask_number(open_com, n++), RCODE_SERVFAIL, false,
					      EDE_NO_REACHABLE_AUTHORITY);
		}
		assert_int_equal(world_counter(w, "resolver.last_resort"), 0);
		end_world(state);
	}
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
		cmocka_unit_test(b17_nor_does_a_last_resort_at_the_tlds_servers),
		short_lived(nor_when_one_server_of_the_tld_is_well),
		short_lived(a_zone_that_was_not_known_is_proven_by_a_question_for_its_ds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
