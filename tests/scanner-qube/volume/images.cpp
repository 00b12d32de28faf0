// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/scanner-qube/volume/images.hpp"

#include <fcntl.h>
#include <openssl/sha.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>

#include "scanner-qube/volume/fat/reader.hpp"

namespace tests {

using scannerqube::volume::Content;
using scannerqube::volume::Kind;
namespace volume = scannerqube::volume;

void shell(const std::string& command) {
  const std::string all = "(export PATH=$PATH:/usr/sbin:/sbin MTOOLS_SKIP_CHECK=1; set -e; " +
                          command + ") >/dev/null 2>&1";
  if (std::system(all.c_str()) != 0) {  // NOLINT: the tests' own words
    std::fprintf(stderr, "failed: %s\n", command.c_str());
    std::abort();
  }
}

std::string blank(const Folder& folder, const std::string& name, unsigned mebibytes) {
  const std::string path = (folder.path() / name).string();
  shell("truncate -s " + std::to_string(mebibytes) + "M " + path);
  return path;
}

std::string random_bytes(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

void write_file(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string sha256(std::string_view content) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(content.data()), content.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

std::map<std::string, std::string> sample_files() {
  return {{"empty", ""},
          {"small.txt", "hello\n"},
          {"big.bin", random_bytes(700'001, 1)},
          {"folder/a longer name of a file.dat", random_bytes(70'000, 2)},
          {"folder/deeper/leaf", random_bytes(3'000, 3)}};
}

std::string sample_tree(const Folder& folder) {
  const std::string root = (folder.path() / "tree").string();
  shell("mkdir -p " + root + "/folder/deeper");
  for (const auto& [path, content] : sample_files()) write_file(root + "/" + path, content);
  return root;
}

std::string fat_image(const Folder& folder, int bits, const std::string& extra) {
  const std::string image = blank(folder, "fat.img", bits == 12 ? 4 : bits == 16 ? 32 : 64);
  const std::string tree = sample_tree(folder);
  shell("mkfs.vfat -F " + std::to_string(bits) + (bits == 32 ? " -s 1 " : " ") + "-n STICK " +
        image + "; mcopy -s -i " + image + " " + tree + "/* ::/; " +
        (extra.empty() ? "true" : extra + " -i " + image));
  return image;
}

std::string exfat_image(const Folder& folder) {
  const std::string image = blank(folder, "exfat.img", 16);
  shell("mkfs.exfat -L STICK " + image);
  return image;
}

std::string ntfs_image(const Folder& folder) {
  const std::string image = blank(folder, "ntfs.img", 16);
  const std::string tree = sample_tree(folder);
  shell("mkntfs -F -Q -q " + image);
  for (const char* name : {"empty", "small.txt", "big.bin"}) {
    shell("ntfscp -f " + image + " " + tree + "/" + name + " /" + name);
  }
  write_file((folder.path() / "stream").string(), "hidden in a stream\n");
  shell("ntfscp -f -N hidden.exe " + image + " " + (folder.path() / "stream").string() +
        " /small.txt");
  return image;
}

std::string ext_image(const Folder& folder, const std::string& kind) {
  const std::string image = blank(folder, kind + ".img", 16);
  const std::string tree = sample_tree(folder);
  shell("ln -sf ../small.txt " + tree + "/folder/link; mkfifo -m 600 " + tree + "/pipe; mkfs." +
        kind + " -q -F -d " + tree + " " + image);
  return image;
}

std::string iso_image(const Folder& folder, const std::string& options) {
  const std::string image = (folder.path() / "iso.img").string();
  shell("genisoimage -quiet " + options + " -o " + image + " " + sample_tree(folder));
  return image;
}

volume::Report look(const std::string& image, bool deleted, volume::Listed listed) {
  auto source = volume::FileSource::open(image);
  if (!source) std::abort();
  volume::ExamineOptions options;
  options.deleted = deleted ? volume::Deleted::include : volume::Deleted::leave_out;
  options.limits.walk = std::chrono::seconds(60);
  options.listed = std::move(listed);
  return volume::examine(**source, options);
}

Contents contents(const std::string& image, bool deleted) {
  Contents found;
  look(image, deleted,
       [&found](const auto& /*part*/, volume::FileSystemReport& file_system, auto& worker,
                const auto& /*source*/) {
         for (const volume::Entry& entry : file_system.listing.entries) {
           const bool has_bytes = entry.kind == Kind::file || entry.kind == Kind::stream;
           if (!has_bytes || entry.content == Content::none) continue;
           std::string all;
           while (all.size() < entry.size) {
             auto piece = worker.read(entry.handle, all.size(), 50'000);
             if (!piece || piece->empty()) break;
             all += base::wire::as_text(*piece);
           }
           if (all.size() == entry.size) found[entry.path] = all;
         }
       });
  return found;
}

const volume::Entry* find(const volume::Report& report, const std::string& path) {
  for (const auto& part : report.parts) {
    for (const auto& file_system : part.file_systems) {
      for (const auto& entry : file_system.listing.entries) {
        if (entry.path == path) return &entry;
      }
    }
  }
  return nullptr;
}

bool has(const std::vector<volume::Finding>& findings, volume::Concern concern,
         const std::string& words) {
  for (const auto& found : findings) {
    if (found.concern == concern && found.text.find(words) != std::string::npos) return true;
  }
  return false;
}

bool has(const volume::Report& report, volume::Concern concern, const std::string& words) {
  if (has(report.findings, concern, words)) return true;
  for (const auto& part : report.parts) {
    for (const auto& file_system : part.file_systems) {
      if (has(file_system.listing.findings, concern, words)) return true;
    }
  }
  return false;
}

volume::Listing own_listing(const std::string& bytes, volume::FileSystem kind) {
  const volume::MemorySource source(base::wire::as_bytes(bytes));
  volume::Listing listing;
  volume::fat::list(source, {.offset = 0, .length = bytes.size()}, kind, listing);
  return listing;
}

const volume::Entry* entry_of(const volume::Listing& listing, const std::string& path) {
  const auto found = std::ranges::find(listing.entries, path, &volume::Entry::path);
  return found == listing.entries.end() ? nullptr : &*found;
}

OddSource::OddSource(const std::string& image, volume::Range where, Act act)
    : where_(where), act_(std::move(act)) {
  auto file = volume::FileSource::open(image);
  if (!file) std::abort();
  file_ = *std::move(file);
}

base::Result<std::size_t, volume::ReadError> OddSource::read(std::uint64_t offset,
                                                             std::span<std::byte> out) const {
  const bool touches = offset < where_.end() && offset + out.size() > where_.offset;
  if (touches && !act_()) {
    return base::Unexpected{
        volume::ReadError{.offset = std::max(offset, where_.offset), .text = "bad block"}};
  }
  return file_->read(offset, out);
}

void poke(const std::string& image, std::uint64_t offset, std::string_view bytes) {
  const int fd = ::open(image.c_str(), O_WRONLY | O_CLOEXEC);
  const ssize_t done = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
  ::close(fd);
  if (done != static_cast<ssize_t>(bytes.size())) std::abort();
}

std::string findings_of(const volume::Report& report) {
  std::string text;
  const auto add = [&text](const std::vector<volume::Finding>& findings) {
    for (const volume::Finding& f : findings)
      text += std::string(name_of(f.concern)) + ": " + f.text + "\n";
  };
  add(report.findings);
  for (const auto& part : report.parts) {
    for (const auto& file_system : part.file_systems) add(file_system.listing.findings);
  }
  return text;
}

}  // namespace tests
