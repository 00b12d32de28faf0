// SPDX-License-Identifier: GPL-2.0-or-later
// A report and a statement with something in every field.
#pragma once

#include "scanner-qube/report/io/report_json.hpp"
#include "scanner-qube/report/io/statement_json.hpp"

namespace tests {

namespace report = scannerqube::report;

inline constexpr std::uint64_t sample_medium = 1 << 20;

inline scannerqube::ScannedFile sample_file(const std::string& path) {
  scannerqube::ScannedFile file{.part = 0, .path = path, .deleted = false, .result = {}};
  file.result.size = 68;
  file.result.sha256.fill(std::byte{0x5a});
  file.result.members = 1;
  return file;
}

inline scannerqube::ScannedFile infected_file(const std::string& path) {
  auto file = sample_file(path);
  file.result.add_finding(scannerqube::Finding::Kind::signature, "Test.Signature", "in.zip");
  return file;
}

inline scannerqube::ScannedFile doubtful_file(const std::string& path) {
  auto file = sample_file(path);
  file.deleted = true;
  file.result.sha256 = {};
  file.result.add_not_examined("encrypted");
  return file;
}

inline report::Coverage sample_coverage() {
  report::CoverageBuilder builder(sample_medium);
  builder.add({0, 512}, report::Use::table);
  builder.add({4096, sample_medium - 4096}, report::Use::free);
  builder.add({8192, 68}, report::Use::file);
  return builder.finish();
}

// Nothing was found in one file.
inline report::ScanReport clean_report() {
  report::ScanReport made{.coverage = sample_coverage(),
                          .engine = {.name = "ClamAV 1.4.6", .signatures = 7},
                          .database = {.version = "serial 12", .sha256 = {}, .date = 1795900000},
                          .started = 1795920000,
                          .ended = 1795920100,
                          .medium_size = sample_medium};
  made.database.sha256.fill(std::byte{0xd8});
  made.found.areas = {{.area = {.kind = scannerqube::volume::AreaKind::boot_code,
                                .where = {.offset = 0, .length = 446}},
                       .sha256 = made.database.sha256,
                       .zeros = false}};
  made.found.add(sample_file("fine.txt"));
  made.found.files_from_cache = 1;
  report::settle(made);
  return made;
}

inline report::ScanReport infected_report() {
  report::ScanReport made = clean_report();
  auto odd = sample_file("odd\xe2\x80\xae\x1b[31m\"name\\");
  odd.result.add_finding(scannerqube::Finding::Kind::suspicion, "Heuristics.Odd", "");
  made.found.add(odd);
  made.found.add(doubtful_file("secret.zip"));
  made.found.add(infected_file("sub/evil.exe"));
  made.found.add(
      {.concern = scannerqube::volume::Concern::not_examined, .text = "part 1 is luks: no reader"});
  report::settle(made);
  return made;
}

inline report::ScanFacts sample_facts() {
  report::ScanFacts facts{.snapshot = "sda-20261129-040000",
                          .medium_size = sample_medium,
                          .device = {.backend = "sys-usb",
                                     .port = "sda",
                                     .ids = "0951:1666",
                                     .description = "Kingston DataTraveler"},
                          .approved_by = "rule 30-user.policy:3",
                          .approved_at = 1795919990,
                          .started = 1795920000,
                          .ended = 1795920101,
                          .options = report::digest_of(report::ScanLimits()),
                          .database = clean_report().database};
  facts.root.fill(std::byte{0xab});
  return facts;
}

}  // namespace tests
