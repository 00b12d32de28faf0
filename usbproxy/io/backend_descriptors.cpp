// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/io/backend_descriptors.hpp"

#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "usbproxy/firewall/cached_descriptors.hpp"

namespace usbproxy {
namespace {

base::Result<std::vector<std::byte>> read_node(const base::io::Fd& node) {
  std::vector<std::byte> bytes(firewall::max_cached_descriptors);
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t count =
        ::pread(node.get(), bytes.data() + size, bytes.size() - size, static_cast<off_t>(size));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return base::io::fail_errno("read the device's descriptors");
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  bytes.resize(size);
  return bytes;
}

std::optional<Speed> speed_of(libusb_device_handle* handle) {
  switch (::libusb_get_device_speed(::libusb_get_device(handle))) {
    case LIBUSB_SPEED_LOW:
      return Speed::low;
    case LIBUSB_SPEED_FULL:
      return Speed::full;
    case LIBUSB_SPEED_HIGH:
      return Speed::high;
    case LIBUSB_SPEED_SUPER:
    case LIBUSB_SPEED_SUPER_PLUS:
      return Speed::super;
    default:
      return std::nullopt;
  }
}

}  // namespace

base::Result<DeviceGuard, BackendRefusal> guard_of(const base::io::Fd& node,
                                                   libusb_device_handle* handle,
                                                   const firewall::Rights& rights) {
  const auto cannot = [](const std::string& why) {
    return refuse(BackendStatus::cannot_open, "cannot open: " + why);
  };
  const auto speed = speed_of(handle);
  if (!speed) return cannot("the device's speed is not known; plug it into another port");
  const auto bytes = read_node(node);
  if (!bytes) return cannot(bytes.error().text);
  auto device = firewall::parse_cached_descriptors(*bytes, *speed);
  if (!device) {
    return cannot("the device's descriptors break the rules: " + device.error().text());
  }
  int configuration = 0;
  if (const int error = ::libusb_get_configuration(handle, &configuration); error != 0) {
    return cannot(std::string("which configuration is in use? ") + ::libusb_error_name(error));
  }
  auto guard =
      DeviceGuard::make(std::move(*device), rights, static_cast<std::uint8_t>(configuration));
  if (!guard) return cannot(guard.error().text());
  return std::move(*guard);
}

}  // namespace usbproxy
