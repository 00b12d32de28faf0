// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys-usb/early/io/early_run.hpp"

#include <chrono>
#include <filesystem>
#include <thread>

#include "base/io/files.hpp"
#include "sys-usb/early/io/early_log.hpp"
#include "sys-usb/early/io/early_watch.hpp"

namespace sysusb::early::io {
namespace {

constexpr std::size_t max_config = std::size_t{64} * 1024;
constexpr std::chrono::milliseconds poll_every{200};
// Some looks at the record, and a device that is slow to be configured.
constexpr std::chrono::seconds watcher_patience{3};

base::Result<EarlyConfig> load_config(const std::string& file) {
  const auto text = base::io::read_file(file, max_config);
  if (!text) return base::fail(text.error().text);
  return parse_early_config(*text, file);
}

// Without the kernel's option every device is bound before anybody asks.
void warn_if_open(const std::filesystem::path& sys, const EarlyLog& log) {
  const auto value = base::io::read_file(sys / "module/usbcore/parameters/authorized_default", 16);
  if (value && value->starts_with("0")) return;
  log.say(Weight::warning,
          "the kernel binds USB devices without asking; add usbcore.authorized_default=0 to its "
          "command line");
}

int fail_with(const EarlyLog& log, const std::string& text) {
  log.say(Weight::error, text);
  return 1;
}

// Children before their hubs: what is behind a hub that goes off is gone, and could not be told.
int take_back(const std::filesystem::path& sys, const std::vector<std::string>& names,
              const EarlyLog& log) {
  int code = 0;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    const auto device = BusDevice::open(sys, *name);
    if (!device) continue;  // unplugged
    const auto before = device->authorised();
    if (before && *before == Switch::off) continue;
    const auto done = device->set(Switch::off);
    const auto now = device->authorised();
    if (done && now && *now == Switch::off) {
      log.say(Weight::notice, "took back " + *name);
    } else if (BusDevice::open(sys, *name)) {
      code = fail_with(log, "could not take back " + *name + ": " +
                                (done ? "the kernel left it on" : done.error().text));
    }
  }
  return code;
}

}  // namespace

int run_check(const EarlyArguments& arguments) {
  const EarlyLog log(arguments.kmsg);
  const auto config = load_config(arguments.config);
  return config ? 0 : fail_with(log, config.error().text);
}

int run_allow(const EarlyArguments& arguments) {
  const EarlyLog log(arguments.kmsg);
  auto config = load_config(arguments.config);
  if (!config) return fail_with(log, "NOTHING IS ALLOWED: " + config.error().text);
  auto state = StateFile::open(arguments.state);
  if (!state) return fail_with(log, "NOTHING IS ALLOWED: " + state.error().text);
  if (auto held = state->say_watching(); !held) {
    return fail_with(log, "NOTHING IS ALLOWED: " + held.error().text);
  }
  warn_if_open(arguments.sys, log);
  EarlyWatch watch(arguments.sys, *std::move(config), *std::move(state), log);
  for (;;) {
    const auto looked = watch.look();
    if (!looked) return fail_with(log, looked.error().text + "; nothing more is allowed");
    if (*looked == Phase::over) {
      log.say(Weight::notice, "early boot is over, nothing more is allowed");
      return 0;
    }
    if (arguments.rounds == Rounds::one) return 0;
    std::this_thread::sleep_for(poll_every);
  }
}

int run_revoke(const EarlyArguments& arguments) {
  const EarlyLog log(arguments.kmsg);
  std::vector<std::string> names;
  const auto state = StateFile::open(arguments.state);
  int code = state ? 0 : fail_with(log, state.error().text);
  const auto locked = state ? state->lock() : base::Status(base::fail("no record"));
  const auto record =
      locked ? state->read() : base::Result<EarlyRecord>(base::fail(locked.error().text));
  // First of all, so that nothing is authorised behind our back, whatever fails below.
  if (locked) {
    if (auto ended = state->append(over_line); !ended) code = fail_with(log, ended.error().text);
  }
  if (record) {
    for (const Authorised& each : record->devices) names.push_back(each.name);
  } else {
    code = fail_with(log, "what was authorised is not known (" + record.error().text +
                              "); every device is taken back");
    const auto all = list_devices(arguments.sys);
    if (!all) return fail_with(log, all.error().text);
    for (const std::string& each : *all) {
      if (!each.starts_with("usb")) names.push_back(each);
    }
  }
  if (take_back(arguments.sys, names, log) != 0) code = 1;
  // It allows nothing more; but no program of early boot is to run beside those of the disk.
  if (locked) state->unlock();
  if (locked && !state->watchers_end_within(watcher_patience)) {
    code = fail_with(log, "the `allow` of early boot still runs");
  }
  return code;
}

}  // namespace sysusb::early::io
