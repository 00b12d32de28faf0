// SPDX-License-Identifier: GPL-2.0-or-later
// The completion file in a real bash, with words as bash takes them apart.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "base/io/unix_socket.hpp"
#include "tests/cli/fake_admin.hpp"
#include "tests/places.hpp"

namespace cli::test {
namespace {

std::string completion_answer(const std::string& request) {
  std::string ok = with_nul("0");
  if (request.starts_with("admin.vm.List+")) {
    return ok + "dom0 state=Running\nsys-usb state=Running\nwork state=Running\n";
  }
  if (request.starts_with("admin.vm.device.usb.Available+") &&
      request.find("name sys-usb") != std::string::npos) {
    return ok + "2-1:a:b:c:d port_id='2-1'\n3-2:a:b:c:d port_id='3-2' product='Cam$(id)'\n";
  }
  if (request.starts_with("admin.vm.device.usb.Assigned+")) return ok + "sys-usb+*:a:b:c:d\n";
  return ok;
}

class BashCompletion : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists("/bin/bash")) GTEST_SKIP() << "there is no /bin/bash";
  }
  // `words`: quoted for bash, the last one at the cursor. What is offered, one a line.
  std::string offered(const std::string& words) const {
    const std::string script = "export SALLYPORT_ROOT=" + root_.path().string() +
                               " PATH=" + bin_folder() + ":$PATH; source " + places::source() +
                               "/dist/completion/sallyport.bash; COMP_WORDS=(" + words +
                               "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _sallyport_complete; "
                               "((${#COMPREPLY[@]} == 0)) || printf '%s\\n' \"${COMPREPLY[@]}\"";
    const ProgramResult got = run_program("/bin/bash", {"--norc", "-c", script});
    EXPECT_EQ(got.code, 0);
    EXPECT_EQ(got.err, "");
    return got.out;
  }
  TemporaryRoot root_;
};

TEST_F(BashCompletion, OffersWhatFits) {
  const FakeAdmin daemon(root_.paths(), completion_answer);
  EXPECT_EQ(offered("qvm-usb at"), "attach\n");
  EXPECT_EQ(offered("qvm-usb list --js"), "--json\n");
  EXPECT_EQ(offered("qvm-usb attach ''"), "sys-usb\nwork\n");
  EXPECT_EQ(offered("qvm-usb attach work ''"), "sys-usb:2-1\nsys-usb:3-2\n");
  EXPECT_EQ(offered("sallyport deny ''"), "add\nlist\nremove\n");
  EXPECT_EQ(offered(bin_folder() + "/qvm-usb inf"), "info\n");
}

TEST_F(BashCompletion, KeepsColonsAndEqualsTogether) {
  const FakeAdmin daemon(root_.paths(), completion_answer);
  EXPECT_EQ(offered("qvm-usb attach work sys-usb :"), "2-1\n3-2\n");
  EXPECT_EQ(offered("qvm-usb attach work sys-usb : 3"), "3-2\n");
  EXPECT_EQ(offered("qvm-usb attach work sys-usb : 3-2 :"), "a:b:c:d\n");
  EXPECT_EQ(offered("qvm-usb list --exclude = w"), "work\n");
  EXPECT_EQ(offered("qvm-usb list --all --exclude ="), "dom0\nsys-usb\nwork\n");
  EXPECT_EQ(offered("qvm-usb unassign work ''"), "sys-usb:\\*:a:b:c:d\n");
  EXPECT_EQ(offered("qvm-usb unassign work sys-usb : '\\*' :"), "a:b:c:d\n");
}

TEST_F(BashCompletion, OffersFoldersForRoot) {
  std::filesystem::create_directories(root_.path() / "demo");
  EXPECT_EQ(offered("qvm-usb --root " + (root_.path() / "de").string()),
            (root_.path() / "demo").string() + "\n");
}

TEST_F(BashCompletion, OffersFilesForSignatures) {
  std::filesystem::create_directories(root_.path() / "bundle");
  for (const char* words : {"import", "make", "import --key", "make --corpus"}) {
    EXPECT_EQ(offered("sallyport db " + std::string(words) + " " + (root_.path() / "bun").string()),
              (root_.path() / "bundle").string() + "\n")
        << words;
  }
  EXPECT_EQ(offered("sallyport db ''"), "import\nmake\nstatus\n");
  EXPECT_EQ(offered("sallyport db status --js"), "--json\n");
}

TEST_F(BashCompletion, IsSilentAndQuickWithoutADaemon) {
  EXPECT_EQ(offered("qvm-usb attach ''"), "");
  EXPECT_EQ(offered("qvm-usb attach work sys-usb :"), "");
  EXPECT_EQ(offered("qvm-usb at"), "attach\n");
  // One that does not answer is given up soon.
  const auto silent = base::io::listen_unix(root_.paths().admin_socket(), 0600);
  ASSERT_TRUE(silent.has_value());
  const auto start = std::chrono::steady_clock::now();
  const ProgramResult got =
      run_program("qvm-device", {"--root", root_.path(), "--complete", "qvm-usb", "attach", ""});
  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(got.code, 0);
  EXPECT_EQ(got.out + got.err, "");
  EXPECT_LT(took, std::chrono::seconds(5)) << "the usual limit of a call is 30 s";
}

}  // namespace
}  // namespace cli::test
