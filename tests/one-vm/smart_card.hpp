// SPDX-License-Identifier: GPL-2.0-or-later
// A card in QEMU's usb-ccid, played by the test: the other end of ccid-card-passthru.
#pragma once

#include <filesystem>
#include <memory>
#include <thread>
#include <utility>

#include "base/io/fd.hpp"
#include "base/wire/result.hpp"

namespace onevm {

// Answers each command with its own bytes backwards and 90 00. Has a thread of its own until it is
// gone.
class SmartCard {
 public:
  // `socket`: the card's character device, on which QEMU listens.
  static base::Result<SmartCard> insert(const std::filesystem::path& socket);

 private:
  // The thread reads the connection until it is shut, and is waited for before it is closed.
  struct Session {
    base::io::Fd connection;
    std::jthread thread = {};
    ~Session();
  };
  explicit SmartCard(std::unique_ptr<Session> session) : session_(std::move(session)) {}

  std::unique_ptr<Session> session_;
};

}  // namespace onevm
