// A zone and one below it on the same servers, with no referral between them; and servers that are
// behind when a zone is signed.
#include "tests/scenario/zones.h"

#define ONE "192.0.2.30"
#define TWO "198.51.100.30"

static void add_pair(bool nsec3, bool child_signed)
{
	world_add(w, &(struct world_zone){.apex = "both.com.",
					  .servers = "ns1.both.com.=" ONE " ns2.both.com.=" TWO,
					  .text = "*.both.com. 300 IN A 192.0.2.80\n",
					  .options = {.nsec3 = nsec3}});
	world_add(w, &(struct world_zone){.apex = "sub.both.com.",
					  .servers = "ns1.both.com.=" ONE " ns2.both.com.=" TWO,
					  .text = "*.sub.both.com. 300 IN A 192.0.2.81\n",
					  .options = {.unsigned_ = !child_signed}});
}

static struct question *ask(unsigned n, const char *zone)
{
	char name[64];

	snprintf(name, sizeof(name), "n%u.%s", n, zone);
	return world_ask(w, name, TYPE_A, ASK_DO);
}

static void parent_and_child_on_the_same_servers(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 4; kind++) {
		begin();
		add_pair(kind & 1, kind & 2);
		world_start(w);
		for (unsigned n = 0; n < 4; n++) {
			struct question *q = ask(n, "sub.both.com.");
			assert_answer(q, RCODE_NOERROR, (kind & 2) != 0, EDE_NONE);
			assert_address(q, "192.0.2.81");
			q = ask(n, "both.com.");
			assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
			assert_address(q, "192.0.2.80");
		}
		// The DS is the parent's, whichever side is asked first.
		struct question *q = world_ask(w, "sub.both.com.", TYPE_DS, ASK_DO);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_DS), (kind & 2) != 0);
		end_world(NULL);
	}
}

// The servers answer a question for the DS out of the child, as if it were any other of its types
// (RFC 4035 section 3.1.4.1 forbids it).
static void from_the_child(const struct network_query *query, enum section section,
			   struct builder *b, void *arg)
{
	const struct rrset *soa = arg;

	(void)query;
	if (section != SECTION_AUTHORITY)
		return;
	builder_record(b, section, soa->owner, TYPE_SOA, CLASS_IN, soa->ttl_s, soa->rdatas[0].data,
		       soa->rdatas[0].len);
}

static void a_ds_from_the_childs_side_is_none(void **state)
{
	(void)state;
	for (int child_signed = 0; child_signed < 2; child_signed++) {
		begin();
		add_pair(false, child_signed);
		world_start(w);
		const struct rrset *soa = signer_zone_find(world_zone(w, "sub.both.com.")->zone,
							   text_name("sub.both.com."), TYPE_SOA);
		with((struct fault){.server = ONE,
				    .name = "sub.both.com.",
				    .type = TYPE_DS,
				    .replace = from_the_child,
				    .hook_arg = (void *)(uintptr_t)soa,
				    .flags = FLAG_AA});
		// The other server knows better.
		for (unsigned n = 0; n < 8; n++) {
			struct question *q = ask(n, "sub.both.com.");
			assert_answer(q, RCODE_NOERROR, child_signed, EDE_NONE);
			assert_address(q, "192.0.2.81");
			trust_forget(w->trust, text_name("sub.both.com."));
		}
		assert_answer(ask(0, "both.com."), RCODE_NOERROR, true, EDE_NONE);
		end_world(NULL);
	}
}

