// SPDX-License-Identifier: GPL-2.0-or-later
// One qube's registry file, /etc/sallyport/qubes.d/NAME.conf (docs/protocol.md 5), as a value.
// Pure: text in, value or an error with file and line out. Read by the daemon and the launcher.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire/result.hpp"

namespace base::config {

// paper: a Unix socket as well, and the daemon plays the qube (dom0/io/paper_qubes.hpp). local: no
// machine either; an agent of dom0 that runs as a user of its own stands for it. none: no way to
// dom0 at all; whoever starts the machine plugs what it may have, and asks it over a port of
// QEMU's.
enum class Transport { vsock, unix_socket, paper, local, none };
// storage: it keeps snapshots of what is attached to it, and several qubes may read one at a time.
enum class Role { plain, storage };

struct QubeConfig {
  std::string name;
  std::string label = "red";
  std::string type = "AppVM";
  std::vector<std::string> tags;
  Transport transport = Transport::unix_socket;
  Role role = Role::plain;
  std::string user;       // local only: whose agent it is
  std::uint32_t cid = 0;  // vsock only: 3 and up
  std::uint32_t memory_mib = 384;
  std::string image;  // defaults to the name
  std::vector<std::string> disks;
  std::vector<std::string> controllers;  // "0000:00:14.0" or "emulated"
  // What policy asks for besides.
  std::string uuid;            // in lower case; empty: none
  std::string default_dispvm;  // the qube that this one's disposables are made from; empty: none
  bool template_for_dispvms = false;
  bool internal = false;  // never offered at a prompt
};

// [a-zA-Z][a-zA-Z0-9_-]{0,30}, not "dom0", not ending in "-dm".
bool valid_qube_name(std::string_view name);

// `file` is only for messages: "FILE:LINE: what is wrong; what would be right".
Result<QubeConfig> parse_qube_config(std::string_view name, std::string_view text,
                                     std::string_view file);

}  // namespace base::config
