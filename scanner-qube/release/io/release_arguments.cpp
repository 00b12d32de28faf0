// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/release/io/release_arguments.hpp"

#include <charconv>

namespace scannerqube::release {

const char* const release_usage =
    "usage: sallyport-release-volume IMAGE LIST --to OUT [--fat32|--exfat] [--mbr]\n"
    "                                [--overwrite] [--report FILE] [--time SECONDS]\n"
    "Writes the files of LIST, whose bytes are in IMAGE, to a new volume in OUT: a file that does\n"
    "not exist yet, or with --overwrite one that does, or a block device that nobody uses.\n"
    "exit status: 0 written, 1 not, 2 usage\n";

base::Result<ReleaseArguments> ReleaseArguments::parse(const std::vector<std::string>& words) {
  ReleaseArguments given;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool has_value = i + 1 < words.size();
    if (word == "--fat32") {
      given.options.format = FormatWish::fat32;
    } else if (word == "--exfat") {
      given.options.format = FormatWish::exfat;
    } else if (word == "--mbr") {
      given.options.table = Table::mbr;
    } else if (word == "--overwrite") {
      given.overwrite = Overwrite::yes;
    } else if (word == "--to" && has_value) {
      given.to = words[++i];
    } else if (word == "--report" && has_value) {
      given.report = words[++i];
    } else if (word == "--time" && has_value) {
      const std::string& number = words[++i];
      const char* end = number.data() + number.size();
      const auto parsed = std::from_chars(number.data(), end, given.options.time);
      if (parsed.ec != std::errc{} || parsed.ptr != end) {
        return base::fail("--time: seconds since 1970, not '" + number + "'");
      }
    } else if (word.starts_with("--") || !given.list.empty()) {
      return base::fail("unknown or incomplete option " + word);
    } else {
      (given.image.empty() ? given.image : given.list) = word;
    }
  }
  if (given.list.empty()) return base::fail("which image and which list?");
  if (given.to.empty()) return base::fail("--to: where?");
  return given;
}

}  // namespace scannerqube::release
