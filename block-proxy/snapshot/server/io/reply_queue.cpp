// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/server/io/reply_queue.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace blockproxy::snapshot {

void ReplyQueue::append(base::wire::Bytes bytes) {
  if (bytes.empty()) return;
  if (bytes.size() > small) {
    const std::shared_ptr<std::byte[]> copy(new std::byte[bytes.size()]);  // NOLINT: as below
    std::copy(bytes.begin(), bytes.end(), copy.get());
    bytes_ += bytes.size();
    parts_.push_back({.holder = copy, .left = {copy.get(), bytes.size()}});
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
  parts_.push_back({.holder = page_, .left = {place, bytes.size()}});
}

void ReplyQueue::append(Slices slices) {
  for (Slice& slice : slices) {
    if (slice.bytes.empty()) continue;
    bytes_ += slice.bytes.size();
    parts_.push_back({.holder = std::move(slice.holder), .left = slice.bytes});
  }
}

base::Status ReplyQueue::send(int socket) {
  while (!parts_.empty()) {
    std::array<iovec, 256> vector{};
    std::size_t count = 0;
    for (const Part& part : parts_) {
      if (count == vector.size()) break;
      // sendmsg() only reads.
      vector[count++] = {.iov_base = const_cast<std::byte*>(part.left.data()),  // NOLINT
                         .iov_len = part.left.size()};
    }
    msghdr message{};
    message.msg_iov = vector.data();
    message.msg_iovlen = count;
    const ssize_t sent = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) return base::Ok{};
    if (sent < 0) return base::io::fail_errno("write to the client");
    auto left = static_cast<std::size_t>(sent);
    bytes_ -= left;
    while (left > 0) {
      Part& first = parts_.front();
      const std::size_t of_it = std::min(left, first.left.size());
      first.left = first.left.subspan(of_it);
      left -= of_it;
      if (first.left.empty()) parts_.pop_front();
    }
  }
  return base::Ok{};
}

}  // namespace blockproxy::snapshot
