// SPDX-License-Identifier: GPL-2.0-or-later
// Runs `sallyport policy` in a folder with a small policy and four qubes.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "policy/io/tool.hpp"
#include "tests/fakes/folder.hpp"

namespace tests {

class PolicyTool : public testing::Test {
 protected:
  struct Result {
    int code = -1;
    std::string out;
    std::string errors;
  };
  void SetUp() override {
    write("etc/qubes/policy.d/30-user.policy", "qubes.USB * work sys-usb allow\n");
    std::filesystem::create_directories(root_ / "run/qubes/policy.d");
    write("system.json",
          R"({"domains": {"work": {"type": "AppVM", "power_state": "Running", "tags": ["a"]},
              "sys-usb": {"type": "AppVM", "power_state": "Running"}}})");
  }
  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }
  std::string path(const std::string& name) const { return (root_ / name).string(); }
  Result run(const std::vector<std::string>& words, const std::string& input = {}) {
    std::stringstream in(input);
    std::stringstream out;
    std::stringstream errors;
    const int code = policy::io::run_policy_tool(words, base::io::Paths(root_), in, out, errors);
    return {.code = code, .out = out.str(), .errors = errors.str()};
  }
  // The same, with --system-info behind the command.
  Result ask(std::vector<std::string> words, const std::string& input = {}) {
    words.insert(words.begin() + 1, {"--system-info", path("system.json")});
    return run(words, input);
  }

  const Folder folder_;
  const std::filesystem::path root_ = folder_.path();
};

}  // namespace tests
