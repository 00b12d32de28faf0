// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/scan/medium_report.hpp"

namespace scannerqube {

void MediumReport::add(ScannedFile file) {
  ++files;
  bytes += file.result.size;
  switch (file.result.verdict()) {
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
  if (told.size() < max_reported_files) told.push_back(std::move(file));
}

void MediumReport::add(const volume::Finding& finding) {
  gap = gap || volume::leaves_gap(finding.concern);
  if (findings.size() < max_reported_findings) {
    findings.push_back(finding);
  } else {
    ++findings_left_out;
  }
}

Verdict MediumReport::verdict() const {
  if (infected_files > 0) return Verdict::infected;
  if (gap || incomplete_files > 0) return Verdict::incomplete;
  return suspicious_files > 0 || !findings.empty() ? Verdict::suspicious : Verdict::clean;
}

}  // namespace scannerqube
