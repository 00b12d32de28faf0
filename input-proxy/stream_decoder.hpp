// SPDX-License-Identifier: GPL-2.0-or-later
// What a receiver gets: hello, capabilities, then events; incremental, strict, without allocation.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <variant>

#include "base/wire/result.hpp"
#include "input-proxy/capabilities.hpp"
#include "input-proxy/event.hpp"

namespace inputproxy {

enum class StreamError {
  unknown_version,
  capabilities_too_long,  // announced more than max_capabilities_size
  no_capabilities         // announced none: a sender that has thought better of it
};
const char* describe(StreamError error);

// Feed: read into space(), then filled(n); then next() until it says that it needs more. After an
// error every call says the same.
class StreamDecoder {
 public:
  // The greeting once, before any event.
  using Message = std::variant<Offer, Event>;

  std::span<std::byte> space();
  void filled(std::size_t size);
  // Nothing: more bytes are needed.
  base::Result<std::optional<Message>, StreamError> next();
  // Hello and capabilities are behind us.
  bool greeted() const { return stage_ == Stage::events; }

 private:
  enum class Stage { hello, capabilities, surplus, events };
  // Room for the capabilities and for many events of one read.
  static constexpr std::size_t room = 4096;

  base::wire::Bytes unread() const;
  base::Result<std::optional<Message>, StreamError> hello();
  std::optional<Message> greeting();

  std::array<std::byte, room> buffer_{};
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  Stage stage_ = Stage::hello;
  std::size_t wanted_ = 0;   // of the capabilities, what we look at
  std::size_t surplus_ = 0;  // behind it, to be skipped
  std::optional<StreamError> error_;
};

}  // namespace inputproxy
