// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-prompt: asks the person at this terminal what policy leaves to a person.
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/program_options/errors.hpp>
#include <csignal>
#include <iostream>
#include <optional>

#include "policy/prompt/options.hpp"

namespace {

using policy::prompt::Agent;
using policy::prompt::Fixed;

constexpr int usage_error = 2;
// Ctrl-C refuses the open question, or ends the agent when there is none; other signals end it.
class Signals {
 public:
  Signals(boost::asio::io_context& context, Agent& agent)
      : signals_(context, SIGINT, SIGTERM, SIGHUP), agent_(agent) {
    wait();
  }

 private:
  void wait() { signals_.async_wait(std::bind_front(&Signals::after_signal, this)); }
  void after_signal(const boost::system::error_code& error, int number) {
    if (error) return;
    if (number != SIGINT || !agent_.interrupt()) return agent_.stop("the prompt agent ends");
    wait();
  }

  boost::asio::signal_set signals_;
  Agent& agent_;
};

int fail(const std::string& text) {
  std::cerr << "sallyport-prompt: " << text << "\n";
  return EXIT_FAILURE;
}

int run(const policy::prompt::Settings& settings) {
  boost::asio::io_context context(1);
  std::optional<policy::prompt::Terminal> terminal;
  if (settings.agent.fixed == Fixed::none) {
    auto opened = policy::prompt::Terminal::open();
    if (!opened) return fail(opened.error().text);
    terminal.emplace(context, *std::move(opened));
  }
  auto sockets = policy::prompt::open_sockets(settings.paths);
  if (!sockets) return fail(sockets.error().text);
  Agent agent(context, std::move(sockets->listeners), settings.agent,
              terminal ? &*terminal : nullptr);
  const Signals signals(context, agent);
  agent.start();
  context.run();
  std::error_code ignored;  // a socket left behind is replaced by the next agent
  for (const auto& path : sockets->paths) std::filesystem::remove(path, ignored);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto settings = policy::prompt::parse_settings(argc, argv);
    return settings ? run(*settings) : EXIT_SUCCESS;
  } catch (const boost::program_options::error& error) {
    fail(error.what());
    return usage_error;
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}
