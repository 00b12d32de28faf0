// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/io/client_handshake.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "base/io/files.hpp"

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

}  // namespace

base::Result<nbd::Offer> shake_hands(const Fd& stream, const std::string& export_name,
                                     nbd::Replies replies) {
  nbd::ClientHandshake handshake(export_name, replies);
  const auto deadline = steady_clock::now() + handshake_limit;
  std::vector<std::byte> got;
  std::vector<std::byte> out;
  while (handshake.state() != nbd::ClientHandshake::State::transmission) {
    if (got.size() >= nbd::ClientHandshake::max_input) return base::fail("NBD handshake: too long");
    if (!readable(stream, deadline)) return base::fail("the server does not answer");
    std::array<std::byte, 256> buffer{};
    const ssize_t count = ::read(stream.get(), buffer.data(), buffer.size());
    if (count == 0) return base::fail("the server closed the stream");
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) return base::io::fail_errno("read from the server");
    got.insert(got.end(), buffer.begin(), buffer.begin() + count);
    for (;;) {
      const auto taken = handshake.push(got, out);
      if (!taken) return base::Unexpected{taken.error()};
      if (*taken == 0) break;
      got.erase(got.begin(), got.begin() + static_cast<std::ptrdiff_t>(*taken));
    }
    if (out.empty()) continue;
    if (auto sent = base::io::write_all(stream, base::wire::as_text(out)); !sent) {
      return base::Unexpected{sent.error()};
    }
    out.clear();
  }
  if (!got.empty()) return base::fail("the server sends data that nobody has asked for");
  return handshake.offer();
}

}  // namespace blockproxy::io
