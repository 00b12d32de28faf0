// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/ext/folder.hpp"

namespace scannerqube::volume::ext {
namespace {

constexpr std::size_t head = 8;  // inode, length, length of the name, type
constexpr std::size_t least_record = 12;
constexpr std::size_t largest_block = 65536;

}  // namespace

FolderBlock parse_folder_block(base::wire::Bytes untrusted) {
  FolderBlock found;
  while (!untrusted.empty()) {
    base::wire::Reader in(untrusted);
    const std::uint32_t inode = in.u32();
    std::size_t length = in.u16();
    const std::size_t name_length = in.u8();
    in.u8();
    // The one length that does not fit into 16 bits (fs/ext4/ext4.h, ext4_rec_len_from_disk).
    if (untrusted.size() == largest_block && (length == 0 || length == 65535)) {
      length = largest_block;
    }
    const std::string_view name = base::wire::as_text(in.take(name_length));
    const bool fits = in.ok() && length >= least_record && length % 4 == 0 &&
                      length >= head + name_length && length <= untrusted.size();
    if (!fits) {
      found.damage = "a record of " + std::to_string(length) + " bytes with a name of " +
                     std::to_string(name_length);
      return found;
    }
    if (inode != 0 && name.empty()) found.damage = "a record without a name";
    if (name == "." && inode != 0) found.has_self = true;
    if (inode != 0 && name != "." && name != "..") found.inodes.push_back(inode);
    untrusted = untrusted.subspan(length);
  }
  return found;
}

}  // namespace scannerqube::volume::ext
