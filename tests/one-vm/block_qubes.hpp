// SPDX-License-Identifier: GPL-2.0-or-later
// The two qubes with block devices: sys-usb tells and serves its own, work takes them onto the
// kernel's nbd. Both share a kernel, so what is attached stands beside what it came from.
#pragma once

#include <string>

#include "tests/one-vm/qubes.hpp"

namespace onevm {

class BlockQubes : public Qubes {
 protected:
  static inline const std::string programs = build + "/bin/";
  static inline const std::string medium = "/run/block/medium.img";
  // loop0: 32 MiB with a partition of 24 MiB from 1 MiB on. sys-usb tells of it when this is over.
  void SetUp() override;
  void TearDown() override;
  virtual std::string frontend_option() const { return {}; }

  static void start_with_blocks();
  static void start_devices_of_work();
  static rig::CommandResult wait_for_listing_of(const std::string& device);
  static rig::CommandResult give(const std::string& options = {},
                                 const std::string& device = "loop0");
  static rig::CommandResult take(const std::string& device = "loop0");
  static rig::CommandResult wait_for(const std::string& condition);
  // `device` is attached no more.
  static rig::CommandResult wait_for_end_of(const std::string& device);
  // Why the last attachment of `device` ended, as `qvm-block info` says it.
  static std::string last_end_of(const std::string& device);
  // Nothing is attached, no name and no connected device of nbd is left, nobody hangs.
  static void expect_nothing_left();
  static std::string sum(const std::string& path);
};

}  // namespace onevm
