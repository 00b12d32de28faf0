// SPDX-License-Identifier: GPL-2.0-or-later
// Runs a command line of qvm-device against a daemon on paper, and keeps the calls that change
// something.
#pragma once

#include <gtest/gtest.h>

#include <map>

#include "cli/device_run.hpp"

namespace cli {

inline constexpr std::string_view stick =
    "2-1:0951:1666:60A4:u080650 device_id='0951:1666:60A4:u080650' port_id='2-1' "
    "vendor='Kingston' product='Stick' interfaces='u080650' _last-detach='work: unplugged'\n";

// Answers lists itself; everything else is `answer_`, or what `answers_` has for its last word.
class DeviceRunTest : public testing::Test {
 protected:
  Outcome run(const Words& words, std::string_view program = "qvm-usb") {
    calls_.clear();
    const auto command = parse_device_command(program, words, 80);
    if (!command) return command.error();
    const Admin admin = [this](const AdminCall& call) { return reply(call); };
    return run_device_command(*command, admin, Header::hidden);
  }

  AdminAnswer reply(const AdminCall& call) {
    const std::string what = call.method.substr(call.method.rfind('.') + 1);
    const auto of = [&call](std::string_view qube, const AdminAnswer& answer) {
      return call.target == qube ? answer : AdminAnswer(std::string());
    };
    if (call.method == "admin.vm.device.denied.List") return denied_;
    if (what == "List") return qubes_;
    if (what == "Available") return of("sys-usb", available_);
    if (what == "Attached") return of("work", attached_);
    if (what == "Assigned") return of("work", assigned_);
    calls_.push_back(call.method + "+" + call.argument + " " + call.target + " " + call.payload);
    const auto own = answers_.find(what);
    return own == answers_.end() ? answer_ : own->second;
  }

  static AdminAnswer refusal(std::string type, std::string text) {
    return base::Unexpected<AdminFailure>{AdminFailure{
        .kind = AdminFailure::Kind::refused, .type = std::move(type), .text = std::move(text)}};
  }

  AdminAnswer qubes_ =
      std::string("dom0 state=Running\nsys-usb state=Running\nwork state=Running\n");
  AdminAnswer available_ = std::string(stick);
  AdminAnswer attached_ = std::string();
  AdminAnswer assigned_ = std::string();
  AdminAnswer denied_ = std::string();
  AdminAnswer answer_ = std::string();
  std::map<std::string, AdminAnswer> answers_;  // "Attach": ...
  std::vector<std::string> calls_;
};

}  // namespace cli
