// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/io/tsk_volume.hpp"

#include <tsk/libtsk.h>

#include <limits>

#include "base/wire/escape.hpp"
#include "scanner-qube/volume/io/tsk_content.hpp"

namespace scannerqube::volume {

// libtsk casts between the first member and its own type, as its documentation has it.
struct TskVolume::Image {
  TSK_IMG_INFO info;
  const Source* source;
};

namespace {

TSK_FS_TYPE_ENUM type_of(FileSystem kind) {
  switch (kind) {
    case FileSystem::fat:
      return TSK_FS_TYPE_FAT_DETECT;
    case FileSystem::exfat:
      return TSK_FS_TYPE_EXFAT;
    case FileSystem::ntfs:
      return TSK_FS_TYPE_NTFS;
    case FileSystem::ext:
      return TSK_FS_TYPE_EXT_DETECT;
    case FileSystem::iso9660:
      return TSK_FS_TYPE_ISO9660;
    case FileSystem::hfs_plus:
      return TSK_FS_TYPE_HFS;
    case FileSystem::apfs:
      return TSK_FS_TYPE_APFS;
    case FileSystem::unknown:
    case FileSystem::empty:
    case FileSystem::random:
    case FileSystem::luks:
    case FileSystem::bitlocker:
    case FileSystem::udf:
    case FileSystem::other:
      return TSK_FS_TYPE_UNSUPP;
  }
  return TSK_FS_TYPE_UNSUPP;
}

void no_close(TSK_IMG_INFO* /*image*/) {}
void no_stat(TSK_IMG_INFO* /*image*/, FILE* /*out*/) {}

}  // namespace

std::string tsk_error_text() {
  const char* text = tsk_error_get();
  return text == nullptr ? std::string() : base::wire::escape(text, 200);
}

TskVolume::TskVolume(const Source& source, Range part) : latch_(source), window_(latch_, part) {}

base::Result<std::unique_ptr<TskVolume>> TskVolume::open(const Source& source, Range part,
                                                         FileSystem kind) {
  if (!has_reader(kind)) return base::fail("no reader for " + std::string(name_of(kind)));
  std::unique_ptr<TskVolume> volume(new TskVolume(source, part));
  const std::uint64_t size = volume->window_.size();
  if (size > static_cast<std::uint64_t>(std::numeric_limits<TSK_OFF_T>::max())) {
    return base::fail("the part is larger than libtsk can address");
  }
  volume->image_ = std::make_unique<Image>();
  volume->image_->source = &volume->window_;
  const auto read = [](TSK_IMG_INFO* info, TSK_OFF_T offset, char* buffer,
                       size_t length) -> ssize_t {
    const auto* image = reinterpret_cast<Image*>(info);  // NOLINT: info is its first member
    if (offset < 0) return -1;
    const auto got = image->source->read(static_cast<std::uint64_t>(offset),
                                         std::as_writable_bytes(std::span(buffer, length)));
    return got ? static_cast<ssize_t>(*got) : -1;
  };
  tsk_error_reset();
  TSK_IMG_INFO* info = tsk_img_open_external(volume->image_.get(), static_cast<TSK_OFF_T>(size),
                                             512, read, no_close, no_stat);
  if (info == nullptr) return base::fail("libtsk: " + tsk_error_text());
  if (kind == FileSystem::apfs) {
    if (auto opened = volume->open_pool(*info); !opened) return base::Unexpected{opened.error()};
    return volume;
  }
  TSK_FS_INFO* fs = tsk_fs_open_img(info, 0, type_of(kind));
  if (fs == nullptr) return base::fail("libtsk: " + tsk_error_text());
  volume->volumes_.push_back(fs);
  if (fs->block_size == 0) return base::fail("libtsk: a block size of zero");
  return volume;
}

void TskVolume::close_file() {
  if (file_ != nullptr) tsk_fs_file_close(file_);
  file_ = nullptr;
}

TskVolume::~TskVolume() {
  close_file();
  for (TSK_FS_INFO* volume : volumes_) tsk_fs_close(volume);
  for (const TSK_POOL_INFO* pool : pools_) tsk_pool_close(pool);
}

void TskVolume::select(std::size_t volume) {
  if (volume == selected_) return;
  close_file();
  selected_ = static_cast<std::uint16_t>(volume);
}

const TSK_FS_ATTR* TskVolume::find(const Handle& handle) {
  if (file_ == nullptr || file_->meta == nullptr || file_->meta->addr != handle.address) {
    close_file();
    file_errors_ = errors();
    file_ = tsk_fs_file_open_meta(fs(), nullptr, handle.address);
    if (file_ == nullptr) return nullptr;
  }
  const int count = tsk_fs_file_attr_getsize(file_);
  for (int i = 0; i < count; ++i) {
    const TSK_FS_ATTR* attribute = tsk_fs_file_attr_get_idx(file_, i);
    if (attribute != nullptr && static_cast<std::uint32_t>(attribute->type) == handle.attribute &&
        attribute->id == handle.id) {
      return attribute;
    }
  }
  return nullptr;
}

base::Result<std::vector<std::byte>> TskVolume::read(const Handle& handle, std::uint64_t offset,
                                                     std::size_t length) {
  tsk_error_reset();
  if (handle.volume >= volumes()) return base::fail("no such volume");
  select(handle.volume);
  if (handle.address < fs()->first_inum || handle.address > fs()->last_inum) {
    return base::fail("no such file");
  }
  const TSK_FS_ATTR* attribute = find(handle);
  if (attribute == nullptr) return base::fail("libtsk: no such content: " + tsk_error_text());
  Entry entry;
  describe_content(*this, *attribute, entry);
  if (entry.content == Content::none) {
    return base::fail("cannot be read: " + std::string(name_of(entry.reason)));
  }
  if (offset >= entry.size) return std::vector<std::byte>();
  if (entry.size - offset < length) length = static_cast<std::size_t>(entry.size - offset);
  std::vector<std::byte> bytes(std::min(length, max_content));
  char* to = reinterpret_cast<char*>(bytes.data());  // NOLINT: char may alias anything
  const ssize_t got = tsk_fs_attr_read(attribute, static_cast<TSK_OFF_T>(offset), to, bytes.size(),
                                       TSK_FS_FILE_READ_FLAG_NONE);
  // The runs themselves may come from a block that could not be read.
  if (errors() != file_errors_) {
    close_file();
    const std::uint64_t at = first_error()->offset;  // errors() counted at least one
    return base::fail("the medium cannot be read, first at " + std::to_string(at));
  }
  if (got != static_cast<ssize_t>(bytes.size())) return base::fail("libtsk: " + tsk_error_text());
  return bytes;
}

}  // namespace scannerqube::volume
