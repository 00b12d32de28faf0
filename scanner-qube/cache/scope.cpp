// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/cache/scope.hpp"

#include <algorithm>
#include <tuple>

#include "base/hash/sha256.hpp"
#include "base/wire/writer.hpp"

namespace scannerqube {

base::hash::Digest database_digest(std::vector<DatabaseFile> files) {
  std::ranges::sort(files, [](const DatabaseFile& a, const DatabaseFile& b) {
    return std::tie(a.name, a.sha256) < std::tie(b.name, b.sha256);
  });
  std::vector<std::byte> bytes;
  base::wire::Writer out(bytes);
  for (const DatabaseFile& file : files) {
    out.u16(static_cast<std::uint16_t>(file.name.size())).text(file.name).bytes(file.sha256);
  }
  return base::hash::Sha256()({bytes});
}

base::hash::Digest options_digest(const EngineInfo& engine) {
  const std::string text = "sallyport scan options 1\nrules " + std::to_string(verdict_rules) +
                           "\n" + engine.name + "\n" + engine.settings + "\n";
  return base::hash::Sha256()({base::wire::as_bytes(text)});
}

}  // namespace scannerqube
