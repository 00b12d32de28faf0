// SPDX-License-Identifier: GPL-2.0-or-later
// Bytes of images, for those who spoil them.
#pragma once

#include <cstdint>
#include <string>

namespace tests::hostile {

std::string le16(std::uint64_t value);
std::string le32(std::uint64_t value);
std::string le64(std::uint64_t value);
std::string be32(std::uint64_t value);
std::uint64_t number_at(const std::string& bytes, std::size_t at,
                        std::size_t size);  // little-endian
// "eicar.com" as NTFS and exFAT have it.
std::string utf16(const std::string& ascii);
// Aborts where it is not there: a test that changes nothing proves nothing.
std::size_t find_in(const std::string& bytes, const std::string& what, std::size_t from = 0);

// A whole file, changed in memory and written back.
class Image {
 public:
  explicit Image(std::string path);
  const std::string& bytes() const { return bytes_; }
  const std::string& path() const { return path_; }
  std::size_t find(const std::string& what, std::size_t from = 0) const {
    return find_in(bytes_, what, from);
  }
  std::uint64_t number(std::size_t at, std::size_t size) const {
    return number_at(bytes_, at, size);
  }
  Image& put(std::size_t at, const std::string& what);

 private:
  std::string path_;
  std::string bytes_;
};

}  // namespace tests::hostile
