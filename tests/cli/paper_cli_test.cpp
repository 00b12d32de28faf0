// SPDX-License-Identifier: GPL-2.0-or-later
// The tools against the real daemon, with qubes on paper.
#include <algorithm>
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

// The line of a policy that has `text`, from 1.
std::string line_of(const std::string& policy, const std::string& text) {
  const auto end = policy.begin() + static_cast<std::ptrdiff_t>(policy.find(text));
  return std::to_string(1 + std::count(policy.begin(), end, '\n'));
}

class PaperUsbPolicy : public PaperCli {
 protected:
  PaperUsbPolicy() {
    plug(
        "port=2-1 vendor=0951 product=1666 name=\"Data Traveler\" serial=60A44C "
        "interfaces=080650 described=080650,080662 usbguard-hash=" +
        std::string(64, '0') +
        "\n"
        "port=2-2 vendor=1234 product=0001 name=\"x\x1b[31m\" interfaces=080650,030101\n"
        "port=2-3 vendor=1234 product=0002 serial=1 interfaces=080650\n");
  }
  std::string policy_file() const { return root_ / "etc/qubes/policy.d/20-usb.policy"; }
  std::string policy_text() const {
    const auto text = base::io::read_file(policy_file(), 1U << 20U);
    return text ? *text : std::string();
  }
  ProgramResult make(std::vector<std::string> words) const {
    words.insert(words.begin(), "usb");
    words.insert(words.end(), {"--out", policy_file()});
    return tool("sallyport", std::move(words));
  }
  std::string rules(const std::string& text) {
    put("rules.conf", text);
    return root_ / "rules.conf";
  }
  void expect_good_policy() {
    const ProgramResult checked = tool("sallyport", {"policy", "check"});
    EXPECT_EQ(checked.code, 0) << checked.out << checked.err;
  }
};

TEST_F(PaperUsbPolicy, OfUsbguardsRulesDecidesAndIsNamedInTheAuditLog) {
  start();
  const std::string all_zeros = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  const std::string file = rules("allow 0951:1666 serial \"60A44C\" hash \"" + all_zeros +
                                 "\" via-port \"1-7\" with-interface { 08:06:50 08:06:62 }\n"
                                 "reject with-interface all-of { 08:*:* 03:*:* }\n");
  const ProgramResult made = make({"import-rules", file, "--target", "work", "--port", "1-7=2-1"});
  ASSERT_EQ(made.code, 0) << made.err;
  expect_good_policy();
  const std::string policy = policy_text();

  EXPECT_EQ(usb({"attach", "work", "sys-usb:2-1"}).code, 0);
  const std::string allowed = "20-usb.policy:" + line_of(policy, " allow usb=");
  EXPECT_NE(audit().find("\"decision\":\"allow\""), std::string::npos) << audit();
  EXPECT_NE(audit().find(allowed), std::string::npos) << audit();

  // The one that types is blocked by its rule, the other by none that allows.
  EXPECT_NE(usb({"attach", "work", "sys-usb:2-2"}).code, 0);
  EXPECT_NE(audit().find("20-usb.policy:" + line_of(policy, " deny usb=")), std::string::npos)
      << audit();
  EXPECT_NE(usb({"attach", "work", "sys-usb:2-3"}).code, 0);
  EXPECT_NE(audit().find("20-usb.policy:" + line_of(policy, " deny\n")), std::string::npos)
      << audit();
}

TEST_F(PaperUsbPolicy, IsNotImportedInPartUnlessThatIsSaid) {
  const std::string file =
      rules("allow 0951:1666 parent-hash \"x\"\nallow via-port \"1-7\"\npermit\n");
  const ProgramResult refused = make({"import-rules", file, "--target", "work"});
  EXPECT_EQ(refused.code, 1);
  for (const char* where :
       {":1:17: 'parent-hash'", ":2:7: the port '1-7'", ":3:1: a rule begins"}) {
    EXPECT_NE(refused.err.find(file + where), std::string::npos) << refused.err;
  }
  EXPECT_FALSE(std::filesystem::exists(policy_file()));

  const std::string some = rules("allow 0951:1666 parent-hash \"x\"\n");
  const ProgramResult made = make({"import-rules", some, "--target", "work", "--partial"});
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_NE(made.err.find("asks: " + some + ":1:17: 'parent-hash'"), std::string::npos) << made.err;
  EXPECT_NE(policy_text().find("qubes.USB * work sys-usb ask usb=id,0951:1666\n"),
            std::string::npos);
  const ProgramResult again = make({"import-rules", some, "--target", "work", "--partial"});
  EXPECT_EQ(again.code, 1);
  EXPECT_NE(again.err.find("is there already"), std::string::npos) << again.err;
  EXPECT_EQ(make({"import-rules", some}).code, 2);
  EXPECT_EQ(make({"import-rules", some, "--target", "work", "--port", "1-7"}).code, 2);
  EXPECT_EQ(make({"generate-policy", "--rest", "allow"}).code, 2);
}

TEST_F(PaperUsbPolicy, OfWhatIsPluggedInLetsExactlyThatIn) {
  start();
  wait_until([this] { return has("sys-usb", "2-3:"); }, "all devices are told");
  ASSERT_EQ(make({"generate-policy", "--target", "work"}).code, 0);
  expect_good_policy();
  EXPECT_EQ(policy_text().find('\x1b'), std::string::npos);
  for (const char* device : {"sys-usb:2-1", "sys-usb:2-2", "sys-usb:2-3"}) {
    EXPECT_EQ(usb({"attach", "work", device}).code, 0) << policy_text();
    EXPECT_EQ(usb({"detach", "work", device}).code, 0);
  }
  plug(
      "port=2-1 vendor=0951 product=1666 name=\"Data Traveler\" serial=60A44C "
      "interfaces=080650 described=080650,080662,030101\n");
  usb_.end(SIGTERM);
  start_usb();
  wait_until([this] { return has("sys-usb", "2-1:") && !has("sys-usb", "2-3:"); }, "it changed");
  EXPECT_NE(usb({"attach", "work", "sys-usb:2-1"}).code, 0);
}

}  // namespace
}  // namespace dom0::test
