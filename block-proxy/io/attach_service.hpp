// SPDX-License-Identifier: GPL-2.0-or-later
// What every service sallyport.BlockAttach does, whatever it attaches the device to.
#pragma once

#include <initializer_list>

#include "base/io/agent_call.hpp"
#include "base/io/fd.hpp"
#include "base/io/service_streams.hpp"
#include "block-proxy/attach_request.hpp"

namespace blockproxy::io {

base::Result<AttachRequest> read_attach_request();
// The same for a target that uses the device itself.
base::Result<AttachRequest> read_device_request();

// The stream to the backend's server, with room for what is under way. May wait for a person.
base::Result<base::io::Fd, base::io::CallRefused> call_backend(const std::string& agent_socket,
                                                               const AttachRequest& request);
// The two ends between a carrier and what uses the device, with the same room.
base::Result<base::io::FdPair> carried_pair();

// No files from now on: the event loop, what is carried, and these.
base::Status enter_attach_sandbox(std::initializer_list<const char*> more = {});

using base::io::ended;
using base::io::open_dev_null;
using base::io::release_stdio;
using base::io::report_attached;

}  // namespace blockproxy::io
