// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/io/nbd_medium.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "block-proxy/io/handshake.hpp"

namespace blockproxy::io {

using snapshot::MediumFault;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

MediumFault fault_of(nbd::WireError error) {
  switch (error) {
    case nbd::WireError::no_space:
    case nbd::WireError::not_permitted:
      return MediumFault::full;
    case nbd::WireError::shutdown:
      return MediumFault::gone;
    default:
      return MediumFault::unreadable;
  }
}

}  // namespace

base::Result<std::unique_ptr<NbdMedium>> NbdMedium::connect(base::io::Fd stream,
                                                            milliseconds limit) {
  const auto offer = shake_hands(stream, {}, nbd::Replies::structured);
  if (!offer) return base::Unexpected{offer.error()};
  auto client = NbdClient::make(std::move(stream), *offer);
  if (!client) return base::Unexpected{client.error()};
  return std::unique_ptr<NbdMedium>(  // NOLINT: the constructor is private
      new NbdMedium(*std::move(client), limit));
}

NbdMedium::~NbdMedium() { client_.leave(); }

MediumFault NbdMedium::gone(const std::string& why) {
  reason_ = why;
  return late_ ? Fault::timeout : Fault::gone;
}

base::Result<base::Ok, MediumFault> NbdMedium::run_until(const bool& done) {
  if (!reason_.empty()) return base::Unexpected{gone(reason_)};
  const auto deadline = steady_clock::now() + limit_;
  for (;;) {
    if (auto sent = client_.send(); !sent) return base::Unexpected{gone(sent.error().text)};
    const auto got = client_.receive();
    // What it had asked for may have come before the stream ended.
    if (done) return base::Ok{};
    if (!got) return base::Unexpected{gone(got.error().text)};
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    pollfd one{.fd = client_.stream().get(), .events = POLLIN, .revents = 0};
    if (client_.unsent()) one.events |= POLLOUT;
    const int ready = ::poll(&one, 1, static_cast<int>(std::max<long>(left.count(), 0)));
    if (ready == 0) {
      // Nothing that comes later can be told from an answer to something else.
      late_ = true;
      return base::Unexpected{gone("the server does not answer")};
    }
    if (ready < 0 && errno != EINTR) return base::Unexpected{gone("poll failed")};
  }
}

void NbdMedium::read_ahead(std::uint64_t offset, std::size_t length, std::size_t reads) {
  const std::uint64_t size = client_.offer().size;
  while (ahead_.size() < reads && offset < size) {
    auto read = std::make_unique<Read>();
    read->offset = offset;
    read->bytes.resize(std::min<std::uint64_t>(length, size - offset));
    Read& made = *read;
    const auto asked = client_.read(offset, made.bytes, [&made](nbd::WireError error) {
      made.error = error;
      made.done = true;
    });
    if (!asked) return;  // reading ahead is never owed: the read itself will tell
    offset += made.bytes.size();
    ahead_.push_back(std::move(read));
  }
}

base::Result<std::size_t, MediumFault> NbdMedium::read(std::uint64_t offset,
                                                       std::span<std::byte> out) {
  const std::uint64_t size = client_.offer().size;
  if (offset >= size || out.empty()) return std::size_t{0};
  const std::size_t length = std::min<std::uint64_t>(out.size(), size - offset);
  // What was read ahead of another place is waited for: its memory is in use until it is done.
  while (!ahead_.empty() && ahead_.front()->place() != offset) {
    if (auto run = run_until(ahead_.front()->done); !run) return base::Unexpected{run.error()};
    ahead_.pop_front();
  }
  const bool follows = offset == next_;
  if (ahead_.empty()) read_ahead(offset, length, 1);
  if (ahead_.empty()) return base::Unexpected{Fault::unreadable};
  if (follows) read_ahead(ahead_.back()->end(), length, max_ahead);
  Read& read = *ahead_.front();
  if (auto run = run_until(read.done); !run) return base::Unexpected{run.error()};
  if (read.error != nbd::WireError::none) {
    const Fault fault = fault_of(read.error);
    ahead_.pop_front();
    return base::Unexpected{fault};
  }
  const auto bytes = std::span(read.bytes).subspan(read.taken);
  const std::size_t count = std::min(length, bytes.size());
  std::copy_n(bytes.begin(), count, out.begin());
  read.taken += count;
  if (read.taken == read.bytes.size()) ahead_.pop_front();
  next_ = offset + count;
  return count;
}

base::Result<base::Ok, MediumFault> NbdMedium::ask_and_wait(
    const std::function<base::Status(NbdClient::OnDone)>& ask) {
  // Of what is written anything read ahead may be older.
  while (!ahead_.empty()) {
    if (auto run = run_until(ahead_.front()->done); !run) return run;
    ahead_.pop_front();
  }
  bool done = false;
  nbd::WireError error = nbd::WireError::none;
  const auto asked = ask([&](nbd::WireError result) {
    error = result;
    done = true;
  });
  if (!asked) return base::Unexpected{Fault::full};  // read-only, or not of this export
  if (auto run = run_until(done); !run) return run;
  if (error != nbd::WireError::none) return base::Unexpected{fault_of(error)};
  return base::Ok{};
}

base::Result<base::Ok, MediumFault> NbdMedium::write(std::uint64_t offset, base::wire::Bytes data) {
  return ask_and_wait(
      [&](NbdClient::OnDone done) { return client_.write(offset, data, std::move(done)); });
}

base::Result<base::Ok, MediumFault> NbdMedium::flush() {
  // A server without a cache has nothing to flush and does not offer it.
  if ((client_.offer().flags & nbd::transmission::send_flush) == 0) return base::Ok{};
  return ask_and_wait([&](NbdClient::OnDone done) { return client_.flush(std::move(done)); });
}

}  // namespace blockproxy::io
