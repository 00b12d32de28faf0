// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/options.hpp"

#include <boost/program_options.hpp>
#include <iostream>

namespace dom0::io {
namespace {

// Beside this program (a build's folder), else where it is installed.
std::filesystem::path default_relay() {
  const auto beside =
      std::filesystem::read_symlink("/proc/self/exe").parent_path() / "sallyport-relay";
  return std::filesystem::exists(beside)
             ? beside
             : std::filesystem::path(SALLYPORT_LIBEXEC "/sallyport-relay");
}

base::io::Paths paths_of(const boost::program_options::variables_map& given) {
  const std::filesystem::path root = given["root"].as<std::string>();
  if (!given.contains("config")) return base::io::Paths(root);
  // Agents and tools are told these paths, whatever folder they run in.
  const auto config = std::filesystem::absolute(given["config"].as<std::string>());
  return given["root"].defaulted() ? base::io::Paths(config, config)
                                   : base::io::Paths(root, config);
}

}  // namespace

std::optional<Options> parse_options(int argc, char** argv) {
  namespace po = boost::program_options;
  po::options_description options("sallyportd");
  options.add_options()("help,h", "this text")("root", po::value<std::string>()->default_value("/"),
                                               "moves all paths below this folder")(
      "user", po::value<std::string>(), "user to run as, by name or number (default: sallyport)")(
      "config", po::value<std::string>(),
      "a folder with qubes.d and policy.d; without --root all else is kept there too")(
      "relay", po::value<std::string>(), "the relay's program (default: beside this one)")(
      "prompt-timeout", po::value<unsigned>()->default_value(60),
      "seconds until a question is a no")(
      "replug", po::value<unsigned>()->default_value(10),
      "seconds that a port is held for an attached USB device that left the bus; 0: none");
  po::variables_map given;
  po::store(po::parse_command_line(argc, argv, options), given);
  if (given.contains("help")) {
    std::cout << options;
    return std::nullopt;
  }
  Options result{.paths = paths_of(given),
                 .user = std::nullopt,
                 .relay = given.contains("relay")
                              ? std::filesystem::path(given["relay"].as<std::string>())
                              : default_relay(),
                 .prompt_limit = std::chrono::seconds(given["prompt-timeout"].as<unsigned>()),
                 .replug_hold = std::chrono::seconds(given["replug"].as<unsigned>())};
  constexpr std::chrono::seconds longest{86400};  // what a prompt agent takes (docs/protocol.md 9)
  if (result.prompt_limit.count() < 1 || result.prompt_limit > longest) {
    throw po::error("--prompt-timeout must be 1 to 86400 seconds");
  }
  constexpr std::chrono::seconds longest_hold{60};
  if (result.replug_hold > longest_hold) throw po::error("--replug must be 0 to 60 seconds");
  if (given.contains("user")) result.user = given["user"].as<std::string>();
  return result;
}

}  // namespace dom0::io
