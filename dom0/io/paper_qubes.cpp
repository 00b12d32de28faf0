// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/paper_qubes.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>

#include "base/io/fd.hpp"
#include "base/io/files.hpp"

namespace dom0::io {
namespace {

// The frontend of nothing: it makes the call that a real one makes, and holds it.
std::string attach_service(const std::string& call, const std::string& socket) {
  return "#!/bin/sh\n"
         "read -r backend port; read -r _ identity\n"
         "exec 3>&1\n"
         "exec '" +
         call + "' --socket '" + socket +
         "' \"$backend\" \"qubes.USB+$port\" sh -c 'read -r hello && echo attached >&3; exec 3>&-; "
         "cat >/dev/null; echo \"the stream was closed\" >&2'\n";
}

constexpr std::string_view usb_service =
    "#!/bin/sh\n"
    "echo hello\n"
    "cat >/dev/null\n"
    "echo 'the frontend closed the stream' >&2\n";

[[noreturn]] void become_agent(std::vector<std::string> command, pid_t daemon) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != daemon) ::_exit(0);  // it died before it could be watched
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

}  // namespace

PaperQubes::~PaperQubes() {
  for (const pid_t agent : agents_) ::kill(agent, SIGTERM);
}

base::Status PaperQubes::start(const base::io::Paths& paths, const Qubes& qubes) {
  for (const auto& [name, config] : qubes) {
    if (config.transport != base::config::Transport::paper) continue;
    if (auto started = start_one(paths, name); !started) return started;
  }
  return base::Ok{};
}

base::Status PaperQubes::start_one(const base::io::Paths& paths, const std::string& qube) {
  const std::filesystem::path agent = programs_ / "sallyport-agent";
  if (::access(agent.c_str(), X_OK) != 0) {
    return base::io::fail_errno("the agent " + agent.string() + " of the paper qube " + qube,
                                "install it beside sallyport-relay");
  }
  const std::filesystem::path folder = paths.run() / "paper" / qube;
  const std::filesystem::path devices = paths.paper_devices(qube);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  std::filesystem::create_directories(devices.parent_path(), error);
  if (!std::filesystem::exists(devices)) {
    if (auto made = base::io::write_file_atomically(devices, ""); !made) return made;
  }
  const std::string socket = (folder / "agent.sock").string();
  const std::string attach = attach_service((programs_ / "sallyport-call").string(), socket);
  for (const auto& [name, script] :
       {std::pair<std::string_view, std::string_view>("qubes.USBAttach", attach),
        {"qubes.USB", usb_service}}) {
    if (auto written = base::io::write_file_atomically(folder / name, script, 0755); !written) {
      return written;
    }
  }
  const pid_t daemon = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return base::io::fail_errno("fork");
  if (child == 0) {
    become_agent(
        {agent.string(), "--dial", "unix:" + paths.qube_socket(qube).string(), "--inventory",
         "file:" + devices.string(), "--socket", socket, "--services", folder.string()},
        daemon);
  }
  agents_.push_back(child);
  return base::Ok{};
}

}  // namespace dom0::io
