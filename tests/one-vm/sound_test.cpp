// SPDX-License-Identifier: GPL-2.0-or-later
// Sound through usbproxy by the target's own snd-usb-audio, both ways, compared frame by frame with
// what was played, and with the same done without usbproxy. In a machine of its own whose clock
// counts instructions: what is late is lost, and how busy the host is must not matter.
#include <filesystem>
#include <iostream>
#include <optional>
#include <sstream>

#include "tests/one-vm/one_vm.hpp"
#include "tests/one-vm/usb_pair.hpp"
#include "tests/rig/counted_sound.hpp"
#include "tests/rig/shared_machine.hpp"

namespace onevm {
namespace {

using std::chrono::minutes;

constexpr unsigned seconds_of_sound = 5;
constexpr std::size_t frames_of_sound = seconds_of_sound * rig::sound_rate;
const std::string tool = build + "/tests/bin/rig_sound_guest";

std::filesystem::path sound_in(const std::filesystem::path& folder) { return folder / "sound.wav"; }

base::Result<rig::MachineOptions> sounding(const std::filesystem::path& folder) {
  rig::MachineOptions options;
  options.name = "sound";
  options.arguments = {"-icount",
                       "shift=1,sleep=off",
                       "-device",
                       "qemu-xhci,id=xhci,p2=8,p3=8",
                       "-audiodev",
                       "wav,id=sound,out.frequency=48000,out.channels=2,out.format=s16,path=" +
                           sound_in(folder).string()};
  return options;
}

rig::SharedMachine& machine() {
  static rig::SharedMachine instance;
  return instance;
}

class Sound : public testing::Test {
 protected:
  static void SetUpTestSuite() { machine().boot(sounding); }
  void SetUp() override {
    ASSERT_NE(machine().machine(), nullptr) << machine().reason();
    pair_.emplace(vm());
    pair_->load("xhci_pci");
    pair_->load_drivers();
    read_programs();
  }
  static rig::Machine& vm() { return *machine().machine(); }

  // Programs and their libraries, before anybody has a deadline: while they come from the host this
  // machine's clock leaps.
  void read_programs() {
    const std::string bin = build + "/bin/sallyport-usb-", tests = build + "/tests/bin/";
    pair_->insist(bin + "backend --help; " + bin + "frontend --help; " + tests + "bench_guest; " +
                  tests + "usb_emulator --list; " + tool +
                  "; python3 -c 1; v4l2-ctl --version; pkill -x none; pgrep -x none; ls; sleep 0");
  }

  void unplug_emulated() {
    pair_->insist("pkill -x usb_emulator");
    EXPECT_TRUE(vm().wait_until("! ls -d /sys/devices/platform/vhci_hcd.7/usb*/*-*/idVendor").ok())
        << vm().run("ps ax | grep -v '\\['; dmesg | tail -20");
  }

