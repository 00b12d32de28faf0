// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport policy check`: all that is wrong with the files, or surely not meant.
#include <algorithm>
#include <ostream>

#include "base/wire/escape.hpp"
#include "policy/io/tool_commands.hpp"
#include "policy/lint.hpp"

namespace policy::io {
namespace {

namespace fs = std::filesystem;

// What is to be read, and what was found on the way there.
struct Input {
  std::vector<PolicyFile> files;
  std::vector<Finding> findings;
  std::vector<fs::path> include_from;
};

void take_file(const fs::path& path, Input& input) {
  auto file = read_policy_file(path);
  if (file) {
    input.files.push_back(*std::move(file));
    return;
  }
  input.findings.push_back({.file = path.string(), .line = 1, .text = file.error().text});
}

Input read_directories(const Settings& settings, const ToolWorld& world) {
  Input input;
  input.include_from = settings.directories(world.paths);
  Survey survey = survey_policy(input.include_from);
  input.findings = std::move(survey.findings);
  for (const auto& [name, path] : survey.files) take_file(path, input);
  return input;
}

// These alone, in the order in which policy would read them; what they include is looked for beside
// them first.
Input read_named(const Settings& settings, const ToolWorld& world) {
  Input input;
  std::vector<fs::path> paths(settings.words.begin(), settings.words.end());
  std::stable_sort(paths.begin(), paths.end(), [](const fs::path& a, const fs::path& b) {
    return a.filename() < b.filename();
  });
  for (const fs::path& path : paths) {
    const std::string name = path.filename().string();
    if (name.ends_with(policy_suffix) && !legal_policy_name(name)) {
      input.findings.push_back(
          {.file = path.string(),
           .line = 1,
           .text = "a file of this name spoils the whole policy; use lower case letters, digits, "
                   "'_', '.' and '-'"});
    }
    take_file(path, input);
    const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
    if (std::find(input.include_from.begin(), input.include_from.end(), folder) ==
        input.include_from.end()) {
      input.include_from.push_back(folder);
    }
  }
  for (fs::path& folder : settings.directories(world.paths)) {
    input.include_from.push_back(std::move(folder));
  }
  return input;
}

std::size_t count(const std::vector<Finding>& findings, Finding::Severity severity) {
  return static_cast<std::size_t>(
      std::count_if(findings.begin(), findings.end(),
                    [severity](const Finding& each) { return each.severity == severity; }));
}

int run_check(const Settings& settings, const ToolWorld& world) {
  if (settings.include_service && settings.words.empty()) {
    return misused(check_tool(), world, "--include-service is about FILEs that are to be given");
  }
  // Nobody has to know the qubes to check the grammar; a file that was named has to be right.
  const auto system = read_system_info(settings, world);
  if (!system && !settings.system_info.empty()) return failed(world, system.error().text);

  Input input =
      settings.words.empty() ? read_directories(settings, world) : read_named(settings, world);
  const fs::path legacy = settings.legacy(world.paths);
  std::vector<fs::path> looked_at;
  DiskIncludes includes(input.include_from, legacy, looked_at);
  LintReport report =
      lint(input.files,
           {.includes = &includes,
            .system = system ? &*system : nullptr,
            .form = settings.include_service ? RuleForm::three_columns : RuleForm::five_columns});
  std::vector<Finding>& all = input.findings;
  std::move(report.findings.begin(), report.findings.end(), std::back_inserter(all));
  for (const Finding& finding : all) world.out << render(finding);

  const std::size_t errors = count(all, Finding::Severity::error);
  const std::size_t warnings = all.size() - errors;
  const std::string read =
      counted(report.rules, "rule") + " in " + counted(input.files.size(), "file");
  if (all.empty()) {
    world.out << "good: " << read << "\n";
  } else {
    world.out << counted(errors, "error") << ", " << counted(warnings, "warning") << "; " << read
              << (report.complete ? "" : "; there are more") << "\n";
  }
  if (!system) {
    world.errors << "sallyport policy check: names of qubes were not checked: "
                 << system.error().text << "\n";
  }
  return errors > 0 || (settings.strict && warnings > 0) ? exit_failure : 0;
}

}  // namespace

ToolCommand check_tool() {
  return {.name = "check",
          .usage =
              "sallyport policy check [--policy-dir DIR]... [--compat-dir DIR]\n"
              "                              [--system-info FILE] [--strict] [FILE...]\n"
              "       sallyport policy check --include-service FILE...\n",
          .options = {"policy-dir", "compat-dir", "system-info", "strict", "include-service"},
          .run = run_check};
}

}  // namespace policy::io
