"""Checks of break, heal and roll."""

import os
import socket
import time

import dns.dnssec
import dns.flags
import dns.rcode
import dns.rdatatype

from . import faults, network, topology
from .probe import (
    SILENCE_S,
    ask,
    query,
    raw_reply,
    script,
    signatures,
    udp_socket,
    validates,
)

ZONE = "types.nsec"
HOST = "www.types.nsec."
BESIDE = "www.same.nsec."
# Addresses of a and b that serve ZONE; the zone beside it is served there as well.
V4 = topology.address4("a", 32)
V6 = topology.address6("a", 32)
OTHER = topology.address4("b", 32)
DELAY_MS = 600
# The DNSKEY flag of a key that a DS may name (RFC 4034 §2.1.1).
SEP = 1


def _healed(check):
    def checked():
        try:
            check()
        finally:
            script("heal", "all")

    checked.__name__ = check.__name__
    return checked


def _everywhere():
    return [(V4, False), (V4, True), (V6, False), (V6, True)]


@_healed
def refuse_and_servfail_answer_with_their_rcode():
    for kind, rcode in (("refuse", dns.rcode.REFUSED), ("servfail", dns.rcode.SERVFAIL)):
        script("break", ZONE, kind)
        for address, tcp in _everywhere():
            reply = ask(address, HOST, tcp=tcp)
            assert reply.rcode() == rcode and not reply.answer, (kind, address, tcp)
            assert reply.edns == 0
        script("heal", ZONE, kind)
        assert ask(V4, HOST).rcode() == dns.rcode.NOERROR


@_healed
def drop_of_a_zone_is_silence():
    script("break", ZONE, "drop")
    for address, tcp in _everywhere():
        assert ask(address, HOST, tcp=tcp, limit_s=SILENCE_S) is None, (address, tcp)
        assert ask(address, BESIDE, tcp=tcp).answer


@_healed
def delay_comes_late_and_complete():
    script("break", ZONE, f"delay={DELAY_MS}")
    for address, tcp in _everywhere():
        began = time.monotonic()
        reply = ask(address, HOST, tcp=tcp)
        # Only the lower bound is a property of the lab; the upper one is the machine's.
        assert time.monotonic() - began >= DELAY_MS / 1000, (address, tcp)
        assert validates(reply, HOST, OTHER)


@_healed
def truncate_sets_tc_over_udp_only():
    script("break", ZONE, "truncate")
    for address, tcp in _everywhere():
        reply = ask(address, HOST, tcp=tcp)
        assert bool(reply.flags & dns.flags.TC) == (not tcp)
        assert bool(reply.answer) == tcp


@_healed
def bogus_spoils_signatures_only():
    healthy = ask(V4, HOST)
    script("break", ZONE, "bogus", "--at", "a")
    for address, tcp in _everywhere():
        reply = ask(address, HOST, tcp=tcp)
        assert len(reply.to_wire()) == len(healthy.to_wire())
        assert not validates(reply, HOST, OTHER), (address, tcp)
    assert validates(ask(OTHER, HOST), HOST, OTHER)


@_healed
def strip_removes_every_trace_of_dnssec():
    script("break", ZONE, "strip-rrsig")
    unwanted = {dns.rdatatype.RRSIG, dns.rdatatype.NSEC, dns.rdatatype.NSEC3}
    for address, tcp in _everywhere():
        for qname in (HOST, "absent.types.nsec.", "alias.types.nsec.", "www.branch.types.nsec."):
            reply = ask(address, qname, tcp=tcp)
            found = {rrset.rdtype for rrset in reply.answer + reply.authority + reply.additional}
            assert not found & unwanted, (address, tcp, qname)
            assert reply.edns == 0 and not reply.ednsflags & dns.flags.DO
    assert ask(V4, HOST).answer[0].to_text().endswith("198.19.254.1")
    many = ask(V4, "many.types.nsec.").answer[0]
    assert len(many) == 20
    big = ask(V4, "big.types.nsec.", "TXT", tcp=True).answer[0]
    assert len(big[0].strings) == 14
    assert ask(V4, "types.nsec.", "DNSKEY").answer


@_healed
def a_broken_zone_leaves_others_unchanged():
    message = query(BESIDE)
    healthy = {address: raw_reply(address, message) for address in (V4, V6)}
    for kind in faults.KINDS:
        script("break", ZONE, kind)
        for address, wire in healthy.items():
            assert raw_reply(address, message) == wire, (kind, address)
            assert validates(ask(address, BESIDE, tcp=True), BESIDE, OTHER)
    assert faults.relay_counters("a")["udp_passed"] >= 2


@_healed
def a_break_reaches_below_the_zone_and_not_above():
    script("break", "signed.same.nsec", "refuse")
    address = topology.address4("a", 34)
    assert ask(address, "www.signed.same.nsec.").rcode() == dns.rcode.REFUSED
    assert ask(address, "WWW.leaf.ent.Signed.same.nsec.").rcode() == dns.rcode.REFUSED
    assert ask(address, "www.unsigned.same.nsec.").rcode() == dns.rcode.NOERROR
    assert ask(address, "xsigned.same.nsec.").rcode() == dns.rcode.NXDOMAIN


