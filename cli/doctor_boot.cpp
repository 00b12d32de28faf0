// SPDX-License-Identifier: GPL-2.0-or-later
// What the host's files say of its start; see doctor_facts.hpp.
#include <algorithm>
#include <array>

#include "base/wire/pci_address.hpp"
#include "cli/doctor_facts.hpp"

namespace cli::doctor {
namespace {

constexpr std::string_view blank = " \t\r\n";

// Takes the first word off `text`; empty: there is none.
std::string_view next_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(blank), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(blank));
  text.remove_prefix(word.size());
  return word;
}

// rd.qubes.hide_pci=00:14.0,0000:00:1d.0: without the domain it is 0000.
void add_hidden(std::string_view list, std::vector<std::string>& controllers) {
  while (!list.empty()) {
    const std::string_view item = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), item.size() + 1));
    std::string address(item);
    if (!base::wire::is_pci_address(address)) address.insert(0, "0000:");
    if (base::wire::is_pci_address(address)) controllers.push_back(std::move(address));
  }
}

// The last authorized_default of a line counts.
void read_line(std::string_view line, Boot& boot) {
  constexpr std::string_view authorised = "usbcore.authorized_default=";
  constexpr std::string_view hide_pci = "rd.qubes.hide_pci=";
  Boot::Usb usb = Boot::Usb::open;
  for (auto word = next_word(line); !word.empty(); word = next_word(line)) {
    if (word.starts_with(authorised)) {
      // 0: none; 2: only what firmware says is built in.
      const std::string_view value = word.substr(authorised.size());
      usb = value == "0" || value == "2" ? Boot::Usb::unauthorised : Boot::Usb::open;
    } else if (word == "rd.qubes.hide_all_usb") {
      boot.usb = Boot::Usb::hidden;
    } else if (word.starts_with(hide_pci)) {
      add_hidden(word.substr(hide_pci.size()), boot.hidden_controllers);
    }
  }
  boot.usb = std::max(boot.usb, usb);
}

template <class Take>
void for_each_line(std::string_view text, Take take) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    take(line);
  }
}

// All of GRUB_CMDLINE_LINUX="..." and GRUB_CMDLINE_LINUX_DEFAULT="...", in one line.
std::string grub_line(std::string_view file) {
  std::string all;
  for_each_line(file, [&all](std::string_view line) {
    line.remove_prefix(std::min(line.find_first_not_of(blank), line.size()));
    const std::size_t equals = line.find('=');
    if (!line.starts_with("GRUB_CMDLINE_LINUX") || equals == std::string_view::npos) return;
    all += line.substr(equals + 1);
    all += ' ';
  });
  std::ranges::replace_if(
      all, [](char c) { return c == '"' || c == '\''; }, ' ');
  return all;
}

// crypttab(5): NAME DEVICE KEY OPTIONS; without a key, or with none or -, a passphrase is asked
// for.
bool wants_passphrase(std::string_view line) {
  line = line.substr(0, line.find('#'));
  const std::string_view name = next_word(line);
  const std::string_view device = next_word(line);
  const std::string_view key = next_word(line);
  if (name.empty() || device.empty()) return false;
  return key.empty() || key == "none" || key == "-";
}

}  // namespace

Boot read_boot(const BootFiles& files) {
  Boot boot;
  const std::string grub = grub_line(files.grub);
  for (const std::string_view each : {files.command_line, std::string_view(grub), files.kernel}) {
    read_line(each, boot);
  }
  for_each_line(files.crypttab, [&boot](std::string_view line) {
    if (wants_passphrase(line)) boot.passphrase = Presence::present;
  });
  return boot;
}

std::string serial_console(std::string_view active) {
  // Not ttyUSB: its adapter would go with the controller.
  constexpr std::array<std::string_view, 3> lines{"ttyS", "ttyAMA", "hvc"};
  for (auto word = next_word(active); !word.empty(); word = next_word(active)) {
    for (const std::string_view line : lines) {
      if (word.starts_with(line)) return std::string(word);
    }
  }
  return {};
}

}  // namespace cli::doctor
