// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/io/doctor_tool.hpp"

#include "cli/doctor_findings.hpp"
#include "cli/io/doctor_host.hpp"
#include "cli/io/doctor_policy.hpp"
#include "cli/own_command.hpp"
#include "cli/sallyport_command.hpp"

namespace cli::io {

Outcome run_doctor(const Words& words, const base::io::Paths& paths, std::size_t columns) {
  const CommandSpec spec = sallyport_spec({"doctor"});
  const auto given = read_arguments(spec, words);
  if (auto over = help_or_misuse(spec, given, columns)) return *std::move(over);
  const auto sys = given->options.find("--sys");
  const std::filesystem::path folder = sys == given->options.end() ? "/sys" : sys->second.back();
  const auto findings = doctor::examine(read_facts(paths, folder, policy_of(paths)));
  return {.code = doctor::any_problem(findings) ? exit_failure : 0,
          .out = given->has("--json") ? doctor::findings_json(findings)
                                      : doctor::format_findings(findings),
          .err = {}};
}

}  // namespace cli::io
