// SPDX-License-Identifier: GPL-2.0-or-later
// What stands on the target's side of a session: its kernel, or the QEMU of a guest without an
// agent.
#pragma once

#include <cstddef>
#include <span>

#include "usbproxy/out_queue.hpp"
#include "usbproxy/session.hpp"

namespace usbproxy {

// Bytes of one socket in and out. Pure, as the session that it stands in front of.
class Target {
 public:
  Target() = default;
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  virtual ~Target() = default;

  // Room to read into, then how much of it was filled.
  virtual std::span<std::byte> prepare() = 0;
  virtual void arrived(std::size_t count, Time now) = 0;
  // The other end is gone.
  virtual void closed(Time now) = 0;
  // To be called after whatever changed the session, before out() is written.
  virtual void turn(Time now) = 0;
  // False: it has not taken enough of what waits in out(); read nothing more from it.
  virtual bool reading() const = 0;
  virtual OutQueue& out() = 0;
};

// vhci_hcd: the session speaks its language.
class KernelTarget final : public Target {
 public:
  explicit KernelTarget(Session& session) : session_(session) {}

  std::span<std::byte> prepare() override { return session_.prepare_kernel(); }
  void arrived(std::size_t count, Time now) override { session_.kernel_arrived(count, now); }
  void closed(Time now) override { session_.kernel_closed(now); }
  void turn(Time /*now*/) override {}
  // Always: a CMD_UNLINK behind what is not read would hang the kernel.
  bool reading() const override { return true; }
  OutQueue& out() override { return session_.to_kernel(); }

 private:
  Session& session_;
};

}  // namespace usbproxy
