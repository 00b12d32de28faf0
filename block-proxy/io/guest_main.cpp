// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-block-guest: the service sallyport.BlockAttach for a guest that has no agent.
#include "block-proxy/io/guest.hpp"

int main(int argc, char** argv) {
  return base::io::guest_main(argc, argv,
                              {.name = "sallyport-block-guest",
                               .usage = blockproxy::io::guest_usage,
                               .run = blockproxy::io::run_guest});
}
