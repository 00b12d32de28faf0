// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/prompt/options.hpp"

#include <array>
#include <boost/program_options.hpp>
#include <iostream>

namespace policy::prompt {
namespace {

namespace options = boost::program_options;

constexpr unsigned max_timeout = 3600;

options::options_description common_options(const std::string& program) {
  options::options_description known(program + " [options]");
  known.add_options()("help", "show this and exit");
  known.add_options()("root", options::value<std::string>()->default_value("/"),
                      "where run/qubes/policy-agent.sock is");
  known.add_options()("timeout", options::value<unsigned>()->default_value(60),
                      "seconds after which a question is refused");
  return known;
}

// nullopt: help was shown
std::optional<options::variables_map> read(const options::options_description& known, int argc,
                                           char** argv) {
  options::variables_map given;
  options::store(options::command_line_parser(argc, argv).options(known).positional({}).run(),
                 given);
  options::notify(given);
  if (given.count("help") == 0) return given;
  std::cout << known;
  return std::nullopt;
}

base::io::Paths root_of(const options::variables_map& given) {
  return base::io::Paths(given["root"].as<std::string>());
}

std::chrono::seconds timeout_of(const options::variables_map& given) {
  const unsigned timeout = given["timeout"].as<unsigned>();
  if (timeout < 2 || timeout > max_timeout) {
    throw options::error("--timeout must be 2 to 3600 seconds");
  }
  return std::chrono::seconds(timeout);
}

io::Scope scope_named(const std::string& name) {
  for (const io::Scope each : {io::Scope::once, io::Scope::while_plugged, io::Scope::always}) {
    if (name == name_of(each)) return each;
  }
  throw options::error("--scope must be once, while-plugged or always");
}

}  // namespace

std::optional<Settings> parse_settings(int argc, char** argv) {
  auto known = common_options("sallyport-prompt");
  known.add_options()("answer", options::value<std::string>(),
                      "yes or no: answer everything so, without a terminal");
  known.add_options()("scope", options::value<std::string>(),
                      "once, while-plugged or always: how far --answer yes goes where it may");
  const auto given = read(known, argc, argv);
  if (!given) return std::nullopt;
  Settings settings{root_of(*given), {}};
  settings.agent.paths = settings.paths;
  settings.agent.timeout = timeout_of(*given);
  if (given->count("answer") != 0) {
    const auto& answer = (*given)["answer"].as<std::string>();
    if (answer != "yes" && answer != "no") throw options::error("--answer must be yes or no");
    settings.agent.fixed = answer == "yes" ? Fixed::yes : Fixed::no;
  }
  if (given->count("scope") != 0) {
    settings.agent.scope = scope_named((*given)["scope"].as<std::string>());
    if (settings.agent.fixed != Fixed::yes) throw options::error("--scope needs --answer yes");
  }
  return settings;
}

std::optional<WindowSettings> parse_window_settings(int argc, char** argv) {
  auto known = common_options("sallyport-prompt-qt");
  known.add_options()("colours", options::value<std::string>()->default_value("desktop"),
                      "desktop, light or dark");
  const auto given = read(known, argc, argv);
  if (!given) return std::nullopt;
  WindowSettings settings{root_of(*given), timeout_of(*given)};
  using Colours = WindowSettings::Colours;
  const auto& colours = (*given)["colours"].as<std::string>();
  if (colours == "light") {
    settings.colours = Colours::light;
  } else if (colours == "dark") {
    settings.colours = Colours::dark;
  } else if (colours != "desktop") {
    throw options::error("--colours must be desktop, light or dark");
  }
  return settings;
}

}  // namespace policy::prompt
