// SPDX-License-Identifier: GPL-2.0-or-later
// Qubes without a machine (`transport = paper`): an agent in this machine for each, whose devices
// are lines of a file and whose USB services only shake hands. For developers and tests.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/config/qube_config.hpp"
#include "base/io/paths.hpp"
#include "base/wire/result.hpp"

namespace dom0::io {

// The agents of all paper qubes; they end with the daemon. Their devices are read from
// paths.paper_devices(NAME), which is made empty if it is not there; to edit it is to plug and
// unplug (sallyport-agent(8) has the format).
class PaperQubes {
 public:
  using Qubes = std::map<std::string, base::config::QubeConfig>;

  // Where sallyport-agent and sallyport-call are.
  explicit PaperQubes(std::filesystem::path programs) : programs_(std::move(programs)) {}
  ~PaperQubes();
  PaperQubes(const PaperQubes&) = delete;
  PaperQubes& operator=(const PaperQubes&) = delete;
  PaperQubes(PaperQubes&&) = delete;
  PaperQubes& operator=(PaperQubes&&) = delete;

  base::Status start(const base::io::Paths& paths, const Qubes& qubes);

 private:
  base::Status start_one(const base::io::Paths& paths, const std::string& qube);

  std::filesystem::path programs_;
  std::vector<pid_t> agents_;
};

}  // namespace dom0::io
