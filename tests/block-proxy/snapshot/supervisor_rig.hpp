// SPDX-License-Identifier: GPL-2.0-or-later
// What keeps snapshots, as whoever asks sallyport-snapshots meets it.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

#include "base/io/pass_fd.hpp"
#include "base/io/paths.hpp"
#include "base/io/unix_socket.hpp"
#include "tests/block-proxy/block_server_rig.hpp"
#include "tests/places.hpp"

namespace tests {

// A supervisor, and one snapshot "stick" of a medium that nbdkit serves.
class SupervisorRig : public testing::Test {
 protected:
  // A supervisor, and a snapshot of `size` bytes of which nothing was read yet.
  void make(std::uint64_t size) {
    if (size > 0) write_pattern(source_.medium(), size);
    content_ = size > 0 ? content(source_.medium()) : std::string();
    // Of any size to the byte, which a disk's server does not have.
    std::vector<std::string> command{"nbdkit", "-f", "-r", "--unix", source_.socket().string()};
    if (!bad_.empty()) {
      std::ofstream(source_.file("map")) << bad_;
      command.insert(command.end(), {"--filter=ddrescue", "file", source_.medium().string(),
                                     "ddrescue-mapfile=" + source_.file("map").string()});
    } else if (size > 0) {
      command.insert(command.end(), {"file", source_.medium().string()});
    } else {
      command.insert(command.end(), {"null", "size=0"});
    }
    source_.start_other(command);
    auto child = rig::Child::start(
        {places::build() + "/bin/sallyport-snapshots", "--root", root_.path().string()},
        root_.path() / "log");
    ASSERT_TRUE(child) << child.error().text;
    children_.push_back(*std::move(child));
    const base::io::Fd stream = source_.connect();
    for (unsigned tries = 0; tries < 1000 && !medium_; ++tries) {
      auto asked = ask("medium stick fill=lazy seal=no", &stream);
      if (asked) medium_ = *std::move(asked);
      if (!medium_) ::usleep(10'000);
    }
    ASSERT_TRUE(medium_) << rig::tail(root_.path() / "log", 5);
    ASSERT_TRUE(hear(medium_).starts_with("ready")) << rig::tail(root_.path() / "log", 5);
  }
  base::Result<base::io::Fd> ask(const std::string& request, const base::io::Fd* attached) const {
    auto socket = base::io::connect_unix(base::io::Paths(root_.path()).snapshot_socket(),
                                         base::io::SocketType::seqpacket);
    if (!socket) return socket;
    std::vector<const base::io::Fd*> fds;
    if (attached != nullptr) fds.push_back(attached);
    auto sent = base::io::send_question(*socket, base::wire::as_bytes(request), fds);
    if (!sent) return base::Unexpected{sent.error()};
    return socket;
  }
  static std::string hear(const base::io::Fd& socket) {
    const auto message = base::io::receive_message(socket, 2048);
    return message ? std::string(base::wire::as_text(message->data)) : message.error().text;
  }
  // A reader of the snapshot; its stream, or an invalid one and `refused_`.
  base::io::Fd reader(const std::string& options) {
    auto pair = base::io::stream_pair();
    if (!pair) return {};
    auto control = ask("reader stick " + options, &pair->second);
    if (!control) return {};
    refused_ = hear(*control);
    if (!refused_.starts_with("ready ")) return {};
    controls_.push_back(*std::move(control));
    return std::move(pair->first);
  }

  BlockServer source_;
  const Folder root_;
  std::vector<rig::Child> children_;
  base::io::Fd medium_;
  std::vector<base::io::Fd> controls_;
  std::string content_;
  std::string bad_;  // a map of ddrescue: what cannot be read
  std::string refused_;
};

}  // namespace tests
