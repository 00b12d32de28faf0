// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/io/ask_message.hpp"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <optional>

#include "base/wire/escape.hpp"

namespace policy::io {
namespace {

namespace json = boost::json;

constexpr std::string_view service_name = "policy.Ask ";
constexpr std::string_view device_service = "device-agent.GUI ";
constexpr std::string_view notify_service = "policy.Notify ";
constexpr std::string_view from_dom0("dom0 name dom0\0", 15);
constexpr std::string_view attach_service = "device-attach";
constexpr std::size_t max_writes = 2048;
constexpr std::array scopes_known{Scope::once, Scope::while_plugged, Scope::always};
constexpr std::size_t max_header = 128;
constexpr std::size_t max_text = 512;
constexpr std::size_t max_targets = 2048;
constexpr std::size_t max_entries = 2048;
constexpr std::size_t max_depth = 4;
constexpr std::size_t max_digits = 12;
constexpr std::size_t max_device = 128;
constexpr std::int64_t max_timeout = std::int64_t{24} * 3600;

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

// What is to be typed on a new keyboard; empty: this is a question.
std::string take_digits(const json::object& from, bool& ok) {
  if (!from.contains("sallyport_digits")) return {};
  std::string digits = take_text(from, "sallyport_digits", ok);
  const auto is_digit = [](char each) { return each >= '0' && each <= '9'; };
  ok =
      ok && !digits.empty() && digits.size() <= max_digits && std::ranges::all_of(digits, is_digit);
  return digits;
}

bool plain(std::string_view name) {
  const auto harmless = [](char each) {
    return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') ||
           (each >= '0' && each <= '9') || each == '-' || each == '_' || each == '.';
  };
  return !name.empty() && name.front() != '-' && std::ranges::all_of(name, harmless);
}

// Both become arguments of a command.
void take_scan_first(const json::object& from, Question& question, bool& ok) {
  if (!from.contains("sallyport_scan_first")) return;
  question.scan_first = take_text(from, "sallyport_scan_first", ok);
  // An older daemon offers it to the source alone.
  question.scan_for = from.contains("sallyport_scan_for")
                          ? take_text(from, "sallyport_scan_for", ok)
                          : question.source;
  const std::string_view device = question.scan_first;
  const std::size_t colon = std::min(device.find(':'), device.size());
  const std::string_view port = device.substr(std::min(colon + 1, device.size()));
  ok = ok && device.size() <= max_device && plain(question.scan_for) &&
       plain(device.substr(0, colon)) && plain(port);
}

std::optional<std::chrono::seconds> take_timeout(const json::object& from, bool& ok) {
  const json::value* value = from.if_contains("sallyport_timeout");
  if (value == nullptr) return std::nullopt;
  const std::int64_t* seconds = value->if_int64();
  if (seconds == nullptr || *seconds < 1 || *seconds > max_timeout) {
    ok = false;
    return std::nullopt;
  }
  return std::chrono::seconds(*seconds);
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

std::optional<Scope> scope_of(std::string_view name) {
  const auto found = std::find_if(scopes_known.begin(), scopes_known.end(),
                                  [name](Scope each) { return name_of(each) == name; });
  return found == scopes_known.end() ? std::nullopt : std::optional(*found);
}

// Of a later version's scopes the unknown ones are left out.
std::vector<Scope> take_scopes(const json::object& from, bool& ok) {
  std::vector<Scope> scopes;
  const json::value* value = from.if_contains("sallyport_scopes");
  if (value == nullptr) return scopes;
  const json::array* array = value->if_array();
  if (array == nullptr || array->size() > max_targets) {
    ok = false;
    return scopes;
  }
  for (const json::value& item : *array) {
    const json::string* text = item.if_string();
    if (text == nullptr) ok = false;
    const auto scope = text == nullptr ? std::nullopt : scope_of(*text);
    if (scope && std::find(scopes.begin(), scopes.end(), *scope) == scopes.end()) {
      scopes.push_back(*scope);
    }
  }
  return scopes;
}

// What all questions have.
void take_common(const json::object& from, Question& question, bool& ok) {
  question.source = take_text(from, "source", ok);
  question.icons = take_texts(from, "icons", ok);
  question.details = take_texts(from, "sallyport", ok);
  question.scopes = take_scopes(from, ok);
  question.timeout = take_timeout(from, ok);
  take_scan_first(from, question, ok);
  const json::value* preset = from.if_contains("default_target");
  if (preset != nullptr && preset->is_string()) {
    question.default_target = take_text(from, "default_target", ok);
  }
}

// "BACKEND", NAME and PORT of Qubes' device agent, as a question like any other.
base::Result<Question> from_device_object(const json::object& object) {
  bool ok = true;
  Question question;
  question.about = Question::About::device;
  take_common(object, question, ok);
  question.service = attach_service;
  question.argument = "+" + take_text(object, "argument", ok);
  question.targets = take_targets(object, ok);
  if (question.details.empty()) {
    question.details = {{"device", take_text(object, "device_name", ok)},
                        {"port", question.source + ":" + question.argument.substr(1)}};
  }
  if (!ok || question.source.empty()) {
    return base::fail("device-agent.GUI: a field is missing, too long or of the wrong type");
  }
  if (!contains(question.targets, question.default_target)) question.default_target.clear();
  return question;
}

base::Result<Question> from_object(const json::object& object) {
  bool ok = true;
  Question question;
  take_common(object, question, ok);
  question.service = take_text(object, "service", ok);
  question.argument = take_text(object, "argument", ok);
  question.digits = take_digits(object, ok);
  if (question.digits.empty()) {
    question.targets = take_targets(object, ok);
  } else {
    question.about = Question::About::pairing;
  }
  if (const json::value* writes = object.if_contains("sallyport_writes")) {
    const json::string* text = writes->if_string();
    ok = ok && text != nullptr && text->size() <= max_writes;
    if (ok) question.always_writes = std::string(*text);
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
  if (!question.scopes.empty()) {
    json::array scopes;
    for (const Scope each : question.scopes) scopes.emplace_back(name_of(each));
    object["sallyport_scopes"] = std::move(scopes);
  }
  if (!question.digits.empty()) object["sallyport_digits"] = question.digits;
  if (!question.always_writes.empty()) object["sallyport_writes"] = question.always_writes;
  if (!question.scan_first.empty()) {
    object["sallyport_scan_first"] = question.scan_first;
    object["sallyport_scan_for"] = question.scan_for;
  }
  if (question.timeout) object["sallyport_timeout"] = question.timeout->count();
  const bool device = question.about == Question::About::device;
  if (device) {
    // Qubes' device agent knows other names for two of them.
    object.erase("service");
    object["argument"] =
        question.argument.substr(std::min<std::size_t>(1, question.argument.size()));
    const auto name = question.details.find("device");
    object["device_name"] = name == question.details.end() ? std::string() : name->second;
  }
  return std::string(device ? device_service : service_name).append(from_dom0) +
         json::serialize(object);
}

namespace {

// The JSON object of a message: what follows the header, if it has one.
base::Result<json::object> object_of(std::string_view untrusted, const std::string& service) {
  const std::size_t end = untrusted.substr(0, max_header).find('\0');
  const bool bare = untrusted.starts_with('{');
  if (!bare && end == std::string_view::npos) return base::fail(service + "the header is missing");
  json::parse_options options;
  options.max_depth = max_depth;
  boost::system::error_code error;
  const std::string_view text = bare ? untrusted : untrusted.substr(end + 1);
  json::value value = json::parse({text.data(), text.size()}, error, {}, options);
  if (error) return base::fail(service + "not JSON: " + error.message());
  if (!value.is_object()) return base::fail(service + "not a JSON object");
  return std::move(value.as_object());
}

}  // namespace

std::string_view name_of(Scope scope) {
  switch (scope) {
    case Scope::once:
      return "once";
    case Scope::while_plugged:
      return "while-plugged";
    case Scope::always:
      return "always";
  }
  return "once";
}

base::Result<Question> parse_question(std::string_view untrusted) {
  // Qubes sends its device agent the JSON alone.
  const bool device = untrusted.starts_with(device_service) || untrusted.starts_with('{');
  if (!device && !untrusted.starts_with(service_name)) {
    return base::fail("policy.Ask: the header is missing");
  }
  const auto object = object_of(untrusted, device ? "device-agent.GUI: " : "policy.Ask: ");
  if (!object) return base::Unexpected{object.error()};
  return device ? from_device_object(*object) : from_object(*object);
}

std::string encode_notice(const Notice& notice) {
  const char* resolution = notice.resolution == Notice::Resolution::allow  ? "allow"
                           : notice.resolution == Notice::Resolution::deny ? "deny"
                                                                           : "fail";
  return std::string(notify_service).append(from_dom0) +
         json::serialize(json::object{{"resolution", resolution},
                                      {"service", notice.service},
                                      {"argument", notice.argument},
                                      {"source", notice.source},
                                      {"target", notice.target}});
}

bool is_notice(std::string_view untrusted) { return untrusted.starts_with(notify_service); }

base::Result<Notice> parse_notice(std::string_view untrusted) {
  const std::string service(notify_service.substr(0, notify_service.size() - 1));
  const auto object = object_of(untrusted, service + ": ");
  if (!is_notice(untrusted) || !object) {
    return base::fail(object ? service + ": the header is missing" : object.error().text);
  }
  bool ok = true;
  const std::string resolution = take_text(*object, "resolution", ok);
  Notice notice{.service = take_text(*object, "service", ok),
                .argument = take_text(*object, "argument", ok),
                .source = take_text(*object, "source", ok),
                .target = take_text(*object, "target", ok)};
  if (resolution == "allow") notice.resolution = Notice::Resolution::allow;
  if (resolution == "fail") notice.resolution = Notice::Resolution::fail;
  if (!ok || (resolution != "allow" && resolution != "deny" && resolution != "fail")) {
    return base::fail(service + ": a field is missing, too long or of the wrong type");
  }
  return notice;
}

std::string encode_reply(std::string_view target, Scope scope) {
  const std::string allow = "allow:" + std::string(target);
  return scope == Scope::once ? allow : allow + " " + std::string(name_of(scope));
}

Answer parse_reply(std::string_view untrusted, const std::vector<std::string>& targets,
                   const std::vector<Scope>& scopes) {
  constexpr std::string_view allow = "allow:";
  if (untrusted.empty()) {
    return {Outcome::denied, {}, Scope::once, "the prompt was closed without an answer"};
  }
  if (untrusted.size() > max_reply) {
    return {Outcome::invalid,
            {},
            Scope::once,
            "invalid response: the prompt agent's answer is too long"};
  }
  if (untrusted.ends_with('\n')) untrusted.remove_suffix(1);
  if (untrusted == deny_reply) return {Outcome::denied, {}, Scope::once, "refused at the prompt"};
  if (untrusted == scan_first_reply) {
    return {Outcome::denied, {}, Scope::once, "refused at the prompt: it is to be scanned first"};
  }
  if (!untrusted.starts_with(allow)) {
    return {Outcome::invalid,
            {},
            Scope::once,
            "invalid response: " + base::wire::escape(untrusted, 64)};
  }
  const std::string_view chosen = untrusted.substr(allow.size());
  // No target holds a blank.
  const std::size_t blank = chosen.find(' ');
  const std::string_view target = chosen.substr(0, blank);
  if (!contains(targets, target)) {
    return {Outcome::invalid,
            {},
            Scope::once,
            "target " + base::wire::escape(target, 64) + " is not a valid choice"};
  }
  if (blank == std::string_view::npos) {
    return {Outcome::allowed, std::string(target), Scope::once, {}};
  }
  const auto scope = scope_of(chosen.substr(blank + 1));
  if (!scope || std::find(scopes.begin(), scopes.end(), *scope) == scopes.end()) {
    return {Outcome::invalid,
            {},
            Scope::once,
            "invalid response: that a yes goes so far was not offered"};
  }
  return {Outcome::allowed, std::string(target), *scope, {}};
}

}  // namespace policy::io