// One address has both, and knows the child's side only. Where the parent is not signed nothing is
// lost by it: there is no DS. Where it is, nothing proves that there is none.
static void the_only_server_may_answer_for_a_ds_from_the_childs_side(void **state)
{
	(void)state;
	for (int parent_signed = 0; parent_signed < 2; parent_signed++) {
		begin();
		world_add(w, &(struct world_zone){.apex = "both.com.",
						  .servers = "ns1.both.com.=" ONE,
						  .text = "*.both.com. 300 IN A 192.0.2.80\n",
						  .options = {.unsigned_ = !parent_signed}});
		world_add(w, &(struct world_zone){.apex = "sub.both.com.",
						  .servers = "ns1.both.com.=" ONE,
						  .text = "*.sub.both.com. 300 IN A 192.0.2.81\n",
						  .options = {.unsigned_ = true}});
		world_start(w);
		const struct rrset *soa = signer_zone_find(world_zone(w, "sub.both.com.")->zone,
							   text_name("sub.both.com."), TYPE_SOA);
		with((struct fault){.name = "sub.both.com.",
				    .type = TYPE_DS,
				    .replace = from_the_child,
				    .hook_arg = (void *)(uintptr_t)soa,
				    .flags = FLAG_AA});
		struct question *q = world_ask(w, "sub.both.com.", TYPE_DS, ASK_DO);
		if (parent_signed) {
			assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
			assert_int_equal(ask(1, "sub.both.com.")->reply->rcode, RCODE_SERVFAIL);
		} else {
			assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
			assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_DS), 0);
			assert_address(ask(1, "sub.both.com."), "192.0.2.81");
		}
		// It is as good as ever for the zone above.
		assert_answer(ask(2, "both.com."), RCODE_NOERROR, parent_signed, EDE_NONE);
		end_world(NULL);
	}
}

// What is wrong with the zone below says nothing of the servers as those of the zone above.
static void a_bogus_child_is_not_held_against_its_parents_servers(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_BOGUS, FAULT_UNKNOWN_KEY, FAULT_EXPIRED,
						FAULT_STRIP};

	(void)state;
	for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
		begin();
		add_pair(false, true);
		world_start(w);
		assert_answer(ask(0, "sub.both.com."), RCODE_NOERROR, true, EDE_NONE);
		with((struct fault){.kind = kinds[kind], .server = ONE, .below = "sub.both.com."});
		with((struct fault){.server = ONE, .name = "sub.both.com.", .type = TYPE_DS});
		for (unsigned n = 1; n < 60; n++) {
			struct question *q = ask(n, "sub.both.com.");
			assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
			assert_address(q, "192.0.2.81");
		}
		network_forget_log(&w->network);
		for (unsigned n = 1; n < 60; n++)
			assert_answer(ask(n, "both.com."), RCODE_NOERROR, true, EDE_NONE);
		assert_true(network_sent(&w->network, ONE, NULL, TYPE_A) > 10);
		assert_true(network_sent(&w->network, TWO, NULL, TYPE_A) > 10);
		end_world(NULL);
	}
}

// ---- a zone that has just been signed ----

static void start_lagging(struct signer_zone **before)
{
	static const char text[] = "fresh.com. 300 IN SOA ns1.fresh.com. h.fresh.com. 1 2 3 4 300\n"
				   "fresh.com. 3600 IN NS ns1.fresh.com.\n"
				   "fresh.com. 3600 IN NS ns2.fresh.com.\n"
				   "ns1.fresh.com. 3600 IN A " ONE "\n"
				   "ns2.fresh.com. 3600 IN A " TWO "\n"
				   "*.fresh.com. 300 IN A 192.0.2.80\n"
				   "a.ent.fresh.com. 300 IN A 192.0.2.80\n";

	begin();
	world_add(w, &(struct world_zone){.apex = "fresh.com.",
					  .servers = "ns1.fresh.com.=" ONE " ns2.fresh.com.=" TWO,
					  .text = "*.fresh.com. 300 IN A 192.0.2.80\n"
						  "a.ent.fresh.com. 300 IN A 192.0.2.80\n"});
	world_start(w);
	*before = signer_zone_new("fresh.com.", text,
				  &(struct signer_zone_options){.unsigned_ = true});
	for (size_t i = 0; i < w->network.server_count; i++) {
		struct network_server *server = &w->network.servers[i];
		if (strcmp(server->text, TWO) == 0)
			server->zones[0] = *before;
	}
}

