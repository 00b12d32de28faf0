// SPDX-License-Identifier: GPL-2.0-or-later
// The agent's command line.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace agent::io {

enum class BlockDevices { not_reported, reported };

struct Options {
  std::string dial;       // vsock:CID:PORT, tcp:ADDRESS:PORT, unix:PATH
  std::string inventory;  // usb, none, file:PATH
  BlockDevices block_devices = BlockDevices::not_reported;
  std::filesystem::path socket;                 // where this qube's programs ask for calls
  std::vector<std::filesystem::path> services;  // qubes-rpc folders, in order of precedence
  std::optional<std::string> user;              // becomes this user once the socket is there
};

// Nothing: --help was asked for and printed. Throws on a wrong command line, as Program_options
// does; main catches it.
std::optional<Options> parse_options(int argc, char** argv);

}  // namespace agent::io
