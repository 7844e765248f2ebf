// `stats cycles`: where the poll-mode cores' time goes.
#include "control/api/verbs.h"

#include <inttypes.h>

static const struct {
	const char *name, *words;
} stages[] = {
#define X(name, words) {#name, words},
	CYCLE_STAGES(X)
#undef X
};

static void report_stage(unsigned stage, const struct cycles *cycles, uint64_t all, json_t *ticks,
			 struct reply *reply)
{
	uint64_t count = cycles->ticks[stage];
	double share = all > 0 ? (double)count * 100 / (double)all : 0;
	char each[32] = "-";

	json_object_set_new(ticks, stages[stage].name, json_integer((json_int_t)count));
	if (cycles->packets > 0 && stage != CYCLE_idle)
		snprintf(each, sizeof(each), "%.1f", (double)count / (double)cycles->packets);
	reply_line(reply, "  %-8s %10s  %5.1f %%  %s", stages[stage].name, each, share,
		   stages[stage].words);
}

static void report_bursts(const struct cycles *cycles, json_t *sizes, struct reply *reply)
{
	reply_line(reply, "bursts");
	for (unsigned size = 0; size < CYCLE_SIZES; size++) {
		uint64_t count = cycles->bursts[size];
		char range[32];

		snprintf(range, sizeof(range), "%u", 1u << size);
		json_object_set_new(sizes, range, json_integer((json_int_t)count));
		if (size > 0 && size < CYCLE_SIZES - 1)
			snprintf(range, sizeof(range), "%u to %u", 1u << size, (2u << size) - 1);
		reply_line(reply, "  %-8s %10" PRIu64, range, count);
	}
}

void cycles_report(const struct api_context *context, struct reply *reply)
{
	struct cycles cycles;
	uint64_t hz, all = 0;
	json_t *ticks = json_object(), *sizes = json_object();
	bool measured = context->cycles(context->arg, &cycles, &hz);

	for (unsigned stage = 0; stage < CYCLE_STAGE_COUNT; stage++)
		all += cycles.ticks[stage];
	uint64_t busy = all - cycles.ticks[CYCLE_idle];
	if (!measured)
		reply_line(reply,
			   "measuring begins: ask again in a moment (it ends %d s after the "
			   "last question)",
			   DATAPLANE_MEASURE_MS / 1000);
	else
		reply_line(reply,
			   "%" PRIu64 " packets, %.1f ticks each; counter %.3f GHz; since the last "
			   "question",
			   cycles.packets,
			   cycles.packets > 0 ? (double)busy / (double)cycles.packets : 0.0,
			   (double)hz / 1e9);
	if (measured) {
		reply_line(reply, "  %-8s %10s  %7s", "stage", "per packet", "of all");
		for (unsigned stage = 0; stage < CYCLE_STAGE_COUNT; stage++)
			report_stage(stage, &cycles, all, ticks, reply);
		report_bursts(&cycles, sizes, reply);
	}
	reply->data =
		json_pack("{s:b, s:I, s:I, s:o, s:o}", "measured", measured, "hz", (json_int_t)hz,
			  "packets", (json_int_t)cycles.packets, "ticks", ticks, "bursts", sizes);
}
