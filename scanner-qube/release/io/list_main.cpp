// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-release-list IMAGE: every file of an image as a release list on stdout, as if a scan
// had let all of them through. Not installed; for people and tests.
#include <unistd.h>

#include <cstdio>
#include <string>

#include "base/io/files.hpp"
#include "scanner-qube/release/from_entry.hpp"
#include "scanner-qube/volume/io/examine.hpp"

int main(int argc, char** argv) {
  namespace volume = scannerqube::volume;
  namespace release = scannerqube::release;
  if (argc != 2) {
    std::fputs("usage: sallyport-release-list IMAGE > LIST\n", stderr);
    return 2;
  }
  const auto source = volume::FileSource::open(argv[1]);
  if (!source) {
    std::fprintf(stderr, "%s\n", source.error().text.c_str());
    return 2;
  }
  base::io::ignore_sigpipe();
  const volume::Report report = volume::examine(**source, {});
  release::ReleaseList list;
  bool all = report.complete();
  for (const volume::PartReport& part : report.parts) {
    // Files of several parts do not meet.
    const std::string before =
        report.parts.size() > 1 ? "part " + std::to_string(part.part.number) + "/" : "";
    for (const volume::FileSystemReport& found : part.file_systems) {
      for (const volume::Entry& entry : found.listing.entries) {
        if (entry.kind == volume::Kind::directory) continue;
        auto file = release::released_file(entry, **source);
        if (file) {
          file->path.insert(0, before);
          list.push_back(*std::move(file));
        } else {
          all = false;
          std::fprintf(stderr, "%s\n", file.error().text.c_str());
        }
      }
    }
  }
  const base::io::Fd out(::dup(STDOUT_FILENO));
  const auto bytes = release::encode(list);
  if (!out || !base::io::write_all(out, base::wire::as_text(bytes))) return 2;
  return all ? 0 : 1;
}
