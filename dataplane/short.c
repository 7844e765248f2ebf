#include "dataplane/short.h"

const struct short_kind short_kinds[SHORT_KINDS] = {
	{"x86-64-v2", short_serve_narrow},
	{"x86-64-v4", short_serve_wide},
};

bool short_runs(size_t kind)
{
	return kind == 0 || __builtin_cpu_supports("x86-64-v4");
}

short_serve *short_best(void)
{
	return short_kinds[short_runs(1) ? 1 : 0].serve;
}
