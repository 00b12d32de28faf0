// SPDX-License-Identifier: GPL-2.0-or-later
// What is odd in any name; a name that is folded is folded for good.
#include <cstdlib>

#include "base/wire/reader.hpp"
#include "scanner-qube/volume/names/oddities.hpp"
#include "scanner-qube/volume/names/unicode.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace scannerqube::volume::names;
  const auto text = base::wire::as_text(std::as_bytes(std::span(data, size)));
  const auto odd = odd_path(text);
  if (text.find('\x1b') != std::string_view::npos && odd.empty()) std::abort();
  const auto letters = decode(text);
  if (letters && fold(fold(*letters)) != fold(*letters)) std::abort();
  const auto half = text.size() / 2;
  for (const Alike& pair : alike({text.substr(0, half), text.substr(half)})) {
    if (pair.one == pair.other) std::abort();
  }
  return 0;
}
