// SPDX-License-Identifier: GPL-2.0-or-later
// Asks root's device helper (sallyport-devices) for what only root may open.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/io/fd.hpp"
#include "base/wire/result.hpp"

namespace usbproxy::devices {

inline constexpr const char* default_socket = "/run/sallyport/devices.sock";

// The helper's answer: errno as the kernel gave it, for callers that try the next port on EBUSY,
// and a sentence for people.
struct Refusal {
  int number = 0;
  std::string text;
};

// One connected helper. Calls block, at most 10 s. Connect, ask, destroy: the helper closes a
// connection that says nothing for 10 s, unless it has opened a device.
class Client {
 public:
  static base::Result<Client> connect(const std::filesystem::path& socket = default_socket);
  // For a socket that was connected before a sandbox was entered.
  explicit Client(base::io::Fd connected) : socket_(std::move(connected)) {}

  // /dev/bus/usb/BBB/DDD, read-write; one per connection. Keep this object as long as the device:
  // when the connection ends, with or without its process, the kernel's drivers get the device
  // back.
  base::Result<base::io::Fd, Refusal> open_usb(std::uint32_t bus, std::uint32_t device);
  // `speed` in the kernel's numbers (1 low, 2 full, 3 high, 5 super); `stream` is one end of an
  // AF_UNIX stream socketpair, and may be closed after the call. EBUSY: the port is taken.
  base::Result<base::Ok, Refusal> vhci_attach(std::uint32_t port, std::uint32_t speed,
                                              std::uint32_t device_id, const base::io::Fd& stream);
  base::Result<base::Ok, Refusal> vhci_detach(std::uint32_t port);

 private:
  base::io::Fd socket_;
};

}  // namespace usbproxy::devices
