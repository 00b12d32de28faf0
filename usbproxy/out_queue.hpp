// SPDX-License-Identifier: GPL-2.0-or-later
// Bytes on their way out: whole messages in order, large payloads without a copy where possible.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "base/wire/reader.hpp"

namespace usbproxy {

// Messages are collected and written together once per turn (flush). A large payload is offered
// to the writer at once together with all that waits before it, straight from where it lies; only
// what the writer does not take is copied. How much may wait is its user's business: the session
// bounds it by the requests and bytes it lets be in flight.
class OutQueue {
 public:
  // Writes what it can of `parts`, in order, without blocking; returns how many bytes it took.
  using Writer = std::function<std::size_t(std::span<const base::wire::Bytes> parts)>;
  // Smaller payloads are copied: cheaper than a system call of their own.
  static constexpr std::size_t direct_size = std::size_t{8} * 1024;

  // Without a writer everything waits for take().
  void set_writer(Writer writer) { writer_ = std::move(writer); }

  // Where a message's header is appended; add_payload() completes it.
  std::vector<std::byte>& tail() { return bytes_; }
  void add_payload(base::wire::Bytes payload);
  // Gives the writer what waits.
  void flush();

  std::size_t size() const { return bytes_.size() - taken_; }
  bool empty() const { return size() == 0; }
  base::wire::Bytes waiting() const { return base::wire::Bytes(bytes_).subspan(taken_); }
  void clear();

 private:
  void took(std::size_t count);

  Writer writer_;
  std::vector<std::byte> bytes_;
  std::size_t taken_ = 0;  // of bytes_, already written
};

}  // namespace usbproxy
