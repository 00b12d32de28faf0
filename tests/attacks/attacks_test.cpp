// SPDX-License-Identifier: GPL-2.0-or-later
// Every row of the table in a machine with Debian's kernel: the device or the backend attacks, and
// afterwards the target's kernel, the programs and an honest stick are as they were.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "tests/attacks/attack.hpp"
#include "tests/attacks/guest/report.hpp"
#include "tests/places.hpp"
#include "tests/rig/shared_machine.hpp"

namespace attacks {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// What is attacked: SALLYPORT_ATTACKED (environment), a folder with backend and frontend, or ours.
const std::string programs = [] {
  const char* given = std::getenv("SALLYPORT_ATTACKED");
  return std::string(given != nullptr ? given : places::build() + "/bin");
}();
const std::string runner = places::build() + "/tests/bin/attack_guest";
// In the machine: copies in memory, which start sooner and stay as they were at the start.
const std::string inside = "/run/attacks/bin";
const std::string guest = inside + "/attack_guest";

// Of frontend and backend, at their highest.
constexpr long max_program_kib = 96L * 1024;
// What the kernel may keep of all attacks together.
constexpr long max_lost_mib = 128;

// A target with many drivers; without delay_use a stick is looked at after a second.
constexpr char modules[] =
    "modprobe vhci_hcd\n"
    "modprobe usb_storage delay_use=0 && modprobe -a uas sd_mod\n"
    "modprobe -a usbhid hid_generic evdev hid_zpff hid_logitech_dj hid_picolcd hid_magicmouse "
    "hid_kye "
    "hid_axff hid_roccat_kone hid_multitouch hid_rmi wacom aiptek powermate ati_remote2 xpad "
    "cdc_acm cdc_wdm cdc_ether cdc_ncm cdc_mbim rndis_host qmi_wwan asix pegasus kaweth kalmia hso "
    "rtl8150 ipheth usblp usbtmc whiteheat visor mct_u232 cypress_m8 digi_acceleport keyspan "
    "mos7840 "
    "iowarrior yurex adutux legousbtower sisusbvga snd_usb_audio snd_usb_caiaq snd_usb_podhd "
    "snd_usb_toneport uvcvideo cx231xx imon mceusb smsusb dvb_usb_dib0700 dvb_usb_technisat_usb2 "
    "b2c2_flexcop_usb ttusb_dec gspca_ov519 gspca_stv06xx gspca_xirlink_cit p54usb rsi_usb "
    "pn533_usb "
    "atusb ems_usb peak_usb mcba_usb usb_8dev; true\n";

base::Result<rig::MachineOptions> prepare(const std::filesystem::path& /*folder*/) {
  rig::MachineOptions options;
  options.name = "attacks";
  options.memory_mib = 1024;
  options.kernel_arguments = "log_buf_len=4M";
  return options;
}

rig::SharedMachine& shared() {
  static rig::SharedMachine instance;
  return instance;
}

struct Case {
  const Attack* attack = nullptr;
  const char* way = "";
  Expected expected;
};

std::ostream& operator<<(std::ostream& stream, const Case& one) {
  return stream << one.attack->id << ' ' << one.way;
}

// Without sys-usb's kernel in front, every device can be one of Qubes' own wire; what read-only
// means is for a backend.
bool by_usbip(const Attack& row) {
  return row.plugged && row.kind != Class::target &&
         row.options.find("read-only") == std::string::npos;
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const Attack& row : table()) {
    if (row.plugged) all.push_back({&row, "plug", *row.plugged});
    if (row.streamed) all.push_back({&row, "stream", *row.streamed});
    if (by_usbip(row)) all.push_back({&row, "usbip", harmless()});
  }
  return all;
}

class AttackMachine : public testing::Test {
 protected:
  // Once for all tests.
  static void SetUpTestSuite() {
    if (!first_.empty()) return;
    shared().boot(prepare);
    if (shared().machine() == nullptr) return;
    auto& vm = *shared().machine();
    const auto loaded = vm.run(modules, minutes(5));
    const auto prepared =
        vm.run("set -e; mkdir -p " + inside + "; cp " + programs + "/sallyport-usb-backend " +
                   programs + "/sallyport-usb-frontend " + runner + " " + inside +
                   "; echo 20 > /proc/sys/kernel/hung_task_timeout_secs; " + guest + " setup",
               seconds(60));
    ASSERT_TRUE(prepared.ok()) << prepared << loaded;
    vm.start_background("honest", "exec " + guest + " honest " + inside);
    const auto beside = vm.wait_until("test -s /run/attacks/honest", minutes(1));
    ASSERT_TRUE(beside.ok()) << vm.run("cat " + rig::Machine::background_log("honest") +
                                       " /run/attacks/beside/*.log; dmesg | tail -n 30");
    first_ =
        vm.run("cat /proc/sys/kernel/tainted; sed -n 's/^MemAvailable: *//p' /proc/meminfo").out;
  }
  void SetUp() override {
    ASSERT_NE(shared().machine(), nullptr) << shared().reason();
    ASSERT_FALSE(first_.empty()) << "the machine could not be prepared";
  }

