// SPDX-License-Identifier: GPL-2.0-or-later
// Snapshots through dom0: real daemon, relay, agents, block server, supervisor and snapshot
// processes, on a medium that is a file. Only the kernel's NBD client is left out (tests/one-vm has
// that).
#pragma once

#include "tests/dom0/assignments.hpp"
#include "tests/places.hpp"

namespace dom0::test {

inline constexpr std::size_t mib = std::size_t{1} << 20U;

struct Ran {
  int code = -1;
  std::string out;
};

class Snapshots : public Assignments {
 protected:
  Snapshots() {
    std::filesystem::create_directories(root_ / "snap");
    put("etc/sallyport/qubes.d/sys-snapshot.conf",
        "transport = local\nuser = nobody\nrole = storage\n");
    policy("sallyport.Block * * * allow\n");
    plug("block=sda size=" + std::to_string(4 * mib) + " model=DataTraveler\n");
    content_.resize(4 * mib);
    for (std::size_t i = 0; i < content_.size(); ++i) {
      content_[i] = static_cast<char>(i * 2654435761U >> 13U);
    }
    put("medium", content_, 0666);
    service("usb", "sallyport.Block",
            "case $SALLYPORT_OPTIONS in read-only=yes) how=--read-only;; esac\nexec " +
                program("sallyport-block-server") + " $how " + medium().string());
    for (const char* name : {"sallyport.Block", "sallyport.BlockAttach"}) {
      service("snap", name,
              "exec " + program("sallyport-snapshot-call") + " --agent-socket " +
                  (root_ / "snap/agent.sock").string() + " --snapshots-socket " +
                  socket().string());
    }
    // Reads all of what it gets into a file, and is attached until somebody detaches it.
    service("work", "sallyport.BlockAttach",
            "read backend port; while read -r line && [ -n \"$line\" ]; do :; done\n"
            "exec 3>&1\n"
            "exec " +
                program("sallyport-call") + " --socket " + (root_ / "work/agent.sock").string() +
                " $backend sallyport.Block+$port " + places::build() + "/tests/bin/nbd-reader " +
                (root_ / "work/copy").string());
  }
  ~Snapshots() override {
    storage_.end(SIGTERM);
    supervisor_.end(SIGTERM);
    if (HasFailure()) {
      for (const char* name : {"snap.log", "supervisor.log"}) {
        auto text = base::io::read_file(root_ / name, 1U << 20U);
        std::cerr << "--- " << name << "\n" << (text ? *text : "");
      }
    }
  }

  std::filesystem::path medium() const { return root_ / "medium"; }
  std::filesystem::path socket() const { return root_ / "run/sallyport-snapshot/snapshots.sock"; }
  void start_supervisor(const std::vector<std::string>& more = {}) {
    std::vector<std::string> command{program("sallyport-snapshots"), "--root", root_.string()};
    command.insert(command.end(), more.begin(), more.end());
    supervisor_ = Process(command, root_ / "supervisor.log");
    wait_until([this] { return tool("list").code == 0; }, "the supervisor answers");
  }
  void begin(const std::vector<std::string>& supervisor = {}) {
    start_supervisor(supervisor);
    start_daemon();
    start_usb();
    start_work();
    storage_ = agent("snap", "sys-snapshot",
                     "file:" + (root_ / "run/sallyport-snapshot/devices").string());
    wait_until([this] { return running("work") && running("sys-snapshot") && listed("sda:"); },
               "qubes connect");
  }
  bool listed(const std::string& text, const std::string& qube = "sys-usb") {
    return call("admin.vm.device.block.Available", qube).find(text) != std::string::npos;
  }
  // `sallyport snapshot WORDS`, both texts.
  Ran tool(const std::string& words) {
    const std::string out = (root_ / "tool.out").string();
    const std::string command = program("sallyport") + " --root " + root_.string() + " snapshot " +
                                words + " >" + out + " 2>&1";
    const int status = std::system(command.c_str());  // NOLINT(cert-env33-c): the tests' own words
    auto text = base::io::read_file(out, 16U << 20U);
    return {.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1, .out = text ? *text : ""};
  }
  void create(const std::string& words) {
    const Ran made = tool("create sys-usb:sda " + words);
    ASSERT_EQ(made.code, 0) << made.out;
  }
  std::string report(const std::string& name) { return tool("show " + name + " --json").out; }
  bool says(const std::string& name, const std::string& what) {
    return report(name).find(what) != std::string::npos;
  }
  std::string read_by_work(const std::string& name, const std::string& options = {}) {
    wait_until([&] { return listed(name + ":", "sys-snapshot") && running("work"); },
               "dom0 knows the snapshot and the qube");
    std::filesystem::remove(root_ / "work/copy");
    EXPECT_EQ(call("admin.vm.device.block.Attach+sys-snapshot+" + name, "work", options), ok);
    EXPECT_EQ(call("admin.vm.device.block.Detach+sys-snapshot+" + name, "work"), ok);
    auto text = base::io::read_file(root_ / "work/copy", 16U << 20U);
    return text ? *text : "";
  }
  void scribble(std::size_t at, std::size_t size, char what) {
    std::fstream file(medium(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at));
    file << std::string(size, what);
  }
  // What the question of that number offers to scan, and for whom; empty: nothing.
  std::string offered(std::size_t number) {
    wait_until([&] { return questions().size() == number; }, "a question");
    if (questions().size() != number) return "no question";
    const auto parsed = policy::io::parse_question(questions().back());
    EXPECT_TRUE(parsed) << parsed.error().text;
    if (!parsed || parsed->scan_first.empty()) return {};
    return parsed->scan_first + " for " + parsed->scan_for;
  }
  std::string leases() { return call("admin.vm.device.block.Attached", "sys-snapshot"); }

  std::string content_;
  Process supervisor_;
  Process storage_;
};

}  // namespace dom0::test
