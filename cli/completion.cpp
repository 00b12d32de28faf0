// SPDX-License-Identifier: GPL-2.0-or-later
// Offers what fits; see the header.
#include "cli/completion.hpp"

#include <algorithm>
#include <functional>
#include <optional>

#include "base/wire/ascii.hpp"
#include "cli/completion_place.hpp"
#include "cli/device_catalogue.hpp"
#include "cli/device_specs.hpp"
#include "cli/sallyport_command.hpp"

namespace cli {
namespace {

constexpr std::string_view dom0 = "dom0";

enum class Qubes { all, running };

// What the daemon knows, as candidates.
class Source {
 public:
  Source(const Admin& admin, const std::string& device_class)
      : admin_(admin), catalogue_(admin, device_class) {}

  Candidates qubes(Qubes which) {
    Candidates found;
    const auto qubes = catalogue_.qubes();
    if (!qubes) return found;
    for (const Qube& each : **qubes) {
      if (which == Qubes::running && (!each.running() || each.name == dom0)) continue;
      found.push_back({each.name, each.state});
    }
    return found;
  }

  // The identity is offered to those who have begun to write it.
  Candidates devices(std::string_view typed) {
    Candidates found;
    std::vector<std::string> backends;
    for (const Candidate& each : qubes(Qubes::all)) {
      if (each.note != "Halted") backends.push_back(each.word);
    }
    catalogue_.prefetch(backends, {DeviceCatalogue::List::available});
    for (const std::string& backend : backends) {
      const auto available = catalogue_.available(backend);
      if (!available) return {};
      for (const DeviceInfo& each : **available) {
        const bool in_full = typed.starts_with(each.port() + ":");
        found.push_back({in_full ? each.port() + ":" + each.device_id : each.port(),
                         base::device::describe(each.names)});
      }
    }
    return found;
  }

  Candidates attached(const std::string& qube) { return places(catalogue_.attached(qube)); }
  Candidates assigned(const std::string& qube) { return places(catalogue_.assigned(qube)); }

  Candidates classes() {
    Candidates found;
    const auto answer = admin_(
        {.method = "admin.deviceclass.List", .argument = {}, .target = "dom0", .payload = {}});
    if (!answer) return found;
    for_each_line(*answer, [&found](std::string_view line) {
      found.push_back({std::string(line), "class of devices"});
    });
    return found;
  }

 private:
  // By port alone where that says enough.
  static Candidates places(const DeviceCatalogue::Answer<DeviceCatalogue::Attachments>& list) {
    Candidates found;
    if (!list) return found;
    for (const Attachment& each : **list) {
      const bool by_port = each.port_id != any;
      found.push_back({by_port ? each.port() : each.port() + ":" + each.device_id,
                       by_port ? each.device_id : each.mode});
    }
    return found;
  }

