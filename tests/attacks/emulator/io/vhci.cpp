// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/attacks/emulator/io/vhci.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <string>

#include "base/io/files.hpp"
#include "tests/attacks/emulator/io/usbip_server.hpp"

namespace attacks {
namespace {

constexpr char platform[] = "/sys/devices/platform/vhci_hcd.";
// The kernel frees a port a little after its socket was closed.
constexpr int port_tries = 200;
constexpr int port_pause_ms = 10;

// linux/usb/ch9.h, enum usb_device_speed
unsigned kernel_speed(Speed speed) {
  switch (speed) {
    case Speed::low:
      return 1;
    case Speed::full:
      return 2;
    case Speed::high:
      return 3;
    case Speed::super:
      return 5;
  }
  return 2;
}

}  // namespace

base::Result<base::io::Fd> plug_in(const VhciPort& port, Speed speed) {
  auto sockets = base::io::stream_pair();
  if (!sockets) return base::Unexpected{sockets.error()};
  const unsigned number = port.controller * 2 * ports_per_hub +
                          (speed == Speed::super ? ports_per_hub : 0) + port.number;
  const std::string line = std::to_string(number) + ' ' + std::to_string(sockets->second.get()) +
                           ' ' + std::to_string(0x10000U + number) + ' ' +
                           std::to_string(kernel_speed(speed));
  const std::string file = std::string(platform) + "0/attach";
  const base::io::Fd attach(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!attach) return base::io::fail_errno("open " + file, "is vhci_hcd loaded, are you root?");
  for (int i = 0; i < port_tries; ++i) {
    if (::pwrite(attach.get(), line.data(), line.size(), 0) > 0) return std::move(sockets->first);
    if (errno != EBUSY) break;
    ::poll(nullptr, 0, port_pause_ms);
  }
  return base::io::fail_errno("attach to vhci port " + std::to_string(number));
}

std::vector<std::filesystem::path> hub_folders(unsigned controller) {
  std::vector<std::filesystem::path> folders;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(
           std::string(platform) + std::to_string(controller), ignored)) {
    if (entry.path().filename().string().starts_with("usb")) folders.push_back(entry.path());
  }
  return folders;
}

std::filesystem::path device_folder(const VhciPort& port, Speed speed) {
  const std::string wanted = speed == Speed::super ? "5000" : "480";
  for (const auto& hub : hub_folders(port.controller)) {
    if (base::io::read_attribute(hub / "speed") != wanted) continue;
    const std::string bus = hub.filename().string().substr(3);
    return hub / (bus + "-" + std::to_string(port.number + 1));
  }
  return {};
}

base::Status serve(Device device, const VhciPort& port) {
  for (;;) {
    auto socket = plug_in(port, device.speed);
    if (!socket) return base::Unexpected{socket.error()};
    const auto next = device.reborn;
    const auto end = UsbipServer(std::move(device), std::move(*socket)).run();
    if (end == UsbipServer::End::closed || !next) return base::Ok{};
    device = next();
  }
}

}  // namespace attacks
