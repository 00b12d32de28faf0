// SPDX-License-Identifier: GPL-2.0-or-later
// The supervisor and the processes of snapshots, which come and go.
#include <csignal>
#include <filesystem>
#include <thread>

#include "base/io/files.hpp"
#include "base/io/sealed_file.hpp"
#include "tests/block-proxy/snapshot/supervisor_rig.hpp"

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class SnapshotSupervisor : public tests::SupervisorRig {
 protected:
  pid_t supervisor() const { return children_.front().pid(); }
  // The process that has the snapshot; 0 while there is none.
  pid_t keeper() const {
    const std::string tasks = "/proc/" + std::to_string(supervisor()) + "/task/";
    for (const auto& task : std::filesystem::directory_iterator(tasks)) {
      const auto children = base::io::read_file(task.path() / "children", 4096);
      if (children && !children->empty()) return std::stoi(*children);
    }
    return 0;
  }
};

// It says that it is idle, and ends once it has heard that nobody comes any more. Stopped between
// the two it is as slow as a full disk would make it.
TEST_F(SnapshotSupervisor, WhoeverComesWhileAProcessEndsIsAnsweredByTheNextOne) {
  make(tests::mib);
  const pid_t first = keeper();
  ASSERT_GT(first, 0);
  ASSERT_EQ(::kill(supervisor(), SIGSTOP), 0);
  medium_.reset();
  std::this_thread::sleep_for(seconds(7));  // it lingers for 5
  ASSERT_EQ(::kill(first, SIGSTOP), 0);
  ASSERT_EQ(::kill(supervisor(), SIGCONT), 0);
  std::this_thread::sleep_for(milliseconds(200));
  const auto file = base::io::memory_file();
  ASSERT_TRUE(file);
  const auto asked = ask("show stick", &*file);
  ASSERT_TRUE(asked);
  std::this_thread::sleep_for(milliseconds(200));
  EXPECT_EQ(keeper(), first) << "two processes for one snapshot";
  ASSERT_EQ(::kill(first, SIGCONT), 0);
  EXPECT_TRUE(hear(*asked).starts_with("done"));
  EXPECT_NE(keeper(), first);
}

}  // namespace
