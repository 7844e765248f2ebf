"""The whole lab as data: every zone, and who is whose parent."""

from . import broken, infrastructure, ordinary, showcase, together


class World:
    def __init__(self, count, brief_s=0, more_hosts=0):
        """brief_s: longest TTL of ordinary zones, TLDs and their delegations (0: as usual).
        more_hosts: names beyond the usual ones in every ordinary zone."""
        self.count = count
        self.signed = ordinary.signed_zones(count, more_hosts)
        self.unsigned = ordinary.unsigned_zones(max(count // 5, 20), more_hosts)
        self.tlds = infrastructure.tld_zones()
        self.root = infrastructure.root_zone()
        self.special = (
            infrastructure.provider_zones()
            + showcase.showcase_zones()
            + broken.broken_zones()
            + together.same_server_zones()
        )
        if brief_s:
            for zone in self.tlds + self.signed + self.unsigned:
                zone.ttl_cap = brief_s
                zone.ttl = zone.capped(zone.ttl)
        self.zones = [self.root] + self.tlds + self.special + self.signed + self.unsigned
        self.by_name = {zone.name: zone for zone in self.zones}

    def parent(self, zone):
        """The closest enclosing zone; None for the root."""
        if zone.name == ".":
            return None
        rest = zone.name.partition(".")[2]
        while rest:
            if rest in self.by_name:
                return self.by_name[rest]
            rest = rest.partition(".")[2]
        return self.root

    def children(self):
        """Parent name -> its delegated zones, in one pass."""
        found = {}
        for zone in self.zones[1:]:
            found.setdefault(self.parent(zone).name, []).append(zone)
        return found
