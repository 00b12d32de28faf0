// SPDX-License-Identifier: GPL-2.0-or-later
// The scanner's three daemons with real scanner qubes, and media to be scanned.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/io/fd.hpp"
#include "base/io/paths.hpp"
#include "scanner-qube/report/statement.hpp"
#include "tests/fakes/folder.hpp"
#include "tests/rig/child.hpp"
#include "tests/scan-qube/daemons.hpp"

namespace scanqube {

using base::io::Fd;
using scannerqube::Verdict;

// What a desk said: its last word, and the signed statement if there is one.
struct Answer {
  std::string word;
  std::vector<std::string> progress;
  std::string signed_text;
  std::optional<scannerqube::report::Statement> statement;  // its signature was checked

  std::optional<Verdict> verdict() const;
  std::string reason() const { return statement ? statement->reason : word; }
};
std::ostream& operator<<(std::ostream& out, const Answer& answer);

// A question under way; ends it when it goes. An empty one is never put.
class Question {
 public:
  explicit Question(const std::string& request, const fs::path& desk);
  Answer answer();  // waits
  void leave() { socket_.reset(); }

 private:
  Fd socket_;
};

class ScanQube : public testing::Test {
 protected:
  static void SetUpTestSuite();
  void SetUp() override;
  // Nothing may be left of what served in the test.
  void TearDown() override;

  // A FAT medium with harmless files, and these.
  static std::string medium(const std::map<std::string, std::string>& more = {});
  // A snapshot of an image, read whole and then detached, not sealed.
  static std::string snapshot_of(const std::string& image);
  // One whose medium stays: `server` is nbdkit's words behind its socket.
  static std::string snapshot_by(const std::vector<std::string>& server);
  // All that earlier tests took.
  static void drop_snapshots();
  // One that gives nothing until resume(): its scan is under way meanwhile.
  static std::string paused_snapshot();
  static void resume();
  // The medium of the last one that stayed.
  static void unplug();

  static Answer ask(const std::string& request);
  static Question begin(const std::string& request);
  // What `sallyport scan WORDS` prints, and "status=N" behind that.
  static std::string command(const std::string& words);

  static const base::io::Paths& paths();
  static std::string log_of(const std::string& daemon);
  static void import_database(const std::string& serial, const std::string& signature);
  static fs::path images();  // the real ones
  // Machines whose first program is hostile, in this way; `files` are in its image. `more` are
  // words for sallyport-scanner.
  static void use_hostile(const std::string& mode, const std::map<std::string, std::string>& files,
                          const std::vector<std::string>& more = {});

  // Ends a daemon and starts it again; `how` is its last signal.
  static void restart(const std::string& daemon, const std::vector<std::string>& more = {},
                      int how = 15);

  static std::size_t ready_machines();
  // The machine that serves next after so many did, and its QEMU.
  static std::size_t served();
  static std::string wait_for_serving(std::size_t before);
  static pid_t qemu_of(const std::string& machine);  // -1: it has ended already
  static bool alive(pid_t qemu);
  static bool gone(const std::string& machine, pid_t qemu);
};

}  // namespace scanqube
