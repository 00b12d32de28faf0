// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/io/tsk_facts.hpp"

#include <string_view>

namespace scannerqube::volume {
namespace {

bool is_of_apple(const TSK_FS_INFO& fs) {
  return TSK_FS_TYPE_ISHFS(fs.ftype) != 0 || TSK_FS_TYPE_ISAPFS(fs.ftype) != 0;
}

bool has_attribute(TSK_FS_FILE& file, TSK_FS_ATTR_TYPE_ENUM type) {
  const int count = tsk_fs_file_attr_getsize(&file);
  for (int i = 0; i < count; ++i) {
    const TSK_FS_ATTR* attribute = tsk_fs_file_attr_get_idx(&file, i);
    if (attribute != nullptr && attribute->type == type) return true;
  }
  return false;
}

}  // namespace

Kind kind_of(const TSK_FS_FILE& file) {
  const TSK_FS_NAME_TYPE_ENUM named = file.name->type;
  switch (file.meta == nullptr ? TSK_FS_META_TYPE_UNDEF : file.meta->type) {
    case TSK_FS_META_TYPE_REG:
      return Kind::file;
    case TSK_FS_META_TYPE_DIR:
    case TSK_FS_META_TYPE_VIRT_DIR:
      return Kind::directory;
    case TSK_FS_META_TYPE_LNK:
      return Kind::symlink;
    case TSK_FS_META_TYPE_UNDEF:
      if (TSK_FS_IS_DIR_NAME(named)) return Kind::directory;
      return named == TSK_FS_NAME_TYPE_LNK ? Kind::symlink : Kind::file;
    case TSK_FS_META_TYPE_FIFO:
    case TSK_FS_META_TYPE_CHR:
    case TSK_FS_META_TYPE_BLK:
    case TSK_FS_META_TYPE_SHAD:
    case TSK_FS_META_TYPE_SOCK:
    case TSK_FS_META_TYPE_WHT:
    case TSK_FS_META_TYPE_VIRT:
      return Kind::special;
  }
  return Kind::special;
}

bool kinds_differ(const TSK_FS_FILE& file) {
  const TSK_FS_NAME_TYPE_ENUM named = file.name->type;
  const TSK_FS_META_TYPE_ENUM is = file.meta->type;
  const bool both_known = (named == TSK_FS_NAME_TYPE_DIR || named == TSK_FS_NAME_TYPE_REG) &&
                          (is == TSK_FS_META_TYPE_DIR || is == TSK_FS_META_TYPE_REG);
  return both_known && (named == TSK_FS_NAME_TYPE_DIR) != (is == TSK_FS_META_TYPE_DIR);
}

Times times_of(const TSK_FS_META& meta) {
  return {.modified = meta.mtime,
          .accessed = meta.atime,
          .changed = meta.ctime,
          .created = meta.crtime};
}

bool is_stream(const TSK_FS_INFO& fs, TSK_FS_ATTR_TYPE_ENUM type) {
  if (TSK_FS_TYPE_ISNTFS(fs.ftype)) {
    return type == TSK_FS_ATTR_TYPE_NTFS_DATA || type == TSK_FS_ATTR_TYPE_NTFS_EA ||
           type == TSK_FS_ATTR_TYPE_NTFS_REPARSE || type == TSK_FS_ATTR_TYPE_NTFS_LOG;
  }
  if (is_of_apple(fs)) {  // APFS has HFS+' numbers
    return type == TSK_FS_ATTR_TYPE_HFS_DATA || type == TSK_FS_ATTR_TYPE_HFS_RSRC ||
           type == TSK_FS_ATTR_TYPE_HFS_EXT_ATTR || type == TSK_FS_ATTR_TYPE_HFS_COMP_REC;
  }
  return false;
}

bool is_link_target(const TSK_FS_INFO& fs, const TSK_FS_ATTR& attribute) {
  return TSK_FS_TYPE_ISAPFS(fs.ftype) != 0 && attribute.name != nullptr &&
         std::string_view(attribute.name) == "com.apple.fs.symlink";
}

bool needs_its_driver(const TSK_FS_INFO& fs, TSK_FS_FILE& file, const TSK_FS_ATTR& main) {
  if (TSK_FS_TYPE_ISNTFS(fs.ftype)) return has_attribute(file, TSK_FS_ATTR_TYPE_NTFS_REPARSE);
  if (!is_of_apple(fs) || !has_attribute(file, TSK_FS_ATTR_TYPE_HFS_COMP_REC)) return false;
  // libtsk's name for what it has decompressed itself.
  const std::string_view name = main.name == nullptr ? "" : main.name;
  return (main.flags & TSK_FS_ATTR_COMP) == 0 && name != "DECOMP";
}

bool is_without_content(const TSK_FS_INFO& fs, TSK_FS_FILE& file) {
  const int count = tsk_fs_file_attr_getsize(&file);
  if (count < 0 || file.meta->size != 0) return false;
  if (file.meta->attr_state != TSK_FS_META_ATTR_STUDIED) return false;
  if (TSK_FS_TYPE_ISAPFS(fs.ftype) != 0) {
    return !has_attribute(file, TSK_FS_ATTR_TYPE_APFS_DATA) &&
           !has_attribute(file, TSK_FS_ATTR_TYPE_APFS_COMP_REC);
  }
  bool has_other = false;
  for (int i = 0; i < count; ++i) {
    const TSK_FS_ATTR* attribute = tsk_fs_file_attr_get_idx(&file, i);
    if (attribute == nullptr) return false;
    const bool named = attribute->name != nullptr && *attribute->name != 0;
    if (attribute->type == TSK_FS_ATTR_TYPE_NTFS_DATA && !named) return false;
    has_other = has_other || attribute->type == TSK_FS_ATTR_TYPE_NTFS_DATA ||
                attribute->type == TSK_FS_ATTR_TYPE_NTFS_IDXROOT;
  }
  return has_other;
}

bool is_label(const TSK_FS_INFO& fs, const TSK_FS_FILE& file) {
  constexpr std::string_view words = " (Volume Label Entry)";
  const bool fat = TSK_FS_TYPE_ISFAT(fs.ftype) != 0;
  return fat && std::string_view(file.name->name).ends_with(words) && file.meta != nullptr &&
         file.meta->size == 0;
}

}  // namespace scannerqube::volume
