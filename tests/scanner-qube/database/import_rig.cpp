// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/scanner-qube/database/import_rig.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "scanner-qube/database/io/layout.hpp"

namespace tests {

namespace fs = std::filesystem;

ImportRig::ImportRig(const fs::path& parent) : folder_(parent) {
  // What a killed import has started is ours to wait for.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  // The checking program is another user if the test is root.
  fs::permissions(folder_.path(), fs::perms(0755));
}

db::io::ImportOptions ImportRig::options() const {
  return {.bundle = root() / "bundle",
          .key = key_.public_key(),
          .folder = store(),
          .check_program = check_program,
          .user = ::geteuid() == 0 ? "nobody" : "",
          .now = now,
          .done = {}};
}

ImportRig::Result ImportRig::import_bytes(const std::string& bundle, const Done& done) const {
  std::ofstream(root() / "bundle", std::ios::binary | std::ios::trunc) << bundle;
  auto given = options();
  given.done = done;
  return db::io::import_bundle(given);
}

ImportRig::Result ImportRig::import(const bundles::Parts& parts, const Done& done) const {
  return import_bytes(bundles::bundle(key_, parts), done);
}

std::string ImportRig::refusal(const bundles::Parts& parts) const {
  const auto imported = import(parts);
  return imported ? "" : imported.error().text;
}

std::uint64_t ImportRig::current() const {
  const auto current = db::io::read_current(store());
  if (!current) return 0;
  EXPECT_TRUE(fs::exists(current->folder / db::io::image_file));
  for (const db::DatabaseFile& file : current->published.manifest.files) {
    EXPECT_EQ(fs::file_size(current->folder / db::io::database_folder / file.name), file.size);
  }
  return current->published.manifest.serial.value;
}

std::string ImportRig::content() const {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(store())) {
    names.insert(entry.path().filename());
  }
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : " ") + name;
  return all;
}

bool ImportRig::killed_after(const bundles::Parts& parts, int steps) const {
  const pid_t child = ::fork();
  if (child == 0) {
    int left = steps;
    const auto imported = import(parts, [&left](db::io::ImportStep) {
      if (--left == 0) ::kill(::getpid(), SIGKILL);
    });
    ::_exit(imported ? 0 : 1);
  }
  const int status = wait_for_all(child);
  if (WIFSIGNALED(status)) {
    EXPECT_EQ(WTERMSIG(status), SIGKILL);
    return true;
  }
  EXPECT_EQ(WEXITSTATUS(status), 0);
  return false;
}

int wait_for_all(pid_t child) {
  int status = 0;
  int other = 0;
  while (const pid_t ended = ::waitpid(-1, &other, 0)) {
    if (ended < 0) break;  // ECHILD: that was the last one
    if (ended == child) status = other;
  }
  return status;
}

}  // namespace tests
