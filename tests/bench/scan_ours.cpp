// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/scan_ours.hpp"

#include <thread>

#include "scanner-qube/engine/io/clamav_engine.hpp"
#include "scanner-qube/report/report_lines.hpp"
#include "scanner-qube/scan/io/content.hpp"
#include "scanner-qube/scan/io/scan_medium.hpp"

namespace bench {
namespace {

namespace fs = std::filesystem;
namespace volume = scannerqube::volume;
using scannerqube::MediumReport;

struct Scanned {
  Cost cost;
  MediumReport report;
};

base::Result<Scanned> scan(const fs::path& folder, scannerqube::ScanEngine& engine,
                           const fs::path& image, const scannerqube::VerdictCache* cache) {
  const auto source = volume::FileSource::open(image);
  if (!source) return base::Unexpected{source.error()};
  fs::create_directories(folder / "workers");
  scannerqube::io::ScanOptions options;
  options.cache = cache;
  options.pool.folder = folder / "workers";
  options.pool.workers = std::max(1U, std::thread::hardware_concurrency());
  const Meter meter;
  auto scan = scannerqube::io::scan_medium(**source, engine, options);
  if (!scan) return base::Unexpected{scan.error()};
  MediumReport& report = scan->found;
  const bool planted = report.infected_files == 1 && report.told.size() == 1 &&
                       report.told.front().path == "planted.com";
  if (!planted || report.incomplete_files > 0 || report.gap) {
    return base::fail("our scanner did not find the planted file and nothing else: " +
                      scannerqube::report::as_lines(report));
  }
  return Scanned{.cost = meter.cost(), .report = std::move(report)};
}

}  // namespace

base::Result<OurScanner> OurScanner::load(const fs::path& folder, const fs::path& signatures) {
  fs::create_directories(folder / "load");
  auto engine = scannerqube::io::ClamavEngine::load(
      {.databases = {signatures}, .limits = {}, .temporary = folder / "load"});
  if (!engine) return base::Unexpected{engine.error()};
  return OurScanner(folder, *std::move(engine));
}

base::Result<Cost> OurScanner::scan(const fs::path& image) {
  auto scanned = bench::scan(folder_, *engine_, image, nullptr);
  if (!scanned) return base::Unexpected{scanned.error()};
  last_ = std::move(scanned->report);
  return scanned->cost;
}

base::Result<Cost> OurScanner::scan_again(const fs::path& image) {
  const auto signer = base::sign::KeyPair::generate();
  const auto file =
      scannerqube::sign_cache(signer, scannerqube::make_list({}, last_.scanned_clean));
  const Meter opening;
  const auto cache =
      scannerqube::VerdictCache::open(base::wire::as_bytes(file), signer.public_key(), {});
  if (!cache) return base::Unexpected{cache.error()};
  const Cost opened = opening.cost();
  const auto scanned = bench::scan(folder_, *engine_, image, &*cache);
  if (!scanned) return base::Unexpected{scanned.error()};
  // The planted file is all that is not in it.
  if (scanned->report.files_from_cache + 1 != scanned->report.files) {
    return base::fail("the second scan did not know the files of the first");
  }
  return Cost{.wall = opened.wall + scanned->cost.wall, .cpu = opened.cpu + scanned->cost.cpu};
}

base::Result<double> walk(const fs::path& image) {
  const auto source = volume::FileSource::open(image);
  if (!source) return base::Unexpected{source.error()};
  scannerqube::io::ContentReader contents;
  std::uint64_t files = 0;
  std::uint64_t unread = 0;
  volume::ExamineOptions options;
  options.listed = [&](const auto& /*part*/, const volume::FileSystemReport& found,
                       volume::Worker& reader, const volume::ForkableSource& medium) {
    for (const volume::Entry& entry : found.listing.entries) {
      if (entry.kind != volume::Kind::file) continue;
      ++files;
      if (!contents.read(medium, entry, reader)) ++unread;
    }
  };
  const Meter meter;
  const volume::Report report = volume::examine(**source, options);
  const Cost cost = meter.cost();
  if (!report.complete() || unread > 0 || files == 0) {
    return base::fail("the walk did not read all of " + image.string());
  }
  return static_cast<double>(files) / cost.wall;
}

}  // namespace bench
