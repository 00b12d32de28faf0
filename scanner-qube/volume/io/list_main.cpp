// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-volume-list IMAGE [--deleted] [--json]: what is on a medium. Not installed; for people
// and tests. Exit status: 0 complete, 1 something was left unread or is in doubt, 2 usage.
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "base/io/fd.hpp"
#include "scanner-qube/volume/io/list_output.hpp"

int main(int argc, char** argv) {
  namespace volume = scannerqube::volume;
  std::string image;
  volume::ExamineOptions options;
  bool json = false;
  bool good = true;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--deleted") {
      options.deleted = volume::Deleted::include;
    } else if (word == "--json") {
      json = true;
    } else if (image.empty() && !word.starts_with("--")) {
      image = word;
    } else {
      good = false;
    }
  }
  if (image.empty() || !good) {
    std::fputs("usage: sallyport-volume-list IMAGE [--deleted] [--json]\n", stderr);
    return 2;
  }
  base::io::ignore_sigpipe();
  const auto source = volume::FileSource::open(image);
  if (!source) {
    std::fprintf(stderr, "%s\n", source.error().text.c_str());
    return 2;
  }
  const volume::Report report = volume::examine(**source, options);
  const std::string text = json ? volume::as_json(report) : volume::as_lines(report);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return report.complete() ? 0 : 1;
}
