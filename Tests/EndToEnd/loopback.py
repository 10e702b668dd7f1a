"""Keeps every test in this process from dialling or resolving anything outside this machine."""

import ipaddress
import sys

LOCAL_NAMES = {None, "", "localhost", b"localhost"}


class OutsideDial(Exception):
    """A test wanted to leave the machine."""


def is_local(host):
    if host in LOCAL_NAMES:
        return True
    try:
        address = ipaddress.ip_address(host.decode() if isinstance(host, bytes) else host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def refuse_outside(event, arguments):
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    if not is_local(host):
        raise OutsideDial(f"{event} of {host!r}")


def keep_inside():
    """From now on a dial to the outside raises, in every library: the interpreter itself asks."""
    sys.addaudithook(refuse_outside)
