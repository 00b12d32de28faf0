// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/io/scan_tool.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "base/io/files.hpp"
#include "base/sign/io/key_files.hpp"
#include "cli/io/image_root.hpp"
#include "cli/io/scan_again.hpp"
#include "cli/io/scan_device.hpp"
#include "cli/io/scan_release.hpp"
#include "cli/own_command.hpp"
#include "cli/scan_specs.hpp"
#include "scanner-qube/report/io/report_json.hpp"
#include "scanner-qube/report/io/statement_json.hpp"
#include "scanner-qube/report/report_lines.hpp"
#include "scanner-qube/report/signed_text.hpp"

namespace cli::io {
namespace {

namespace json = boost::json;
namespace report = scannerqube::report;
using scannerqube::Verdict;

struct Verified {
  std::string key_id;
  std::string line;
  report::Statement statement;
  bool image_compared = false;
};

std::string word_of(const Arguments& given, std::size_t number) {
  const bool there = number < given.positionals.size() && !given.positionals[number].empty();
  return there ? given.positionals[number].front() : std::string();
}

base::Status compare_image(const std::string& path, const report::ScanFacts& facts) {
  const auto root = root_of_image(path, facts.medium_size);
  if (!root) return base::Unexpected{root.error()};
  if (*root == facts.root) return base::Ok{};
  return base::fail(path + ": its root is " + base::hash::to_hex(*root) +
                    ", what was scanned has " + base::hash::to_hex(facts.root));
}

// Nothing of the report is looked at before its signature.
base::Result<Verified> verify(const Arguments& given, const base::io::Paths& paths) {
  const auto named = given.options.find("--key");
  const std::string key_path =
      named == given.options.end() ? (paths.etc() / "scan.pub").string() : named->second.back();
  const auto key = base::sign::io::read_public_key(key_path);
  if (!key) {
    return base::fail("no key to check with: " + key.error().text +
                      "; --key names that of the machine that signed");
  }
  const std::string path = word_of(given, 0);
  const auto text = base::io::read_file(path, report::max_signed_bytes);
  if (!text) return base::Unexpected{text.error()};
  const auto line = report::open_signed(*key, *text);
  if (!line) return base::fail(path + ": " + line.error().text);
  auto statement = report::parse_statement(*line);
  if (!statement) return base::fail(path + ": " + statement.error().text);
  const std::string image = word_of(given, 1);
  if (!image.empty()) {
    if (auto same = compare_image(image, statement->facts); !same) {
      return base::fail("this is not the medium that was scanned: " + same.error().text);
    }
  }
  return Verified{.key_id = key->id(),
                  .line = std::string(*line),
                  .statement = *std::move(statement),
                  .image_compared = !image.empty()};
}

Outcome refused(const std::string& why, bool as_json) {
  std::string out;
  if (as_json) out = json::serialize(json::object{{"error", why}, {"verified", false}}) + "\n";
  return {.code = exit_not_verified,
          .out = std::move(out),
          .err = "sallyport: error: not verified: " + why + "\n"};
}

// The line is JSON already, and the very bytes that were signed.
std::string verified_json(const Verified& verified) {
  return "{\"image\":\"" + std::string(verified.image_compared ? "same" : "not compared") +
         "\",\"key\":\"" + verified.key_id + "\",\"statement\":" + verified.line +
         ",\"verdict\":\"" + std::string(verdict_name(verified.statement.verdict())) +
         "\",\"verified\":true}\n";
}

Outcome run_verify(const Arguments& given, const base::io::Paths& paths) {
  const bool as_json = given.has("--json");
  const auto verified = verify(given, paths);
  if (!verified) return refused(verified.error().text, as_json);
  const std::string lines =
      "signed:   by key " + verified->key_id + ", unchanged\nimage:    " +
      (verified->image_compared ? "the bytes that were scanned" : "not compared") + "\n" +
      report::as_lines(verified->statement);
  return {.code = verified->statement.verdict() == Verdict::clean ? 0 : exit_failure,
          .out = as_json ? verified_json(*verified) : lines,
          .err = {}};
}

Outcome run_show(const Arguments& given) {
  const std::string path = word_of(given, 0);
  const auto text = base::io::read_file(path, report::max_signed_bytes);
  if (!text) return own_failure(text.error().text);
  if (const auto parts = report::split_signed(*text)) {
    const auto statement = report::parse_statement(parts->line);
    if (!statement) return own_failure(path + ": " + statement.error().text);
    return {.code = 0,
            .out = "signed:   not checked; it says by key " + parts->key_id + "\n" +
                   report::as_lines(*statement),
            .err = {}};
  }
  const auto plain = report::parse_report(*text);
  if (!plain) return own_failure(path + ": " + plain.error().text);
  return {.code = 0, .out = "signed:   by nobody\n" + report::as_lines(*plain), .err = {}};
}

Outcome run_key(const Arguments& given, const base::io::Paths& paths) {
  const auto named = given.options.find("--out");
  const bool own = named == given.options.end();
  const std::string secret =
      own ? (paths.etc() / "scan.key").string() : std::string(named->second.back());
  const std::string beside = own ? (paths.etc() / "scan.pub").string() : secret + ".pub";
  const auto key = base::sign::io::make_key_files(secret, beside);
  if (!key) return own_failure(key.error().text);
  return {.code = 0,
          .out = "secret key: " + secret + "\npublic key: " + beside + ", id " + key->id() + "\n",
          .err = {}};
}

// "sys-usb:sda" is none of the commands.
bool asks_for_scan(const Words& words, const CommandSpec& spec) {
  const auto device = std::ranges::find_if(
      words, [](const std::string& word) { return word.find(':') != std::string::npos; });
  return device != words.end() && std::ranges::find_first_of(words, spec.commands) == words.end();
}

}  // namespace

Outcome run_scan(const Words& words, const Admin& admin, const base::io::Paths& paths,
                 std::size_t columns) {
  const CommandSpec spec = scan_spec();
  if (asks_for_scan(words, spec)) return run_scan_device(words, admin, paths, columns);
  const auto given = read_arguments(spec, words);
  if (auto over = help_or_misuse(spec, given, columns)) return *std::move(over);
  const std::string& verb = given->command;
  if (verb.empty()) return misused(spec, columns, "the following arguments are required: command");
  const CommandSpec verb_spec = scan_verb_spec(verb);
  const auto rest = read_arguments(verb_spec, given->rest);
  if (auto over = help_or_misuse(verb_spec, rest, columns)) return *std::move(over);
  if (verb == "verify") return run_verify(*rest, paths);
  if (verb == "show") return run_show(*rest);
  if (verb == "again") return run_scan_again(*rest, paths);
  if (verb == "release") return run_scan_release(*rest, paths);
  return run_key(*rest, paths);
}

}  // namespace cli::io
