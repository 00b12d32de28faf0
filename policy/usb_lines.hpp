// SPDX-License-Identifier: GPL-2.0-or-later
// Lines of policy about USB devices, as programs write them.
#pragma once

#include <string>
#include <string_view>

#include "base/wire/result.hpp"

namespace policy {

// Above every file that a program writes; `made_by` is the command.
std::string usb_preface(std::string_view made_by);

// "qubes.USB * SOURCE TARGET ACTION usb=WORD" and a newline; no condition where `word` is empty.
std::string usb_line(std::string_view source, std::string_view target, std::string_view action,
                     std::string_view word);

// Whether it is a qube's name, and so one word of a rule.
base::Status check_qube_word(std::string_view name);

}  // namespace policy
