// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport scan sys-usb:sda`: a snapshot, a scan, a signed report.
#pragma once

#include "base/io/paths.hpp"
#include "cli/admin_call.hpp"
#include "cli/arguments.hpp"
#include "cli/device_command.hpp"
#include "cli/io/desk_client.hpp"

namespace cli::io {

// There is no verdict, or none yet.
inline constexpr int exit_no_verdict = 3;

// The progress goes to stderr meanwhile. `passphrase`: as DeskClient::ask has it.
base::Result<DeskAnswer> ask_for_scan(const base::io::Paths& paths,
                                      const scannerqube::desk::DeskRequest& request,
                                      TerminalLine::Style style = TerminalLine::Style::terminal,
                                      const base::io::Fd* passphrase = nullptr);
// `words`: what follows "sallyport scan".
Outcome run_scan_device(const Words& words, const Admin& admin, const base::io::Paths& paths,
                        std::size_t columns);

}  // namespace cli::io
