// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/audit.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>

#include "base/audit/head_file.hpp"
#include "base/audit/io/log_files.hpp"
#include "base/io/files.hpp"
#include "base/wire/escape.hpp"
#include "base/wire/utc_text.hpp"

namespace dom0::io {
namespace {

namespace audit = base::audit;
namespace fs = std::filesystem;

constexpr std::size_t max_text = 900;
constexpr unsigned max_numbered = 1'000'000;

std::string timestamp() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  std::array<char, 8> fraction{};
  const int digits =
      std::snprintf(fraction.data(), fraction.size(), "%03dZ", static_cast<int>(ms % 1000));
  return base::wire::utc_text(ms / 1000, "%FT%T.")
      .append(fraction.data(), static_cast<std::size_t>(digits));
}

std::string head_of(const policy::Request& request) {
  return "qrexec: " + request.service + request.argument + ": " + request.source + " -> " +
         request.target + ": ";
}

void add(audit::Fields& fields, std::string key, std::string value) {
  if (!value.empty()) fields.push_back({std::move(key), std::move(value)});
}

template <class Number>
void add_number(audit::Fields& fields, std::string key, Number value) {
  fields.push_back({std::move(key), std::to_string(value), true});
}

void add_who(audit::Fields& fields, const Who& who) {
  if (who.requester) add_number(fields, "requester_uid", *who.requester);
  if (who.approver) add_number(fields, "approver_uid", *who.approver);
}

audit::Fields fields_of(const policy::Request& request, std::string decision,
                        const DecisionFacts& facts) {
  audit::Fields fields;
  add(fields, "decision", std::move(decision));
  add(fields, "source", request.source);
  add(fields, "target", request.target);
  add(fields, "service", request.service);
  add(fields, "argument", request.argument);
  add(fields, "rule", facts.rule);
  add(fields, "approver", facts.approver);
  add_who(fields, facts.who);
  add(fields, "device", facts.device);
  add(fields, "identity", facts.identity);
  add(fields, "options", facts.options);
  if (facts.asked_ms >= 0) add_number(fields, "asked_ms", facts.asked_ms);
  return fields;
}

audit::Fields fields_of(const LeaseFacts& facts) {
  audit::Fields fields;
  add(fields, "device", facts.device);
  add(fields, "identity", facts.identity);
  add(fields, "frontend", facts.frontend);
  add(fields, "rule", facts.rule);
  add(fields, "approver", facts.approver);
  add(fields, "options", facts.options);
  add_who(fields, facts.who);
  return fields;
}

}  // namespace

