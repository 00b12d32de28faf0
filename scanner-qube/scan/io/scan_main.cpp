// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-scan-image: an image's verdict, without a qube around it.
#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <optional>
#include <thread>

#include "base/io/files.hpp"
#include "scanner-qube/cache/io/cache_file.hpp"
#include "scanner-qube/cache/io/database_files.hpp"
#include "scanner-qube/engine/io/clamav_engine.hpp"
#include "scanner-qube/report/io/report_json.hpp"
#include "scanner-qube/report/report_lines.hpp"
#include "scanner-qube/scan/io/scan_arguments.hpp"
#include "scanner-qube/scan/io/scan_medium.hpp"
#include "scanner-qube/unlock/io/open_with.hpp"

namespace {

namespace fs = std::filesystem;
using scannerqube::Verdict;
using scannerqube::io::ScanArguments;
using scannerqube::report::ScanLimits;
using scannerqube::report::ScanReport;

constexpr int infected = 1;
constexpr int no_scan = 2;
constexpr int doubtful = 3;

int fail(const std::string& why) {
  std::cerr << "sallyport-scan-image: " << why << '\n';
  return no_scan;
}

// Gone with all that is in it.
class Scratch {
 public:
  explicit Scratch(fs::path path) : path_(std::move(path)) {}
  ~Scratch() {
    std::error_code error;
    fs::remove_all(path_, error);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// Nobody is to be fooled by a cache that is not used: that is said, and everything is scanned.
std::optional<scannerqube::VerdictCache> cache_of(const ScanArguments& given,
                                                  const scannerqube::CacheScope& scope) {
  if (given.cache.empty()) return std::nullopt;
  auto cache = scannerqube::io::open_cache({given.cache, given.cache_key}, scope);
  if (cache) return std::move(*cache);
  std::cerr << "sallyport-scan-image: the cache is not used: " << cache.error().text << '\n';
  return std::nullopt;
}

int tell(const ScanArguments& given, const ScanReport& report) {
  std::cout << (given.json ? scannerqube::report::encode_report(report) + "\n"
                           : scannerqube::report::as_lines(report));
  if (report.verdict() == Verdict::clean) return 0;
  return report.verdict() == Verdict::infected ? infected : doubtful;
}

int scan(const ScanArguments& given, const fs::path& scratch) {
  const ScanLimits limits{.deleted = given.deleted};
  const auto source = scannerqube::volume::FileSource::open(given.image);
  if (!source) return fail(source.error().text);
  fs::create_directory(scratch / "load");
  fs::create_directory(scratch / "workers");
  const std::vector<fs::path> databases(given.databases.begin(), given.databases.end());
  const bool cached = !given.cache.empty() || !given.cache_out.empty();
  auto before = cached ? scannerqube::io::digest_databases(databases) : base::hash::Digest{};
  if (!before) return fail(before.error().text);
  auto engine = scannerqube::io::ClamavEngine::load(
      {.databases = databases, .limits = limits.engine, .temporary = scratch / "load"});
  if (!engine) return fail(engine.error().text);
  auto after = cached ? scannerqube::io::digest_databases(databases) : base::hash::Digest{};
  if (!after || *after != *before) return fail("the signatures changed while they were loaded");

  const scannerqube::CacheScope scope{.database = *before,
                                      .options = scannerqube::options_digest((*engine)->info()),
                                      .medium = given.cache_medium};
  const auto cache = cache_of(given, scope);
  scannerqube::io::ScanOptions options;
  options.largest_file = limits.largest_file;
  options.cache = cache ? &*cache : nullptr;
  if (given.deleted) options.deleted = scannerqube::volume::Deleted::include;
  if (given.seconds > 0) options.time = std::chrono::seconds(given.seconds);
  if (!given.passphrase_file.empty()) {
    auto passphrase = scannerqube::unlock::passphrase_of_file(given.passphrase_file);
    if (!passphrase) return fail(passphrase.error().text);
    options.open = scannerqube::unlock::open_with(*std::move(passphrase));
  }
  options.pool.folder = scratch / "workers";
  options.pool.workers =
      given.workers > 0 ? given.workers : std::max(1U, std::thread::hardware_concurrency());
  const std::time_t started = std::time(nullptr);
  auto scan = scannerqube::io::scan_medium(**source, **engine, options);
  if (!scan) return fail(scan.error().text);
  if (!given.cache_out.empty()) {
    const auto learned = scannerqube::make_list(scope, scan->found.scanned_clean);
    const auto written =
        base::io::write_file_atomically(given.cache_out, scannerqube::encode_additions(learned));
    if (!written) return fail(written.error().text);
  }
  ScanReport report{.found = std::move(scan->found),
                    .coverage = std::move(scan->coverage),
                    .limits = limits,
                    .engine = (*engine)->info(),
                    .database = given.database,
                    .started = started,
                    .ended = std::time(nullptr),
                    .medium_size = (*source)->size()};
  scannerqube::report::settle(report);
  return tell(given, report);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto given = ScanArguments::parse(std::vector<std::string>(argv + 1, argv + argc));
    if (!given || given->help) {
      (given ? std::cout : std::cerr)
          << (given ? "" : given.error().text + "\n") << scannerqube::io::scan_usage;
      return given ? 0 : no_scan;
    }
    base::io::ignore_sigpipe();
    std::string name = (fs::temp_directory_path() / "sallyport-scan-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) return fail("no temporary folder " + name);
    const Scratch scratch(name);
    return scan(*given, scratch.path());
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}
