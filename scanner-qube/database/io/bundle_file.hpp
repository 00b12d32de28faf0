// SPDX-License-Identifier: GPL-2.0-or-later
// A bundle on a disk, read once from its beginning to its end.
#pragma once

#include <array>
#include <filesystem>
#include <functional>

#include "base/io/fd.hpp"
#include "scanner-qube/database/io/bundle_reader.hpp"
#include "scanner-qube/database/io/incoming.hpp"

namespace scannerqube::database::io {

class BundleFile {
 public:
  static base::Result<BundleFile> open(const std::filesystem::path& path,
                                       const base::sign::PublicKey& key);

  // Up to the manifest: an error if another key has signed it.
  base::Status open_manifest();
  // The rest, into `to`; calls `one` after each file. The bundle's end is checked as well.
  base::Status copy_files(const Incoming& to, const std::function<void()>& one);

  const BundleReader& reader() const { return reader_; }

 private:
  BundleFile(base::io::Fd fd, const base::sign::PublicKey& key)
      : fd_(std::move(fd)), reader_(key), buffer_(buffer_size) {}

  // The next step that is one; an error also at the bundle's end if something is missing.
  base::Result<BundleReader::Step> next();

  static constexpr std::size_t buffer_size = std::size_t{256} * 1024;
  base::io::Fd fd_;
  BundleReader reader_;
  std::vector<std::byte> buffer_;
  base::wire::Bytes rest_;  // in buffer_, which moves with its storage
};

}  // namespace scannerqube::database::io
