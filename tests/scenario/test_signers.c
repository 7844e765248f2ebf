// ATTACKS B4, RFC 4035 §5.3.1: who may sign for a name, where no referral shows the cut: behind a
// forwarder for everything, and where a child is served by its parent's servers.
//
// Whoever holds the parent's key can make the parent's DS say anything, so that a signature of the
// parent's over a name of the child gives nothing that a DS would not: it is refused as soon as the
// cut is known, but no DS is asked for at every name because of it. What has to hold at any time is
// that nothing which the parent has honestly signed can be turned against a child.
#include "tests/scenario/zones.h"

#define FORWARDER "203.0.113.50"
#define PARENT    "192.0.2.30"
#define FALSE     "203.0.113.66"

static struct {
	struct rrset *made[16];
	size_t made_count;
	const struct rrset *answer, *soa;
	const struct rrset *proofs[16];
	size_t proof_count;
} script;

static struct rrset *keep(struct rrset *rrset)
{
	assert_true(script.made_count < sizeof(script.made) / sizeof(script.made[0]));
	return script.made[script.made_count++] = rrset;
}

static int end_script(void **state)
{
	for (size_t i = 0; i < script.made_count; i++)
		rrset_free(script.made[i]);
	memset(&script, 0, sizeof(script));
	return end_world(state);
}

static void speak(const struct network_query *query, enum section section, struct builder *b,
		  void *arg)
{
	(void)query, (void)arg;
	if (section == SECTION_ANSWER && script.answer != NULL)
		builder_rrset(b, section, script.answer, true);
	if (section != SECTION_AUTHORITY)
		return;
	if (script.soa != NULL)
		builder_rrset(b, section, script.soa, true);
	for (size_t i = 0; i < script.proof_count; i++)
		builder_rrset(b, section, script.proofs[i], true);
}

static struct signer_zone *zone(const char *apex)
{
	return world_zone(w, apex)->zone;
}

// tld. has a wildcard and delegates victim.tld. to servers of its own.
static void open_tld(bool nsec3, bool forwarded)
{
	w = world_new();
	world_add(w, &(struct world_zone){.apex = ".", .servers = "a.root.=192.88.0.1"});
	world_add(w, &(struct world_zone){.apex = "tld.",
					  .servers = "ns.tld.=" PARENT,
					  .text = "*.tld. 300 IN A 192.0.2.99\n"
						  "aaa.tld. 300 IN A 192.0.2.98\n",
					  .options = {.nsec3 = nsec3}});
	world_add(w, &(struct world_zone){.apex = "victim.tld.",
					  .servers = "ns.tld.=" PARENT,
					  .text = "www.victim.tld. 300 IN A 192.0.2.80\n",
					  .options = {.nsec3 = nsec3}});
	if (forwarded)
		world_route(w, ".", true, FORWARDER);
	world_start(w);
	if (forwarded)
		world_serve_all(w, FORWARDER);
}

// Every record of the parent's that might help: about other names, and about the cut.
static void say_all_denials(void)
{
	static const struct {
		const char *name;
		uint16_t type;
	} about[] = {{"zzz.tld.", TYPE_A},
		     {"a.b.tld.", TYPE_MX},
		     {"w.tld.", TYPE_MX},
		     {"aaa.tld.", TYPE_MX},
		     {"victim.tld.", TYPE_DS}};

	for (size_t i = 0; i < sizeof(about) / sizeof(about[0]); i++) {
		struct signer_answer answer;
		signer_zone_query(zone("tld."), text_name(about[i].name), about[i].type, &answer);
		for (size_t k = 0; k < answer.proof_count; k++) {
			bool there = answer.proofs[k]->type == TYPE_DS;
			for (size_t j = 0; j < script.proof_count; j++)
				there |= script.proofs[j] == answer.proofs[k];
			if (!there && script.proof_count < 16)
				script.proofs[script.proof_count++] = answer.proofs[k];
		}
	}
}

static struct fault *says(const char *name, unsigned rcode)
{
	return network_fault(&w->network, &(struct fault){.name = name,
							  .type = TYPE_A,
							  .replace = speak,
							  .flags = (uint16_t)(FLAG_AA | rcode)});
}

