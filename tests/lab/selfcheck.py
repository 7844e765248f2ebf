#!/usr/bin/python3
"""Asks a real validator (Unbound) every question of the lab's manifest.

The lab must be up. Runs Unbound in the lab's resolver namespace with the lab's hints and
anchor, and compares RCODE, AD, EDE and answers. A difference is a mistake in the lab, unless
the manifest says that validators may differ there. Exit status 77: Unbound is not installed.
"""

import pathlib
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import dns.edns  # noqa: E402
import dns.exception  # noqa: E402
import dns.flags  # noqa: E402
import dns.message  # noqa: E402
import dns.query  # noqa: E402
import dns.rcode  # noqa: E402
import dns.rdatatype  # noqa: E402

from lab import authority, network, state, topology  # noqa: E402
from lab.broken import UNREACHABLE_EDE  # noqa: E402

PORT = 5453
ADDRESS = "127.0.0.1"
_CONFIGURATION = """
server:
  interface: {address}
  port: {port}
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{directory}"
  pidfile: ""
  use-syslog: no
  verbosity: 0
  root-hints: "{state}/root.hints"
  trust-anchor-file: "{state}/anchor.ds"
  module-config: "validator iterator"
  ede: yes
  do-not-query-localhost: no
  harden-algo-downgrade: no
  aggressive-nsec: no
  val-sig-skew-min: 0
  val-sig-skew-max: 0
  edns-buffer-size: 1232
  outbound-msg-retry: 5
remote-control:
  control-enable: no
"""


def main():
    if not shutil.which("unbound", path="/usr/sbin:/usr/bin:/sbin:/bin"):
        print("skipped: unbound is not installed (apt-get install unbound)")
        return 77
    manifest = state.read_json(state.STATE_DIR / "manifest.json")
    if not manifest:
        print("the lab is not up: run scripts/lab up", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as directory:
        configuration = pathlib.Path(directory, "unbound.conf")
        configuration.write_text(
            _CONFIGURATION.format(
                address=ADDRESS, port=PORT, directory=directory, state=state.STATE_DIR
            )
        )
        with state.locked():
            state.spawn(
                "unbound", ["unbound", "-c", str(configuration)], topology.namespace("resolver")
            )
        try:
            state.wait_until(
                lambda: authority.ask("resolver", ADDRESS, ".", "NS", 0.5, PORT) is not None,
                20,
                "an answer from Unbound",
            )
            return _check_all(manifest["questions"], "-v" in sys.argv[1:])
        finally:
            with state.locked():
                state.stop(["unbound"])


def _check_all(questions, verbose):
    wrong = 0
    notes = 0
    for question in questions:
        complaints, remarks = _check(question)
        wrong += bool(complaints)
        notes += bool(remarks)
        for text in complaints:
            print(f"WRONG {question['qname']} {question['qtype']} ({question['why']}): {text}")
        if verbose:
            for text in remarks:
                print(f"note  {question['qname']} {question['qtype']}: {text}")
    print(f"{len(questions) - wrong} questions agree, {wrong} differ, {notes} with a remark on EDE")
    return 1 if wrong else 0


def _ask(question, timeout_s):
    query = dns.message.make_query(
        question["qname"], question["qtype"], want_dnssec=True, payload=1232
    )
    with network.inside("resolver"):
        return dns.query.udp_with_fallback(query, ADDRESS, timeout=timeout_s, port=PORT)


def _check(question):
    """(differences, remarks): EDE is a remark only, since Unbound gives less than we ask for."""
    expect = question["expect"]
    unreachable = expect["ede"] == UNREACHABLE_EDE
    try:
        response, used_tcp = _ask(question, 5 if unreachable else 30)
    except dns.exception.DNSException as error:
        # Unbound tries dead servers for minutes before it says SERVFAIL.
        return ([], []) if unreachable else ([f"no answer ({error})"], [])
    found = {
        "rcode": dns.rcode.to_text(response.rcode()),
        "ad": bool(response.flags & dns.flags.AD),
        "tcp": used_tcp,
    }
    if expect["answer"] is not None:
        found["answer"] = sorted(_texts(response, question["qtype"]))
        found["chain"] = _chain(response, question)
    complaints = [
        f"{name} is {value}, should be {expect[name]}"
        for name, value in found.items()
        if expect[name] not in (None, value) and name not in expect["varies"]
    ]
    codes = [int(o.code) for o in response.options if o.otype == dns.edns.OptionType.EDE]
    remarks = []
    if expect["ede"] and not set(codes) & set(expect["ede"]):
        remarks.append(f"EDE is {codes}, should be one of {expect['ede']}")
    if expect["ede"] is None and codes:
        remarks.append(f"unexpected EDE {codes}")
    return complaints, remarks


def _texts(response, qtype):
    wanted = dns.rdatatype.from_text(qtype)
    return [
        rdata.to_text() for rrset in response.answer if rrset.rdtype == wanted for rdata in rrset
    ]


def _chain(response, question):
    """CNAME targets in the order of the answer; empty when CNAME was what was asked for."""
    if question["qtype"] == "CNAME":
        return question["expect"]["chain"]
    return [
        rrset[0].target.to_text().lower()
        for rrset in response.answer
        if rrset.rdtype == dns.rdatatype.CNAME
    ]


if __name__ == "__main__":
    sys.exit(main())
