// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/engine/file_result.hpp"

#include <algorithm>

namespace scannerqube {

void FileResult::add_finding(Finding::Kind kind, std::string_view name, std::string_view where) {
  Finding finding{.kind = kind,
                  .name = std::string(name.substr(0, max_finding_text)),
                  .where = std::string(where.substr(0, max_finding_text))};
  const auto same = [&finding](const Finding& other) {
    return other.name == finding.name && other.where == finding.where;
  };
  if (std::ranges::any_of(findings, same)) return;
  if (findings.size() < max_findings) {
    findings.push_back(std::move(finding));
  } else if (kind == Finding::Kind::signature && verdict() != Verdict::infected) {
    findings.back() = std::move(finding);  // thirty-two suspicions must not hide it
  }
}

void FileResult::add_not_examined(std::string_view why) {
  std::string text(why.substr(0, max_finding_text));
  if (not_examined.size() >= max_not_examined || std::ranges::count(not_examined, text) > 0) return;
  not_examined.push_back(std::move(text));
}

Verdict FileResult::verdict() const {
  Verdict all = not_examined.empty() ? Verdict::clean : Verdict::incomplete;
  for (const Finding& finding : findings) {
    all = worse(all,
                finding.kind == Finding::Kind::signature ? Verdict::infected : Verdict::suspicious);
  }
  return all;
}

}  // namespace scannerqube