  static rig::CommandResult run(const std::string& way, const std::string& id,
                                const std::string& before = "") {
    return shared().machine()->run(before + guest + " " + way + " " + id + " " + inside,
                                   minutes(2));
  }
  static long first_taint() { return std::strtol(first_.c_str(), nullptr, 10); }
  static long first_available_mib() {
    const auto line = first_.find('\n');
    return line == std::string::npos ? 0 : std::strtol(first_.c_str() + line, nullptr, 10) / 1024;
  }

 private:
  static std::string first_;
};
std::string AttackMachine::first_;

class Attacks : public AttackMachine, public testing::WithParamInterface<Case> {};

// What the judgement rests on is seen when it is there.
TEST_F(AttackMachine, NoticesAnAlarmOfTheKernel) {
  // Again and again: nobody knows when a slow machine begins to look.
  const Report report = report_from(run("plug", "super-speed-fine",
                                        "(while sleep 0.3; do echo 'WARNING: planted' > "
                                        "/dev/kmsg; done) & trap \"kill $!\" EXIT; ")
                                        .out);
  ASSERT_TRUE(report.error.empty()) << report.error;
  ASSERT_FALSE(report.alarms.empty());
  EXPECT_NE(report.alarms[0].find("planted"), std::string::npos);
}

TEST_F(AttackMachine, NoticesADriverInSysUsb) {
  const std::string all = "/sys/devices/platform/vhci_hcd.7/usb*/interface_authorized_default";
  const auto set = [&all](const char* value) {
    return "for file in " + all + "; do echo " + value + " > $file; done; ";
  };
  const Report report = report_from(run("plug", "key-stuck", set("1")).out);
  EXPECT_TRUE(shared().machine()->run(set("0")).ok());
  ASSERT_TRUE(report.error.empty()) << report.error;
  EXPECT_EQ(report.source_driver, "usbhid");
}

TEST_F(AttackMachine, NoticesThatTheTargetsDriverGotTheDevice) {
  const auto ran = run("plug", "key-stuck");
  const Report report = report_from(ran.out);
  EXPECT_EQ(report.drivers, std::vector<std::string>{"usbhid"}) << ran.out;
  EXPECT_EQ(report.source_driver, "");
}

TEST_P(Attacks, DoesNoHarm) {
  const Case& one = GetParam();
  const auto ran = run(one.way, one.attack->id);
  const Report report = report_from(ran.out);
  ASSERT_TRUE(report.error.empty()) << report.error;
  SCOPED_TRACE(ran.out);
  if (std::getenv("SALLYPORT_ATTACKS_VERBOSE") != nullptr) std::cout << ran.out;

  const std::string& said = report.frontend.empty() ? report.backend : report.frontend;
  std::cout << one << ": " << name_of(report.outcome) << ": " << said << " ("
            << testing::PrintToString(report.drivers) << ", " << report.milliseconds << " ms)\n";

  if (one.expected.outcome != Outcome::harmless) {
    EXPECT_EQ(report.outcome, one.expected.outcome) << name_of(report.outcome);
  }
  const std::string& words =
      one.expected.outcome == Outcome::rejected ? report.backend : report.frontend;
  EXPECT_NE(words.find(one.expected.words), std::string::npos) << "no " << one.expected.words;
  EXPECT_EQ(std::find(report.drivers.begin(), report.drivers.end(), one.attack->never_binds),
            report.drivers.end())
      << one.attack->never_binds << " got the device";

  EXPECT_EQ(report.source_driver, "") << "a driver bound in sys-usb: this shows nothing";
  EXPECT_TRUE(report.alarms.empty()) << report.alarms.front();
  EXPECT_EQ(report.taint, first_taint());
  EXPECT_TRUE(report.left.empty()) << report.left.front();
  EXPECT_EQ(report.honest, "");
  EXPECT_LT(report.frontend_kib, max_program_kib);
  EXPECT_LT(report.backend_kib, max_program_kib);
  EXPECT_GT(report.available_mib, first_available_mib() - max_lost_mib);
}

std::string name_of_case(const testing::TestParamInfo<Case>& info) {
  std::string name = info.param.attack->id + "_" + info.param.way;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Table, Attacks, testing::ValuesIn(cases()), name_of_case);

}  // namespace
}  // namespace attacks