base::Status Audit::open(const fs::path& file, std::uint64_t rotate_at) {
  path_ = file;
  rotate_at_ = rotate_at;
  const fs::path head_path = fs::path(path_).replace_extension("head");
  head_file_.reset(::open(head_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!head_file_) return base::io::fail_errno("open " + head_path.string());
  const auto kept = audit::known_head(path_);
  const bool begun = fs::exists(path_);
  if (kept) head_ = *kept;
  if (begun) {
    if (auto checked = check_file(path_); !checked) return checked;
  } else if (kept) {
    log_.error("audit_broken", {{"reason", "the audit log " + path_.string() + " is gone"}});
  }
  file_.reset(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!file_) return base::io::fail_errno("open the audit log " + path_.string());
  const off_t end = ::lseek(file_.get(), 0, SEEK_END);
  size_ = end < 0 ? 0 : static_cast<std::uint64_t>(end);
  if (size_ == 0) {
    if (auto made = begin_file(); !made) return made;
  }
  if (kept && !begun) event("broken", "the audit log before this record is gone");
  return base::Ok{};
}

base::Status Audit::check_file(const fs::path& path) {
  const audit::Head known = head_;
  // A chain that is known to have no record yet says nothing.
  auto found = audit::read_log(path, known.seq == 0 ? std::nullopt : std::optional(known));
  if (!found) return base::fail(found.error().text);
  if (found->torn > 0) {
    // Kept for whoever wants to look; nobody was told that it was written.
    const auto torn = fs::path(path).replace_extension("torn");
    auto text = base::io::read_file(path, max_file * 2);
    if (text) {
      static_cast<void>(base::io::write_file_atomically(
          torn, std::string_view(*text).substr(text->size() - found->torn), 0640));
    }
    if (::truncate(path.c_str(), static_cast<off_t>(found->whole)) != 0) {
      return base::io::fail_errno("cut the unfinished end of " + path.string());
    }
    log_.warning("audit_torn", {{"bytes", std::to_string(found->torn)}});
  }
  if (found->problem.empty()) {
    head_ = found->head;
    return base::Ok{};
  }
  const fs::path aside = numbered("broken");
  log_.error("audit_broken", {{"reason", found->problem}, {"kept_as", aside.string()}});
  std::error_code error;
  fs::rename(path, aside, error);
  if (error) return base::fail("rename " + path.string() + ": " + error.message());
  file_.reset(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!file_) return base::io::fail_errno("open the audit log " + path.string());
  size_ = 0;
  // The chain goes on from where it stood when it was last whole, as far as that is known.
  head_ = known;
  if (auto begun = begin_file(); !begun) return begun;
  event("broken", found->problem + "; kept as " + aside.filename().string());
  return base::Ok{};
}

base::Status Audit::begin_file() { return write("log", {{"format", "1", true}}, Sync::yes); }

// audit-000001.log, the next that is free.
fs::path Audit::numbered(std::string_view name) const {
  std::array<char, 16> digits{};
  for (unsigned number = 1; number < max_numbered; ++number) {
    std::snprintf(digits.data(), digits.size(), "%06u", number);
    fs::path path = path_;
    const std::string stem =
        name.empty() ? path_.stem().string() + "-" + digits.data() + ".log"
                     : path_.stem().string() + "." + std::string(name) + "-" + digits.data();
    path.replace_filename(stem);
    if (!fs::exists(path)) return path;
  }
  return fs::path(path_).replace_extension("full");
}

base::Status Audit::rotate() {
  std::error_code error;
  fs::rename(path_, numbered({}), error);
  if (error) return base::fail("rename " + path_.string() + ": " + error.message());
  file_.reset(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!file_) return base::io::fail_errno("open the audit log " + path_.string());
  size_ = 0;
  return begin_file();
}

base::Status Audit::allowed(const policy::Request& request, const std::string& target,
                            const DecisionFacts& facts) {
  auto fields = fields_of(request, "allow", facts);
  add(fields, "to", target);
  return append("decision", head_of(request) + "allowed to " + target, std::move(fields),
                Sync::yes);
}

void Audit::denied(const policy::Request& request, const std::string& reason,
                   const DecisionFacts& facts) {
  auto fields = fields_of(request, "deny", facts);
  add(fields, "reason", reason);
  tell("decision", head_of(request) + "denied: " + reason, std::move(fields));
}

void Audit::lease_started(const LeaseFacts& facts) {
  tell("lease_started",
       "sallyport: attached " + facts.device + " (" + facts.identity + ") to " + facts.frontend,
       fields_of(facts));
}

void Audit::lease_ended(const LeaseFacts& facts) {
  auto fields = fields_of(facts);
  add(fields, "reason", facts.reason);
  add_number(fields, "since", facts.since);
  add_number(fields, "duration_ms", facts.duration_ms);
  add_number(fields, "bytes_to_device", facts.bytes_to_device);
  add_number(fields, "bytes_from_device", facts.bytes_from_device);
  tell("lease_ended",
       "sallyport: " + facts.device + " is no longer with " + facts.frontend + ": " + facts.reason,
       std::move(fields));
}

void Audit::call_ended(const CallRecord& call, const CallEndFacts& end) {
  audit::Fields fields;
  add(fields, "source", call.source);
  add(fields, "target", call.target);
  add(fields, "service", call.service);
  add(fields, "rule", call.rule);
  add(fields, "approver", call.approver);
  add_who(fields, call.who);
  add(fields, "reason", end.reason);
  add_number(fields, "since", call.since);
  add_number(fields, "duration_ms", end.duration_ms);
  add_number(fields, "bytes_to_service", end.bytes_to_service);
  add_number(fields, "bytes_from_service", end.bytes_from_service);
  tell("call_ended",
       "sallyport: the call " + call.service + ": " + call.source + " -> " + call.target +
           " ended: " + end.reason,
       std::move(fields));
}

void Audit::event(std::string_view kind, const std::string& text, const Who& who) {
  audit::Fields fields;
  add_who(fields, who);
  tell(kind, text, std::move(fields));
}

void Audit::tell(std::string_view kind, const std::string& text, audit::Fields fields) {
  if (auto written = append(kind, text, std::move(fields), Sync::no); !written) {
    log_.error("audit_failed", {{"reason", written.error().text}, {"line", text}});
  }
}

base::Status Audit::append(std::string_view kind, const std::string& text, audit::Fields fields,
                           Sync sync) {
  const std::string line = base::wire::escape(text, max_text);
  log_.notice("audit", {{"line", line}});
  fields.insert(fields.begin(), {"text", line});
  if (size_ >= rotate_at_) {
    if (auto rotated = rotate(); !rotated) return rotated;
  }
  return write(kind, fields, sync);
}

base::Status Audit::write(std::string_view kind, const audit::Fields& fields, Sync sync) {
  audit::Head next = head_;
  const std::string line = audit::append_line(next, timestamp(), kind, fields);
  auto written = base::io::write_all(file_, line);
  if (written && sync == Sync::yes && ::fdatasync(file_.get()) != 0) {
    written = base::io::fail_errno("sync");
  }
  if (!written) {
    // What was written of it is no record: the next one goes where this one began.
    if (::ftruncate(file_.get(), static_cast<off_t>(size_)) != 0) {
      log_.error("audit_torn", {{"reason", base::io::system_error("ftruncate", errno).text}});
    }
    return base::fail("cannot write the audit log: " + written.error().text);
  }
  head_ = next;
  size_ += line.size();
  const std::string head = audit::format_head(head_);
  if (::pwrite(head_file_.get(), head.data(), head.size(), 0) !=
      static_cast<ssize_t>(head.size())) {
    log_.error("audit_head_not_written", {{"reason", "a cut of the log would not be noticed"}});
  }
  return base::Ok{};
}

}  // namespace dom0::io
