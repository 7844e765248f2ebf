// A world and what happens in it, as lines of text. Every line stands for itself: a script that has
// lost some of them is a script again, so that failing ones can be made shorter.
//
//   set denial 0|1                        aggressive use of cached denial
//   set minimise 0|1                      QNAME minimisation
//   zone APEX MODE ADDRESS,… [OPTION…]    MODE: unsigned nsec nsec3 optout
//       nods                              signed, and the parent has no DS
//       bogus                             every signature of its own data is wrong
//       host=APEX                         its servers' names lie in that zone
//       nsttl=S soattl=S minimum=S
//   stub APEX                             the zone's servers are configured
//   forward APEX only|first ADDRESS[,priority=N][,weight=N] …
//                                         it is asked of servers that have all zones
//   rec APEX OWNER TTL TYPE RDATA         a record of the zone
// then, one after the other:
//   wait MS
//   ask NAME TYPE FLAG,…                  FLAG: do ad cd tcp plain (no EDNS), beside (the next line
//                                         does not wait for the answer), gone (nobody does)
//   add APEX OWNER TTL TYPE RDATA         the zone's servers have one more record
//   del APEX OWNER TYPE                   … or an RRset less (TYPE ANY: all at the name)
//   roll APEX zsk|ksk|both                new keys, and a DS for a new KSK
//   sign APEX MODE, unsign APEX           with DS
//   hide APEX, show APEX                  the delegation goes, or is back
//   lag APEX ADDRESS, catchup APEX ADDRESS
//   fault ADDRESS KIND, heal ADDRESS      KIND: see health.c
//   flush NAME [TYPE]                     what operators do
//   nta APEX SECONDS                      0: takes it away
//   restart                               of the resolver, which knows nothing then
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define SCRIPT_WORDS_MAX 12

struct script {
	char **lines;
	size_t count;
};

void script_add(struct script *script, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
// Those lines of another for which keep[] is true.
void script_take(struct script *script, const struct script *from, const bool *keep);
void script_read(struct script *script, const char *path); // ends the program when it cannot
void script_clear(struct script *script);

#define ASKED_DO     1
#define ASKED_AD     2
#define ASKED_CD     4
#define ASKED_TCP    8
#define ASKED_PLAIN  16 // without EDNS
#define ASKED_GONE   32
#define ASKED_BESIDE 64
// Of a list "-,do,cd".
unsigned script_flags(const char *list);

struct words {
	const char *at[SCRIPT_WORDS_MAX]; // into text
	size_t count;
	char text[2048];
};
// A line's words; the last of `max` is the rest of the line.
size_t script_words(const char *line, struct words *out, size_t max);
