// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-input-watch: forwards the input devices of a qube that owns USB controllers.
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <exception>
#include <iostream>

#include "input-proxy/io/input_watch.hpp"

namespace {

int complain(const std::string& text) {
  std::cerr << "sallyport-input-watch: " << text << '\n';
  return 1;
}

int run(const inputproxy::io::WatchOptions& options) {
  boost::asio::io_context io(1);
  const base::io::Log log("sallyport-input-watch");
  inputproxy::io::InputWatch watch(io, options, log);
  if (auto started = watch.start(); !started) return complain(started.error().text);
  boost::asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&io](const boost::system::error_code&, int) { io.stop(); });
  io.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto options =
        inputproxy::io::WatchOptions::parse(std::vector<std::string>(argv + 1, argv + argc));
    if (!options) {
      std::cerr << inputproxy::io::watch_usage;
      return complain(options.error().text) + 1;
    }
    if (options->help) {
      std::cout << inputproxy::io::watch_usage;
      return 0;
    }
    return run(*options);
  } catch (const std::exception& error) {
    return complain(error.what());
  }
}
