// SPDX-License-Identifier: GPL-2.0-or-later
// The server's side of the fixed newstyle handshake.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/wire/reader.hpp"
#include "base/wire/writer.hpp"
#include "block-proxy/nbd/export.hpp"
#include "block-proxy/nbd/protocol.hpp"

namespace blockproxy::nbd {

// What both sides hold to once the handshake is done.
struct Agreed {
  bool structured_replies = false;
  bool base_allocation = false;  // block status may be asked for; its context has the id below
  bool aligned = false;          // the client was told the block sizes and must keep to them
};
constexpr std::uint32_t base_allocation_id = 1;

// Sans-IO. It keeps no bytes: what it does not take of its input, the caller keeps and gives again
// with more behind it. Needs room for `max_input` bytes there and at most `max_output` for answers
// to each option. It ends with a client that asks for too much, or that breaks the framing.
class ServerHandshake {
 public:
  enum class State { negotiating, transmission, ended };
  static constexpr std::size_t max_option = 16384;  // bytes of one option's data
  static constexpr unsigned max_options = 64;
  static constexpr unsigned max_queries = 64;  // metadata contexts in one option
  static constexpr std::size_t max_input = option_header_size + max_option;

  // `offered` is borrowed and must outlive it. `simple`: what answers speaks no structured replies,
  // so a client is refused them.
  explicit ServerHandshake(const Export& offered, Replies replies = Replies::structured)
      : export_(offered), replies_(replies) {}

  // What the server says first.
  static void greet(std::vector<std::byte>& out);

  // Takes one message at most and appends its answers to `out`. How many bytes it took: 0 is
  // "more is needed". Once the state is `transmission`, what follows are requests.
  std::size_t push(base::wire::Bytes untrusted, std::vector<std::byte>& out);

  State state() const { return state_; }
  const Agreed& agreed() const { return agreed_; }

 private:
  using Bytes = base::wire::Bytes;
  using Out = std::vector<std::byte>;

  std::size_t take_flags(Bytes untrusted);
  void take_option(std::uint32_t option, Bytes untrusted_data, Out& out);
  void take_export_name(Bytes untrusted_data, Out& out);
  void take_go(Option option, Bytes untrusted_data, Out& out);
  void take_meta_context(Option option, Bytes untrusted_data, Out& out);
  bool is_ours(std::string_view untrusted_name) const;
  std::size_t end();
  std::uint16_t flags() const;

  const Export& export_;
  Replies replies_;
  State state_ = State::negotiating;
  bool flags_seen_ = false;
  bool zeroes_ = true;  // the 124 that follow the answer to EXPORT_NAME
  unsigned options_ = 0;
  Agreed agreed_;
  // The name for which contexts were chosen: of another export they are forgotten.
  std::string context_name_;
};

}  // namespace blockproxy::nbd
