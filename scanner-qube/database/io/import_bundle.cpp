// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/database/io/import_bundle.hpp"

#include "base/hash/sha256.hpp"
#include "base/io/files.hpp"
#include "base/io/run_program.hpp"
#include "base/wire/escape.hpp"
#include "scanner-qube/database/io/bundle_file.hpp"
#include "scanner-qube/database/io/database_store.hpp"
#include "scanner-qube/database/io/incoming.hpp"
#include "scanner-qube/database/io/layout.hpp"

namespace scannerqube::database::io {
namespace {

namespace fs = std::filesystem;

// Seconds with a real database; a slow machine has to manage as well.
constexpr std::chrono::seconds check_time{900};

base::Unexpected<base::Error> refused(const fs::path& bundle, const base::Error& why) {
  return base::fail(bundle.string() + ": " + why.text);
}

class Import {
 public:
  Import(const ImportOptions& options, const DatabaseStore& store, const fs::path& incoming)
      : options_(options), store_(store), incoming_(incoming) {}

  base::Result<Imported> run() {
    auto file = BundleFile::open(options_.bundle, options_.key);
    if (!file) return base::Unexpected{file.error()};
    if (auto opened = file->open_manifest(); !opened)
      return refused(options_.bundle, opened.error());
    const auto order = place(file->reader());
    if (!order) return refused(options_.bundle, order.error());
    reached(ImportStep::verified);
    if (*order == Order::same && store_.in_use(published_.as_import())) {
      return already_there();
    }
    if (auto done = copy(*file); !done) return refused(options_.bundle, done.error());
    reached(ImportStep::copied);
    if (auto done = check(); !done) return refused(options_.bundle, done.error());
    reached(ImportStep::checked);
    if (auto done = pack(); !done) return base::Unexpected{done.error()};
    reached(ImportStep::packed);
    if (auto done = put_in_place(); !done) return base::Unexpected{done.error()};
    return Imported{.order = Order::newer, .published = std::move(published_)};
  }

 private:
  void reached(ImportStep step) const {
    if (options_.done) options_.done(step);
  }

  base::Result<Order> place(const BundleReader& reader) {
    published_.manifest = reader.manifest();
    published_.digest = base::hash::Sha256()({base::wire::as_bytes(reader.manifest_text())});
    const auto last = store_.last();
    if (!last) return base::Unexpected{last.error()};
    return compare(*last, published_.as_import(), options_.now);
  }

  base::Result<Imported> already_there() {
    auto current = read_current(options_.folder);
    if (!current) return base::Unexpected{current.error()};
    return Imported{.order = Order::same, .published = std::move(current->published)};
  }

  base::Status copy(BundleFile& file) {
    if (auto made = incoming_.make_folders(); !made) return made;
    if (!options_.user.empty()) {
      if (auto given = incoming_.give_temporary_to(options_.user); !given) return given;
    }
    if (auto put = incoming_.put(head_file, file.reader().head()); !put) return put;
    return file.copy_files(incoming_, [this] { reached(ImportStep::copied_one); });
  }

  base::Status check() {
    std::vector<std::string> command{options_.check_program.string(), incoming_.path().string()};
    if (!options_.user.empty()) command.push_back(options_.user);
    const auto ran = base::io::run_program(command, check_time);
    if (!ran) return base::Unexpected{ran.error()};
    if (ran->code != 0) {
      return base::fail("the engine does not take it (" + std::to_string(ran->code) +
                        "): " + base::wire::escape(one_line(ran->output), 512));
    }
    auto facts = parse_engine_facts(ran->output);
    if (!facts) return base::Unexpected{facts.error()};
    published_.record = {
        .signer = options_.key.id(), .imported = options_.now, .engine = *std::move(facts)};
    return base::Ok{};
  }

  static std::string_view one_line(std::string_view text) {
    return text.substr(0, text.find_last_not_of('\n') + 1);
  }

  base::Status pack() {
    if (auto put = incoming_.put(record_file, encode(published_.record)); !put) return put;
    return incoming_.finish();
  }

  base::Status put_in_place() {
    const LastImport which = published_.as_import();
    if (auto done = store_.publish(incoming_.path(), which); !done) return done;
    reached(ImportStep::published);
    if (auto done = store_.remember(which); !done) return done;
    reached(ImportStep::remembered);
    return store_.switch_to(which);
  }

  const ImportOptions& options_;
  const DatabaseStore& store_;
  Incoming incoming_;
  Published published_;
};

}  // namespace

base::Result<Imported> import_bundle(const ImportOptions& options) {
  const auto store = DatabaseStore::open(options.folder);
  if (!store) return base::Unexpected{store.error()};
  if (auto cleaned = store->clean(); !cleaned) return base::Unexpected{cleaned.error()};
  const auto incoming = store->begin();
  if (!incoming) return base::Unexpected{incoming.error()};
  if (options.done) options.done(ImportStep::locked);
  auto imported = Import(options, *store, *incoming).run();
  // What failed has left something, the one before has done its service. If that cannot be removed
  // the next import says so.
  if (!imported || imported->order == Order::same) static_cast<void>(store->clean());
  return imported;
}

}  // namespace scannerqube::database::io
