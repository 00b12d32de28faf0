#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A Python client of Qubes' Admin API against `sallyportd --config`.

It is written from what is known of Qubes' own client: how a call and its answer are framed, how
devices, assignments and events are serialised, which calls the device tools make and in what order.
So it proves the bytes as far as that description tells them, and no further. Qubes' own client is
in no package of Debian's; own_qubes_client.py tries it, for whoever has it. Nothing in this one is
of Sallyport but the socket's path.

usage: qubes_client_test.py FOLDER_OF_PROGRAMS
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAMS = sys.argv.pop(1) if len(sys.argv) > 1 else "build/dev/bin"
DEVICE = "0951:1666:60A44C:u080650"
LIMIT = 15  # seconds for whatever takes a moment


class QubesException(Exception):
    """What the server raised, by the name of its class."""


class App:
    """Calls over a Unix socket: METHOD+ARG SOURCE TYPE TARGET, NUL, payload, half-close."""

    def __init__(self, path):
        self.path = path

    def connect(self, dest, method, arg="", payload=b""):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(LIMIT)
        sock.connect(self.path)
        name = method + ("+" + arg if arg else "")
        sock.sendall("{} dom0 name {}\0".format(name, dest).encode("ascii"))
        sock.sendall(payload)
        sock.shutdown(socket.SHUT_WR)
        return sock

    def call(self, dest, method, arg="", payload=b""):
        with self.connect(dest, method, arg, payload) as sock:
            answer = b""
            while True:
                more = sock.recv(4096)
                if not more:
                    break
                answer += more
        if answer[:2] == b"0\0":
            return answer[2:]
        if answer[:2] == b"2\0":
            _, kind, _traceback, text, *_args = answer.split(b"\0")
            raise QubesException(kind.decode("ascii"), text.decode("ascii"))
        raise ValueError("an answer of another shape: {!r}".format(answer))

    def domains(self):
        found = {}
        for line in self.call("dom0", "admin.vm.List").decode("ascii").splitlines():
            name, *properties = line.split(" ")
            found[name] = dict(p.split("=", 1) for p in properties)
        return found

    def property(self, vm, name):
        answer = self.call(vm, "admin.vm.property.Get", name)
        default, kind, value = answer.split(b" ", 2)
        assert default in (b"default=True", b"default=False"), default
        assert kind.startswith(b"type="), kind
        return default == b"default=True", kind[5:].decode(), value.decode()

    def events(self, dest="dom0"):
        """Yields (subject, event, {key: value}) until the socket's time is over."""
        with self.connect(dest, "admin.Events") as sock, sock.makefile("rb") as stream:

            def field():
                data = bytearray()
                while True:
                    byte = stream.read(1)
                    if not byte:
                        raise EOFError
                    if byte == b"\0":
                        return data.decode("ascii")
                    data += byte

            while True:
                assert field() == "1", "an event begins with 1"
                subject, event, facts = field(), field(), {}
                key = field()
                while key:
                    facts[key] = field()
                    key = field()
                yield subject, event, facts


VALUE = re.compile(r"([A-Za-z0-9!#$%&()*+,\-./:;<>?@\[\\\]^_{|}~]+)='((?:[^'\\]|\\'|\\)*)'(?: |$)")


def deserialise(line):
    """NAME key='value' key='value' ...: the name, and a dict."""
    name, _, rest = line.partition(" ")
    properties = {}
    at = 0
    while at < len(rest):
        match = VALUE.match(rest, at)
        assert match, "cannot be read from {!r}".format(rest[at:])
        properties[match[1]] = match[2].replace("\\'", "'")
        at = match.end()
    return name, properties


def serialise(**properties):
    return " ".join(
        "{}='{}'".format(key, value.replace("'", "\\'")) for key, value in properties.items()
    ).encode("ascii")


def argument(backend, port, device_id):
    """As a call's argument: no colon, no asterisk, no question mark."""
    text = "{}+{}:{}".format(backend, port, device_id)
    return text.replace("?******", "_______").replace(":", "+").replace("*", "_")


