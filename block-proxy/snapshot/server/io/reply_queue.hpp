// SPDX-License-Identifier: GPL-2.0-or-later
// Replies on their way to a client: small bytes gathered, blocks sent from where they are.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>

#include "base/io/fd.hpp"
#include "block-proxy/snapshot/io/store.hpp"

namespace blockproxy::snapshot {

class ReplyQueue {
 public:
  // More is not put in: the client does not read.
  static constexpr std::size_t max_bytes = std::size_t{8} << 20U;

  // Up to so many bytes are copied to the others; more are worth a place of their own.
  static constexpr std::size_t small = std::size_t{32} << 10U;

  void append(base::wire::Bytes bytes);
  void append(Slices slices);
  bool empty() const { return parts_.empty(); }
  bool full() const { return bytes_ > max_bytes; }
  // What the socket takes now. An error: the client is gone.
  base::Status send(int socket);

 private:
  static constexpr std::size_t page_size = std::size_t{256} << 10U;
  struct Part {
    std::shared_ptr<const std::byte[]> holder;
    base::wire::Bytes left;
  };

  std::deque<Part> parts_;
  std::shared_ptr<std::byte[]> page_;  // of small bytes; used again once all of them were sent
  std::size_t page_used_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace blockproxy::snapshot
