// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/io/tsk_ext.hpp"

#include <algorithm>

#include "scanner-qube/volume/ext/folder.hpp"
#include "scanner-qube/volume/ext/superblock.hpp"

namespace scannerqube::volume {

void check_ext_superblock(const TskVolume& volume, Sink& sink) {
  const auto bytes = read_some(volume.window(), ext::superblock_at, ext::superblock_size);
  if (!bytes) return;  // the volume remembers the error, and says it at the end
  for (const std::string& doubt : ext::superblock_doubts(*bytes)) {
    sink.note(finding(Concern::not_examined, "ext: " + doubt));
  }
}

void check_ext_folder(const TskVolume& volume, const TSK_FS_DIR& folder,
                      const std::unordered_set<std::uint64_t>& shown, const std::string& path,
                      Sink& sink) {
  const auto complain = [&](const std::string& what) {
    sink.note(finding(Concern::table_damaged, "folder " + quote(path) + ": " + what));
  };
  TSK_FS_FILE* file = folder.fs_file;
  if (file == nullptr || file->meta == nullptr) return complain("without an inode");
  const auto block = static_cast<std::size_t>(volume.fs()->block_size);
  const auto size = static_cast<std::uint64_t>(std::max<TSK_OFF_T>(file->meta->size, 0));
  if (size == 0 || size % block != 0) {
    return complain("of " + std::to_string(size) + " bytes, not of whole blocks");
  }
  if (size > max_ext_folder_bytes) return complain("too long");
  bool has_self = false;
  std::vector<std::byte> bytes(block);
  for (std::uint64_t at = 0; at < size; at += block) {
    char* to = reinterpret_cast<char*>(bytes.data());  // NOLINT: char may alias anything
    const ssize_t got =
        tsk_fs_file_read(file, static_cast<TSK_OFF_T>(at), to, block, TSK_FS_FILE_READ_FLAG_NONE);
    if (got != static_cast<ssize_t>(block)) return complain("a block cannot be read");
    const ext::FolderBlock records = ext::parse_folder_block(bytes);
    has_self = has_self || records.has_self;
    if (!records.damage.empty()) return complain(records.damage);
    for (const std::uint32_t inode : records.inodes) {
      if (!shown.contains(inode)) {
        complain("a name of inode " + std::to_string(inode) + " that libtsk does not show");
      }
    }
  }
  if (!has_self) complain("it is not in itself");
}

}  // namespace scannerqube::volume
