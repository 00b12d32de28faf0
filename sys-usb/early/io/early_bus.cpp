// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys-usb/early/io/early_bus.hpp"

#include <fcntl.h>

#include <algorithm>
#include <charconv>

#include "base/io/files.hpp"
#include "base/wire/pci_address.hpp"
#include "sys-usb/early/descriptors.hpp"
#include "sys-usb/early/early_record.hpp"

namespace sysusb::early::io {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_attribute = 4096;

// Of ".../0000:00:14.0/usb1/1-2/1-2.1" the controller is what stands before "usb1". No controller:
// the bus is not on PCI, such as that of vhci_hcd, where devices come over a network.
Place place_of(const fs::path& folder, const std::string& name) {
  Place place;
  std::string before;
  for (const fs::path& part : folder) {
    const std::string& text = part.native();
    if (text.starts_with("usb") && valid_device_name(text)) {
      if (base::wire::is_pci_address(before)) place.controller = before;
      break;
    }
    before = text;
  }
  if (const std::size_t dash = name.find('-'); dash != std::string::npos) {
    place.path = name.substr(dash + 1);
  }
  return place;
}

base::Result<std::uint32_t> number_of(const std::string& text) {
  std::uint32_t value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{}) {
    return base::fail("the kernel's file holds no number");
  }
  return value;
}

}  // namespace

base::Result<BusDevice> BusDevice::open(const fs::path& sys, const std::string& name) {
  std::error_code error;
  const fs::path folder = fs::canonical(sys / "bus/usb/devices" / name, error);
  if (error) return base::fail("USB device " + name + ": " + error.message());
  BusDevice device;
  device.name_ = name;
  device.place_ = place_of(folder, name);
  device.folder_ =
      base::io::Fd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));  // NOLINT: variadic
  if (!device.folder_) return base::io::fail_errno("open " + folder.string());
  return device;
}

base::Result<std::string> BusDevice::read(const char* attribute, std::size_t limit) const {
  const base::io::Fd file(
      ::openat(folder_.get(), attribute, O_RDONLY | O_CLOEXEC));  // NOLINT: variadic
  if (!file) return base::io::fail_errno("open " + name_ + "/" + attribute);
  return base::io::read_all(file, limit);
}

base::Result<std::uint32_t> BusDevice::number() const {
  const auto text = read("devnum", max_attribute);
  return text ? number_of(*text) : base::fail(text.error().text);
}

base::Result<Switch> BusDevice::authorised() const {
  const auto text = read("authorized", max_attribute);
  if (!text) return base::fail(text.error().text);
  const auto value = number_of(*text);
  if (!value) return base::fail(value.error().text);
  return *value == 0 ? Switch::off : Switch::on;
}

base::Result<std::string> BusDevice::descriptors() const {
  // One byte more, so that what is too long is the parser's to say.
  return read("descriptors", max_descriptors + 1);
}

base::Status BusDevice::set(Switch to) const {
  const base::io::Fd file(
      ::openat(folder_.get(), "authorized", O_WRONLY | O_CLOEXEC));  // NOLINT: variadic
  if (!file) return base::io::fail_errno("open " + name_ + "/authorized", "run this as root");
  return base::io::write_all(file, to == Switch::on ? "1" : "0");
}

base::Result<std::vector<std::string>> list_devices(const fs::path& sys) {
  std::vector<std::string> names;
  std::error_code error;
  const fs::path folder = sys / "bus/usb/devices";
  for (fs::directory_iterator each(folder, error), end; !error && each != end;
       each.increment(error)) {
    std::string name = each->path().filename();
    if (!valid_device_name(name)) continue;  // an interface
    if (names.size() == max_bus_devices) break;
    names.push_back(std::move(name));
  }
  if (error) {
    return base::fail("list " + folder.string() + ": " + error.message() +
                      "; load the module usbcore, or name another folder with --sys");
  }
  const auto tier = [](const std::string& name) {
    return name.starts_with("usb") ? -1 : std::ranges::count(name, '.');
  };
  std::ranges::sort(names, [&tier](const std::string& a, const std::string& b) {
    return tier(a) != tier(b) ? tier(a) < tier(b) : a < b;
  });
  return names;
}

}  // namespace sysusb::early::io
