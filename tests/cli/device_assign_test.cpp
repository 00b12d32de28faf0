// SPDX-License-Identifier: GPL-2.0-or-later
// assign, unassign, attach --persistent and detach of any port: the calls' bytes and the texts.
#include "cli/device_assign.hpp"

#include <algorithm>
#include <chrono>

#include "tests/cli/device_run_fixture.hpp"

namespace cli {
namespace {

using DeviceAssignTest = DeviceRunTest;
using Calls = std::vector<std::string>;

const std::string stick_id = "0951:1666:60A4:u080650";
const std::string assign_hint =
    "Assigned. To attach you can now restart domain or run: \n\tqvm-usb attach";

std::string assign_call(const std::string& argument, const std::string& device_id,
                        const std::string& port, const std::string& mode,
                        const std::string& options = {}) {
  return "admin.vm.device.usb.Assign+sys-usb+" + argument + " work device_id='" + device_id +
         "' port_id='" + port + "' devclass='usb' backend_domain='sys-usb' mode='" + mode +
         "' frontend_domain='work'" + options;
}

TEST_F(DeviceAssignTest, SendsTheWorkedExamples) {
  const std::string pinned = "2-1+0951+1666+60A4+u080650";
  const std::string other = "cafe:cafe::0123456u654321";
  const std::vector<std::pair<Words, std::string>> examples{
      {{"assign", "work", "sys-usb:2-1"}, assign_call(pinned, stick_id, "2-1", "auto-attach")},
      {{"assign", "--ask", "--ro", "work", "sys-usb:2-1"},
       assign_call(pinned, stick_id, "2-1", "ask-to-attach", " _read-only='yes'")},
      {{"s", "--ask-to-attach", "work", "sys-usb:2-1"},
       assign_call(pinned, stick_id, "2-1", "ask-to-attach")},
      {{"assign", "--port", "work", "sys-usb:2-1"},
       assign_call("2-1+_", "*", "2-1", "auto-attach")},
      {{"assign", "work", "sys-usb:2-1:*"}, assign_call("2-1+_", "*", "2-1", "auto-attach")},
      {{"assign", "--device", "work", "sys-usb:2-1"},
       assign_call("_+0951+1666+60A4+u080650", stick_id, "*", "auto-attach")},
      {{"assign", "work", "sys-usb:2-1:" + other},
       assign_call("2-1+cafe+cafe++0123456u654321", other, "2-1", "auto-attach")},
      {{"assign", "work", "sys-usb:*:" + stick_id},
       assign_call("_+0951+1666+60A4+u080650", stick_id, "*", "auto-attach")},
      // Nothing is there yet; whatever is plugged in is meant.
      {{"assign", "--only-port", "work", "sys-usb:9-9"},
       assign_call("9-9+_", "*", "9-9", "auto-attach")},
  };
  for (const auto& [words, call] : examples) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(calls_, Calls{call});
  }
}

TEST_F(DeviceAssignTest, SaysHowToAttachNow) {
  EXPECT_EQ(run({"assign", "--ro", "-o", "x=1", "work", "sys-usb:2-1"}).out,
            assign_hint + " -o x=1 -o read-only=yes work sys-usb:2-1\n");
  EXPECT_EQ(run({"assign", "-q", "work", "sys-usb:2-1"}).out, "");
  EXPECT_EQ(run({"-q", "assign", "work", "sys-usb:2-1"}).out, "");
  EXPECT_EQ(run({"assign", "-v", "work", "sys-usb:2-1"}).err,
            "Assigned sys-usb:2-1:" + stick_id + " to work (auto-attach).\n");
  // In every port, and there are two.
  available_ = std::string(stick) + "2-2:" + stick_id + " port_id='2-2'\n";
  EXPECT_EQ(run({"assign", "work", "sys-usb:*:" + stick_id}).out,
            assign_hint + " work sys-usb:2-1\n\tqvm-usb attach work sys-usb:2-2\n");
}

TEST_F(DeviceAssignTest, HintsAtNothingThatIsDoneOrCannotBe) {
  const Words words{"assign", "work", "sys-usb:2-1"};
  attached_ = "sys-usb+2-1:" + stick_id + " port_id='2-1'\n";
  EXPECT_EQ(run(words), (Outcome{}));
  attached_ = std::string();
  EXPECT_EQ(run({"assign", "--port", "work", "sys-usb:9-9"}), (Outcome{}));
  qubes_ = std::string("sys-usb state=Running\nwork state=Halted\n");
  EXPECT_EQ(run(words), (Outcome{}));
}

TEST_F(DeviceAssignTest, WarnsOfTheDenyList) {
  const std::string warning =
      "Warning: The assigned device is on the denied list.\n"
      "           Auto-attach will work, but make sure that the assignment is correct.\n";
  qubes_ = std::string("sys-usb state=Running\nwork state=Halted\n");
  denied_ = std::string("u0e****\nu08****\n");
  EXPECT_EQ(run({"assign", "work", "sys-usb:2-1"}).out, warning);
  EXPECT_EQ(run({"assign", "--port", "work", "sys-usb:2-1"}).out, warning);
  EXPECT_EQ(run({"assign", "-q", "work", "sys-usb:2-1"}).out, "");
  denied_ = std::string("u0e****u08065*");
  EXPECT_EQ(run({"assign", "work", "sys-usb:2-1"}).out, warning);
  for (const AdminAnswer& harmless :
       {AdminAnswer(std::string("u03****")), AdminAnswer(std::string("garbage")),
        refusal("QubesDaemonCommunicationError", "no")}) {
    denied_ = harmless;
    EXPECT_EQ(run({"assign", "work", "sys-usb:2-1"}), (Outcome{}));
  }
}

TEST_F(DeviceAssignTest, RefusesAsQubesDoes) {
  EXPECT_EQ(run({"assign", "work", "sys-usb:9-9"}).err,
            "Error: backend vm sys-usb doesn't expose usb device '9-9'\n");
  EXPECT_EQ(run({"assign", "-r", "work", "sys-usb:2-1"}).err,
            "Error: Only pci and block devices can be assigned as required.\n");
  EXPECT_EQ(run({"assign", "work", "sys-usb:2-1"}, "qvm-pci").err,
            "Error: PCI devices cannot be assigned as not required.\n");
  EXPECT_EQ(run({"attach", "work", "sys-usb:2-1"}, "qvm-pci").err,
            "Error: PCI devices cannot be attached manually, did you mean `qvm-pci assign "
            "--required ...`\n");
  EXPECT_TRUE(calls_.empty());
  EXPECT_EQ(run({"assign", "-r", "work", "sys-usb:2-1"}, "qvm-block").code, 0);
  EXPECT_NE(calls_.at(0).find("mode='required'"), std::string::npos);
}

TEST_F(DeviceAssignTest, ChangesTheModeOfWhatIsAssigned) {
  answers_.emplace("Assign", refusal("DeviceAlreadyAssigned", "usb device D already assigned"));
  assigned_ = "sys-usb+2-1:" + stick_id + " mode='auto-attach' frontend_domain='work'\n";
  EXPECT_EQ(run({"assign", "work", "sys-usb:2-1"}).err, "Error: 'usb device D already assigned'\n");
  EXPECT_EQ(calls_.size(), 1U);
  EXPECT_EQ(run({"assign", "--ask", "work", "sys-usb:2-1"}).code, 0);
  EXPECT_EQ(calls_.back(),
            "admin.vm.device.usb.Set.assignment+sys-usb+2-1+0951+1666+60A4+u080650 work "
            "ask-to-attach");
  EXPECT_EQ(run({"assign", "--ask", "--ro", "work", "sys-usb:2-1"}).code, 1);  // other options
  EXPECT_EQ(calls_.size(), 1U);
}

TEST_F(DeviceAssignTest, PersistentAttachAssignsWhateverAttachingSays) {
  const std::string what = " work device_id='" + stick_id +
                           "' port_id='2-1' devclass='block' backend_domain='sys-usb' "
                           "mode='required' frontend_domain='work'";
  const std::string argument = "+sys-usb+2-1+0951+1666+60A4+u080650";
  answers_.emplace("Attach", refusal("QubesException", "not now"));
  EXPECT_EQ(run({"attach", "-p", "work", "sys-usb:2-1"}, "qvm-block"), (Outcome{}));
  EXPECT_EQ(calls_, (Calls{"admin.vm.device.block.Attach" + argument + what,
                           "admin.vm.device.block.Assign" + argument + what}));
  EXPECT_EQ(run({"attach", "-vp", "work", "sys-usb:2-1"}, "qvm-block").err,
            "Error: not now\nAssigned sys-usb:2-1:" + stick_id + " to work (required).\n");
  answers_.emplace("Assign", refusal("QubesException", "never"));
  EXPECT_EQ(run({"attach", "-p", "work", "sys-usb:2-1"}, "qvm-block").err, "Error: never\n");
  // USB devices cannot be required; the attachment itself is made.
  EXPECT_EQ(run({"attach", "-p", "work", "sys-usb:2-1"}).err,
            "Error: Only pci and block devices can be assigned as required.\n");
  EXPECT_EQ(calls_.size(), 1U);
}

TEST_F(DeviceAssignTest, UnassignNamesWhatWasAssigned) {
  const std::string call = "admin.vm.device.usb.Unassign+sys-usb+";
  const std::vector<std::pair<Words, std::string>> examples{
      {{"unassign", "work", "sys-usb:2-1"}, "2-1+0951+1666+60A4+u080650"},
      {{"u", "--port", "work", "sys-usb:2-1"}, "2-1+_"},
      {{"unassign", "--device", "work", "sys-usb:2-1"}, "_+0951+1666+60A4+u080650"},
      {{"unassign", "work", "sys-usb:dev7"}, "dev7+0000+0000++_______"},
      {{"unassign", "work", "sys-usb:*:" + stick_id}, "_+0951+1666+60A4+u080650"},
  };
  for (const auto& [words, argument] : examples) {
    EXPECT_EQ(run(words), (Outcome{}));
    EXPECT_EQ(calls_, Calls{call + argument + " work "});
  }
}

TEST_F(DeviceAssignTest, UnassignSaysHowToDetachNow) {
  attached_ = "sys-usb+2-1:" + stick_id + " port_id='2-1'\n";
  EXPECT_EQ(run({"unassign", "work", "sys-usb:2-1"}).out,
            "Unassigned. To detach you can now restart domain or run: \n"
            " \tqvm-usb detach work sys-usb:2-1\n");
  EXPECT_EQ(run({"unassign", "-q", "work", "sys-usb:2-1"}).out, "");
}

TEST_F(DeviceAssignTest, UnassignWithoutDeviceEndsAll) {
  assigned_ = "sys-usb+*:" + stick_id + " mode='auto-attach'\nsys-usb+2-2:* mode='ask-to-attach'\n";
  EXPECT_EQ(run({"unassign", "work"}), (Outcome{}));
  EXPECT_EQ(calls_, (Calls{"admin.vm.device.usb.Unassign+sys-usb+_+0951+1666+60A4+u080650 work ",
                           "admin.vm.device.usb.Unassign+sys-usb+2-2+_ work "}));
  answer_ = refusal("QubesException", "no");
  EXPECT_EQ(run({"unassign", "work"}),
            (Outcome{.code = 1, .out = "", .err = "Error: no\nError: no\n"}));
}

TEST_F(DeviceAssignTest, UnassignNamesWhatMayBeMeant) {
  answer_ = refusal("DeviceNotAssigned", "not assigned");
  assigned_ = std::string("sys-usb+2-1:* mode='auto-attach'\nsys-usb+7-7:* mode='auto-attach'\n");
  EXPECT_EQ(run({"unassign", "work", "sys-usb:2-1"}).err,
            "Error: 'not assigned'\nqvm-usb: assigned to work: sys-usb:2-1:*; name it in full, or "
            "with --port or --device\n");
  EXPECT_EQ(run({"unassign", "work", "sys-usb:2-2"}).err, "Error: 'not assigned'\n");
}

TEST_F(DeviceAssignTest, DetachTakesAnyPort) {
  attached_ = "sys-usb+2-1:" + stick_id + "\nsys-usb+2-2:a:b:c:d\nother+1-1:" + stick_id + "\n";
  EXPECT_EQ(run({"detach", "work", "sys-usb:*"}).code, 0);
  EXPECT_EQ(calls_, (Calls{"admin.vm.device.usb.Detach+sys-usb+2-1+0951+1666+60A4+u080650 work ",
                           "admin.vm.device.usb.Detach+sys-usb+2-2+a+b+c+d work "}));
  EXPECT_EQ(run({"detach", "work", "sys-usb:*:a:b:c:d"}).code, 0);
  EXPECT_EQ(calls_.size(), 1U);
  EXPECT_EQ(run({"detach", "work", "sys-usb:*:e:f:g:h"}).err,
            "Error: sys-usb:*:e:f:g:h is not attached.\n");
}

TEST_F(DeviceAssignTest, ListShowsAssignmentsOfAll) {
  qubes_ = std::string(
      "dom0 state=Running\nsys-usb state=Running\nvault state=Halted\nwork state=Running\n");
  assigned_ = "sys-usb+*:" + stick_id + " mode='ask-to-attach'\nsys-usb+2-1:" + stick_id +
              " mode='auto-attach' _read-only='yes'\nsys-usb+2-1 port_id='2-1' mode='required'\n";
  // As in Qubes: whatever qubes are named, and with who gets it by a wider assignment.
  EXPECT_EQ(run({"list", "-s", "vault"}).out,
            "sys-usb:*    0951:1666:60A4:u080650  *work (ask-to-attach)\n"
            "sys-usb:2-1  0951:1666:60A4:u080650  *work (ask-to-attach), *work (auto-attach: "
            "read-only=yes), *work (required)\n"
            "sys-usb:2-1  any device              *work (required)\n");
  EXPECT_EQ(run({"list", "vault"}).out, "");
}

// Each assignment is joined with all that match it: by trying, that would be a hundred million.
TEST_F(DeviceAssignTest, ListJoinsTenThousandAssignmentsSoon) {
  std::string lines;
  std::string devices;
  for (int i = 0; i < 10000; ++i) {
    const std::string port = std::to_string(i);
    lines += "sys-usb+" + port + ":a:b:c:d port_id='" + port + "' mode='auto-attach'\n";
  }
  for (int i = 0; i < 1000; ++i) devices += std::to_string(i) + ":a:b:c:d product='P'\n";
  assigned_ = lines;
  available_ = devices;
  const auto start = std::chrono::steady_clock::now();
  const Outcome outcome = run({"list", "-s"});
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
  EXPECT_EQ(std::ranges::count(outcome.out, '\n'), 11000);
}

TEST_F(DeviceAssignTest, JsonHasStableKeys) {
  assigned_ = "sys-usb+*:" + stick_id + " mode='ask-to-attach'\n";
  attached_ = "sys-usb+2-1:" + stick_id + " port_id='2-1' _read-only='yes'\n";
  const std::string device =
      R"("kind":"device","class":"usb","backend":"sys-usb","port_id":"2-1",)"
      R"("device_id":"0951:1666:60A4:u080650","description":"USB_Storage: Kingston Stick",)"
      R"("vendor":"Kingston","product":"Stick","manufacturer":null,"name":null,"serial":null,)"
      R"("interfaces":["u080650"],"parent":null,"data":{"last-detach":"work: unplugged"})";
  EXPECT_EQ(run({"list", "-s", "--json"}).out,
            R"([{"kind":"assignment","backend":"sys-usb","port_id":"*",)"
            R"("device_id":"0951:1666:60A4:u080650","description":"0951:1666:60A4:u080650",)"
            R"("used_by":[{"qube":"work","mode":"ask-to-attach","options":{}}]},{)" +
                device +
                R"(,"used_by":[{"qube":"work","mode":"attached",)"
                R"("options":{"read-only":"yes"}}]}])"
                "\n");
  EXPECT_EQ(run({"info", "--json", "sys-usb:2-1"}).out, "{" + device + "}\n");
  EXPECT_EQ(run({"list", "--json", "work"}).code, 0);
  available_ = std::string();
  attached_ = std::string();
  EXPECT_EQ(run({"list", "--json"}).out, "[]\n");
}

TEST_F(DeviceAssignTest, ListShowsAddressesOfPciDevices) {
  available_ = std::string(
      "00_14.0:1:2::p0c0330 port_id='00_14.0' interfaces='p0c0330' _sbdf='0000:00:14.0'\n");
  EXPECT_EQ(run({"list", "--with-sbdf"}, "qvm-pci").out,
            "sys-usb:00_14.0  0000:00:14.0  PCI_USB: unknown vendor unknown pci device  \n");
  EXPECT_EQ(run({"list", "--resolve-paths"}).out.find("0000:00:14.0"), std::string::npos);
}

TEST(AssignedLine, IsRead) {
  const auto one = parse_assigned(
      "sys-usb+2-1:a:b:c:d device_id='a:b:c:d' mode='required' _read-only='yes'", "work");
  ASSERT_TRUE(one.has_value());
  EXPECT_EQ(one->port(), "sys-usb:2-1");
  EXPECT_EQ(one->device_id, "a:b:c:d");
  EXPECT_EQ(one->mode, "required");
  EXPECT_EQ(one->options, (base::device::Properties{{"read-only", "yes"}}));
  const auto any_port = parse_assigned("sys-usb+_:a:b:c:d", "work");
  ASSERT_TRUE(any_port.has_value());
  EXPECT_EQ(any_port->port_id, any);
  const auto any_device = parse_assigned("sys-usb+2-1 mode='auto-attach'", "work");
  ASSERT_TRUE(any_device.has_value());
  EXPECT_EQ(any_device->device_id, any);
}

TEST(AssignedLine, IsRefusedWhenItCannotBe) {
  for (const char* line : {"", "2-1:a", "+2-1:a", "sys-usb+:a", "sys-usb+2-1: x='1'",
                           "sys-usb+2\x1b-1:a", "sys-usb+2-1:a\x1b", "sys-usb+2-1:a mode='x y'",
                           "sys-usb+2-1:a mode='open", "sys-usb+2-1:a device_id='x y'"}) {
    EXPECT_FALSE(parse_assigned(line, "work").has_value()) << line;
  }
}

TEST(AssignedLine, EveryShorterOneIsReadOrRefused) {
  const std::string line = "sys-usb+2-1:a:b:c:d device_id='a:b:c:d' mode='required' _x='1'";
  for (std::size_t size = 0; size < line.size(); ++size) {
    const auto got = parse_assigned(std::string_view(line).substr(0, size), "work");
    if (!got) continue;
    EXPECT_TRUE(got->port_id == "2" || got->port_id == "2-" || got->port_id == "2-1") << size;
  }
}

}  // namespace
}  // namespace cli
