#include "tests/unit/control/validator/driver.h"

#include "dataplane/dns/rdata.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/validator/signer_check.h"

#include <string.h>

const char world_signed_text[] =
	"signed.example. 3600 IN SOA ns.signed.example. host.signed.example. 1 3600 600 86400 300\n"
	"signed.example. 3600 IN NS ns.signed.example.\n"
	"signed.example. 3600 IN MX 10 Mail.Signed.Example.\n"
	"ns.signed.example. 3600 IN A 192.0.2.1\n"
	"www.signed.example. 300 IN A 192.0.2.80\n"
	"www.signed.example. 300 IN A 192.0.2.81\n"
	"alias.signed.example. 300 IN CNAME www.signed.example.\n"
	"a.ent.signed.example. 300 IN A 192.0.2.2\n"
	"*.wild.signed.example. 300 IN A 192.0.2.3\n"
	"*.cwild.signed.example. 300 IN CNAME www.signed.example.\n"
	"dname.signed.example. 300 IN DNAME signed.example.\n"
	"sub.signed.example. 3600 IN NS ns.sub.signed.example.\n"
	"island.signed.example. 3600 IN NS ns.island.signed.example.\n";

static const char sub_text[] = "sub.signed.example. 3600 IN SOA ns.sub.signed.example. "
			       "host.example. 1 3600 600 86400 300\n"
			       "sub.signed.example. 3600 IN NS ns.sub.signed.example.\n"
			       "www.sub.signed.example. 300 IN A 192.0.2.4\n";

static const char island_text[] = "island.signed.example. 3600 IN SOA ns.island.signed.example. "
				  "h.example. 1 3600 600 86400 30\n"
				  "island.signed.example. 3600 IN NS ns.island.signed.example.\n"
				  "www.island.signed.example. 300 IN A 192.0.2.5\n";

static const char unsigned_text[] =
	"unsigned.example. 3600 IN SOA ns.unsigned.example. host.example. 1 3600 600 86400 300\n"
	"unsigned.example. 3600 IN NS ns.unsigned.example.\n"
	"www.unsigned.example. 300 IN A 192.0.2.6\n"
	"a.b.c.unsigned.example. 300 IN A 192.0.2.7\n";

static const char example_text[] =
	"example. 3600 IN SOA ns.example. host.example. 1 3600 600 86400 300\n"
	"example. 3600 IN NS ns.example.\n"
	"ns.example. 3600 IN A 192.0.2.53\n"
	"unsigned.example. 3600 IN NS ns.unsigned.example.\n"
	"signed.example. 3600 IN NS ns.signed.example.\n";

static const char root_text[] = ". 86400 IN SOA a.root. host.root. 1 3600 600 86400 300\n"
				". 86400 IN NS a.root.\n"
				"a.root. 86400 IN A 192.0.2.10\n"
				"example. 86400 IN NS ns.example.\n";

void world_open(struct world *w)
{
	static const struct trust_config config = {
		.inception_skew_s = 3600,
		.nsec3_iterations_max = 50,
	};

	*w = (struct world){.now_ms = 1000000, .now_s = SIGNER_NOW};
	w->batch = batch_new(&(struct batch_config){0});
	CHECK(w->batch != NULL);
	w->trust = trust_new(&config, w->batch);
	CHECK(w->trust != NULL);
	budget_start(&w->budget, w->now_ms);
}

void world_close(struct world *w)
{
	trust_free(w->trust);
	batch_free(w->batch);
	for (size_t i = 0; i < w->zone_count; i++)
		signer_zone_free(w->zones[i]);
	for (size_t i = 0; i < w->kept_count; i++)
		rrset_free(w->kept[i]);
}

struct signer_zone *world_add(struct world *w, struct signer_zone *zone)
{
	CHECK(w->zone_count < WORLD_ZONES_MAX);
	return w->zones[w->zone_count++] = zone;
}

void world_anchor(struct world *w, const struct signer_zone *zone)
{
	uint8_t rdata[64];
	const uint8_t *apex = signer_zone_apex(zone);
	size_t len = signer_ds(signer_zone_ksk(zone), apex, 2, rdata);

	CHECK(trust_anchor_add(w->trust, apex, TYPE_DS, rdata, len) == 0);
}

void world_standard(struct world *w, const struct signer_zone_options *options)
{
	static const struct signer_zone_options none = {.unsigned_ = true};
	char text[4096];

	world_open(w);
	struct signer_zone *sub =
		world_add(w, signer_zone_new("sub.signed.example.", sub_text, NULL));
	world_add(w, signer_zone_new("island.signed.example.", island_text, NULL));
	world_add(w, signer_zone_new("unsigned.example.", unsigned_text, &none));
	snprintf(text, sizeof(text), "%s%s", world_signed_text, signer_zone_ds_text(sub));
	struct signer_zone *signed_ =
		world_add(w, signer_zone_new("signed.example.", text, options));
	snprintf(text, sizeof(text), "%s%s", example_text, signer_zone_ds_text(signed_));
	struct signer_zone *example = world_add(w, signer_zone_new("example.", text, NULL));
	snprintf(text, sizeof(text), "%s%s", root_text, signer_zone_ds_text(example));
	world_anchor(w, world_add(w, signer_zone_new(".", text, NULL)));
}

struct rrset *world_keep(struct world *w, struct rrset *rrset)
{
	CHECK(w->kept_count < sizeof(w->kept) / sizeof(w->kept[0]));
	return w->kept[w->kept_count++] = rrset;
}

