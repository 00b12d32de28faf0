// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/database/last_import.hpp"

#include "base/wire/utc_text.hpp"
#include "scanner-qube/database/number_text.hpp"

namespace scannerqube::database {
namespace {

constexpr std::int64_t clocks_differ = 86'400;  // seconds: a day

std::string named(const LastImport& which) {
  return "serial " + std::to_string(which.serial.value) + " of " +
         base::wire::utc_text(which.created);
}

}  // namespace

base::Result<Order> compare(const std::optional<LastImport>& last, const LastImport& next,
                            std::int64_t now) {
  // It would be the last one for ever.
  if (next.created > now + clocks_differ) {
    return base::fail("this bundle is " + named(next) + ", which is yet to come; now is " +
                      base::wire::utc_text(now) + ": one of the clocks is wrong");
  }
  if (!last) return Order::newer;
  if (next.serial == last->serial) {
    if (next.digest == last->digest) return Order::same;
    return base::fail("this bundle is another one than that imported before, " + named(*last) +
                      ": each bundle needs a serial of its own");
  }
  if (next.serial > last->serial && next.created >= last->created) return Order::newer;
  return base::fail("this bundle, " + named(next) + ", is older than the last one, " +
                    named(*last) +
                    ": to go back, make a bundle of the old files with a new serial");
}

std::string encode(const LastImport& last) {
  return std::to_string(last.serial.value) + " " + std::to_string(last.created) + " " +
         base::hash::to_hex(last.digest) + "\n";
}

base::Result<LastImport> parse_last_import(std::string_view text) {
  LastImport last;
  std::string_view rest = text;
  const bool good = take_number(rest, ' ', last.serial.value) &&
                    take_number(rest, ' ', last.created) && rest.ends_with('\n') &&
                    base::hash::from_hex(rest.substr(0, rest.size() - 1), last.digest);
  if (good && encode(last) == text) return last;
  return base::fail("it does not say which bundle was imported last");
}

}  // namespace scannerqube::database
