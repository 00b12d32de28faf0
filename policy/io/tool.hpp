// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport policy`: checks policy, asks the evaluator and compares, without a daemon.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "base/io/paths.hpp"
#include "base/wire/result.hpp"
#include "policy/decision.hpp"
#include "policy/request.hpp"
#include "policy/system_info.hpp"

namespace policy::io {

// What a tool reads from and writes to.
struct ToolWorld {
  base::io::Paths paths;
  std::istream& in;
  std::ostream& out;
  std::ostream& errors;
  // The daemon's answer to internal.GetSystemInfo; empty: there is no daemon to ask.
  std::function<base::Result<std::string>()> fetch_system_info = {};
  // The same of sallyport.DeviceFacts, for a backend and a port.
  std::function<base::Result<std::string>(const std::string&, const std::string&)> fetch_device =
      {};
};

// `words` are what stands behind "sallyport policy". The exit status: 0 answered, and nothing is
// wrong; 1 something could not be read, is wrong, failed or differs; 2 misused. Errors go to
// `errors` with the remedy.
int run_policy_tool(const std::vector<std::string>& words, const ToolWorld& world);
int run_policy_tool(const std::vector<std::string>& words, const base::io::Paths& paths,
                    std::istream& in, std::ostream& out, std::ostream& errors);

// One decision of the policy files, for programs. An error: they are not usable, which denies
// everything.
base::Result<Decision> decide(const base::io::Paths& paths, const SystemInfo& system,
                              const Request& request);

}  // namespace policy::io