// One of the servers still has the copy from before, without any key, while the DS is out:
// whichever is asked first, nothing is lost, from the first question on.
static void a_server_with_the_copy_from_before_signing_loses_nothing(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 8; round++) {
		struct signer_zone *before;
		start_lagging(&before);
		w->network.random += round * 7919;
		for (unsigned n = 0; n < 12; n++) {
			struct question *q = ask(n, "fresh.com.");
			assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
			assert_address(q, "192.0.2.80");
			q = world_ask(w, "ent.fresh.com.", n % 2 ? TYPE_A : TYPE_TXT, ASK_DO);
			assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		}
		assert_answer(world_ask(w, "x.ent.fresh.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN,
			      true, EDE_NONE);
		assert_answer(world_ask(w, "fresh.com.", TYPE_DNSKEY, ASK_DO), RCODE_NOERROR, true,
			      EDE_NONE);
		assert_answer(world_ask(w, "fresh.com.", TYPE_DS, ASK_DO), RCODE_NOERROR, true,
			      EDE_NONE);
		end_world(NULL);
		signer_zone_free(before);
	}
}

// Where all have it, nothing can be proven; once the first has the new one, that is found.
static void one_with_the_signed_copy_is_enough(void **state)
{
	struct signer_zone *before;

	(void)state;
	start_lagging(&before);
	for (size_t i = 0; i < w->network.server_count; i++) {
		struct network_server *server = &w->network.servers[i];
		if (strcmp(server->text, ONE) == 0)
			server->zones[0] = before;
	}
	assert_int_equal(ask(0, "fresh.com.")->reply->rcode, RCODE_SERVFAIL);
	for (size_t i = 0; i < w->network.server_count; i++) {
		struct network_server *server = &w->network.servers[i];
		if (strcmp(server->text, ONE) == 0)
			server->zones[0] = world_zone(w, "fresh.com.")->zone;
	}
	world_advance(w, 10000);
	for (unsigned n = 1; n < 20; n++)
		assert_answer(ask(n, "fresh.com."), RCODE_NOERROR, true, EDE_NONE);
	end_world(NULL);
	signer_zone_free(before);
}

// The servers of a TLD have a zone two levels further down as well, which is bogus.
static void a_bogus_zone_says_nothing_of_the_tld_whose_servers_have_it(void **state)
{
	(void)state;
	begin();
	w->config.qname_minimisation = false;
	world_add(w, &(struct world_zone){.apex = "both.com.",
					  .servers = "ns1.both.com.=" ONE " ns2.both.com.=" TWO,
					  .text = "*.both.com. 300 IN A 192.0.2.80\n"});
	world_add(w, &(struct world_zone){.apex = "sub.both.com.",
					  .servers = "ns1.sub.both.com.=192.5.6.30 "
						     "ns2.sub.both.com.=198.51.101.30 "
						     "ns3.sub.both.com.=203.0.113.30",
					  .text = "*.sub.both.com. 300 IN A 192.0.2.81\n",
					  .options = {.signatures = {.corrupt = true}}});
	world_start(w);
	struct question *q = ask(0, "sub.both.com.");
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	for (unsigned n = 1; n < 4; n++) {
		q = ask(n, "both.com.");
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		assert_address(q, "192.0.2.80");
	}
	assert_int_equal(world_counter(w, "resolver.revived"), 0);
	end_world(NULL);
}

// The same where the zone between them has to be found anew: its last proof is not what it stands
// on.
static void a_bogus_zone_does_not_have_a_proof_prolonged_above_it(void **state)
{
	for (unsigned round = 0; round < 8; round++) {
		begin();
		w->network.random += round * 7919;
		world_add(w, &(struct world_zone){.apex = "both.com.",
						  .servers = "ns1.both.com.=" ONE
							     " ns2.both.com.=" TWO});
		world_add(w, &(struct world_zone){.apex = "sub.both.com.",
						  .servers = "ns1.both.com.=" ONE
							     " ns2.sub.both.com.=203.0.113.30",
						  .text = "*.sub.both.com. 5 IN A 192.0.2.81\n",
						  .ns_ttl_s = 60,
						  .ds_ttl_s = 60});
		world_add(w, &(struct world_zone){
				     .apex = "deep.sub.both.com.",
				     .servers = "ns1.both.com.=" ONE " ns2.both.com.=" TWO,
				     .text = "*.deep.sub.both.com. 5 IN A 192.0.2.82\n",
				     .options = {.signatures = {.corrupt = true}}});
		world_start(w);
		for (unsigned n = 0; n < 4; n++) {
			struct question *q = ask(n, "deep.sub.both.com.");
			assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
			q = ask(n, "sub.both.com.");
			assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
			assert_address(q, "192.0.2.81");
			world_advance(w, 310000);
		}
		assert_int_equal(world_counter(w, "resolver.revived"), 0);
		assert_int_equal(world_counter(w, "resolver.prolonged"), 0);
		end_world(state);
	}
}

