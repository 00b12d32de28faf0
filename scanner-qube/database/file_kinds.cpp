// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/database/file_kinds.hpp"

#include <algorithm>
#include <array>

#include "base/wire/ascii.hpp"
#include "base/wire/escape.hpp"

namespace scannerqube::database {
namespace {

// libclamav 1.4 with the options of our engine (our engine, of YARA's) refuses a broken file of
// each of these; found by giving it one (tests/scanner-qube/database/self_test_test.cpp).
constexpr std::array<std::string_view, 23> read_ones{
    "cvd", "cld", "hdb", "hsb",  "mdb", "msb", "ndb", "ldb", "sdb",  "cdb", "crb", "idb",
    "imp", "fp",  "sfp", "ign2", "ftm", "wdb", "pdb", "gdb", "pwdb", "yar", "yara"};

struct Refused {
  std::string_view extension;
  std::string_view why;
};
constexpr std::string_view not_loaded =
    "the engine does not load signatures of merely unwanted programs";
constexpr std::string_view silent = "the engine leaves a broken one out without a word";
constexpr std::array refused{
    Refused{"cbc", "bytecode comes in ClamAV's own signed bytecode.cvd or bytecode.cld only"},
    Refused{"hdu", not_loaded},
    Refused{"hsu", not_loaded},
    Refused{"mdu", not_loaded},
    Refused{"msu", not_loaded},
    Refused{"ndu", not_loaded},
    Refused{"ldu", not_loaded},
    Refused{"cud",
            "ClamAV has not signed it, and the engine leaves out what is not to be unsigned"},
    Refused{"cfg", "it switches parts of the engine off"},
    Refused{"cat", silent},
    Refused{"ioc", silent},
};

std::string_view extension_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? std::string_view() : name.substr(dot + 1);
}

bool is_small(char c) {
  return (c >= 'a' && c <= 'z') || base::wire::is_digit(c) || c == '.' || c == '_' || c == '-';
}

}  // namespace

base::Status check_name(std::string_view untrusted) {
  const bool fits = !untrusted.empty() && untrusted.size() <= max_name &&
                    base::wire::is_alphanumeric(untrusted.front()) &&
                    std::ranges::all_of(untrusted, is_small);
  if (fits) return base::Ok{};
  return base::fail("the name '" + base::wire::escape(untrusted, max_name) +
                    "' is not 1 to 64 of a-z, 0-9, '.', '_' and '-' with a letter or digit first");
}

base::Status check_database_name(std::string_view untrusted) {
  if (auto named = check_name(untrusted); !named) return named;
  const std::string name(untrusted);
  const std::string_view extension = extension_of(name);
  if (std::ranges::find(read_ones, extension) != read_ones.end()) return base::Ok{};
  const auto* const known = std::ranges::find(refused, extension, &Refused::extension);
  return base::fail(name + ": " +
                    (known != refused.end() ? std::string(known->why)
                                            : "the engine does not know files of this name"));
}

bool is_container(std::string_view name) {
  const std::string_view extension = extension_of(name);
  return extension == "cvd" || extension == "cld";
}

}  // namespace scannerqube::database
