// SPDX-License-Identifier: GPL-2.0-or-later
// A request about bytes that were scanned: their report, or what a release of them is made of; in a
// process of its own.
#pragma once

#include "base/io/paths.hpp"
#include "scanner-qube/desk/desk_request.hpp"
#include "scanner-qube/desk/io/kept_reports.hpp"
#include "scanner-qube/desk/io/snapshots.hpp"

namespace scannerqube::desk {

// The asker hears "done VERDICT current|older" with the signed report as a sealed file: whether it
// was made with the signatures that are in use. Of a release there are also the signed list, and a
// stream of the snapshot between margins, which ends when the asker leaves. Or "unscanned WHY", or
// "failed WHY".
class KeptCase {
 public:
  KeptCase(const base::io::Paths& paths, const base::sign::KeyPair& key, const base::io::Fd& asker)
      : paths_(paths), kept_(paths, key), snapshots_(paths.snapshot_socket()), asker_(asker) {}

  base::Status run(const DeskRequest& request) const;

 private:
  base::Result<std::string> done_word(const KeptReport& report) const;
  base::Status give(const KeptReport& report) const;
  base::Status release(const KeptReport& report, const std::string& snapshot) const;

  const base::io::Paths& paths_;
  KeptReports kept_;
  Snapshots snapshots_;
  const base::io::Fd& asker_;
};

}  // namespace scannerqube::desk
