// SPDX-License-Identifier: GPL-2.0-or-later
// A running sallyport-block-server and what tests say to it.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/io/fd.hpp"
#include "block-proxy/nbd/client_session.hpp"
#include "tests/fakes/folder.hpp"
#include "tests/rig/child.hpp"

namespace tests {

constexpr std::uint32_t mib = 1 << 20;

rig::Deadline soon();  // long enough for whatever a test waits for

// Serves a file on a Unix socket in a folder of its own.
class BlockServer {
 public:
  // The medium is made by the caller at medium(); then start().
  void start(std::vector<std::string> options = {});

  std::filesystem::path medium() const { return folder_.path() / "medium"; }
  std::filesystem::path socket() const { return folder_.path() / "s"; }
  std::filesystem::path file(const char* name) const { return folder_.path() / name; }
  std::string uri() const { return "nbd+unix:///?socket=" + socket().string(); }
  base::io::Fd connect() const;
  void kill() { child_.clear(); }
  void stop();  // by SIGTERM, and waits for its end
  // Any other server, in place of ours: `command` listens at socket().
  void start_other(const std::vector<std::string>& command);
  pid_t pid() const { return child_.front().pid(); }

 private:
  Folder folder_;
  std::vector<rig::Child> child_;
};

// Runs a program to its end: what it printed, or a failure of the test.
std::string run(const std::vector<std::string>& argv);
bool succeeds(const std::vector<std::string>& argv);

// Bytes that look like chance and are always the same.
void write_pattern(const std::filesystem::path& path, std::uint64_t size);
void write_sparse(const std::filesystem::path& path, std::uint64_t size);
std::string content(const std::filesystem::path& path);

// A blocking client on our own session.
class BlockClient {
 public:
  explicit BlockClient(base::io::Fd socket);
  struct Reply {
    blockproxy::nbd::WireError error = blockproxy::nbd::WireError::none;
    std::string data;
    std::vector<blockproxy::nbd::Extent> extents;
  };
  Reply ask(blockproxy::nbd::Command command, std::uint64_t offset, std::uint32_t length,
            std::uint16_t flags = 0, const std::string& payload = {});
  const blockproxy::nbd::Offer& offer() const { return handshake_.offer(); }
  const base::io::Fd& socket() const { return socket_; }

 private:
  void shake_hands();
  void send();
  bool receive();

  base::io::Fd socket_;
  blockproxy::nbd::ClientHandshake handshake_{""};
  std::vector<blockproxy::nbd::ClientSession> session_;  // one, once hands are shaken
  std::vector<std::byte> input_;
  std::vector<std::byte> out_;
};

}  // namespace tests
