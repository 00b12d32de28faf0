// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/store.hpp"

#include <sqlite3.h>

#include <initializer_list>

#include "dom0/io/statement.hpp"

namespace dom0::io {
namespace {

constexpr int version = 2;

constexpr const char* schema = R"(
CREATE TABLE assignment(
  frontend TEXT, class TEXT, backend TEXT, port TEXT, device TEXT,
  mode TEXT, options TEXT, fingerprint TEXT,
  PRIMARY KEY(frontend, class, backend, port, device)) STRICT, WITHOUT ROWID;
CREATE TABLE denied(qube TEXT PRIMARY KEY, interfaces TEXT) STRICT, WITHOUT ROWID;
CREATE TABLE device(
  key TEXT, fingerprint TEXT, device_id TEXT, description TEXT,
  first_seen INTEGER, last_seen INTEGER, approved INTEGER,
  PRIMARY KEY(key, fingerprint)) STRICT, WITHOUT ROWID;
)";

// Since version 2.
constexpr const char* input_schema = R"(
CREATE TABLE proven_input(
  backend TEXT, port TEXT, fingerprint TEXT, since INTEGER,
  PRIMARY KEY(backend, port, fingerprint)) STRICT, WITHOUT ROWID;
CREATE TABLE stopped_input(
  backend TEXT, place TEXT, fingerprint TEXT, reason TEXT, since INTEGER,
  PRIMARY KEY(backend, place, fingerprint)) STRICT, WITHOUT ROWID;
PRAGMA user_version = 2;
)";

// Tables that files of version 1 may lack; programs that do not know them leave them alone.
constexpr const char* later_tables = R"(
CREATE TABLE IF NOT EXISTS held(
  place INTEGER PRIMARY KEY,
  frontend TEXT, backend TEXT, port TEXT, fingerprint TEXT,
  frontend_life TEXT, backend_life TEXT) STRICT;
)";

Assignment assignment_of(const Statement& row) {
  Assignment assignment{.frontend = row.text_at(0),
                        .device_class = row.text_at(1),
                        .device = {row.text_at(2), row.text_at(3), row.text_at(4)},
                        .mode = parse_assignment_mode(row.text_at(5))
                                    // Of a mode that nobody knows the person is asked.
                                    .value_or(AssignmentMode::ask_to_attach),
                        .options = {},
                        .fingerprint = row.text_at(7)};
  if (auto options = base::device::parse_properties(row.text_at(6))) {
    assignment.options = *std::move(options);
  }
  return assignment;
}

}  // namespace

void Store::Close::operator()(sqlite3* database) const noexcept { sqlite3_close(database); }

base::Result<Store> Store::open(const std::filesystem::path& file) {
  sqlite3* opened = nullptr;
  const int result =
      sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  Store store(std::unique_ptr<sqlite3, Close>{opened});
  auto prepared = result == SQLITE_OK
                      ? store.prepare_file()
                      : base::Status(base::fail(
                            std::string("state database: ") +
                            (opened != nullptr ? sqlite3_errmsg(opened) : sqlite3_errstr(result))));
  if (prepared) return store;
  return base::fail("cannot use " + file.string() + ": " + prepared.error().text +
                    "; is another sallyportd running? Else restore the file, or move it away to "
                    "begin with no assignments and no history");
}

base::Status Store::prepare_file() {
  // EXCLUSIVE: one daemon a file, and no shared memory that the sandbox would have to allow.
  for (const char* sql :
       {"PRAGMA locking_mode=EXCLUSIVE", "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL",
        "PRAGMA trusted_schema=OFF", "PRAGMA temp_store=MEMORY"}) {
    if (auto done = execute(sql); !done) return done;
  }
  std::int64_t found = 0;
  auto read = Statement(database_.get(), "PRAGMA user_version").each_row([&found](const auto& row) {
    found = row.number_at(0);
  });
  if (!read) return read;
  if (found > version) {
    return base::fail("it is of version " + std::to_string(found) + ", this program knows " +
                      std::to_string(version));
  }
  if (found < version) {
    for (const char* sql : {"BEGIN IMMEDIATE", found == 0 ? schema : "", input_schema, "COMMIT"}) {
      if (auto done = execute(sql); !done) return done;
    }
  }
  if (auto done = execute(later_tables); !done) return done;
  std::string problem;
  auto checked =
      Statement(database_.get(), "PRAGMA quick_check(1)").each_row([&problem](const auto& row) {
        problem = row.text_at(0);
      });
  if (!checked) return checked;
  if (problem != "ok") return base::fail("it is damaged: " + problem);
  return base::Ok{};
}

base::Status Store::execute(const char* sql) const {
  if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return base::Ok{};
  return base::fail(std::string("state database: ") + sqlite3_errmsg(database_.get()));
}

base::Result<std::vector<Assignment>> Store::assignments() const {
  std::vector<Assignment> list;
  auto done = Statement(database_.get(),
                        "SELECT frontend, class, backend, port, device, mode, options, fingerprint "
                        "FROM assignment")
                  .each_row([&list](const auto& row) { list.push_back(assignment_of(row)); });
  if (!done) return base::Unexpected{done.error()};
  return list;
}

