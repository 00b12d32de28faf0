# SPDX-License-Identifier: GPL-2.0-or-later
"""One raw SCSI command to a disk, as root can send it past all file systems (Linux, SG_IO).

scsi_command.py DEVICE in|out|none LENGTH CDB (hex). Prints "status=2 sense=7/27" or "failed: WHY".
"""
import ctypes
import fcntl
import sys

SG_IO = 0x2285
DIRECTIONS = {"none": -1, "out": -2, "in": -3}


class Request(ctypes.Structure):
    _fields_ = [
        ("interface_id", ctypes.c_int),
        ("direction", ctypes.c_int),
        ("cdb_size", ctypes.c_ubyte),
        ("sense_size", ctypes.c_ubyte),
        ("iovec_count", ctypes.c_ushort),
        ("length", ctypes.c_uint),
        ("data", ctypes.c_void_p),
        ("cdb", ctypes.c_void_p),
        ("sense", ctypes.c_void_p),
        ("timeout", ctypes.c_uint),
        ("flags", ctypes.c_uint),
        ("pack_id", ctypes.c_int),
        ("user", ctypes.c_void_p),
        ("status", ctypes.c_ubyte),
        ("masked_status", ctypes.c_ubyte),
        ("message_status", ctypes.c_ubyte),
        ("sense_written", ctypes.c_ubyte),
        ("host_status", ctypes.c_ushort),
        ("driver_status", ctypes.c_ushort),
        ("residue", ctypes.c_int),
        ("duration", ctypes.c_uint),
        ("info", ctypes.c_uint),
    ]


def main():
    device, direction, length, cdb = sys.argv[1:]
    block = bytes.fromhex(cdb)
    cdb_memory = ctypes.create_string_buffer(block, len(block))
    data = ctypes.create_string_buffer(b"\xa5" * int(length), max(int(length), 1))
    sense = ctypes.create_string_buffer(32)
    request = Request(
        interface_id=ord("S"),
        direction=DIRECTIONS[direction],
        cdb_size=len(block),
        sense_size=32,
        length=int(length),
        data=ctypes.addressof(data),
        cdb=ctypes.addressof(cdb_memory),
        sense=ctypes.addressof(sense),
        timeout=20000,
    )
    try:
        with open(device, "rb", buffering=0) as file:
            fcntl.ioctl(file, SG_IO, request)
    except OSError as error:
        print("failed:", error)
        return
    key, code = sense.raw[2] & 0x0F, sense.raw[12]
    print(f"status={request.status} host={request.host_status} sense={key:x}/{code:x}")


main()
