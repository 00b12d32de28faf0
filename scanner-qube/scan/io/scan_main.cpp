// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-scan-image: an image's verdict, without a qube around it.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "scanner-qube/engine/io/clamav_engine.hpp"
#include "scanner-qube/scan/io/report_output.hpp"
#include "scanner-qube/scan/io/scan_arguments.hpp"
#include "scanner-qube/scan/io/scan_medium.hpp"

namespace {

namespace fs = std::filesystem;
using scannerqube::Verdict;

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

int scan(const scannerqube::io::ScanArguments& given, const fs::path& scratch) {
  const auto source = scannerqube::volume::FileSource::open(given.image);
  if (!source) return fail(source.error().text);
  fs::create_directory(scratch / "load");
  fs::create_directory(scratch / "workers");
  auto engine = scannerqube::io::ClamavEngine::load(
      {.databases = {given.databases.begin(), given.databases.end()},
       .limits = {},
       .temporary = scratch / "load"});
  if (!engine) return fail(engine.error().text);
  scannerqube::io::ScanOptions options;
  if (given.deleted) options.deleted = scannerqube::volume::Deleted::include;
  options.pool.folder = scratch / "workers";
  options.pool.workers =
      given.workers > 0 ? given.workers : std::max(1U, std::thread::hardware_concurrency());
  const auto report = scannerqube::io::scan_medium(**source, **engine, options);
  if (!report) return fail(report.error().text);
  std::cout << (given.json ? scannerqube::io::as_json(*report, (*engine)->info())
                           : scannerqube::io::as_lines(*report));
  if (report->verdict() == Verdict::clean) return 0;
  return report->verdict() == Verdict::infected ? infected : doubtful;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto given =
        scannerqube::io::ScanArguments::parse(std::vector<std::string>(argv + 1, argv + argc));
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
