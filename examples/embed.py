#!/usr/bin/env python3
"""embed - a Python program that asks before it acts: libclguard by ctypes

    python3 embed.py POLICY...

Takes the right to restart a VM again and again, as a control loop gone wrong would, and is stopped by the guards. The
structures are those of clguard.h.
"""

# SPDX-License-Identifier: Apache-2.0
import ctypes
import sys
from ctypes import POINTER, Structure, byref, c_bool, c_char, c_char_p, c_int, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p


class Error(Structure):
    _fields_ = [("code", c_int), ("line", c_uint32), ("column", c_uint32), ("path", c_char * 192), ("text", c_char * 320)]


class Request(Structure):
    _fields_ = [
        ("size", c_size_t),
        *((name, c_char_p) for name in ("actor", "operation", "target", "clname", "vnf_name", "vnf_id", "vnf_type", "nf_naming_code",
                                        "vserver_id", "cloud_region_id", "request_id", "subrequest_id")),
        ("vf_count", POINTER(c_int32)),
        ("fields", c_void_p),
        ("field_count", c_size_t),
    ]


class Decision(Structure):
    _fields_ = [
        ("effect", c_int),  # 0: Permit
        *((name, c_char_p) for name in ("reason", "missing", "policy", "version", "file")),
        ("line", c_uint32),
        ("column", c_uint32),
        ("generation", c_uint64),
        ("reserved", c_void_p * 4),
    ]


class Reservation(Structure):
    _fields_ = [
        ("decision", Decision),
        ("id", c_char * 33),
        ("repeated", c_bool),
        ("expires_ms", c_int64),
        ("held", c_void_p),
        ("reserved", c_void_p * 4),
    ]


def load_library():
    """Functions whose arguments are not all pointers say what they take."""
    library = ctypes.CDLL("libclguard.so.1")
    library.clg_load.argtypes = [c_void_p, POINTER(c_char_p), c_size_t, c_void_p, c_void_p, POINTER(Error)]
    library.clg_reserve.argtypes = [c_void_p, POINTER(Request), c_int64, POINTER(Reservation), POINTER(Error)]
    library.clg_settle.argtypes = [c_void_p, c_char_p, c_char_p, c_void_p, POINTER(Error)]
    library.clg_close.argtypes = [c_void_p]
    library.clg_reservation_done.argtypes = [POINTER(Reservation)]
    library.clg_close.restype = library.clg_reservation_done.restype = None
    return library


def main(policies):
    library = load_library()
    engine, error, lease_ms = c_void_p(), Error(), 60000
    if library.clg_open(None, byref(engine), byref(error)) != 0:  # None: the default options
        sys.exit("embed.py: " + error.text.decode())
    paths = (c_char_p * len(policies))(*(path.encode() for path in policies))
    if library.clg_load(engine, paths, len(policies), None, None, byref(error)) != 0:
        sys.exit("embed.py: " + error.text.decode())
    for number in range(10):
        request = Request(size=ctypes.sizeof(Request), actor=b"APPC", operation=b"Restart", target=b"vm-7",
                          request_id=b"restart-%d" % number)
        right = Reservation()
        if library.clg_reserve(engine, byref(request), lease_ms, byref(right), byref(error)) != 0:
            sys.exit("embed.py: " + error.text.decode())
        decision = right.decision
        if decision.effect != 0:
            print(f"restart vm-7: denied, {decision.reason.decode()} ({decision.file.decode()}:{decision.line})")
        else:
            print(f"restart vm-7: permitted, {decision.reason.decode()}")
            # ... here the VM is restarted ...
            library.clg_settle(engine, right.id, b"Success", None, byref(error))
        denied = decision.effect != 0
        library.clg_reservation_done(byref(right))
        if denied:
            break
    library.clg_close(engine)


if len(sys.argv) < 2:
    sys.exit("usage: embed.py POLICY...")
main(sys.argv[1:])