  // "/dev/snd/pcmC1D0p" of the device whose folder in sysfs has `part` in its path; waits.
  static std::string pcm(const std::string& part, char direction) {
    const auto found = vm().wait_until(
        std::string("for p in /sys/class/sound/pcmC*D0") + direction +
            "; do case $(readlink -f $p) in *" + part +
            "*) [ -c /dev/snd/${p##*/} ] && echo /dev/snd/${p##*/} && exit 0;; esac; done; exit 1",
        minutes(1));
    return found.ok() ? found.out.substr(0, found.out.find('\n')) : std::string();
  }
  void expect_whole(const rig::CommandResult& result) {
    ASSERT_TRUE(result.ok()) << result << pair_->log();
    std::istringstream in(result.out);
    std::size_t frames = 0;
    unsigned dry = 0;
    in >> frames >> dry;
    EXPECT_EQ(frames, frames_of_sound);
    std::cerr << "frames " << frames << ", ran dry " << dry << '\n';
  }
  void play(const std::string& part) {
    const std::string device = pcm(part, 'p');
    ASSERT_FALSE(device.empty()) << pair_->log();
    expect_whole(
        vm().run(tool + " play " + device + ' ' + std::to_string(seconds_of_sound), minutes(2)));
  }
  static rig::HeardSound played() {
    const auto heard = rig::hear_wav(sound_in(machine().folder()).string());
    EXPECT_TRUE(heard) << heard.error().text;
    return heard ? *heard : rig::HeardSound{};
  }
  rig::HeardSound record(const std::string& part) {
    const std::string device = pcm(part, 'c');
    EXPECT_FALSE(device.empty()) << pair_->log();
    const std::string file = "/run/recorded";
    expect_whole(vm().run(tool + " record " + device + ' ' + std::to_string(seconds_of_sound) +
                              ' ' + file + " && " + tool + " hear " + file + " > /run/heard",
                          minutes(2)));
    std::istringstream in(vm().run("cat /run/heard").out);
    rig::HeardSound heard;
    in >> heard.in_order >> heard.breaks >> heard.silent;
    return heard;
  }
  static double lost(const rig::HeardSound& heard) {
    return 1 - static_cast<double>(heard.in_order + 1) / static_cast<double>(frames_of_sound);
  }
  void compare(const rig::HeardSound& direct, const rig::HeardSound& ours) {
    std::cerr << "directly: " << rig::describe(direct) << "\nover usbproxy: " << rig::describe(ours)
              << '\n';
    constexpr double allowed = 0.05;
    EXPECT_LE(lost(ours), lost(direct) + allowed) << pair_->log();
  }

