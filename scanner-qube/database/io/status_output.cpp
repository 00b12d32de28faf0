// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/database/io/status_output.hpp"

#include <boost/json.hpp>

#include "base/wire/utc_text.hpp"
#include "scanner-qube/database/database_age.hpp"
#include "scanner-qube/database/io/layout.hpp"

namespace scannerqube::database::io {
namespace {

namespace json = boost::json;

constexpr const char* json_time = "%FT%TZ";

std::string age_text(const DatabaseAge& age) {
  if (!age.days()) return "unknown: that is yet to come, so one of the clocks is wrong";
  return std::to_string(*age.days()) + (*age.days() == 1 ? " day" : " days");
}

}  // namespace

std::string status_lines(const Current& current, std::int64_t now) {
  const auto& [manifest, digest, record] = current.published;
  std::string lines = "serial:      " + std::to_string(manifest.serial.value) +
                      "\nmade:        " + base::wire::utc_text(manifest.created) +
                      "\nage:         " + age_text(DatabaseAge::between(manifest.created, now)) +
                      "\nsignatures:  " + std::to_string(record.engine.signatures) +
                      ", loaded by " + record.engine.name +
                      "\ndigest:      " + base::hash::to_hex(digest) + "\nsigned with: key " +
                      record.signer + "\nimported:    " + base::wire::utc_text(record.imported) +
                      "\nself-test:   " + std::to_string(manifest.self_tests.size()) + " files\n";
  for (const DatabaseFile& file : manifest.files) {
    lines += "file:        " + file.name + ", " + std::to_string(file.size) + " bytes";
    if (file.container) {
      lines += ", version " + std::to_string(file.container->version) + " of " +
               base::wire::utc_text(file.container->built, "%F");
    }
    lines += "\n";
  }
  return lines;
}

std::string status_json(const Current& current, std::int64_t now) {
  const auto& [manifest, digest, record] = current.published;
  const auto age = DatabaseAge::between(manifest.created, now).days();
  json::array files;
  for (const DatabaseFile& file : manifest.files) {
    json::object one{{"name", file.name}, {"size", file.size}};
    if (file.container) {
      one["version"] = file.container->version;
      one["built"] = base::wire::utc_text(file.container->built, json_time);
    }
    files.push_back(std::move(one));
  }
  return json::serialize(
             json::object{{"serial", manifest.serial.value},
                          {"created", base::wire::utc_text(manifest.created, json_time)},
                          {"age_days", age ? json::value(*age) : json::value(nullptr)},
                          {"signatures", record.engine.signatures},
                          {"engine", record.engine.name},
                          {"digest", base::hash::to_hex(digest)},
                          {"signer", record.signer},
                          {"imported", base::wire::utc_text(record.imported, json_time)},
                          {"self_tests", manifest.self_tests.size()},
                          {"folder", current.folder.string()},
                          {"image", (current.folder / image_file).string()},
                          {"files", std::move(files)}}) +
         "\n";
}

}  // namespace scannerqube::database::io
