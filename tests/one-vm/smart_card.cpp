// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/one-vm/smart_card.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/io/unix_socket.hpp"

namespace onevm {
namespace {

// libcacard's vscard_common.h: type, reader and length of each message, big-endian.
enum class Message : std::uint32_t { init = 1, error = 2, reader_add = 3, atr = 5, apdu = 7 };
constexpr std::size_t header_size = 12;
constexpr std::size_t max_message = 4096;
using Data = std::vector<std::uint8_t>;

void put(Data& out, std::uint32_t value) {
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    out.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

std::uint32_t number_at(const Data& from, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8U | from[at + i];
  return value;
}

bool send(int fd, Message type, const Data& data) {
  Data out;
  put(out, static_cast<std::uint32_t>(type));
  put(out, 0);
  put(out, static_cast<std::uint32_t>(data.size()));
  out.insert(out.end(), data.begin(), data.end());
  return ::send(fd, out.data(), out.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(out.size());
}

bool receive(int fd, Data& into, std::size_t size) {
  into.resize(size);
  return size == 0 ||
         ::recv(fd, into.data(), size, MSG_WAITALL) == static_cast<ssize_t>(into.size());
}

bool greet(int fd) {
  Data init{'V', 'S', 'C', 'D'};
  put(init, 2);  // version 0.0.2
  put(init, 0);  // no capabilities
  // T=0, no historical bytes (ISO 7816-3).
  return send(fd, Message::init, init) && send(fd, Message::reader_add, {}) &&
         send(fd, Message::atr, {0x3b, 0x00});
}

void serve(int fd) {
  Data header, data;
  while (receive(fd, header, header_size)) {
    const std::uint32_t size = number_at(header, 8);
    if (size > max_message || !receive(fd, data, size)) return;
    if (Message{number_at(header, 0)} != Message::apdu) continue;
    std::reverse(data.begin(), data.end());
    data.insert(data.end(), {0x90, 0x00});
    if (!send(fd, Message::apdu, data)) return;
  }
}

}  // namespace

SmartCard::Session::~Session() { ::shutdown(connection.get(), SHUT_RDWR); }

base::Result<SmartCard> SmartCard::insert(const std::filesystem::path& socket) {
  auto connection = base::io::connect_unix(socket);
  if (!connection) return base::Unexpected{connection.error()};
  auto session = std::make_unique<Session>();
  session->connection = *std::move(connection);
  const int fd = session->connection.get();
  if (!greet(fd)) return base::fail("QEMU does not take the card");
  session->thread = std::jthread([fd] { serve(fd); });
  return SmartCard(std::move(session));
}

}  // namespace onevm
