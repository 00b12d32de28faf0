// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/io/scan_release.hpp"

#include "base/io/sealed_file.hpp"
#include "base/sign/io/key_files.hpp"
#include "base/wire/escape.hpp"
#include "cli/io/desk_client.hpp"
#include "cli/io/snapshot_source.hpp"
#include "cli/own_command.hpp"
#include "scanner-qube/release/io/write_release.hpp"
#include "scanner-qube/release/permitted.hpp"
#include "scanner-qube/release/signed_list.hpp"
#include "scanner-qube/report/report_lines.hpp"

namespace cli::io {
namespace {

namespace release = scannerqube::release;
namespace report = scannerqube::report;
using release::FormatWish;

std::string option_of_release(const Arguments& given, std::string_view name) {
  const auto found = given.options.find(name);
  return found == given.options.end() ? std::string() : found->second.back();
}

base::Result<FormatWish> format_of(const std::string& word) {
  if (word.empty()) return FormatWish::fat32_if_it_fits;
  if (word == "fat32") return FormatWish::fat32;
  if (word == "exfat") return FormatWish::exfat;
  return base::fail("--format is fat32 or exfat, not " + python_repr(word));
}

// "sys-snapshot:NAME" is what a scan calls it.
std::string snapshot_name(const std::string& word) { return word.substr(word.find(':') + 1); }

struct Material {
  CheckedReport report;
  std::string signed_list;
  std::string_view list;  // of signed_list
  std::unique_ptr<SnapshotSource> medium;
};

base::Result<Material> gather(const DeskClient& desk, const std::string& snapshot,
                              const base::io::Paths& paths) {
  using Verb = scannerqube::desk::DeskRequest::Verb;
  auto answer = desk.ask({.verb = Verb::release, .snapshot = snapshot, .device = {}});
  if (!answer) return base::Unexpected{answer.error()};
  if (answer->word.starts_with("unscanned ")) {
    return base::fail(base::wire::escape(answer->word.substr(10), answer->word.size()) +
                      "; scan it first: sallyport scan STORAGE:" + snapshot + " --wait");
  }
  if (answer->files.size() != 3) return base::fail("sallyport-scans gave no list and no stream");
  auto checked = read_report(paths, *answer);
  if (!checked) return base::Unexpected{checked.error()};
  auto list = base::io::read_memory_file(answer->files[1], release::max_signed_list);
  if (!list) return base::Unexpected{list.error()};
  const auto key = base::sign::io::read_public_key(paths.etc() / "scan.pub");
  if (!key) return base::Unexpected{key.error()};
  const auto opened = release::open_list(*key, checked->signed_text, *list);
  if (!opened) return base::Unexpected{opened.error()};
  auto medium =
      SnapshotSource::connect(std::move(answer->files[2]), checked->statement.facts.medium_size);
  if (!medium) return base::Unexpected{medium.error()};
  return Material{.report = *std::move(checked),
                  .signed_list = *std::move(list),
                  .list = {},
                  .medium = *std::move(medium)};
}

base::Result<release::Released> write(const Material& material, FormatWish format,
                                      const release::ReleaseTarget& target) {
  const auto room = target.room();
  if (!room) return base::Unexpected{room.error()};
  const report::Statement& statement = material.report.statement;
  TerminalLine terminal;
  return release::write_release(
      *material.medium, target,
      {.list = material.list,
       .root = statement.facts.root,
       .options = {.format = format,
                   .report = material.report.signed_text,
                   .largest = *room,
                   .time = statement.facts.ended},
       .note = [&statement](std::size_t files) { return release::release_note(statement, files); }},
      [&terminal](release::ReleaseStep step, std::uint64_t done, std::uint64_t total) {
        const std::string percent = std::to_string(total == 0 ? 100 : done / (total / 100 + 1));
        terminal.show(percent + (step == release::ReleaseStep::proving
                                     ? " % of the snapshot checked"
                                     : " % written"));
      });
}

Outcome not_released(const std::string& why) { return own_failure("nothing was released: " + why); }

}  // namespace

Outcome run_scan_release(const Arguments& given, const base::io::Paths& paths) {
  const std::string to = option_of_release(given, "--to");
  const auto format = format_of(option_of_release(given, "--format"));
  if (!format || to.empty()) {
    const std::string why = format ? "--to says where the volume goes" : format.error().text;
    return {.code = exit_usage, .out = {}, .err = "sallyport: error: " + why + "\n"};
  }
  // First: a wrong place is told at once.
  const auto target = release::ReleaseTarget::open(
      to, given.has("--overwrite") ? release::Overwrite::yes : release::Overwrite::no);
  if (!target) return not_released(target.error().text);
  const auto desk = DeskClient::connect(paths);
  if (!desk) return not_released(desk.error().text);
  auto material = gather(*desk, snapshot_name(given.positionals.at(0).front()), paths);
  if (!material) return not_released(material.error().text);
  material->list = std::string_view(material->signed_list).substr(release::signed_list_head);
  const report::Statement& statement = material->report.statement;
  const auto permitted =
      release::check_release(statement, given.has("--incomplete") ? release::Incomplete::allow
                                                                  : release::Incomplete::refuse);
  if (!permitted) return not_released(permitted.error().text);
  const auto written = write(*material, *format, *target);
  if (!written) return not_released(written.error().text);
  if (auto named = target->finish(); !named) return not_released(named.error().text);
  return {.code = 0,
          .out = report::as_lines(statement) + release::left_out_lines(statement, written->files) +
                 "released: " + std::to_string(written->files) + " files, on " +
                 (written->exfat ? "exFAT" : "FAT32") + " of " + std::to_string(written->bytes) +
                 " bytes: " + to + "\n",
          .err = {}};
}

}  // namespace cli::io
