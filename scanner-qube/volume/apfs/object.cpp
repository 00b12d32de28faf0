// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/apfs/object.hpp"

namespace scannerqube::volume::apfs {

using base::wire::Bytes;
using base::wire::Reader;

Header read_header(Reader& in) {
  Header header;
  header.checksum = in.u64();
  header.number = in.u64();
  header.transaction = in.u64();
  header.type = in.u16();
  header.flags = in.u16();
  header.subtype = in.u32();
  return header;
}

std::uint64_t checksum(Bytes object) {
  constexpr std::uint64_t modulus = 0xffffffff;
  constexpr std::size_t itself = 8;
  if (object.size() < itself) return 0;
  Reader in(object.subspan(itself));
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  while (in.rest().size() >= 4) {
    low = (low + in.u32()) % modulus;
    high = (high + low) % modulus;
  }
  const std::uint64_t first = modulus - (low + high) % modulus;
  const std::uint64_t second = modulus - (low + first) % modulus;
  return second << 32U | first;
}

bool is_sound(Bytes object) {
  Reader in(object);
  return object.size() >= header_size && read_header(in).checksum == checksum(object);
}

base::Result<std::vector<std::byte>> read_object(const Source& container, std::uint64_t block,
                                                 const Wanted& wanted) {
  const std::string where = "block " + std::to_string(block);
  if (block >= container.size() / block_size) return base::fail(where + " is beyond the end");
  auto bytes = read_some(container, block * block_size, block_size);
  if (!bytes) return base::fail(where + " cannot be read: " + bytes.error().text);
  if (bytes->size() != block_size || !is_sound(*bytes)) {
    return base::fail(where + " has another checksum than its content");
  }
  Reader in(*bytes);
  const Header header = read_header(in);
  const bool as_wanted = header.type == wanted.type && header.subtype == wanted.subtype &&
                         header.number == wanted.number && header.transaction <= wanted.newest;
  if (!as_wanted) return base::fail(where + " is another object than the one that belongs there");
  return *std::move(bytes);
}

}  // namespace scannerqube::volume::apfs
