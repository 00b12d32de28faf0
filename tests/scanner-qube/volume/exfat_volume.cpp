// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/scanner-qube/volume/exfat_volume.hpp"

#include "base/wire/writer.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests {

ExfatVolume::ExfatVolume(const Folder& folder)
    : image_(exfat_image(folder)), bytes_(slurp(image_)) {
  base::wire::Reader in(base::wire::as_bytes(std::string_view(bytes_).substr(80)));
  table_ = in.u32() * 512ULL;
  in.u32();
  heap_ = in.u32() * 512ULL;
  in.u32();
  root_ = in.u32();
  in.take(9);
  cluster_ = 512ULL << in.u8();
  at_ = offset(root_);
  while (bytes_[static_cast<std::size_t>(at_)] != 0) at_ += 32;
}

void ExfatVolume::add(const std::string& name, std::uint32_t first, std::uint64_t size, Is what) {
  std::vector<std::byte> set;
  base::wire::Writer out(set);
  const std::size_t names = (name.size() + 14) / 15;
  out.u8(0x85).u8(static_cast<std::uint8_t>(1 + names)).u16(0);
  out.u16(what == Is::folder ? 0x10 : 0x20).u16(0);
  for (int i = 0; i < 3; ++i) out.u32(times_);  // made, changed, used
  out.zeros(12);
  out.u8(0xc0).u8(flags_).u8(0).u8(static_cast<std::uint8_t>(name.size())).u32(0).u64(size).u32(0);
  out.u32(first).u64(size);
  for (std::size_t i = 0; i < names; ++i) {
    out.u8(0xc1).u8(0);
    for (std::size_t k = i * 15; k < i * 15 + 15; ++k) {
      out.u16(k < name.size() ? static_cast<std::uint8_t>(name[k]) : 0);
    }
  }
  unsigned sum = 0;
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (i == 2 || i == 3) continue;
    sum = (((sum & 1U) << 15) + (sum >> 1) + std::to_integer<unsigned>(set[i])) & 0xffffU;
  }
  set[2] = static_cast<std::byte>(sum & 0xffU);
  set[3] = static_cast<std::byte>(sum >> 8);
  put(at_, std::string(base::wire::as_text(set)));
  at_ += set.size();
}

void ExfatVolume::link(std::uint32_t from, std::uint32_t to) {
  std::vector<std::byte> word;
  base::wire::Writer(word).u32(to);
  put(table_ + from * 4ULL, std::string(base::wire::as_text(word)));
}

void ExfatVolume::put(std::uint64_t at, const std::string& what) {
  bytes_.replace(static_cast<std::size_t>(at), what.size(), what);
  poke(image_, at, what);
}

}  // namespace tests
