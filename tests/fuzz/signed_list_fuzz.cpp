// SPDX-License-Identifier: GPL-2.0-or-later
// Signed lists of clean files, and what a writer of a release says that its list took over: a list
// that is taken is signed, and a word that is taken is written as it was read.
#include <cstdlib>

#include "scanner-qube/release/io/write_release.hpp"
#include "scanner-qube/release/signed_list.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace scannerqube::release;
  static const base::sign::KeyPair pair = base::sign::KeyPair::generate();
  const auto text = base::wire::as_text(std::as_bytes(std::span(data, size)));
  // Nobody else can sign.
  if (open_list(pair.public_key(), "report", text)) std::abort();
  const std::string good = sign_list(pair, "report", text);
  const auto list = open_list(pair.public_key(), "report", good);
  if (!list || *list != text) std::abort();
  if (const auto released = parse_released(text)) {
    if (format_released(*released) != text) std::abort();
  }
  return 0;
}
