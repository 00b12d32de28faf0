// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io/refusal.hpp"

#include <sys/socket.h>

#include <array>

namespace base::io {
namespace {

// More cannot wait in a socket (net.unix.max_dgram_qlen is 512 where it is large).
constexpr unsigned max_dropped = 1024;

}  // namespace

void say_last(const Fd& client, std::string_view word) {
  ::shutdown(client.get(), SHUT_RD);
  std::array<char, 1> piece{};
  for (unsigned i = 0; i < max_dropped; ++i) {
    // The rest of a message, and descriptors in it, go with it.
    if (::recv(client.get(), piece.data(), piece.size(), MSG_DONTWAIT) <= 0) break;
  }
  [[maybe_unused]] const ssize_t ignored =
      ::send(client.get(), word.data(), word.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace base::io
