// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/io/scan_device.hpp"

#include <chrono>
#include <iostream>
#include <thread>

#include "base/io/files.hpp"
#include "cli/device_run.hpp"
#include "cli/io/desk_client.hpp"
#include "cli/io/passphrase.hpp"
#include "cli/io/snapshot_tool.hpp"
#include "cli/own_command.hpp"
#include "cli/scan_progress.hpp"
#include "cli/scan_specs.hpp"
#include "scanner-qube/report/report_lines.hpp"

namespace cli::io {
namespace {

namespace report = scannerqube::report;
using scannerqube::Verdict;
using scannerqube::desk::DeskRequest;

constexpr std::chrono::milliseconds answer_poll{50};
constexpr int most_answer_tries = 60;

Outcome no_verdict(const std::string& why) {
  return {
      .code = exit_no_verdict, .out = {}, .err = "sallyport: error: not scanned: " + why + "\n"};
}

std::string option_of(const Arguments& given, const char* name) {
  const auto found = given.options.find(name);
  return found == given.options.end() ? std::string() : found->second.back();
}

// Whoever chose "scan first" at a prompt is here before the daemon has heard the answer.
void wait_while_asking(const std::string& device, const Admin& admin) {
  for (int tries = 0; tries < most_answer_tries; ++tries) {
    const auto found = find_block_device(admin, device);
    const auto* state =
        found && *found ? base::device::find_property((*found)->extras, "state") : nullptr;
    if (state == nullptr || !state->starts_with("asking ")) return;
    std::this_thread::sleep_for(answer_poll);
  }
}

// Of what is encrypted on the medium; nothing: it stays shut.
base::Result<std::optional<base::io::Fd>> passphrase_of(const Arguments& given,
                                                        const std::string& device) {
  const std::string file = option_of(given, "--passphrase-file");
  if (file.empty() && !given.has("--passphrase")) return std::optional<base::io::Fd>();
  if (given.has("--remember")) {
    return base::fail("what is on an encrypted medium is not remembered: leave --remember out");
  }
  auto passphrase = file.empty()
                        ? ask_passphrase("Passphrase for what is encrypted on " + device + ": ")
                        : read_passphrase(file);
  if (!passphrase) return base::Unexpected{passphrase.error()};
  return std::optional(*std::move(passphrase));
}

struct ToScan {
  NewSnapshot snapshot;
  std::string device_id;                     // as dom0 has it; empty: not known
  std::optional<base::hash::Digest> medium;  // to be remembered
};

// A snapshot is scanned as it is; of anything else one is made.
base::Result<ToScan> snapshot_of(const std::string& device, const Arguments& given,
                                 const Admin& admin) {
  const std::string backend = device.substr(0, device.find(':'));
  auto storage = storage_of(admin, option_of(given, "--storage"));
  if (!storage) return base::Unexpected{storage.error()};
  if (backend == *storage) {
    if (given.has("--remember")) {
      return base::fail(device + " is a snapshot: --remember is for the device itself");
    }
    return ToScan{.snapshot = {.storage = *storage, .name = device.substr(backend.size() + 1)},
                  .device_id = {},
                  .medium = std::nullopt};
  }
  wait_while_asking(device, admin);
  SnapshotWish wish{.device = device, .identity = {}, .name = {}, .storage = *storage};
  const auto found = find_block_device(admin, device);
  if (!found) return base::Unexpected{found.error()};
  if (!*found) return base::fail("there is no device " + device);
  // What is snapshotted is what is stated, and remembered.
  if ((*found)->device_id != unknown_device_id) wish.identity = (*found)->device_id;
  std::optional<base::hash::Digest> medium;
  if (given.has("--remember")) {
    medium = scannerqube::desk::medium_digest((*found)->device_id);
    if (!medium) {
      return base::fail(device +
                        " has no serial number, so it cannot be told from others of its kind; "
                        "scan it without --remember");
    }
  }
  auto made = make_snapshot(admin, wish);
  if (!made) return base::Unexpected{made.error()};
  std::cerr << "Snapshot " << made->storage << ':' << made->name << " of " << device << ".\n";
  return ToScan{.snapshot = *std::move(made),
                .device_id = wish.identity.substr(0, scannerqube::desk::max_device),
                .medium = medium};
}

}  // namespace

base::Result<DeskAnswer> ask_for_scan(const base::io::Paths& paths, const DeskRequest& request,
                                      TerminalLine::Style style, const base::io::Fd* passphrase) {
  const auto desk = DeskClient::connect(paths);
  if (!desk) return base::Unexpected{desk.error()};
  TerminalLine terminal(style);
  ScanProgressLine line;
  const auto began = std::chrono::steady_clock::now();
  const auto show = [&](std::string_view word) {
    if (!line.take(word)) return;
    const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - began);
    terminal.show(line.text(static_cast<std::uint64_t>(elapsed.count())));
  };
  return desk->ask(request, show, passphrase);
}

