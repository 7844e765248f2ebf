// Everything that is known of a zone at one moment, and what is to be said of it. Facts are
// gathered by the resolver (resolver_posture()); what they mean is said here, in order of severity.
//
// Thread: any; pure.
#pragma once

#include "control/posture/dossier.h"
#include "control/upstream/upstream.h"
#include "control/validator/trust.h"
#include "dataplane/dns/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POSTURE_LINKS_MAX   16
#define POSTURE_SERVERS_MAX 32

struct posture_link {
	const uint8_t *zone; // inside of posture_facts.zone
	struct trust_link trust;
};

struct posture_server {
	struct address address;
	uint16_t port;       // 0: 53
	const uint8_t *name; // as long as the facts; NULL: known by address only
	const char *label;   // of its failure domain, as long; NULL or "": none
	struct server_facts facts;
};

enum posture_route { ROUTE_RECURSION, ROUTE_STUB, ROUTE_FORWARD };

struct posture_facts {
	uint8_t zone[NAME_MAX_LEN];    // lower case
	uint8_t closest[NAME_MAX_LEN]; // the deepest known zone at or above it
	bool known;                    // there is such a zone, as far as is known here
	struct dossiers_now now;
	const struct dossier *dossier; // NULL: nothing was learnt
	// From the top down to the zone itself, which is the last, whatever is known of it.
	struct posture_link links[POSTURE_LINKS_MAX];
	size_t link_count;
	enum posture_route route;
	const uint8_t
		*served;  // inside of zone: whose servers those are, a zone's above it or its own
	bool delegated;   // its servers are known: from the configuration or its parent
	bool ended;       // which has to be asked again
	uint64_t down_ms; // no server answers, and nobody asks for so long; 0: no such thing
	struct posture_server servers[POSTURE_SERVERS_MAX];
	size_t server_count;
	unsigned names;    // of servers; one that is known by its address alone counts as one
	unsigned networks; // of /24 and /48
	unsigned cut; // least number of failure domains, or of servers, that takes all of them away
};

enum posture_status {
	POSTURE_UNKNOWN,
	POSTURE_SECURE,
	POSTURE_INSECURE,
	POSTURE_NTA,
	POSTURE_EXCEPTION,
	POSTURE_BOGUS,
};
const char *posture_status_words(enum posture_status status);
enum posture_status posture_status(const struct posture_facts *facts) __attribute__((nonnull));

enum severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_ALARM };
const char *severity_words(enum severity severity);

#define FINDINGS_MAX     24
#define FINDING_TEXT_MAX 320
struct finding {
	enum severity severity;
	char text[FINDING_TEXT_MAX];
};

struct findings {
	size_t count;
	struct finding list[FINDINGS_MAX]; // the worst first
	char summary[512];
};

void posture_judge(const struct posture_facts *facts, struct findings *out)
	__attribute__((nonnull));

// "SOA signatures are renewed every 7.0 d with 14.0 d left; now 6.0 d left: 2 renewals missed"
void posture_rhythm_text(enum signed_class class, const struct rhythm_facts *facts, char *out,
			 size_t size) __attribute__((nonnull));
// The least that is left of any signature that is served, as far as was seen; INT64_MAX: none was.
int64_t posture_least_left_s(const struct posture_facts *facts) __attribute__((nonnull));
