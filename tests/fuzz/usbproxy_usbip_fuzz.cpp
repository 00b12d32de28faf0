// SPDX-License-Identifier: GPL-2.0-or-later
// Parses arbitrary bytes as vhci_hcd's commands, whole and in pieces, and answers each.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "usbproxy/usbip.hpp"

namespace {

using namespace usbproxy::usbip;

std::vector<std::byte> answer_all(base::wire::Bytes input, std::size_t piece) {
  Parser parser;
  std::vector<std::byte> out;
  while (!input.empty()) {
    const auto chunk = input.first(std::min(piece, input.size()));
    input = input.subspan(chunk.size());
    if (!parser.push(chunk)) std::abort();
    for (;;) {
      const auto command = parser.next();
      if (!command) {
        out.push_back(static_cast<std::byte>(command.error()));
        return out;
      }
      if (*command == nullptr) break;
      const Command& one = **command;
      if (one.kind == CommandKind::unlink) {
        append_ret_unlink(out, one.seqnum, -104);
      } else if (one.submit.iso_packets > 0) {
        append_iso_failure(out, one.submit, one.iso, -38);
      } else {
        const auto data = append_ret_submit(out, one.submit, {0, 0xffffffffU, chunk});
        if (data.size() > one.submit.length) std::abort();
      }
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = std::as_bytes(std::span(data, size));
  answer_all(input, 1);
  answer_all(input, size + 1);
  return 0;
}
