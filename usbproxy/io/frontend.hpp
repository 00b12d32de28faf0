// SPDX-License-Identifier: GPL-2.0-or-later
// One run of sallyport-usb-frontend from the request to the end of the attachment.
#pragma once

#include "usbproxy/io/frontend_options.hpp"

namespace usbproxy::io {

// Returns the exit code after saying on stderr why it ended: the pump's of what was attached (see
// frontend_pump.hpp); 126 refused by policy, 127 no such service, 1 anything else.
int run_frontend(const FrontendOptions& options);

}  // namespace usbproxy::io
