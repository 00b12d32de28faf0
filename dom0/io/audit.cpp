// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/audit.hpp"

#include <fcntl.h>

#include <array>
#include <ctime>

#include "base/io/files.hpp"
#include "base/wire/escape.hpp"

namespace dom0::io {
namespace {

std::string timestamp() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ ", &utc);
  return std::string(text.data(), size);
}

std::string head(const policy::Request& request) {
  return "qrexec: " + request.service + request.argument + ": " + request.source + " -> " +
         request.target + ": ";
}

}  // namespace

base::Status Audit::open(const std::filesystem::path& path) {
  file_.reset(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!file_) return base::io::fail_errno("open the audit log " + path.string());
  return base::Ok{};
}

base::Status Audit::allowed(const policy::Request& request, const std::string& target) {
  return append(head(request) + "allowed to " + target);
}

void Audit::denied(const policy::Request& request, const std::string& reason) {
  event(head(request) + "denied: " + reason);
}

void Audit::event(const std::string& text) {
  if (auto written = append(text); !written) {
    log_.error("audit_failed", {{"reason", written.error().text}, {"line", text}});
  }
}

base::Status Audit::append(const std::string& text) {
  const std::string line = base::wire::escape(text, 2048);
  log_.notice("audit", {{"line", line}});
  auto written = base::io::write_all(file_, timestamp() + line + "\n");
  if (!written) return base::fail("cannot write the audit log: " + written.error().text);
  return base::Ok{};
}

}  // namespace dom0::io
