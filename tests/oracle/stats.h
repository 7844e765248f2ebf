// What a run is made of: how often each kind of question, zone, change and fault comes, and each
// kind of answer.
#pragma once

#include "tests/oracle/play.h"

void stats_add(const struct script *script, const struct played *played);
void stats_print(void);
