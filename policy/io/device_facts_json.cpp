// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/io/device_facts_json.hpp"

#include <array>
#include <boost/json.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

namespace policy::io {
namespace {

namespace json = boost::json;

using History = DeviceFacts::History;

constexpr std::array histories{std::pair{History::fresh, std::string_view("new")},
                               std::pair{History::known, std::string_view("known")},
                               std::pair{History::changed, std::string_view("changed")}};

DeviceFacts::Scan read_scan(const std::string& name) {
  const auto scan = scan_named(name);
  if (!scan) throw std::invalid_argument("'scan' is '" + name + "'");
  return *scan;
}

std::optional<std::uint64_t> read_age(const json::value& value) {
  if (value.is_null()) return std::nullopt;
  return json::value_to<std::uint64_t>(value);
}

History history_named(const std::string& name) {
  for (const auto& [history, known] : histories) {
    if (name == known) return history;
  }
  throw std::invalid_argument("'history' is '" + name + "'");
}

std::string history_name(History history) {
  for (const auto& [known, name] : histories) {
    if (history == known) return std::string(name);
  }
  return {};
}

// Throws what Boost.JSON throws.
DeviceFacts read_facts(std::string_view text) {
  const json::value parsed = json::parse(text);
  const json::object& object = parsed.as_object();
  const auto get = [&object](std::string_view key) {
    return json::value_to<std::string>(object.at(key));
  };
  return {.backend = get("backend"),
          .port_id = get("port"),
          .history = history_named(get("history")),
          .interfaces = json::value_to<std::vector<std::string>>(object.at("interfaces")),
          .vendor_id = json::value_to<std::uint16_t>(object.at("vendor")),
          .product_id = json::value_to<std::uint16_t>(object.at("product")),
          .serial = get("serial"),
          .name = get("name"),
          .scan = read_scan(get("scan")),
          .scan_age = read_age(object.at("scan_age")),
          .described = json::value_to<std::vector<std::string>>(object.at("described")),
          .usbguard_hash = get("usbguard_hash")};
}

}  // namespace

std::string encode_device_facts(const DeviceFacts& facts) {
  const std::string_view scan = name_of(facts.scan);
  return json::serialize(
      json::object{{"backend", facts.backend},
                   {"port", facts.port_id},
                   {"history", history_name(facts.history)},
                   {"interfaces", json::array(facts.interfaces.begin(), facts.interfaces.end())},
                   {"vendor", facts.vendor_id},
                   {"product", facts.product_id},
                   {"serial", facts.serial},
                   {"name", facts.name},
                   {"scan", json::string_view(scan.data(), scan.size())},
                   {"scan_age", facts.scan_age ? json::value(*facts.scan_age) : json::value()},
                   {"described", json::array(facts.described.begin(), facts.described.end())},
                   {"usbguard_hash", facts.usbguard_hash}});
}

base::Result<DeviceFacts> parse_device_facts(std::string_view text) {
  try {
    return read_facts(text);
  } catch (const std::exception& error) {
    return base::fail(std::string("what the daemon tells of the device is not readable: ") +
                      error.what());
  }
}

}  // namespace policy::io
