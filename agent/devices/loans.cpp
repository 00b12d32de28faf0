// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/devices/loans.hpp"

#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>

#include "base/io/fd.hpp"

namespace agent::devices {
namespace {

constexpr unsigned max_interfaces = 32;  // USB_MAXINTERFACES
constexpr std::string_view claimed = "usbfs";

}  // namespace

std::string node_name(const Node& node) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "%03u/%03u", node.bus, node.device);
  return text.data();
}

// Binding waits for the driver's first talk to the device, as the kernel itself does when one is
// plugged in.
GivenBack bind_drivers(const std::filesystem::path& node) {
  const base::io::Fd device(::open(node.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!device) return GivenBack::yes;
  GivenBack result = GivenBack::yes;
  for (unsigned number = 0; number < max_interfaces; ++number) {
    usbdevfs_getdriver bound{};
    bound.interface = number;
    if (::ioctl(device.get(), USBDEVFS_GETDRIVER, &bound) == 0) {
      bound.driver[sizeof(bound.driver) - 1] = '\0';
      if (bound.driver == claimed) result = GivenBack::held;
      continue;
    }
    if (errno != ENODATA) continue;
    // Without a driver, or not there at all, which the kernel refuses.
    usbdevfs_ioctl bind{.ifno = static_cast<int>(number),
                        .ioctl_code = static_cast<int>(USBDEVFS_CONNECT),
                        .data = nullptr};
    ::ioctl(device.get(), USBDEVFS_IOCTL, &bind);
  }
  return result;
}

void Loans::lend(const Node& node) {
  lent_.push_back(node);
  std::erase_if(ended_, [&node](const Ended& each) { return each.node == node; });
}

void Loans::end(const Node& node, Clock::time_point now) {
  const auto found = std::ranges::find(lent_, node);
  if (found == lent_.end()) return;
  lent_.erase(found);
  if (std::ranges::find(lent_, node) != lent_.end()) return;  // somebody else has it too
  ended_.push_back({.node = node, .deadline = now + patience});
}

bool Loans::turn(Clock::time_point now) {
  std::erase_if(ended_, [this, now](const Ended& each) {
    if (give_back_(dev_ / node_name(each.node)) == GivenBack::yes) return true;
    if (now < each.deadline) return false;
    std::fprintf(stderr, "sallyport-devices: %s is still held by another program\n",
                 node_name(each.node).c_str());
    return true;
  });
  return !ended_.empty();
}

}  // namespace agent::devices
