// SPDX-License-Identifier: GPL-2.0-or-later
// The machine that all one-vm tests share: an emulated xHCI with a stick, a keyboard and a tablet,
// and Debian's kernel and programs. Booted by the first test, gone after the last.
//
// A test leaves the machine as it found it: stick plugged, modules loaded, no processes of its own.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/places.hpp"
#include "tests/rig/machine.hpp"

namespace onevm {

// The folder of the build, which the guest sees at the same path.
inline const std::string build = places::build();
inline const std::string source = places::source();

// The stick: random bytes, no file system (tests that want one make it), and its serial number.
inline constexpr unsigned stick_mib = 128;
inline const std::string stick_serial = "SALLYPORT1";

class OneVm : public testing::Test {
 protected:
  static void SetUpTestSuite();
  void SetUp() override;

  // Lives until the program ends; SetUp fails the test if it did not boot.
  static rig::Machine& vm();

  // A second monitor of the machine's QEMU, for tests in which it is somebody's guest; it has two
  // ports to plug drives into.
  static std::filesystem::path guest_monitor();

  // The host's end of the virtio port stream-port, for tests in which a program of the machine
  // serves one outside.
  static std::filesystem::path stream_port();

  // The stick's USB device (QEMU id `stick`), on xHCI port 1.
  static base::Status plug_stick(const std::string& serial = stick_serial);
  // The same as a disk of USB Attached SCSI, whose endpoints have streams (vendor 46f4, product
  // 0003), on a controller of its own: while a kernel sets an interface, no other device of that
  // controller can have one set.
  static base::Status plug_uas_stick();
  static base::Status unplug_uas_stick();
  static base::Status unplug_stick();

  // In the guest: the block device of the stick that the emulated xHCI (not vhci) carries; waits.
  static std::string wait_for_stick();
  static rig::CommandResult wait_for_no_stick();
  // What sha256sum prints for the first `mib` MiB of the stick's image, as the host has it now.
  static std::string stick_sha256(unsigned mib);
};

}  // namespace onevm
