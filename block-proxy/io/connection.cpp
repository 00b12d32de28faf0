// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/io/connection.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace blockproxy::io {

using nbd::Incoming;
using nbd::WireError;

Connection::Connection(Medium& medium, const base::io::Fd& in, const base::io::Fd& out, Ring* ring,
                       LongReads long_reads)
    : medium_(medium),
      in_(in),
      ring_(ring),
      replies_(out, long_reads),
      handshake_(medium.offered()),
      input_(input_size) {
  extents_.reserve(Medium::max_extents);
  scratch_.reserve(nbd::chunk_header_size + 4 + 8 * Medium::max_extents);
}

void Connection::compact() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
    return;
  }
  // Only when what is left may not fit: a piece of a write, or a request.
  if (input_.size() - end_ >= nbd::ServerSession::write_piece * 2) return;
  std::copy(input_.begin() + static_cast<std::ptrdiff_t>(begin_),
            input_.begin() + static_cast<std::ptrdiff_t>(end_), input_.begin());
  end_ -= begin_;
  begin_ = 0;
}

base::Result<Connection::Stream> Connection::receive() {
  compact();
  for (;;) {
    const ssize_t got = ::read(in_.get(), input_.data() + end_, input_.size() - end_);
    if (got > 0) {
      end_ += static_cast<std::size_t>(got);
      return Stream::open;
    }
    if (got == 0 || errno == ECONNRESET) return Stream::ended;
    if (errno == EAGAIN) {
      pollfd waiting{.fd = in_.get(), .events = POLLIN, .revents = 0};
      ::poll(&waiting, 1, -1);
    } else if (errno != EINTR) {
      return base::io::fail_errno("read from the client");
    }
  }
}

base::Status Connection::run() {
  if (auto done = handshake(); !done || handshake_.state() == nbd::ServerHandshake::State::ended) {
    return done;
  }
  agreed_ = handshake_.agreed();
  return serve();
}

base::Status Connection::handshake() {
  using State = nbd::ServerHandshake::State;
  scratch_.clear();
  nbd::ServerHandshake::greet(scratch_);
  replies_.send(scratch_);
  while (handshake_.state() == State::negotiating && !replies_.failed()) {
    pollfd waiting{.fd = in_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, handshake_ms) == 0) {
      return base::fail("handshake: the client said nothing for 30 s");
    }
    const auto stream = receive();
    if (!stream) return base::fail(stream.error().text);
    if (*stream == Stream::ended) return base::fail("handshake: the client left");
    for (;;) {
      scratch_.clear();
      const base::wire::Bytes untrusted(input_.data() + begin_, end_ - begin_);
      const std::size_t taken = handshake_.push(untrusted, scratch_);
      begin_ += taken;
      replies_.append(scratch_);
      if (taken == 0 || handshake_.state() != State::negotiating) break;
    }
    replies_.flush();
  }
  return base::Ok{};
}

base::Status Connection::serve() {
  nbd::ServerSession session(medium_.offered(), agreed_);
  for (;;) {
    std::size_t count = 0;
    base::wire::Bytes untrusted(input_.data() + begin_, end_ - begin_);
    while (count < max_batch) {
      Incoming incoming = session.next(untrusted);
      if (incoming.kind == Incoming::Kind::more) break;
      batch_[count++] = incoming;
      if (incoming.kind == Incoming::Kind::disconnect || incoming.kind == Incoming::Kind::broken) {
        break;
      }
    }
    begin_ = end_ - untrusted.size();
    read_ahead(count);
    for (std::size_t i = 0; i < count; ++i) carry_out(batch_[i]);
    if (ring_ != nullptr && ring_->under_way() > 0) {
      if (auto sent = ring_->submit(); !sent) return sent;
      finish_reads(Ring::Wait::no);
    }
    if (ring_broken_) return base::fail("io_uring no longer works");
    if (replies_.failed()) return base::fail("the client no longer takes replies");
    const auto last = count == 0 ? Incoming::Kind::more : batch_[count - 1].kind;
    if (last == Incoming::Kind::broken) {
      return base::fail("the client broke the framing of its requests");
    }
    if (last == Incoming::Kind::disconnect) break;
    if (count == max_batch) continue;  // more may be there already
    replies_.flush();
    const auto stream = wait_and_receive();
    if (!stream) return base::fail(stream.error().text);
    if (*stream == Stream::ended) break;
  }
  while (ring_ != nullptr && ring_->under_way() > 0 && !ring_broken_) {
    finish_reads(Ring::Wait::yes);
  }
  replies_.flush();
  return base::Ok{};
}

