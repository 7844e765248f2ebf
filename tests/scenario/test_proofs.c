// What is proven counts, not what the RCODE says, and what a signed referral shows need not be
// asked.
#include "tests/scenario/zones.h"

#define DEEP_SERVER  "192.0.2.30"
#define OTHER_SERVER "192.0.2.31"

// A zone with signed and unsigned delegations below empty non-terminals, four of them at the most.
static void add_deep(bool nsec3, bool opt_out)
{
	world_add(w, &(struct world_zone){
			     .apex = "deep.com.",
			     .servers = "ns1.deep.com.=" DEEP_SERVER,
			     .text = "www.deep.com. 300 IN A 192.0.2.85\n"
				     "x.y.deep.com. 300 IN A 192.0.2.86\n",
			     .options = {.nsec3 = nsec3, .params = {.opt_out = opt_out}},
		     });
	world_add(w, &(struct world_zone){
			     .apex = "child.e1.e2.e3.e4.deep.com.",
			     .servers = "ns1.child.e1.e2.e3.e4.deep.com.=" OTHER_SERVER,
			     .text = "www.child.e1.e2.e3.e4.deep.com. 300 IN A 192.0.2.87\n"});
	world_add(w, &(struct world_zone){.apex = "open.f1.deep.com.",
					  .servers = "ns1.open.f1.deep.com.=" OTHER_SERVER,
					  .text = "www.open.f1.deep.com. 300 IN A 192.0.2.88\n",
					  .options = {.unsigned_ = true}});
}

static void start_deep(bool nsec3, bool opt_out)
{
	begin();
	add_deep(nsec3, opt_out);
	world_start(w);
}

// ---- RCODE and proof ----

static void other_rcode(uint16_t type)
{
	with((struct fault){.kind = FAULT_OTHER_RCODE,
			    .server = DEEP_SERVER,
			    .below = "deep.com.",
			    .type = type});
}

