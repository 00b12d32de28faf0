// SPDX-License-Identifier: GPL-2.0-or-later
// The whole machine: an outer machine that is dom0, with VT-d, an xHCI with a stick and a device
// that does DMA on demand; qubes run inside it. Booted by the first test, shared by all.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "tests/places.hpp"
#include "tests/rig/machine.hpp"

namespace wholemachine {

// The build's folder, which the outer machine sees at the same path.
inline const std::string build = places::build();
inline const std::string source = places::source();

// PCI addresses in the outer machine.
inline const std::string xhci = "0000:00:04.0";
inline const std::string edu = "0000:00:05.0";
inline const std::string stick_serial = "SALLYPORT1";
inline constexpr unsigned stick_mib = 128;
// The one file on the stick.
inline const std::string stick_file = "random.bin";
inline constexpr unsigned stick_file_mib = 2;

// An emulated machine inside an emulated machine: everything takes long.
inline constexpr std::chrono::minutes inner_boot_time{3};

class WholeMachine : public testing::Test {
 protected:
  static void SetUpTestSuite();
  void SetUp() override;

  static rig::Machine& outer();

  // The qubes' images, with the services that read a stick; made on the build machine.
  static base::Status build_images();
  static std::string images_folder();
  static std::string stick_file_sha256();

  // Takes a PCI device from its driver and gives it to vfio-pci.
  static rig::CommandResult give_to_vfio(const std::string& address);

  // An inner guest of the rig's own (busybox, rig_guest, rig_dma; no root file system) with more
  // QEMU arguments. 512 MiB. Its command port is a socket in the outer machine.
  static rig::CommandResult start_inner(const std::string& name, const std::string& arguments);
  static rig::CommandResult run_inner(const std::string& name, const std::string& command,
                                      std::chrono::seconds timeout = std::chrono::seconds(60));
  static void stop_inner(const std::string& name);

 private:
  static rig::CommandResult boot_inner(const std::string& name, const std::string& arguments);
};

}  // namespace wholemachine
