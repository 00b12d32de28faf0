// SPDX-License-Identifier: GPL-2.0-or-later
// What is offered where, without a shell.
#include "cli/completion.hpp"

#include "tests/cli/device_run_fixture.hpp"

namespace cli {
namespace {

class CompletionTest : public DeviceRunTest {
 protected:
  Words offered(std::string_view program, const Words& words) {
    const Admin admin = [this](const AdminCall& call) { return reply(call); };
    Words found;
    for (const Candidate& each : complete(program, words, admin)) found.push_back(each.word);
    return found;
  }
  Words usb(const Words& words) { return offered("qvm-usb", words); }
};

TEST_F(CompletionTest, OffersCommands) {
  EXPECT_EQ(usb({""}), (Words{"assign", "attach", "detach", "info", "list", "unassign", "watch"}));
  EXPECT_EQ(usb({"a"}), (Words{"assign", "attach"}));
  EXPECT_EQ(usb({"-v", "w"}), (Words{"watch"}));
  EXPECT_EQ(offered("sallyport", {"p"}), (Words{"panic", "policy"}));
  EXPECT_EQ(offered("sallyport", {"do"}), (Words{"doctor"}));
  EXPECT_EQ(offered("sallyport", {"db", ""}), (Words{"import", "make", "status"}));
  EXPECT_EQ(offered("sallyport", {"db", "import", "--"}), (Words{"--help", "--key", "--user"}));
  EXPECT_EQ(offered("sallyport", {"controllers", "--"}), (Words{"--help", "--json", "--sys"}));
  EXPECT_EQ(offered("sallyport", {"doctor", "--"}), (Words{"--help", "--json", "--sys"}));
  EXPECT_EQ(offered("sallyport", {"doctor", "--sys", ""}), (Words{}));
  EXPECT_EQ(offered("sallyport", {"scan", ""}),
            (Words{"again", "key", "release", "show", "verify"}));
  EXPECT_EQ(offered("sallyport", {"scan", "sys-usb:sda", "--wa"}), (Words{"--wait"}));
  EXPECT_EQ(offered("sallyport", {"scan", "verify", "--"}), (Words{"--help", "--json", "--key"}));
  EXPECT_EQ(offered("sallyport", {"deny", ""}), (Words{"add", "list", "remove"}));
  EXPECT_EQ(offered("sallyport", {"usb", ""}), (Words{"generate-policy", "import-rules"}));
  EXPECT_EQ(offered("sallyport", {"usb", "generate-policy", "--rest", ""}), (Words{"ask", "deny"}));
  EXPECT_EQ(usb({"frob", ""}), (Words{}));
  EXPECT_EQ(usb({}), (Words{}));
}

TEST_F(CompletionTest, OffersOptions) {
  EXPECT_EQ(usb({"assign", "--re"}), (Words{"--required"}));
  EXPECT_EQ(usb({"list", "--j"}), (Words{"--json"}));
  EXPECT_EQ(usb({"list", "--", "--j"}), (Words{}));
  EXPECT_EQ(usb({"attach", "-o", "read-only=y"}), (Words{"read-only=yes"}));
  EXPECT_EQ(usb({"list", "--all", "--exclude", "w"}), (Words{"work"}));
  EXPECT_EQ(usb({"list", "--all", "--exclude=w"}), (Words{"--exclude=work"}));
}

TEST_F(CompletionTest, OffersQubes) {
  qubes_ = std::string("dom0 state=Running\nsys-usb state=Running\nwork state=Halted\n");
  EXPECT_EQ(usb({"list", ""}), (Words{"dom0", "sys-usb", "work"}));
  EXPECT_EQ(usb({"list", "work", ""}), (Words{"dom0", "sys-usb"}));
  EXPECT_EQ(usb({"attach", ""}), (Words{"sys-usb"}));  // only those that can take it now
  EXPECT_EQ(usb({"assign", "w"}), (Words{"work"}));
  EXPECT_EQ(offered("sallyport", {"run", ""}), (Words{"sys-usb"}));
  EXPECT_EQ(offered("sallyport", {"deny", "list", "w"}), (Words{"work"}));
  EXPECT_EQ(offered("sallyport", {"usb", "import-rules", "--target", "w"}), (Words{"work"}));
}

TEST_F(CompletionTest, OffersDevices) {
  attached_ = std::string("sys-usb+2-2:a:b:c:d\n");
  assigned_ = std::string("sys-usb+2-3:a:b:c:d mode='auto-attach'\nsys-usb+*:a:b:c:d\n");
  EXPECT_EQ(usb({"attach", "work", ""}), (Words{"sys-usb:2-1"}));
  EXPECT_EQ(usb({"attach", "work", "sys-usb:2"}), (Words{"sys-usb:2-1"}));
  EXPECT_EQ(usb({"attach", "work", "sys-usb:2-1:"}), (Words{"sys-usb:2-1:0951:1666:60A4:u080650"}));
  EXPECT_EQ(usb({"info", "s"}), (Words{"sys-usb:2-1"}));
  EXPECT_EQ(usb({"detach", "work", ""}), (Words{"sys-usb:2-2"}));
  EXPECT_EQ(usb({"unassign", "work", ""}), (Words{"sys-usb:*:a:b:c:d", "sys-usb:2-3"}));
  EXPECT_EQ(usb({"attach", "work", "sys-usb:2-1", ""}), (Words{}));
  EXPECT_EQ(offered("sallyport", {"deny", "add", "work", "u0e"}), (Words{"u0e****"}));
}

TEST_F(CompletionTest, OffersNothingThatAShellWouldObey) {
  attached_ = std::string("sys-usb+2-2:a:b:$(reboot):d\nsys-usb+2-3:a:b:c:d\n");
  assigned_ = std::string("sys-usb+*:a:b:`reboot`:d\n");
  available_ = std::string("2-1:a:b:;reboot:d port_id='2-1'\n");
  EXPECT_EQ(usb({"detach", "work", ""}), (Words{"sys-usb:2-2", "sys-usb:2-3"}));
  EXPECT_EQ(usb({"unassign", "work", ""}), (Words{}));
  EXPECT_EQ(usb({"attach", "work", "sys-usb:2-1:"}), (Words{}));
}

TEST_F(CompletionTest, TakesTheClassOfDevices) {
  answer_ = std::string("usb\nblock\n");
  const Admin admin = [this](const AdminCall& call) {
    return call.method == "admin.deviceclass.List" ? answer_ : reply(call);
  };
  EXPECT_EQ(complete("qvm-device", {"b"}, admin), (Candidates{{"block", "class of devices"}}));
  EXPECT_EQ(offered("qvm-device", {"usb", "info", ""}), (Words{"sys-usb:2-1"}));
  EXPECT_EQ(offered("qvm-device", {"usb", "at"}), (Words{"attach"}));
}

TEST_F(CompletionTest, OffersNothingWithoutADaemon) {
  qubes_ = refusal("QubesDaemonCommunicationError", "no");
  EXPECT_EQ(usb({"attach", ""}), (Words{}));
  EXPECT_EQ(usb({"attach", "work", ""}), (Words{}));
  EXPECT_EQ(usb({"att"}), (Words{"attach"}));
}

TEST_F(CompletionTest, NotesAreBehindATab) {
  EXPECT_EQ(format_candidates({{"a", "b c"}, {"d", ""}}), "a\tb c\nd\t\n");
}

}  // namespace
}  // namespace cli
