// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/qube/io/port.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

#include "base/io/files.hpp"
#include "base/io/sealed_file.hpp"

namespace scannerqube::io {
namespace {

constexpr std::chrono::milliseconds until_connected{10};

}  // namespace

base::Status Port::say(const FromQube& message) {
  out_.clear();
  append_message(out_, message);
  return base::io::write_all(fd_, base::wire::as_text(out_));
}

base::Status Port::say_all(Chunk::Of of, base::wire::Bytes bytes) {
  while (!bytes.empty()) {
    const auto part = bytes.first(std::min(bytes.size(), max_chunk));
    if (auto said = say(Chunk{.of = of, .bytes = {part.begin(), part.end()}}); !said) return said;
    bytes = bytes.subspan(part.size());
  }
  return base::Ok{};
}

base::Result<std::vector<std::byte>> Port::next_frame() {
  for (;;) {
    auto frame = frames_.next();
    if (!frame) return base::fail("the order breaks the framing");
    if (*frame) return **std::move(frame);
    std::array<std::byte, 16384> bytes{};
    const ssize_t got = ::read(fd_.get(), bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::io::fail_errno("read the port");
    // Nobody is at the other end yet (virtio_console reads as ended then).
    if (got == 0) std::this_thread::sleep_for(until_connected);
    if (got > 0) frames_.push(std::span(bytes).first(static_cast<std::size_t>(got)));
    ::explicit_bzero(bytes.data(), bytes.size());  // a passphrase may come
  }
}

base::Result<Port::Ordered> Port::wait_for_order() {
  auto frame = next_frame();
  if (!frame) return base::Unexpected{frame.error()};
  const auto order = parse_order(*frame);
  if (!order) return base::fail("the order: " + std::string(describe(order.error())));
  Ordered ordered{.order = *order, .known = {}, .passphrase = {}};
  while (ordered.known.size() < order->known) {
    frame = next_frame();
    if (!frame) return base::Unexpected{frame.error()};
    const auto more = parse_known(*frame);
    if (!more) return base::fail("known contents: " + std::string(describe(more.error())));
    if (more->size() > order->known - ordered.known.size()) {
      return base::fail("known contents: more than were announced");
    }
    ordered.known.insert(ordered.known.end(), more->begin(), more->end());
  }
  if (order->passphrase) {
    frame = next_frame();
    if (!frame) return base::Unexpected{frame.error()};
    const auto passphrase = parse_passphrase(*frame);
    ::explicit_bzero(frame->data(), frame->size());
    if (!passphrase) return base::fail("passphrase: " + std::string(describe(passphrase.error())));
    auto file = base::io::sealed_copy(passphrase->bytes());
    if (!file) return base::Unexpected{file.error()};
    ordered.passphrase = *std::move(file);
    frames_.wipe();
  }
  return ordered;
}

}  // namespace scannerqube::io
