// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/usb_sound.hpp"

#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "tests/bench/guest.hpp"
#include "tests/places.hpp"
#include "tests/rig/counted_sound.hpp"

namespace bench {
namespace {

constexpr unsigned seconds_played = 10;
const std::string sound_programs = places::build() + "/";

// Waits for the first that the pattern names.
base::Result<std::string> first_of(rig::Machine& vm, const std::string& list) {
  return run_in(vm, "for i in $(seq 600); do found=$(" + list +
                        " | head -n 1); [ -n \"$found\" ] && echo $found && exit 0; sleep 0.1; "
                        "done; echo nothing of: '" +
                        list + "'; exit 1");
}

// Plays on the device whose folder in sysfs has `part` in its path.
base::Result<double> play(rig::Machine& vm, const std::string& part) {
  const auto pcm = first_of(vm, "readlink -f /sys/class/sound/pcmC*D0p | grep -F " + part);
  if (!pcm) return base::Unexpected{pcm.error()};
  const std::string node = "/dev/snd/" + pcm->substr(pcm->rfind('/') + 1);
  const auto text = run_in(vm, sound_programs + "tests/bin/rig_sound_guest play " + node + ' ' +
                                   std::to_string(seconds_played));
  if (!text) return base::Unexpected{text.error()};
  std::istringstream in(*text);
  double frames = 0;
  double dry = 0;
  in >> frames >> dry;
  if (!in || !(frames > 0)) return base::fail("rig_sound_guest said " + *text);
  return frames;
}

base::Status plug(rig::Machine& vm) {
  const auto done = vm.qmp("device_add", {{"driver", "usb-audio"},
                                          {"id", "speaker"},
                                          {"bus", "xhci.0"},
                                          {"port", "4"},
                                          {"audiodev", "sound"}});
  if (!done) return base::Unexpected{done.error()};
  return base::Ok{};
}

// QEMU ends the file then.
base::Status unplug(rig::Machine& vm) {
  if (auto done = vm.qmp("device_del", {{"id", "speaker"}}); !done) {
    return base::Unexpected{done.error()};
  }
  for (;;) {
    const auto event = vm.wait_event("DEVICE_DELETED", std::chrono::minutes(2));
    if (!event) return base::Unexpected{event.error()};
    const auto* device = event->if_contains("device");
    if (device != nullptr && *device == "speaker") return base::Ok{};
  }
}

base::Result<double> lost(const std::string& file, double frames) {
  const auto heard = rig::hear_wav(file);
  if (!heard) return base::Unexpected{heard.error()};
  return 1 - static_cast<double>(heard->in_order + 1) / frames;
}

base::Status attach_sound(rig::Machine& vm) {
  const auto port = first_of(vm, "ls -d /sys/bus/usb/devices/[12]-4");
  if (!port) return base::Unexpected{port.error()};
  const std::string bin = sound_programs + "bin/";
  vm.start_background("sound", "exec " + sound_programs + "tests/bin/bench_guest pair " + bin +
                                   "sallyport-usb-backend --port " +
                                   port->substr(port->rfind('/') + 1) +
                                   " --direct --stream-fd 3 -- " + bin +
                                   "sallyport-usb-frontend --direct-vhci --stream-fd 3");
  return base::Ok{};
}

base::Status detach_sound(rig::Machine& vm) {
  const auto gone =
      run_in(vm, "pkill -TERM -f '^" + sound_programs +
                     "bin/sallyport-usb-frontend'; for i in $(seq 600); do ls -d "
                     "/sys/devices/platform/vhci_hcd.0/usb*/*-*/idVendor >/dev/null 2>&1 || exit "
                     "0; sleep 0.1; done; exit 1");
  if (!gone) return base::Unexpected{gone.error()};
  return base::Ok{};
}

}  // namespace

std::string sound_file() {
  return (std::filesystem::temp_directory_path() /
          ("sallyport-bench-sound." + std::to_string(::getpid())))
      .string();
}

std::vector<std::string> sound_arguments(const std::string& file) {
  return {"-audiodev",
          "wav,id=sound,out.frequency=48000,out.channels=2,out.format=s16,path=" + file};
}

base::Result<SoundLoss> measure_sound(rig::Machine& vm, const std::string& file) {
  if (auto done = run_in(vm, "modprobe snd_usb_audio"); !done)
    return base::Unexpected{done.error()};
  SoundLoss loss;
  if (auto done = plug(vm); !done) return base::Unexpected{done.error()};
  auto frames = play(vm, "/pci");
  if (!frames) return base::Unexpected{frames.error()};
  if (auto done = unplug(vm); !done) return base::Unexpected{done.error()};
  const auto direct = lost(file, *frames);
  if (!direct) return base::Unexpected{direct.error()};

  if (auto done = plug(vm); !done) return base::Unexpected{done.error()};
  if (auto done = attach_sound(vm); !done) return base::Unexpected{done.error()};
  frames = play(vm, "/vhci_hcd.0/");
  if (!frames) return base::Unexpected{frames.error()};
  if (auto done = detach_sound(vm); !done) return base::Unexpected{done.error()};
  if (auto done = unplug(vm); !done) return base::Unexpected{done.error()};
  const auto ours = lost(file, *frames);
  if (!ours) return base::Unexpected{ours.error()};
  return SoundLoss{.direct = *direct, .ours = *ours, .frames = *frames};
}

}  // namespace bench
