// SPDX-License-Identifier: GPL-2.0-or-later
// One scan, from the request to the signed report; in a process of its own.
#pragma once

#include <filesystem>
#include <string>

#include "base/io/fd.hpp"
#include "base/io/log.hpp"
#include "base/io/paths.hpp"
#include "base/sign/ed25519.hpp"
#include "scanner-qube/desk/desk_request.hpp"
#include "scanner-qube/desk/io/kept_reports.hpp"
#include "scanner-qube/desk/io/remembered.hpp"
#include "scanner-qube/release/release_list.hpp"
#include "scanner-qube/report/statement.hpp"
#include "scanner-qube/report/verdict_note.hpp"

namespace scannerqube::desk {

struct Asker {
  const base::io::Fd& socket;  // SOCK_SEQPACKET
  std::string who;             // as the kernel says
  // Of encrypted parts, in a file in memory; nullptr: none. Handed on, and not looked at here.
  const base::io::Fd* passphrase = nullptr;
};

// The asker hears "progress reading DONE TOTAL" (blocks), "progress scanning FILES BYTES", and last
// "done VERDICT NEW|KNOWN" with the signed report as a sealed file, or "failed WHY". One that
// leaves ends it all.
class ScanCase {
 public:
  ScanCase(const base::io::Paths& paths, const base::sign::KeyPair& key, const base::io::Log& log,
           Asker asker)
      : paths_(paths),
        key_(key),
        kept_(paths, key),
        remembered_(paths, key),
        log_(log),
        asker_(std::move(asker)) {}

  void run(const DeskRequest& request);

 private:
  struct Answers {
    std::string seal;                 // "done ...", or why not
    std::string report;               // of the scanner qube; not looked at yet
    std::string files;                // its list of those that are clean; neither
    std::string no_report;            // why there is none
    base::hash::Digest options = {};  // of the engine (cache/scope.hpp)
  };

  struct Asked {
    report::ScanFacts facts;
    Answers answers;
    bool known = false;  // and answered
  };

  struct Judged {
    report::Statement statement;
    release::ReleaseList clean_files = {};  // fits the statement's report
  };

  base::Status scan(const DeskRequest& request);
  base::Result<Asked> ask_scanner(const DeskRequest& request);
  base::Result<report::ScanFacts> begin_facts(const DeskRequest& request) const;
  static base::Result<bool> hear_scanner(const base::io::Fd& scanner, Answers& answers,
                                         std::string& progress);
  base::Result<std::optional<base::io::Fd>> known_contents(const DeskRequest& request,
                                                           const report::ScanFacts& facts) const;
  base::Result<Answers> gather(const DeskRequest& request, const report::ScanFacts& facts);
  bool answer_known(const report::ScanFacts& facts);
  base::Status conclude(const DeskRequest& request, report::ScanFacts facts, const Answers& answers,
                        std::size_t unreadable);
  base::Status remember(const DeskRequest& request, const Judged& judged,
                        const base::hash::Digest& options) const;
  // What was answered, judged.
  static Judged judged(const report::ScanFacts& facts, const Answers& answers,
                       std::size_t unreadable);
  base::Status note(const report::Statement& statement) const;
  base::Status give(std::string_view signed_text, const report::Statement& statement,
                    const char* how) const;
  void tell(const std::string& word) const;

  const base::io::Paths& paths_;
  const base::sign::KeyPair& key_;
  KeptReports kept_;
  Remembered remembered_;
  const base::io::Log& log_;
  Asker asker_;
  report::SnapshotId snapshot_ = {};
  report::ScanLimits limits_;
};

}  // namespace scannerqube::desk
