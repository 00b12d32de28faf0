// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/scan/medium_report.hpp"

#include <algorithm>
#include <limits>

namespace scannerqube {

void MediumReport::add(ScannedFile file) {
  ++files;
  // A size is what the medium says.
  const std::uint64_t room = std::numeric_limits<std::uint64_t>::max() - bytes;
  bytes += std::min(file.result.size, room);
  const Verdict verdict = file.result.verdict();
  switch (verdict) {
    case Verdict::clean:
      ++clean_files;
      return;
    case Verdict::suspicious:
      ++suspicious_files;
      break;
    case Verdict::infected:
      ++infected_files;
      break;
    case Verdict::incomplete:
    case Verdict::failed:
      ++incomplete_files;
  }
  if (told.size() < max_reported_files) {
    told.push_back(std::move(file));
  } else if (verdict == Verdict::infected) {
    while (infected_to_ < told.size() && told[infected_to_].result.verdict() == Verdict::infected) {
      ++infected_to_;
    }
    if (infected_to_ < told.size()) told[infected_to_] = std::move(file);
  }
}

void MediumReport::add(const volume::Finding& finding) {
  gap = gap || volume::leaves_gap(finding.concern);
  if (findings.size() < max_reported_findings) {
    findings.push_back(finding);
  } else {
    ++findings_left_out;
  }
}

void MediumReport::add_scanned_clean(const ContentKey& content) {
  if (scanned_clean.size() < max_cached) scanned_clean.push_back(content);
}

Verdict MediumReport::verdict() const {
  if (infected_files > 0) return Verdict::infected;
  if (gap || incomplete_files > 0) return Verdict::incomplete;
  const bool odd = suspicious_files > 0 || !findings.empty() || findings_left_out > 0;
  return odd ? Verdict::suspicious : Verdict::clean;
}

}  // namespace scannerqube
