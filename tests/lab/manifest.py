"""The files that tools and tests read: hints, anchors, the manifest and dnsperf input."""

import json

import dns.name
import dns.rdata

from . import ordinary
from .keys import ds_records
from .state import STATE_DIR
from .topology import describe
from .zone import address_type


def write(world):
    _write("root.hints", _hints(world.root))
    _write("anchor.ds", _anchor_ds(world.root))
    _write("anchor.key", _anchor_key(world.root))
    ordinary_zones = world.signed + world.unsigned
    _write("names.dnsperf", "\n".join(ordinary.dnsperf_lines(ordinary_zones)) + "\n")
    multi = [zone for zone in ordinary_zones if is_multi_short(zone)]
    _write("names-multi.dnsperf", "\n".join(ordinary.dnsperf_lines(multi)) + "\n")
    write_manifest(world)


def is_multi_short(zone):
    return len(zone.providers) > 1 and zone.ttl <= ordinary.SHORT_TTL_S


def _write(name, text):
    (STATE_DIR / name).write_text(text)


def _hints(root):
    lines = [f". 3600000 NS {server.name}" for server in root.servers]
    for server in root.servers:
        lines += [f"{server.name} 3600000 {address_type(a)} {a}" for a in server.addresses]
    return "\n".join(lines) + "\n"


def _anchor_ds(root):
    return "".join(f". 86400 IN DS {text}\n" for text in ds_records(root))


def _anchor_key(root):
    lines = []
    for key in root.dnskeys:
        flags, protocol, algorithm, blob = key.split(None, 3)
        if flags == "257":
            blob = blob.replace(" ", "")
            lines.append(f'\t. static-key {flags} {protocol} {algorithm} "{blob}";')
    return "trust-anchors {\n" + "\n".join(lines) + "\n};\n"


def write_manifest(world):
    """One zone and one question per line: readable, diffable, and quick to write."""
    zones = [json.dumps(_describe_zone(world, zone)) for zone in world.zones]
    questions = [
        json.dumps(_normalised(question)) for zone in world.zones for question in zone.questions
    ]
    _write(
        "manifest.json",
        '{\n"topology": '
        + json.dumps(describe())
        + ',\n"zones": [\n'
        + ",\n".join(zones)
        + '\n],\n"questions": [\n'
        + ",\n".join(questions)
        + "\n]\n}\n",
    )


def _describe_zone(world, zone):
    parent = world.parent(zone)
    return {
        "zone": zone.name,
        "kind": zone.kind,
        "broken": zone.broken,
        "parent": parent.name if parent else None,
        "providers": zone.providers,
        "addresses": zone.addresses,
        "nameservers": [server.name for server in zone.servers],
        "signed": zone.signing is not None,
        "secure": zone.secure and zone.signing is not None and zone.broken is None,
        "algorithm": list(zone.signing.algorithms) if zone.signing else [],
        "denial": zone.signing.denial if zone.signing else None,
        "iterations": zone.signing.iterations if zone.signing else None,
        "ttl": zone.ttl,
        "role": zone.role,
    }


def _normalised(question):
    expect = question["expect"]
    if expect["answer"]:
        expect["answer"] = sorted(
            dns.rdata.from_text("IN", question["qtype"], text).to_text()
            for text in expect["answer"]
        )
    expect["chain"] = [dns.name.from_text(name).to_text().lower() for name in expect["chain"]]
    return question
