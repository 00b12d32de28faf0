// SPDX-License-Identifier: GPL-2.0-or-later
// Audit lines in Qubes' own format, one decision a line (reference: qrexec_policy_exec.py's
// syslog).
#pragma once

#include <filesystem>
#include <string>

#include "base/io/fd.hpp"
#include "base/io/log.hpp"
#include "policy/request.hpp"

namespace dom0::io {

// Appends to a file and repeats each line in the log. A file that cannot be written makes every
// decision a refusal: what is not on record does not happen.
class Audit {
 public:
  explicit Audit(const base::io::Log& log) : log_(log) {}

  base::Status open(const std::filesystem::path& path);
  base::Status allowed(const policy::Request& request, const std::string& target);
  void denied(const policy::Request& request, const std::string& reason);
  void event(const std::string& text);

 private:
  base::Status append(const std::string& text);

  const base::io::Log& log_;
  base::io::Fd file_;
};

}  // namespace dom0::io