base::Status Store::put(const Assignment& assignment) {
  const std::string options = base::device::format_properties(assignment.options);
  return Statement(database_.get(), "INSERT OR REPLACE INTO assignment VALUES(?,?,?,?,?,?,?,?)")
      .text(assignment.frontend)
      .text(assignment.device_class)
      .text(assignment.device.backend)
      .text(assignment.device.port_id)
      .text(assignment.device.device_id)
      .text(name_of(assignment.mode))
      .text(options)
      .text(assignment.fingerprint)
      .run();
}

base::Status Store::remove(const Assignment& assignment) {
  return Statement(database_.get(),
                   "DELETE FROM assignment WHERE frontend=? AND class=? AND backend=? AND port=? "
                   "AND device=?")
      .text(assignment.frontend)
      .text(assignment.device_class)
      .text(assignment.device.backend)
      .text(assignment.device.port_id)
      .text(assignment.device.device_id)
      .run();
}

base::Result<std::map<std::string, std::string>> Store::denied() const {
  std::map<std::string, std::string> by_qube;
  auto done =
      Statement(database_.get(), "SELECT qube, interfaces FROM denied")
          .each_row([&by_qube](const auto& row) { by_qube[row.text_at(0)] = row.text_at(1); });
  if (!done) return base::Unexpected{done.error()};
  return by_qube;
}

base::Status Store::put_denied(const std::string& qube, const std::string& interfaces) {
  return Statement(database_.get(), "INSERT OR REPLACE INTO denied VALUES(?,?)")
      .text(qube)
      .text(interfaces)
      .run();
}

base::Result<std::vector<SeenDevice>> Store::devices() const {
  std::vector<SeenDevice> list;
  auto done = Statement(database_.get(),
                        "SELECT key, fingerprint, device_id, description, first_seen, last_seen, "
                        "approved FROM device")
                  .each_row([&list](const auto& row) {
                    list.push_back({.key = row.text_at(0),
                                    .fingerprint = row.text_at(1),
                                    .device_id = row.text_at(2),
                                    .description = row.text_at(3),
                                    .first_seen = row.number_at(4),
                                    .last_seen = row.number_at(5),
                                    .approved = row.number_at(6)});
                  });
  if (!done) return base::Unexpected{done.error()};
  return list;
}

base::Result<std::vector<HeldDevice>> Store::held() const {
  std::vector<HeldDevice> list;
  auto done = Statement(database_.get(),
                        "SELECT frontend, backend, port, fingerprint, frontend_life, backend_life "
                        "FROM held ORDER BY place")
                  .each_row([&list](const auto& row) {
                    list.push_back({.frontend = row.text_at(0),
                                    .backend = row.text_at(1),
                                    .port_id = row.text_at(2),
                                    .fingerprint = row.text_at(3),
                                    .frontend_life = row.text_at(4),
                                    .backend_life = row.text_at(5)});
                  });
  if (!done) return base::Unexpected{done.error()};
  return list;
}

base::Status Store::put_held(const std::vector<HeldDevice>& held) {
  return transaction([this, &held]() -> base::Status {
    if (auto done = execute("DELETE FROM held"); !done) return done;
    Statement keep(database_.get(), "INSERT INTO held VALUES(?,?,?,?,?,?,?)");
    std::int64_t place = 0;
    for (const HeldDevice& each : held) {
      keep.number(++place).text(each.frontend).text(each.backend).text(each.port_id);
      keep.text(each.fingerprint).text(each.frontend_life).text(each.backend_life);
      if (auto done = keep.run(); !done) return done;
    }
    return base::Ok{};
  });
}

base::Status Store::put_devices(const DeviceHistory::Changes& changes) {
  return transaction([this, &changes]() -> base::Status {
    Statement keep(database_.get(), "INSERT OR REPLACE INTO device VALUES(?,?,?,?,?,?,?)");
    for (const SeenDevice& each : changes.kept) {
      keep.text(each.key).text(each.fingerprint).text(each.device_id).text(each.description);
      keep.number(each.first_seen).number(each.last_seen).number(each.approved);
      if (auto done = keep.run(); !done) return done;
    }
    Statement forget(database_.get(), "DELETE FROM device WHERE key=? AND fingerprint=?");
    for (const SeenDevice& each : changes.forgotten) {
      if (auto done = forget.text(each.key).text(each.fingerprint).run(); !done) return done;
    }
    return base::Ok{};
  });
}

base::Status Store::transaction(const std::function<base::Status()>& write) {
  if (auto begun = execute("BEGIN IMMEDIATE"); !begun) return begun;
  auto written = write();
  if (written) written = execute("COMMIT");
  // After a COMMIT that failed the transaction may still be open, or be gone: both are right.
  if (!written) static_cast<void>(execute("ROLLBACK"));
  return written;
}

}  // namespace dom0::io