class PaperDaemon(unittest.TestCase):
    """A daemon with paper qubes: sys-usb, which has a stick, and work, which may have it."""

    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="qubes-client-")
        os.chmod(cls.root, 0o755)
        for path, text in {
            "qubes.d/sys-usb.conf": "transport = paper\nlabel = red\n",
            "qubes.d/work.conf": "transport = paper\nlabel = blue\n",
            "policy.d/30-user.policy": "qubes.USB * work sys-usb allow\n",
            "paper/sys-usb.devices": cls.devices(),
        }.items():
            full = os.path.join(cls.root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="ascii") as file:
                file.write(text)
        command = [os.path.join(PROGRAMS, "sallyportd"), "--config", cls.root]
        if os.geteuid() == 0:
            command += ["--user", "61234"]
            for folder, _, files in os.walk(cls.root):
                for name in [folder] + [os.path.join(folder, f) for f in files]:
                    os.chown(name, 61234, 61234)
        cls.log = open(os.path.join(cls.root, "daemon.log"), "wb")
        cls.daemon = subprocess.Popen(command, stdout=cls.log, stderr=cls.log)
        cls.app = App(os.path.join(cls.root, "run/sallyport/admin.sock"))
        cls.wait(lambda: cls.listed() and cls.app.domains()["work"]["state"] == "Running")

    @classmethod
    def tearDownClass(cls):
        cls.daemon.terminate()
        cls.daemon.wait(LIMIT)
        cls.log.close()
        relay = os.fsencode(cls.root)
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/{}/cmdline".format(pid), "rb") as file:
                    line = file.read()
            except OSError:
                continue
            if b"sallyport-relay" in line and relay in line:
                os.kill(int(pid), 9)
        shutil.rmtree(cls.root)

    @staticmethod
    def devices(port="2-1"):
        return (
            "port={} vendor=0951 product=1666 manufacturer=Kingston serial=60A44C "
            "interfaces=080650\n".format(port)
        )

    @classmethod
    def plug(cls, text):
        path = os.path.join(cls.root, "paper/sys-usb.devices")
        with open(path + ".new", "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(path + ".new", 0o644)
        os.rename(path + ".new", path)

    @classmethod
    def wait(cls, condition):
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            try:
                if condition():
                    return
            except (OSError, ValueError):
                pass  # it is not there yet
            time.sleep(0.05)
        raise AssertionError("waited in vain")

    @classmethod
    def lines(cls, vm, verb):
        answer = cls.app.call(vm, "admin.vm.device.usb." + verb).decode("ascii")
        return dict(deserialise(line) for line in answer.splitlines())

    @classmethod
    def listed(cls):
        return cls.lines("sys-usb", "Available").get("2-1:" + DEVICE)


class Client(PaperDaemon):
    def setUp(self):
        self.arg = argument("sys-usb", "2-1", DEVICE)
        self.wait(self.listed)

    def payload(self, mode, **more):
        return serialise(
            device_id=DEVICE,
            port_id="2-1",
            devclass="usb",
            backend_domain="sys-usb",
            mode=mode,
            frontend_domain="work",
            **more
        )

    def test_domains_and_properties(self):
        domains = self.app.domains()
        self.assertEqual(domains["dom0"], {"class": "AdminVM", "state": "Running"})
        self.assertEqual(domains["sys-usb"]["class"], "AppVM")
        self.assertEqual(self.app.property("work", "label"), (False, "label", "blue"))
        self.assertEqual(self.app.property("work", "devices_denied"), (True, "str", ""))
        state = self.app.call("work", "admin.vm.CurrentState").decode()
        facts = dict(p.split("=") for p in state.split(" "))
        self.assertEqual(facts["power_state"], "Running")
        self.assertIn("usb", self.app.call("dom0", "admin.deviceclass.List").decode().splitlines())
        with self.assertRaises(QubesException) as raised:
            self.app.call("work", "admin.vm.feature.CheckWithTemplate", "supported-feature.x")
        self.assertEqual(raised.exception.args[0], "QubesFeatureNotFoundError")
        with self.assertRaises(QubesException) as raised:
            self.app.call("nobody", "admin.vm.CurrentState")
        self.assertEqual(raised.exception.args[0], "QubesVMNotFoundError")
        # Qubes' tools say then that the device class does not exist.
        with self.assertRaises(QubesException) as raised:
            self.app.call("work", "admin.vm.device.mic.Attached")
        self.assertEqual(raised.exception.args[0], "QubesDaemonAccessError")

    def test_a_device_is_listed(self):
        stick = self.listed()
        self.assertEqual(stick["device_id"], DEVICE)
        self.assertEqual(stick["port_id"], "2-1")
        self.assertEqual(stick["devclass"], "usb")
        self.assertEqual(stick["backend_domain"], "sys-usb")
        self.assertEqual(stick["interfaces"], "u080650")
        self.assertNotIn("attachment", stick)
        self.assertEqual(self.lines("work", "Attached"), {})

    def test_attach_and_detach(self):
        call = self.app.call
        self.assertEqual(
            call("work", "admin.vm.device.usb.Attach", self.arg, self.payload("manual")), b""
        )
        self.assertEqual(self.listed()["attachment"], "work")
        attached = self.lines("work", "Attached")["sys-usb+2-1:" + DEVICE]
        self.assertEqual(attached["frontend_domain"], "work")
        self.assertEqual(attached["mode"], "manual")
        with self.assertRaises(QubesException) as raised:
            call("work", "admin.vm.device.usb.Attach", self.arg, self.payload("manual"))
        self.assertEqual(raised.exception.args[0], "DeviceAlreadyAttached")
        self.assertEqual(call("work", "admin.vm.device.usb.Detach", self.arg), b"")
        self.assertEqual(self.lines("work", "Attached"), {})
        with self.assertRaises(QubesException) as raised:
            call("work", "admin.vm.device.usb.Detach", self.arg)
        self.assertIn("2-1 not attached to work", raised.exception.args[1])
        with self.assertRaises(QubesException) as raised:
            call(
                "work",
                "admin.vm.device.usb.Attach",
                self.arg,
                self.payload("manual", **{"_frontend-dev": "xvdi"}),
            )
        self.assertIn("Unsupported option frontend-dev", raised.exception.args[1])

    def test_assign_and_unassign(self):
        call = self.app.call
        name = "sys-usb+2-1:" + DEVICE
        self.assertEqual(
            call("work", "admin.vm.device.usb.Assign", self.arg, self.payload("ask-to-attach")), b""
        )
        self.assertEqual(self.lines("work", "Assigned")[name]["mode"], "ask-to-attach")
        self.assertEqual(
            call("work", "admin.vm.device.usb.Set.assignment", self.arg, b"auto-attach"), b""
        )
        self.assertEqual(self.lines("work", "Assigned")[name]["mode"], "auto-attach")
        with self.assertRaises(QubesException) as raised:
            call("work", "admin.vm.device.usb.Assign", self.arg, self.payload("auto-attach"))
        self.assertEqual(raised.exception.args[0], "DeviceAlreadyAssigned")
        self.assertEqual(call("work", "admin.vm.device.usb.Unassign", self.arg), b"")
        any_device = argument("sys-usb", "2-1", "*")
        self.assertEqual(any_device, "sys-usb+2-1+_")
        payload = serialise(
            device_id="*", port_id="2-1", devclass="usb", backend_domain="sys-usb",
            mode="auto-attach", frontend_domain="work",
        )
        call("work", "admin.vm.device.usb.Assign", any_device, payload)
        self.assertEqual(list(self.lines("work", "Assigned")), ["sys-usb+2-1:*"])
        call("work", "admin.vm.device.usb.Unassign", any_device)
        with self.assertRaises(QubesException) as raised:
            call("work", "admin.vm.device.usb.Unassign", argument("sys-usb", "7-7", "0000:0000::?******"))
        self.assertIn("not assigned to work", raised.exception.args[1])

    def test_denied_interfaces(self):
        call = self.app.call
        call("work", "admin.vm.device.denied.Add", payload=b"u08****")
        with self.assertRaises(QubesException) as raised:
            call("work", "admin.vm.device.usb.Attach", self.arg, self.payload("manual"))
        self.assertEqual(
            raised.exception.args,
            ("QubesDaemonCommunicationError", "Device exposes a banned interface: u080650"),
        )
        self.assertEqual(call("work", "admin.vm.device.denied.List"), b"u08****")
        call("work", "admin.vm.device.denied.Remove", payload=b"all")
        self.assertEqual(call("work", "admin.vm.device.denied.List"), b"")

    def test_events_are_followed(self):
        events = self.app.events()
        self.assertEqual(next(events), ("", "connection-established", {}))

        def until(wanted):
            return next(each for each in events if each[1] == wanted)

        device = "sys-usb:2-1:" + DEVICE
        self.app.call("work", "admin.vm.device.usb.Assign", self.arg, self.payload("auto-attach"))
        subject, _, facts = until("device-assign:usb")
        self.assertEqual((subject, facts["device"]), ("work", device))
        self.plug("# nothing\n")
        subject, _, facts = until("device-removed:usb")
        self.assertEqual((subject, facts), ("sys-usb", {"port": "sys-usb:2-1"}))
        self.plug(self.devices())
        subject, _, facts = until("device-added:usb")
        self.assertEqual((subject, facts["device"]), ("sys-usb", device))
        subject, _, facts = until("device-attach:usb")  # by its assignment
        self.assertEqual((subject, facts["device"], facts["options"]), ("work", device, "{}"))
        self.app.call("work", "admin.vm.device.usb.Detach", self.arg)
        subject, _, facts = until("device-detach:usb")
        self.assertEqual((subject, facts), ("work", {"port": "sys-usb:2-1"}))
        self.app.call("work", "admin.vm.device.usb.Unassign", self.arg)
        subject, _, facts = until("device-unassign:usb")
        self.assertEqual((subject, facts["device"]), ("work", device))
        events.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
