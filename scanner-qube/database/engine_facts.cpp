// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/database/engine_facts.hpp"

#include <algorithm>

#include "base/wire/ascii.hpp"
#include "base/wire/escape.hpp"
#include "scanner-qube/database/number_text.hpp"

namespace scannerqube::database {
namespace {

constexpr std::string_view loaded = "loaded ";

bool fits_engine_name(char c) { return base::wire::is_name_character(c) || c == ' ' || c == '+'; }

}  // namespace

std::string encode(const EngineFacts& facts) {
  return std::string(loaded) + std::to_string(facts.signatures) + " " +
         std::to_string(facts.level) + " " + facts.name + "\n";
}

base::Result<EngineFacts> parse_engine_facts(std::string_view untrusted) {
  EngineFacts facts;
  std::string_view rest = untrusted;
  const bool begun = untrusted.size() <= max_engine_facts && rest.starts_with(loaded);
  if (begun) rest.remove_prefix(loaded.size());
  if (begun && take_number(rest, ' ', facts.signatures) && take_number(rest, ' ', facts.level) &&
      rest.ends_with('\n')) {
    facts.name = rest.substr(0, rest.size() - 1);
    const bool named = !facts.name.empty() && facts.name.size() <= max_engine_name &&
                       std::ranges::all_of(facts.name, fits_engine_name);
    if (named && facts.signatures > 0 && encode(facts) == untrusted) return facts;
  }
  return base::fail("no answer of the engine: '" + base::wire::escape(untrusted, 128) + "'");
}

}  // namespace scannerqube::database
