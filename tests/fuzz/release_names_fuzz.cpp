// SPDX-License-Identifier: GPL-2.0-or-later
// Paths, parted by newlines: the new names are harmless, no two the same, and the order of the
// paths changes nothing.
#include <algorithm>
#include <cstdlib>
#include <set>

#include "base/wire/reader.hpp"
#include "scanner-qube/release/limits.hpp"
#include "scanner-qube/release/safe_name.hpp"
#include "scanner-qube/release/safe_names.hpp"
#include "scanner-qube/volume/names/oddities.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace scannerqube;
  std::string_view text = base::wire::as_text(std::as_bytes(std::span(data, size)));
  std::vector<std::string_view> paths;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    paths.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const auto made = release::safe_names(paths, {"SALLYPORT-MANIFEST.TXT"});
  if (!made) return 0;
  std::multiset<std::string> all;
  std::set<std::u32string> keys{release::name_key("SALLYPORT-MANIFEST.TXT")};
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const std::string path = made->path_of(i);
    if (!volume::names::odd_path(path).empty()) std::abort();
    if (path.size() > 1000 + release::max_name) std::abort();
    if (!keys.insert(release::name_key(path)).second) std::abort();
    all.insert(path);
  }
  std::ranges::reverse(paths);
  const auto again = release::safe_names(paths, {"SALLYPORT-MANIFEST.TXT"});
  std::multiset<std::string> reversed;
  for (std::size_t i = 0; i < paths.size(); ++i) reversed.insert(again->path_of(i));
  if (all != reversed) std::abort();
  return 0;
}