// A server of a zone still has one that the zone delegates no longer, and answers for that; the
// zone's other servers prove nothing. That it has no DS to it any more is an answer.
static void a_zone_that_has_been_denied_is_answered_for_by_that(void **state)
{
	for (unsigned kind = 0; kind < 8; kind++) {
		begin();
		w->config.qname_minimisation = false;
		world_add(w, &(struct world_zone){.apex = "both.com.",
						  .servers = "ns1.both.com.=" ONE
							     " ns2.both.com.=" TWO,
						  .negative_ttl_s = kind & 4 ? 300 : 1,
						  .options = {.nsec3 = kind & 2}});
		world_add(w, &(struct world_zone){.apex = "sub.both.com.",
						  .servers = "ns1.both.com.=" ONE,
						  .text = "*.sub.both.com. 300 IN A 192.0.2.81\n",
						  .options = {.unsigned_ = kind & 1}});
		world_start(w);
		world_undelegate(w, "sub.both.com.");
		with((struct fault){.kind = FAULT_BOGUS, .server = TWO});
		for (unsigned n = 0; n < 4; n++)
			assert_answer(ask(n, "sub.both.com."), RCODE_NXDOMAIN, true, EDE_NONE);
		world_advance(w, 2000);
		assert_answer(ask(9, "sub.both.com."), RCODE_NXDOMAIN, true, EDE_NONE);
		end_world(state);
	}
}

// The same, with a wildcard in its place; one server of the zone knows, the other one refers to a
// zone further down, as often as it is asked.
static void a_referral_that_was_disproved_is_not_followed_for_ever(void **state)
{
	for (unsigned round = 0; round < 12; round++) {
		begin();
		world_add(w, &(struct world_zone){.apex = "both.com.",
						  .servers = "ns1.both.com.=" ONE
							     " ns2.both.com.=" TWO,
						  .text = "*.both.com. 300 IN A 192.0.2.80\n"});
		world_add(w, &(struct world_zone){.apex = "sub.both.com.",
						  .servers = "ns1.both.com.=" ONE,
						  .options = {.unsigned_ = true}});
		world_add(w,
			  &(struct world_zone){.apex = "deep.sub.both.com.",
					       .servers = "ns1.deep.sub.both.com.=203.0.113.30",
					       .text = "*.deep.sub.both.com. 5 IN A 192.0.2.81\n"});
		world_start(w);
		world_undelegate(w, "sub.both.com.");
		w->network.random += round * 7919;
		for (unsigned n = 0; n < 6; n++) {
			struct question *q = ask(n, "deep.sub.both.com.");
			assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
			assert_address(q, "192.0.2.80");
		}
		end_world(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(a_bogus_zone_says_nothing_of_the_tld_whose_servers_have_it),
		scenario(a_bogus_zone_does_not_have_a_proof_prolonged_above_it),
		scenario(a_zone_that_has_been_denied_is_answered_for_by_that),
		scenario(a_referral_that_was_disproved_is_not_followed_for_ever),
		scenario(parent_and_child_on_the_same_servers),
		scenario(a_ds_from_the_childs_side_is_none),
		scenario(the_only_server_may_answer_for_a_ds_from_the_childs_side),
		scenario(a_bogus_child_is_not_held_against_its_parents_servers),
		scenario(a_server_with_the_copy_from_before_signing_loses_nothing),
		scenario(one_with_the_signed_copy_is_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
