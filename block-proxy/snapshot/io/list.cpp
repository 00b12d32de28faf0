// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/io/list.hpp"

#include <algorithm>

#include "block-proxy/snapshot/io/store_files.hpp"

namespace blockproxy::snapshot {
namespace {

template <std::size_t size>
std::optional<std::array<std::byte, size>> content(const std::filesystem::path& folder,
                                                   const char* name) {
  const auto file = StoreFile::open(folder, name, StoreFile::Mode::existing, nullptr);
  std::array<std::byte, size> bytes{};
  if (!file || !file->read(0, bytes)) return std::nullopt;
  return bytes;
}

base::Result<Progress> count(const std::filesystem::path& folder, std::uint64_t blocks) {
  auto file = StoreFile::open(folder, "index", StoreFile::Mode::existing, nullptr);
  if (!file) return base::Unexpected{file.error()};
  Progress progress{.total = blocks};
  const RecordFile index(*std::move(file), blocks);
  auto scanned = index.scan([&](std::uint64_t, const RecordBytes&) {
    ++progress.done;
    return base::Status(base::Ok{});
  });
  if (!scanned) return base::Unexpected{scanned.error()};
  return progress;
}

Summary summary_of(const std::filesystem::path& folder, const std::filesystem::path& keys) {
  Summary found{.name = folder.filename().string()};
  const auto header = content<header_size>(folder, header_name);
  const auto seal = content<seal_size>(folder, "seal");
  if (!header || !seal) return found;
  const auto parsed = parse_header(*header);
  if (!parsed) return found;
  found.header = *parsed;
  if (*seal != std::array<std::byte, seal_size>{}) {
    const auto parsed_seal = parse_seal(*seal);
    if (!parsed_seal || parsed_seal->id != parsed->id) return found;
    found.seal = *parsed_seal;
  }
  std::error_code ignored;
  const bool kept = std::filesystem::exists(folder / kept_key_name, ignored);
  if (!kept && !std::filesystem::exists(keys / found.name / kept_key_name, ignored)) {
    found.state = State::lost_key;
    return found;
  }
  if (kept || found.seal) {
    found.state = kept ? State::kept : State::sealed;
    return found;
  }
  const auto progress = count(folder, parsed->geometry.blocks());
  if (!progress) return found;
  found.progress = *progress;
  found.state = progress->complete() ? State::complete : State::lazy;
  return found;
}

}  // namespace

std::string_view describe(State state) {
  switch (state) {
    case State::lazy:
      return "lazy";
    case State::complete:
      return "complete";
    case State::sealed:
      return "sealed";
    case State::kept:
      return "kept";
    case State::lost_key:
      return "lost key";
    case State::damaged:
      return "damaged";
  }
  return "?";
}

base::Result<std::vector<Summary>> list(const std::filesystem::path& folder,
                                        const std::filesystem::path& keys) {
  std::error_code error;
  std::filesystem::directory_iterator entries(folder, error);
  if (error) return base::fail("list " + folder.string() + ": " + error.message());
  std::vector<Summary> found;
  for (; entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    if (error) return base::fail("list " + folder.string() + ": " + error.message());
    std::error_code ignored;
    if (!entries->is_directory(ignored) || entries->is_symlink(ignored)) continue;
    if (found.size() == max_listed) {
      return base::fail("list " + folder.string() + ": more than " + std::to_string(max_listed) +
                        " snapshots; drop some");
    }
    found.push_back(summary_of(entries->path(), keys));
  }
  std::ranges::sort(found, {}, &Summary::name);
  return found;
}

}  // namespace blockproxy::snapshot
