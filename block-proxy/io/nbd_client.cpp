// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/io/nbd_client.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace blockproxy::io {

using nbd::Answer;

namespace {
// Little, so that most of the data behind a header is not copied.
constexpr std::size_t one_read = 4096;
constexpr std::size_t input_size = nbd::ClientSession::max_input + one_read;
}  // namespace

base::Result<NbdClient> NbdClient::make(base::io::Fd stream, const nbd::Offer& offer) {
  if (auto done = base::io::set_nonblocking(stream); !done) return base::Unexpected{done.error()};
  return NbdClient(std::move(stream), offer);
}

NbdClient::NbdClient(base::io::Fd stream, const nbd::Offer& offer)
    : stream_(std::move(stream)), offer_(offer), session_(offer), input_(input_size) {}

base::Status NbdClient::read(std::uint64_t offset, std::span<std::byte> into, OnDone done) {
  return ask(nbd::Command::read, offset, into.size(), into, std::move(done));
}

base::Status NbdClient::write(std::uint64_t offset, base::wire::Bytes data, OnDone done) {
  if (auto asked = ask(nbd::Command::write, offset, data.size(), {}, std::move(done)); !asked) {
    return asked;
  }
  out_.insert(out_.end(), data.begin(), data.end());
  return base::Ok{};
}

base::Status NbdClient::flush(OnDone done) {
  return ask(nbd::Command::flush, 0, 0, {}, std::move(done));
}

base::Status NbdClient::ask(nbd::Command command, std::uint64_t offset, std::size_t length,
                            std::span<std::byte> into, OnDone done) {
  if (length > nbd::max_payload) return base::fail("NBD request: longer than a request can be");
  const auto cookie = session_.ask(command, 0, offset, static_cast<std::uint32_t>(length), out_);
  if (!cookie) return base::Unexpected{cookie.error()};
  // One place for each request that the session lets be under way.
  const auto place = std::ranges::find_if(waiting_, [](const Waiting& each) { return !each.done; });
  *place = {.cookie = *cookie, .offset = offset, .into = into, .done = std::move(done)};
  return base::Ok{};
}

void NbdClient::leave() {
  if (!stream_ || unsent()) return;
  nbd::ClientSession::leave(out_);
  send().has_value();
}

base::Status NbdClient::send() {
  while (unsent()) {
    const ssize_t count =
        ::send(stream_.get(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return base::Ok{};
    if (count < 0) return base::io::fail_errno("write to the server");
    sent_ += static_cast<std::size_t>(count);
  }
  out_.clear();
  sent_ = 0;
  return base::Ok{};
}

// 0: there is nothing to read now.
base::Result<std::size_t> NbdClient::fill(std::span<std::byte> room) {
  for (;;) {
    const ssize_t count = ::read(stream_.get(), room.data(), room.size());
    if (count > 0) return static_cast<std::size_t>(count);
    if (count == 0) return base::fail("the server closed the stream");
    if (errno == EAGAIN) return std::size_t{0};
    if (errno != EINTR) return base::io::fail_errno("read from the server");
  }
}

base::Status NbdClient::receive() {
  for (;;) {
    // The rest of a long piece of data goes straight to its place.
    const auto expected = session_.expected();
    if (begin_ == end_ && expected.length > 0) {
      Waiting& waiting = find(expected.cookie);
      const auto into = waiting.into.subspan(expected.offset - waiting.offset, expected.length);
      const auto count = fill(into);
      if (!count) return base::Unexpected{count.error()};
      if (*count == 0) return base::Ok{};
      base::wire::Bytes untrusted = into.first(*count);
      if (auto taken = take(untrusted); !taken) return taken;
      continue;
    }
    std::copy(input_.begin() + static_cast<std::ptrdiff_t>(begin_),
              input_.begin() + static_cast<std::ptrdiff_t>(end_), input_.begin());
    end_ -= begin_;
    begin_ = 0;
    const auto room = std::span(input_).subspan(end_);
    const auto count = fill(room.first(std::min(room.size(), one_read)));
    if (!count) return base::Unexpected{count.error()};
    if (*count == 0) return base::Ok{};
    end_ += *count;
    base::wire::Bytes untrusted(input_.data(), end_);
    if (auto taken = take(untrusted); !taken) return taken;
    begin_ = end_ - untrusted.size();
  }
}

base::Status NbdClient::take(base::wire::Bytes& untrusted) {
  for (;;) {
    const auto answer = session_.next(untrusted);
    if (!answer) return base::Unexpected{answer.error()};
    if (answer->kind == Answer::Kind::more) return base::Ok{};
    Waiting& waiting = find(answer->cookie);
    // The session has checked that data lies within what was asked for.
    const std::uint64_t at = answer->offset - waiting.offset;
    if (answer->kind == Answer::Kind::data) {
      const auto into = waiting.into.subspan(at, answer->data.size());
      if (into.data() != answer->data.data()) {
        std::copy(answer->data.begin(), answer->data.end(), into.begin());
      }
    } else if (answer->kind == Answer::Kind::hole) {
      std::ranges::fill(waiting.into.subspan(at, answer->length), std::byte{0});
    } else if (answer->kind == Answer::Kind::done) {
      const OnDone done = std::exchange(waiting.done, {});
      done(answer->error);
    }
  }
}

NbdClient::Waiting& NbdClient::find(nbd::Cookie cookie) {
  return *std::ranges::find_if(
      waiting_, [cookie](const Waiting& each) { return each.done && each.cookie == cookie; });
}

}  // namespace blockproxy::io
