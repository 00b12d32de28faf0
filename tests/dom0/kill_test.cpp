// SPDX-License-Identifier: GPL-2.0-or-later
// kill -9 of the daemon while it writes its state and its audit log: whatever was acknowledged is
// there when it starts again. SALLYPORT_KILLS says how often; in `./check soak` 1,000 times.
#include <map>
#include <random>
#include <set>

#include "tests/dom0/paper_qubes.hpp"

namespace dom0::test {
namespace {

const std::string stick =
    "port=2-1 vendor=0951 product=1666 manufacturer=Kingston serial=60A44C interfaces=080650\n";
const std::string device_call = "admin.vm.device.usb.";

// What the daemon has said yes to, and, of one thing at most, what it may have done.
struct Acknowledged {
  std::map<std::string, std::string> modes;  // of assignments, by port
  std::set<std::string> denied;
  enum class Stick { free, attached, unknown } stick = Stick::free;
  std::string doubtful;  // the port or the pattern of what was asked for last, without an answer
  std::size_t attaches = 0;     // since the last look at the log
  std::size_t assignments = 0;  // and records of other changes
};

class Kills : public PaperQubes {
 protected:
  Kills() { plug(stick); }

  // Each of these is false when there was no answer: the daemon is dead.
  bool acknowledged(const std::string& reply, const std::string& doubtful) {
    if (reply.empty()) known_.doubtful = doubtful;
    return !reply.empty();
  }
  bool assign_or_unassign() {
    const std::string port = "9-" + std::to_string(random_() % 200);
    const bool there = known_.modes.contains(port);
    const std::string reply =
        call(device_call + (there ? "Unassign" : "Assign") + "+sys-usb+" + port + "+_", "work",
             there ? "" : "mode='auto-attach'");
    if (!acknowledged(reply, port)) return false;
    EXPECT_EQ(reply, ok) << port;
    if (there) known_.modes.erase(port);
    if (!there) known_.modes[port] = "auto-attach";
    ++known_.assignments;
    return true;
  }
  bool set_mode() {
    if (known_.modes.empty()) return true;
    auto& [port, mode] = *known_.modes.begin();
    const std::string other = mode == "auto-attach" ? "ask-to-attach" : "auto-attach";
    const std::string reply =
        call(device_call + "Set.assignment+sys-usb+" + port + "+_", "work", other);
    if (!acknowledged(reply, port)) return false;
    EXPECT_EQ(reply, ok) << port;
    mode = other;
    ++known_.assignments;
    return true;
  }
  bool deny_or_allow() {
    const std::string pattern = "u" + std::to_string(10 + random_() % 80) + "****";
    const bool there = known_.denied.contains(pattern);
    const std::string reply =
        call(std::string("admin.vm.device.denied.") + (there ? "Remove" : "Add"), "work", pattern);
    if (!acknowledged(reply, pattern)) return false;
    EXPECT_EQ(reply, ok) << pattern;
    if (there) known_.denied.erase(pattern);
    if (!there) known_.denied.insert(pattern);
    ++known_.assignments;
    return true;
  }
  bool attach_or_detach() {
    const bool there = known_.stick == Acknowledged::Stick::attached;
    known_.stick = Acknowledged::Stick::unknown;
    const std::string reply = there ? detach() : attach();
    if (reply.empty()) return false;
    if (!there && reply == ok) ++known_.attaches;
    if (!there) ++asked_;
    // Where it was pulled out meanwhile, dom0 may give it away and then hear that it is gone.
    if (reply == ok && !replugged_) {
      known_.stick = there ? Acknowledged::Stick::free : Acknowledged::Stick::attached;
    }
    return true;
  }
  bool replug() {
    known_.stick = Acknowledged::Stick::unknown;
    replugged_ = true;
    plug(random_() % 2 == 0 ? "# nothing\n" : stick);
    return true;
  }
  bool something() {
    switch (random_() % 8) {
      case 0:
      case 1:
      case 2:
        return assign_or_unassign();
      case 3:
        return set_mode();
      case 4:
        return deny_or_allow();
      case 5:
        return random_() % 4 != 0 || replug();
      default:
        return attach_or_detach();
    }
  }

