// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/io/snapshot_tool.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <ctime>
#include <iostream>
#include <sstream>
#include <thread>

#include "base/device/properties.hpp"
#include "base/device/snapshot_name.hpp"
#include "cli/io/snapshot_client.hpp"
#include "cli/own_command.hpp"
#include "cli/snapshot_specs.hpp"
#include "cli/snapshot_view.hpp"
#include "cli/status_view.hpp"

namespace cli::io {
namespace {

constexpr std::chrono::milliseconds device_poll{200};

struct Tool {
  const Admin& admin;
  const base::io::Paths& paths;
  const Arguments& given;
  const std::string& name;
};

Outcome good(std::string text) { return {.code = 0, .out = std::move(text), .err = {}}; }

OnProgress progress_on_terminal() {
  if (::isatty(STDERR_FILENO) == 0) return {};
  return [](std::uint64_t done, std::uint64_t total) {
    std::cerr << "\r" << (total == 0 ? 100 : done * 100 / total) << " %" << std::flush;
    if (done == total) std::cerr << "\r     \r" << std::flush;
  };
}

base::Result<std::string> ask(const Tool& tool, const std::string& request,
                              const base::io::Fd* file = nullptr) {
  auto answer = ask_snapshots(tool.paths.snapshot_socket(), request, file, progress_on_terminal());
  if (::isatty(STDERR_FILENO) != 0) std::cerr << "\r     \r" << std::flush;
  return answer;
}

Outcome simple(const Tool& tool, const std::string& request) {
  const auto answer = ask(tool, request);
  if (!answer) return own_failure(answer.error().text);
  return good(answer->empty() ? "" : tool.name + ": " + *answer + "\n");
}

Outcome view(const Tool& tool, const std::string& request,
             base::Result<std::string> (*format)(std::string_view)) {
  const auto answer = read_from_snapshots(tool.paths.snapshot_socket(), request);
  if (!answer) return own_failure(answer.error().text);
  if (tool.given.has("--json")) return good(*answer);
  const auto text = format(*answer);
  return text ? good(*text) : own_failure(text.error().text);
}

Outcome export_to(const Tool& tool, const std::string& path) {
  const base::io::Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) {
    return own_failure(base::io::fail_errno("make the file " + path).value.text +
                       (errno == EEXIST ? "; nothing that is there is written over" : ""));
  }
  const std::string partial = tool.given.has("--partial") ? "yes" : "no";
  const auto answer = ask(tool,
                          tool.given.has("--hashes") ? "hashes " + tool.name
                                                     : "image " + tool.name + " partial=" + partial,
                          &file);
  if (answer) return good(answer->empty() ? "" : path + ": " + *answer + "\n");
  // A part of an image is worse than none.
  ::unlink(path.c_str());
  return own_failure(answer.error().text);
}

std::string storage_in(const Arguments& given) {
  const auto named = given.options.find("--storage");
  return named == given.options.end() ? std::string() : named->second.back();
}

struct Place {
  std::string backend;
  std::string port;
};
base::Result<Place> place_of(const std::string& device) {
  const std::size_t colon = device.find(':');
  const bool fits = colon != std::string::npos && colon > 0 && colon + 1 < device.size() &&
                    device.find(':', colon + 1) == std::string::npos &&
                    device.find('+') == std::string::npos;
  if (fits) return Place{device.substr(0, colon), device.substr(colon + 1)};
  return base::fail(python_repr(device) + " is no block device; one is sys-usb:sda");
}

AdminAnswer attach(const Admin& admin, const Place& place, const std::string& identity,
                   const std::string& storage, const base::device::Properties& options) {
  return admin({.method = "admin.vm.device.block.Attach",
                .argument = identity.empty() ? place.backend + "+" + place.port
                                             : device_argument(place.backend, place.port, identity),
                .target = storage,
                .payload = base::device::format_properties(options)});
}

Outcome create(const Tool& tool, const std::string& device) {
  const bool seal = tool.given.has("--seal");
  const auto made = make_snapshot(tool.admin, {.device = device,
                                               .identity = {},
                                               .name = tool.name,
                                               .storage = storage_in(tool.given),
                                               .in_order = tool.given.has("--in-order"),
                                               .seal = seal});
  if (!made) return own_failure(made.error().text);
  std::string said = "Snapshot " + made->storage + ":" + made->name + " of " + device + ".\n";
  if (!tool.given.has("--wait")) return good(said);
  const auto whole = ask(tool, (seal ? "seal " : "complete ") + made->name);
  if (!whole)
    return {.code = exit_failure, .out = said, .err = own_failure(whole.error().text).err};
  return good(said + made->name + ": " + *whole + "\n");
}

// Waits until no qube has the device; why it was given back.
base::Result<std::string> wait_given_back(const Tool& tool, const std::string& device) {
  for (;;) {
    std::this_thread::sleep_for(device_poll);
    const auto found = find_block_device(tool.admin, device);
    if (!found) return base::Unexpected{found.error()};
    const auto fact = [&found](const char* key) {
      return *found ? base::device::find_property((*found)->extras, key) : nullptr;
    };
    if (fact("state") != nullptr) continue;
    const std::string* why = fact("last-detach");
    return why == nullptr ? "the device is gone" : *why;
  }
}

Outcome commit(const Tool& tool, const std::string& device) {
  const auto place = place_of(device);
  if (!place) return own_failure(place.error().text);
  const auto storage = storage_of(tool.admin, storage_in(tool.given));
  if (!storage) return own_failure(storage.error().text);
  const auto attached =
      attach(tool.admin, *place, {}, *storage, {{"_snapshot", tool.name}, {"_commit", "yes"}});
  if (!attached) return own_failure(attached.error().text);
  const auto why = wait_given_back(tool, device);
  if (!why) return own_failure(why.error().text);
  const auto report = read_from_snapshots(tool.paths.snapshot_socket(), "show " + tool.name);
  if (!report) return own_failure(report.error().text);
  if (report->find(R"("commit":"done")") == std::string::npos) {
    return own_failure("the overlay was not written to " + device + ": " + *why);
  }
  return good(tool.name + ": committed to " + device + "\n");
}

}  // namespace

