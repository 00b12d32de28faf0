// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/scanner-qube/release/media.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/hash/sha256.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests {

namespace volume = scannerqube::volume;
using base::wire::as_bytes;

volume::Extent Medium::put(std::string_view content) {
  const std::uint64_t offset = bytes_.size();
  bytes_ += content;
  bytes_ += "between";
  return {.where = {.offset = offset, .length = content.size()}};
}

void Medium::add(const std::string& path, const std::string& content, std::int64_t modified) {
  list_.push_back({.path = path,
                   .size = content.size(),
                   .sha256 = base::hash::Sha256()({as_bytes(content)}),
                   .modified = modified});
  if (!content.empty()) list_.back().extents = {put(content)};
}

void Medium::add_scattered(const std::string& path, const std::string& content,
                           std::uint64_t zeros) {
  const std::size_t half = content.size() / 2;
  const volume::Extent second = put(std::string_view(content).substr(half));
  const volume::Extent first = put(std::string_view(content).substr(0, half));
  const std::string all = content + std::string(static_cast<std::size_t>(zeros), '\0');
  list_.push_back(
      {.path = path,
       .size = all.size(),
       .sha256 = base::hash::Sha256()({as_bytes(all)}),
       .modified = 1'700'000'001,
       .extents = {first,
                   second,
                   {.where = {.offset = 0, .length = zeros}, .backing = volume::Backing::zeros}}});
}

void Medium::add_zeros(const std::string& path, std::uint64_t size) {
  const std::string piece(std::size_t{1} << 20, '\0');
  base::hash::Sha256 sha256;
  sha256.begin();
  for (std::uint64_t left = size; left > 0;) {
    const auto part = as_bytes(piece).first(std::min<std::uint64_t>(left, piece.size()));
    sha256.add(part);
    left -= part.size();
  }
  list_.push_back(
      {.path = path,
       .size = size,
       .sha256 = sha256.end(),
       .modified = 1'700'000'000,
       .extents = {{.where = {.offset = 0, .length = size}, .backing = volume::Backing::zeros}}});
}

void Medium::add_resident(const std::string& path, const std::string& content) {
  const auto bytes = as_bytes(content);
  list_.push_back({.path = path,
                   .size = content.size(),
                   .sha256 = base::hash::Sha256()({bytes}),
                   .modified = 1'700'000'000,
                   .resident = {bytes.begin(), bytes.end()}});
}

Medium hostile_medium() {
  Medium medium;
  std::string umlauts;
  for (int i = 0; i < 120; ++i) umlauts += "\xc3\xbc";
  int number = 0;
  for (const std::string& name : {std::string("readme.txt"),
                                  std::string("README.TXT"),
                                  std::string("ReadMe.txt"),
                                  std::string("readme.txt"),
                                  std::string("../../../etc/passwd"),
                                  std::string("/etc/passwd"),
                                  std::string("a\0b", 3),
                                  std::string("a\nb"),
                                  std::string("\xff\xfe\xfd"),
                                  std::string("\xe2\x80\xaegpj.exe"),
                                  std::string("zero\xe2\x80\x8bwidth"),
                                  std::string("CON"),
                                  std::string("con.txt"),
                                  std::string("AUX/nul/com1.txt"),
                                  std::string("autorun.inf"),
                                  std::string("desktop.ini"),
                                  std::string(".git/config"),
                                  std::string("-rf"),
                                  std::string("a\\b\\c"),
                                  std::string("trailing. . "),
                                  std::string(" leading"),
                                  std::string("invoice.pdf.exe"),
                                  std::string("look.lnk"),
                                  std::string("SALLYPORT-MANIFEST.TXT"),
                                  std::string("sallyport-report.txt"),
                                  std::string("FILE~1.TXT"),
                                  std::string("READM~1.TXT"),
                                  std::string("README~1.TXT"),
                                  std::string("\xc3\xbc.txt"),
                                  std::string("u\xcc\x88.txt"),
                                  std::string("\xc3\x9c.TXT"),
                                  std::string("\xf0\x9f\x98\x80 smile.png"),
                                  std::string("\xe6\x97\xa5\xe6\x9c\xac.doc"),
                                  std::string(255, 'x') + ".jpeg",
                                  umlauts + "/" + umlauts + "/" + umlauts,
                                  std::string("a//b"),
                                  std::string("a/./b"),
                                  std::string("a/"),
                                  std::string("a"),
                                  std::string("a/b"),
                                  std::string("A/B"),
                                  std::string("\x05start"),
                                  std::string("\xe5start"),
                                  std::string("$MFT"),
                                  std::string("$ALLOC_BITMAP"),
                                  std::string("System Volume Information/x"),
                                  std::string("100%"),
                                  std::string("semi;colon"),
                                  std::string("`id`"),
                                  std::string("$(id)"),
                                  std::string("dots...many...x")}) {
    medium.add(name, "content of " + std::to_string(number++));
  }
  return medium;
}

release::Volume make(const release::ReleaseList& list, const release::VolumeOptions& options) {
  auto made = release::Volume::make(list, options);
  if (!made) {
    std::fprintf(stderr, "no volume: %s\n", made.error().text.c_str());
    std::abort();
  }
  return *std::move(made);
}

std::string refused(const release::ReleaseList& list, const release::VolumeOptions& options) {
  const auto made = release::Volume::make(list, options);
  return made ? std::string() : made.error().text;
}

std::string read_all(const volume::Source& source) {
  const auto bytes = volume::read_some(source, 0, static_cast<std::size_t>(source.size()));
  if (!bytes) std::abort();
  return std::string(base::wire::as_text(*bytes));
}

std::string write(const Folder& folder, const release::Volume& from, const volume::Source& medium) {
  static int number = 0;
  const std::string path = (folder.path() / ("out" + std::to_string(++number))).string();
  const base::io::Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  const auto written = release::write_volume(from, medium, fd);
  EXPECT_TRUE(written) << written.error().text;
  return path;
}

std::string complaints(const std::string& image, volume::FileSystem kind) {
  const std::string tool =
      kind == volume::FileSystem::exfat ? "/usr/sbin/fsck.exfat -n " : "/usr/sbin/fsck.vfat -n ";
  const std::string command = tool + image + " > " + image + ".fsck 2>&1";
  const int status = std::system(command.c_str());  // NOLINT: the tests' own words
  const std::string said = slurp(image + ".fsck");
  // fsck.vfat ends well over some things that it tells.
  const bool quiet = kind == volume::FileSystem::exfat ? said.find(": clean.") != std::string::npos
                                                       : std::ranges::count(said, '\n') == 2;
  return status == 0 && quiet ? std::string() : said + " (status " + std::to_string(status) + ")";
}

std::map<std::string, std::string> files_of(const std::string& image) {
  const volume::Report report = look(image);
  EXPECT_TRUE(report.complete());
  for (const auto& found : report.findings) ADD_FAILURE() << found.text;
  EXPECT_EQ(report.parts.size(), 1U);
  for (const auto& part : report.parts) {
    EXPECT_EQ(part.file_systems.size(), 1U);
    for (const auto& file_system : part.file_systems) {
      for (const auto& found : file_system.listing.findings) ADD_FAILURE() << found.text;
    }
  }
  auto files = contents(image);
  for (const char* own :
       {"$ALLOC_BITMAP", "$UPCASE_TABLE", "SALLYPORT-MANIFEST.TXT", "SALLYPORT-REPORT.TXT"}) {
    files.erase(own);
  }
  return files;
}

}  // namespace tests
