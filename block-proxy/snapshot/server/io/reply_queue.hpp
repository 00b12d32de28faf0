// SPDX-License-Identifier: GPL-2.0-or-later
// Replies on their way to a client: small bytes gathered, blocks sent from where they are.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>

#include "base/io/fd.hpp"
#include "block-proxy/snapshot/io/store.hpp"

namespace blockproxy::snapshot {

class ReplyQueue {
 public:
  // More is not put in: the client does not read.
  static constexpr std::size_t max_bytes = std::size_t{8} << 20U;

  // Up to so many bytes are copied to the others; more are worth a place of their own.
  static constexpr std::size_t small = std::size_t{32} << 10U;

  // Borrows the pool whose blocks are sent.
  explicit ReplyQueue(BlockPool& pool);

  void append(base::wire::Bytes bytes);
  void append(Slices slices);
  void append_zeros(std::uint64_t count);
  bool empty() const { return parts_.empty() && in_pipe_ == 0; }
  bool full() const { return bytes_ > max_bytes; }
  // What the socket takes now. An error: the client is gone.
  base::Status send(int socket);

 private:
  static constexpr std::size_t page_size = std::size_t{256} << 10U;
  static constexpr int pipe_capacity = 1 << 20;
  enum class Went : std::uint8_t { on, blocked };
  struct Part {
    std::shared_ptr<const std::byte[]> holder;
    base::wire::Bytes left;
    std::optional<std::uint64_t> place;  // in the pool's file: goes as pages, by the pipe
  };

  bool by_pipe() const;
  base::Result<Went> send_bytes(int socket);
  base::Result<Went> empty_pipe(int socket);
  base::Status fill_pipe();
  base::Result<std::size_t> into_pipe(const Part& part);
  void sent(std::size_t size);

  BlockPool& pool_;
  base::io::FdPair pipe_;  // none: all goes as bytes
  std::size_t in_pipe_ = 0;
  std::deque<Part> parts_;
  std::shared_ptr<std::byte[]> page_;  // of small bytes; used again once all of them were sent
  std::size_t page_used_ = 0;
  std::size_t bytes_ = 0;  // in parts and pipe
};

}  // namespace blockproxy::snapshot