namespace {

Outcome show(const DeskAnswer& answered, const base::io::Paths& paths, const Arguments& given) {
  const auto checked = read_report(paths, answered);
  if (!checked) return no_verdict(checked.error().text);
  if (const std::string out = option_of(given, "--out"); !out.empty()) {
    auto written = base::io::write_file_atomically(out, checked->signed_text);
    if (!written) return no_verdict(written.error().text);
  }
  const Verdict verdict = checked->statement.verdict();
  const int code = verdict == Verdict::clean    ? 0
                   : verdict == Verdict::failed ? exit_no_verdict
                                                : exit_failure;
  if (given.has("--json")) return {.code = code, .out = checked->signed_text, .err = {}};
  const bool known = answered.word.ends_with(" known");
  return {.code = code,
          .out = (known ? "These bytes were scanned before.\n" : "") +
                 report::as_lines(checked->statement),
          .err = {}};
}

// What was scanned, and nothing that the device says later; policy is asked as for any device.
Outcome attach(const NewSnapshot& snapshot, const std::string& qube, const Admin& admin,
               Outcome scanned) {
  if (scanned.code != 0) {
    scanned.err += "sallyport: error: not attached to " + qube + ": it is not clean\n";
    return scanned;
  }
  // Whoever is asked at a prompt now may want to have read it.
  std::cout << scanned.out << std::flush;
  DeviceCommand command;
  command.action = DeviceAction::attach;
  command.prog = "qvm-block";
  command.device_class = "block";
  command.qubes = {qube};
  command.device = snapshot.storage + ":" + snapshot.name;
  command.options = {{.key = "read-only", .value = "yes"}};
  return run_device_command(command, admin, Header::hidden);
}

}  // namespace

Outcome run_scan_device(const Words& words, const Admin& admin, const base::io::Paths& paths,
                        std::size_t columns) {
  const CommandSpec spec = scan_device_spec();
  const auto given = read_arguments(spec, words);
  if (auto over = help_or_misuse(spec, given, columns)) return *std::move(over);
  const std::string device = given->positionals.at(0).front();
  const auto passphrase = passphrase_of(*given, device);
  if (!passphrase) return no_verdict(passphrase.error().text);
  const auto found = snapshot_of(device, *given, admin);
  if (!found) return no_verdict(found.error().text);
  const NewSnapshot& snapshot = found->snapshot;
  const bool waits = given->has("--wait") || given->has("--remember") || given->has("--json") ||
                     given->has("--out") || given->has("--attach");
  const auto answered = ask_for_scan(
      paths,
      {.snapshot = snapshot.name,
       .device = device,
       .device_id = found->device_id,
       .deleted = given->has("--deleted"),
       .again = given->has("--again"),
       .medium = found->medium,
       .passphrase = passphrase->has_value(),
       .stays = waits},
      given->has("--progress") ? TerminalLine::Style::each_line : TerminalLine::Style::terminal,
      *passphrase ? &**passphrase : nullptr);
  if (!answered) return no_verdict(answered.error().text);
  if (answered->word == "started") {
    // 0 says clean, and nothing else.
    return {.code = exit_no_verdict,
            .out = "The scan has begun. Its verdict: sallyport scan " + snapshot.storage + ":" +
                   snapshot.name + " --wait\n",
            .err = {}};
  }
  Outcome shown = show(*answered, paths, *given);
  const std::string qube = option_of(*given, "--attach");
  return qube.empty() ? shown : attach(snapshot, qube, admin, std::move(shown));
}

}  // namespace cli::io
