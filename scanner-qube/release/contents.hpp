// SPDX-License-Identifier: GPL-2.0-or-later
// What is to lie on the volume, whatever its format: folders, files of the medium, the manifest and
// the report.
#pragma once

#include "scanner-qube/release/manifest.hpp"

namespace scannerqube::release {

// Items are the list's files in the list's order, then the manifest, then the report if there is
// one.
class Contents {
 public:
  struct Child {
    enum class Kind : std::uint8_t { folder, item } kind = Kind::item;
    std::uint32_t index = 0;
  };
  // Of the manifest, the report and all folders.
  struct Extra {
    std::string report = {};  // no SALLYPORT-REPORT.TXT if it is empty
    std::string note = {};    // in the manifest
    std::int64_t time = 0;
  };
  // Sorts the list; fails for what is beyond limits.hpp.
  static base::Result<Contents> make(ReleaseList list, Extra extra);

  std::uint32_t folders() const { return static_cast<std::uint32_t>(names_.folders.size()); }
  std::uint32_t items() const { return manifest_item() + (extra_.report.empty() ? 1 : 2); }
  std::uint32_t manifest_item() const { return static_cast<std::uint32_t>(list_.size()); }
  const ReleaseList& list() const { return list_; }
  const SafeNames& names() const { return names_; }
  std::int64_t time() const { return extra_.time; }

  // In the order of their names' bytes, which is the order on the volume.
  std::span<const Child> children(std::uint32_t folder) const;
  std::uint32_t parent(std::uint32_t folder) const { return names_.folders[folder].parent; }
  std::string_view name_of(const Child& child) const;
  std::uint64_t size(std::uint32_t item) const;
  std::int64_t modified(std::uint32_t item) const;

  // Bytes of the manifest, the report or a resident file; within it.
  void read(std::uint32_t item, std::uint64_t offset, std::span<std::byte> out) const;
  // Of everything above: the same content has the same.
  const base::hash::Digest& digest() const { return digest_; }

 private:
  Contents(ReleaseList list, SafeNames names, Extra extra);
  void sort_children();
  void hash();
  Manifest::Subject subject() const;

  ReleaseList list_;
  SafeNames names_;
  Extra extra_;
  base::hash::Digest report_sha256_ = {};
  base::hash::Digest digest_ = {};
  Manifest manifest_;
  std::vector<Child> children_;           // folder by folder
  std::vector<std::size_t> child_first_;  // of each folder, and the end
};

}  // namespace scannerqube::release
