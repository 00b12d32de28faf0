// SPDX-License-Identifier: GPL-2.0-or-later
// A whole system of real processes without any VM: sallyportd, the relay and two agents whose
// devices are on paper and whose USB services are shell scripts.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/io/files.hpp"
#include "base/io/unix_socket.hpp"
#include "tests/fakes/folder.hpp"
#include "tests/places.hpp"

namespace dom0::test {

class Process {
 public:
  Process() = default;
  Process(std::vector<std::string> command, const std::filesystem::path& log) {
    std::vector<char*> arguments;
    for (std::string& word : command) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
      const int in = ::open("/dev/null", O_RDONLY);
      ::dup2(in, 0);
      ::dup2(out, 1);
      ::dup2(out, 2);
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
  }
  Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  Process& operator=(Process&& other) noexcept {
    end(SIGKILL);
    pid_ = std::exchange(other.pid_, -1);
    return *this;
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() { end(SIGTERM); }

  pid_t pid() const { return pid_; }
  void end(int signal) {
    if (pid_ <= 0) return;
    ::kill(pid_, signal);
    ::waitpid(std::exchange(pid_, -1), nullptr, 0);
  }

 private:
  pid_t pid_ = -1;
};

class PaperQubes : public testing::Test {
 protected:
  PaperQubes() {
    ::signal(SIGPIPE, SIG_IGN);  // the daemon may close what a test is writing to
    std::filesystem::permissions(root_, std::filesystem::perms{0755});
    for (const char* folder :
         {"etc/sallyport/qubes.d", "etc/qubes/policy.d", "run/qubes/policy.d", "usb", "work"}) {
      std::filesystem::create_directories(root_ / folder);
    }
    put("etc/sallyport/qubes.d/sys-usb.conf", "label = red\n");
    put("etc/sallyport/qubes.d/work.conf", "label = blue\n");
    policy("qubes.USB * work sys-usb allow\ntest.Echo * work sys-usb allow\n");
    plug(
        "port=2-1 vendor=0951 product=1666 manufacturer=Kingston serial=60A44C "
        "interfaces=080650\n");
    service("work", "qubes.USBAttach",
            "read backend port; read word identity\nexec 3>&1\n"
            "exec " +
                program("sallyport-call") + " --socket " + (root_ / "work/agent.sock").string() +
                " $backend qubes.USB+$port sh -c 'read hello; echo attached >&3; exec 3>&-; "
                "cat >/dev/null; echo \"stream closed\" >&2'");
    service("usb", "qubes.USB",
            "echo hello\ncat >/dev/null\necho \"frontend closed the stream\" >&2");
    service("usb", "test.Echo", "cat");
  }
  ~PaperQubes() override {
    work_.end(SIGTERM);
    usb_.end(SIGTERM);
    daemon_.end(SIGTERM);
    kill_relay();
    if (HasFailure()) {
      for (const char* log : {"daemon.log", "usb.log", "work.log"}) {
        std::ifstream file(root_ / log);
        std::stringstream text;
        text << file.rdbuf();
        std::cerr << "--- " << log << "\n" << text.str();
      }
    }
  }

  static std::string program(const std::string& name) { return places::build() + "/bin/" + name; }
  void put(const std::string& path, const std::string& text, unsigned mode = 0644) {
    ASSERT_TRUE(base::io::write_file_atomically(root_ / path, text, mode).has_value());
  }
  void policy(const std::string& text) { put("etc/qubes/policy.d/30-user.policy", text); }
  void plug(const std::string& devices) { put("paper", devices); }
  void service(const std::string& qube, const std::string& name, const std::string& script) {
    put(qube + "/" + name, "#!/bin/sh\n" + script + "\n", 0755);
  }

  void start_daemon() {
    std::vector<std::string> command{program("sallyportd"), "--root", root_.string()};
    if (::geteuid() == 0) command.insert(command.end(), {"--user", "61234"});
    command.insert(command.end(), daemon_options_.begin(), daemon_options_.end());
    daemon_ = Process(command, root_ / "daemon.log");
    wait_until([this] { return !call("admin.vm.List", "dom0").empty(); }, "the daemon answers");
  }
  void start_usb() { usb_ = agent("usb", "sys-usb", "file:" + (root_ / "paper").string()); }
  void start_work() { work_ = agent("work", "work", "none"); }
  void start() {
    start_daemon();
    start_usb();
    start_work();
    wait_until([this] { return running("work") && has("sys-usb", "2-1:"); }, "qubes connect");
  }
  Process agent(const std::string& folder, const std::string& qube, const std::string& inventory) {
    return Process({program("sallyport-agent"), "--dial",
                    "unix:" + (root_ / "run/sallyport/qubes" / (qube + ".sock")).string(),
                    "--inventory", inventory, "--socket", (root_ / folder / "agent.sock").string(),
                    "--services", (root_ / folder).string()},
                   root_ / (folder + ".log"));
  }
  // The relay is nobody's child: found by its socket's path on its command line.
  void kill_relay() {
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      const auto line = base::io::read_file(entry.path() / "cmdline", 1U << 16U);
      if (line && line->find("sallyport-relay") != std::string::npos &&
          line->find(root_.string()) != std::string::npos) {
        ::kill(std::stoi(entry.path().filename().string()), SIGKILL);
      }
    }
  }

  // An Admin call whose reply nobody has read yet; closed when the daemon cannot be reached.
  base::io::Fd ask(const std::string& method, const std::string& target,
                   const std::string& payload = {}) {
    auto socket = base::io::connect_unix(root_ / "run/sallyport/admin.sock");
    if (!socket) return {};
    const std::string request = method + " dom0 name " + target + std::string(1, '\0') + payload;
    // The daemon may have been killed by now: an error, not the end of the tests.
    if (::send(socket->get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return {};
    ::shutdown(socket->get(), SHUT_WR);
    return *std::move(socket);
  }
  // The reply's bytes; empty when the daemon cannot be reached.
  std::string call(const std::string& method, const std::string& target,
                   const std::string& payload = {}) {
    const base::io::Fd socket = ask(method, target, payload);
    if (!socket) return {};
    auto reply = base::io::read_all(socket, 1U << 20U);
    return reply ? *reply : std::string();
  }
  std::string attach() { return call("admin.vm.device.usb.Attach+sys-usb+2-1", "work"); }
  std::string detach() { return call("admin.vm.device.usb.Detach+sys-usb+2-1", "work"); }
  bool running(const std::string& qube) {
    return call("admin.vm.List", "dom0").find(qube + " class=AppVM state=Running") !=
           std::string::npos;
  }
  bool has(const std::string& qube, const std::string& text) {
    return call("admin.vm.device.usb.Available", qube).find(text) != std::string::npos;
  }
  bool attached() {
    return call("admin.vm.device.usb.Attached", "work").find("2-1") != std::string::npos;
  }
  // What the daemon has logged.
  std::string log() {
    std::ifstream file(root_ / "daemon.log");
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  std::string audit() {
    auto text = base::io::read_file(root_ / "var/log/sallyport/audit.log", 1U << 20U);
    return text ? *text : std::string();
  }

  template <class Condition>
  void wait_until(Condition condition, const std::string& what) {
    // Long, as a machine that builds beside this may stall for seconds.
    for (int tries = 0; tries < 600; ++tries) {
      if (condition()) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    FAIL() << "30 s passed before: " << what;
  }

  static inline const std::string ok{'0', '\0'};
  const tests::Folder folder_;
  std::filesystem::path root_ = folder_.path();
  std::vector<std::string> daemon_options_;
  Process daemon_;
  Process usb_;
  Process work_;
};

}  // namespace dom0::test
