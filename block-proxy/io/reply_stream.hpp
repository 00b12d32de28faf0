// SPDX-License-Identifier: GPL-2.0-or-later
// The way back to the client: small replies gathered, large ones handed over inside the kernel.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/io/fd.hpp"
#include "base/wire/reader.hpp"

namespace blockproxy::io {

// How long reads go out. Spliced, they are never in this process's memory, and each page is a
// message of its own: a client on another processor reads one while the next is on its way; one
// that is woken for each on the same processor, or behind AF_VSOCK, which knows no pages
// (Linux 6.1, net/socket.c, sock_no_sendpage), is better off with copies.
enum class LongReads { spliced, copied };

// Nothing is sent before flush() or a full buffer. Sending waits for the client: one that does not
// read is not read from either. A failure stays, and ends the connection.
class ReplyStream {
 public:
  static constexpr std::size_t buffer_size = 512 << 10;
  // The most that goes by the pipe at once: an unprivileged pipe holds 1 MiB in pages, and a range
  // that begins within a page touches one more.
  static constexpr std::uint32_t max_spliced = 512 << 10;

  // `out` is borrowed.
  ReplyStream(const base::io::Fd& out, LongReads long_reads);

  void append(base::wire::Bytes bytes);
  // Room for `size` bytes (at most buffer_size) in the buffer, to be filled before anything else
  // happens; taken() makes the first of them part of the stream.
  std::span<std::byte> room(std::size_t size);
  void taken(std::size_t size) { used_ += size; }
  void flush();
  // Straight from the caller's memory, behind what is gathered.
  void send(base::wire::Bytes bytes);

  bool can_splice() const { return static_cast<bool>(pipe_.first); }
  // Header and then `length` bytes of `medium`; false, and nothing sent, if they cannot be had.
  bool splice(base::wire::Bytes header, const base::io::Fd& medium, std::uint64_t offset,
              std::uint32_t length);

  bool failed() const { return failed_; }

 private:
  void empty_pipe(std::size_t size);

  const base::io::Fd& out_;
  std::unique_ptr<std::byte[]> buffer_;  // NOLINT(modernize-avoid-c-arrays): never value-filled
  std::size_t used_ = 0;
  bool failed_ = false;
  base::io::FdPair pipe_;
};

}  // namespace blockproxy::io
