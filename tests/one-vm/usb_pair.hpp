// SPDX-License-Identifier: GPL-2.0-or-later
// Backend and frontend alone, without dom0, and a device that QEMU plugs in for them.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "tests/rig/machine.hpp"

namespace onevm {

struct Kind {
  std::string driver;  // QEMU's
  boost::json::object properties = {};
  std::string bus = "xhci.0";
  std::string port = "4";
};

// What goes wrong fails the test.
class UsbPair {
 public:
  explicit UsbPair(rig::Machine& machine) : vm_(machine) {}
  ~UsbPair();
  UsbPair(const UsbPair&) = delete;
  UsbPair& operator=(const UsbPair&) = delete;

  // Runs a command, and again if it was out of time.
  rig::CommandResult insist(const std::string& command);
  void load(const std::string& modules);
  void load_drivers();
  void plug(const Kind& kind);
  void unplug();
  // The first folder that the pattern matches and that is configured; with its interfaces' drivers
  // bound, since a kernel binds them before it says so. Empty: none came.
  std::string wait_for(const std::string& pattern);
  // The plugged device's, at port 4 of a controller that is the machine's first.
  std::string wait_for_direct();
  // The device with that folder through backend and frontend; its folder below vhci.
  std::string attach(const std::string& folder);
  // The frontend as a target of Qubes' own sys-usb has it, which a shell command stands for, with
  // the stream as descriptor 3.
  std::string attach_exported(const std::string& sys_usb);
  void detach();
  std::string log();

 private:
  std::string attach_by(const std::string& command);

  rig::Machine& vm_;
  bool plugged_ = false;
};

}  // namespace onevm
