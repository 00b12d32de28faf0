// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/io/policy_files.hpp"

#include <algorithm>
#include <array>
#include <system_error>

#include "base/io/files.hpp"
#include "base/wire/escape.hpp"

namespace policy::io {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_path_shown = 4096;

std::string unreadable_directory(const fs::path& directory, const std::error_code& error) {
  return "failed to load policy directory " + directory.string() + ": " + error.message() +
         "; create it, it may be empty";
}

std::string bad_name(const fs::path& path) {
  return "invalid filename: " + base::wire::escape(path.string(), max_path_shown) +
         "; use lower case letters, digits, '_', '.' and '-'";
}

bool considered(const std::string& name) {
  return !name.starts_with('.') && name.ends_with(policy_suffix);
}

bool is_file(const fs::path& path) {
  std::error_code vanished;
  return fs::is_regular_file(path, vanished);
}

// "30-user.Policy", "30-user.policy.txt": no editor's or package's left-over has such a name.
bool surely_meant(std::string name) {
  if (name.starts_with('.')) return false;
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  constexpr std::array endings = {std::string_view(".policy"), std::string_view(".policy.txt"),
                                  std::string_view(".polcy"), std::string_view(".policies"),
                                  std::string_view(".ploicy")};
  return std::any_of(endings.begin(), endings.end(),
                     [&name](std::string_view ending) { return name.ends_with(ending); });
}

Finding about_file(Finding::Severity severity, const fs::path& path, std::string text) {
  return {.severity = severity, .file = path.string(), .line = 1, .text = std::move(text)};
}

void survey_entry(const fs::path& path, Survey& survey) {
  const std::string name = path.filename().string();
  const bool has_name = considered(name);
  if (!has_name && !surely_meant(name)) return;
  if (!has_name || !is_file(path)) {
    survey.findings.push_back(
        about_file(Finding::Severity::warning, path,
                   has_name ? "is not read: it is no regular file, or leads to none"
                            : "is not read: its name does not end in '.policy'"));
    return;
  }
  if (!legal_policy_name(name)) {
    survey.findings.push_back(about_file(Finding::Severity::error, path, bad_name(path)));
    return;
  }
  const auto [first, added] = survey.files.emplace(name, path);
  if (added) return;
  survey.findings.push_back(
      about_file(Finding::Severity::warning, path,
                 "is not read: " + base::wire::escape(first->second.string(), max_path_shown) +
                     " has the same name and stands in a directory that comes before"));
}

}  // namespace

bool legal_policy_name(std::string_view name) {
  return name.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz_.-") ==
         std::string_view::npos;
}

base::Status scan_policy(const fs::path& directory, PolicyPaths& files) {
  std::error_code error;
  fs::directory_iterator entries(directory, error);
  if (error) return base::fail(unreadable_directory(directory, error));
  for (; entries != fs::directory_iterator(); entries.increment(error)) {
    const std::string name = entries->path().filename().string();
    if (!considered(name) || !is_file(entries->path())) continue;
    if (!legal_policy_name(name)) return base::fail(bad_name(entries->path()));
    files.emplace(name, entries->path());
    if (files.size() > max_policy_files) {
      return base::fail("more than " + std::to_string(max_policy_files) + " policy files in " +
                        directory.string());
    }
  }
  if (error) return base::fail("failed to read " + directory.string() + ": " + error.message());
  return base::Ok{};
}

base::Result<PolicyFile> read_policy_file(const fs::path& path) {
  auto text = base::io::read_file(path, max_policy_file_size);
  if (!text) return base::Unexpected{text.error()};
  return PolicyFile{path.string(), *std::move(text)};
}

Survey survey_policy(const std::vector<fs::path>& directories) {
  Survey survey;
  for (const fs::path& directory : directories) {
    std::error_code error;
    fs::directory_iterator entries(directory, error);
    std::vector<fs::path> paths;  // sorted: a directory has no order of its own
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
      paths.push_back(entries->path());
    }
    if (error) {
      survey.findings.push_back(
          about_file(Finding::Severity::error, directory, unreadable_directory(directory, error)));
    }
    std::sort(paths.begin(), paths.end());
    for (const fs::path& path : paths) survey_entry(path, survey);
    if (survey.files.size() <= max_policy_files) continue;
    survey.findings.push_back(
        about_file(Finding::Severity::error, directory,
                   "more than " + std::to_string(max_policy_files) + " policy files in all"));
    survey.files.clear();
    return survey;
  }
  return survey;
}

base::Result<PolicyFile> DiskIncludes::file(const std::string& path) {
  for (const fs::path& directory : directories_) {
    const fs::path candidate = directory / path;
    watched_.push_back(candidate);
    if (is_file(candidate)) return read_policy_file(candidate);
  }
  return base::fail("not a file: " + base::wire::escape(path));
}

base::Result<std::vector<std::string>> DiskIncludes::directory(const std::string& path) {
  for (const fs::path& directory : directories_) {
    const fs::path candidate = directory / path;
    watched_.push_back(candidate);
    std::error_code error;
    if (!fs::is_directory(candidate, error)) continue;
    PolicyPaths files;
    if (auto scanned = scan_policy(candidate, files); !scanned) {
      return base::Unexpected{scanned.error()};
    }
    std::vector<std::string> paths;
    for (const auto& [name, found] : files) paths.push_back(found.string());
    return paths;
  }
  return base::fail("not a directory: " + base::wire::escape(path));
}

base::Result<std::vector<std::string>> DiskIncludes::legacy_names() {
  watched_.push_back(legacy_);
  std::error_code error;
  fs::directory_iterator entries(legacy_, error);
  std::vector<std::string> names;
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    if (is_file(entries->path())) names.push_back(entries->path().filename().string());
    if (names.size() > max_policy_files) {
      return base::fail("more than " + std::to_string(max_policy_files) + " files in " +
                        legacy_.string());
    }
  }
  if (error) {
    return base::fail("!compat-4.0: failed to read " + legacy_.string() + ": " + error.message() +
                      "; create it, or take this line out");
  }
  return names;
}

base::Result<PolicyFile> DiskIncludes::legacy_file(const std::string& name) {
  const fs::path path = legacy_ / name;
  watched_.push_back(path);
  return read_policy_file(path);
}

}  // namespace policy::io
