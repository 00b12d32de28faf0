// SPDX-License-Identifier: GPL-2.0-or-later
// The tools against the real daemon, with qubes on paper.
#include <chrono>

#include "tests/cli/fake_admin.hpp"
#include "tests/dom0/paper_qubes.hpp"

namespace dom0::test {
namespace {

using cli::test::ProgramResult;

class PaperCli : public PaperQubes {
 protected:
  ProgramResult tool(const std::string& name, std::vector<std::string> words) const {
    words.insert(words.begin(), {"--root", root_.string()});
    return cli::test::run_program(name, words);
  }
  ProgramResult usb(const std::vector<std::string>& words) const { return tool("qvm-usb", words); }
};

TEST_F(PaperCli, ListsAttachesAndDetaches) {
  start();
  EXPECT_EQ(usb({}).out.substr(0, 24), "sys-usb:2-1  USB_Storage");
  EXPECT_EQ(usb({"attach", "-v", "work", "sys-usb:2-1"}).err, "Attached sys-usb:2-1 to work.\n");
  EXPECT_NE(usb({}).out.find("  work (attached)\n"), std::string::npos);
  EXPECT_EQ(usb({"attach", "work", "sys-usb:2-1"}).code, 1);
  EXPECT_EQ(usb({"detach", "-v", "work", "sys-usb:*"}).err, "Detached sys-usb:2-1 from work.\n");
  EXPECT_NE(usb({"info", "--json", "sys-usb:2-1"}).out.find("\"serial\":\"60A44C\""),
            std::string::npos);
}

TEST_F(PaperCli, CompletesInTime) {
  start();
  const auto before = std::chrono::steady_clock::now();
  const ProgramResult got = usb({"--complete", "qvm-usb", "attach", "work", ""});
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(1));
  EXPECT_EQ(got.out.substr(0, 12), "sys-usb:2-1\t");
}

TEST_F(PaperCli, AssignsAndWatches) {
  start();
  cli::test::RunningProgram watch("qvm-usb", {"--root", root_.string(), "watch", "--json"});
  watch.read_until("\"event\":\"list\"");
  const ProgramResult assigned = usb({"assign", "--ask", "--port", "work", "sys-usb:2-1"});
  EXPECT_EQ(assigned.code, 0) << assigned.err;
  EXPECT_NE(usb({"list", "-s"}).out.find("sys-usb:2-1  any device"), std::string::npos);
  EXPECT_NE(usb({"list", "-s"}).out.find("  *work (ask-to-attach)\n"), std::string::npos);
  EXPECT_EQ(usb({"unassign", "--port", "work", "sys-usb:2-1"}).code, 0);
  EXPECT_EQ(usb({"list", "-s"}).out.find("*work"), std::string::npos);
  EXPECT_NE(watch.read_until("\"event\":\"unassign\"").find("\"event\":\"assign\""),
            std::string::npos);
  watch.signal(SIGINT);
  EXPECT_EQ(watch.finish().code, 0);
}

TEST_F(PaperCli, PolicyToolsKnowTheDeviceThatIsThere) {
  start();
  policy("qubes.USB * work sys-usb allow class=usb_storage device=new\n");
  const std::vector<std::string> call{"work", "sys-usb", "qubes.USB+2-1"};
  const auto ask = [&](const std::string& what) {
    return tool("sallyport", {"policy", what, call[0], call[1], call[2]}).out;
  };
  EXPECT_TRUE(ask("why").starts_with("allow")) << ask("why");
  EXPECT_NE(ask("eval").find("\"decision\":\"allow\""), std::string::npos) << ask("eval");
  policy("qubes.USB * work sys-usb allow class=Keyboard\n");
  EXPECT_NE(ask("why").find("do not hold for the device that is there now"), std::string::npos)
      << ask("why");
  const auto nothing = tool("sallyport", {"policy", "why", "work", "sys-usb", "qubes.USB+9-9"});
  EXPECT_NE(nothing.out.find("nothing is known of a device here"), std::string::npos);
}

TEST_F(PaperCli, DeniesInterfaces) {
  start();
  const ProgramResult added = tool("sallyport", {"deny", "add", "work", "u08"});
  EXPECT_EQ(added.code, 0) << added.err;
  EXPECT_EQ(tool("sallyport", {"deny", "list", "work"}).out, "u08****  USB_Storage\n");
  EXPECT_NE(usb({"attach", "work", "sys-usb:2-1"}).err.find("u080650"), std::string::npos);
  EXPECT_EQ(tool("sallyport", {"deny", "remove", "work", "all"}).code, 0);
  EXPECT_EQ(usb({"attach", "work", "sys-usb:2-1"}).code, 0);
}

}  // namespace
}  // namespace dom0::test
