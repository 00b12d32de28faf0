// SPDX-License-Identifier: GPL-2.0-or-later
// Asks root's device helper (sallyport-devices) for what only root may open.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "agent/devices/nbd_request.hpp"
#include "agent/devices/request.hpp"
#include "base/io/fd.hpp"
#include "base/wire/result.hpp"

namespace agent::devices {

inline constexpr const char* default_socket = "/run/sallyport/devices.sock";

// The helper's answer: errno as the kernel gave it, for callers that try the next port on EBUSY,
// and a sentence for people.
struct Refusal {
  int number = 0;
  std::string text;
};

enum class BlockAccess { read_only, read_write };

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
  // /dev/input/eventN, read-write and non-blocking.
  base::Result<base::io::Fd, Refusal> open_input(std::uint32_t event);
  // The block device of that number, if it has a node below /dev. Read-write takes it for this
  // caller alone (O_EXCL): EBUSY while it, or a part of it, is mounted, swap, or part of another
  // device. ENXIO: there is none; ENOMEDIUM: the drive is empty.
  base::Result<base::io::Fd, Refusal> open_block(std::uint32_t major, std::uint32_t minor,
                                                 BlockAccess access);
  // `speed` in the kernel's numbers (1 low, 2 full, 3 high, 5 super); `stream` is one end of an
  // AF_UNIX stream socketpair, and may be closed after the call. EBUSY: the port is taken.
  base::Result<base::Ok, Refusal> vhci_attach(std::uint32_t port, std::uint32_t speed,
                                              std::uint32_t device_id, const base::io::Fd& stream);
  base::Result<base::Ok, Refusal> vhci_detach(std::uint32_t port);
  // Puts the device of a server on the kernel's nbd, as /dev/NAME. `sockets`: 1 to 4, one for each
  // connection, each past its handshake; they may be closed after the call. Keep this object as
  // long as the attachment: when the connection ends, with or without its process, so does it.
  // EEXIST: the name is taken; EINVAL: the kernel takes no sockets of this family.
  base::Result<base::Ok, Refusal> nbd_attach(const NbdRequest& request,
                                             const std::vector<const base::io::Fd*>& sockets);
  // Readable when an attachment cannot go on: the helper has ended, or the server hangs.
  const base::io::Fd& socket() const { return socket_; }
  // Which of them, for people; only when it is readable.
  std::string_view why_over() const;

 private:
  base::Result<base::io::Fd, Refusal> open(const Request& request, const std::string& tried);

  base::io::Fd socket_;
};

}  // namespace agent::devices
