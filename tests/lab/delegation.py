"""What a parent says about its children: NS, glue and DS."""

from . import keys
from .zone import address_records, below


def records(parent, child, stranger):
    ttl = child.capped(3600)
    lines = []
    for server in child.servers:
        lines.append(f"{child.name} {ttl} IN NS {server.name}")
        # Names in the parent itself are authoritative there; only those below a cut are glue.
        if below(server.name, child.name):
            lines += address_records(server, ttl)
    if parent.signing:
        for ds in keys.ds_records(child, stranger):
            lines.append(f"{child.name} {ttl} IN DS {ds}")
    return lines


def add_all(world, parents, stranger):
    children = world.children()
    for parent in parents:
        for child in children.get(parent.name, []):
            parent.records += records(parent, child, stranger)
