// SPDX-License-Identifier: GPL-2.0-or-later
// A daemon that answers the Admin API by a script, on a real socket below a temporary root.
#pragma once

#include <sys/types.h>

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/io/fd.hpp"
#include "base/io/paths.hpp"

namespace cli::test {

// A field of an Admin API reply.
inline std::string with_nul(const char* text) { return std::string(text) + '\0'; }

// A temporary folder that goes away with the object.
class TemporaryRoot {
 public:
  TemporaryRoot();
  ~TemporaryRoot();
  TemporaryRoot(const TemporaryRoot&) = delete;
  TemporaryRoot& operator=(const TemporaryRoot&) = delete;

  const std::filesystem::path& path() const { return path_; }
  base::io::Paths paths() const { return base::io::Paths(path_); }

 private:
  std::filesystem::path path_;
};

class FakeAdmin {
 public:
  // The request's bytes in, the reply's bytes out; runs in the server's thread.
  using Script = std::function<std::string(const std::string& request)>;

  FakeAdmin(const base::io::Paths& paths, Script script);
  ~FakeAdmin();
  FakeAdmin(const FakeAdmin&) = delete;
  FakeAdmin& operator=(const FakeAdmin&) = delete;

  std::vector<std::string> requests() const;

  // Clients of admin.Events stay connected after their answer: tells them more, or hangs up.
  void tell(const std::string& bytes);
  void hang_up();

 private:
  void serve();
  void answer_one();

  Script script_;
  base::io::Fd listening_;
  base::io::FdPair stop_;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::vector<base::io::Fd> listeners_;
  std::thread thread_;
};

struct ProgramResult {
  int code = -1;
  std::string out;
  std::string err;
};

enum class Stdout { pipe, terminal };

// A built program that runs until it is interrupted. COLUMNS=80, killed after 30 s.
class RunningProgram {
 public:
  RunningProgram(const std::string& name, const std::vector<std::string>& arguments);
  ~RunningProgram();
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  // All that was printed until `text` appeared, or until the end.
  std::string read_until(std::string_view text);
  void signal(int number) const;
  // Nobody reads any more.
  void close_output() { out_.reset(); }
  // The exit status, and everything printed.
  ProgramResult finish();

 private:
  pid_t child_ = -1;
  base::io::Fd out_;
  base::io::Fd err_;
  ProgramResult result_;
};

// Where the built programs are.
std::string bin_folder();
// Runs a program to its end, COLUMNS=80: `name` in the build's bin folder, or a path.
ProgramResult run_program(const std::string& name, const std::vector<std::string>& arguments,
                          Stdout out = Stdout::pipe);

}  // namespace cli::test
