// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/io/policy_store.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <system_error>
#include <utility>

#include "base/io/files.hpp"
#include "base/wire/escape.hpp"

namespace policy::io {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view suffix = ".policy";
// A file changed more recently than this may change again without its times showing it.
constexpr std::chrono::nanoseconds settle_time = std::chrono::seconds(2);

bool legal_file_name(std::string_view name) {
  return name.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz_.-") ==
         std::string_view::npos;
}

using Files = std::map<std::string, fs::path>;  // by base name, so sorted as policy wants it

// Adds the .policy files of a directory, except those whose name an earlier directory has.
base::Status scan(const fs::path& directory, Files& files) {
  std::error_code error;
  fs::directory_iterator entries(directory, error);
  if (error) {
    return base::fail("failed to load policy directory " + directory.string() + ": " +
                      error.message() + "; create it, it may be empty");
  }
  for (; entries != fs::directory_iterator(); entries.increment(error)) {
    const std::string name = entries->path().filename().string();
    std::error_code vanished;
    if (name.starts_with('.') || !name.ends_with(suffix) ||
        !fs::is_regular_file(entries->path(), vanished)) {
      continue;
    }
    if (!legal_file_name(name)) {
      return base::fail("invalid filename: " + base::wire::escape(entries->path().string()) +
                        "; use lower case letters, digits, '_', '.' and '-'");
    }
    files.emplace(name, entries->path());
    if (files.size() > PolicyStore::max_files) {
      return base::fail("more than " + std::to_string(PolicyStore::max_files) +
                        " policy files in " + directory.string());
    }
  }
  if (error) return base::fail("failed to read " + directory.string() + ": " + error.message());
  return base::Ok{};
}

// Finds included files in the policy directories, in their order, and notes what was looked at.
class DiskIncludes : public IncludeSource {
 public:
  DiskIncludes(const std::vector<fs::path>& directories, const fs::path& legacy,
               std::vector<fs::path>& watched)
      : directories_(directories), legacy_(legacy), watched_(watched) {}

  base::Result<PolicyFile> file(const std::string& path) override {
    for (const fs::path& directory : directories_) {
      const fs::path candidate = directory / path;
      watched_.push_back(candidate);
      std::error_code error;
      if (!fs::is_regular_file(candidate, error)) continue;
      auto text = base::io::read_file(candidate, PolicyStore::max_file_size);
      if (!text) return base::Unexpected{text.error()};
      return PolicyFile{candidate.string(), *std::move(text)};
    }
    return base::fail("not a file: " + base::wire::escape(path));
  }

  base::Result<std::vector<std::string>> directory(const std::string& path) override {
    for (const fs::path& directory : directories_) {
      const fs::path candidate = directory / path;
      watched_.push_back(candidate);
      std::error_code error;
      if (!fs::is_directory(candidate, error)) continue;
      Files files;
      if (auto scanned = scan(candidate, files); !scanned) {
        return base::Unexpected{scanned.error()};
      }
      std::vector<std::string> paths;
      for (const auto& [name, found] : files) paths.push_back(found.string());
      return paths;
    }
    return base::fail("not a directory: " + base::wire::escape(path));
  }

  base::Result<std::vector<std::string>> legacy_names() override {
    watched_.push_back(legacy_);
    std::error_code error;
    fs::directory_iterator entries(legacy_, error);
    std::vector<std::string> names;
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
      std::error_code vanished;
      if (fs::is_regular_file(entries->path(), vanished)) {
        names.push_back(entries->path().filename().string());
      }
      if (names.size() > PolicyStore::max_files) {
        return base::fail("more than " + std::to_string(PolicyStore::max_files) + " files in " +
                          legacy_.string());
      }
    }
    if (error) {
      return base::fail("!compat-4.0: failed to read " + legacy_.string() + ": " + error.message() +
                        "; create it, or take this line out");
    }
    return names;
  }

  base::Result<PolicyFile> legacy_file(const std::string& name) override {
    const fs::path path = legacy_ / name;
    watched_.push_back(path);
    auto text = base::io::read_file(path, PolicyStore::max_file_size);
    if (!text) return base::Unexpected{text.error()};
    return PolicyFile{path.string(), *std::move(text)};
  }

 private:
  const std::vector<fs::path>& directories_;
  const fs::path& legacy_;
  std::vector<fs::path>& watched_;
};

std::chrono::nanoseconds since_epoch(const timespec& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

PolicyStore::PolicyStore(const base::io::Paths& paths)
    : PolicyStore({paths.runtime_policy_d(), paths.policy_d()}, paths.legacy_policy()) {}

PolicyStore::PolicyStore(std::vector<fs::path> directories, fs::path legacy)
    : directories_(std::move(directories)),
      legacy_(std::move(legacy)),
      current_(base::fail("no policy was loaded yet")) {}

const base::Result<Ruleset>& PolicyStore::current() {
  if (settled_ && signature_of(watched_).text == signature_) return current_;
  // A file that changes while it is read is newer than `started`, so it is read again next time.
  const auto started = std::chrono::system_clock::now().time_since_epoch();
  watched_ = directories_;
  current_ = load(watched_);
  const Signature now = signature_of(watched_);
  signature_ = now.text;
  settled_ = now.newest + settle_time < started;
  return current_;
}

base::Result<Ruleset> PolicyStore::load(std::vector<fs::path>& watched) const {
  Files files;
  for (const fs::path& directory : directories_) {
    if (auto scanned = scan(directory, files); !scanned) return base::Unexpected{scanned.error()};
  }
  std::vector<PolicyFile> texts;
  for (const auto& [name, path] : files) {
    watched.push_back(path);
    auto text = base::io::read_file(path, max_file_size);
    if (!text) return base::fail("failed to load policy: " + text.error().text);
    texts.push_back({path.string(), *std::move(text)});
  }
  DiskIncludes includes(directories_, legacy_, watched);
  return parse_policy(texts, &includes);
}

PolicyStore::Signature PolicyStore::signature_of(const std::vector<fs::path>& watched) {
  Signature signature;
  for (const fs::path& path : watched) {
    struct stat facts {};
    signature.text += path.native();
    if (::stat(path.c_str(), &facts) != 0) {
      signature.text += " missing\n";
      continue;
    }
    signature.newest = std::max(signature.newest, since_epoch(facts.st_ctim));
    for (const auto number : {std::uintmax_t{facts.st_dev}, std::uintmax_t{facts.st_ino},
                              static_cast<std::uintmax_t>(facts.st_size),
                              static_cast<std::uintmax_t>(since_epoch(facts.st_mtim).count()),
                              static_cast<std::uintmax_t>(since_epoch(facts.st_ctim).count())}) {
      signature.text += ' ' + std::to_string(number);
    }
    signature.text += '\n';
  }
  return signature;
}

}  // namespace policy::io
