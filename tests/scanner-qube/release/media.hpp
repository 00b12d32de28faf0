// SPDX-License-Identifier: GPL-2.0-or-later
// A medium with files at known places, and the list that a scan of it would give.
#pragma once

#include <map>
#include <string>

#include "scanner-qube/release/io/write_volume.hpp"
#include "tests/fakes/folder.hpp"

namespace tests {

namespace release = scannerqube::release;

class Medium {
 public:
  // Somewhere behind what is there.
  void add(const std::string& path, const std::string& content,
           std::int64_t modified = 1'700'000'000);
  // In two pieces, the second before the first, and zeros at the end.
  void add_scattered(const std::string& path, const std::string& content, std::uint64_t zeros);
  void add_zeros(const std::string& path, std::uint64_t size);
  void add_resident(const std::string& path, const std::string& content);

  const release::ReleaseList& list() const { return list_; }
  release::ReleaseList& list() { return list_; }
  std::string& bytes() { return bytes_; }
  scannerqube::volume::MemorySource source() const {
    return scannerqube::volume::MemorySource(base::wire::as_bytes(bytes_));
  }

 private:
  scannerqube::volume::Extent put(std::string_view content);
  std::string bytes_ = std::string(777, '#');
  release::ReleaseList list_;
};

// Names of every kind that does harm somewhere, and names that meet.
Medium hostile_medium();

// Aborts the test program where there is none.
release::Volume make(const release::ReleaseList& list, const release::VolumeOptions& options = {});
// The first words of why there is no volume.
std::string refused(const release::ReleaseList& list, const release::VolumeOptions& options = {});

std::string read_all(const scannerqube::volume::Source& source);
// Writes to a new file of the folder, and says where it is.
std::string write(const Folder& folder, const release::Volume& volume,
                  const scannerqube::volume::Source& medium);
// The file system checker of the volume's format. Empty if it has nothing to say against it.
std::string complaints(const std::string& image, scannerqube::volume::FileSystem kind);
// All files but the manifest and the report, by both readers of scanner-qube/volume in their
// workers; the test fails if these have anything to say.
std::map<std::string, std::string> files_of(const std::string& image);

}  // namespace tests
