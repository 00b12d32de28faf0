// SPDX-License-Identifier: GPL-2.0-or-later
// The command lines of sallyport-prompt and sallyport-prompt-qt.
#pragma once

#include <chrono>
#include <optional>

#include "base/io/paths.hpp"
#include "policy/prompt/agent.hpp"

namespace policy::prompt {

struct Settings {
  base::io::Paths paths;
  AgentOptions agent;
};
// What a window needs: there it is always a person who answers.
struct WindowSettings {
  base::io::Paths paths;
  std::chrono::seconds timeout{60};
  enum class Colours { desktop, light, dark } colours = Colours::desktop;
};

// nullopt: help was shown. They throw boost::program_options::error.
std::optional<Settings> parse_settings(int argc, char** argv);
std::optional<WindowSettings> parse_window_settings(int argc, char** argv);

}  // namespace policy::prompt
