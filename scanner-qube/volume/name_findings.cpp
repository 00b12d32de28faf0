// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/name_findings.hpp"

#include "scanner-qube/volume/names/oddities.hpp"

namespace scannerqube::volume {
std::vector<Finding> name_findings(const Listing& listing) {
  std::vector<Finding> found;
  std::vector<std::string_view> paths;
  for (const Entry& entry : listing.entries) {
    if (entry.kind == Kind::slack) continue;  // its file's name was looked at
    if (entry.state == State::allocated) paths.push_back(entry.path);
    if (found.size() == max_odd_names) continue;
    std::string all;
    for (const names::Oddity oddity : names::odd_path(entry.path)) {
      all += (all.empty() ? "" : ", ") + std::string(names::name_of(oddity));
    }
    if (!all.empty()) found.push_back(finding(Concern::odd_name, quote(entry.path) + ": " + all));
  }
  for (const names::Alike& pair : names::alike(paths)) {
    found.push_back(finding(Concern::odd_name, quote(pair.one) + " and " + quote(pair.other) +
                                                   ": " + std::string(names::name_of(pair.why))));
  }
  return found;
}

}  // namespace scannerqube::volume
