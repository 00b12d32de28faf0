// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/usb_lines.hpp"

#include <algorithm>

#include "base/wire/ascii.hpp"
#include "policy/quote.hpp"

namespace policy {

std::string usb_preface(std::string_view made_by) {
  return "# Made by `" + std::string(made_by) +
         "`; see sallyport-policy(5) for usb=.\n"
         "# About whole USB devices alone: disks given by qvm-block, and keyboards and mice of "
         "dom0,\n"
         "# have rules of their own (sallyport.Block, qubes.Input*).\n";
}

std::string usb_line(std::string_view source, std::string_view target, std::string_view action,
                     std::string_view word) {
  std::string line = "qubes.USB * ";
  line.append(source).append(" ").append(target).append(" ").append(action);
  if (!word.empty()) line.append(" usb=").append(word);
  return line + "\n";
}

base::Status check_qube_word(std::string_view name) {
  if (!name.empty() && std::all_of(name.begin(), name.end(), base::wire::is_name_character)) {
    return base::Ok{};
  }
  return base::fail(quote(name) + " is no name of a qube");
}

}  // namespace policy