// The server denies each name that holds nothing itself, as some do; its records know better.
static void a_denied_ds_is_as_its_proof_says(void **state)
{
	(void)state;
	for (int nsec3 = 0; nsec3 <= 1; nsec3++) {
		start_deep(nsec3, false);
		other_rcode(TYPE_DS);
		assert_answer(world_ask(w, "e4.deep.com.", TYPE_DS, ASK_DO), RCODE_NOERROR, true,
			      EDE_NONE);
		assert_cached(w, "e4.deep.com.", TYPE_DS, ENTRY_NODATA, SECURITY_SECURE);
		// It is no ancestor of names that do not exist (RFC 8020).
		struct question *q =
			world_ask(w, "www.child.e1.e2.e3.e4.deep.com.", TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		assert_address(q, "192.0.2.87");
		// An unsigned delegation stays one, the DS of which is denied in the same way.
		assert_answer(world_ask(w, "open.f1.deep.com.", TYPE_DS, ASK_DO), RCODE_NOERROR,
			      true, EDE_NONE);
		q = world_ask(w, "www.open.f1.deep.com.", TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
		assert_address(q, "192.0.2.88");
		end_world(NULL);
	}
}

static void a_delegation_below_such_a_name_is_secure_from_the_first_question_on(void **state)
{
	(void)state;
	for (int nsec3 = 0; nsec3 <= 1; nsec3++) {
		start_deep(nsec3, false);
		other_rcode(TYPE_DS);
		struct question *q =
			world_ask(w, "www.child.e1.e2.e3.e4.deep.com.", TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		q = world_ask(w, "www.open.f1.deep.com.", TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
		assert_address(q, "192.0.2.88");
		end_world(NULL);
	}
}

static void so_is_any_other_type(void **state)
{
	(void)state;
	for (int nsec3 = 0; nsec3 <= 1; nsec3++) {
		start_deep(nsec3, false);
		other_rcode(0);
		// An empty non-terminal, and a name with data of another type.
		assert_answer(world_ask(w, "y.deep.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
			      EDE_NONE);
		assert_cached(w, "y.deep.com.", TYPE_A, ENTRY_NODATA, SECURITY_SECURE);
		assert_answer(world_ask(w, "www.deep.com.", TYPE_TXT, ASK_DO), RCODE_NOERROR, true,
			      EDE_NONE);
		assert_address(world_ask(w, "x.y.deep.com.", TYPE_A, ASK_DO), "192.0.2.86");
		assert_true(world_counter(w, "resolver.rcode_disputed") >= 2);
		// NOERROR for a name that is proven not to exist.
		assert_answer(world_ask(w, "nope.deep.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
			      EDE_NONE);
		end_world(NULL);
	}
}

// What contradicts itself counts for the name that was asked for and no other.
static void a_disputed_nxdomain_hides_nothing_below(void **state)
{
	(void)state;
	start_deep(false, false);
	with((struct fault){.kind = FAULT_OTHER_RCODE, .name = "nope.deep.com."});
	assert_answer(world_ask(w, "nope.deep.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
	network_forget_log(&w->network);
	world_ask(w, "below.nope.deep.com.", TYPE_A, ASK_DO);
	assert_true(network_sent(&w->network, DEEP_SERVER, NULL, 0) > 0);
}

// A minimised name that exists by its proof is no end of the way down.
static void a_minimised_name_is_as_its_proof_says(void **state)
{
	(void)state;
	for (int nsec3 = 0; nsec3 <= 1; nsec3++) {
		start_deep(nsec3, false);
		with((struct fault){.kind = FAULT_OTHER_RCODE, .name = "y.deep.com."});
		struct question *q = world_ask(w, "x.y.deep.com.", TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		assert_address(q, "192.0.2.86");
		end_world(NULL);
	}
}

static void without_any_proof_no_rcode_helps(void **state)
{
	static const char *const names[] = {"y.deep.com.", "www.deep.com.", "nope.deep.com."};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		start_deep(false, false);
		with((struct fault){
			.kind = FAULT_NXDOMAIN, .server = DEEP_SERVER, .name = names[i]});
		struct question *q = world_ask(w, names[i], TYPE_TXT, ASK_DO);
		assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
		assert_not_cached(w, names[i], TYPE_TXT);
		end_world(NULL);
	}
}

// ---- the DS of a referral ----

static void a_signed_ds_in_a_referral_spares_the_names_between(void **state)
{
	(void)state;
	for (int kind = 0; kind < 3; kind++) {
		start_deep(kind > 0, kind > 1);
		struct question *q =
			world_ask(w, "www.child.e1.e2.e3.e4.deep.com.", TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		assert_int_equal(network_sent(&w->network, NULL, NULL, TYPE_DS), 0);
		// After a flush that of the child is asked for, and no other.
		trust_forget(w->trust, text_name("deep.com."));
		world_flush(w, text_name("deep.com."));
		q = world_ask(w, "www.child.e1.e2.e3.e4.deep.com.", TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		assert_true(network_sent(&w->network, NULL, NULL, TYPE_DS) <= 2);
		end_world(NULL);
	}
}

// The DS is somebody else's: it shows nothing, and the parent is asked in so many words.
static void a_ds_that_does_not_validate_shows_nothing(void **state)
{
	(void)state;
	start_deep(false, false);
	with((struct fault){.kind = FAULT_BOGUS,
			    .server = DEEP_SERVER,
			    .name = "www.child.e1.e2.e3.e4.deep.com.",
			    .type = TYPE_A,
			    .times = 1});
	struct question *q = world_ask(w, "www.child.e1.e2.e3.e4.deep.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(
		network_sent(&w->network, DEEP_SERVER, "child.e1.e2.e3.e4.deep.com.", TYPE_DS), 1);
}

// ---- signatures that nobody can check ----

static struct rrset *changed; // the last one that was sent

static const struct rrset *with_another_address(const struct network_query *query,
						enum section section, const struct rrset *rrset,
						void *arg)
{
	struct signer_zone *zone = world_zone(w, "isle.com.")->zone;
	char line[300], owner[NAME_TEXT_MAX];

	(void)query, (void)arg;
	if (section != SECTION_ANSWER || rrset->type != TYPE_A)
		return rrset;
	rrset_free(changed);
	snprintf(line, sizeof(line), "%.200s 86400 IN A 203.0.113.66",
		 name_to_text(rrset->owner, owner));
	struct rrset *bare = signer_rrset(line);
	changed = signer_sign(bare, signer_zone_zsk(zone), signer_zone_apex(zone), NULL);
	rrset_free(bare);
	return changed;
}

// RFC 4035 §5: signatures hold whoever passes them on, where they can be checked. Of a zone without
// a DS they cannot: what a cache says of it with RRSIGs is worth no more than without.
static void a_cache_is_believed_no_more_for_rrsigs_of_an_insecure_zone(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "isle.com.",
					  .servers = "ns1.isle.com.=192.0.2.30 "
						     "ns2.isle.com.=198.51.100.30",
					  .text = "*.isle.com. 300 IN A 192.0.2.87\n",
					  .no_ds = true});
	world_start(w);
	struct fault *fault =
		network_fault(&w->network, &(struct fault){.kind = FAULT_CACHE,
							   .server = "192.0.2.30",
							   .below = "isle.com.",
							   .rewrite = with_another_address});
	for (int i = 0; i < 20; i++) {
		char name[32];
		snprintf(name, sizeof(name), "n%d.isle.com.", i);
		struct question *q = world_ask(w, name, TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
		assert_address(q, "192.0.2.87");
	}
	assert_true(fault->hits > 0);
	rrset_free(changed);
	changed = NULL;
}

// That a name may be an insecure delegation in an opt-out span makes what is there insecure, for
// us: a client that validates on its own still needs the proof beside a wildcard's answer (RFC 4035
// §3.1.3.3).
static void an_insecure_wildcard_brings_its_proof(void **state)
{
	(void)state;
	for (int ds_first = 0; ds_first < 2; ds_first++) {
		begin();
		world_add(w, &(struct world_zone){
				     .apex = "wild.com.",
				     .servers = "ns1.wild.com.=192.0.2.30",
				     .text = "*.wild.com. 300 IN A 192.0.2.87\n"
					     "there.wild.com. 300 IN A 192.0.2.88\n",
				     .options = {.nsec3 = true, .params = {.opt_out = true}}});
		world_start(w);
		if (ds_first)
			assert_answer(world_ask(w, "e.wild.com.", TYPE_DS, ASK_DO), RCODE_NOERROR,
				      false, EDE_NONE);
		struct question *q = world_ask(w, "e.wild.com.", TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
		assert_address(q, "192.0.2.87");
		assert_true(question_count_of(q, SECTION_AUTHORITY, TYPE_NSEC3) > 0);
		assert_true(question_count_of(q, SECTION_AUTHORITY, TYPE_RRSIG) > 0);
		// Where nothing was expanded none is given.
		q = world_ask(w, "there.wild.com.", TYPE_A, ASK_DO);
		assert_int_equal(question_count_of(q, SECTION_AUTHORITY, TYPE_NSEC3), 0);
		end_world(NULL);
	}
}

// A name in an opt-out span may be an unsigned zone; the zone of the span is signed whatever it is.
static void a_span_that_opts_out_excuses_no_unsigned_denial(void **state)
{
	static const struct {
		const char *name;
		uint16_t type;
		unsigned rcode;
	} asked[] = {{"nope.net.", TYPE_AAAA, RCODE_NXDOMAIN},
		     {"a.b.nope.net.", TYPE_MX, RCODE_NXDOMAIN}};

	(void)state;
	for (int all = 0; all < 2; all++) {
		begin();
		world_start(w);
		with((struct fault){.kind = FAULT_STRIP, .server = "192.5.8.30"});
		if (all)
			with((struct fault){.kind = FAULT_STRIP, .server = "198.51.103.30"});
		for (size_t i = 0; i < 2; i++) {
			struct question *q = world_ask(w, asked[i].name, asked[i].type, ASK_DO);
			if (all) {
				assert_answer(q, RCODE_SERVFAIL, false, q->reply->edns.ede);
				continue;
			}
			assert_answer(q, asked[i].rcode, false, EDE_NONE);
			assert_true(question_count_of(q, SECTION_AUTHORITY, TYPE_NSEC3) > 0);
		}
		if (!all)
			end_world(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(a_denied_ds_is_as_its_proof_says),
		scenario(a_delegation_below_such_a_name_is_secure_from_the_first_question_on),
		scenario(so_is_any_other_type),
		scenario(a_disputed_nxdomain_hides_nothing_below),
		scenario(a_minimised_name_is_as_its_proof_says),
		scenario(without_any_proof_no_rcode_helps),
		scenario(a_signed_ds_in_a_referral_spares_the_names_between),
		scenario(a_ds_that_does_not_validate_shows_nothing),
		scenario(a_cache_is_believed_no_more_for_rrsigs_of_an_insecure_zone),
		scenario(an_insecure_wildcard_brings_its_proof),
		scenario(a_span_that_opts_out_excuses_no_unsigned_denial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
