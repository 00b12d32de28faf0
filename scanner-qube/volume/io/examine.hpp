// SPDX-License-Identifier: GPL-2.0-or-later
// A whole medium: its tables, then every file system of every part, each in a worker of its own.
#pragma once

#include <functional>

#include "scanner-qube/volume/io/worker.hpp"

namespace scannerqube::volume {

struct FileSystemReport {
  FileSystem kind = FileSystem::unknown;
  Listing listing = {};
  bool decrypted = false;  // in an encrypted part: the medium itself does not have these bytes
};
struct PartReport {
  Part part = {};
  std::vector<FileSystem> looks_like = {};
  std::vector<FileSystemReport> file_systems = {};  // those with a reader
  bool opened = false;                              // it was encrypted
  std::vector<FileSystem> opened_like = {};         // what its plain text looks like
};
struct Report {
  std::vector<PartReport> parts = {};
  std::vector<Area> areas = {};
  std::vector<Finding> findings = {};  // of the medium and its tables

  // False if anything was left unread or is in doubt: then nothing may be called clean.
  bool complete() const;
};

// Called when a file system is listed, while its reader can still be asked for content. After a
// reader that did not end well too, with what it listed: asking that one is an error. The entries
// may be taken away; nothing here looks at them afterwards. The source is what their extents are
// of.
using Listed =
    std::function<void(const PartReport&, FileSystemReport&, Worker&, const ForkableSource&)>;

// An encrypted part, opened: the medium with that part's plain text in its place, and where in it a
// file system is to be looked for.
struct OpenedPart {
  std::unique_ptr<ForkableSource> medium;
  Range plain = {};
};
// An error says why it stays shut. It is to come back by then.
using OpenPart = std::function<base::Result<OpenedPart>(
    const ForkableSource&, const Range&, FileSystem, std::chrono::steady_clock::time_point)>;

struct ExamineOptions {
  Deleted deleted = Deleted::leave_out;
  WorkerLimits limits = {};
  Listed listed = {};
  OpenPart open = {};  // empty: what is encrypted is not examined
  // What was not begun by then is not examined, and no reader is waited for any longer.
  std::chrono::steady_clock::time_point until = std::chrono::steady_clock::time_point::max();
};

Report examine(const ForkableSource& source, const ExamineOptions& options);

// All that a worker finds, into a listing. False if it did not end well; the finding says how.
bool collect(Worker& worker, Listing& listing);

}  // namespace scannerqube::volume
