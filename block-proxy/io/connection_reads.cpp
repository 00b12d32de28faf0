// SPDX-License-Identifier: GPL-2.0-or-later
// How a connection answers reads: from memory, by the ring, or page by page through a pipe.
#include <algorithm>

#include "block-proxy/io/connection.hpp"

namespace blockproxy::io {

using nbd::Last;
using nbd::WireError;

// Several long reads have come at once: the medium can begin with the second while the first is
// under way. One that goes on where the last one ended: it can go on by itself.
void Connection::read_ahead(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const nbd::Request& request = batch_[i].request;
    if (batch_[i].kind != nbd::Incoming::Kind::request || request.command != nbd::Command::read ||
        request.length <= Ring::max_read) {
      continue;
    }
    if (count > 1) prefetch(request.offset, request.length);
    const auto more = ahead_.take(request.offset, request.length, medium_.offered().size);
    if (more) prefetch(more->offset, more->length);
  }
}

void Connection::prefetch(std::uint64_t offset, std::uint32_t length) {
  std::byte probe{};
  if (medium_.read_cached({&probe, 1}, offset + length - 1) == 0) {
    medium_.prefetch(offset, length);
  }
}

std::size_t Connection::put_read_header(
    const nbd::Request& request, std::uint64_t offset, std::uint32_t length, Last last,
    std::array<std::byte, nbd::data_header_size>& header) const {
  if (agreed_.structured_replies) {
    header = nbd::data_chunk(request.cookie, offset, length, last);
    return header.size();
  }
  const auto simple = nbd::simple_reply(request.cookie, WireError::none);
  std::copy(simple.begin(), simple.end(), header.begin());
  return simple.size();
}

void Connection::fail_read(const nbd::Request& request, WireError error, std::uint64_t offset) {
  if (!agreed_.structured_replies) {
    return replies_.append(nbd::simple_reply(request.cookie, error));
  }
  scratch_.clear();
  nbd::append_error_offset_chunk(scratch_, request.cookie, error, "the medium cannot be read here",
                                 offset);
  replies_.append(scratch_);
}

void Connection::read(const nbd::Request& request) {
  if (request.length <= Ring::max_read) return read_small(request);
  const bool parts = agreed_.structured_replies && !request.has(nbd::command_df);
  if (parts || request.length <= ReplyStream::max_spliced) return read_large(request);
  read_in_one_piece(request);
}

void Connection::read_small(const nbd::Request& request) {
  std::array<std::byte, nbd::data_header_size> header{};
  const std::size_t before =
      put_read_header(request, request.offset, request.length, Last::yes, header);
  const auto room = replies_.room(before + request.length);
  const auto data = room.subspan(before);
  if (medium_.read_cached(data, request.offset) < data.size()) {
    if (ring_ != nullptr) {
      while (ring_->full() && !ring_broken_) finish_reads(Ring::Wait::yes);
      if (!ring_broken_) ring_->start(request);
      return;
    }
    const WireError error = medium_.read(data, request.offset);
    if (error != WireError::none) return fail_read(request, error, request.offset);
  }
  std::copy_n(header.begin(), before, room.begin());
  replies_.taken(room.size());
}

void Connection::finish_reads(Ring::Wait wait) {
  Ring::Done done;
  if (wait == Ring::Wait::yes) {
    if (!ring_->submit() || !ring_->next(wait, done)) {
      ring_broken_ = true;
      return;
    }
    finish(done);
    ring_->release(done);
  }
  while (ring_->under_way() > 0 && ring_->next(Ring::Wait::no, done)) {
    finish(done);
    ring_->release(done);
  }
}

void Connection::finish(const Ring::Done& done) {
  const nbd::Request& request = done.request;
  WireError error = WireError::none;
  if (done.result < 0) {
    error = wire_error(-done.result);
  } else if (const auto got = static_cast<std::size_t>(done.result); got < done.buffer.size()) {
    // What is missing may be the end of the medium, or only slow: a plain read tells.
    error = medium_.read(done.buffer.subspan(got), request.offset + got);
  }
  if (error != WireError::none) return fail_read(request, error, request.offset);
  std::array<std::byte, nbd::data_header_size> header{};
  const std::size_t before =
      put_read_header(request, request.offset, request.length, Last::yes, header);
  replies_.append(std::span(header).first(before));
  replies_.append(done.buffer);
}

// In chunks, each of which is known to be good before its header goes out.
void Connection::read_large(const nbd::Request& request) {
  std::uint64_t offset = request.offset;
  std::uint32_t left = request.length;
  const bool split = agreed_.structured_replies && !request.has(nbd::command_df);
  while (left > 0 && !replies_.failed()) {
    std::uint32_t length = std::min(left, ReplyStream::max_spliced);
    if (split && medium_.may_have_holes()) {
      medium_.extents(offset, left, 1, extents_);
      if ((extents_.front().state & nbd::state_hole) != 0) {
        length = extents_.front().length;
        replies_.append(
            nbd::hole_chunk(request.cookie, offset, length, length == left ? Last::yes : Last::no));
        offset += length;
        left -= length;
        continue;
      }
      length = std::min(length, extents_.front().length);
    }
    if (!read_part(request, offset, length, length == left ? Last::yes : Last::no)) return;
    offset += length;
    left -= length;
  }
}

// False when the reply has ended with an error.
bool Connection::read_part(const nbd::Request& request, std::uint64_t offset, std::uint32_t length,
                           Last last) {
  std::array<std::byte, nbd::data_header_size> header{};
  const std::size_t before = put_read_header(request, offset, length, last, header);
  if (replies_.can_splice()) {
    if (replies_.splice(std::span(header).first(before), medium_.fd(), offset, length)) return true;
    // What the failure was, and whether it was one, says a plain read.
  }
  large_.resize(std::max<std::size_t>(large_.size(), ReplyStream::max_spliced));
  const auto data = std::span(large_).first(length);
  const WireError error = medium_.read(data, offset);
  if (error != WireError::none) {
    fail_read(request, error, offset);
    return false;
  }
  replies_.append(std::span(header).first(before));
  replies_.send(data);
  return true;
}

void Connection::read_in_one_piece(const nbd::Request& request) {
  large_.resize(nbd::max_payload);
  const auto data = std::span(large_).first(request.length);
  const WireError error = medium_.read(data, request.offset);
  if (error != WireError::none) return fail_read(request, error, request.offset);
  std::array<std::byte, nbd::data_header_size> header{};
  const std::size_t before =
      put_read_header(request, request.offset, request.length, Last::yes, header);
  replies_.append(std::span(header).first(before));
  replies_.send(data);
}

}  // namespace blockproxy::io
