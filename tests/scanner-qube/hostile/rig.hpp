// SPDX-License-Identifier: GPL-2.0-or-later
// The scanner in this process, over sources that no program could be given.
#pragma once

#include <gtest/gtest.h>

#include "scanner-qube/engine/io/clamav_engine.hpp"
#include "scanner-qube/report/report_lines.hpp"
#include "scanner-qube/scan/io/scan_medium.hpp"
#include "tests/fakes/folder.hpp"
#include "tests/scanner-qube/samples.hpp"

namespace tests::hostile {

class ScanRig : public testing::Test {
 protected:
  ScanRig() {
    samples::write_signatures(path() / "db");
    std::filesystem::create_directory(path() / "load");
    auto engine = scannerqube::io::ClamavEngine::load(
        {.databases = {path() / "db"}, .limits = {}, .temporary = path() / "load"});
    if (engine) engine_ = std::move(*engine);
    options_.pool.folder = path() / "workers";
  }
  const std::filesystem::path& path() const { return folder_.path(); }
  const Folder& folder() const { return folder_; }

  scannerqube::MediumReport scan(const scannerqube::volume::ForkableSource& source) {
    std::filesystem::create_directory(options_.pool.folder);
    const auto report = scannerqube::io::scan_medium(source, *engine_, options_);
    EXPECT_TRUE(report) << report.error().text;
    EXPECT_TRUE(std::filesystem::is_empty(options_.pool.folder));
    return report ? report->found : scannerqube::MediumReport();
  }
  scannerqube::MediumReport scan(const std::string& image) {
    const auto source = scannerqube::volume::FileSource::open(image);
    EXPECT_TRUE(source) << source.error().text;
    return scan(**source);
  }

  Folder folder_;
  std::unique_ptr<scannerqube::io::ClamavEngine> engine_;
  scannerqube::io::ScanOptions options_;
};

}  // namespace tests::hostile
