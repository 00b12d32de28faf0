// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-release-volume: the files of a release list on a new volume. Not installed; for people
// and tests.
#include <cstdio>

#include "base/io/files.hpp"
#include "scanner-qube/release/io/release_arguments.hpp"
#include "scanner-qube/release/io/write_release.hpp"

namespace {

namespace release = scannerqube::release;

int fail(const std::string& why) {
  std::fprintf(stderr, "sallyport-release-volume: %s\n", why.c_str());
  return 1;
}

int run(release::ReleaseArguments given) {
  const auto image = scannerqube::volume::FileSource::open(given.image);
  if (!image) return fail(image.error().text);
  auto list = base::io::read_file(given.list, release::max_list_bytes);
  if (!list) return fail(list.error().text);
  if (!given.report.empty()) {
    auto report = base::io::read_file(given.report, release::max_report_text);
    if (!report) return fail(report.error().text);
    given.options.report = *std::move(report);
  }
  const auto target = release::ReleaseTarget::open(given.to, given.overwrite);
  if (!target) return fail(target.error().text);
  const auto written = release::write_release(
      **image, *target, {.list = *list, .root = {}, .options = given.options, .note = {}});
  if (!written) return fail(written.error().text);
  if (auto named = target->finish(); !named) return fail(named.error().text);
  std::printf("%s %llu bytes, %zu files\n", written->exfat ? "exfat" : "fat32",
              static_cast<unsigned long long>(written->bytes), written->files);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  auto given = release::ReleaseArguments::parse(std::vector<std::string>(argv + 1, argv + argc));
  if (!given) {
    std::fprintf(stderr, "%s\n%s", given.error().text.c_str(), release::release_usage);
    return 2;
  }
  return run(*std::move(given));
}
