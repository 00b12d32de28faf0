// SPDX-License-Identifier: GPL-2.0-or-later
// What a scan worker that has been taken over may say.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "scanner-qube/engine/scan_job.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto untrusted = std::as_bytes(std::span(data, size));
  const auto results = scannerqube::parse_results(untrusted);
  if (!results) return 0;
  std::vector<std::byte> again;
  for (const scannerqube::JobResult& result : *results) {
    scannerqube::encode_result(result, again);
    if (!result.file.not_examined.empty() &&
        result.file.verdict() < scannerqube::Verdict::incomplete) {
      std::abort();
    }
  }
  if (!std::ranges::equal(again, untrusted)) std::abort();
  return 0;
}
