// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/io/handshake.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "base/io/files.hpp"
#include "block-proxy/nbd/server_handshake.hpp"

namespace blockproxy::io {
namespace {

using base::io::Fd;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds handshake_limit{15};

// Waits until `fd` has something to read, or has ended.
bool readable(const Fd& fd, steady_clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    pollfd one{.fd = fd.get(), .events = POLLIN, .revents = 0};
    const int ready = ::poll(&one, 1, static_cast<int>(std::max<long>(left.count(), 0)));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

// Bytes of one side's handshake, as `push` takes them (like a sans-IO handshake's), until `over`.
template <class Push, class Over>
base::Status exchange(const Fd& stream, std::size_t max_input, steady_clock::time_point deadline,
                      std::string_view peer, Over over, Push push) {
  std::vector<std::byte> got;
  std::vector<std::byte> out;
  while (!over()) {
    if (got.size() >= max_input) return base::fail("NBD handshake: too long");
    if (!readable(stream, deadline)) return base::fail(std::string(peer) + " does not answer");
    std::array<std::byte, 256> buffer{};
    const ssize_t count = ::read(stream.get(), buffer.data(), buffer.size());
    if (count == 0) return base::fail(std::string(peer) + " closed the stream");
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) return base::io::fail_errno("read from " + std::string(peer));
    got.insert(got.end(), buffer.begin(), buffer.begin() + count);
    for (;;) {
      const base::Result<std::size_t> taken = push(got, out);
      if (!taken) return base::Unexpected{taken.error()};
      if (*taken == 0) break;
      got.erase(got.begin(), got.begin() + static_cast<std::ptrdiff_t>(*taken));
    }
    if (out.empty()) continue;
    if (auto sent = base::io::write_all(stream, base::wire::as_text(out)); !sent) return sent;
    out.clear();
  }
  if (got.empty()) return base::Ok{};
  return base::fail(std::string(peer) + " sends data that nobody has asked for");
}

}  // namespace

base::Result<nbd::Offer> shake_hands(const Fd& stream, const std::string& export_name,
                                     nbd::Replies replies) {
  nbd::ClientHandshake handshake(export_name, replies);
  const auto done = exchange(
      stream, nbd::ClientHandshake::max_input, steady_clock::now() + handshake_limit, "the server",
      [&] { return handshake.state() == nbd::ClientHandshake::State::transmission; },
      [&](base::wire::Bytes untrusted, auto& out) { return handshake.push(untrusted, out); });
  if (!done) return base::Unexpected{done.error()};
  return handshake.offer();
}

base::Status answer_handshake(const Fd& stream, const nbd::Export& offered,
                              steady_clock::time_point deadline) {
  using State = nbd::ServerHandshake::State;
  std::vector<std::byte> greeting;
  nbd::ServerHandshake::greet(greeting);
  if (auto sent = base::io::write_all(stream, base::wire::as_text(greeting)); !sent) return sent;
  nbd::ServerHandshake handshake(offered, nbd::Replies::simple);
  auto done = exchange(
      stream, nbd::ServerHandshake::max_input, deadline, "the client",
      [&] { return handshake.state() != State::negotiating; },
      [&](base::wire::Bytes untrusted, auto& out) {
        return base::Result<std::size_t>(handshake.push(untrusted, out));
      });
  if (!done || handshake.state() == State::transmission) return done;
  return base::fail("the client does not take what it is offered");
}

}  // namespace blockproxy::io