  const Admin& admin_;
  DeviceCatalogue catalogue_;
};

Candidates options_of(const CommandSpec& spec) {
  Candidates found;
  for (const Option& each : spec.options) {
    for (const std::string_view name : each.names) {
      found.push_back({std::string(name), std::string(each.help)});
    }
  }
  return found;
}

// Aliases of two letters are for fingers that know them.
Candidates commands_of(const CommandSpec& spec, const std::function<CommandSpec(Words)>& spec_of,
                       const Words& path) {
  Candidates found;
  std::vector<std::string_view> names = spec.commands;
  names.insert(names.end(), spec.own_commands.begin(), spec.own_commands.end());
  for (const std::string_view name : names) {
    if (name.size() < 3) continue;
    Words deeper = path;
    deeper.emplace_back(name);
    found.push_back({std::string(name), std::string(spec_of(deeper).description)});
  }
  return found;
}

Candidates values_of(const Option& option, Source& source) {
  if (option.metavar == "QUBE") return source.qubes(Qubes::all);
  if (option.key() == "--rest") return {{"deny", ""}, {"ask", ""}};
  if (option.metavar == "EXCLUDE") return source.qubes(Qubes::all);
  if (option.key() == "--option") {
    return {{"read-only=yes", ""},       {"read-only=no", ""}, {"interfaces=", ""},
            {"vendor-requests=yes", ""}, {"firmware=yes", ""}, {"auto-typing=yes", ""}};
  }
  return {};
}

Candidates words_for(const Place& place, const Words& path, std::string_view typed,
                     Source& source) {
  const std::string_view name = place.positional.name;
  const std::string verb = path.empty() ? "" : path.back();
  const bool known = is_device_verb(verb);
  const DeviceAction action = known ? action_of(verb) : DeviceAction::list;
  if (name == "DEVICE_CLASS") return source.classes();
  if (name == "VMNAME" || name == "QUBE") {
    const bool running = (known && action == DeviceAction::attach) || verb == "run";
    return source.qubes(running ? Qubes::running : Qubes::all);
  }
  if (name == "PATTERN") {
    return {{"u02****", "network"}, {"u03****", "input"},  {"u08****", "storage"},
            {"u0e****", "cameras"}, {"ue0****", "radios"}, {"*******", "everything"}};
  }
  if (name != "BACKEND:DEVICE_ID") return {};
  if (action == DeviceAction::detach) return source.attached(place.given.front());
  if (action == DeviceAction::unassign) return source.assigned(place.given.front());
  return source.devices(typed);
}

// Shells quote what they insert; what has anything to be quoted but globs is left out all the same.
bool harmless_word(std::string_view word) {
  return std::ranges::all_of(word, [](char c) {
    return base::wire::is_name_character(c) || std::string_view(":*?=").find(c) < 4;
  });
}

// Those that begin as typed, each once, without what stands there already.
Candidates fitting(Candidates all, std::string_view typed, const Words& given) {
  std::erase_if(all, [&](const Candidate& each) {
    return !each.word.starts_with(typed) || !harmless_word(each.word) ||
           std::ranges::find(given, each.word) != given.end();
  });
  std::ranges::sort(all, {}, &Candidate::word);
  const auto same = [](const Candidate& a, const Candidate& b) { return a.word == b.word; };
  all.erase(std::unique(all.begin(), all.end(), same), all.end());
  return all;
}

// "--exclude=wo": the values are offered with what stands before them.
Candidates complete_value(const Place& place, std::string_view typed, Source& source) {
  const bool joined = typed.starts_with("--");
  const std::size_t start = joined ? typed.find('=') + 1 : 0;
  Candidates found = values_of(place.option, source);
  for (Candidate& each : found) each.word.insert(0, typed.substr(0, start));
  return fitting(std::move(found), typed, {});
}

class Completion {
 public:
  Completion(std::string_view program, const Admin& admin)
      : program_(program), admin_(admin), device_tool_(program.starts_with("qvm-")) {}

  Candidates run(Words words) {
    Words path;
    std::string device_class(device_tool_ ? program_.substr(4) : "usb");
    for (;;) {
      const CommandSpec spec = spec_of(path);
      const Place place = find_place(spec, words);
      if (program_ == "qvm-device" && path.empty() && !place.given.empty()) {
        device_class = place.given.front();
      }
      if (place.command.empty()) return offer(spec, place, path, words, device_class);
      path.push_back(place.command);
      words = place.rest;
    }
  }

 private:
  CommandSpec spec_of(const Words& path) const {
    if (!device_tool_) return sallyport_spec(path);
    if (path.empty()) return device_spec(program_);
    if (path.size() == 1 && is_device_verb(path[0])) return verb_spec(program_, path[0]);
    return {.prog = {}, .description = {}, .options = {}, .positionals = {}, .commands = {}};
  }

  Candidates offer(const CommandSpec& spec, const Place& place, const Words& path,
                   const Words& words, const std::string& device_class) const {
    const std::string typed = words.empty() ? "" : words.back();
    Source source(admin_, device_class);
    switch (place.kind) {
      case Place::Kind::nothing:
        return {};
      case Place::Kind::option:
        return fitting(options_of(spec), typed, {});
      case Place::Kind::value:
        return complete_value(place, typed, source);
      case Place::Kind::command:
        return fitting(commands_of(
                           spec, [this](const Words& deeper) { return spec_of(deeper); }, path),
                       typed, {});
      case Place::Kind::positional:
        break;
    }
    return fitting(words_for(place, path, typed, source), typed, place.given);
  }

  std::string_view program_;
  const Admin& admin_;
  bool device_tool_;
};

}  // namespace

Candidates complete(std::string_view program, const Words& words, const Admin& admin) {
  return Completion(program, admin).run(words);
}

std::string format_candidates(const Candidates& candidates) {
  std::string out;
  for (const Candidate& each : candidates) out += each.word + "\t" + each.note + "\n";
  return out;
}

}  // namespace cli
