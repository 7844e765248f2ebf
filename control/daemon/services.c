#include "control/api/rights.h"
#include "control/daemon/parts.h"
#include "control/log.h"
#include "control/privileges.h"
#include "control/state/file.h"

static int ask_resolver(void *arg, const struct ticket_question *question,
			void (*done)(void *done_arg, struct store_result *result), void *done_arg)
{
	(void)arg;
	return resolver_ask(assayd.resolver, question, done, done_arg);
}

static int find_groups(struct api_groups *groups, char *err, size_t err_len)
{
	const struct config *config = assayd.config;
	int status = privileges_group(config->operators, "control.operators", &groups->operators,
				      err, err_len);

	if (status == 0)
		status = privileges_group(config->readers, "control.readers", &groups->readers, err,
					  err_len);
	return status;
}

int start_alarms(void)
{
	assayd.watch = (struct watch){.config = assayd.config,
				      .store = assayd.store,
				      .trust = assayd.trust,
				      .points = trust_state_points(assayd.anchors),
				      .resolver = assayd.resolver,
				      .upstream = assayd.upstream,
				      .dataplane = assayd.dataplane};
	assayd.canary = canary_new(&assayd.config->canary, assayd.store, ask_resolver, NULL);
	if (!assayd.canary)
		return start_fail("out of memory for canaries");
	if (watch_begin(&assayd.watch, assayd.alarms) &&
	    alarms_add(assayd.alarms, canary_alarms, assayd.canary))
		return 0;
	return start_fail("there are more parts to watch than places");
}

int start_services(void)
{
	const struct config *config = assayd.config;
	struct api_groups groups;
	struct api_context context = {.store = assayd.store,
				      .resolver = assayd.resolver,
				      .upstream = assayd.upstream,
				      .trust = assayd.trust,
				      .drills = assayd.drills,
				      .alarms = assayd.alarms,
				      .points = trust_state_points(assayd.anchors),
				      .groups = &groups,
				      .counters = all_counters,
				      .cycles = all_cycles,
				      .describe = describe_daemon,
				      .runs = verb_runs,
				      .stop = request_stop};
	char err[512];

	if (config->dataplane.tap_name[0] != '\0') {
		assayd.listener =
			listener_open(&assayd.loop, assayd.store, &config->dataplane.service, 53,
				      ask_resolver, NULL, err, sizeof(err));
		if (!assayd.listener)
			return start_fail(err);
	}
	if (find_groups(&groups, err, sizeof(err)) != 0)
		return start_fail(err);
	assayd.api = api_open(&assayd.loop, config->control_socket, &context, err, sizeof(err));
	if (!assayd.api)
		return start_fail(err);
	// A socket that somebody removes is made anew by `user`.
	char error[STATE_FILE_ERROR_MAX];
	if (state_file_prepare(config->control_socket, config->user, error) != 0)
		log_warning("%s", error);
	if (config->metrics_address[0] != '\0')
		(void)open_metrics();
	return 0;
}