struct signer_zone *world_zone(struct world *w, const char *apex)
{
	for (size_t i = 0; i < w->zone_count; i++) {
		if (name_equal(signer_zone_apex(w->zones[i]), signer_name(apex)))
			return w->zones[i];
	}
	return NULL;
}

// The deepest zone that is asked for (name, type); DS is asked of the parent.
static struct signer_zone *server_of(struct world *w, const uint8_t *name, uint16_t type)
{
	struct signer_zone *deepest = NULL;

	for (size_t i = 0; i < w->zone_count; i++) {
		const uint8_t *apex = signer_zone_apex(w->zones[i]);
		if (!name_within(name, apex) ||
		    (type == TYPE_DS && name_equal(name, apex) && !name_is_root(apex)))
			continue;
		if (deepest == NULL || name_labels(apex) > name_labels(signer_zone_apex(deepest)))
			deepest = w->zones[i];
	}
	return deepest;
}

static bool make_step(struct world *w, const uint8_t *name, uint16_t type, struct fixture *out)
{
	static const enum step_kind kinds[] = {
		[SIGNER_ANSWER] = STEP_ANSWER,     [SIGNER_CNAME] = STEP_CNAME,
		[SIGNER_DNAME] = STEP_DNAME,       [SIGNER_NODATA] = STEP_NODATA,
		[SIGNER_NXDOMAIN] = STEP_NXDOMAIN,
	};
	struct signer_zone *zone = server_of(w, name, type);
	struct signer_answer answer;

	if (zone == NULL)
		return false;
	signer_zone_query(zone, name, type, &answer);
	if (answer.kind == SIGNER_REFERRAL)
		return false;
	*out = (struct fixture){.step = {
					.kind = kinds[answer.kind],
					.name = name,
					.type = type,
					.zone = signer_zone_apex(zone),
					.rrset = answer.rrset,
					.soa = answer.soa,
					.proof_count = answer.proof_count,
				}};
	memcpy(out->proofs, answer.proofs, answer.proof_count * sizeof(answer.proofs[0]));
	return true;
}

static bool find_step(struct world *w, const uint8_t *name, uint16_t type, struct fixture *out)
{
	for (size_t i = w->instead_count; i-- > 0;) {
		if (w->instead[i].type == type && name_equal(w->instead[i].name, name)) {
			*out = w->instead[i].fixture;
			return true;
		}
	}
	return make_step(w, name, type, out);
}

bool world_step(struct world *w, const char *name, uint16_t type, struct fixture *out)
{
	bool found = find_step(w, signer_name(name), type, out);

	out->step.proofs = out->proofs;
	return found;
}

void world_instead(struct world *w, const char *name, uint16_t type, const struct fixture *fixture)
{
	CHECK(w->instead_count < WORLD_STEPS_MAX);
	w->instead[w->instead_count].name = signer_name(name);
	w->instead[w->instead_count].type = type;
	w->instead[w->instead_count++].fixture = *fixture;
}

static void woken(void *arg)
{
	++*(unsigned *)arg;
}

static void wait_for(struct world *w, unsigned *wakes)
{
	unsigned before = *wakes;

	for (int i = 0; i < 100 && *wakes == before; i++)
		batch_run(w->batch, 1000, NULL, NULL, 0);
	assert_int_equal(*wakes, before + 1);
}

static void fetch(struct world *w, struct validation *v)
{
	const struct validation_result *need = validation_result(v);
	const uint8_t *name = need->need_name;
	uint16_t type = need->need_type;
	struct fixture fixture;

	assert_true(w->asked_count < WORLD_ASKED_MAX);
	w->asked[w->asked_count].name = name;
	w->asked[w->asked_count].fresh = need->need_fresh;
	w->asked[w->asked_count++].type = type;
	if (!find_step(w, name, type, &fixture)) {
		validation_need_failed(v, EDE_NO_REACHABLE_AUTHORITY, "nobody answers");
		return;
	}
	fixture.step.proofs = fixture.proofs;
	enum verdict verdict = world_judge(w, &fixture.step);
	if (verdict == VERDICT_SECURE || verdict == VERDICT_INSECURE)
		trust_learn(w->trust, &fixture.step, &w->result, w->now_ms, w->now_s);
	else
		validation_need_failed(v, w->result.ede, w->result.reason);
}

enum verdict world_judge(struct world *w, const struct step *step)
{
	unsigned wakes = 0;
	struct validation *v = validation_new(w->trust, step, woken, &wakes);
	enum verdict verdict = VERDICT_WAIT;

	assert_non_null(v);
	if (++w->depth > w->depth_max)
		w->depth_max = w->depth;
	assert_true(w->depth < 40);
	for (int turns = 0; turns < 1000; turns++) {
		verdict = validation_run(v, &w->budget, w->now_ms, w->now_s);
		assert_int_equal(verdict, validation_result(v)->verdict);
		if (verdict == VERDICT_NEED)
			fetch(w, v);
		else if (verdict == VERDICT_WAIT)
			wait_for(w, &wakes);
		else
			break;
	}
	assert_true(verdict != VERDICT_NEED && verdict != VERDICT_WAIT);
	w->depth--;
	w->result = *validation_result(v);
	validation_free(v);
	return verdict;
}

enum verdict world_ask(struct world *w, const char *name, uint16_t type)
{
	struct fixture fixture;

	assert_true(world_step(w, name, type, &fixture));
	return world_judge(w, &fixture.step);
}

size_t world_asked(const struct world *w, const char *name, uint16_t type)
{
	size_t count = 0;

	for (size_t i = 0; i < w->asked_count; i++)
		count +=
			w->asked[i].type == type && name_equal(w->asked[i].name, signer_name(name));
	return count;
}
