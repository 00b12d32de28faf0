// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/server/io/reply_queue.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace blockproxy::snapshot {
namespace {

constexpr std::size_t header_limit = 4096;  // bytes before a block that go by the pipe too

// True: nothing is wrong, but it does not go on now.
bool must_wait() { return errno == EAGAIN; }

}  // namespace

ReplyQueue::ReplyQueue(BlockPool& pool) : pool_(pool) {
  auto made = base::io::pipe_pair();
  if (!made || ::fcntl(made->second.get(), F_SETPIPE_SZ, pipe_capacity) < pipe_capacity ||
      !base::io::set_nonblocking(made->second)) {
    return;
  }
  pipe_ = *std::move(made);
}

void ReplyQueue::append(base::wire::Bytes bytes) {
  if (bytes.empty()) return;
  if (bytes.size() > small) {
    const std::shared_ptr<std::byte[]> copy(new std::byte[bytes.size()]);  // NOLINT: as below
    std::copy(bytes.begin(), bytes.end(), copy.get());
    bytes_ += bytes.size();
    parts_.push_back({.holder = copy, .left = {copy.get(), bytes.size()}, .place = {}});
    return;
  }
  if (page_ && parts_.empty()) page_used_ = 0;
  if (!page_ || page_size - page_used_ < bytes.size()) {
    page_.reset(new std::byte[page_size]);  // NOLINT: uninitialised on purpose
    page_used_ = 0;
  }
  std::byte* const place = page_.get() + page_used_;
  std::copy(bytes.begin(), bytes.end(), place);
  page_used_ += bytes.size();
  bytes_ += bytes.size();
  // What follows the last bytes in memory too is a part of theirs.
  if (!parts_.empty() && parts_.back().holder == page_ &&
      parts_.back().left.data() + parts_.back().left.size() == place) {
    parts_.back().left = {parts_.back().left.data(), parts_.back().left.size() + bytes.size()};
    return;
  }
  parts_.push_back({.holder = page_, .left = {place, bytes.size()}, .place = {}});
}

void ReplyQueue::append(Slices slices) {
  for (Slice& slice : slices) {
    if (slice.bytes.empty()) continue;
    bytes_ += slice.bytes.size();
    const bool pages = pipe_.first && slice.bytes.size() > small;
    parts_.push_back({.holder = std::move(slice.holder),
                      .left = slice.bytes,
                      .place = pages ? pool_.lend(slice.bytes) : std::nullopt});
  }
}

void ReplyQueue::append_zeros(std::uint64_t count) {
  static constexpr std::array<std::byte, page_size> zeros{};
  while (count > 0) {
    const std::size_t part = static_cast<std::size_t>(std::min<std::uint64_t>(count, page_size));
    parts_.push_back({.holder = {}, .left = std::span(zeros).first(part), .place = {}});
    bytes_ += part;
    count -= part;
  }
}

base::Status ReplyQueue::send(int socket) {
  while (!empty()) {
    if (in_pipe_ == 0 && by_pipe()) {
      if (auto filled = fill_pipe(); !filled) return filled;
    }
    const auto went = in_pipe_ != 0 ? empty_pipe(socket) : send_bytes(socket);
    if (!went) return base::Unexpected{went.error()};
    if (*went == Went::blocked) break;
  }
  return base::Ok{};
}

// Pages that come next, and the header before them: both are then one message.
bool ReplyQueue::by_pipe() const {
  const Part& first = parts_.front();
  return first.place || (parts_.size() > 1 && parts_[1].place && first.left.size() <= header_limit);
}

base::Result<ReplyQueue::Went> ReplyQueue::send_bytes(int socket) {
  std::array<iovec, 256> vector{};
  std::size_t count = 0;
  for (const Part& part : parts_) {
    if (count == vector.size() || part.place) break;
    // sendmsg() only reads.
    vector[count++] = {.iov_base = const_cast<std::byte*>(part.left.data()),  // NOLINT
                       .iov_len = part.left.size()};
  }
  msghdr message{};
  message.msg_iov = vector.data();
  message.msg_iovlen = count;
  const ssize_t put = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (put < 0 && errno == EINTR) return Went::on;
  if (put < 0 && must_wait()) return Went::blocked;
  if (put < 0) return base::io::fail_errno("write to the client");
  bytes_ -= static_cast<std::size_t>(put);
  sent(static_cast<std::size_t>(put));
  return Went::on;
}

void ReplyQueue::sent(std::size_t size) {
  while (size > 0) {
    Part& first = parts_.front();
    const std::size_t of_it = std::min(size, first.left.size());
    first.left = first.left.subspan(of_it);
    if (first.place) *first.place += of_it;
    size -= of_it;
    if (first.left.empty()) parts_.pop_front();
  }
}

base::Result<ReplyQueue::Went> ReplyQueue::empty_pipe(int socket) {
  const ssize_t put =
      ::splice(pipe_.first.get(), nullptr, socket, nullptr, in_pipe_, SPLICE_F_NONBLOCK);
  if (put < 0 && errno == EINTR) return Went::on;
  if (put < 0 && must_wait()) return Went::blocked;
  if (put <= 0) return base::io::fail_errno("write to the client");
  in_pipe_ -= static_cast<std::size_t>(put);
  bytes_ -= static_cast<std::size_t>(put);
  return Went::on;
}

base::Status ReplyQueue::fill_pipe() {
  while (!parts_.empty() && (parts_.front().place || parts_.front().left.size() <= header_limit)) {
    const auto put = into_pipe(parts_.front());
    if (!put) return base::Unexpected{put.error()};
    if (*put == 0) break;
    in_pipe_ += *put;
    sent(*put);
  }
  return base::Ok{};
}

// 0: there is no room.
base::Result<std::size_t> ReplyQueue::into_pipe(const Part& part) {
  for (;;) {
    auto from = static_cast<off64_t>(part.place.value_or(0));
    const ssize_t put = part.place
                            ? ::splice(pool_.file().get(), &from, pipe_.second.get(), nullptr,
                                       part.left.size(), SPLICE_F_NONBLOCK)
                            : ::write(pipe_.second.get(), part.left.data(), part.left.size());
    if (put > 0) return static_cast<std::size_t>(put);
    if (put < 0 && must_wait()) return std::size_t{0};
    if (put == 0 || errno != EINTR) return base::io::fail_errno("read the checked blocks");
  }
}

}  // namespace blockproxy::snapshot
