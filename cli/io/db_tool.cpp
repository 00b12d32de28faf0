// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/io/db_tool.hpp"

#include <unistd.h>

#include <charconv>
#include <ctime>

#include "base/sign/io/key_files.hpp"
#include "base/wire/escape.hpp"
#include "base/wire/utc_text.hpp"
#include "cli/db_specs.hpp"
#include "cli/own_command.hpp"
#include "scanner-qube/database/io/import_bundle.hpp"
#include "scanner-qube/database/io/make_bundle.hpp"
#include "scanner-qube/database/io/status_output.hpp"

namespace cli::io {
namespace {

namespace fs = std::filesystem;
namespace db = scannerqube::database;

constexpr const char* check_user = "sallyport-db-check";

std::string value_of(const Arguments& given, std::string_view option) {
  const auto found = given.options.find(option);
  return found == given.options.end() ? "" : found->second.back();
}

std::string counted(std::size_t count, std::string_view what) {
  return std::to_string(count) + " file" + (count == 1 ? "" : "s") + " " + std::string(what);
}

// What the table cannot say: these options have to be there.
base::Result<db::io::MakeOptions> make_options(const Arguments& given) {
  for (const std::string_view needed : {"--key", "--out", "--serial"}) {
    if (!given.has(needed)) {
      return base::fail("the following arguments are required: " + std::string(needed));
    }
  }
  const Words& folders = given.positionals[0];
  if (folders.empty()) return base::fail("the following arguments are required: DIR");
  const std::string number = value_of(given, "--serial");
  std::uint64_t serial = 0;
  const auto parsed = std::from_chars(number.data(), number.data() + number.size(), serial);
  if (parsed.ec != std::errc{} || parsed.ptr != number.data() + number.size()) {
    return base::fail("argument --serial: invalid int value: " + python_repr(number));
  }
  db::io::MakeOptions options{.folders = {folders.begin(), folders.end()},
                              .self_tests = std::nullopt,
                              .out = value_of(given, "--out"),
                              .serial = db::Serial{serial},
                              .now = std::time(nullptr)};
  if (given.has("--corpus")) options.self_tests = value_of(given, "--corpus");
  return options;
}

Outcome make(const Arguments& given, const CommandSpec& spec, std::size_t columns) {
  const auto options = make_options(given);
  if (!options) return misused(spec, columns, options.error().text);
  const auto key = base::sign::io::read_secret_key(value_of(given, "--key"));
  if (!key) return own_failure(key.error().text);
  const auto made = db::io::make_bundle(*options, *key);
  if (!made) return own_failure(made.error().text);
  Outcome outcome{.code = 0,
                  .out = options->out.string() + ": serial " +
                         std::to_string(made->manifest.serial.value) + ", " +
                         counted(made->manifest.files.size(), "of signatures") + ", " +
                         counted(made->manifest.self_tests.size(), "to test them") +
                         ", signed with key " + key->public_key().id() + "\n",
                  .err = {}};
  for (const std::string& why : made->left_out) outcome.err += "left out: " + why + "\n";
  if (made->manifest.self_tests.empty()) {
    outcome.err +=
        "warning: without --corpus nobody can tell whether these signatures find "
        "anything\n";
  }
  return outcome;
}

// Beside this program (a build's folder), else where it is installed.
fs::path check_program() {
  std::error_code error;
  const fs::path beside =
      fs::read_symlink("/proc/self/exe", error).parent_path() / "sallyport-db-check";
  return fs::exists(beside, error) ? beside : fs::path(SALLYPORT_LIBEXEC "/sallyport-db-check");
}

Outcome bring_in(const Arguments& given, const base::io::Paths& paths) {
  const fs::path key_file =
      given.has("--key") ? fs::path(value_of(given, "--key")) : paths.scan_db_key();
  const auto key = base::sign::io::read_public_key(key_file);
  if (!key) return own_failure("who may sign signatures? " + key.error().text);
  // Who is not root tests as itself: it cannot be another.
  std::string user = value_of(given, "--user");
  if (user.empty() && ::geteuid() == 0) user = check_user;
  const auto imported = db::io::import_bundle({.bundle = given.positionals[0].front(),
                                               .key = *key,
                                               .folder = paths.scan_db(),
                                               .check_program = check_program(),
                                               .user = user,
                                               .now = std::time(nullptr),
                                               .done = {}});
  if (!imported) return own_failure(imported.error().text);
  const db::Manifest& manifest = imported->published.manifest;
  const std::string what = "Signatures " + std::to_string(manifest.serial.value) + " of " +
                           base::wire::utc_text(manifest.created);
  if (imported->order == db::Order::same) {
    return {.code = 0, .out = what + " are in use already.\n", .err = {}};
  }
  return {.code = 0, .out = what + " are in use from now on.\n", .err = {}};
}

Outcome status(const Arguments& given, const base::io::Paths& paths) {
  const auto current = db::io::read_current(paths.scan_db());
  if (!current) return own_failure(current.error().text);
  const std::int64_t now = std::time(nullptr);
  return {.code = 0,
          .out = given.has("--json") ? db::io::status_json(*current, now)
                                     : db::io::status_lines(*current, now),
          .err = {}};
}

}  // namespace

Outcome run_db(const Words& words, const base::io::Paths& paths, std::size_t columns) {
  const CommandSpec spec = db_spec();
  const auto given = read_arguments(spec, words);
  if (auto over = help_or_misuse(spec, given, columns)) return *std::move(over);
  const std::string& verb = given->command;
  if (verb.empty()) return misused(spec, columns, "the following arguments are required: command");
  const CommandSpec verb_spec = db_verb_spec(verb);
  const auto rest = read_arguments(verb_spec, given->rest);
  if (auto over = help_or_misuse(verb_spec, rest, columns)) return *std::move(over);
  if (verb == "make") return make(*rest, verb_spec, columns);
  if (verb == "import") return bring_in(*rest, paths);
  return status(*rest, paths);
}

}  // namespace cli::io
