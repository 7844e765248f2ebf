"""failover.png: per phase and class, failures and p99 of every resolver over the seconds."""
import matplotlib

matplotlib.use('Agg')
from matplotlib import pyplot  # noqa: E402


def draw(path, results):
    phases = list(dict.fromkeys(result['phase'] for result in results))
    columns = max(len(result['seconds']) for result in results)
    figure, axes = pyplot.subplots(2 * len(phases), columns, squeeze=False, sharex='row',
                                   figsize=(6 * columns, 4.2 * len(phases)))
    for row, phase in enumerate(phases):
        runs = [result for result in results if result['phase'] == phase]
        for column, group in enumerate(runs[0]['seconds']):
            _cell(axes[2 * row][column], axes[2 * row + 1][column], phase, group, runs)
        for column in range(len(runs[0]['seconds']), columns):
            axes[2 * row][column].axis('off')
            axes[2 * row + 1][column].axis('off')
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    pyplot.close(figure)


def _cell(failed, latency, phase, group, runs):
    for run in runs:
        rows = run['seconds'].get(group, [])
        seconds = [row[0] for row in rows]
        failed.plot(seconds, [row[2] for row in rows], label=run['resolver'])
        latency.plot(seconds, [max(row[4], 0.1) for row in rows], label=run['resolver'])
    for axis in (failed, latency):
        axis.axvspan(0, runs[0]['fault_s'], color='0.92')
        axis.grid(alpha=0.3)
    failed.set_title(f'{phase}: {group}', fontsize=10)
    failed.set_ylabel('failed %')
    failed.set_ylim(-2, 102)
    latency.set_yscale('log')
    latency.set_ylabel('p99 ms')
    if len(runs) > 1:
        failed.legend(fontsize=7)
