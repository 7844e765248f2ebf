"""The command line of scripts/lab."""

import argparse
import json
import os
import signal
import sys

from . import faults, lab, network, roll, state, topology
from .state import LAB, LabError

_DESCRIPTION = """\
A signed mini-Internet in network namespaces: a root, TLDs and hundreds of zones on real
authorities of four providers (a, b, c, d), and places for a resolver and for clients.
"""
_EPILOG = """\
environment: ASSAY_LAB_DIR (state directory, default /run/assay-lab), ASSAY_LAB_PREFIX
(of the namespaces, default lab): with both set, a second lab runs beside the first.
"""


def say(text):
    print(f"lab: {text}", flush=True)


def main(arguments=None):
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    options = _parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser():
    parser = argparse.ArgumentParser(
        prog="scripts/lab",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    up = verbs.add_parser("up", help="bring the lab up (fine to repeat)")
    up.add_argument(
        "--zones", type=int, default=lab.DEFAULT_ZONES, help="signed zones (%(default)s)"
    )
    up.add_argument(
        "--brief", type=int, default=0, metavar="S",
        help="no TTL of ordinary zones, TLDs and their delegations is longer (0: as usual)",
    )
    up.add_argument(
        "--more-hosts", type=int, default=0, metavar="N", help="further names in ordinary zones"
    )
    up.set_defaults(run=lambda o: lab.up(o.zones, say, o.brief, o.more_hosts))
    down = verbs.add_parser("down", help="remove everything that up made")
    down.set_defaults(run=lambda options: lab.down(say))
    execute = verbs.add_parser("exec", help="run a command in a namespace: exec client dig ...")
    execute.add_argument("namespace", choices=topology.SHORT_NAMES)
    execute.add_argument("command", nargs=argparse.REMAINDER)
    execute.set_defaults(run=_execute)
    _add_fault_verbs(verbs)
    status = verbs.add_parser("status", help="what is up and what is broken")
    status.set_defaults(run=_status)
    listing = verbs.add_parser("list", help="the kinds of zones, or the zones of one kind")
    listing.add_argument("kind", nargs="?")
    listing.set_defaults(run=_list)
    info = verbs.add_parser("info", help="addresses, namespaces and files")
    info.add_argument("--json", action="store_true")
    info.set_defaults(run=_info)
    return parser


def _add_fault_verbs(verbs):
    kinds = f"{', '.join(faults.KINDS)}; delay=MS"
    breaking = verbs.add_parser("break", help="break a provider or a zone", description=kinds)
    breaking.add_argument("target", metavar="PROVIDER|ZONE")
    breaking.add_argument("kind", metavar="KIND", help=kinds)
    breaking.add_argument("--at", choices=topology.PROVIDERS, help="a zone, at one provider only")
    breaking.set_defaults(run=lambda o: faults.break_it(o.target, o.kind, o.at))
    healing = verbs.add_parser("heal", help="undo breaks of a provider or a zone, or all")
    healing.add_argument("target", metavar="PROVIDER|ZONE|all")
    healing.add_argument("kind", metavar="KIND", nargs="?", help="one kind only")
    healing.add_argument("--at", choices=topology.PROVIDERS, help="only what was broken --at")
    healing.set_defaults(run=_heal)
    rolling = verbs.add_parser("roll", help="change a zone's keys in one step, with its DS")
    rolling.add_argument("zone", metavar="ZONE")
    rolling.add_argument("--zsk", action="store_true", help="change the ZSK only")
    rolling.add_argument("--algorithm", type=int, choices=lab.ALGORITHMS, help="to another one")
    rolling.set_defaults(run=lambda o: roll.roll(o.zone, o.zsk, o.algorithm))


def _heal(options):
    say(f"healed {faults.heal(options.target, options.kind, options.at)}")


def _execute(options):
    lab.check_machine()
    if not options.command:
        raise LabError("exec needs a command")
    if not network.exists(options.namespace):
        raise LabError("the lab is not up: run scripts/lab up")
    space = topology.namespace(options.namespace)
    os.execvp("ip", ["ip", "netns", "exec", space] + options.command)


def _status(_options):
    if not lab.is_up():
        left = state.STATE_DIR.exists() or any(map(network.exists, topology.SHORT_NAMES))
        print("down" if not left else "not healthy: run scripts/lab up, or down")
        return 1
    record = state.read_json(LAB)
    print(f"up: {record['zones']} signed zones, state in {state.STATE_DIR}")
    for name, process in sorted(state.processes().items()):
        print(f"  {name:12} pid {process['pid']} {'running' if state.alive(process) else 'ended'}")
    for entry in record["breaks"]:
        print(f"  broken: {faults.describe(entry)}")
    for provider in topology.PROVIDERS:
        counters = faults.relay_counters(provider)
        if counters:
            moved = " ".join(f"{name}={value}" for name, value in counters.items() if value)
            print(f"  relay of {provider}: {moved or 'no traffic'}")
    return 0


def _manifest():
    found = state.read_json(state.STATE_DIR / "manifest.json")
    if not found:
        raise LabError("the lab is not up: run scripts/lab up")
    return found


def _list(options):
    zones = _manifest()["zones"]
    kinds = {}
    for zone in zones:
        kinds.setdefault(zone["kind"], []).append(zone["zone"])
    if options.kind is None:
        for kind, names in sorted(kinds.items()):
            print(f"{kind:32} {len(names):5}  {names[0]}")
        return 0
    if options.kind not in kinds:
        raise LabError(f"no zone is of kind {options.kind}; scripts/lab list shows the kinds")
    print("\n".join(kinds[options.kind]))
    return 0


def _info(options):
    contract = topology.describe()
    if options.json:
        print(json.dumps(contract, indent=1))
        return
    for part, value in contract.items():
        print(f"{part}:" if isinstance(value, dict) else f"{part}: {value}")
        if isinstance(value, dict):
            for name, detail in value.items():
                print(f"  {name}: {detail}")
