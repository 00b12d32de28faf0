// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/status_view.hpp"

#include <gtest/gtest.h>

namespace cli {
namespace {

TEST(StatusView, ShowsEverything) {
  const auto text = format_status(R"({"version": "0.1.0", "uptime_s": 75, "relay": true,
    "policy": {"ok": true, "error": ""},
    "qubes": [{"name": "sys-usb", "connected": true, "transport": "unix", "devices": 2},
              {"name": "vault", "connected": true, "silent": true, "transport": "unix",
               "devices": 0},
              {"name": "work", "connected": false, "transport": "vsock cid 4", "devices": 0}],
    "leases": [{"id": 1, "device": "sys-usb:2-1", "backend": "sys-usb", "frontend": "work",
                "state": "attached", "since_s": 7200}],
    "inputs": [{"source": "sys-usb", "target": "dom0", "state": "pairing", "since_s": 5,
                "service": "qubes.InputKeyboard+usb-0000_00_05.0-2+3-46d-c52b-111"}],
    "ended": [{"device": "sys-usb:2-2", "frontend": "work", "reason": "unplugged\u001b",
               "ago_s": 90061}]})");
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(*text,
            "sallyportd 0.1.0, up 1 min 15 s\n"
            "policy: in force\n"
            "relay:  running\n"
            "\n"
            "QUBE     STATE      TRANSPORT    DEVICES\n"
            "sys-usb  connected  unix         2\n"
            "vault    silent     unix         0\n"
            "work     away       vsock cid 4  0\n"
            "\n"
            "DEVICE       USED BY  STATE     SINCE\n"
            "sys-usb:2-1  work     attached  2 h 0 min\n"
            "\n"
            "INPUT OF  SERVICE                                                TYPES IN  "
            "STATE    SINCE\n"
            "sys-usb   qubes.InputKeyboard+usb-0000_00_05.0-2+3-46d-c52b-111  dom0      pairing  "
            "5 s\n"
            "\n"
            "DEVICE       WAS USED BY  UNTIL        REASON\n"
            "sys-usb:2-2  work         1 d 1 h ago  unplugged\\x1b\n");
}

TEST(StatusView, NamesABrokenPolicy) {
  const auto text = format_status(
      R"({"policy": {"ok": false, "error": "30-user.policy:3: what"}, "relay": false, "leases": []})");
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(*text,
            "sallyportd -, up 0 s\n"
            "policy: BROKEN, everything is denied: 30-user.policy:3: what\n"
            "relay:  NOT RUNNING, nothing can be attached\n"
            "\nnothing is attached\n");
}

TEST(StatusView, SaysThatTheLastGoodPolicyIsInForce) {
  const auto text = format_status(
      R"({"policy": {"ok": false, "error": "30-user.policy:3: what\u001b", "in_force": "last good",
          "in_force_since": 1795421702, "broken_since": 1795421762}})");
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(*text,
            "sallyportd -, up 0 s\n"
            "policy: BROKEN since 2026-11-23 08:16:02 UTC: 30-user.policy:3: what\\x1b\n"
            "        the last good policy, of 2026-11-23 08:15:02 UTC, is in force; see "
            "`sallyport policy check`\n");
}

TEST(StatusView, RefusesWhatIsNoObject) {
  for (const char* text : {"", "[]", "{", "3", "{\"a\":[[[[[[[[[[1]]]]]]]]]]}"}) {
    EXPECT_FALSE(format_status(text).has_value()) << text;
    EXPECT_FALSE(compact_json(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace cli
