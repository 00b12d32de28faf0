// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-prompt-qt: asks the person at this desktop what policy leaves to a person.
#include <sys/signalfd.h>

#include <QApplication>
#include <QSocketNotifier>
#include <boost/program_options/errors.hpp>
#include <csignal>
#include <iostream>

#include "policy/prompt/options.hpp"
#include "policy/prompt/qt/appearance.hpp"
#include "policy/prompt/qt/qt_agent.hpp"

namespace {

constexpr int usage_error = 2;

int fail(const std::string& text) {
  std::cerr << "sallyport-prompt-qt: " << text << "\n";
  return EXIT_FAILURE;
}

// These signals come as bytes into the event loop, in every thread Qt starts after this.
base::io::Fd signals_as_fd() {
  sigset_t set;
  sigemptyset(&set);
  for (const int each : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, each);
  if (::pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) return {};
  return base::io::Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

int run(int argc, char** argv) {
  const auto settings = policy::prompt::parse_window_settings(argc, argv);
  if (!settings) return EXIT_SUCCESS;
  if (qEnvironmentVariableIsEmpty("DISPLAY") && qEnvironmentVariableIsEmpty("WAYLAND_DISPLAY")) {
    return fail(
        "there is no desktop here (DISPLAY and WAYLAND_DISPLAY are not set); "
        "sallyport-prompt asks in a terminal");
  }
  const base::io::Fd signals = signals_as_fd();
  if (!signals) return fail("cannot take signals as a file");
  const QApplication application(argc, argv);
  QApplication::setQuitOnLastWindowClosed(false);
  policy::prompt::qt::apply(settings->colours);
  auto sockets = policy::prompt::open_sockets(settings->paths);
  if (!sockets) return fail(sockets.error().text);
  const QSocketNotifier ended(signals.get(), QSocketNotifier::Read);
  QObject::connect(&ended, &QSocketNotifier::activated, [] { QApplication::quit(); });
  {
    const policy::prompt::qt::QtAgent agent(std::move(sockets->listeners), settings->timeout,
                                            settings->paths);
    QApplication::exec();
  }
  std::error_code ignored;  // a socket left behind is replaced by the next agent
  for (const auto& path : sockets->paths) std::filesystem::remove(path, ignored);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const boost::program_options::error& error) {
    fail(error.what());
    return usage_error;
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}
