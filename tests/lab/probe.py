"""What the checks of the lab share: commands, questions, validation, and the report."""

import contextlib
import io
import pathlib
import socket
import subprocess
import time
import traceback

import dns.dnssec
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rdatatype

from . import cli, network, topology

SCRIPT = pathlib.Path(__file__).resolve().parent.parent.parent / "scripts/lab"
# Long enough for a busy machine; only silence ever takes all of it.
PATIENCE_S = 5.0
SILENCE_S = 0.7
_SO_RCVBUFFORCE = 33  # Linux; Python has no name for it


class Report:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def run(self, check):
        name = check.__name__.replace("_", " ")
        began = time.monotonic()
        try:
            check()
        except Exception:
            self.failed += 1
            print(f"FAIL {name}\n{traceback.format_exc()}", flush=True)
        else:
            self.passed += 1
            print(f"ok   {name} ({time.monotonic() - began:.1f} s)", flush=True)


# Verbs that run inside this process: a new Python costs more than what they do.
_QUICK_VERBS = {"break", "heal", "roll"}


def script(*arguments, fails=False):
    """Runs a verb of scripts/lab; returns what it printed on either stream."""
    run = _run_here if arguments[0] in _QUICK_VERBS else _run_script
    status, words = run(arguments)
    assert bool(status) == fails, f"scripts/lab {' '.join(arguments)}: {words}"
    return words


def _run_script(arguments):
    done = subprocess.run(
        [str(SCRIPT), *arguments], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def _run_here(arguments):
    words = io.StringIO()
    with contextlib.redirect_stdout(words), contextlib.redirect_stderr(words):
        status = cli.main(list(arguments))
    return status, words.getvalue()


def query(qname, qtype="A"):
    message = dns.message.make_query(qname, qtype, want_dnssec=True, payload=1232)
    message.flags &= ~dns.flags.RD
    return message


def ask(address, qname, qtype="A", *, tcp=False, limit_s=PATIENCE_S, message=None):
    """The authority's reply as the resolver's namespace sees it, or None for silence."""
    message = message or query(qname, qtype)
    send = dns.query.tcp if tcp else dns.query.udp
    with network.inside("resolver"):
        try:
            return send(message, address, timeout=limit_s)
        except (dns.exception.Timeout, OSError, EOFError):
            return None


def udp_socket(family=socket.AF_INET):
    """A UDP socket in the resolver's namespace that holds a whole burst."""
    with network.inside("resolver"):
        udp = socket.socket(family, socket.SOCK_DGRAM)
    udp.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 16 << 20)
    udp.settimeout(PATIENCE_S)
    return udp


def raw_reply(address, message):
    """The reply byte for byte: dnspython shuffles RRsets when it renders a message again."""
    with udp_socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as udp:
        udp.sendto(message.to_wire(), (address, topology.DNS_PORT))
        return udp.recv(4096)


def signatures(reply):
    return [rrset for rrset in reply.answer if rrset.rdtype == dns.rdatatype.RRSIG]


def validates(reply, qname, address):
    """Whether the answer's signature verifies with the zone's keys from the same server."""
    name = dns.name.from_text(qname)
    data = next(r for r in reply.answer if r.rdtype != dns.rdatatype.RRSIG)
    signature = next(r for r in signatures(reply) if r.covers == data.rdtype)
    signer = signature[0].signer
    keys = ask(address, signer, "DNSKEY", tcp=True).answer[0]
    assert data.name == name
    try:
        dns.dnssec.validate(data, signature, {signer: keys})
    except dns.dnssec.ValidationFailure:
        return False
    return True
