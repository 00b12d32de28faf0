// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/scan_verdict.hpp"

#include "base/io/files.hpp"
#include "base/sign/io/key_files.hpp"
#include "base/wire/utc_text.hpp"
#include "scanner-qube/report/verdict_note.hpp"

namespace dom0::io {
namespace {

using Scan = policy::DeviceFacts::Scan;
using scannerqube::Verdict;
using scannerqube::report::VerdictNote;

constexpr std::uint64_t day = 86'400;

Scan scan_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::clean:
      return Scan::clean;
    case Verdict::suspicious:
      return Scan::suspicious;
    case Verdict::incomplete:
      return Scan::incomplete;
    case Verdict::infected:
      return Scan::infected;
    case Verdict::failed:
      break;
  }
  return Scan::failed;
}

ScanFacts not_believed(const std::string& why) {
  return {.scan = Scan::failed, .age = {}, .text = "no verdict: " + why};
}

ScanFacts facts_of(const VerdictNote& note) {
  ScanFacts facts{.scan = scan_of(note.verdict),
                  .age = {},
                  .text = std::string(verdict_name(note.verdict)) + ", scanned " +
                          base::wire::utc_text(note.ended, "%F")};
  const std::int64_t now = wall_clock();
  if (note.database_date > 0 && note.database_date <= now) {
    facts.age = static_cast<std::uint64_t>(now - note.database_date);
    const std::uint64_t days = *facts.age / day;
    facts.text += ", signatures " + std::to_string(days) + (days == 1 ? " day" : " days") + " old";
  }
  return facts;
}

}  // namespace

ScanFacts scan_of(const Switchboard& board, const std::string& backend, const Device& device) {
  const auto* block = device.block();
  scannerqube::report::SnapshotId id{};
  if (block == nullptr || !board.stores_snapshots(backend) ||
      !base::hash::from_hex(block->serial, id)) {
    return {};
  }
  std::error_code error;
  const auto path = board.verdict_folder / block->serial;
  const auto there = std::filesystem::status(path, error).type();
  if (there == std::filesystem::file_type::not_found) {
    return {.scan = Scan::none,
            .age = {},
            .text = "not scanned: sallyport scan " + backend + ":" + device.port_id()};
  }
  const auto text = base::io::read_file(path, scannerqube::report::max_note);
  if (!text) return not_believed(text.error().text);
  const auto key = base::sign::io::read_public_key(board.verdict_key);
  if (!key) return not_believed(key.error().text);
  const auto note = scannerqube::report::open_note(*key, *text);
  if (!note) return not_believed(note.error().text);
  if (note->snapshot != id) return not_believed("its note is another snapshot's");
  return facts_of(*note);
}

}  // namespace dom0::io
