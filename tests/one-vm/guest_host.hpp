// SPDX-License-Identifier: GPL-2.0-or-later
// dom0, relay and agents beside the machine, which is the guest `win` of them and knows nothing.
#pragma once

#include <filesystem>
#include <iostream>
#include <string>

#include "tests/dom0/paper_qubes.hpp"

namespace onevm {

// The qube `win`, for which an agent on the host stands, and sys-usb on paper.
struct GuestHost : dom0::test::PaperQubes {
  GuestHost() {
    std::filesystem::create_directories(root_ / "win");
    put("etc/sallyport/qubes.d/win.conf", "transport = local\nuser = nobody\n");
  }
  ~GuestHost() override {
    win_.end(SIGTERM);
    if (!HasFailure()) return;
    std::cerr << "--- win.log\n" << guest_log();
  }
  void TestBody() override {}

  void start() {
    start_daemon();
    start_usb();
    win_ = agent("win", "win", "none");
    wait_until([this] { return running("win"); }, "qubes connect");
  }
  // What the services of `win` said.
  std::string guest_log() {
    auto text = base::io::read_file(root_ / "win.log", 1U << 20U);
    return text ? *text : "";
  }
  // SIGKILL for those of this host with the program's name on their command line.
  void kill_programs(const std::string& name) {
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      auto line = base::io::read_file(entry.path() / "cmdline", 4096);
      if (line && line->find(name) != std::string::npos &&
          line->find(root_.string()) != std::string::npos) {
        ::kill(std::stoi(entry.path().filename().string()), SIGKILL);
      }
    }
  }
  using PaperQubes::audit;
  using PaperQubes::log;
  using PaperQubes::ok;
  using PaperQubes::plug;
  using PaperQubes::program;
  using PaperQubes::root_;
  using PaperQubes::service;
  using PaperQubes::wait_until;

 private:
  dom0::test::Process win_;
};

}  // namespace onevm
