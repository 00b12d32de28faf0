// SPDX-License-Identifier: GPL-2.0-or-later
// Strict incremental decoder of one direction of a usbredir 0.7 stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/wire/reader.hpp"
#include "base/wire/result.hpp"
#include "usbproxy/input_buffer.hpp"
#include "usbproxy/redir_packet.hpp"

namespace usbproxy::redir {

// Whose packets are decoded: the host has the device, the guest uses it.
enum class Sender { host, guest };

enum class RedirError {
  hello_missing,     // the first packet is no hello
  hello_repeated,    //
  unknown_type,      //
  wrong_direction,   // a type that this sender may not send
  wrong_length,      // length is not body + data, or data where none may be
  too_long,          // beyond the type's bound
  version_not_text,  // no NUL in the hello's version
  bad_count,         // more interfaces than there are places
  filter_not_text,   // the filter string does not end in its only NUL
  not_negotiated,    // a type whose capability was not agreed
};
const char* describe(RedirError error);

inline constexpr std::size_t max_data = std::size_t{4} * 1024 * 1024;
inline constexpr std::size_t max_filter = std::size_t{4} * 1024;
inline constexpr std::size_t max_capability_words = 4;
inline constexpr std::size_t max_body = 288;  // ep_info with everything
inline constexpr std::size_t max_packet = header_size_64 + max_body + max_data;

// One whole packet. The views point into the decoder and stay valid until its next prepare() or
// push().
struct Packet {
  PacketType type = PacketType::hello;
  std::uint64_t id = 0;
  Body body;
  base::wire::Bytes data;
  base::wire::Bytes raw;  // header, body and data as they came
};

// Checked for every packet: hello first and once, known type, allowed direction, capability
// agreed, id width and body size as negotiated, length = body + data exactly, data present exactly
// when direction and endpoint say so and as long as its header says, bounds per type. Not checked:
// whether ids, endpoints, interfaces and statuses make sense now; that needs the session's state.
// The first error is the last answer: there is no resynchronising with a peer that lied.
class Decoder {
 public:
  // `our_caps`: what our side announced in its own hello.
  Decoder(Sender sender, std::uint32_t our_caps);

  // Input, either copied in, or read in place: prepare(), read, commit(). Take every packet with
  // next() before asking for room again; prepare() is never empty then.
  std::span<std::byte> prepare() { return input_.prepare(); }
  void commit(std::size_t count) noexcept { input_.commit(count); }
  bool push(base::wire::Bytes untrusted) { return input_.push(untrusted); }

  // The next packet; null: needs more bytes. Owned by the decoder, overwritten by the next call.
  base::Result<const Packet*, RedirError> next();

  // The negotiated capabilities, once the peer's hello came.
  std::optional<std::uint32_t> caps() const { return caps_; }
  // Whether the stream stands inside a packet.
  bool inside_packet() const { return !input_.unread().empty(); }

 private:
  struct Header {
    std::uint32_t type = 0;
    std::uint32_t length = 0;
    std::uint64_t id = 0;
  };
  std::optional<RedirError> check_header(const Header& untrusted) const;
  std::optional<RedirError> parse(const Header& header, base::wire::Bytes untrusted);
  std::optional<RedirError> parse_hello(base::wire::Bytes untrusted);
  std::optional<RedirError> parse_data(PacketType type, base::wire::Bytes untrusted);
  std::optional<RedirError> accept_data(std::uint8_t endpoint, std::size_t length,
                                        base::wire::Bytes rest);
  std::uint32_t active() const { return caps_.value_or(0); }

  InputBuffer input_;
  Sender sender_;
  std::uint32_t our_caps_;
  std::optional<std::uint32_t> caps_;
  std::optional<RedirError> failed_;
  std::size_t taken_ = 0;  // bytes of the packet handed out last
  Packet packet_;
};

}  // namespace usbproxy::redir
