// What the files that judge share.
#pragma once

#include "control/posture/posture.h"

void find(struct findings *findings, enum severity severity, const char *format, ...)
	__attribute__((nonnull, format(printf, 3, 4)));

void judge_signatures(const struct posture_facts *facts, struct findings *out);
void judge_algorithms(const struct posture_facts *facts, struct findings *out);
void judge_denial(const struct posture_facts *facts, struct findings *out);
void judge_servers(const struct posture_facts *facts, struct findings *out);

static inline const struct posture_link *posture_own_link(const struct posture_facts *facts)
{
	return &facts->links[facts->link_count - 1];
}
