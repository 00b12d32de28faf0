// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/io/policy_store.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace policy::io {
namespace {

namespace fs = std::filesystem;

// A file changed more recently than this may change again without its times showing it.
constexpr std::chrono::nanoseconds settle_time = std::chrono::seconds(2);

std::chrono::nanoseconds since_epoch(const timespec& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::chrono::nanoseconds wall_clock() {
  return std::chrono::system_clock::now().time_since_epoch();
}

std::int64_t wall_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(wall_clock()).count();
}

}  // namespace

PolicyStore::PolicyStore(const base::io::Paths& paths)
    : PolicyStore({paths.runtime_policy_d(), paths.policy_d()}, paths.legacy_policy()) {}

PolicyStore::PolicyStore(std::vector<fs::path> directories, fs::path legacy)
    : directories_(std::move(directories)),
      legacy_(std::move(legacy)),
      in_force_(base::fail("no policy was loaded yet")) {}

const base::Result<Ruleset>& PolicyStore::current() {
  refresh();
  return in_force_;
}

const std::optional<PolicyProblem>& PolicyStore::problem() {
  refresh();
  return problem_;
}

void PolicyStore::refresh() {
  if (settled_ && signature_of(watched_).text == signature_) return;
  // A file that changes while it is read is newer than `started`, so it is read again next time.
  const auto started = wall_clock();
  watched_ = directories_;
  auto loaded = load(watched_);
  const Signature now = signature_of(watched_);
  signature_ = now.text;
  settled_ = now.newest + settle_time < started;
  take(std::move(loaded));
}

void PolicyStore::take(base::Result<Ruleset> loaded) {
  if (loaded) {
    // Read again only because its files are young, it is still the policy of its first reading.
    if (problem_ || !in_force_since_ || good_signature_ != signature_) {
      in_force_since_ = wall_seconds();
    }
    good_signature_ = signature_;
    in_force_ = std::move(loaded);
    problem_.reset();
    return;
  }
  const std::string& text = loaded.error().text;
  if (!problem_ || problem_->text != text) {
    problem_ = PolicyProblem{.text = text, .since = wall_seconds()};
  }
  if (!in_force_since_) in_force_ = std::move(loaded);
}

base::Result<Ruleset> PolicyStore::with_file(const std::string& name,
                                             const std::string& text) const {
  std::vector<fs::path> unwatched;
  const PolicyFile instead{(directories_.back() / name).string(), text};
  return load(unwatched, &instead);
}

base::Result<Ruleset> PolicyStore::load(std::vector<fs::path>& watched,
                                        const PolicyFile* instead) const {
  PolicyPaths files;
  for (const fs::path& directory : directories_) {
    if (auto scanned = scan_policy(directory, files); !scanned) {
      return base::Unexpected{scanned.error()};
    }
  }
  // One of that name in an earlier directory still hides it.
  if (instead != nullptr) files.emplace(fs::path(instead->name).filename().string(), instead->name);
  // All of them before one is read: whichever is mended first is seen.
  for (const auto& [name, path] : files) watched.push_back(path);
  std::vector<PolicyFile> texts;
  for (const auto& [name, path] : files) {
    if (instead != nullptr && path == instead->name) {
      texts.push_back(*instead);
      continue;
    }
    auto file = read_policy_file(path);
    if (!file) return base::fail("failed to load policy: " + file.error().text);
    texts.push_back(*std::move(file));
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
