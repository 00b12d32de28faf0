// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/io/doctor_host.hpp"

#include <algorithm>

#include "base/config/qube_config.hpp"
#include "base/device/io/host_input.hpp"
#include "base/io/files.hpp"

namespace cli::io {
namespace {

namespace fs = std::filesystem;
using doctor::Presence;

constexpr std::size_t max_file = std::size_t{64} * 1024;
constexpr std::size_t max_qubes = 256;

std::string text_of(const fs::path& file) {
  auto text = base::io::read_file(file, max_file);
  return text ? *std::move(text) : std::string();
}

Presence presence_of(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error) ? Presence::present : Presence::absent;
}

void add_qube(const fs::path& file, doctor::Facts& facts) {
  const auto text = base::io::read_file(file, max_file);
  if (!text) return facts.registry_problems.push_back(text.error().text);
  auto config = base::config::parse_qube_config(file.stem().native(), *text, file.string());
  if (!config) return facts.registry_problems.push_back(config.error().text);
  std::erase(config->controllers, "emulated");
  if (config->controllers.empty()) return;
  facts.owners.push_back({.qube = config->name,
                          .type = config->type,
                          .tags = config->tags,
                          .controllers = config->controllers});
}

doctor::Boot boot_of(const base::io::Paths& paths) {
  const std::string command_line = text_of(paths.root() / "proc/cmdline");
  const std::string grub = text_of(paths.root() / "etc/default/grub");
  const std::string kernel = text_of(paths.root() / "etc/kernel/cmdline");
  const std::string crypttab = text_of(paths.root() / "etc/crypttab");
  doctor::Boot boot = doctor::read_boot(
      {.command_line = command_line, .grub = grub, .kernel = kernel, .crypttab = crypttab});
  boot.early_conf = presence_of(paths.etc() / "early-boot.conf");
  for (const char* folder : {"etc/initramfs-tools", "usr/share/initramfs-tools"}) {
    const auto hook = paths.root() / folder / "hooks/sallyport";
    if (presence_of(hook) == Presence::present) boot.early_hook = Presence::present;
  }
  return boot;
}

// For each keyboard that goes to a qube; for a qube of which none is seen, for whichever comes.
void ask_for_keyboards(const doctor::AskPolicy& ask, doctor::Facts& facts) {
  for (const doctor::Owner& owner : facts.owners) {
    std::vector<doctor::InputDevice> its;
    for (const auto& each : facts.keyboards) {
      if (owner_of(facts.owners, each) == &owner) its.push_back(each);
    }
    if (its.empty()) its.emplace_back();
    for (const auto& each : its) {
      facts.answers.push_back(
          {.qube = owner.qube,
           .keyboard = each,
           .answer = ask({.service = "qubes.InputKeyboard", .source = owner, .device = each})});
    }
    const auto mouse = ask({.service = "qubes.InputMouse", .source = owner, .device = {}});
    if (mouse && mouse->answer == doctor::Answer::allow) facts.mouse_allowed.push_back(owner.qube);
  }
}

}  // namespace

void read_registry(const base::io::Paths& paths, doctor::Facts& facts) {
  std::vector<fs::path> files;
  std::error_code error;
  if (!fs::exists(paths.qubes_d(), error) && !error) return;
  for (fs::directory_iterator each(paths.qubes_d(), error), end; !error && each != end;
       each.increment(error)) {
    const fs::path& file = each->path();
    if (file.extension() != ".conf" || file.filename().native().starts_with('.')) continue;
    if (files.size() == max_qubes) break;
    files.push_back(file);
  }
  if (error) {
    facts.registry_problems.push_back("read " + paths.qubes_d().string() + ": " + error.message() +
                                      "; run this as root");
  }
  std::ranges::sort(files);
  for (const fs::path& file : files) add_qube(file, facts);
}

doctor::Facts read_facts(const base::io::Paths& paths, const fs::path& sys,
                         const doctor::AskPolicy& ask) {
  doctor::Facts facts;
  base::device::HostInput input = base::device::io::read_host_input(sys);
  facts.keyboards = std::move(input.keyboards);
  facts.pointers = std::move(input.pointers);
  read_registry(paths, facts);
  ask_for_keyboards(ask, facts);
  facts.prompt_agent = presence_of(paths.prompt_socket());
  facts.serial_console = doctor::serial_console(text_of(sys / "class/tty/console/active"));
  facts.boot = boot_of(paths);
  return facts;
}

}  // namespace cli::io
