// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/database/io/bundle_sources.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "base/hash/sha256.hpp"
#include "base/io/fd.hpp"
#include "base/wire/escape.hpp"
#include "scanner-qube/database/file_kinds.hpp"

namespace scannerqube::database::io {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_entries = 4096;  // of a folder
constexpr std::size_t buffer_size = std::size_t{256} * 1024;

std::string shown(const fs::path& path) { return base::wire::escape(path.string(), 512); }

// By name, sorted.
base::Result<std::map<std::string, fs::path>> entries_of(const fs::path& folder) {
  std::map<std::string, fs::path> found;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    found.emplace(at->path().filename().string(), at->path());
    if (found.size() > max_entries) return base::fail(shown(folder) + ": more than 4096 files");
  }
  if (error) return base::fail("list " + shown(folder) + ": " + error.message());
  return found;
}

class Finder {
 public:
  base::Status add_folder(const fs::path& folder) {
    const auto entries = entries_of(folder);
    if (!entries) return base::Unexpected{entries.error()};
    for (const auto& [name, path] : *entries) {
      if (auto named = check_database_name(name); !named) {
        left_out_.push_back(named.error().text);
      } else if (!files_.emplace(name, path).second) {
        return base::fail(name + " is in two of the folders");
      }
    }
    return base::Ok{};
  }

  base::Status add_self_tests(const fs::path& folder) {
    if (auto added = add_tests(folder / "clean", std::nullopt); !added) return added;
    const auto signatures = entries_of(folder / "found");
    if (!signatures) return base::Unexpected{signatures.error()};
    for (const auto& [name, path] : *signatures) {
      if (auto named = check_signature_name(name); !named) return named;
      if (auto added = add_tests(path, name); !added) return added;
    }
    return base::Ok{};
  }

  base::Result<BundleSources> measure_all() {
    BundleSources sources;
    sources.left_out = std::move(left_out_);
    for (const auto& [name, path] : files_) {
      auto file = database_file(name, path);
      if (!file) return base::Unexpected{file.error()};
      if (file->container) {
        auto& needed = sources.manifest.minimum_engine;
        needed = std::max(needed, file->container->level);
      }
      sources.manifest.files.push_back(*std::move(file));
      sources.files.push_back(path);
    }
    for (const auto& [name, test] : tests_) {
      const auto measured = measure(test.path, max_self_test_bytes, {});
      if (!measured) return base::Unexpected{measured.error()};
      sources.manifest.self_tests.push_back({.name = name,
                                             .size = measured->size,
                                             .sha256 = measured->sha256,
                                             .signature = test.signature});
      sources.self_tests.push_back(test.path);
    }
    return sources;
  }

 private:
  struct Test {
    fs::path path;
    std::optional<std::string> signature;
  };

  base::Status add_tests(const fs::path& folder, const std::optional<std::string>& signature) {
    const auto entries = entries_of(folder);
    if (!entries) return base::Unexpected{entries.error()};
    for (const auto& [name, path] : *entries) {
      if (auto named = check_name(name); !named) return named;
      if (!tests_.emplace(name, Test{path, signature}).second) {
        return base::fail("two files of the self-test have the name " + name);
      }
    }
    return base::Ok{};
  }

  static base::Result<DatabaseFile> database_file(const std::string& name, const fs::path& path) {
    const auto measured = measure(path, max_database_bytes, {});
    if (!measured) return base::Unexpected{measured.error()};
    DatabaseFile file{
        .name = name, .size = measured->size, .sha256 = measured->sha256, .container = {}};
    if (!is_container(name)) return file;
    const auto facts = parse_container_header(base::wire::as_bytes(measured->beginning));
    if (!facts) return base::fail(shown(path) + ": " + facts.error().text);
    file.container = *facts;
    return file;
  }

  std::map<std::string, fs::path> files_;
  std::map<std::string, Test> tests_;
  std::vector<std::string> left_out_;
};

}  // namespace

base::Result<Measured> measure(const fs::path& path, std::uint64_t most,
                               const std::function<base::Status(base::wire::Bytes)>& each) {
  const base::io::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return base::io::fail_errno("open " + shown(path));
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return base::io::fail_errno("stat " + shown(path));
  if (!S_ISREG(info.st_mode)) return base::fail(shown(path) + " is no regular file");
  Measured measured;
  base::hash::Sha256 hash;
  std::vector<std::byte> buffer(buffer_size);
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::io::fail_errno("read " + shown(path));
    if (got == 0) break;
    const auto part = base::wire::Bytes(buffer).first(static_cast<std::size_t>(got));
    measured.size += part.size();
    if (measured.size > most) {
      return base::fail(shown(path) + " has more than " + std::to_string(most) + " bytes");
    }
    hash.add(part);
    const auto room = container_header_size - measured.beginning.size();
    measured.beginning.append(base::wire::as_text(part.first(std::min(room, part.size()))));
    if (!each) continue;
    if (auto done = each(part); !done) return base::Unexpected{done.error()};
  }
  measured.sha256 = hash.end();
  return measured;
}

base::Result<BundleSources> find_sources(const std::vector<fs::path>& folders,
                                         const std::optional<fs::path>& self_tests) {
  Finder finder;
  for (const fs::path& folder : folders) {
    if (auto added = finder.add_folder(folder); !added) return base::Unexpected{added.error()};
  }
  if (self_tests) {
    if (auto added = finder.add_self_tests(*self_tests); !added) {
      return base::Unexpected{added.error()};
    }
  }
  return finder.measure_all();
}

}  // namespace scannerqube::database::io
