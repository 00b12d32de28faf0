// SPDX-License-Identifier: GPL-2.0-or-later
// One SQL statement of the state database.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/wire/result.hpp"

namespace dom0::io {

// Texts are bound as they are given, so they must outlive it.
class Statement {
 public:
  Statement(sqlite3* database, std::string_view sql) : database_(database) {
    sqlite3_stmt* made = nullptr;
    // A failure shows at the first step.
    sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &made, nullptr);
    statement_.reset(made);
  }

  Statement& text(std::string_view value) {
    sqlite3_bind_text(statement_.get(), ++bound_, value.data(), static_cast<int>(value.size()),
                      nullptr);  // nullptr: SQLITE_STATIC, which is spelt with a cast
    return *this;
  }
  Statement& number(std::int64_t value) {
    sqlite3_bind_int64(statement_.get(), ++bound_, value);
    return *this;
  }

  // For statements without rows. It can be bound and run again.
  base::Status run() {
    const int result = sqlite3_step(statement_.get());
    sqlite3_reset(statement_.get());
    bound_ = 0;
    if (result == SQLITE_DONE) return base::Ok{};
    return failure();
  }

  base::Status each_row(const std::function<void(const Statement&)>& take) {
    int result = sqlite3_step(statement_.get());
    for (; result == SQLITE_ROW; result = sqlite3_step(statement_.get())) take(*this);
    if (result == SQLITE_DONE) return base::Ok{};
    return failure();
  }

  std::string text_at(int column) const {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
    const int size = sqlite3_column_bytes(statement_.get(), column);
    return bytes == nullptr ? std::string() : std::string(bytes, static_cast<std::size_t>(size));
  }
  std::int64_t number_at(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
  }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };

  base::Unexpected<base::Error> failure() const {
    return base::fail(std::string("state database: ") + sqlite3_errmsg(database_));
  }

  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bound_ = 0;
};

}  // namespace dom0::io
