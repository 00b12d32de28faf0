// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/release/manifest.hpp"

#include <algorithm>

#include "base/wire/escape.hpp"
#include "base/wire/utc_text.hpp"

namespace scannerqube::release {
namespace {

std::string hash_line(const base::hash::Digest& sha256, std::string_view path) {
  return base::hash::to_hex(sha256) + "  " + std::string(path) + "\n";
}

std::string head(const Manifest::Subject& subject) {
  std::uint64_t bytes = 0;
  for (const ReleasedFile& file : subject.list) bytes += file.size;  // at most max_content_bytes
  return "# Sallyport release, version 1: this volume was written anew, with files of a scanned "
         "medium.\n# To check it: sha256sum -c " +
         std::string(manifest_name) + "\n# Names in \"\" are the medium's, \\xHH is a byte.\n# " +
         std::to_string(subject.list.size()) + " files, " + std::to_string(bytes) + " bytes\n" +
         std::string(subject.note);
}

std::string record(const Manifest::Subject& subject, std::size_t index) {
  if (index == 0) return head(subject);
  if (index == subject.list.size() + 1) {
    if (subject.report.empty()) return {};
    return "# " + std::to_string(subject.report.size()) + " bytes, the report of the scan\n" +
           hash_line(subject.report_sha256, report_name);
  }
  const ReleasedFile& file = subject.list[index - 1];
  const std::string path = subject.names.path_of(index - 1);
  return "# " + std::to_string(file.size) + " bytes of " + base::wire::utc_text(file.modified) +
         (path == file.path ? ", was \"" : ", RENAMED, was \"") +
         base::wire::escape(file.path, volume::max_path) + "\"\n" + hash_line(file.sha256, path);
}

}  // namespace

bool is_note(std::string_view text) {
  if (text.size() > max_note || (!text.empty() && !text.ends_with('\n'))) return false;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (!line.starts_with("# ")) return false;
    if (!std::ranges::all_of(line, [](char c) { return c >= ' ' && c <= '~'; })) return false;
    text.remove_prefix(line.size() + 1);
  }
  return true;
}

Manifest::Manifest(const Subject& subject) {
  std::uint64_t end = 0;
  ends_.reserve(subject.list.size() + 2);
  for (std::size_t i = 0; i < subject.list.size() + 2; ++i) {
    end += record(subject, i).size();
    ends_.push_back(end);
  }
}

void Manifest::read(const Subject& subject, std::uint64_t offset, std::span<std::byte> out) const {
  auto at = static_cast<std::size_t>(std::ranges::upper_bound(ends_, offset) - ends_.begin());
  while (!out.empty() && at < ends_.size()) {
    const std::string text = record(subject, at);
    const auto from = static_cast<std::size_t>(offset - (ends_[at] - text.size()));
    const std::size_t count = std::min(out.size(), text.size() - from);
    std::ranges::copy(base::wire::as_bytes(text).subspan(from, count), out.begin());
    out = out.subspan(count);
    offset += count;
    ++at;
  }
}

}  // namespace scannerqube::release
