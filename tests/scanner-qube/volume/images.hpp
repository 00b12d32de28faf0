// SPDX-License-Identifier: GPL-2.0-or-later
// Real media for the tests, made by the tools that make them for everybody, and ways to spoil them.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "scanner-qube/volume/io/examine.hpp"
#include "tests/fakes/folder.hpp"

namespace tests {

// Runs a command line; aborts the test program where it fails, with its output.
void shell(const std::string& command);

// An image of `mebibytes` in `folder`, empty.
std::string blank(const Folder& folder, const std::string& name, unsigned mebibytes);
std::string random_bytes(std::size_t size, unsigned seed);
void write_file(const std::string& path, const std::string& content);
std::string sha256(std::string_view content);

// What every image gets: path -> content, some of it spread over folders.
std::map<std::string, std::string> sample_files();
// A folder with these files.
std::string sample_tree(const Folder& folder);

std::string fat_image(const Folder& folder, int bits, const std::string& extra = "");
std::string exfat_image(const Folder& folder);
std::string ntfs_image(const Folder& folder);
std::string ext_image(const Folder& folder, const std::string& kind);
std::string iso_image(const Folder& folder, const std::string& options);

scannerqube::volume::Report look(const std::string& image, bool deleted = false,
                                 scannerqube::volume::Listed listed = {});

// path -> content of all that could be read through the worker.
using Contents = std::map<std::string, std::string>;
Contents contents(const std::string& image, bool deleted = false);

const scannerqube::volume::Entry* find(const scannerqube::volume::Report& report,
                                       const std::string& path);
bool has(const std::vector<scannerqube::volume::Finding>& findings,
         scannerqube::volume::Concern concern, const std::string& words = "");
// In the report itself or in any of its listings.
bool has(const scannerqube::volume::Report& report, scannerqube::volume::Concern concern,
         const std::string& words = "");

// All of its findings, a line each.
std::string findings_of(const scannerqube::volume::Report& report);

// What our own reader of FAT and exFAT lists.
scannerqube::volume::Listing own_listing(const std::string& bytes,
                                         scannerqube::volume::FileSystem kind);
const scannerqube::volume::Entry* entry_of(const scannerqube::volume::Listing& listing,
                                           const std::string& path);

// A medium that does something else at chosen bytes.
class OddSource final : public scannerqube::volume::ForkableSource {
 public:
  using Act = std::function<bool()>;  // false: a read error
  OddSource(const std::string& image, scannerqube::volume::Range where, Act act);
  std::uint64_t size() const override { return file_->size(); }
  base::Result<std::size_t, scannerqube::volume::ReadError> read(
      std::uint64_t offset, std::span<std::byte> out) const override;
  std::vector<int> fds() const override { return file_->fds(); }
  std::vector<std::string> syscalls() const override { return file_->syscalls(); }

 private:
  std::unique_ptr<scannerqube::volume::FileSource> file_;
  scannerqube::volume::Range where_;
  Act act_;
};

// Overwrites bytes of an image.
void poke(const std::string& image, std::uint64_t offset, std::string_view bytes);
std::string slurp(const std::string& path);

}  // namespace tests
