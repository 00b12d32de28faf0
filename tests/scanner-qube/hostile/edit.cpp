// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/scanner-qube/hostile/edit.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "tests/scanner-qube/volume/images.hpp"

namespace tests::hostile {
namespace {

std::string little(std::uint64_t value, std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xffU);
  return bytes;
}

}  // namespace

std::string le16(std::uint64_t value) { return little(value, 2); }
std::string le32(std::uint64_t value) { return little(value, 4); }
std::string le64(std::uint64_t value) { return little(value, 8); }

std::string be32(std::uint64_t value) {
  std::string bytes = little(value, 4);
  std::ranges::reverse(bytes);
  return bytes;
}

std::uint64_t number_at(const std::string& bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i > 0; --i) {
    value = value << 8U | static_cast<unsigned char>(bytes.at(at + i - 1));
  }
  return value;
}

std::string utf16(const std::string& ascii) {
  std::string bytes;
  for (const char c : ascii) {
    bytes += c;
    bytes += '\0';
  }
  return bytes;
}

std::size_t find_in(const std::string& bytes, const std::string& what, std::size_t from) {
  const std::size_t at = bytes.find(what, from);
  if (at == std::string::npos) {
    std::fprintf(stderr, "not there: '%s'\n", what.c_str());
    std::abort();
  }
  return at;
}

Image::Image(std::string path) : path_(std::move(path)), bytes_(slurp(path_)) {}

Image& Image::put(std::size_t at, const std::string& what) {
  bytes_.replace(at, what.size(), what);
  poke(path_, at, what);
  return *this;
}

}  // namespace tests::hostile