// While reads are under way, whatever comes first.
base::Result<Connection::Stream> Connection::wait_and_receive() {
  while (ring_ != nullptr && ring_->under_way() > 0) {
    std::array<pollfd, 2> waiting{pollfd{in_.get(), POLLIN, 0}, pollfd{ring_->fd(), POLLIN, 0}};
    if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) {
      return base::io::fail_errno("poll");
    }
    finish_reads(Ring::Wait::no);
    replies_.flush();
    if (waiting[0].revents != 0) break;
  }
  return receive();
}

void Connection::carry_out(const Incoming& incoming) {
  switch (incoming.kind) {
    case Incoming::Kind::request:
      return carry_out(incoming.request);
    case Incoming::Kind::write_data:
      return take_write(incoming);
    case Incoming::Kind::refused:
      return answer(incoming.request, incoming.error);
    case Incoming::Kind::more:
    case Incoming::Kind::disconnect:
    case Incoming::Kind::broken:
      return;
  }
}

void Connection::carry_out(const nbd::Request& request) {
  WireError error = WireError::none;
  switch (request.command) {
    case nbd::Command::read:
      return read(request);
    case nbd::Command::block_status:
      return block_status(request);
    case nbd::Command::flush:
      error = medium_.flush();
      break;
    case nbd::Command::trim:
      error = medium_.trim(request.offset, request.length);
      break;
    case nbd::Command::cache:
      medium_.prefetch(request.offset, request.length);
      break;
    case nbd::Command::write_zeroes:
      error =
          medium_.write_zeroes(request.offset, request.length,
                               request.has(nbd::command_fast_zero) ? Medium::Zeroes::fast
                               : request.has(nbd::command_no_hole) ? Medium::Zeroes::allocated
                                                                   : Medium::Zeroes::may_be_hole);
      break;
    case nbd::Command::write:
    case nbd::Command::disconnect:
      return;  // come out of the session as what they are
  }
  const bool changes =
      request.command == nbd::Command::trim || request.command == nbd::Command::write_zeroes;
  if (error == WireError::none && changes && request.has(nbd::command_fua)) error = medium_.flush();
  answer(request, error);
}

void Connection::take_write(const Incoming& incoming) {
  if (write_error_ == WireError::none) {
    write_error_ = medium_.write(incoming.data, incoming.data_offset);
  }
  if (!incoming.last) return;
  if (write_error_ == WireError::none && incoming.request.has(nbd::command_fua)) {
    write_error_ = medium_.flush();
  }
  answer(incoming.request, write_error_);
  write_error_ = WireError::none;
}

void Connection::block_status(const nbd::Request& request) {
  const std::size_t most = request.has(nbd::command_req_one) ? 1 : Medium::max_extents;
  medium_.extents(request.offset, request.length, most, extents_);
  scratch_.clear();
  nbd::append_block_status(scratch_, request.cookie, nbd::base_allocation_id, extents_);
  replies_.append(scratch_);
}

void Connection::answer(const nbd::Request& request, WireError error) {
  const bool needs_chunks =
      request.command == nbd::Command::read || request.command == nbd::Command::block_status;
  if (!agreed_.structured_replies || !needs_chunks) {
    return replies_.append(nbd::simple_reply(request.cookie, error));
  }
  scratch_.clear();
  nbd::append_error_chunk(scratch_, request.cookie, error, "refused");
  replies_.append(scratch_);
}

}  // namespace blockproxy::io
