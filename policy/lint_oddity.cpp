// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/lint_oddity.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/wire/ascii.hpp"
#include "policy/fields.hpp"
#include "policy/lint_hints.hpp"
#include "policy/near_word.hpp"
#include "policy/request.hpp"

namespace policy {
namespace {

using Kind = Token::Kind;

constexpr std::array known_types = {
    std::string_view("AppVM"),        std::string_view("DispVM"),  std::string_view("TemplateVM"),
    std::string_view("StandaloneVM"), std::string_view("AdminVM"), std::string_view("RemoteVM")};
// Services that give a device, the keyboard or the administration away.
constexpr std::array dangerous_services = {std::string_view("*"),
                                           std::string_view("qubes.USB"),
                                           std::string_view("qubes.InputKeyboard"),
                                           std::string_view("qubes.InputMouse"),
                                           std::string_view("qubes.InputTablet"),
                                           std::string_view("qubes.VMShell"),
                                           std::string_view("qubes.VMRootShell")};

std::string maybe_meant(const std::optional<std::string>& word) {
  return word ? "; did you mean " + quote_word(*word) + "?" : std::string();
}

bool can_be_name(std::string_view name) {
  constexpr std::string_view by_uuid = "uuid:";
  if (name.starts_with(by_uuid)) {
    const std::string_view uuid = name.substr(by_uuid.size());
    return uuid.size() == 36 && uuid.find_first_not_of("0123456789abcdef-") == uuid.npos;
  }
  return name.size() <= max_name && std::all_of(name.begin(), name.end(), [](char c) {
           return base::wire::is_name_character(c);
         });
}

bool matches_everything(const Token& token) {
  return token.kind() == Kind::any || token.kind() == Kind::any_vm;
}

class Oddities {
 public:
  Oddities(const ParseObserver::Line& line, const Rule& rule, const SystemInfo* system)
      : line_(line), rule_(rule), system_(system), fields_(split_fields(line.text)) {}

  std::vector<Remark> look() {
    const std::size_t first = line_.three_columns ? 0 : 2;
    token(fields_[first], rule_.source);
    token(fields_[first + 1], rule_.target);
    for (const std::string_view field : fields_) {
      if (rule_.redirect && field.starts_with("target=")) token(field, *rule_.redirect);
      if (rule_.default_target && field.starts_with("default_target=")) {
        token(field, *rule_.default_target);
      }
    }
    source(fields_[first]);
    same_qube(fields_[first + 1]);
    breadth(fields_[first + 2]);
    parameters();
    return std::move(remarks_);
  }

 private:
  void remark(std::string_view field, std::string words) {
    remarks_.push_back(remark_on(line_.text, field, std::move(words)));
  }

  // `field` may be "target=NAME".
  void token(std::string_view field, const Token& token) {
    const std::string_view word = field.substr(field.find('=') + 1);
    switch (token.kind()) {
      case Kind::name:
        return name(word, token.value());
      case Kind::dispvm_template:
        return disposable(word, token.value());
      case Kind::type:
        return type(word, token.value());
      case Kind::tag:
      case Kind::dispvm_tag:
        return tag(word, token.value());
      case Kind::any:
      case Kind::any_vm:
      case Kind::admin_vm:
      case Kind::default_target:
      case Kind::dispvm:
        return;
    }
  }

  void name(std::string_view word, const std::string& name) {
    if (name.starts_with('$')) {
      const std::string modern = "@" + name.substr(1);
      const bool keyword = Token::parse(modern, Place::target).has_value();
      return remark(word, quote_word(name) + " is a qube's name here" +
                              (keyword ? "; write " + quote_word(modern) : std::string()));
    }
    const std::string lower = lower_case(name);
    if (lower == "dom0" || lower == "anyvm" || lower == "adminvm" || lower == "dispvm") {
      const std::string meant = lower == "dom0" ? lower : "@" + lower;
      return remark(word,
                    quote_word(name) + " is a qube's name here; did you mean '" + meant + "'?");
    }
    if (name.find(',') != std::string::npos) {
      return remark(word,
                    "a comma-separated parameter list is the old format: put a blank between "
                    "parameters, else " +
                        quote_word(name) + " is a qube's name");
    }
    if (!can_be_name(name)) {
      return remark(word,
                    "no qube can be called " + quote_word(name) + ", so this matches nothing");
    }
    if (system_ == nullptr || system_->find(name) != nullptr) return;
    remark(word, "there is no qube " + quote_word(name) + maybe_meant(near_qube(name)));
  }

