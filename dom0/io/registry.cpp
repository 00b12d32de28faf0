// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/registry.hpp"

#include "base/io/files.hpp"

namespace dom0::io {
namespace {

constexpr std::size_t max_file = std::size_t{64} * 1024;
constexpr std::size_t max_qubes = 256;

base::Status add_file(const std::filesystem::path& path,
                      std::map<std::string, base::config::QubeConfig>& qubes) {
  const auto text = base::io::read_file(path, max_file);
  if (!text) return base::fail(text.error().text);
  auto config = base::config::parse_qube_config(path.stem().string(), *text, path.string());
  if (!config) return base::fail(config.error().text);
  if (config->transport == base::config::Transport::none) {
    return base::fail(path.string() +
                      ": transport = none is for scanner qubes, which sallyport-scans starts and "
                      "nobody else knows; take the file out");
  }
  if (config->transport == base::config::Transport::vsock) {
    for (const auto& [name, other] : qubes) {
      if (other.transport == base::config::Transport::vsock && other.cid == config->cid) {
        return base::fail(path.string() + ": cid " + std::to_string(config->cid) +
                          " is that of qube " + name + " too; each qube needs its own");
      }
    }
  }
  for (const auto& [name, other] : qubes) {
    if (!config->uuid.empty() && other.uuid == config->uuid) {
      return base::fail(path.string() + ": uuid " + config->uuid + " is that of qube " + name +
                        " too; each qube needs its own");
    }
  }
  if (qubes.size() >= max_qubes) {
    return base::fail(path.string() + ": more than " + std::to_string(max_qubes) + " qubes");
  }
  std::string name = config->name;
  qubes.emplace(std::move(name), *std::move(config));
  return base::Ok{};
}

// A disposable is made from a qube that says of itself that it is for that.
base::Status check_disposables(const std::filesystem::path& folder,
                               const std::map<std::string, base::config::QubeConfig>& qubes) {
  for (const auto& [name, config] : qubes) {
    if (config.default_dispvm.empty()) continue;
    const auto found = qubes.find(config.default_dispvm);
    if (found != qubes.end() && found->second.template_for_dispvms) continue;
    return base::fail((folder / (name + ".conf")).string() + ": default_dispvm = " +
                      config.default_dispvm + " is no qube with template_for_dispvms = yes; make " +
                      (found == qubes.end() ? "it" : "it one") + ", or take the line out");
  }
  return base::Ok{};
}

}  // namespace

base::Result<std::map<std::string, base::config::QubeConfig>> load_registry(
    const std::filesystem::path& folder) {
  std::map<std::string, base::config::QubeConfig> qubes;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() != ".conf") continue;
    if (auto added = add_file(entry.path(), qubes); !added) return base::fail(added.error().text);
  }
  if (error) {
    return base::fail("cannot read the registry " + folder.string() + ": " + error.message() +
                      "; create it, with one NAME.conf for each qube");
  }
  if (auto whole = check_disposables(folder, qubes); !whole) {
    return base::fail(whole.error().text);
  }
  return qubes;
}

}  // namespace dom0::io
