// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/database/io/self_test.hpp"

#include <algorithm>

#include "base/hash/sha256.hpp"
#include "base/io/files.hpp"
#include "scanner-qube/database/io/layout.hpp"
#include "scanner-qube/engine/io/clamav_engine.hpp"

namespace scannerqube::database::io {
namespace {

// The engine says of what ClamAV has not signed that it is unofficial; people name it without.
constexpr std::string_view unofficial = ".UNOFFICIAL";

bool found(const FileResult& result, const std::string& signature) {
  return std::ranges::any_of(result.findings, [&signature](const Finding& finding) {
    return finding.kind == Finding::Kind::signature &&
           (finding.name == signature || finding.name == signature + std::string(unofficial));
  });
}

std::string shown(const FileResult& result) {
  std::string all(verdict_name(result.verdict()));
  for (const Finding& finding : result.findings) all += ", " + finding.name;
  for (const std::string& why : result.not_examined) all += ", " + why;
  return all;
}

base::Status look(ScanEngine& engine, const std::filesystem::path& path, const SelfTest& test) {
  const auto content = base::io::read_file(path, static_cast<std::size_t>(test.size));
  if (!content) return base::Unexpected{content.error()};
  const auto bytes = base::wire::as_bytes(*content);
  if (base::hash::Sha256()({bytes}) != test.sha256) {
    return base::fail("self-test: " + test.name + " was changed");
  }
  const FileResult result = engine.scan(bytes, test.name);
  if (test.signature) {
    if (found(result, *test.signature)) return base::Ok{};
    return base::fail("self-test: " + *test.signature + " was not found in " + test.name +
                      ", but " + shown(result));
  }
  if (result.verdict() == Verdict::clean) return base::Ok{};
  return base::fail("self-test: " + test.name + " must be clean, but is " + shown(result));
}

}  // namespace

base::Result<EngineFacts> self_test(const std::filesystem::path& folder, const Manifest& manifest) {
  const std::uint32_t level = scannerqube::io::ClamavEngine::level();
  if (level < manifest.minimum_engine) {
    return base::fail("the bundle needs libclamav of level " +
                      std::to_string(manifest.minimum_engine) + ", this one has " +
                      std::to_string(level) + ": update it first");
  }
  const auto temporary = folder / temporary_folder;
  auto engine = scannerqube::io::ClamavEngine::load(
      {.databases = {folder / database_folder}, .limits = {}, .temporary = temporary});
  if (!engine) return base::Unexpected{engine.error()};
  (*engine)->use_folder(temporary.string());
  for (const SelfTest& test : manifest.self_tests) {
    auto good = look(**engine, folder / self_test_folder / test.name, test);
    if (!good) return base::Unexpected{good.error()};
  }
  const EngineInfo info = (*engine)->info();
  return EngineFacts{.name = info.name, .level = level, .signatures = info.signatures};
}

}  // namespace scannerqube::database::io