base::Result<std::string> storage_of(const Admin& admin, const std::string& named) {
  if (!named.empty()) return named;
  const auto status =
      admin({.method = "sallyport.Status", .argument = {}, .target = "dom0", .payload = {}});
  if (!status) return base::fail(status.error().text);
  return storage_qube(*status);
}

base::Result<std::optional<DeviceInfo>> find_block_device(const Admin& admin,
                                                          const std::string& device) {
  const std::size_t colon = device.find(':');
  const std::string backend = device.substr(0, colon);
  const std::string port = device.substr(colon + 1) + ":";
  const auto lines = admin({.method = "admin.vm.device.block.Available",
                            .argument = {},
                            .target = backend,
                            .payload = {}});
  if (!lines) return base::fail(lines.error().text);
  std::istringstream each(*lines);
  for (std::string line; std::getline(each, line);) {
    if (!line.starts_with(port)) continue;
    auto info = parse_available(line, "block", backend);
    if (!info) return base::Unexpected{info.error()};
    return std::optional(*std::move(info));
  }
  return std::optional<DeviceInfo>();
}

base::Result<NewSnapshot> make_snapshot(const Admin& admin, SnapshotWish wish) {
  const auto place = place_of(wish.device);
  if (!place) return base::Unexpected{place.error()};
  auto storage = storage_of(admin, wish.storage);
  if (!storage) return base::Unexpected{storage.error()};
  if (wish.name.empty()) {
    wish.name = base::device::default_snapshot_name(place->port, std::time(nullptr));
  }
  const auto attached = attach(admin, *place, wish.identity, *storage,
                               {{"_snapshot", wish.name},
                                {"_fill", wish.in_order ? "in-order" : "lazy"},
                                {"_seal", wish.seal ? "yes" : "no"}});
  if (!attached) return base::fail(attached.error().text);
  return NewSnapshot{.storage = *std::move(storage), .name = std::move(wish.name)};
}

Outcome run_snapshot(const Words& words, const Admin& admin, const base::io::Paths& paths,
                     std::size_t columns) {
  const CommandSpec spec = snapshot_spec();
  const auto given = read_arguments(spec, words);
  if (auto over = help_or_misuse(spec, given, columns)) return *std::move(over);
  const std::string& verb = given->command;
  if (verb.empty()) return misused(spec, columns, "the following arguments are required: command");
  const CommandSpec verb_spec = snapshot_verb_spec(verb);
  const auto rest = read_arguments(verb_spec, given->rest);
  if (auto over = help_or_misuse(verb_spec, rest, columns)) return *std::move(over);
  const auto word = [&rest](std::size_t number) {
    const bool there = number < rest->positionals.size() && !rest->positionals[number].empty();
    return there ? rest->positionals[number].front() : std::string();
  };
  const std::string name = verb == "create" ? word(1) : word(0);
  const Tool tool{.admin = admin, .paths = paths, .given = *rest, .name = name};
  if (verb == "create") return create(tool, word(0));
  if (verb == "list") return view(tool, "list", &format_snapshot_list);
  if (verb == "show") return view(tool, "show " + name, &format_snapshot_report);
  if (verb == "export") return export_to(tool, word(1));
  if (verb == "commit") return commit(tool, word(1));
  if (verb == "diff") {
    const auto answer = read_from_snapshots(paths.snapshot_socket(), "diff " + name);
    return answer ? good(*answer) : own_failure(answer.error().text);
  }
  return simple(tool, verb + " " + name);
}

}  // namespace cli::io
