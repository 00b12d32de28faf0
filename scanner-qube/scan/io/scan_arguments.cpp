// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/scan/io/scan_arguments.hpp"

#include <charconv>

namespace scannerqube::io {

const char* const scan_usage =
    "usage: sallyport-scan-image IMAGE --database PATH... [--deleted] [--json] [--workers N]\n"
    "Reads all file systems of an image, without mounting them, and scans every file.\n"
    "exit status: 0 clean, 1 infected, 2 there was no scan, 3 suspicious or not examined in full\n";

base::Result<ScanArguments> ScanArguments::parse(const std::vector<std::string>& words) {
  constexpr unsigned most_workers = 64;
  ScanArguments given;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--help") {
      given.help = true;
      return given;
    }
    if (word == "--deleted") {
      given.deleted = true;
    } else if (word == "--json") {
      given.json = true;
    } else if (word == "--database" && i + 1 < words.size()) {
      given.databases.push_back(words[++i]);
    } else if (word == "--workers" && i + 1 < words.size()) {
      const std::string& number = words[++i];
      const char* end = number.data() + number.size();
      const auto parsed = std::from_chars(number.data(), end, given.workers);
      if (parsed.ec != std::errc{} || parsed.ptr != end || given.workers == 0 ||
          given.workers > most_workers) {
        return base::fail("--workers: a number from 1 to 64, not '" + number + "'");
      }
    } else if (given.image.empty() && !word.starts_with("--")) {
      given.image = word;
    } else {
      return base::fail("unknown or incomplete option " + word);
    }
  }
  if (given.image.empty()) return base::fail("which image?");
  if (given.databases.empty()) return base::fail("--database: which signatures?");
  return given;
}

}  // namespace scannerqube::io