  std::optional<UsbPair> pair_;
};

TEST_F(Sound, IsPlayedByTheTargetsOwnDriver) {
  const Kind speaker{.driver = "usb-audio", .properties = {{"audiodev", "sound"}}};
  pair_->plug(speaker);
  ASSERT_FALSE(pair_->wait_for_direct().empty());
  ASSERT_NO_FATAL_FAILURE(play("/pci"));
  pair_->unplug();
  const auto direct = played();

  pair_->plug(speaker);
  const std::string there = pair_->wait_for_direct();
  ASSERT_FALSE(there.empty());
  ASSERT_FALSE(pair_->attach(there).empty()) << pair_->log();
  ASSERT_NO_FATAL_FAILURE(play("/vhci_hcd.0/"));
  pair_->detach();
  const std::string told = pair_->log();
  EXPECT_NE(told.find("isochronous packets: "), std::string::npos) << told;
  pair_->unplug();
  compare(direct, played());
}

// The device is our own emulator's, since QEMU has none that records.
TEST_F(Sound, IsRecordedByTheTargetsOwnDriver) {
  vm().start_background("emulator", "exec " + build + "/tests/bin/usb_emulator headset 7 0");
  const std::string there = pair_->wait_for("/sys/devices/platform/vhci_hcd.7/usb*/*-*");
  ASSERT_FALSE(there.empty());
  const auto direct = record("/vhci_hcd.7/");
  ASSERT_FALSE(pair_->attach(there).empty()) << pair_->log();
  const auto ours = record("/vhci_hcd.0/");
  pair_->detach();
  unplug_emulated();
  compare(direct, ours);
  EXPECT_LE(ours.silent, 0U);
}

// The emulator's camera, filmed by uvcvideo: how many of 60 pictures were whole, and how many of
// those followed the one before.
class Pictures : public Sound {
 protected:
  static std::pair<int, int> film(const std::string& part) {
    const auto filmed = vm().run(
        "for i in $(seq 100); do for v in /sys/class/video4linux/video*; do case $(readlink -f $v) "
        "in *" +
            part +
            "*) [ \"$(cat $v/index)\" = 0 ] && [ -c /dev/${v##*/} ] && camera=/dev/${v##*/};; "
            "esac; done; [ -n \"$camera\" ] && break; sleep 0.2; done; "
            "v4l2-ctl -d $camera --stream-mmap --stream-count=60 --stream-to=/run/film 2>&1 | "
            "tail -n 3; python3 -c '\n"
            "film = open(\"/run/film\", \"rb\").read()\n"
            "size = 64 * 48 * 2\n"
            "whole = follow = 0; before = None\n"
            "for at in range(0, len(film) - size + 1, size):\n"
            "  picture = film[at:at + size]; number = int.from_bytes(picture[:4], \"little\")\n"
            "  if picture[4:] != bytes((number * 7 + i) & 255 for i in range(4, size)): continue\n"
            "  whole += 1; follow += before is not None and number == before + 1; before = number\n"
            "print(\"pictures\", whole, follow)'",
        minutes(3));
    int whole = 0, follow = 0;
    const auto at = filmed.out.find("pictures ");
    EXPECT_NE(at, std::string::npos) << filmed << vm().run("dmesg | tail -20");
    if (at != std::string::npos) std::istringstream(filmed.out.substr(at + 9)) >> whole >> follow;
    std::cerr << part << ": whole " << whole << ", one after the other " << follow << '\n';
    return {whole, follow};
  }
};

TEST_F(Pictures, AreSeenByTheTargetsOwnDriver) {
  pair_->load("uvcvideo");
  vm().start_background("emulator", "exec " + build + "/tests/bin/usb_emulator camera 7 0");
  const std::string there = pair_->wait_for("/sys/devices/platform/vhci_hcd.7/usb*/*-*");
  ASSERT_FALSE(there.empty());
  const auto direct = film("/vhci_hcd.7/");
  ASSERT_FALSE(pair_->attach(there).empty()) << pair_->log();
  const auto ours = film("/vhci_hcd.0/");
  pair_->detach();
  const std::string told = pair_->log();
  unplug_emulated();
  EXPECT_GE(direct.first, 58) << "without usbproxy";
  EXPECT_GE(ours.first, direct.first - 3) << told;
  EXPECT_GE(ours.second, direct.second - 3) << told;
}

// A sys-usb that is Qubes' own: what usbredir and libusb do otherwise, usbproxy/exported does.
TEST_F(Sound, IsPlayedThroughUsbipHost) {
  const Kind speaker{.driver = "usb-audio", .properties = {{"audiodev", "sound"}}};
  pair_->plug(speaker);
  ASSERT_FALSE(pair_->wait_for_direct().empty());
  ASSERT_NO_FATAL_FAILURE(play("/pci"));
  pair_->unplug();  // what is played begins anew with the device
  const auto direct = played();

  pair_->plug(speaker);
  const std::string there = pair_->wait_for_direct();
  ASSERT_FALSE(there.empty());
  const std::string port = there.substr(there.rfind('/') + 1);
  const std::string usb_export = "sh " + source + "/tests/one-vm/usb_export.sh " + port;
  // While it waits for the host's files this machine's time flies: so they, and the binding, before
  // anybody has a deadline. It ends at the stream that is none.
  vm().run(usb_export + " 3>/dev/null");
  const auto folder = pair_->attach_exported("exec " + usb_export);
  ASSERT_FALSE(folder.empty()) << pair_->log();
  ASSERT_NO_FATAL_FAILURE(play("/vhci_hcd.0/"));
  pair_->detach();
  pair_->unplug();
  vm().run("printf 'del " + port + "' > /sys/bus/usb/drivers/usbip-host/match_busid");
  compare(direct, played());
}

TEST_F(Sound, IsRecordedFromUsbip) {
  vm().start_background("emulator", "exec " + build + "/tests/bin/usb_emulator headset 7 0");
  ASSERT_FALSE(pair_->wait_for("/sys/devices/platform/vhci_hcd.7/usb*/*-*").empty());
  const auto direct = record("/vhci_hcd.7/");
  pair_->insist("pkill -x usb_emulator");
  // usbip-host takes no device of vhci_hcd.
  const auto folder =
      pair_->attach_exported("exec " + build + "/tests/bin/usb_emulator --usbip headset <&3 3>&-");
  ASSERT_FALSE(folder.empty()) << pair_->log();
  const auto ours = record("/vhci_hcd.0/");
  pair_->detach();
  EXPECT_TRUE(vm().wait_until("! pgrep -x usb_emulator").ok());
  compare(direct, ours);
  EXPECT_LE(ours.silent, 0U);
}

}  // namespace
}  // namespace onevm
