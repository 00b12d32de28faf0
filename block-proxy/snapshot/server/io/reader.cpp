// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/server/io/reader.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "block-proxy/nbd/reply.hpp"

namespace blockproxy::snapshot {

using nbd::Incoming;
using nbd::WireError;

Reader::Reader(boost::asio::io_context& io, base::io::Fd socket, Served& served)
    : socket_(io, socket.release()),
      served_(served),
      timer_(io),
      handshake_(served.offered),
      input_(input_size),
      replies_(served.store.pool()) {}

void Reader::start(OnEnd on_end) {
  on_end_ = std::move(on_end);
  socket_.non_blocking(true);
  nbd::ServerHandshake::greet(scratch_);
  replies_.append(scratch_);
  timer_.expires_after(handshake_limit);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error) self->end("it does not finish its handshake");
  });
  flush_replies();
  wait_readable();
}

void Reader::stop() {
  ended_ = true;
  timer_.cancel();
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void Reader::end(const std::string& why) {
  if (ended_) return;
  stop();
  on_end_(why);
}

void Reader::wait_readable() {
  if (reading_ || ended_ || leaving_) return;
  reading_ = true;
  socket_.async_wait(Descriptor::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       self->reading_ = false;
                       if (!error) self->receive();
                     });
}

void Reader::receive() {
  if (ended_) return;
  std::copy(input_.begin() + static_cast<std::ptrdiff_t>(begin_),
            input_.begin() + static_cast<std::ptrdiff_t>(end_), input_.begin());
  end_ -= begin_;
  begin_ = 0;
  const ssize_t count = ::read(socket_.native_handle(), input_.data() + end_, input_size - end_);
  if (count < 0 && errno != EAGAIN && errno != EINTR) {
    return end(base::io::fail_errno("read from the client").value.text);
  }
  if (count == 0) return end("it left without taking its leave");
  if (count > 0) end_ += static_cast<std::size_t>(count);
  work();
}

void Reader::look_again() {
  look_at_ = waiting_.size();
  if (part_ && write_part() == Result::answered) part_.reset();
  work();
}

// Those whose blocks have come, as far as there is room for the replies.
void Reader::answer_waiting() {
  for (; look_at_ > 0 && !replies_.full(); --look_at_) {
    const nbd::Request request = waiting_.front();
    waiting_.pop_front();
    if (carry_out(request) == Result::waits) waiting_.push_back(request);
  }
}

bool Reader::may_take() const {
  return !ended_ && !leaving_ && !part_ && waiting_.size() < max_waiting && !replies_.full();
}

// All that may be taken now; reading goes on when there is room for more.
void Reader::work() {
  if (ended_) return;
  if (!session_) shake_hands();
  answer_waiting();
  bool more = session_.has_value();
  while (more && may_take()) {
    base::wire::Bytes untrusted(input_.data() + begin_, end_ - begin_);
    const Incoming incoming = session_->next(untrusted);
    more = incoming.kind != Incoming::Kind::more;
    take(incoming);
    begin_ = end_ - untrusted.size();
  }
  flush_replies();
  if (ended_) return;
  if (leaving_ && waiting_.empty() && replies_.empty()) return end({});
  if (may_take()) wait_readable();
}

void Reader::shake_hands() {
  while (handshake_.state() == nbd::ServerHandshake::State::negotiating) {
    scratch_.clear();
    const std::size_t taken = handshake_.push({input_.data() + begin_, end_ - begin_}, scratch_);
    replies_.append(scratch_);
    begin_ += taken;
    if (taken == 0) return;
  }
  if (handshake_.state() == nbd::ServerHandshake::State::ended) {
    leaving_ = true;
    return;
  }
  timer_.cancel();
  agreed_ = handshake_.agreed();
  session_.emplace(served_.offered, agreed_);
}

void Reader::take(const Incoming& incoming) {
  switch (incoming.kind) {
    case Incoming::Kind::request:
      if (carry_out(incoming.request) == Result::waits) waiting_.push_back(incoming.request);
      return;
    case Incoming::Kind::write_data:
      part_ = Part{.request = incoming.request,
                   .offset = incoming.data_offset,
                   .data = {incoming.data.begin(), incoming.data.end()},
                   .last = incoming.last};
      if (write_part() == Result::answered) part_.reset();
      return;
    case Incoming::Kind::refused:
      return answer(incoming.request, incoming.error);
    case Incoming::Kind::disconnect:
    case Incoming::Kind::broken:
      leaving_ = true;
      return;
    case Incoming::Kind::more:
      return;
  }
}

// Asks for all that is missing of the range.
base::Result<Reader::Result> Reader::wanted(const Range& range) {
  Result result = Result::answered;
  Range rest = range;
  while (rest.length > 0) {
    const auto missing = served_.store.missing(rest, served_.side);
    if (!missing) return base::Unexpected{missing.error()};
    if (!*missing) break;
    result = Result::waits;
    if (auto asked = served_.need(**missing); !asked) return base::Unexpected{asked.error()};
    const std::uint64_t next = (*missing)->end() * block_size;
    const std::uint64_t end = range.offset + range.length;
    if (next >= end) break;
    rest = {.offset = next, .length = end - next};
  }
  return result;
}

// A change of a part of a block keeps the rest of it.
base::Result<Reader::Result> Reader::wanted_at_edges(const Range& range) {
  Result result = Result::answered;
  const std::uint64_t last = range.offset + range.length - 1;
  for (const std::uint64_t at : {range.offset, last}) {
    const Range block = served_.store.geometry().bytes_of({.first = at / block_size, .count = 1});
    if (range.offset <= block.offset && last >= block.offset + block.length - 1) continue;
    const auto one = wanted({.offset = at, .length = 1});
    if (!one) return base::Unexpected{one.error()};
    if (*one == Result::waits) result = Result::waits;
  }
  return result;
}

