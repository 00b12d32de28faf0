// SPDX-License-Identifier: GPL-2.0-or-later
// The store's tables of input devices.
#include "dom0/io/statement.hpp"
#include "dom0/io/store.hpp"

namespace dom0::io {

base::Status Store::inputs(InputTrust& trust) const {
  auto done = Statement(database_.get(),
                        "SELECT backend, port, fingerprint, since FROM proven_input ORDER BY since")
                  .each_row([&trust](const auto& row) {
                    trust.restore(ProvenInput{.backend = row.text_at(0),
                                              .port = row.text_at(1),
                                              .fingerprint = row.text_at(2),
                                              .since = row.number_at(3)});
                  });
  if (!done) return done;
  return Statement(database_.get(),
                   "SELECT backend, place, fingerprint, reason, since FROM stopped_input ORDER BY "
                   "since")
      .each_row([&trust](const auto& row) {
        trust.restore(StoppedInput{.backend = row.text_at(0),
                                   .place = row.text_at(1),
                                   .fingerprint = row.text_at(2),
                                   .reason = row.text_at(3),
                                   .since = row.number_at(4)});
      });
}

base::Status Store::put_inputs(const InputTrust::Changes& changes) {
  return transaction([this, &changes]() -> base::Status {
    // What went first: an entry may have gone and come again.
    Statement doubt(database_.get(),
                    "DELETE FROM proven_input WHERE backend=? AND port=? AND fingerprint=?");
    for (const ProvenInput& each : changes.unproven) {
      doubt.text(each.backend).text(each.port).text(each.fingerprint);
      if (auto done = doubt.run(); !done) return done;
    }
    Statement release(database_.get(),
                      "DELETE FROM stopped_input WHERE backend=? AND place=? AND fingerprint=?");
    for (const StoppedInput& each : changes.released) {
      release.text(each.backend).text(each.place).text(each.fingerprint);
      if (auto done = release.run(); !done) return done;
    }
    Statement prove(database_.get(), "INSERT OR REPLACE INTO proven_input VALUES(?,?,?,?)");
    for (const ProvenInput& each : changes.proven) {
      prove.text(each.backend).text(each.port).text(each.fingerprint).number(each.since);
      if (auto done = prove.run(); !done) return done;
    }
    Statement stop(database_.get(), "INSERT OR REPLACE INTO stopped_input VALUES(?,?,?,?,?)");
    for (const StoppedInput& each : changes.stopped) {
      stop.text(each.backend).text(each.place).text(each.fingerprint).text(each.reason);
      if (auto done = stop.number(each.since).run(); !done) return done;
    }
    return base::Ok{};
  });
}

}  // namespace dom0::io
