// SPDX-License-Identifier: GPL-2.0-or-later
// Records of a worker that the medium may have taken over: what is accepted is written as it was
// read.
#include <algorithm>
#include <cstdlib>

#include "scanner-qube/volume/record.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace scannerqube::volume;
  const auto bytes = std::as_bytes(std::span(data, size));
  RecordStream stream;
  stream.push(bytes);
  std::vector<std::byte> written;
  for (;;) {
    const auto record = stream.next();
    if (!record || !record->has_value()) break;
    append_record(written, **record);
  }
  if (written.size() > size || !std::equal(written.begin(), written.end(), bytes.begin())) {
    std::abort();
  }
  static_cast<void>(parse_read_request(bytes));
  return 0;
}
