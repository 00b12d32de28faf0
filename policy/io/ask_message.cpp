// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/io/ask_message.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/wire/escape.hpp"

namespace policy::io {
namespace {

namespace json = boost::json;

constexpr std::string_view service_name = "policy.Ask ";
constexpr std::size_t max_header = 128;
constexpr std::size_t max_text = 512;
constexpr std::size_t max_targets = 2048;
constexpr std::size_t max_entries = 2048;
constexpr std::size_t max_depth = 4;

using Texts = std::map<std::string, std::string>;

json::object to_object(const Texts& texts) {
  json::object object;
  for (const auto& [key, value] : texts) object[key] = value;
  return object;
}

// Each of these leaves `ok` as it is or sets it to false, so that one check at the end is enough.
std::string take_text(const json::object& from, std::string_view key, bool& ok) {
  const json::value* value = from.if_contains(key);
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  if (text == nullptr || text->size() > max_text) {
    ok = false;
    return {};
  }
  return std::string(*text);
}

Texts take_texts(const json::object& from, std::string_view key, bool& ok) {
  const json::value* value = from.if_contains(key);
  if (value == nullptr) return {};
  const json::object* object = value->if_object();
  if (object == nullptr || object->size() > max_entries) {
    ok = false;
    return {};
  }
  Texts texts;
  for (const auto& entry : *object) {
    if (entry.key().size() > max_text) ok = false;
    texts[std::string(entry.key())] = take_text(*object, entry.key(), ok);
  }
  return texts;
}

std::vector<std::string> take_targets(const json::object& from, bool& ok) {
  const json::value* value = from.if_contains("targets");
  const json::array* array = value == nullptr ? nullptr : value->if_array();
  if (array == nullptr || array->empty() || array->size() > max_targets) {
    ok = false;
    return {};
  }
  std::vector<std::string> targets;
  for (const json::value& item : *array) {
    const json::string* text = item.if_string();
    if (text == nullptr || text->empty() || text->size() > max_text) {
      ok = false;
      return {};
    }
    targets.emplace_back(*text);
  }
  return targets;
}

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

base::Result<Question> from_object(const json::object& object) {
  bool ok = true;
  Question question;
  question.source = take_text(object, "source", ok);
  question.service = take_text(object, "service", ok);
  question.argument = take_text(object, "argument", ok);
  question.targets = take_targets(object, ok);
  question.icons = take_texts(object, "icons", ok);
  question.details = take_texts(object, "sallyport", ok);
  const json::value* preset = object.if_contains("default_target");
  if (preset != nullptr && preset->is_string()) {
    question.default_target = take_text(object, "default_target", ok);
  }
  if (!ok || question.source.empty() || question.service.empty()) {
    return base::fail("policy.Ask: a field is missing, too long or of the wrong type");
  }
  if (!contains(question.targets, question.default_target)) question.default_target.clear();
  return question;
}

}  // namespace

std::string encode_question(const Question& question) {
  json::object object;
  object["source"] = question.source;
  object["service"] = question.service;
  object["argument"] = question.argument;
  object["targets"] = json::array(question.targets.begin(), question.targets.end());
  // Qubes' agents take null, and not "", for "none".
  object["default_target"] =
      question.default_target.empty() ? json::value() : json::value(question.default_target);
  object["icons"] = to_object(question.icons);
  object["sallyport"] = to_object(question.details);
  std::string bytes(service_name);
  bytes += "dom0 name dom0";
  bytes += '\0';
  return bytes + json::serialize(object);
}

base::Result<Question> parse_question(std::string_view untrusted) {
  const std::size_t end = untrusted.substr(0, max_header).find('\0');
  if (!untrusted.starts_with(service_name) || end == std::string_view::npos) {
    return base::fail("policy.Ask: the header is missing");
  }
  json::parse_options options;
  options.max_depth = max_depth;
  boost::system::error_code error;
  const std::string_view text = untrusted.substr(end + 1);
  const json::value value = json::parse({text.data(), text.size()}, error, {}, options);
  if (error) return base::fail("policy.Ask: not JSON: " + error.message());
  const json::object* object = value.if_object();
  if (object == nullptr) return base::fail("policy.Ask: not a JSON object");
  return from_object(*object);
}

Answer parse_reply(std::string_view untrusted, const std::vector<std::string>& targets) {
  constexpr std::string_view allow = "allow:";
  if (untrusted.empty()) {
    return {Outcome::denied, {}, "the prompt was closed without an answer"};
  }
  if (untrusted.size() > max_reply) {
    return {Outcome::invalid, {}, "invalid response: the prompt agent's answer is too long"};
  }
  if (untrusted.ends_with('\n')) untrusted.remove_suffix(1);
  if (untrusted == "deny") return {Outcome::denied, {}, "refused at the prompt"};
  if (!untrusted.starts_with(allow)) {
    return {Outcome::invalid, {}, "invalid response: " + base::wire::escape(untrusted, 64)};
  }
  const std::string_view target = untrusted.substr(allow.size());
  if (!contains(targets, target)) {
    return {Outcome::invalid,
            {},
            "target " + base::wire::escape(target, 64) + " is not a valid choice"};
  }
  return {Outcome::allowed, std::string(target), {}};
}

}  // namespace policy::io
