// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/database/manifest.hpp"

#include <algorithm>

#include "base/wire/ascii.hpp"
#include "base/wire/escape.hpp"
#include "scanner-qube/database/file_kinds.hpp"

namespace scannerqube::database {
namespace {

bool fits_signature(char c) {
  return base::wire::is_name_character(c) || c == ':' || c == '/' || c == '+';
}

// Sorted by name, each once; none is empty; not more than `most` together.
template <class File>
base::Status check_list(const std::vector<File>& files, std::uint64_t most) {
  std::uint64_t left = most;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (i > 0 && files[i].name <= files[i - 1].name) {
      return base::fail(files[i].name + " stands twice, or out of order");
    }
    if (files[i].size == 0) return base::fail(files[i].name + " is empty");
    if (files[i].size > left) {
      return base::fail("more than " + std::to_string(most) + " bytes with " + files[i].name);
    }
    left -= files[i].size;
  }
  return base::Ok{};
}

std::string_view stem(std::string_view name) { return name.substr(0, name.rfind('.')); }

base::Status check_file(const DatabaseFile& file) {
  if (auto named = check_database_name(file.name); !named) return named;
  if (is_container(file.name) == file.container.has_value()) return base::Ok{};
  return base::fail(file.name + (file.container ? ": only a .cvd or .cld has a version"
                                                : ": a .cvd or .cld has a version"));
}

}  // namespace

base::Status check_signature_name(std::string_view untrusted) {
  const bool fits = !untrusted.empty() && untrusted.size() <= max_signature_name &&
                    std::ranges::all_of(untrusted, fits_signature);
  if (fits) return base::Ok{};
  return base::fail("'" + base::wire::escape(untrusted, max_signature_name) +
                    "' is no name of a signature: 1 to 128 letters, digits and ._:/+-");
}

base::Status check(const Manifest& untrusted) {
  if (untrusted.serial.value == 0 || untrusted.serial.value > max_serial) {
    return base::fail("the serial is not from 1 to 2^53");
  }
  if (untrusted.created < 0) return base::fail("it was made before 1970");
  if (untrusted.files.empty() || untrusted.files.size() > max_files) {
    return base::fail("it has not 1 to 256 files of signatures");
  }
  if (untrusted.self_tests.size() > max_self_tests) {
    return base::fail("it has more than 64 files for the self-test");
  }
  const DatabaseFile* last = nullptr;
  for (const DatabaseFile& file : untrusted.files) {
    if (auto good = check_file(file); !good) return good;
    // The engine would take one of the two.
    if (last != nullptr && is_container(file.name) && is_container(last->name) &&
        stem(file.name) == stem(last->name)) {
      return base::fail(last->name + " and " + file.name + " are the same database");
    }
    last = &file;
  }
  for (const SelfTest& file : untrusted.self_tests) {
    if (auto named = check_name(file.name); !named) return named;
    if (!file.signature) continue;
    if (auto named = check_signature_name(*file.signature); !named) return named;
  }
  if (auto good = check_list(untrusted.files, max_database_bytes); !good) return good;
  return check_list(untrusted.self_tests, max_self_test_bytes);
}

std::uint64_t content_bytes(const Manifest& checked) {
  std::uint64_t all = 0;
  for (const DatabaseFile& file : checked.files) all += file.size;
  for (const SelfTest& file : checked.self_tests) all += file.size;
  return all;
}

}  // namespace scannerqube::database
