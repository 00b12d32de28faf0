// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/scan/io/scan_arguments.hpp"

#include <charconv>

namespace scannerqube::io {
const char* const scan_usage =
    "usage: sallyport-scan-image IMAGE --database PATH... [--deleted] [--json] [--workers N]\n"
    "       [--database-version TEXT] [--database-sha256 HEX] [--database-date SECONDS]\n"
    "       [--cache FILE --cache-key PUBLIC] [--cache-out FILE] [--cache-medium DIGEST]\n"
    "       [--time SECONDS] [--passphrase-file FILE]\n"
    "Reads all file systems of an image, without mounting them, and scans every file.\n"
    "  --cache FILE     contents that need no scan, signed with the key in the file PUBLIC\n"
    "  --cache-out FILE writes contents that were scanned and are clean, for whoever signs caches\n"
    "  --passphrase-file FILE opens encrypted parts; all of the file, without a line's end\n"
    "  --cache-medium   whose cache it is, 64 hexadecimal digits; else it is for every medium\n"
    "exit status: 0 clean, 1 infected, 2 there was no scan, 3 suspicious or not examined in full\n";

namespace {

template <class T>
bool parse_number(const std::string& text, T& number) {
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  return parsed.ec == std::errc{} && parsed.ptr == end;
}

base::Status take_database_word(const std::string& word, const std::string& value,
                                report::DatabaseInfo& database) {
  if (word == "--database-version") {
    database.version = value;
  } else if (word == "--database-sha256") {
    if (!base::hash::from_hex(value, database.sha256)) {
      return base::fail("--database-sha256: 64 digits 0-9a-f, not '" + value + "'");
    }
  } else if (word != "--database-date" || !parse_number(value, database.date) ||
             database.date < 0) {
    return base::fail(word + ": unknown, or no number of seconds since 1970: '" + value + "'");
  }
  return base::Ok{};
}

base::Status set_workers(ScanArguments& given, const std::string& number) {
  constexpr unsigned most_workers = 64;
  if (!parse_number(number, given.workers) || given.workers == 0 || given.workers > most_workers) {
    return base::fail("--workers: a number from 1 to 64, not '" + number + "'");
  }
  return base::Ok{};
}

base::Status set_time(ScanArguments& given, const std::string& number) {
  constexpr unsigned most_seconds = 1'000'000;
  if (!parse_number(number, given.seconds) || given.seconds == 0 || given.seconds > most_seconds) {
    return base::fail("--time: seconds, from 1 to 1000000, not '" + number + "'");
  }
  return base::Ok{};
}

// An option that takes a value.
base::Status set(ScanArguments& given, const std::string& option, const std::string& value) {
  if (option == "--database") {
    given.databases.push_back(value);
  } else if (option == "--cache") {
    given.cache = value;
  } else if (option == "--cache-key") {
    given.cache_key = value;
  } else if (option == "--cache-out") {
    given.cache_out = value;
  } else if (option == "--passphrase-file") {
    given.passphrase_file = value;
  } else if (option == "--workers") {
    return set_workers(given, value);
  } else if (option == "--time") {
    return set_time(given, value);
  } else if (option == "--cache-medium") {
    if (!base::hash::from_hex(value, given.cache_medium)) {
      return base::fail("--cache-medium: 64 hexadecimal digits in lower case");
    }
  } else if (option.starts_with("--database-")) {
    return take_database_word(option, value, given.database);
  } else {
    return base::fail("unknown option " + option);
  }
  return base::Ok{};
}

base::Result<ScanArguments> checked(ScanArguments given) {
  if (given.image.empty()) return base::fail("which image?");
  if (given.databases.empty()) return base::fail("--database: which signatures?");
  if (given.cache.empty() != given.cache_key.empty()) {
    return base::fail("--cache and --cache-key: either needs the other");
  }
  return given;
}

}  // namespace

base::Result<ScanArguments> ScanArguments::parse(const std::vector<std::string>& words) {
  ScanArguments given;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--help") {
      given.help = true;
      return given;
    }
    if (word == "--deleted") {
      given.deleted = true;
    } else if (word == "--json") {
      given.json = true;
    } else if (!word.starts_with("--")) {
      if (!given.image.empty()) return base::fail("one image at a time");
      given.image = word;
    } else if (i + 1 < words.size()) {
      if (auto done = set(given, word, words[++i]); !done) return base::Unexpected{done.error()};
    } else {
      return base::fail("unknown option " + word + ", or its value is missing");
    }
  }
  return checked(std::move(given));
}

}  // namespace scannerqube::io
