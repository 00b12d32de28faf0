// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport policy test`: a person's own expectations.
#include <ostream>

#include "base/wire/escape.hpp"
#include "policy/expectations.hpp"
#include "policy/io/tool_commands.hpp"

namespace policy::io {
namespace {

// What keeps the tests from being run is no failed test.
int cannot_run(const ToolWorld& world, const std::string& why) {
  failed(world, why);
  return exit_usage;
}

int run_test(const Settings& settings, const ToolWorld& world) {
  if (settings.words.size() != 1) return misused(test_tool(), world, "one FILE is to be given");
  const std::string& file = settings.words[0];
  const auto text = read_policy_file(file);
  if (!text) return cannot_run(world, text.error().text);
  const Expectations expected = parse_expectations(text->text, file);
  for (const Finding& mistake : expected.mistakes) world.errors << render(mistake);
  if (!expected.mistakes.empty()) return exit_usage;
  const auto system = read_system_info(settings, world);
  if (!system) return cannot_run(world, system.error().text);
  PolicyStore store = settings.open_store(world.paths);
  const auto& rules = store.current();
  if (!rules) return cannot_run(world, "everything is denied: " + rules.error().text);

  std::size_t failures = 0;
  for (const Expectation& each : expected.all) {
    const std::string failure = find_failure(each, *rules, *system);
    if (failure.empty()) continue;
    ++failures;
    world.out << base::wire::escape(file) << ":" << each.line << ": " << failure;
  }
  world.out << expected.all.size() - failures << " passed, " << failures << " failed\n";
  return failures == 0 ? 0 : exit_failure;
}

}  // namespace

ToolCommand test_tool() {
  return {.name = "test",
          .usage =
              "sallyport policy test [--policy-dir DIR]... [--compat-dir DIR]\n"
              "                             [--system-info FILE] FILE\n",
          .options = {"policy-dir", "compat-dir", "system-info"},
          .run = run_test};
}

}  // namespace policy::io