  std::optional<std::string> near_qube(const std::string& name) const {
    NearWord near(name);
    for (const auto& [known, facts] : system_->qubes()) near.consider(known);
    return near.best();
  }

  void disposable(std::string_view word, const std::string& name) {
    if (system_ == nullptr) return;
    const QubeFacts* qube = system_->find(name);
    if (qube == nullptr) {
      return remark(word, "there is no qube " + quote_word(name) + maybe_meant(near_qube(name)) +
                              " An ask that this rule could add to is denied");
    }
    if (!qube->template_for_dispvms) {
      remark(word, quote_word(name) + " is no template for disposables, so such a call is denied");
    }
  }

  void type(std::string_view word, const std::string& type) {
    if (std::find(known_types.begin(), known_types.end(), type) != known_types.end()) return;
    remark(word,
           "no qube is of type " + quote_word(type) + maybe_meant(nearest(type, known_types)));
  }

  // Tags come and go: only one that looks like another is surely a slip.
  void tag(std::string_view word, const std::string& tag) {
    if (system_ == nullptr) return;
    NearWord near(tag);
    for (const auto& [name, qube] : system_->qubes()) {
      for (const std::string& known : qube.tags) {
        if (known == tag) return;
        near.consider(known);
      }
    }
    if (near.best())
      remark(word, "no qube has the tag " + quote_word(tag) + maybe_meant(near.best()));
  }

  void source(std::string_view field) {
    switch (rule_.source.kind()) {
      case Kind::admin_vm:
        return remark(field, "calls of dom0 itself are not asked of policy");
      case Kind::dispvm_template:
      case Kind::dispvm_tag:
        return remark(field,
                      "a running disposable calls under its own name, so this matches nothing; "
                      "write '@type:DispVM', or a tag of its own");
      case Kind::any:
      case Kind::any_vm:
      case Kind::default_target:
      case Kind::type:
      case Kind::tag:
      case Kind::dispvm:
      case Kind::name:
        return;
    }
  }

  void same_qube(std::string_view field) {
    if (rule_.source.kind() != Kind::name || rule_.action == Action::deny) return;
    const Token& target = rule_.redirect ? *rule_.redirect : rule_.target;
    if (target.kind() == Kind::name && target.value() == rule_.source.value()) {
      remark(field, "a qube cannot call itself, so this is denied");
    }
  }

  void breadth(std::string_view field) {
    if (rule_.action != Action::allow || rule_.redirect || !matches_everything(rule_.target) ||
        std::find(dangerous_services.begin(), dangerous_services.end(), rule_.service) ==
            dangerous_services.end()) {
      return;
    }
    if (rule_.service != "*" && !matches_everything(rule_.source)) return;
    const bool every_service = rule_.service == "*";
    remark(field, "without a question this gives " +
                      (matches_everything(rule_.source) ? std::string("any qube")
                                                        : quote_word(rule_.source.text())) +
                      (every_service ? " every service" : " this service") +
                      " of any other; name the qubes, or write 'ask'");
  }

  void parameters() {
    for (const std::string_view field : fields_) {
      if (field.starts_with("default_target=") && rule_.redirect && rule_.default_target &&
          !(*rule_.redirect == *rule_.default_target)) {
        remark(field, "is never taken: target=" + rule_.redirect->text() + " is the only choice");
      }
      if (field.starts_with("user=") && rule_.user && !rule_.user->empty()) {
        remark(field,
               "does nothing here: services run as the user of their qube's agent; take it out");
      }
      if (field == "autostart=yes") {
        remark(field,
               "does nothing here: no call starts a qube, one to a halted qube is denied; start it "
               "with sallyport-qube start, and take this out");
      }
      if (field != "autostart=no") continue;
      const Token& target = rule_.redirect ? *rule_.redirect : rule_.target;
      if (target.kind() == Kind::dispvm || target.kind() == Kind::dispvm_template ||
          target.kind() == Kind::dispvm_tag) {
        remark(field, "denies every call: a disposable always has to be started");
      }
    }
  }

  const ParseObserver::Line& line_;
  const Rule& rule_;
  const SystemInfo* system_;
  Fields fields_;
  std::vector<Remark> remarks_;
};

}  // namespace

std::vector<Remark> find_oddities(const ParseObserver::Line& line, const Rule& rule,
                                  const SystemInfo* system) {
  return Oddities(line, rule, system).look();
}

}  // namespace policy
