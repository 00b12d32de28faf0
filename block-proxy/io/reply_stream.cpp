// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/io/reply_stream.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace blockproxy::io {
namespace {

constexpr int pipe_capacity = 1 << 20;

// True when it is worth to try again.
bool again(const base::io::Fd& out) {
  if (errno == EINTR) return true;
  if (errno != EAGAIN) return false;
  pollfd waiting{.fd = out.get(), .events = POLLOUT, .revents = 0};
  return ::poll(&waiting, 1, -1) > 0 || errno == EINTR;
}

}  // namespace

ReplyStream::ReplyStream(const base::io::Fd& out, LongReads long_reads)
    : out_(out), buffer_(new std::byte[buffer_size]) {  // NOLINT: see the member
  if (long_reads == LongReads::copied) return;
  auto made = base::io::pipe_pair();
  if (!made) return;
  if (::fcntl(made->second.get(), F_SETPIPE_SZ, pipe_capacity) < pipe_capacity) return;
  pipe_ = std::move(*made);
}

void ReplyStream::send(base::wire::Bytes bytes) {
  flush();
  while (!bytes.empty() && !failed_) {
    const ssize_t put = ::write(out_.get(), bytes.data(), bytes.size());
    if (put >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(put));
    } else if (!again(out_)) {
      failed_ = true;
    }
  }
}

void ReplyStream::flush() {
  const base::wire::Bytes gathered(buffer_.get(), used_);
  used_ = 0;
  if (!gathered.empty()) send(gathered);
}

std::span<std::byte> ReplyStream::room(std::size_t size) {
  if (size > buffer_size - used_) flush();
  return {&buffer_[used_], size};
}

void ReplyStream::append(base::wire::Bytes bytes) {
  if (bytes.size() > buffer_size) return send(bytes);
  const auto into = room(bytes.size());
  std::copy(bytes.begin(), bytes.end(), into.begin());
  taken(bytes.size());
}

// The buffer is free here: splice() has flushed it.
void ReplyStream::empty_pipe(std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::read(pipe_.first.get(), buffer_.get(), std::min(size, buffer_size));
    if (got <= 0) {
      failed_ = true;  // bytes that nobody asked for would be in the way of the next reply
      return;
    }
    size -= static_cast<std::size_t>(got);
  }
}

bool ReplyStream::splice(base::wire::Bytes header, const base::io::Fd& medium, std::uint64_t offset,
                         std::uint32_t length) {
  flush();
  // The header waits in the pipe, in front of the data: one call then sends both.
  if (::write(pipe_.second.get(), header.data(), header.size()) !=
      static_cast<ssize_t>(header.size())) {
    failed_ = true;
    return true;
  }
  std::size_t inside = header.size();
  auto from = static_cast<off64_t>(offset);
  while (inside < header.size() + length) {
    const ssize_t got = ::splice(medium.get(), &from, pipe_.second.get(), nullptr,
                                 header.size() + length - inside, SPLICE_F_NONBLOCK);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      empty_pipe(inside);
      return false;
    }
    inside += static_cast<std::size_t>(got);
  }
  while (inside > 0 && !failed_) {
    const ssize_t put = ::splice(pipe_.first.get(), nullptr, out_.get(), nullptr, inside, 0);
    if (put > 0) {
      inside -= static_cast<std::size_t>(put);
    } else if (put == 0 || !again(out_)) {
      failed_ = true;
    }
  }
  return true;
}

}  // namespace blockproxy::io
