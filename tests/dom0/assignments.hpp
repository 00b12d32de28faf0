// SPDX-License-Identifier: GPL-2.0-or-later
// Paper qubes with a prompt agent that the test plays.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <sstream>
#include <thread>

#include "policy/io/ask_message.hpp"
#include "tests/dom0/paper_qubes.hpp"

namespace dom0::test {

inline const std::string stick_argument = "sys-usb+2-1+0951+1666+60A44C+u080650";
inline const std::string stick_id = "0951:1666:60A44C:u080650";

inline std::string usb(const std::string& verb, const std::string& argument = {}) {
  return "admin.vm.device.usb." + verb + (argument.empty() ? "" : "+" + argument);
}

class Assignments : public PaperQubes {
 protected:
  std::string assign(const std::string& argument = stick_argument,
                     const std::string& mode = "auto-attach") {
    return call(usb("Assign", argument), "work", "mode='" + mode + "'");
  }
  std::string assigned() { return call(usb("Assigned"), "work"); }
  void replug() {
    const std::string devices = *base::io::read_file(root_ / "paper", 1U << 20U);
    plug("# nothing\n");
    wait_until([this] { return !has("sys-usb", "2-1:"); }, "unplugged");
    plug(devices);
  }
  // A prompt agent that answers every question alike, and counts them.
  void prompt(const std::string& reply) {
    std::vector<base::io::Fd> sockets;
    for (const char* name : {"policy-agent.sock", "device-agent.GUI"}) {
      auto listening = base::io::listen_unix(root_ / "run/qubes" / name, 0666,
                                             base::io::SocketType::stream, base::io::Blocking::yes);
      ASSERT_TRUE(listening.has_value()) << listening.error().text;
      sockets.push_back(*std::move(listening));
    }
    prompt_ =
        std::jthread([this, reply, sockets = std::move(sockets)](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            std::array<pollfd, 2> ready{pollfd{sockets[0].get(), POLLIN, 0},
                                        pollfd{sockets[1].get(), POLLIN, 0}};
            if (::poll(ready.data(), ready.size(), 50) <= 0) continue;
            const int which =
                (ready[0].revents & POLLIN) != 0 ? sockets[0].get() : sockets[1].get();
            const base::io::Fd asker(::accept4(which, nullptr, nullptr, SOCK_CLOEXEC));
            auto question = base::io::read_all(asker, 1U << 20U);
            const std::lock_guard lock(questions_mutex_);
            if (question && question->starts_with("policy.Notify ")) notices_.push_back(*question);
            if (!question || question->starts_with("policy.Notify ")) continue;
            questions_.push_back(*question);
            static_cast<void>(base::io::write_all(asker, reply));
          }
        });
  }
  void end_prompt() {
    if (!prompt_.joinable()) return;
    prompt_.request_stop();
    prompt_.join();
  }
  bool noticed(const std::string& text) {
    const std::lock_guard lock(questions_mutex_);
    return std::ranges::any_of(notices_, [&text](const std::string& notice) {
      return notice.find(text) != std::string::npos;
    });
  }
  // The record of the audit log, if any, that has all of these.
  std::string record(const std::vector<std::string>& parts) {
    std::istringstream lines(audit());
    for (std::string line; std::getline(lines, line);) {
      if (std::ranges::all_of(parts, [&line](const std::string& part) {
            return line.find(part) != std::string::npos;
          })) {
        return line;
      }
    }
    return {};
  }
  std::vector<std::string> questions() {
    const std::lock_guard lock(questions_mutex_);
    return questions_;
  }
  ~Assignments() override { end_prompt(); }
  static void expect_icons(const std::string& question, const std::vector<std::string>& names) {
    const auto parsed = policy::io::parse_question(question);
    ASSERT_TRUE(parsed.has_value()) << parsed.error().text;
    const auto icon_of = [&parsed](const std::string& name) {
      const auto found = parsed->icons.find(name);
      return found == parsed->icons.end() ? std::string() : found->second;
    };
    EXPECT_NE(icon_of(parsed->source), "") << question;
    for (const std::string& target : parsed->targets) EXPECT_NE(icon_of(target), "") << target;
    for (const std::string& name : names) EXPECT_NE(icon_of(name), "") << name << question;
    EXPECT_EQ(icon_of("dom0"), "adminvm-black");
    EXPECT_EQ(icon_of("work"), "appvm-blue");
    if (std::ranges::find(names, "@dispvm:dvm") != names.end()) {
      EXPECT_EQ(icon_of("@dispvm:dvm"), "dispvm-green");
    }
  }

  std::mutex questions_mutex_;
  std::vector<std::string> questions_;
  std::vector<std::string> notices_;
  const std::string me_ = std::to_string(::getuid());
  std::jthread prompt_;
};

}  // namespace dom0::test
