#include "dataplane/host/place.h"

static cpu_set_t one(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET((unsigned)cpu, &cpus);
	return cpus;
}

struct place place_choose(const struct dataplane_config *config, const cpu_set_t *allowed)
{
	cpu_set_t cpus = *allowed;

	if (config->host_cpu >= 0)
		return (struct place){one(config->host_cpu),
				      config->host_cpu == config->control_cpu};
	for (size_t i = 0; i < config->lcore_count; i++)
		CPU_CLR(config->lcores[i], &cpus);
	// A control that is bound to none needs one of these, too.
	if (config->control_cpu < 0)
		return CPU_COUNT(&cpus) > 0 ? (struct place){cpus, CPU_COUNT(&cpus) == 1}
					    : (struct place){*allowed, true};
	CPU_CLR((unsigned)config->control_cpu, &cpus);
	if (CPU_COUNT(&cpus) > 0)
		return (struct place){cpus, false};
	return (struct place){one(config->control_cpu), true};
}
