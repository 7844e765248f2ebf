#include "dataplane/short.h"

const struct short_kind short_kinds[SHORT_KINDS] = {
	{"x86-64-v2", short_serve_narrow},
	{"x86-64-v4", short_serve_wide},
};

bool short_runs(size_t kind)
{
	if (kind == 0)
		return true;
	// By its parts: clang 14 does not know "x86-64-v4".
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
	       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx2") &&
	       __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
	       __builtin_cpu_supports("fma");
}

short_serve *short_best(void)
{
	return short_kinds[short_runs(1) ? 1 : 0].serve;
}