@_healed
def a_dropped_provider_is_dark_and_alone():
    script("break", "a", "drop")
    for role in topology.ROLES:
        for address in topology.role_addresses("a", role)[:1]:
            assert ask(address, ".", "NS", limit_s=SILENCE_S) is None
            assert ask(address, ".", "NS", tcp=True, limit_s=SILENCE_S) is None
    assert ask(V6, HOST, limit_s=SILENCE_S) is None
    assert ask(OTHER, HOST).answer
    script("heal", "a")
    assert ask(V6, HOST).answer


@_healed
def a_broken_provider_breaks_all_its_servers():
    script("break", "c", "servfail")
    for role in topology.ROLES:
        for address in topology.role_addresses("c", role):
            assert ask(address, ".", "NS").rcode() == dns.rcode.SERVFAIL, address
    assert ask(topology.address4("d", 11), ".", "NS").rcode() == dns.rcode.NOERROR


@_healed
def kinds_combine_and_heal_one_by_one():
    script("break", ZONE, f"delay={DELAY_MS}")
    script("break", ZONE, "strip-rrsig")
    began = time.monotonic()
    reply = ask(V4, HOST)
    assert time.monotonic() - began >= DELAY_MS / 1000 and not signatures(reply)
    script("heal", ZONE, "delay")
    assert not signatures(ask(V4, HOST))
    script("heal", ZONE, "strip-rrsig")
    assert signatures(ask(V4, HOST))


def healthy_traffic_does_not_touch_the_relay():
    before = faults.relay_counters("a")
    for address, tcp in _everywhere():
        assert ask(address, HOST, tcp=tcp).answer
    assert faults.relay_counters("a") == before


@_healed
def the_relay_survives_garbage():
    script("break", ZONE, "bogus")
    script("break", ZONE, "strip-rrsig")
    good = query(HOST).to_wire()
    with udp_socket() as udp:
        for number in range(400):
            cut = number % (len(good) + 1)
            udp.sendto(good[:cut] + os.urandom(number % 40), (V4, topology.DNS_PORT))
    for junk in (b"", b"\0\0", b"\0\1x", b"\xff\xff" + os.urandom(200), b"\0\x20" + os.urandom(32)):
        with network.inside("resolver"):
            tcp = socket.create_connection((V4, topology.DNS_PORT), 5)
        tcp.sendall(junk)
        tcp.close()
    assert ask(V4, HOST).answer and ask(V4, HOST, tcp=True).answer
    assert faults.relay_counters("a")["malformed"] > 0


@_healed
def a_burst_passes_without_loss():
    script("break", "roll.nsec", "refuse")
    address = topology.address4("a", 31)
    count = 2000
    message = query(BESIDE)
    with udp_socket() as udp:
        for number in range(count):
            message.id = number
            udp.sendto(message.to_wire(), (address, topology.DNS_PORT))
        seen = {udp.recv(4096)[:2] for _ in range(count)}
    assert len(seen) == count


def _keys(zone, address):
    return ask(address, zone, "DNSKEY", tcp=True).answer[0]


def _digests(zone):
    return set(ask(topology.address4("a", 21), zone, "DS").answer[0])


def a_roll_changes_keys_and_ds_together():
    for zone, address in (("roll.nsec.", topology.address4("a", 31)), _bulk_zone()):
        before = set(_keys(zone, address))
        script("roll", zone)
        after = set(_keys(zone, address))
        assert not before & after, zone
        assert _digests(zone) == {
            dns.dnssec.make_ds(zone, key, "SHA256") for key in after if key.flags & SEP
        }
        assert validates(ask(address, f"www.{zone}"), f"www.{zone}", address)


def _bulk_zone():
    # z0012 is the first that Knot signed under nsec and provider d serves alone.
    return "z0012.nsec.", topology.address4("d", 34)


def a_zsk_roll_keeps_the_ksk_and_the_ds():
    address = topology.address4("a", 31)
    before = set(_keys("roll.nsec.", address))
    digests = _digests("roll.nsec.")
    script("roll", "roll.nsec", "--zsk")
    kept = before & set(_keys("roll.nsec.", address))
    assert [key.flags for key in kept] == [257]
    assert _digests("roll.nsec.") == digests


def mistakes_are_explained():
    assert "unknown kind" in script("break", ZONE, "explode", fails=True)
    assert "neither a provider" in script("break", "nowhere.nsec", "drop", fails=True)
    assert "milliseconds" in script("break", ZONE, "delay=x", fails=True)
    assert "no server of down.nsec." in script("break", "down.nsec", "drop", fails=True)
    assert "not a healthy signed zone" in script("roll", "bogus.nsec", fails=True)
    assert "--zones takes" in script("up", "--zones", "3", fails=True)


ALL = [
    refuse_and_servfail_answer_with_their_rcode,
    drop_of_a_zone_is_silence,
    delay_comes_late_and_complete,
    truncate_sets_tc_over_udp_only,
    bogus_spoils_signatures_only,
    strip_removes_every_trace_of_dnssec,
    a_broken_zone_leaves_others_unchanged,
    a_break_reaches_below_the_zone_and_not_above,
    a_dropped_provider_is_dark_and_alone,
    a_broken_provider_breaks_all_its_servers,
    kinds_combine_and_heal_one_by_one,
    healthy_traffic_does_not_touch_the_relay,
    the_relay_survives_garbage,
    a_burst_passes_without_loss,
    a_roll_changes_keys_and_ds_together,
    a_zsk_roll_keeps_the_ksk_and_the_ds,
    mistakes_are_explained,
]
