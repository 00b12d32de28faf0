// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/engine/lures.hpp"

#include <algorithm>
#include <array>

#include "base/wire/ascii.hpp"
#include "base/wire/escape.hpp"
#include "scanner-qube/documents.hpp"
#include "scanner-qube/engine/shortcut.hpp"

namespace scannerqube {
namespace {

using base::wire::Bytes;
using namespace std::string_view_literals;

struct Program {
  std::string_view type;
  std::string_view what;
};
constexpr std::array programs{
    Program{"CL_TYPE_MSEXE", "a Windows program"}, Program{"CL_TYPE_ELF", "a Linux program"},
    Program{"CL_TYPE_MACHO", "a macOS program"}, Program{"CL_TYPE_MACHO_UNIBIN", "a macOS program"},
    Program{"CL_TYPE_JAVA", "a Java program"}};
// What all of these begin with, and scripts too.
constexpr std::array begins{"MZ"sv,
                            "\x7f"
                            "ELF"sv,
                            "#!"sv,
                            "\xfe\xed\xfa\xce"sv,
                            "\xfe\xed\xfa\xcf"sv,
                            "\xce\xfa\xed\xfe"sv,
                            "\xcf\xfa\xed\xfe"sv,
                            "\xca\xfe\xba\xbe"sv,
                            "\xca\xfe\xba\xbf"sv};
constexpr std::string_view autorun = "autorun.inf";

std::string_view extension_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
}

// A file that starts with "#!" is started by what it names, whatever it is called.
std::string_view program_of(std::string_view type, Bytes layer) {
  const auto known = std::ranges::find(programs, type, &Program::type);
  if (known != programs.end()) return known->what;
  return base::wire::as_text(layer).starts_with("#!/") ? "a script"sv : std::string_view();
}

std::string_view line_of(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  return line;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool starts_something(std::string_view key) {
  const std::string lowered = base::wire::ascii_lower(key);
  return lowered == "open" || lowered == "shellexecute" ||
         (lowered.starts_with("shell\\") && lowered.ends_with("\\command"));
}

// What Windows does, or once did, when a medium with it is plugged in.
void add_autorun(Bytes layer, std::vector<std::string>& found) {
  constexpr std::size_t looked_at = std::size_t{64} << 10U;
  constexpr std::size_t most = 4;
  constexpr std::size_t shown = 45;  // bytes, of which each may be shown as four characters
  std::string_view text = base::wire::as_text(layer.first(std::min(layer.size(), looked_at)));
  while (!text.empty() && found.size() < most) {
    const std::string_view line = line_of(text);
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || !starts_something(trimmed(line.substr(0, equals)))) {
      continue;
    }
    found.push_back("Lure.Autorun: starts " +
                    base::wire::escape(trimmed(line.substr(equals + 1)), shown));
  }
}

}  // namespace

std::vector<std::string> lures_in(std::string_view type, std::string_view name, Bytes layer) {
  std::vector<std::string> found;
  if (const auto command = shortcut_command(layer)) {
    found.push_back("Lure.Shortcut: starts " + *command);
  }
  const std::string lowered = base::wire::ascii_lower(name);
  if (lowered == autorun) add_autorun(layer, found);
  const std::string_view extension = extension_of(lowered);
  if (is_document_extension(extension)) {
    const std::string_view program = program_of(type, layer);
    if (!program.empty()) {
      found.push_back("Lure.Disguise: " + std::string(program) + ", called ." +
                      std::string(extension));
    }
  }
  return found;
}

bool may_lure_by_name(std::string_view name, Bytes begin) {
  const std::string lowered = base::wire::ascii_lower(name);
  if (lowered == autorun) return true;
  const std::string_view first = base::wire::as_text(begin);
  return is_document_extension(extension_of(lowered)) &&
         std::ranges::any_of(begins, [&first](auto each) { return first.starts_with(each); });
}

}  // namespace scannerqube