static void is_refused(const char *name, const struct fault *fault)
{
	struct question *q = world_ask(w, name, TYPE_A, ASK_DO);

	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_int_not_equal(q->reply->edns.ede, EDE_NONE);
	assert_true(fault->hits > 0);
	assert_not_cached(w, name, TYPE_A);
	assert_not_cached(w, name, 0);
}

static void each_world(void (*check)(void), void **state)
{
	for (int i = 0; i < 4; i++) {
		open_tld(i & 1, i & 2);
		check();
		end_script(state);
	}
}

// Nothing is known of the cut in any of these.

static void wildcard(void)
{
	struct signer_answer answer;

	signer_zone_query(zone("tld."), text_name("zzz.tld."), TYPE_A, &answer);
	assert_int_equal(answer.kind, SIGNER_ANSWER);
	script.answer = keep(signer_move(answer.rrset, text_name("www.victim.tld.")));
	say_all_denials();
	is_refused("www.victim.tld.", says("www.victim.tld.", RCODE_NOERROR));
	// Nor for the apex, and nor without any proof.
	script.answer = keep(signer_move(answer.rrset, text_name("victim.tld.")));
	is_refused("victim.tld.", says("victim.tld.", RCODE_NOERROR));
	script.proof_count = 0;
	script.answer = keep(signer_move(answer.rrset, text_name("ftp.victim.tld.")));
	is_refused("ftp.victim.tld.", says("ftp.victim.tld.", RCODE_NOERROR));
}

static void b4_the_parents_wildcard_is_no_answer_of_the_child(void **state)
{
	each_world(wildcard, state);
}

static void denial(void)
{
	script.soa = signer_zone_find(zone("tld."), text_name("tld."), TYPE_SOA);
	say_all_denials();
	is_refused("www.victim.tld.", says("www.victim.tld.", RCODE_NXDOMAIN));
	is_refused("ftp.victim.tld.", says("ftp.victim.tld.", RCODE_NOERROR));
	is_refused("victim.tld.", says("victim.tld.", RCODE_NOERROR));
}

static void b4_the_parents_denials_deny_nothing_of_the_child(void **state)
{
	each_world(denial, state);
}

// What it takes its key to make.
static void say_signed_by_parent(const char *name)
{
	char text[100];

	snprintf(text, sizeof(text), "%s 300 IN A " FALSE, name);
	script.answer = keep(signer_sign(keep(signer_rrset(text)), signer_zone_zsk(zone("tld.")),
					 text_name("tld."), NULL));
}

static void known_cut(void)
{
	// One question of the child's makes it known.
	assert_answer(world_ask(w, "www.victim.tld.", TYPE_MX, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	say_signed_by_parent("www.victim.tld.");
	is_refused("www.victim.tld.", says("www.victim.tld.", RCODE_NOERROR));
	say_signed_by_parent("victim.tld.");
	is_refused("victim.tld.", says("victim.tld.", RCODE_NOERROR));
}

static void b4_the_parents_key_signs_nothing_below_a_known_cut(void **state)
{
	each_world(known_cut, state);
}

static void both(void)
{
	// The deeper signer is the one that counts, whichever comes first.
	say_signed_by_parent("www.victim.tld.");
	struct rrset *one = keep(signer_sign(script.answer, signer_zone_zsk(zone("victim.tld.")),
					     text_name("victim.tld."),
					     &(struct signer_options){.corrupt = true}));
	script.answer = one;
	is_refused("www.victim.tld.", says("www.victim.tld.", RCODE_NOERROR));
}

static void b4_a_signature_in_the_childs_name_makes_the_cut_known(void **state)
{
	each_world(both, state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(b4_the_parents_wildcard_is_no_answer_of_the_child,
					  end_script),
		cmocka_unit_test_teardown(b4_the_parents_denials_deny_nothing_of_the_child,
					  end_script),
		cmocka_unit_test_teardown(b4_the_parents_key_signs_nothing_below_a_known_cut,
					  end_script),
		cmocka_unit_test_teardown(b4_a_signature_in_the_childs_name_makes_the_cut_known,
					  end_script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
