// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport policy`: asks the evaluator what it would decide, without a daemon.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "base/io/paths.hpp"

namespace policy::io {

// `words` are what stands behind "sallyport policy". The exit status: 0 answered, 1 something could
// not be read, or `check` found a mistake, 2 misused. Errors go to `errors` with the remedy.
int run_policy_tool(const std::vector<std::string>& words, const base::io::Paths& paths,
                    std::istream& in, std::ostream& out, std::ostream& errors);

}  // namespace policy::io
