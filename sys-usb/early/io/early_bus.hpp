// SPDX-License-Identifier: GPL-2.0-or-later
// The USB devices of sysfs: what they are, and their switch `authorized`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/io/fd.hpp"
#include "sys-usb/early/early_config.hpp"

namespace sysusb::early::io {

inline constexpr std::size_t max_bus_devices = 1024;

enum class Switch { off, on };

// One device, held by its folder: once it is unplugged, reading and switching fail, even if another
// one has come to the same port and has the same name.
class BusDevice {
 public:
  static base::Result<BusDevice> open(const std::filesystem::path& sys, const std::string& name);

  const std::string& name() const { return name_; }
  const Place& place() const { return place_; }
  base::Result<std::uint32_t> number() const;  // devnum
  base::Result<Switch> authorised() const;
  base::Result<std::string> descriptors() const;  // raw bytes of the device
  base::Status set(Switch to) const;

 private:
  base::Result<std::string> read(const char* attribute, std::size_t limit) const;

  std::string name_;
  Place place_;
  base::io::Fd folder_;
};

// Names of all devices, those nearer to the root first: a hub before what hangs on it.
base::Result<std::vector<std::string>> list_devices(const std::filesystem::path& sys);

}  // namespace sysusb::early::io
