// SPDX-License-Identifier: GPL-2.0-or-later
// What is said of a layer that libclamav passes over, and of what is to be started by mistake:
// bounded and printable, for any bytes.
#include <cstdlib>

#include "scanner-qube/engine/file_result.hpp"
#include "scanner-qube/engine/lures.hpp"
#include "scanner-qube/engine/opaque.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t most = 20;
  const auto layer = std::as_bytes(std::span(data, size));
  if (scannerqube::not_opened(layer).size() > most) std::abort();
  for (const char* name : {"autorun.inf", "a.pdf"}) {
    const auto lures = scannerqube::lures_in("CL_TYPE_MSEXE", name, layer);
    if (lures.size() > most) std::abort();
    for (const std::string& lure : lures) {
      if (lure.size() > scannerqube::max_finding_text) std::abort();
      for (const char c : lure) {
        if (c < ' ' || c > '~') std::abort();
      }
    }
  }
  return 0;
}
