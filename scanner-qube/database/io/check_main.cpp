// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-db-check FOLDER [USER]: whether libclamav loads what an import has put there, and finds
// what it must. Becomes USER, then reads nothing but FOLDER.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <vector>

#include "base/io/files.hpp"
#include "base/io/forked.hpp"
#include "base/io/sandbox.hpp"
#include "scanner-qube/database/bundle_header.hpp"
#include "scanner-qube/database/io/layout.hpp"
#include "scanner-qube/database/io/manifest_text.hpp"
#include "scanner-qube/database/io/self_test.hpp"

namespace {

namespace fs = std::filesystem;
namespace io = scannerqube::database::io;

// Twice of what ClamAV's own databases take (scanner.md 1.8: 1.2 GiB).
constexpr std::uint64_t memory = std::uint64_t{4} << 30U;
constexpr std::uint64_t largest_file = std::uint64_t{1} << 30U;
constexpr std::uint64_t seconds = 600;

base::Status become(const std::string& user) {
  const pid_t parent = ::getppid();
  if (!user.empty()) {
    const auto identity = base::io::find_identity(user);
    if (!identity) return base::Unexpected{identity.error()};
    if (auto done = base::io::drop_identity(*identity); !done) return done;
  }
  // The change of user has cleared it.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_DUMPABLE, 0);
  if (::getppid() != parent) return base::fail("nobody waits for the answer");
  return base::Ok{};
}

base::Status enter(const fs::path& folder) {
  const auto mapped = base::io::mapped_bytes();
  if (!mapped) return base::Unexpected{mapped.error()};
  for (const auto& [what, value] : {std::pair<int, std::uint64_t>{RLIMIT_CORE, 0},
                                    {RLIMIT_FSIZE, largest_file},
                                    {RLIMIT_CPU, seconds},
                                    {RLIMIT_AS, *mapped + memory}}) {
    if (auto done = base::io::limit_resource(what, value); !done) return done;
  }
  using Right = base::io::PathRight;
  return base::io::enter_sandbox(
      // uname: what a database's bytecode asks of the machine when it is made ready.
      {.syscalls = {"openat",  "getdents64", "pread64",   "newfstatat", "access",
                    "stat",    "mkdir",      "unlink",    "rmdir",      "unlinkat",
                    "chmod",   "fchmod",     "ftruncate", "pwrite64",   "rename",
                    "dup",     "fcntl",      "umask",     "getcwd",     "readlink",
                    "sysinfo", "prlimit64",  "times",     "uname",      "gettimeofday"},
       .paths = std::vector<Right>{
           {(folder / io::database_folder).string(), Right::Access::read},
           {(folder / io::self_test_folder).string(), Right::Access::read},
           {(folder / io::temporary_folder).string(), Right::Access::read_write}}});
}

base::Result<scannerqube::database::Manifest> read_manifest(const fs::path& folder) {
  namespace db = scannerqube::database;
  const auto head =
      base::io::read_file(folder / io::head_file, db::bundle_header_size + db::max_manifest);
  if (!head) return base::Unexpected{head.error()};
  if (head->size() < db::bundle_header_size) return base::fail("its head is cut off");
  return io::parse_manifest(std::string_view(*head).substr(db::bundle_header_size));
}

base::Result<scannerqube::database::EngineFacts> run(const fs::path& folder,
                                                     const std::string& user) {
  if (auto done = become(user); !done) return base::Unexpected{done.error()};
  const auto manifest = read_manifest(folder);
  if (!manifest) return base::Unexpected{manifest.error()};
  if (auto done = enter(folder); !done) return base::Unexpected{done.error()};
  return io::self_test(folder, *manifest);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (words.empty() || words.size() > 2) {
      std::cerr << "usage: sallyport-db-check FOLDER [USER]\n";
      return 2;
    }
    const auto facts = run(words[0], words.size() > 1 ? words[1] : "");
    (facts ? std::cout << encode(*facts) : std::cerr << facts.error().text << '\n').flush();
    return facts ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
