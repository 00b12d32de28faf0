// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/prompt/options.hpp"

#include <boost/program_options.hpp>
#include <iostream>

namespace policy::prompt {
namespace {

namespace options = boost::program_options;

constexpr unsigned max_timeout = 3600;

}  // namespace

std::optional<Settings> parse_settings(int argc, char** argv) {
  options::options_description known("sallyport-prompt [options]");
  known.add_options()("help", "show this and exit");
  known.add_options()("root", options::value<std::string>()->default_value("/"),
                      "where run/qubes/policy-agent.sock is");
  known.add_options()("timeout", options::value<unsigned>()->default_value(60),
                      "seconds after which a question is refused");
  known.add_options()("answer", options::value<std::string>(),
                      "yes or no: answer everything so, without a terminal");
  known.add_options()("scope", options::value<std::string>(),
                      "once, while-plugged or always: how far --answer yes goes where it may");
  options::variables_map given;
  options::store(options::command_line_parser(argc, argv).options(known).positional({}).run(),
                 given);
  options::notify(given);
  if (given.count("help") != 0) {
    std::cout << known;
    return std::nullopt;
  }
  Settings settings{base::io::Paths(given["root"].as<std::string>()), {}};
  const unsigned timeout = given["timeout"].as<unsigned>();
  if (timeout < 2 || timeout > max_timeout) {
    throw options::error("--timeout must be 2 to 3600 seconds");
  }
  settings.agent.timeout = std::chrono::seconds(timeout);
  if (given.count("answer") != 0) {
    const auto& answer = given["answer"].as<std::string>();
    if (answer != "yes" && answer != "no") throw options::error("--answer must be yes or no");
    settings.agent.fixed = answer == "yes" ? Fixed::yes : Fixed::no;
  }
  if (given.count("scope") != 0) {
    const auto& scope = given["scope"].as<std::string>();
    bool known_scope = false;
    for (const io::Scope each : {io::Scope::once, io::Scope::while_plugged, io::Scope::always}) {
      if (scope != name_of(each)) continue;
      settings.agent.scope = each;
      known_scope = true;
    }
    if (!known_scope) throw options::error("--scope must be once, while-plugged or always");
    if (settings.agent.fixed != Fixed::yes) throw options::error("--scope needs --answer yes");
  }
  return settings;
}

}  // namespace policy::prompt
