// SPDX-License-Identifier: GPL-2.0-or-later
// What is said of a layer that libclamav passes over: bounded, for any bytes.
#include <cstdlib>

#include "scanner-qube/engine/opaque.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t most = 20;
  if (scannerqube::not_opened(std::as_bytes(std::span(data, size))).size() > most) std::abort();
  return 0;
}
