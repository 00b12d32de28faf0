// SPDX-License-Identifier: GPL-2.0-or-later
// What the desk asks sallyport-snapshots for.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/hash/digest.hpp"
#include "base/io/fd.hpp"
#include "scanner-qube/report/verdict_note.hpp"

namespace scannerqube::desk {

struct SnapshotFacts {
  report::SnapshotId id = {};
  std::uint64_t size = 0;
  std::optional<base::hash::Digest> root;  // of a sealed one
  std::size_t unreadable = 0;              // places that the medium did not give; zeros instead
};

class Snapshots {
 public:
  explicit Snapshots(std::filesystem::path socket) : socket_(std::move(socket)) {}

  base::Result<SnapshotFacts> show(const std::string& name) const;
  // Sends a request that goes on for a while: whoever has the socket hears "progress DONE TOTAL",
  // and last "done WHAT", "ended WHY" or "failed WHY".
  base::Result<base::io::Fd> ask(const std::string& request,
                                 const base::io::Fd* attached = nullptr) const;

  struct Stream {
    base::io::Fd control;    // its end ends the stream
    base::io::Fd data;       // NBD, between margins
    std::uint64_t size = 0;  // of the medium alone
  };
  base::Result<Stream> read(const std::string& name) const;

 private:
  struct Asked {
    base::io::Fd socket;
    std::string word;  // the first that is no progress
  };
  base::Result<Asked> ask_for_word(const std::string& request, const base::io::Fd* attached) const;

  std::filesystem::path socket_;
};

// The next word on such a socket; empty: its end.
base::Result<std::string> hear(const base::io::Fd& socket);

}  // namespace scannerqube::desk
