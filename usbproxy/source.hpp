// SPDX-License-Identifier: GPL-2.0-or-later
// What stands on the backend's side of a session: a backend, or Qubes' own usb-export.
#pragma once

#include <cstddef>
#include <span>

#include "usbproxy/out_queue.hpp"
#include "usbproxy/session.hpp"

namespace usbproxy {

// Bytes of one stream in and out; the counterpart of Target. It is always read: the session bounds
// what can wait.
class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  // Room to read into, then how much of it was filled.
  virtual std::span<std::byte> prepare() = 0;
  virtual void arrived(std::size_t count, Time now) = 0;
  // The other end is gone.
  virtual void closed(Time now) = 0;
  // To be called after whatever changed the session, before out() is written.
  virtual void turn(Time now) = 0;
  // Deadlines of its own, as the session's.
  virtual void tick(Time now) = 0;
  virtual Time next_deadline() const = 0;
  virtual OutQueue& out() = 0;
};

// sallyport-usb-backend: the session speaks its language.
class BackendSource final : public Source {
 public:
  explicit BackendSource(Session& session) : session_(session) {}

  std::span<std::byte> prepare() override { return session_.prepare_stream(); }
  void arrived(std::size_t count, Time now) override { session_.stream_arrived(count, now); }
  void closed(Time now) override { session_.stream_closed(now); }
  void turn(Time /*now*/) override {}
  void tick(Time /*now*/) override {}
  Time next_deadline() const override { return Time::max(); }
  OutQueue& out() override { return session_.to_stream(); }

 private:
  Session& session_;
};

}  // namespace usbproxy
