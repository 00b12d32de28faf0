// SPDX-License-Identifier: GPL-2.0-or-later
// The client's side of the fixed newstyle handshake, with a server that may lie.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/wire/reader.hpp"
#include "base/wire/result.hpp"
#include "block-proxy/nbd/protocol.hpp"

namespace blockproxy::nbd {

// What the server said of its export. The numbers have been checked to be possible, not more.
struct Offer {
  std::uint64_t size = 0;  // bytes, below 2^63
  std::uint16_t flags = 0;
  bool structured_replies = false;
  bool base_allocation = false;
  std::uint32_t context_id = 0;  // of base:allocation
  // A power of two; 1 where the server said nothing.
  std::uint32_t minimum_block = 1;
  std::uint32_t maximum_block = max_payload;  // bytes of one read or write, at most max_payload
};

// Sans-IO, keeps no bytes: what it does not take, the caller keeps and gives again with more.
// Asks in turn for structured replies (if wanted), base:allocation (only with these) and the
// export.
class ClientHandshake {
 public:
  enum class State { negotiating, transmission };
  static constexpr std::size_t max_reply = 8192;  // bytes of one option reply's data
  static constexpr unsigned max_replies = 32;     // to all options together
  static constexpr std::size_t max_input = option_reply_header_size + max_reply;

  explicit ClientHandshake(std::string export_name, Replies replies = Replies::structured)
      : name_(std::move(export_name)), replies_wanted_(replies) {}

  // Takes one message at most and appends what to send to `out`. The number of bytes taken, 0:
  // more is needed. An error ends it.
  base::Result<std::size_t> push(base::wire::Bytes untrusted, std::vector<std::byte>& out);

  State state() const { return state_; }
  const Offer& offer() const { return offer_; }

 private:
  using Bytes = base::wire::Bytes;
  using Out = std::vector<std::byte>;

  base::Result<std::size_t> take_greeting(Bytes untrusted, Out& out);
  base::Status take_reply(OptionReply type, Bytes untrusted_data, Out& out);
  base::Status take_context(Bytes untrusted_data);
  base::Status take_info(Bytes untrusted_data);
  base::Status finish();
  void ask(Option option, Out& out);
  void ask_next(Out& out);

  std::string name_;
  Replies replies_wanted_;
  State state_ = State::negotiating;
  bool greeted_ = false;
  bool exported_ = false;
  bool sizes_known_ = false;
  Option asked_ = Option::structured_reply;
  unsigned replies_ = 0;
  Offer offer_;
};

}  // namespace blockproxy::nbd
