// SPDX-License-Identifier: GPL-2.0-or-later
// Requests for snapshots: what is accepted is written as it was read, and names one device.
#include <cstdlib>

#include "base/wire/reader.hpp"
#include "block-proxy/snapshot/request.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace snapshot = blockproxy::snapshot;
  const auto text = base::wire::as_text(std::as_bytes(std::span(data, size)));
  const auto request = snapshot::parse_request(text);
  if (!request) return 0;
  if (request->verb != snapshot::Verb::list && !snapshot::valid_request_name(request->name)) {
    std::abort();
  }
  const auto again = snapshot::parse_request(snapshot::format_request(*request));
  if (!again || !(*again == *request)) std::abort();
  return 0;
}