Reader::Result Reader::carry_out(const nbd::Request& request) {
  switch (request.command) {
    case nbd::Command::read:
      return read(request);
    case nbd::Command::trim:
    case nbd::Command::write_zeroes:
      return change(request);
    case nbd::Command::flush: {
      const auto flushed = served_.store.flush();
      answer(request, flushed ? WireError::none : WireError::io);
      return Result::answered;
    }
    case nbd::Command::cache: {
      // Advice: nobody waits for it.
      const auto asked = wanted(framed(request).medium);
      answer(request, asked ? WireError::none : WireError::io);
      return Result::answered;
    }
    case nbd::Command::block_status: {
      scratch_.clear();
      const nbd::Extent data{.length = request.length, .state = 0};
      nbd::append_block_status(scratch_, request.cookie, nbd::base_allocation_id, {&data, 1});
      replies_.append(scratch_);
      return Result::answered;
    }
    case nbd::Command::write:
    case nbd::Command::disconnect:
      break;  // never a request of its own
  }
  answer(request, WireError::invalid);
  return Result::answered;
}

Reader::Framed Reader::framed(const nbd::Request& request) const {
  const std::uint64_t size = served_.store.geometry().medium_size();
  const std::uint64_t end = request.offset + request.length;
  const auto on_medium = [this, size](std::uint64_t offset) {
    return std::clamp(offset, served_.margin, served_.margin + size);
  };
  const std::uint64_t first = on_medium(request.offset);
  const std::uint64_t last = on_medium(end);
  if (first == last) return {.before = request.length, .medium = {}, .behind = 0};
  return {.before = first - request.offset,
          .medium = {.offset = first - served_.margin, .length = last - first},
          .behind = end - last};
}

// Others get zeros in such a place; one who judges a medium must not take them for its bytes.
bool Reader::hides_loss(const Range& range) const {
  return served_.margin != 0 && served_.store.events().unreadable(range);
}

Reader::Result Reader::read(const nbd::Request& request) {
  const auto [before, range, behind] = framed(request);
  if (request.length <= ReplyQueue::small && range.length == request.length && !hides_loss(range)) {
    if (const auto bytes = served_.store.peek(range, served_.side)) {
      put_read_header(request);
      replies_.append(*bytes);
      return Result::answered;
    }
  }
  const auto ready = wanted(range);
  if (ready && *ready == Result::waits) return Result::waits;
  if (!ready) {
    answer(request, WireError::io, ready.error().text);
    return Result::answered;
  }
  if (hides_loss(range)) {
    answer(request, WireError::io, "the medium could not be read there");
    return Result::answered;
  }
  auto slices =
      range.length == 0 ? base::Result<Slices>(Slices()) : served_.store.read(range, served_.side);
  if (!slices) {
    answer(request, WireError::io, slices.error().text);
    return Result::answered;
  }
  put_read_header(request);
  replies_.append_zeros(before);
  replies_.append(*std::move(slices));
  replies_.append_zeros(behind);
  return Result::answered;
}

void Reader::put_read_header(const nbd::Request& request) {
  if (agreed_.structured_replies) {
    replies_.append(
        nbd::data_chunk(request.cookie, request.offset, request.length, nbd::Last::yes));
  } else {
    replies_.append(nbd::simple_reply(request.cookie, WireError::none));
  }
}

Reader::Result Reader::change(const nbd::Request& request) {
  const Range range{.offset = request.offset, .length = request.length};
  const auto ready = wanted_at_edges(range);
  if (ready && *ready == Result::waits) return Result::waits;
  bool good = ready.has_value() && served_.store.trim(range).has_value();
  if (good && request.has(nbd::command_fua)) good = served_.store.flush().has_value();
  answer(request, good ? WireError::none : WireError::io);
  return Result::answered;
}

Reader::Result Reader::write_part() {
  const Part& part = *part_;
  if (write_error_ == WireError::none) {
    const auto ready = wanted_at_edges({.offset = part.offset, .length = part.data.size()});
    if (ready && *ready == Result::waits) return Result::waits;
    if (!ready) {
      write_error_ = WireError::io;
    } else if (!served_.store.write(part.offset, part.data)) {
      write_error_ = WireError::no_space;
    }
  }
  if (!part.last) return Result::answered;
  if (write_error_ == WireError::none && part.request.has(nbd::command_fua) &&
      !served_.store.flush()) {
    write_error_ = WireError::io;
  }
  answer(part.request, write_error_);
  write_error_ = WireError::none;
  return Result::answered;
}

void Reader::answer(const nbd::Request& request, WireError error, std::string_view why) {
  const bool chunks =
      request.command == nbd::Command::read || request.command == nbd::Command::block_status;
  if (!agreed_.structured_replies || !chunks) {
    return replies_.append(nbd::simple_reply(request.cookie, error));
  }
  scratch_.clear();
  nbd::append_error_chunk(scratch_, request.cookie, error, why.empty() ? "refused" : why);
  replies_.append(scratch_);
}

void Reader::flush_replies() {
  if (ended_) return;
  if (auto sent = replies_.send(socket_.native_handle()); !sent) return end(sent.error().text);
  if (replies_.empty() || writing_) return;
  writing_ = true;
  socket_.async_wait(Descriptor::wait_write,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       self->writing_ = false;
                       if (!error) self->work();
                     });
}

}  // namespace blockproxy::snapshot
