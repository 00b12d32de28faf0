#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Qubes' own Python client and its qvm-device against `sallyportd --config`, by hand.

The client is in no package of Debian's and nothing of it is here: it takes a checkout of
github.com/QubesOS/qubes-core-admin-client. Only the path of the socket is another one.

usage: own_qubes_client.py FOLDER_OF_PROGRAMS FOLDER_OF_THE_CHECKOUT
"""

import asyncio
import contextlib
import io
import sys
import unittest

sys.path.insert(0, sys.argv.pop(2))
import qubes_client_test  # takes the folder of programs

# pylint: disable=wrong-import-position
import qubesadmin.app
import qubesadmin.config
import qubesadmin.device_protocol as protocol
import qubesadmin.events
import qubesadmin.exc
from qubesadmin.tools import qvm_device

STICK = "sys-usb:2-1:" + qubes_client_test.DEVICE


class OwnClient(qubes_client_test.PaperDaemon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        qubesadmin.config.QUBESD_SOCKET = cls.app.path

    def setUp(self):
        self.wait(self.listed)
        self.qubes = qubesadmin.app.QubesLocal()
        self.work = self.qubes.domains["work"].devices["usb"]

    def tool(self, *words):
        """qvm-device WORDS: its exit code, and both texts."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            try:
                code = qvm_device.main(list(words), app=qubesadmin.app.QubesLocal())
            except SystemExit as ended:
                code = ended.code
        return code, out.getvalue()

    def stick(self):
        return self.qubes.domains["sys-usb"].devices["usb"]["2-1"]

    def test_the_tool_lists_attaches_and_assigns(self):
        self.assertIn("Kingston", self.tool("usb")[1])
        self.assertEqual(self.tool("usb", "attach", "work", "sys-usb:2-1"), (0, ""))
        self.assertIn("work (attached)", self.tool("usb", "list")[1])
        code, text = self.tool("usb", "attach", "work", "sys-usb:2-1")
        self.assertEqual((code, "already attached to work" in text), (1, True), text)
        self.assertEqual(self.tool("usb", "detach", "work", "sys-usb:2-1"), (0, ""))
        code, text = self.tool("usb", "assign", "work", "sys-usb:2-1")
        self.assertEqual((code, text.startswith("Assigned.")), (0, True), text)
        self.assertIn("*work (auto-attach)", self.tool("usb", "list", "-s")[1])
        self.assertEqual(self.tool("usb", "unassign", "work", "sys-usb:2-1"), (0, ""))
        self.assertNotIn("*work", self.tool("usb", "list", "-s")[1])
        self.assertIn(qubes_client_test.DEVICE, self.tool("usb", "info", "sys-usb:2-1")[1])

    def test_the_tool_is_refused_with_a_reason(self):
        for words, text in {
            ("usb", "attach", "vault", "sys-usb:2-1"): "no such domain: 'vault'",
            ("usb", "attach", "work", "sys-usb:9-9"): "doesn't expose usb device '9-9'",
            ("usb", "attach", "work", "sys-usb:2-1:0:0::u000000"): "doesn't expose usb device",
            ("usb", "attach", "sys-usb", "sys-usb:2-1"): "",
            ("mic", "list"): "Failed to list 'mic' devices",
        }.items():
            code, said = self.tool(*words)
            self.assertNotEqual(code, 0, words)
            self.assertIn(text, said)

    def test_modes_options_and_the_deny_list(self):
        assignment = protocol.DeviceAssignment(
            self.stick(), mode="auto-attach", options={"read-only": "yes"}
        )
        self.work.assign(assignment)
        (found,) = self.work.get_assigned_devices()
        self.assertEqual((str(found), found.options), (STICK, {"read-only": "yes"}))
        self.work.update_assignment(found.virtual_device, protocol.AssignmentMode.ASK)
        (found,) = self.work.get_assigned_devices()
        self.assertEqual(found.mode, protocol.AssignmentMode.ASK)
        self.work.unassign(assignment)
        vm = self.qubes.domains["work"]
        vm.devices.deny(protocol.DeviceInterface("u080650"))
        self.assertEqual(vm.devices_denied, "u080650")
        with self.assertRaisesRegex(qubesadmin.exc.QubesException, "banned interface: u080650"):
            self.work.attach(protocol.DeviceAssignment(self.stick()))
        vm.devices.allow(protocol.DeviceInterface("u080650"))
        self.assertEqual(vm.devices_denied, "")
        self.assertTrue(vm.is_running())

    def test_events_are_followed(self):
        seen = []
        asyncio.run(self.follow(seen))
        self.assertEqual(seen[0], ("None", "connection-established", {}))
        for wanted in (
            ("work", "device-assign:usb", {"device": STICK, "options": "{}"}),
            ("work", "device-attach:usb", {"device": STICK, "options": "{}"}),
            ("work", "device-detach:usb", {"port": "sys-usb:2-1"}),
            ("work", "device-unassign:usb", {"device": STICK}),
            ("sys-usb", "device-removed:usb", {"port": "sys-usb:2-1"}),
            ("sys-usb", "device-added:usb", {"device": STICK}),
        ):
            self.assertIn(wanted, seen)

    async def follow(self, seen):
        dispatcher = qubesadmin.events.EventsDispatcher(self.qubes)
        dispatcher.add_handler(
            "*",
            lambda subject, event, **facts: seen.append(
                (str(subject), event, {key: str(value) for key, value in facts.items()})
            ),
        )
        following = asyncio.ensure_future(dispatcher.listen_for_events())

        async def until(event):
            for _ in range(20 * qubes_client_test.LIMIT):
                if any(each[1] == event for each in seen):
                    return
                await asyncio.sleep(0.05)
            self.fail("waited in vain for " + event)

        await until("connection-established")
        assignment = protocol.DeviceAssignment(self.stick(), mode="auto-attach")
        self.work.assign(assignment)
        self.work.attach(protocol.DeviceAssignment(self.stick()))
        self.work.detach(protocol.DeviceAssignment(self.stick()))
        self.work.unassign(assignment)
        self.plug("# nothing\n")
        await until("device-removed:usb")
        self.plug(self.devices())
        await until("device-added:usb")
        dispatcher.stop()
        with contextlib.suppress(asyncio.CancelledError):
            await following


if __name__ == "__main__":
    unittest.main(verbosity=2)
