// SPDX-License-Identifier: GPL-2.0-or-later
// Requests for scans, of people and of the desk: what is accepted is written as it was read.
#include <cstdlib>

#include "scanner-qube/desk/desk_request.hpp"
#include "scanner-qube/host/machine_request.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = base::wire::as_text(std::as_bytes(std::span(data, size)));
  if (const auto request = scannerqube::desk::parse_desk_request(text)) {
    const auto again = scannerqube::desk::parse_desk_request(format_request(*request));
    if (!again || !(*again == *request)) std::abort();
    if (request->snapshot.find('/') != std::string::npos) std::abort();
  }
  if (const auto request = scannerqube::parse_machine_request(text)) {
    if (format_request(*request) != text) std::abort();
    if (request->database.find_first_not_of("0123456789") != std::string::npos) std::abort();
  }
  return 0;
}
