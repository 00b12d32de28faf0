// SPDX-License-Identifier: GPL-2.0-or-later
// A kernel in another qube, which speaks USB/IP to us over a stream.
#pragma once

#include "usbproxy/target.hpp"

namespace usbproxy {

// Our own kernel is trusted to read what it asked for; this one is not: with requests that it does
// not take the answers of, it could have us keep gigabytes. So it is read in small pieces, not at
// all while more than max_waiting wait for it, and given up when what it had asked for until then
// comes to max_unread.
//
// A vhci_hcd reads whatever its own sender waits for (drivers/usb/usbip/vhci_rx.c), so it is never
// stuck behind a request to unlink that is not read here.
class RemoteKernel final : public Target {
 public:
  // A question for a descriptor is 48 bytes, its answer up to 4 KiB: 11 MiB for one piece.
  static constexpr std::size_t max_piece = std::size_t{128} * 1024;
  static constexpr std::size_t max_waiting = std::size_t{8} * 1024 * 1024;
  // More than programs of one kernel may have under way (usbfs_memory_mb, 16 MiB), and its drivers.
  static constexpr std::size_t max_unread = std::size_t{64} * 1024 * 1024;

  explicit RemoteKernel(Session& session) : session_(session) {}

  std::span<std::byte> prepare() override;
  void arrived(std::size_t count, Time now) override { session_.kernel_arrived(count, now); }
  void closed(Time now) override { session_.kernel_closed(now); }
  void turn(Time now) override;
  bool reading() const override { return session_.to_kernel().size() <= max_waiting; }
  OutQueue& out() override { return session_.to_kernel(); }

 private:
  Session& session_;
};

}  // namespace usbproxy
