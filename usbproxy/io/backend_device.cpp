// SPDX-License-Identifier: GPL-2.0-or-later
// Port resolution and the port's lock; see the header.
#include "usbproxy/io/backend_device.hpp"

#include <linux/usbdevice_fs.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/io/files.hpp"
#include "base/io/unix_socket.hpp"
#include "base/wire/escape.hpp"
#include "sys-usb/device_record.hpp"

namespace usbproxy {
namespace {

constexpr std::size_t max_attribute = 256;
constexpr std::uint32_t hub_class = 9;
constexpr std::chrono::milliseconds lock_retry{20};

std::optional<std::uint32_t> read_number(const std::filesystem::path& file, int base) {
  const auto text = base::io::read_file(file, max_attribute);
  if (!text) return std::nullopt;
  std::uint32_t value = 0;
  const char* end = text->data() + text->size();
  const auto parsed = std::from_chars(text->data(), end, value, base);
  if (parsed.ec != std::errc{}) return std::nullopt;
  return value;
}

struct AbstractName {
  sockaddr_un address{};
  socklen_t size = 0;
};

// In the abstract namespace: no file to own, to clean up or to be left behind.
AbstractName lock_name(std::string_view port_id) {
  AbstractName name;
  const std::string text = "sallyport-usb-" + std::string(port_id);
  name.address.sun_family = AF_UNIX;
  std::copy(text.begin(), text.end(), name.address.sun_path + 1);
  name.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  return name;
}

const sockaddr* generic(const AbstractName& name) {
  return reinterpret_cast<const sockaddr*>(&name.address);  // NOLINT: the socket API's own cast
}

// Who listens at the lock's name: the kernel recorded the process when it began to listen.
std::string holder(const AbstractName& name) {
  const base::io::Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe || ::connect(probe.get(), generic(name), name.size) != 0) return "";
  const auto peer = base::io::peer_credentials(probe);
  return peer ? " (pid " + std::to_string(peer->pid) + ")" : "";
}

}  // namespace

base::Unexpected<BackendRefusal> refuse(BackendStatus status, std::string reason) {
  return base::Unexpected{BackendRefusal{.status = status, .reason = std::move(reason)}};
}

base::Result<DeviceAddress, BackendRefusal> find_device(std::string_view port_id,
                                                        const std::filesystem::path& sysfs) {
  const std::string shown = base::wire::escape(port_id, 40);
  if (!sysusb::valid_port_id(port_id)) {
    return refuse(BackendStatus::no_such_device,
                  "'" + shown + "' is no USB port: expected a name like 2-1 or 2-1.4");
  }
  std::error_code error;
  const auto link = sysfs / "bus/usb/devices" / std::string(port_id);
  const auto folder = std::filesystem::canonical(link, error);
  if (error) {
    return refuse(BackendStatus::no_such_device,
                  "no device at port " + shown + " in this qube: unplugged?");
  }
  if (folder.native().find("/vhci_hcd") != std::string::npos) {
    return refuse(BackendStatus::no_such_device,
                  "the device at port " + shown + " belongs to another qube: attach it from there");
  }
  const auto bus = read_number(folder / "busnum", 10);
  const auto device = read_number(folder / "devnum", 10);
  const auto device_class = read_number(folder / "bDeviceClass", 16);
  if (!bus || !device || !device_class) {
    return refuse(BackendStatus::no_such_device,
                  "the device at port " + shown + " went away while it was looked at: unplugged?");
  }
  if (*device_class == hub_class) {
    return refuse(BackendStatus::cannot_open,
                  "the device at port " + shown + " is a hub: attach what is plugged into it");
  }
  return DeviceAddress{.bus = *bus, .device = *device};
}

base::Result<base::io::Fd, BackendRefusal> lock_port(std::string_view port_id,
                                                     std::chrono::milliseconds patience) {
  if (!sysusb::valid_port_id(port_id)) {
    return refuse(BackendStatus::no_such_device, "not the name of a USB port");
  }
  const AbstractName name = lock_name(port_id);
  base::io::Fd lock(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!lock) return refuse(BackendStatus::internal, base::io::system_error("socket", errno).text);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (::bind(lock.get(), generic(name), name.size) != 0) {
    if (errno != EADDRINUSE) {
      return refuse(BackendStatus::internal,
                    base::io::system_error("lock port " + std::string(port_id), errno).text);
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      return refuse(BackendStatus::busy, "device " + std::string(port_id) +
                                             " is busy: already attached" + holder(name) +
                                             "; detach it first");
    }
    ::poll(nullptr, 0, static_cast<int>(lock_retry.count()));
  }
  if (::listen(lock.get(), 1) != 0) {
    return refuse(BackendStatus::internal, base::io::system_error("listen", errno).text);
  }
  return lock;
}

base::Result<base::Ok, BackendRefusal> reset_device(const base::io::Fd& node) {
  if (::ioctl(node.get(), USBDEVFS_RESET) == 0) return base::Ok{};
  return refuse(BackendStatus::cannot_open,
                base::io::system_error("reset the device", errno, "plug it in again").text);
}

}  // namespace usbproxy
