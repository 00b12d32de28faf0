// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/database/io/manifest_text.hpp"

#include <boost/json.hpp>

namespace scannerqube::database::io {
namespace {

namespace json = boost::json;

constexpr std::string_view schema = "sallyport-database-1";
constexpr std::size_t depth = 3;  // the manifest, a list, a file

json::object to_json(const DatabaseFile& file) {
  json::object object{
      {"name", file.name}, {"size", file.size}, {"sha256", base::hash::to_hex(file.sha256)}};
  if (file.container) {
    object["version"] = file.container->version;
    object["built"] = file.container->built;
    object["level"] = file.container->level;
  }
  return object;
}

json::object to_json(const SelfTest& file) {
  json::object object{
      {"name", file.name}, {"size", file.size}, {"sha256", base::hash::to_hex(file.sha256)}};
  if (file.signature) object["signature"] = *file.signature;
  return object;
}

// Takes what is asked for and remembers whether all of it was there. That nothing else is there is
// seen afterwards: the manifest is written again and compared.
class Taker {
 public:
  explicit Taker(const json::value& value) : object_(value.if_object()) {
    if (object_ == nullptr) good_ = false;
  }
  bool has(std::string_view key) const { return object_ != nullptr && object_->contains(key); }

  template <class Number>
  void number(std::string_view key, Number& out) {
    const json::value* const value = find(key);
    if (value == nullptr || !value->is_number()) return lack(key);
    boost::system::error_code error;
    out = value->to_number<Number>(error);
    if (error) lack(key);
  }
  void text(std::string_view key, std::string& out) {
    const json::value* const value = find(key);
    if (value == nullptr || !value->is_string()) return lack(key);
    out.assign(value->get_string().data(), value->get_string().size());
  }
  void digest(std::string_view key, base::hash::Digest& out) {
    std::string hex;
    text(key, hex);
    if (!base::hash::from_hex(hex, out)) lack(key);
  }
  template <class Each>
  void list(std::string_view key, std::size_t most, Each each) {
    const json::value* const value = find(key);
    if (value == nullptr || !value->is_array() || value->get_array().size() > most) {
      return lack(key);
    }
    for (const json::value& entry : value->get_array()) each(entry);
  }
  base::Status status(std::string_view what) const {
    if (good_) return base::Ok{};
    return base::fail(std::string(what) + ": '" + lacking_ + "' is not there as it has to be");
  }

 private:
  const json::value* find(std::string_view key) const {
    return object_ == nullptr ? nullptr : object_->if_contains(key);
  }
  void lack(std::string_view key) {
    if (good_) lacking_ = key;
    good_ = false;
  }

  const json::object* object_;
  bool good_ = true;
  std::string lacking_;
};

base::Result<DatabaseFile> database_file(const json::value& value) {
  DatabaseFile file;
  Taker from(value);
  from.text("name", file.name);
  from.number("size", file.size);
  from.digest("sha256", file.sha256);
  if (from.has("version")) {
    ContainerFacts facts;
    from.number("version", facts.version);
    from.number("built", facts.built);
    from.number("level", facts.level);
    file.container = facts;
  }
  if (auto good = from.status("a file of signatures"); !good) return base::Unexpected{good.error()};
  return file;
}

base::Result<SelfTest> self_test(const json::value& value) {
  SelfTest file;
  Taker from(value);
  from.text("name", file.name);
  from.number("size", file.size);
  from.digest("sha256", file.sha256);
  if (from.has("signature")) from.text("signature", file.signature.emplace());
  if (auto good = from.status("a file of the self-test"); !good) {
    return base::Unexpected{good.error()};
  }
  return file;
}

template <class File>
base::Status add(base::Result<File> file, std::vector<File>& files) {
  if (!file) return base::Unexpected{file.error()};
  files.push_back(*std::move(file));
  return base::Ok{};
}

base::Result<Manifest> to_manifest(const json::value& value) {
  Manifest manifest;
  Taker from(value);
  std::string its_schema;
  from.text("schema", its_schema);
  from.number("serial", manifest.serial.value);
  from.number("created", manifest.created);
  from.number("minimum_engine", manifest.minimum_engine);
  base::Status files = base::Ok{};
  from.list("files", max_files, [&](const json::value& entry) {
    if (files) files = add(database_file(entry), manifest.files);
  });
  from.list("self_tests", max_self_tests, [&](const json::value& entry) {
    if (files) files = add(self_test(entry), manifest.self_tests);
  });
  if (!files) return base::Unexpected{files.error()};
  if (auto good = from.status("the manifest"); !good) return base::Unexpected{good.error()};
  if (its_schema != schema) {
    return base::fail("its schema is not " + std::string(schema) +
                      ": this program is too old for it, or it is none of ours");
  }
  return manifest;
}

}  // namespace

std::string encode(const Manifest& checked) {
  json::array files;
  for (const DatabaseFile& file : checked.files) files.push_back(to_json(file));
  json::array self_tests;
  for (const SelfTest& file : checked.self_tests) self_tests.push_back(to_json(file));
  return json::serialize(json::object{{"schema", schema},
                                      {"serial", checked.serial.value},
                                      {"created", checked.created},
                                      {"minimum_engine", checked.minimum_engine},
                                      {"files", std::move(files)},
                                      {"self_tests", std::move(self_tests)}}) +
         "\n";
}

base::Result<Manifest> parse_manifest(std::string_view untrusted) {
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = depth + 1;  // its parser counts the value inside as well
  const json::value value = json::parse(untrusted, error, {}, options);
  if (error) return base::fail("the manifest is no JSON: " + error.message());
  auto manifest = to_manifest(value);
  if (!manifest) return manifest;
  if (auto good = check(*manifest); !good) return base::fail("the manifest: " + good.error().text);
  // Two keys of one name, a key of nobody's, 1e3 for 1000: another reader could see something else.
  if (encode(*manifest) != untrusted) {
    return base::fail(
        "the manifest is not written as manifests are: sorted, without spaces, each "
        "key once and none that is unknown");
  }
  return manifest;
}

}  // namespace scannerqube::database::io