  // Killed some time while changes are asked for, one after the other.
  void round(std::chrono::microseconds delay) {
    std::thread killer([this, delay] {
      std::this_thread::sleep_for(delay);
      ::kill(daemon_.pid(), SIGKILL);
    });
    while (something()) ++changes_;
    killer.join();
    daemon_.end(SIGKILL);
    start_daemon();
  }
  void check_state() {
    const std::string list = call(device_call + "Assigned", "work");
    for (const auto& [port, mode] : known_.modes) {
      if (port == known_.doubtful) continue;
      const auto line = list.find("sys-usb+" + port + ":* ");
      ASSERT_NE(line, std::string::npos) << port;
      const std::string text = list.substr(line, list.find('\n', line) - line);
      ASSERT_NE(text.find("mode='" + mode + "'"), std::string::npos) << text;
    }
    const std::string denied = call("admin.vm.device.denied.List", "work");
    for (const std::string& pattern : known_.denied) {
      if (pattern == known_.doubtful) continue;
      ASSERT_NE(denied.find(pattern), std::string::npos) << pattern;
    }
    // What is there besides can only be what was asked for last.
    const auto lines = static_cast<std::size_t>(std::count(list.begin(), list.end(), '\n'));
    ASSERT_LE(lines, known_.modes.size() + 1);
    if (known_.stick != Acknowledged::Stick::unknown) {
      ASSERT_EQ(attached(), known_.stick == Acknowledged::Stick::attached);
    }
    learn(list, denied);
  }
  // What became of the change that nobody heard of.
  void learn(const std::string& list, const std::string& denied) {
    const std::string what = std::exchange(known_.doubtful, "");
    if (what.starts_with("9-")) {
      known_.modes.erase(what);
      const auto line = list.find("sys-usb+" + what + ":* ");
      if (line != std::string::npos) {
        const std::string text = list.substr(line, list.find('\n', line) - line);
        known_.modes[what] =
            text.find("mode='auto-attach'") != std::string::npos ? "auto-attach" : "ask-to-attach";
      }
    } else if (!what.empty()) {
      known_.denied.erase(what);
      if (denied.find(what) != std::string::npos) known_.denied.insert(what);
    }
    if (!replugged_) look_at_stick();
  }
  void look_at_stick() {
    known_.stick = attached() ? Acknowledged::Stick::attached : Acknowledged::Stick::free;
  }
  // All agents have dialled again, and the stick is in its port.
  void come_back() {
    wait_until([this] { return running("work") && running("sys-usb"); }, "qubes are back");
    if (std::exchange(replugged_, false)) {
      plug("# nothing\n");
      wait_until([this] { return !has("sys-usb", "2-1:"); }, "unplugged");
      plug(stick);
    }
    wait_until([this] { return has("sys-usb", "2-1:"); }, "plugged in");
    look_at_stick();
  }

  // Since the last time: no fewer records than acknowledgements, and more only by what was asked
  // for and not answered.
  void check_log() {
    const auto path = root_ / "var/log/sallyport/audit.log";
    std::ifstream file(path);
    file.seekg(read_to_);
    std::size_t allows = 0;
    std::size_t changes = 0;
    for (std::string line; std::getline(file, line);) {
      if (line.find("\"decision\":\"allow\"") != std::string::npos) ++allows;
      if (line.find("\"kind\":\"assignment\"") != std::string::npos ||
          line.find("\"kind\":\"denied_interfaces\"") != std::string::npos) {
        ++changes;
      }
    }
    file.clear();
    file.seekg(0, std::ios::end);
    read_to_ = file.tellg();
    ASSERT_GE(allows, known_.attaches);
    ASSERT_LE(allows, asked_ + 1);
    ASSERT_GE(changes, known_.assignments);
    ASSERT_LE(changes, known_.assignments + 1);
    known_.attaches = known_.assignments = asked_ = 0;
    allows_ += allows;
    const std::string verify =
        program("sallyport") + " --root " + root_.string() + " log verify >/dev/null 2>&1";
    ASSERT_EQ(std::system(verify.c_str()), 0);  // NOLINT: the tool as people run it
    for (const auto& entry : std::filesystem::directory_iterator(path.parent_path())) {
      ASSERT_EQ(entry.path().filename().string().find("broken"), std::string::npos);
    }
  }

  Acknowledged known_;
  std::mt19937 random_{1};  // the same every time
  bool replugged_ = false;  // since it was last sure where the stick is
  std::size_t asked_ = 0;   // attaches, whatever the answer
  std::size_t changes_ = 0;
  std::size_t allows_ = 0;
  std::streamoff read_to_ = 0;
};

TEST_F(Kills, LoseNothingThatWasAcknowledged) {
  const char* wanted = std::getenv("SALLYPORT_KILLS");  // NOLINT: no other thread yet
  const int kills = wanted == nullptr ? 25 : std::stoi(wanted);
  start();
  for (int kill = 0; kill < kills; ++kill) {
    // Every fourth time the qubes are back before it begins, so that devices can be attached.
    const bool whole = kill % 4 == 0;
    if (whole) come_back();
    round(std::chrono::microseconds(random_() % (whole ? 150'000 : 30'000)));
    check_state();
    check_log();
    ASSERT_FALSE(HasFailure()) << "after kill " << kill;
  }
  std::cout << kills << " kills, " << changes_ << " changes, " << allows_ << " attaches allowed\n";
  EXPECT_GT(allows_, 0U) << "nothing was attached: this test shows less than it says";
}

}  // namespace
}  // namespace dom0::test
