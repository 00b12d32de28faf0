// SPDX-License-Identifier: GPL-2.0-or-later
// SIGKILL for each of the system's processes at random moments of an attachment: what remains is
// either the whole attachment or nothing of it, with a reason.
//
// RIG_SEED=N repeats a run's victims and moments.
#include <random>

#include "tests/one-vm/qubes.hpp"

namespace onevm {
namespace {

using std::chrono::seconds;

// Attaching takes about a second of these; the rest is reading.
constexpr int latest_kill_ms = 2500;

// Without them, or without their start, an attachment goes on.
enum class Survives { no, yes };
struct Victim {
  std::string name;
  std::string kill;  // a command that succeeds if the process was there
  Survives attachment = Survives::no;
};

std::string of_name(const std::string& name) { return "pkill -9 -x " + name.substr(0, 15); }
std::string of_file(const std::string& name) {
  return "kill -9 $(cat /run/rig/" + name + ".process)";
}

const std::vector<Victim>& victims() {
  static const std::vector<Victim> list{
      {"daemon", of_file("daemon"), Survives::yes},
      {"relay", of_file("relay")},
      {"agent-sys-usb", of_file("agent-sys-usb")},
      {"agent-work", of_file("agent-work")},
      {"devices-sys-usb", of_file("devices-sys-usb"), Survives::yes},
      {"devices-work", of_file("devices-work"), Survives::yes},
      {"frontend", of_name("sallyport-usb-frontend")},
      {"backend", of_name("sallyport-usb-backend")}};
  return list;
}

class Kill : public Qubes {
 protected:
  struct Killed {
    bool hit = false;           // the process was there
    bool was_attached = false;  // the attach command had ended well before
  };
  // Attaches in the background and reads what appears; kills after `moment`.
  static Killed attach_and_kill(const Victim& victim, std::chrono::milliseconds moment) {
    start_reader();
    vm().start_background("attach", attach_command() + "; echo exit $?");
    const std::string log = rig::Machine::background_log("attach");
    const auto killed = vm().run("sleep " + std::to_string(double(moment.count()) / 1000) +
                                 "; grep '^exit 0' " + log + "; " + victim.kill);
    restart_dead();
    const auto ended = vm().wait_until("grep -q ^exit " + log, seconds(90));
    EXPECT_TRUE(ended.ok()) << "the attach command hangs" << logs();
    return {.hit = killed.ok(), .was_attached = killed.out.find("exit 0") != std::string::npos};
  }
  static std::string attach_said() {
    return vm().run("cat " + rig::Machine::background_log("attach")).out;
  }

  // Attached for good or not at all; which.
  static bool stays_attached() {
    const auto certain = vm().wait_until(
        build + "/bin/qvm-usb info sys-usb:" + port() +
            " > /run/rig/info && ! grep -Eq '^state: *(asking|attaching|detaching)' /run/rig/info",
        seconds(90));
    EXPECT_TRUE(certain.ok()) << vm().run("cat /run/rig/info") << logs();
    return vm().run(build + "/bin/qvm-usb list | grep '^sys-usb:.*work'").ok();
  }

  static void check_whole_attachment() {
    const std::string disk = wait_for_disk();
    ASSERT_FALSE(disk.empty()) << "half an attachment: no disk";
    const auto read = vm().run(
        "dd if=" + disk + " of=/dev/null bs=64k count=4 iflag=direct status=none", seconds(60));
    EXPECT_TRUE(read.ok()) << "half an attachment: " << read;
    const auto detached = detach();
    EXPECT_TRUE(detached.ok()) << detached;
  }

  static void check_round(const Victim& victim, const Killed& killed) {
    if (stays_attached()) {
      // A victim that was not there yet, or came back in time, cannot end anything.
      EXPECT_FALSE(killed.hit && killed.was_attached && victim.attachment == Survives::no)
          << "attached without its " << victim.name;
      std::cout << "attached\n";
      return check_whole_attachment();
    }
    const std::string why = reason();
    EXPECT_TRUE(killed.hit) << "ended by itself: " << why;
    EXPECT_FALSE(killed.was_attached && victim.attachment == Survives::yes)
        << "ended with its " << victim.name << ": " << why;
    EXPECT_GT(why.size(), 10U) << "no reason: " << attach_said();
    EXPECT_EQ(why.find("detached on request"), std::string::npos) << why;
    std::cout << why.substr(0, why.find('\n')) << '\n';
  }

  // Of this attachment: the attach command's own words, or what the device's entry tells.
  static std::string reason() {
    const std::string said = attach_said();
    if (said.find("exit 0") == std::string::npos) return said.substr(0, said.find("exit "));
    return last_detach();
  }
};

TEST_F(Kill, AnyProcessAtAnyMomentLeavesAllOrNothingAndAReason) {
  const unsigned start = seed();
  std::cout << "RIG_SEED=" << start << '\n';
  std::mt19937 random(start);
  std::uniform_int_distribution<int> moments(0, latest_kill_ms);
  const Leftovers before = leftovers();
  int hits = 0;
  for (int i = 0; i < rounds(100, 8) && !HasFailure(); ++i) {
    const Victim& victim = victims()[static_cast<std::size_t>(i) % victims().size()];
    const std::chrono::milliseconds moment(moments(random));
    const std::string round = "round " + std::to_string(i) + ": " + victim.name + " after " +
                              std::to_string(moment.count()) + " ms";
    SCOPED_TRACE(round);
    const Killed killed = attach_and_kill(victim, moment);
    if (killed.hit) ++hits;
    std::cout << round << (killed.was_attached ? ", attached" : "")
              << (killed.hit ? ": " : ", not there: ") << std::flush;
    check_round(victim, killed);
    stop_reader();
    ASSERT_TRUE(wait_for_no_disk().ok());
    ASSERT_TRUE(settles_to(before));
    ASSERT_FALSE(wait_for_stick().empty());
  }
  std::cout << hits << " kills hit a process\n";
  EXPECT_GT(hits, rounds(50, 3));
}

}  // namespace
}  // namespace onevm
