// SPDX-License-Identifier: GPL-2.0-or-later
// The audit log: one record for each decision and each lease, chained by hashes (base/audit).
#pragma once

#include <filesystem>
#include <string>

#include "base/audit/chain.hpp"
#include "base/io/fd.hpp"
#include "base/io/log.hpp"
#include "dom0/call_record.hpp"
#include "policy/request.hpp"

namespace dom0::io {

// What is known of a decision beyond the call itself; what is empty is left out.
struct DecisionFacts {
  std::string rule = {};       // FILE:LINE
  std::string approver = {};   // policy, prompt, assignment, ...
  std::string device = {};     // BACKEND:PORT
  std::string identity = {};   // its device id
  std::string options = {};    // that it is given with, "read-only='yes'"
  std::int64_t asked_ms = -1;  // how long the question was open; -1: nobody was asked
  Who who = {};
};

// A device's time with a qube, told at its end.
struct LeaseFacts {
  std::string device;
  std::string identity;
  std::string frontend;
  std::string rule;
  std::string approver;
  std::string options = {};  // as above
  Who who = {};
  std::string reason;  // of the end
  std::int64_t since = 0;
  std::int64_t duration_ms = 0;
  std::uint64_t bytes_to_device = 0;
  std::uint64_t bytes_from_device = 0;
};

// How a call that carried no device went.
struct CallEndFacts {
  std::string reason;
  std::int64_t duration_ms = 0;
  std::uint64_t bytes_to_service = 0;
  std::uint64_t bytes_from_service = 0;
};

// Appends to audit.log, goes on in a new file when that is full, and repeats each record's text in
// the journal, for decisions in Qubes' own words. What is not on record does not happen: allowed()
// and a log that cannot be written refuse. One thread.
class Audit {
 public:
  static constexpr std::uint64_t max_file = std::uint64_t{64} * 1024 * 1024;

  explicit Audit(const base::io::Log& log) : log_(log) {}

  // Checks what is there. A line that a crash left unfinished is kept aside (audit.torn); a log
  // that was edited or cut is kept as it is under another name (audit.broken-N), said loudly, and a
  // new one goes on from where the head file says.
  base::Status open(const std::filesystem::path& file, std::uint64_t rotate_at = max_file);

  // On disk when it returns.
  base::Status allowed(const policy::Request& request, const std::string& target,
                       const DecisionFacts& facts = {});
  void denied(const policy::Request& request, const std::string& reason,
              const DecisionFacts& facts = {});
  void lease_started(const LeaseFacts& facts);
  void lease_ended(const LeaseFacts& facts);
  void call_ended(const CallRecord& call, const CallEndFacts& end);
  // Anything else that somebody will ask about: `kind` is a word, "assignment", "policy", ...
  void event(std::string_view kind, const std::string& text, const Who& who = {});

 private:
  enum class Sync { no, yes };

  base::Status check_file(const std::filesystem::path& path);
  base::Status begin_file();
  base::Status rotate();
  void tell(std::string_view kind, const std::string& text, base::audit::Fields fields);
  base::Status append(std::string_view kind, const std::string& text, base::audit::Fields fields,
                      Sync sync);
  base::Status write(std::string_view kind, const base::audit::Fields& fields, Sync sync);
  std::filesystem::path numbered(std::string_view name) const;

  const base::io::Log& log_;
  std::filesystem::path path_;
  std::uint64_t rotate_at_ = max_file;
  base::io::Fd file_;
  base::io::Fd head_file_;
  std::uint64_t size_ = 0;
  base::audit::Head head_;
};

}  // namespace dom0::io
