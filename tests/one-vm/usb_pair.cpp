// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/one-vm/usb_pair.hpp"

#include <gtest/gtest.h>

#include "tests/one-vm/one_vm.hpp"

namespace onevm {

using std::chrono::minutes;

UsbPair::~UsbPair() {
  if (plugged_) unplug();
}

// Where the clock counts instructions it leaps while the guest waits for a file of the host's: a
// command may be out of time without having had any. What was read is there at once the next time.
rig::CommandResult UsbPair::insist(const std::string& command) {
  constexpr int out_of_time = 124;
  rig::CommandResult done{.exit = out_of_time, .out = {}};
  for (int i = 0; i < 5 && done.exit == out_of_time; ++i) done = vm_.run(command, minutes(2));
  return done;
}

void UsbPair::load(const std::string& modules) {
  const auto done = insist("modprobe -a " + modules);
  ASSERT_TRUE(done.ok()) << done;
}

void UsbPair::load_drivers() {
  load("vhci_hcd usbhid hid_generic ftdi_sio snd_usb_audio cdc_ether rndis_host usb_storage");
}

void UsbPair::plug(const Kind& kind) {
  boost::json::object arguments = kind.properties;
  arguments["driver"] = kind.driver;
  arguments["id"] = "honest";
  arguments["bus"] = kind.bus;
  arguments["port"] = kind.port;
  const auto added = vm_.qmp("device_add", arguments);
  ASSERT_TRUE(added) << added.error().text;
  plugged_ = true;
}

void UsbPair::unplug() {
  plugged_ = false;
  const auto gone = vm_.qmp("device_del", {{"id", "honest"}});
  ASSERT_TRUE(gone) << gone.error().text;
  for (;;) {
    const auto event = vm_.wait_event("DEVICE_DELETED");
    ASSERT_TRUE(event) << event.error().text;
    const auto* device = event->if_contains("device");
    if (device != nullptr && *device == "honest") return;
  }
}

std::string UsbPair::wait_for(const std::string& pattern) {
  const auto found = vm_.wait_until("for d in " + pattern +
                                        "; do [ -s $d/bConfigurationValue ] && echo $d && "
                                        "exit 0; done; exit 1",
                                    minutes(1));
  return found.ok() ? found.out.substr(0, found.out.find('\n')) : std::string();
}

std::string UsbPair::wait_for_direct() { return wait_for("/sys/bus/usb/devices/[12]-4"); }

// By an open node, not by its port: an emulated device is on a controller that the backend takes
// for somebody else's.
std::string UsbPair::attach(const std::string& folder) {
  const std::string node =
      "$(printf /dev/bus/usb/%03d/%03d $(cat " + folder + "/busnum " + folder + "/devnum))";
  return attach_by("exec " + build + "/tests/bin/bench_guest pair /bin/sh -c 'exec " + build +
                   "/bin/sallyport-usb-backend --usb-fd 9 --stream-fd 3 9<>'" + node + " -- " +
                   build + "/bin/sallyport-usb-frontend --direct-vhci --stream-fd 3");
}

// The frontend may be out of time as well.
std::string UsbPair::attach_by(const std::string& command) {
  std::string folder;
  for (int i = 0; i < 3 && folder.empty(); ++i) {
    vm_.start_background("usb-pair", command);
    folder = wait_for("/sys/devices/platform/vhci_hcd.0/usb*/*-*");
  }
  return folder;
}

std::string UsbPair::attach_exported(const std::string& sys_usb) {
  return attach_by("exec " + build + "/tests/bin/bench_guest pair /bin/sh -c '" + sys_usb +
                   "' -- " + build +
                   "/bin/sallyport-usb-frontend --usbip --direct-vhci --stream-fd 3");
}

void UsbPair::detach() {
  insist("pkill -TERM -f '^" + build + "/bin/sallyport-usb-frontend'");
  const auto gone = vm_.wait_until(
      "! ls -d /sys/devices/platform/vhci_hcd.0/usb*/*-*/idVendor && ! pgrep -f "
      "'^" +
          build + "/bin/sallyport-usb-backend'",
      minutes(1));
  EXPECT_TRUE(gone.ok()) << gone;
}

std::string UsbPair::log() {
  return vm_.run("cat " + rig::Machine::background_log("usb-pair") + "; dmesg | tail -30").out;
}

}  // namespace onevm
