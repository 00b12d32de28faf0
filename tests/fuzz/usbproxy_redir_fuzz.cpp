// SPDX-License-Identifier: GPL-2.0-or-later
// Decodes arbitrary bytes as either side's usbredir stream, whole and in pieces: both must agree.
// First byte: sender (bit 0), our capabilities (bit 1), whether a good hello comes first (bit 2),
// and the size of the pieces.
#include <algorithm>
#include <cstdlib>
#include <optional>

#include "usbproxy/redir_decoder.hpp"

namespace {

using namespace usbproxy::redir;

struct Outcome {
  std::size_t packets = 0;
  std::size_t bytes = 0;
  std::optional<RedirError> error;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome decode(Sender sender, std::uint32_t caps, base::wire::Bytes input, std::size_t piece) {
  Decoder decoder(sender, caps);
  Outcome outcome;
  while (!input.empty() && !outcome.error) {
    const auto chunk = input.first(std::min(piece, input.size()));
    input = input.subspan(chunk.size());
    if (!decoder.push(chunk)) std::abort();
    for (;;) {
      const auto packet = decoder.next();
      if (!packet) {
        outcome.error = packet.error();
        break;
      }
      if (*packet == nullptr) break;
      ++outcome.packets;
      outcome.bytes += (*packet)->raw.size();
      // What was accepted can be written again, byte for byte but for what a hello may carry more.
      std::vector<std::byte> again;
      append_packet(again, decoder.caps().value_or(0), (*packet)->type, (*packet)->id,
                    (*packet)->body, (*packet)->data);
      const auto raw = (*packet)->raw;
      if ((*packet)->type != PacketType::hello &&
          !std::equal(again.begin(), again.end(), raw.begin(), raw.end())) {
        std::abort();
      }
    }
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const unsigned mode = data[0];
  const Sender sender = (mode & 1U) != 0 ? Sender::guest : Sender::host;
  const std::uint32_t caps = (mode & 2U) != 0 ? 0xfe : 0xff;
  std::vector<std::byte> input;
  if ((mode & 4U) != 0) append_hello(input, 0xff);
  const auto rest = std::as_bytes(std::span(data, size)).subspan(1);
  input.insert(input.end(), rest.begin(), rest.end());
  const Outcome whole = decode(sender, caps, input, input.size() + 1);
  if (decode(sender, caps, input, 1 + (mode >> 3U)) != whole) std::abort();
  return 0;
}
