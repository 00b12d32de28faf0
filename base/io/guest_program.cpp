// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io/guest_program.hpp"

#include <exception>
#include <iostream>

#include "base/io/qmp_names.hpp"

namespace base::io {

Result<GuestOptions> GuestOptions::parse(const std::vector<std::string>& arguments) {
  GuestOptions options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    if (name == "--help") {
      options.help = true;
      return options;
    }
    if (i + 1 == arguments.size()) return fail("unknown or incomplete option " + name);
    const std::string& value = arguments[++i];
    if (name == "--agent-socket") {
      options.agent_socket = value;
    } else if (name == "--qmp") {
      options.monitor = value;
    } else {
      return fail("unknown option " + name);
    }
  }
  if (options.monitor.empty()) return fail("--qmp must be given: QEMU's monitor socket");
  return options;
}

int guest_main(int argc, char** argv, const GuestProgram& program) {
  try {
    const auto options = GuestOptions::parse(std::vector<std::string>(argv + 1, argv + argc));
    if (!options) {
      std::cerr << options.error().text << '\n' << program.usage;
      return 1;
    }
    if (options->help) {
      std::cout << program.usage;
      return 0;
    }
    return program.run(*options);
  } catch (const std::exception& error) {
    std::cerr << program.name << ": " << error.what() << '\n';
    return 1;
  }
}

Qmp::Deadline soon() { return std::chrono::steady_clock::now() + Qmp::usual_time; }

Result<Qmp> connect_to_guest(const std::filesystem::path& monitor, Qmp::Deadline deadline) {
  auto qmp = Qmp::connect(monitor, deadline);
  if (qmp) return qmp;
  return fail("QEMU's monitor " + monitor.string() + ": " + qmp.error().text +
              "; does the guest run, with -qmp unix:" + monitor.string() + ",server=on,wait=off?");
}

void remove_left_behind(Qmp& qmp, const GuestBackends& backends, Qmp::Deadline deadline) {
  const auto devices = qmp.execute("qom-list", {{"path", "/machine/peripheral"}}, deadline);
  for (const std::string& id : names_in(devices, "name")) {
    if (is_left_behind(id)) static_cast<void>(qmp.execute("device_del", {{"id", id}}, deadline));
  }
  const auto listed = qmp.execute(backends.list, backends.list_arguments, deadline);
  for (const std::string& id : names_in(listed, backends.named_by)) {
    if (!is_left_behind(id)) continue;
    static_cast<void>(qmp.execute(backends.remove, {{backends.removed_by, id}}, deadline));
  }
}

Status unplug_from_guest(Qmp& qmp, const std::string& id, Qmp::Deadline deadline) {
  if (auto asked = qmp.execute("device_del", {{"id", id}}, deadline); !asked) {
    return Unexpected{asked.error()};
  }
  return qmp.wait_deleted(id, deadline);
}

}  // namespace base::io
