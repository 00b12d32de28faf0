// SPDX-License-Identifier: GPL-2.0-or-later
// The command line of sallyport-prompt.
#pragma once

#include <optional>

#include "base/io/paths.hpp"
#include "policy/prompt/agent.hpp"

namespace policy::prompt {

struct Settings {
  base::io::Paths paths;
  AgentOptions agent;
};

// nullopt: help was shown. Throws boost::program_options::error.
std::optional<Settings> parse_settings(int argc, char** argv);

}  // namespace policy::prompt
