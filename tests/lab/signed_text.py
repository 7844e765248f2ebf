"""Editing signed zones line by line: the ways in which broken zones are broken."""

DNSSEC_TYPES = {"RRSIG", "NSEC", "NSEC3", "NSEC3PARAM"}


def fields(line):
    """(owner, type, first word of the rdata) of a one-line record, or None."""
    words = line.split(None, 5)
    if len(words) < 5 or words[0].startswith(";") or words[2] != "IN":
        return None
    return words[0].lower(), words[3], words[4]


def is_signature(line, covered=None, owner=None):
    found = fields(line)
    return (
        found is not None
        and found[1] == "RRSIG"
        and (covered is None or found[2] in covered)
        and (owner is None or found[0] == owner)
    )


def corrupt_signature(line):
    """Changes one character in the middle of the signature: well-formed, and wrong."""
    head, _, signature = line.rstrip().rpartition(" ")
    middle = len(signature) // 2
    other = "B" if signature[middle] == "A" else "A"
    return f"{head} {signature[:middle]}{other}{signature[middle + 1:]}"


def corrupt(lines, chosen):
    return [corrupt_signature(line) if chosen(line) else line for line in lines]


def drop(lines, chosen):
    return [line for line in lines if not chosen(line)]


def is_key_signature(line):
    return is_signature(line, {"DNSKEY"})


def is_data_signature(line):
    return is_signature(line) and not is_key_signature(line)


def is_dnssec(line):
    found = fields(line)
    return found is not None and found[1] in DNSSEC_TYPES | {"DNSKEY"}


def is_type(line, *types):
    found = fields(line)
    return found is not None and found[1] in types
